//! The identities of RULES section 8, checked against what is stored.
//!
//! | module | identities |
//! |---|---|
//! | [`ledger`] | 1, 4, 5 (numbers) and 8: one walk along the journal, with the lines beside it |
//! | [`lines`] | 8, shared with `contribctl recalculate` |
//! | [`replay`] | 9: the journal numbered again, on the same walk |
//! | [`accounts`] | 2: in ranges of names |
//! | [`system`] | 3 and 4 |
//! | [`marks`] | 5 (flags) and 9 (upstream's values): in ranges of adoptions |
//! | [`snapshots`] | 6 |
//! | [`events`] | 7, against Kafka |
//!
//! All but 7 is read from one snapshot of the database, in ranges, so that the service may go on working. What is held
//! in memory is the state of every account, as the sequencer holds it too, and one range.

pub mod accounts;
pub mod events;
pub mod finding;
pub mod ledger;
pub mod lines;
pub mod marks;
pub mod plans;
pub mod replay;
pub mod snapshots;
pub mod system;

use std::collections::BTreeSet;

use persistence::{PgPool, verify};
use runtime::settings::Kafka;

use crate::{Progress, Result};

pub use finding::{Finding, Findings};

/// Rows of accounts or adoptions that are looked at together.
const RANGE: i64 = 2_000;

/// The identities there are.
pub const IDENTITIES: std::ops::RangeInclusive<u8> = 1..=9;

/// Checks the identities of `only`, in their order; `kafka` is needed for identity 7.
pub async fn run(pool: &PgPool, kafka: &Kafka, only: &BTreeSet<u8>) -> Result<Vec<Finding>> {
    let mut findings = Findings::new();
    let wanted = |identities: &[u8]| identities.iter().any(|identity| only.contains(identity));
    if wanted(&[1, 2, 3, 4, 5, 6, 8, 9]) {
        let mut snapshot = verify::begin(pool).await?;
        verify::plan_each_statement(&mut snapshot).await?;
        let moment = verify::moment(&mut snapshot).await?;
        let steps = moment.last_seq + moment.accounts + moment.adoptions;
        let progress = Progress::of(u64::try_from(steps).unwrap_or(0), "verify");
        let walked = if wanted(&[1, 2, 3, 4, 5, 8, 9]) {
            Some(ledger::walk(&mut snapshot, &moment, &mut findings, &progress).await?)
        } else {
            None
        };
        if let Some(walked) = walked.filter(|_| wanted(&[2, 3, 4])) {
            accounts::check(&mut snapshot, &moment, &walked, &mut findings, &progress).await?;
            system::check(&mut snapshot, &walked, &mut findings).await?;
        }
        if wanted(&[5, 9]) {
            marks::check(&mut snapshot, &mut findings, &progress).await?;
        }
        if wanted(&[6]) {
            snapshots::check(&mut snapshot, &mut findings).await?;
        }
        snapshot.rollback().await.map_err(persistence::Error::from)?;
        progress.done();
    }
    if wanted(&[7]) {
        events::check(pool, kafka, &mut findings).await?;
    }
    Ok(findings.into_iter().filter(|finding| only.contains(&finding.identity)).collect())
}
