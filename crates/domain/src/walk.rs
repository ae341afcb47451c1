//! The walk from an adopter up its referrers (RULES section 2, "Ready").

use crate::MAX_UPLINE;
use crate::account::AccountSequence;
use crate::account_state::Referrer;

/// What upstream's referral rows say of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Upstream {
    /// There is no row, or a deleted one.
    Missing,
    /// Its row names no referrer.
    Root,
    /// Its row names this referrer.
    Referrer(AccountSequence),
}

/// What a missing referral row means (setting `missing_referral`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MissingReferral {
    /// The row has not arrived yet: whatever needs it waits.
    #[default]
    Wait,
    /// The account has no referrer, unless the journal knows one.
    Root,
}

/// How a walk ended. Where several ends apply, the first in this order is given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Walk {
    /// This account was met twice within the 15 steps, the adopter included: an anomaly.
    Cycle(AccountSequence),
    /// This account has no referral row: the adoption waits for it.
    Missing(AccountSequence),
    /// Upstream names another referrer for this account than the journal: its move comes first. Of
    /// several, the one nearest to the adopter.
    MoveFirst(AccountSequence),
    /// The upline, nearest first: 15 accounts, or fewer up to one without a referrer.
    Complete(Vec<AccountSequence>),
}

/// Walks from `adopter` along upstream's referrers until 15 ancestors are found or one has no referrer.
/// The 15th ancestor's own row is not looked at.
pub fn walk(
    adopter: &AccountSequence,
    upstream: impl Fn(&AccountSequence) -> Upstream,
    journaled: impl Fn(&AccountSequence) -> Referrer,
    missing: MissingReferral,
) -> Walk {
    let mut upline: Vec<AccountSequence> = Vec::with_capacity(MAX_UPLINE);
    let mut moves_first = None;
    while upline.len() < MAX_UPLINE {
        let account = upline.last().unwrap_or(adopter);
        let known = journaled(account);
        let named = match upstream(account) {
            Upstream::Referrer(referrer) => Referrer::Account(referrer),
            Upstream::Root => Referrer::None,
            Upstream::Missing if missing == MissingReferral::Wait => return Walk::Missing(account.clone()),
            // A row that is gone is no move: what the journal knows still stands.
            Upstream::Missing if known == Referrer::Unknown => Referrer::None,
            Upstream::Missing => known.clone(),
        };
        if moves_first.is_none() && known != Referrer::Unknown && known != named {
            moves_first = Some(account.clone());
        }
        let Referrer::Account(referrer) = named else { break };
        if referrer == *adopter || upline.contains(&referrer) {
            return Walk::Cycle(referrer);
        }
        upline.push(referrer);
    }
    moves_first.map_or(Walk::Complete(upline), Walk::MoveFirst)
}
