//! The referral rows that the leader keeps in memory, so that a walk costs the database nothing where nothing changed.
//!
//! Guarantees that a pass walks by rows of one moment. Every change of a row stands in the queue when it is committed,
//! and whoever takes it from the queue forgets the row here, under the term of the leader.

use std::cell::OnceCell;
use std::collections::BTreeSet;

use domain::{AccountSequence, MissingReferral, Referrer, SequencerState, Upstream, walk};
use persistence::PgConnection;
use persistence::adoptions::LockedAdoption;
use persistence::referrals::{self, UpstreamTree};

use super::Rules;
use crate::error::DistributorError;

/// Rows kept at most, of some 150 bytes each; then all are read anew.
const ROWS_KEPT: usize = 1_000_000;
/// So many changes at once are not told apart.
const MANY_CHANGES: i64 = 1_000;

/// What is kept.
#[derive(Debug, Default)]
pub(super) struct Uplines(UpstreamTree);

impl Uplines {
    /// The rows, as far as they were read.
    pub(super) fn tree(&self) -> &UpstreamTree {
        &self.0
    }

    /// Forgets the rows of `accounts`: they changed.
    pub(super) fn forget<'a>(&mut self, accounts: impl IntoIterator<Item = &'a AccountSequence>) {
        for account in accounts {
            self.0.forget(account);
        }
    }

    /// Reads what the walks from the adopters look at and is not kept. Usually nothing; two round trips else, and more
    /// where stored uplines are still being brought up to date.
    pub(super) async fn read_for(
        &mut self,
        connection: &mut PgConnection,
        locked: &[LockedAdoption],
        state: &SequencerState,
        rules: &Rules,
    ) -> Result<(), DistributorError> {
        if self.0.len() > ROWS_KEPT {
            self.0 = UpstreamTree::default();
        }
        loop {
            let unread: BTreeSet<AccountSequence> = locked
                .iter()
                .filter_map(|adoption| self.first_unread(&adoption.source.account, state, rules))
                .collect();
            if unread.is_empty() {
                return Ok(());
            }
            referrals::extend(connection, &mut self.0, &unread).await?;
        }
    }

    /// Whether no row that is kept has a change waiting in the queue: then all are as the database has them now.
    pub(super) async fn are_current(&self, connection: &mut PgConnection) -> Result<bool, DistributorError> {
        let waiting = referrals::changes_waiting(connection, MANY_CHANGES).await?;
        let few = i64::try_from(waiting.len()).is_ok_and(|count| count < MANY_CHANGES);
        Ok(few && waiting.iter().all(|account| self.0.get(account).is_none()))
    }

    /// The first account on the walk from `adopter` whose row is not kept.
    fn first_unread(
        &self,
        adopter: &AccountSequence,
        state: &SequencerState,
        rules: &Rules,
    ) -> Option<AccountSequence> {
        let unread = OnceCell::new();
        let upstream = |account: &AccountSequence| {
            self.0.get(account).cloned().unwrap_or_else(|| {
                unread.get_or_init(|| account.clone());
                Upstream::Root // the walk ends here
            })
        };
        let journaled = |account: &AccountSequence| match rules.ruling.missing_referral {
            MissingReferral::Wait => Referrer::Unknown, // the walk does not go by it
            MissingReferral::Root => state.referrer(account),
        };
        walk(adopter, upstream, journaled, rules.ruling.missing_referral);
        unread.into_inner()
    }
}
