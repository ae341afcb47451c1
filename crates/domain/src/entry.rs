//! A row of the journal: what happened, and all that its outcome depends on (RULES sections 1 and 3).

use chrono::NaiveDate;
use uuid::Uuid;

use crate::account::AccountSequence;
use crate::amount::Amount;
use crate::plan::PlanVersion;
use crate::pricing::Price;

/// One row of the journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// `distribution_seq`: 1, 2, 3, … with no gap.
    pub seq: i64,
    /// The business day on which it was numbered.
    pub numbered_day: NaiveDate,
    /// What happened.
    pub fact: Fact,
    /// Each account whose counts it changed, once, in byte order.
    pub effects: Vec<Effect>,
}

/// What an entry records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fact {
    /// An adoption is distributed.
    Distribute(Distribution),
    /// An earlier DISTRIBUTE is taken back.
    Reverse {
        /// The seq of the entry that is taken back.
        reverses: i64,
        /// Its inputs, copied, but for `effective_date`: the later of the original's and the day after the
        /// reversal was numbered.
        of: Distribution,
    },
    /// An account's journaled referrer changes. Carries no amount; later entries use the new upline.
    ReferralMove {
        /// The account that moves.
        account: AccountSequence,
        /// Its referrer until now, `None` for none.
        before: Option<AccountSequence>,
        /// Its referrer from now on, `None` for none.
        after: Option<AccountSequence>,
    },
}

/// All that the lines of a distributed adoption depend on, beside its plan.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Distribution {
    /// The upstream identifier of the adoption.
    pub adoption_id: Uuid,
    /// The adopter.
    pub account: AccountSequence,
    /// Trees adopted, above zero.
    pub tree_count: i32,
    /// The price of one tree.
    pub price: Price,
    /// The price the source named, `None` where the formula decided.
    pub source_price: Option<Price>,
    /// `tree_count` × `price`.
    pub base: Amount,
    /// The day of adoption.
    pub adoption_date: NaiveDate,
    /// The first day on which its lines are live.
    pub effective_date: NaiveDate,
    /// The first day on which they are not any more.
    pub expire_date: NaiveDate,
    /// The plan that decides.
    pub plan_version: PlanVersion,
    /// Trees of the network before it, `B` of RULES section 3.
    pub network_trees_before: i64,
    /// The upline, nearest first, at most 15: `upline[n - 1]` is level n.
    pub upline: Vec<Ancestor>,
    /// Bonus tiers the direct referrer has unlocked, 0 to 3; 0 without a referrer.
    pub referrer_tiers: u8,
}

/// An account of the upline, after the adoption's own effect.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ancestor {
    /// The account.
    pub account: AccountSequence,
    /// Levels it has unlocked, 0 to 15.
    pub depth: u8,
    /// Its direct referrals with a live adoption.
    pub directs: u32,
}

/// The counts of an account after an entry that changed one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Effect {
    /// The account.
    pub account: AccountSequence,
    /// Its live adoptions: its DISTRIBUTE entries that are not reversed.
    pub live: u32,
    /// Its direct referrals with a live adoption.
    pub directs: u32,
}
