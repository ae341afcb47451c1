//! Upstream's referrals: they agree with the journal, and they say which adoptions are ready (RULES sections 2 and 3).

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::accounts::{Accounts, Id, Referrer};
use super::replay::Replay;
use super::report::{Check, Findings};

/// Every live referral row, and whose row has still to be looked at.
#[derive(Debug, Default)]
pub(crate) struct Referrals {
    referrers: HashMap<Id, Option<Id>>,
    pending: HashSet<Id>,
    /// Changed referrals are queued, or the upstream tree is being brought up to date.
    pub(crate) changing: bool,
}

/// How a walk from an adopter upward ends (RULES section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Walk {
    Complete,
    Cycle,
    Missing,
    /// An account on it has to move first.
    MoveFirst,
}

impl Referrals {
    pub(crate) async fn load(
        connection: &mut PgConnection,
        accounts: &mut Accounts,
    ) -> Result<Self, sqlx::Error> {
        const ROWS: &str = "SELECT account_sequence, referrer_account_sequence FROM synced_referrals
            WHERE source_deleted_at IS NULL AND NOT displaced";
        const PENDING: &str = "SELECT account_sequence FROM sequencer_moves UNION
            SELECT account_sequence FROM sequencer_queue WHERE account_sequence IS NOT NULL";
        const CHANGING: &str =
            "SELECT EXISTS (SELECT FROM sequencer_queue WHERE account_sequence IS NOT NULL)
            OR EXISTS (SELECT FROM referral_tree_tasks)";
        let mut referrals = Self::default();
        let mut rows = sqlx::query_as::<_, (String, Option<String>)>(ROWS).fetch(&mut *connection);
        while let Some((account, referrer)) = rows.try_next().await? {
            let referrer = referrer.map(|referrer| accounts.intern(&referrer));
            referrals.referrers.insert(accounts.intern(&account), referrer);
        }
        drop(rows);
        let pending: Vec<String> = sqlx::query_scalar(PENDING).fetch_all(&mut *connection).await?;
        referrals.pending = pending.iter().map(|account| accounts.intern(account)).collect();
        referrals.changing = sqlx::query_scalar(CHANGING).fetch_one(connection).await?;
        Ok(referrals)
    }

    /// Where no move is pending, the journal names the referrer that upstream names. A deleted row is no move.
    pub(crate) fn compare(&self, replay: &Replay<'_>, findings: &mut Findings) {
        for (id, account) in replay.accounts.iter() {
            let Some(upstream) = self.referrers.get(&id) else { continue };
            if account.referrer == Referrer::Unknown {
                continue;
            }
            let holds = account.referrer == Referrer::from(*upstream) || self.pending.contains(&id);
            findings.check(Check::ReferralsJournaled, holds, || {
                let upstream = upstream.map(|id| replay.accounts.name(id));
                format!(
                    "{}: upstream names {upstream:?}, the journal another, and no move is pending",
                    account.name
                )
            });
        }
    }

    /// The walk from `adopter` to its 15th ancestor, whose own row does not matter, or to the top.
    pub(crate) fn walk(&self, adopter: Id, accounts: &Accounts, missing_is_root: bool) -> Walk {
        let mut met = vec![adopter];
        let (mut missing, mut move_first) = (false, false);
        while met.len() <= 15 {
            let account = met[met.len() - 1];
            let Some(upstream) = self.referrers.get(&account) else {
                missing = !missing_is_root;
                break;
            };
            let journaled = accounts.get(account).referrer;
            move_first |= journaled != Referrer::Unknown && journaled != Referrer::from(*upstream);
            let Some(referrer) = *upstream else { break };
            if met.contains(&referrer) {
                return Walk::Cycle;
            }
            met.push(referrer);
        }
        match (missing, move_first) {
            (true, _) => Walk::Missing,
            (false, true) => Walk::MoveFirst,
            (false, false) => Walk::Complete,
        }
    }
}
