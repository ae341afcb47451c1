//! Where an adoption that is not distributed stands (RULES section 2).

use std::fmt;

use chrono::NaiveDate;

use crate::account::AccountSequence;
use crate::adoption::{Anomaly, Eligibility, SourceAdoption, anomaly};
use crate::walk::MissingReferral;
use crate::walk::Walk;

/// Where it stands. Of several that apply the first in this order is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// It does not count.
    Ineligible,
    /// It counts, but something is wrong with it.
    Anomaly(Anomaly),
    /// It is in order, but not yet its turn.
    Waiting(Waiting),
    /// It can be numbered, with this upline, nearest first.
    Ready(Vec<AccountSequence>),
}

/// What an adoption waits for. Its text is the stored reason.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Waiting {
    /// The referral row of this account; the adoption is shown as stalled when it stays away.
    MissingReferral(AccountSequence),
    /// The numbering of this account's move.
    Move(AccountSequence),
    /// Its own date, which lies too far ahead.
    Date(NaiveDate),
}

impl fmt::Display for Waiting {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingReferral(account) => write!(f, "MISSING_REFERRAL: {account}"),
            Self::Move(account) => write!(f, "MOVE_FIRST: {account}"),
            Self::Date(date) => write!(f, "FUTURE_DATE: {date}"),
        }
    }
}

/// What the settings say of adoptions (RULES section 2).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ruling {
    /// Which count.
    pub eligibility: Eligibility,
    /// How far ahead of the business day an adoption may be dated.
    pub max_future_days: u32,
    /// What becomes of one above whose adopter a referral row is missing.
    pub missing_referral: MissingReferral,
}

impl Ruling {
    /// By the settings' values; an account without a referral row has no referrer if `missing_is_root`, else it is
    /// waited for.
    pub fn new(ineligible_statuses: &[String], max_future_days: u32, missing_is_root: bool) -> Self {
        let missing_referral = if missing_is_root { MissingReferral::Root } else { MissingReferral::Wait };
        Self { eligibility: Eligibility::new(ineligible_statuses), max_future_days, missing_referral }
    }
}

/// Judges an adoption by its own values and by the walk up its referrers. `latest_date` is the business day
/// and the days ahead that are let through ([`latest_ready_date`](crate::dates::latest_ready_date)).
pub fn standing(
    source: &SourceAdoption,
    eligibility: &Eligibility,
    latest_date: NaiveDate,
    walk: impl FnOnce(&AccountSequence) -> Walk,
) -> Standing {
    if !eligibility.is_eligible(source) {
        return Standing::Ineligible;
    }
    if let Some(anomaly) = anomaly(source) {
        return Standing::Anomaly(anomaly);
    }
    match walk(&source.account) {
        Walk::Cycle(account) => Standing::Anomaly(Anomaly::Cycle(account)),
        Walk::Missing(account) => Standing::Waiting(Waiting::MissingReferral(account)),
        Walk::MoveFirst(account) => Standing::Waiting(Waiting::Move(account)),
        Walk::Complete(_) if source.adoption_date > latest_date => {
            Standing::Waiting(Waiting::Date(source.adoption_date))
        }
        Walk::Complete(upline) => Standing::Ready(upline),
    }
}
