//! What an adoption would do if its turn were now (RULES sections 3 to 5).

use chrono::NaiveDate;
use serde::Serialize;

use super::SimulationError;
use crate::account::AccountSequence;
use crate::account_state::AccountState;
use crate::adoption::SourceAdoption;
use crate::amount::Amount;
use crate::entry::{Distribution, Effect, Entry, Fact};
use crate::line::{Beneficiary, Line, UnallocatedKind};
use crate::plan::{Plan, PlanVersion};
use crate::pricing::Price;
use crate::rate::Rate;
use crate::readiness::{Standing, Waiting};
use crate::sequencer::{SequenceError, SequencerState};
use crate::slots::write_lines;
use crate::system::SystemAccount;

/// What would become of an adoption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "outcome", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum AdoptionOutcome {
    /// It would be distributed.
    Distributed(Box<SimulatedAdoption>),
    /// It would wait.
    Waits {
        /// What for, as a waiting adoption shows it.
        reason: String,
        /// The account whose referral row or move it would wait for.
        waiting_for: Option<AccountSequence>,
    },
    /// It would be set aside as an anomaly.
    Anomaly {
        /// Why, as an anomaly shows it.
        reason: String,
    },
    /// It would not count.
    Ineligible,
}

/// An adoption as it would be distributed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulatedAdoption {
    /// The adopter.
    pub account_sequence: AccountSequence,
    /// Trees adopted.
    pub tree_count: i32,
    /// The day of adoption.
    pub adoption_date: NaiveDate,
    /// The plan that decides.
    pub plan_version: PlanVersion,
    /// The price of one tree.
    pub contribution_per_tree: Price,
    /// Whether the plan's formula gave that price; otherwise it was named.
    pub priced_by_formula: bool,
    /// Trees × price.
    pub base_amount: Amount,
    /// Trees of the network before it, `B` of RULES section 3.
    pub network_trees_before: i64,
    /// The first day on which its lines are live.
    pub effective_date: NaiveDate,
    /// The first day on which they are not any more, but for those that never expire.
    pub expire_date: NaiveDate,
    /// The upline, nearest first, as it stands after the adoption's own effect.
    pub upline: Vec<SimulatedAncestor>,
    /// Bonus tiers the direct referrer has unlocked, after that effect.
    pub referrer_tiers: u8,
    /// Every line, by slot.
    pub slots: Vec<SimulatedSlot>,
    /// What it unlocks, for the adopter and for the direct referrer; those for whom nothing changes are left out.
    pub unlocks: Vec<UnlockChange>,
}

/// An account of the upline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulatedAncestor {
    /// The account.
    pub account_sequence: AccountSequence,
    /// Levels it has unlocked, 0 to 15.
    pub unlocked_level_depth: u8,
    /// Its direct referrals that have adopted.
    pub direct_referral_adopted_count: u32,
}

/// A line: to whom it would go, or why to nobody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct SimulatedSlot {
    /// 0 to 23.
    pub slot: u8,
    /// `PERSONAL`, `OPERATION`, …, `LEVEL_7`, `BONUS_TIER_2`, `ROUNDING`, `HEADQUARTERS`.
    pub share: String,
    /// Its share of the base.
    pub rate: Rate,
    /// What it carries.
    pub amount: Amount,
    /// The account that receives it.
    pub account_sequence: Option<AccountSequence>,
    /// The system account that receives it.
    pub system_account: Option<SystemAccount>,
    /// Who misses it, where nobody receives it and there is such an account.
    pub would_be_account_sequence: Option<AccountSequence>,
    /// Why nobody receives it.
    pub reason: Option<String>,
    /// The first day on which it is live.
    pub effective_date: NaiveDate,
    /// The first day on which it is not any more; none where it never expires.
    pub expire_date: Option<NaiveDate>,
}

/// What an account has unlocked before and after the adoption.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct UnlockChange {
    /// The account.
    pub account_sequence: AccountSequence,
    /// Before.
    pub before: Unlocked,
    /// After.
    pub after: Unlocked,
}

/// What an account has unlocked (RULES section 5).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct Unlocked {
    /// Whether it has a live adoption.
    pub has_adopted: bool,
    /// Its direct referrals that have adopted.
    pub direct_referral_adopted_count: u32,
    /// Levels, 0 to 15.
    pub unlocked_level_depth: u8,
    /// Bonus tiers, 0 to 3.
    pub unlocked_bonus_tiers: u8,
}

