//! The lines of an entry, by its journal row and its plan alone (RULES section 4).

use std::fmt::Write;

use chrono::NaiveDate;

use super::accounts::Id;
use super::amount::{AMOUNT_PLACES, Amount, cut, is_zero, text};
use super::calendar::{self, next};
use super::chunks::Carried;
use super::copy_text::id_prefix;
use super::entry::{Adopted, Body, Entry};
use super::plans::{Plan, Rate};

/// Names of the system accounts, in the order of their fixed ids.
pub(crate) const SYSTEM: [&str; 4] = ["OPERATION", "PROVINCE", "CITY", "HEADQUARTERS"];
/// The one that takes what nobody else does.
pub(crate) const HEADQUARTERS: usize = 3;

/// One of an entry's amounts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Share {
    Personal,
    Operation,
    Province,
    City,
    Level,
    Bonus,
    Rounding,
    Headquarters,
}

/// Why an account's line is there; `source_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Source {
    Personal,
    TeamLevel,
    TeamBonus,
}

/// Who got a slot.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Holder {
    Account { account: Id, source: Source },
    System(usize),
    Unallocated { would_be: Option<Id>, missed: Missed },
}

/// Why a slot went to nobody.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Missed {
    NoAncestor { ancestors: usize },
    LevelLocked { unlocked: i64, direct: i64 },
    NoReferrer,
    TierLocked { unlocked: i64, direct: i64 },
    Rounding,
}

impl Missed {
    /// What a reason can begin with.
    pub(crate) const WORDS: [&str; 5] =
        ["NO_ANCESTOR", "LEVEL_LOCKED", "NO_REFERRER", "TIER_LOCKED", "ROUNDING"];

    /// What `reason` begins with.
    pub(crate) fn word(self) -> &'static str {
        let place = match self {
            Self::NoAncestor { .. } => 0,
            Self::LevelLocked { .. } => 1,
            Self::NoReferrer => 2,
            Self::TierLocked { .. } => 3,
            Self::Rounding => 4,
        };
        Self::WORDS[place]
    }

    /// Writes `reason`; `step` is the level or tier.
    pub(crate) fn write_reason(self, text: &mut String, step: u8) -> std::fmt::Result {
        text.write_str(self.word())?;
        match self {
            Self::NoAncestor { ancestors } => write!(text, ": level {step}, ancestors {ancestors}"),
            Self::LevelLocked { unlocked, direct } => {
                write!(text, ": level {step}, unlocked {unlocked}, direct {direct}")
            }
            Self::NoReferrer => write!(text, ": tier {step}"),
            Self::TierLocked { unlocked, direct } => {
                write!(text, ": tier {step}, unlocked {unlocked}, direct {direct}")
            }
            Self::Rounding => Ok(()),
        }
    }
}

/// One line.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Line {
    pub(crate) slot: u8,
    pub(crate) share: Share,
    /// The level of slots 4 to 18, the tier of slots 19 to 21, otherwise 0.
    pub(crate) step: u8,
    pub(crate) holder: Holder,
}

/// All lines of an entry that was carried out.
#[derive(Debug)]
pub(crate) struct Sheet<'a> {
    pub(crate) seq: i64,
    pub(crate) adopted: &'a Adopted,
    pub(crate) plan: &'a Plan,
    pub(crate) booked: NaiveDate,
    /// A REVERSE's, which holds the effective date before the limit of a line's expire date.
    reversal: bool,
    /// By [`Share`], negative in a reversal.
    pub(crate) amounts: [Amount; 8],
    pub(crate) amount_texts: [String; 8],
    pub(crate) texts: Texts,
    pub(crate) headquarters_rate: Rate,
    /// In the order of slots.
    pub(crate) lines: Vec<Line>,
}

impl<'a> Sheet<'a> {
    /// `None` for a move, which has no lines.
    pub(crate) fn of(entry: &'a Entry, plan: &'a Plan, carried: Carried) -> Option<Self> {
        let adopted = entry.adopted()?;
        let reversal = matches!(entry.body, Body::Reverse { .. });
        let mut lines = slots(adopted);
        let mut amounts = shares(adopted, plan, &lines, reversal);
        if !is_zero(&amounts[Share::Rounding as usize]) {
            let holder = Holder::Unallocated { would_be: None, missed: Missed::Rounding };
            lines.push(Line { slot: 22, share: Share::Rounding, step: 0, holder });
        }
        let (mut passed_on, mut rate) = (Amount::from(0), Amount::from(0));
        for line in lines.iter().filter(|line| matches!(line.holder, Holder::Unallocated { .. })) {
            passed_on += &amounts[line.share as usize];
            rate += line.share.rate(plan).map_or_else(Amount::default, |rate| rate.value.clone());
        }
        if !is_zero(&passed_on) {
            lines.push(Line {
                slot: 23,
                share: Share::Headquarters,
                step: 0,
                holder: Holder::System(HEADQUARTERS),
            });
        }
        amounts[Share::Headquarters as usize] = passed_on;
        let amount_texts = amounts.each_ref().map(|amount| text(amount, AMOUNT_PLACES));
        let headquarters_rate = Rate::new(rate);
        let texts = Texts::of(adopted, entry.seq, reversal);
        let (seq, booked) = (entry.seq, carried.booked);
        Some(Self {
            seq,
            adopted,
            plan,
            booked,
            reversal,
            amounts,
            amount_texts,
            texts,
            headquarters_rate,
            lines,
        })
    }

    pub(crate) fn amount(&self, line: &Line) -> &Amount {
        &self.amounts[line.share as usize]
    }

