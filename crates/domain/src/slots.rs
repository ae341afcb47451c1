//! From an entry to its lines: how the base is cut up and who gets which share (RULES section 4).

use std::iter::once;

use thiserror::Error;

use crate::amount::{Amount, AmountError};
use crate::entry::{Distribution, Entry, Fact};
use crate::line::{Beneficiary, Line, Reason, UnallocatedKind};
use crate::line_id::MAX_SEQ;
use crate::plan::{Plan, PlanVersion, Rates};
use crate::rate::Rate;
use crate::system::SystemAccount;
use crate::{MAX_LEVEL, MAX_TIER, MAX_UPLINE};

/// The slot of the adopter.
const PERSONAL: u8 = 0;
/// The slots of operations, province and city.
const OPERATION: u8 = 1;
const PROVINCE: u8 = 2;
const CITY: u8 = 3;
/// Level n fills the slot this many beyond n: 4 to 18.
const LEVELS: u8 = 3;
/// Tier t fills the slot this many beyond t: 19 to 21.
const TIERS: u8 = 18;
/// The slot of what the cuts of the others left over.
const ROUNDING: u8 = 22;
/// The slot that passes on to headquarters what is unallocated.
const HEADQUARTERS: u8 = 23;

/// Why an entry cannot be carried out: the journal or the plan contradicts itself. Never a reason to go on.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum DistributeError {
    /// The seq does not fit a line's id.
    #[error("seq {0} is not between 1 and 2^48 - 1")]
    Seq(i64),
    /// Another plan than the entry's was given.
    #[error("an entry of plan {entry} cannot be carried out with plan {given}")]
    WrongPlan {
        /// The entry's plan.
        entry: PlanVersion,
        /// The plan that was given.
        given: PlanVersion,
    },
    /// The upline is longer than 15.
    #[error("an upline has {0} accounts, at most 15 are allowed")]
    UplineTooLong(usize),
    /// The base is not trees × price.
    #[error("the base {0} is not tree count times price")]
    Base(Amount),
    /// The slots hand out more than the base: the plan was not checked.
    #[error("the slots sum to more than the base {0}")]
    Overdrawn(Amount),
    /// A sum or product does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

/// Appends the lines of an entry to `out`, in slot order; a move has none. The lines depend on nothing but
/// the entry and its plan. Slots 0 to 22 sum to the base exactly; slot 23 is the sum of what is
/// unallocated. A reversal's lines are those of the entry it reverses with the amounts negated.
///
/// Where it errs, `out` is as it was.
pub fn write_lines<'a>(
    entry: &'a Entry,
    plan: &Plan,
    out: &mut Vec<Line<'a>>,
) -> Result<(), DistributeError> {
    let before = out.len();
    let written = match &entry.fact {
        Fact::Distribute(facts) => check(entry.seq, facts, plan).and_then(|()| distribute(facts, plan, out)),
        Fact::Reverse { of, .. } => check(entry.seq, of, plan)
            .and_then(|()| distribute(of, plan, out))
            .and_then(|()| negate(&mut out[before..])),
        Fact::ReferralMove { .. } => Ok(()),
    };
    if written.is_err() {
        out.truncate(before);
    }
    written
}

/// What the cutting up relies on.
fn check(seq: i64, facts: &Distribution, plan: &Plan) -> Result<(), DistributeError> {
    if !(1..=MAX_SEQ).contains(&seq) {
        return Err(DistributeError::Seq(seq));
    }
    if facts.plan_version != plan.version {
        return Err(DistributeError::WrongPlan { entry: facts.plan_version, given: plan.version });
    }
    if facts.upline.len() > MAX_UPLINE {
        return Err(DistributeError::UplineTooLong(facts.upline.len()));
    }
    if facts.price.times(facts.tree_count)? != facts.base {
        return Err(DistributeError::Base(facts.base));
    }
    Ok(())
}

fn distribute<'a>(
    facts: &'a Distribution,
    plan: &Plan,
    out: &mut Vec<Line<'a>>,
) -> Result<(), DistributeError> {
    let mut left = facts.base;
    let mut missed = Cut { rate: Rate::ZERO, amount: Amount::ZERO };
    for share in shares(facts, &Cuts::of(facts.base, &plan.rates)?) {
        left = left.checked_sub(share.cut.amount)?;
        if let Beneficiary::Unallocated { .. } = share.beneficiary {
            missed.add(share.cut)?;
        }
        out.push(share.line(facts, plan));
    }
    if left.is_negative() {
        return Err(DistributeError::Overdrawn(facts.base));
    }
    if !left.is_zero() {
        let rounding = rounding(left);
        missed.add(rounding.cut)?;
        out.push(rounding.line(facts, plan));
    }
    if !missed.amount.is_zero() {
        let headquarters = Beneficiary::System(SystemAccount::Headquarters);
        out.push(Share::new(HEADQUARTERS, headquarters, missed).line(facts, plan));
    }
    Ok(())
}

