//! A line of the ledger: what it carries, to whom, or why to nobody (RULES section 4).

use std::fmt;

use chrono::NaiveDate;

use crate::account::AccountSequence;
use crate::amount::Amount;
use crate::dates;
use crate::rate::Rate;
use crate::system::SystemAccount;

/// One line of the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line<'a> {
    /// The slot it fills, 0 to 23.
    pub slot: u8,
    /// Where it goes.
    pub beneficiary: Beneficiary<'a>,
    /// Its share of the base; for slot 23 the sum of the rates behind it, for slot 22 zero.
    pub rate: Rate,
    /// What it carries; negative in a reversal.
    pub amount: Amount,
    /// The first day on which it is live.
    pub effective_date: NaiveDate,
    /// The first day on which it is not any more; `None` where it never expires.
    pub expire_date: Option<NaiveDate>,
}

/// Where a line goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Beneficiary<'a> {
    /// The adopter's own share.
    Personal(&'a AccountSequence),
    /// A system account.
    System(SystemAccount),
    /// An ancestor, for an adoption so many levels below it.
    TeamLevel {
        /// The ancestor.
        account: &'a AccountSequence,
        /// 1 to 15.
        level: u8,
    },
    /// The direct referrer.
    TeamBonus {
        /// The direct referrer.
        account: &'a AccountSequence,
        /// 1 to 3.
        tier: u8,
    },
    /// Nobody; headquarters receives the sum of these in slot 23.
    Unallocated {
        /// Which share it is.
        kind: UnallocatedKind,
        /// Who would have received it, if there is such an account.
        would_be: Option<&'a AccountSequence>,
        /// Why nobody did.
        reason: Reason,
    },
}

/// `source_type` of a line in an account's ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceType {
    /// From the account's own adoption.
    Personal,
    /// From an adoption of its team.
    TeamLevel,
    /// From an adoption of a direct referral.
    TeamBonus,
}

/// `unalloc_type`: which share was not allocated.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UnallocatedKind {
    /// That of a level, 1 to 15.
    LevelOverflow(u8),
    /// That of a bonus tier, 1 to 3.
    BonusTier(u8),
    /// What the cuts of the other slots left over.
    Rounding,
}

/// Why a share was not allocated, with the facts that decided. Its text is the stored `reason`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reason {
    /// The upline ends below that level.
    NoAncestor {
        /// The level.
        level: u8,
        /// How many ancestors there are.
        ancestors: usize,
    },
    /// The ancestor has not unlocked that level.
    LevelLocked {
        /// The level.
        level: u8,
        /// The depth the ancestor has unlocked.
        unlocked: u8,
        /// Its direct referrals that have adopted.
        directs: u32,
    },
    /// There is no direct referrer.
    NoReferrer {
        /// The tier.
        tier: u8,
    },
    /// The direct referrer has not unlocked that tier.
    TierLocked {
        /// The tier.
        tier: u8,
        /// The tiers the referrer has unlocked.
        unlocked: u8,
        /// Its direct referrals that have adopted.
        directs: u32,
    },
    /// The cuts of the other slots left it over.
    Rounding,
}

impl Line<'_> {
    /// Whether it counts as effective contribution on `day` (RULES section 6).
    pub fn live_on(&self, day: NaiveDate) -> bool {
        dates::is_live(self.effective_date, self.expire_date, day)
    }

    /// Whether it has expired by `day`.
    pub fn expired_on(&self, day: NaiveDate) -> bool {
        dates::is_expired(self.expire_date, day)
    }
}

impl<'a> Beneficiary<'a> {
    /// The account that receives it, unless that is a system account or nobody.
    pub fn account(&self) -> Option<&'a AccountSequence> {
        match *self {
            Self::Personal(account) | Self::TeamLevel { account, .. } | Self::TeamBonus { account, .. } => {
                Some(account)
            }
            Self::System(_) | Self::Unallocated { .. } => None,
        }
    }

    /// The `source_type` of a line in an account's ledger.
    pub fn source_type(&self) -> Option<SourceType> {
        match self {
            Self::Personal(_) => Some(SourceType::Personal),
            Self::TeamLevel { .. } => Some(SourceType::TeamLevel),
            Self::TeamBonus { .. } => Some(SourceType::TeamBonus),
            Self::System(_) | Self::Unallocated { .. } => None,
        }
    }

    /// The level, 1 to 15, where the line is about one.
    pub fn level_depth(&self) -> Option<u8> {
        match self {
            Self::TeamLevel { level, .. } => Some(*level),
            Self::Unallocated { kind, .. } => kind.level_depth(),
            Self::Personal(_) | Self::System(_) | Self::TeamBonus { .. } => None,
        }
    }

    /// The bonus tier, 1 to 3, where the line is about one.
    pub fn bonus_tier(&self) -> Option<u8> {
        match self {
            Self::TeamBonus { tier, .. } => Some(*tier),
            Self::Unallocated { kind, .. } => kind.bonus_tier(),
            Self::Personal(_) | Self::System(_) | Self::TeamLevel { .. } => None,
        }
    }
}

impl SourceType {
    /// All three.
    pub const ALL: [Self; 3] = [Self::Personal, Self::TeamLevel, Self::TeamBonus];

    /// As it stands in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Personal => "PERSONAL",
            Self::TeamLevel => "TEAM_LEVEL",
            Self::TeamBonus => "TEAM_BONUS",
        }
    }

    /// Reads what stands in the ledger.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|source_type| source_type.as_str() == text)
    }
}

impl UnallocatedKind {
    /// As it stands in the ledger.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::LevelOverflow(_) => "LEVEL_OVERFLOW",
            Self::BonusTier(1) => "BONUS_TIER_1",
            Self::BonusTier(2) => "BONUS_TIER_2",
            Self::BonusTier(_) => "BONUS_TIER_3",
            Self::Rounding => "ROUNDING",
        }
    }

    /// The level, where it is that of one.
    pub const fn level_depth(self) -> Option<u8> {
        if let Self::LevelOverflow(level) = self { Some(level) } else { None }
    }

    /// The bonus tier, where it is that of one.
    pub const fn bonus_tier(self) -> Option<u8> {
        if let Self::BonusTier(tier) = self { Some(tier) } else { None }
    }

    /// Whether an account with so much unlocked would receive it by the formula that looks at today's
    /// unlock state only, the view of RULES section 5.
    pub const fn is_unlocked_by(self, level_depth: u8, bonus_tiers: u8) -> bool {
        match self {
            Self::LevelOverflow(level) => level <= level_depth,
            Self::BonusTier(tier) => tier <= bonus_tiers,
            Self::Rounding => false,
        }
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::NoAncestor { level, ancestors } => {
                write!(f, "NO_ANCESTOR: level {level}, ancestors {ancestors}")
            }
            Self::LevelLocked { level, unlocked, directs } => {
                write!(f, "LEVEL_LOCKED: level {level}, unlocked {unlocked}, direct {directs}")
            }
            Self::NoReferrer { tier } => write!(f, "NO_REFERRER: tier {tier}"),
            Self::TierLocked { tier, unlocked, directs } => {
                write!(f, "TIER_LOCKED: tier {tier}, unlocked {unlocked}, direct {directs}")
            }
            Self::Rounding => f.write_str("ROUNDING"),
        }
    }
}