    /// When the line begins and ends to live.
    pub(crate) fn dates(&self, line: &Line) -> (NaiveDate, Option<NaiveDate>) {
        let expire = match line.holder {
            Holder::System(account) => self.plan.system_expire(SYSTEM[account], self.adopted.expire_date),
            _ => Some(self.adopted.expire_date),
        };
        let effective = self.adopted.effective_date;
        match expire {
            Some(expire) if self.reversal => (effective.min(expire), Some(expire)),
            _ => (effective, expire),
        }
    }

    /// Whether what was unallocated is marked as passed on; `None` where there is nothing to pass on.
    pub(crate) fn passed_on(&self) -> Option<bool> {
        (!is_zero(&self.amounts[Share::Headquarters as usize])).then_some(true)
    }
}

/// What an entry's lines have in common, as they are written.
#[derive(Debug)]
pub(crate) struct Texts {
    /// Of the lines' ids, up to the slot.
    pub(crate) id: String,
    pub(crate) adoption: String,
    pub(crate) price: String,
    /// Of lines that expire.
    pub(crate) effective: String,
    /// Of lines that never do.
    pub(crate) effective_for_ever: String,
    pub(crate) expire: String,
    pub(crate) seq: String,
}

impl Texts {
    fn of(adopted: &Adopted, seq: i64, reversal: bool) -> Self {
        let latest = if reversal { adopted.expire_date } else { NaiveDate::MAX };
        Self {
            id: id_prefix(seq),
            adoption: adopted.adoption.to_string(),
            price: text(&adopted.price, AMOUNT_PLACES),
            effective: adopted.effective_date.min(latest).to_string(),
            effective_for_ever: adopted.effective_date.to_string(),
            expire: adopted.expire_date.to_string(),
            seq: seq.to_string(),
        }
    }
}

impl Share {
    /// Its rate; ROUNDING and HEADQUARTERS have none of their own.
    pub(crate) fn rate(self, plan: &Plan) -> Option<&Rate> {
        match self {
            Self::Personal => Some(&plan.personal),
            Self::Operation => Some(&plan.operation),
            Self::Province => Some(&plan.province),
            Self::City => Some(&plan.city),
            Self::Level => Some(&plan.level),
            Self::Bonus => Some(&plan.bonus),
            Self::Rounding | Self::Headquarters => None,
        }
    }
}

/// Slots 0 to 21.
fn slots(adopted: &Adopted) -> Vec<Line> {
    let mut lines = Vec::with_capacity(24);
    let holder = Holder::Account { account: adopted.account, source: Source::Personal };
    lines.push(Line { slot: 0, share: Share::Personal, step: 0, holder });
    for (account, share) in [Share::Operation, Share::Province, Share::City].into_iter().enumerate() {
        let slot = [1, 2, 3][account];
        lines.push(Line { slot, share, step: 0, holder: Holder::System(account) });
    }
    for level in 1..=15 {
        lines.push(Line {
            slot: 3 + level,
            share: Share::Level,
            step: level,
            holder: level_holder(adopted, level),
        });
    }
    for tier in 1..=3 {
        lines.push(Line {
            slot: 18 + tier,
            share: Share::Bonus,
            step: tier,
            holder: tier_holder(adopted, tier),
        });
    }
    lines
}

fn level_holder(adopted: &Adopted, level: u8) -> Holder {
    let place = usize::from(level) - 1;
    let Some(account) = adopted.upline.get(place).copied() else {
        let missed = Missed::NoAncestor { ancestors: adopted.upline.len() };
        return Holder::Unallocated { would_be: None, missed };
    };
    let (unlocked, direct) = (adopted.depths[place], adopted.directs[place]);
    if unlocked >= level.into() {
        Holder::Account { account, source: Source::TeamLevel }
    } else {
        Holder::Unallocated { would_be: Some(account), missed: Missed::LevelLocked { unlocked, direct } }
    }
}

fn tier_holder(adopted: &Adopted, tier: u8) -> Holder {
    let Some(account) = adopted.upline.first().copied() else {
        return Holder::Unallocated { would_be: None, missed: Missed::NoReferrer };
    };
    if adopted.tiers >= tier.into() {
        Holder::Account { account, source: Source::TeamBonus }
    } else {
        let missed = Missed::TierLocked { unlocked: adopted.tiers, direct: adopted.directs[0] };
        Holder::Unallocated { would_be: Some(account), missed }
    }
}

/// By [`Share`]; HEADQUARTERS stays zero.
fn shares(adopted: &Adopted, plan: &Plan, lines: &[Line], reversal: bool) -> [Amount; 8] {
    let mut amounts: [Amount; 8] = Default::default();
    for share in [Share::Personal, Share::Operation, Share::Province, Share::City, Share::Level, Share::Bonus]
    {
        if let Some(rate) = share.rate(plan) {
            amounts[share as usize] = cut(&(&adopted.base * &rate.value), AMOUNT_PLACES);
        }
    }
    let given: Amount = lines.iter().map(|line| &amounts[line.share as usize]).sum();
    amounts[Share::Rounding as usize] = &adopted.base - given;
    if reversal { amounts.map(|amount| -amount) } else { amounts }
}

/// The effective date a REVERSE journals, of an entry effective on `original` and reversed on `numbered_day`.
pub(crate) fn reversal_effective(original: NaiveDate, numbered_day: NaiveDate) -> NaiveDate {
    original.max(next(numbered_day))
}

/// Whether a line lives on `day`.
pub(crate) fn lives((effective, expire): (NaiveDate, Option<NaiveDate>), day: NaiveDate) -> bool {
    calendar::live(day, effective, expire)
}