fn negate(lines: &mut [Line<'_>]) -> Result<(), DistributeError> {
    for line in lines {
        line.amount = line.amount.checked_neg()?;
    }
    Ok(())
}

/// A rate of the base, cut to 10 places.
#[derive(Clone, Copy)]
struct Cut {
    rate: Rate,
    amount: Amount,
}

impl Cut {
    fn of(base: Amount, rate: Rate) -> Result<Self, AmountError> {
        Ok(Self { rate, amount: base.share(rate)? })
    }

    fn add(&mut self, other: Self) -> Result<(), AmountError> {
        self.rate = self.rate.checked_add(other.rate)?;
        self.amount = self.amount.checked_add(other.amount)?;
        Ok(())
    }
}

/// The six cuts that slots 0 to 21 are made of: a division of 128 bits is most of a slot's cost, and all levels have the
/// same.
struct Cuts {
    personal: Cut,
    operation: Cut,
    province: Cut,
    city: Cut,
    level: Cut,
    bonus: Cut,
}

impl Cuts {
    fn of(base: Amount, rates: &Rates) -> Result<Self, AmountError> {
        Ok(Self {
            personal: Cut::of(base, rates.personal)?,
            operation: Cut::of(base, rates.operation)?,
            province: Cut::of(base, rates.province)?,
            city: Cut::of(base, rates.city)?,
            level: Cut::of(base, rates.level_per)?,
            bonus: Cut::of(base, rates.bonus_per)?,
        })
    }
}

/// A slot: to whom it goes, and what.
struct Share<'a> {
    slot: u8,
    beneficiary: Beneficiary<'a>,
    cut: Cut,
}

impl<'a> Share<'a> {
    fn new(slot: u8, beneficiary: Beneficiary<'a>, cut: Cut) -> Self {
        Self { slot, beneficiary, cut }
    }

    fn line(self, facts: &Distribution, plan: &Plan) -> Line<'a> {
        let Self { slot, beneficiary, cut: Cut { rate, amount } } = self;
        let expire_date = match beneficiary {
            Beneficiary::System(account) if plan.never_expires(account) => None,
            _ => Some(facts.expire_date),
        };
        // A reversal numbered late would come to lie beyond the expiry of what it takes back.
        let effective_date =
            expire_date.map_or(facts.effective_date, |expiry| facts.effective_date.min(expiry));
        Line { slot, beneficiary, rate, amount, effective_date, expire_date }
    }
}

/// Slots 0 to 21.
fn shares<'a>(facts: &'a Distribution, cuts: &Cuts) -> impl Iterator<Item = Share<'a>> + use<'a> {
    let Cuts { personal, operation, province, city, level: level_cut, bonus } = *cuts;
    let system = |slot, account, cut| once(Share::new(slot, Beneficiary::System(account), cut));
    let levels =
        (1..=MAX_LEVEL).map(move |level| Share::new(LEVELS + level, level_share(facts, level), level_cut));
    let tiers = (1..=MAX_TIER).map(move |tier| Share::new(TIERS + tier, tier_share(facts, tier), bonus));
    once(Share::new(PERSONAL, Beneficiary::Personal(&facts.account), personal))
        .chain(system(OPERATION, SystemAccount::Operation, operation))
        .chain(system(PROVINCE, SystemAccount::Province, province))
        .chain(system(CITY, SystemAccount::City, city))
        .chain(levels)
        .chain(tiers)
}

/// Slot 22. No rate stands behind it.
fn rounding(amount: Amount) -> Share<'static> {
    let nobody = Beneficiary::Unallocated {
        kind: UnallocatedKind::Rounding,
        would_be: None,
        reason: Reason::Rounding,
    };
    Share::new(ROUNDING, nobody, Cut { rate: Rate::ZERO, amount })
}

/// A level's share goes to the ancestor that many levels up, if there is one and it has unlocked the level.
fn level_share(facts: &Distribution, level: u8) -> Beneficiary<'_> {
    let unallocated = |would_be, reason| Beneficiary::Unallocated {
        kind: UnallocatedKind::LevelOverflow(level),
        would_be,
        reason,
    };
    match facts.upline.get(usize::from(level) - 1) {
        None => unallocated(None, Reason::NoAncestor { level, ancestors: facts.upline.len() }),
        Some(ancestor) if ancestor.depth >= level => {
            Beneficiary::TeamLevel { account: &ancestor.account, level }
        }
        Some(ancestor) => unallocated(
            Some(&ancestor.account),
            Reason::LevelLocked { level, unlocked: ancestor.depth, directs: ancestor.directs },
        ),
    }
}

/// A tier's share goes to the direct referrer, if there is one and it has unlocked the tier.
fn tier_share(facts: &Distribution, tier: u8) -> Beneficiary<'_> {
    let unallocated = |would_be, reason| Beneficiary::Unallocated {
        kind: UnallocatedKind::BonusTier(tier),
        would_be,
        reason,
    };
    match facts.upline.first() {
        None => unallocated(None, Reason::NoReferrer { tier }),
        Some(referrer) if facts.referrer_tiers >= tier => {
            Beneficiary::TeamBonus { account: &referrer.account, tier }
        }
        Some(referrer) => unallocated(
            Some(&referrer.account),
            Reason::TierLocked { tier, unlocked: facts.referrer_tiers, directs: referrer.directs },
        ),
    }
}