/// Carries an adoption out on a copy of the sequencer's state. `state` has at least the accounts on the walk,
/// `standing` is what [`standing`](crate::standing()) says of the adoption, `plan` the one for its date, `day` the
/// business day. Errs where state or plan contradict themselves; what is wrong with the adoption is an outcome.
pub fn simulate_adoption(
    mut state: SequencerState,
    source: &SourceAdoption,
    standing: Standing,
    plan: &Plan,
    day: NaiveDate,
) -> Result<AdoptionOutcome, SimulationError> {
    let upline = match standing {
        Standing::Ready(upline) => upline,
        Standing::Waiting(waiting) => return Ok(waits(waiting)),
        Standing::Anomaly(anomaly) => return Ok(AdoptionOutcome::Anomaly { reason: anomaly.to_string() }),
        Standing::Ineligible => return Ok(AdoptionOutcome::Ineligible),
    };
    let referrer = upline.first();
    let before =
        [Some(&source.account), referrer].map(|account| account.and_then(|a| state.account(a)).cloned());
    let entry = match state.distribute(source, &upline, None, plan, day) {
        Ok(entry) => entry,
        Err(SequenceError::Anomaly(anomaly)) => {
            return Ok(AdoptionOutcome::Anomaly { reason: anomaly.to_string() });
        }
        Err(error) => return Err(error.into()),
    };
    let [adopter, above] = before.map(Option::unwrap_or_default);
    let was = |account: &AccountSequence| if *account == source.account { &adopter } else { &above };
    let unlocks = entry.effects.iter().map(|effect| UnlockChange::of(effect, was(&effect.account), plan));
    let unlocks = unlocks.filter(|change| change.before != change.after).collect();
    distributed(&entry, plan, unlocks)
}

fn waits(waiting: Waiting) -> AdoptionOutcome {
    let reason = waiting.to_string();
    let waiting_for = match waiting {
        Waiting::MissingReferral(account) | Waiting::Move(account) => Some(account),
        Waiting::Date(_) => None,
    };
    AdoptionOutcome::Waits { reason, waiting_for }
}

fn distributed(
    entry: &Entry,
    plan: &Plan,
    unlocks: Vec<UnlockChange>,
) -> Result<AdoptionOutcome, SimulationError> {
    let mut lines = Vec::with_capacity(24);
    write_lines(entry, plan, &mut lines)
        .map_err(|error| SimulationError::Distribute { seq: entry.seq, error })?;
    let Fact::Distribute(of) = &entry.fact else { unreachable!("an adoption is numbered as a DISTRIBUTE") };
    let slots = lines.iter().map(SimulatedSlot::of).collect();
    Ok(AdoptionOutcome::Distributed(Box::new(SimulatedAdoption::of(of, slots, unlocks))))
}

impl SimulatedAdoption {
    fn of(of: &Distribution, slots: Vec<SimulatedSlot>, unlocks: Vec<UnlockChange>) -> Self {
        let ancestors = of.upline.iter().map(|ancestor| SimulatedAncestor {
            account_sequence: ancestor.account.clone(),
            unlocked_level_depth: ancestor.depth,
            direct_referral_adopted_count: ancestor.directs,
        });
        Self {
            account_sequence: of.account.clone(),
            tree_count: of.tree_count,
            adoption_date: of.adoption_date,
            plan_version: of.plan_version,
            contribution_per_tree: of.price,
            priced_by_formula: of.source_price.is_none(),
            base_amount: of.base,
            network_trees_before: of.network_trees_before,
            effective_date: of.effective_date,
            expire_date: of.expire_date,
            upline: ancestors.collect(),
            referrer_tiers: of.referrer_tiers,
            slots,
            unlocks,
        }
    }
}

impl SimulatedSlot {
    fn of(line: &Line<'_>) -> Self {
        let system_account = match line.beneficiary {
            Beneficiary::System(account) => Some(account),
            _ => None,
        };
        let (would_be, reason) = match line.beneficiary {
            Beneficiary::Unallocated { would_be, reason, .. } => {
                (would_be.cloned(), Some(reason.to_string()))
            }
            _ => (None, None),
        };
        Self {
            slot: line.slot,
            share: share(&line.beneficiary),
            rate: line.rate,
            amount: line.amount,
            account_sequence: line.beneficiary.account().cloned(),
            system_account,
            would_be_account_sequence: would_be,
            reason,
            effective_date: line.effective_date,
            expire_date: line.expire_date,
        }
    }
}

fn share(beneficiary: &Beneficiary<'_>) -> String {
    match beneficiary {
        Beneficiary::Personal(_) => "PERSONAL".to_owned(),
        Beneficiary::System(account) => account.to_string(),
        Beneficiary::TeamLevel { level, .. }
        | Beneficiary::Unallocated { kind: UnallocatedKind::LevelOverflow(level), .. } => {
            format!("LEVEL_{level}")
        }
        Beneficiary::TeamBonus { tier, .. }
        | Beneficiary::Unallocated { kind: UnallocatedKind::BonusTier(tier), .. } => {
            format!("BONUS_TIER_{tier}")
        }
        Beneficiary::Unallocated { kind: UnallocatedKind::Rounding, .. } => "ROUNDING".to_owned(),
    }
}

impl UnlockChange {
    fn of(effect: &Effect, before: &AccountState, plan: &Plan) -> Self {
        Self {
            account_sequence: effect.account.clone(),
            before: Unlocked::of(before.has_adopted(), before.directs, plan),
            after: Unlocked::of(effect.live > 0, effect.directs, plan),
        }
    }
}

impl Unlocked {
    fn of(has_adopted: bool, directs: u32, plan: &Plan) -> Self {
        Self {
            has_adopted,
            direct_referral_adopted_count: directs,
            unlocked_level_depth: plan.unlock.level_depth(directs),
            unlocked_bonus_tiers: plan.unlock.bonus_tiers(has_adopted, directs),
        }
    }
}
