//! The whole journal carried out again from nothing, in memory, beside all that is stored of it.
//!
//! | module | what |
//! |---|---|
//! | [`walk`] | spans of entries carried out again, their lines compared, their sums gathered by account |
//! | [`sums`] | the sums beside the rows that show them |
//! | [`days`] | what the calendar adds up, beside the lines and the journal |
//! | [`apply`] | those rows written anew |
//! | [`difference`] | what differs, a kind each |
//!
//! Everything is compared in one snapshot of the database, which the connections share. Memory holds a few sums for each
//! account, and one span of entries for each connection; never the lines.

pub mod apply;
pub mod days;
pub mod difference;
pub mod sums;
pub mod walk;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use persistence::verify::{self, Moment};
use persistence::{PgPool, rebuild};
use tokio::task::JoinSet;

use crate::verify::ledger::Span;
use crate::verify::plans::PlanHistory;
use crate::{Progress, Result};

pub use difference::{Difference, Differences};
pub use sums::Wrong;
use walk::Part;

/// Entries that are looked at together.
const SPAN: i64 = 4_000;
/// Spans that are looked at at the same time, on a connection each: the server's COPY takes more of a core than our
/// comparing does.
const CONNECTIONS: usize = 3;

/// What a recalculation found.
#[derive(Debug)]
pub struct Found {
    /// What differs.
    pub differences: Differences,
    /// The rows that have to be written anew.
    pub wrong: Wrong,
    /// What the snapshot knew of the accounts.
    pub part: Part,
    /// The plans.
    pub plans: Arc<PlanHistory>,
    /// How things stood.
    pub moment: Moment,
    /// How far the snapshot had come.
    pub since: rebuild::Since,
}

/// Carries the journal out again and compares: from entry `from` on the lines only, from the first one on the sums too.
pub async fn run(pool: &PgPool, from: i64) -> Result<Found> {
    let mut snapshot = verify::begin(pool).await?;
    let name = verify::export(&mut snapshot).await?;
    let moment = verify::moment(&mut snapshot).await?;
    let plans = Arc::new(PlanHistory::read(&mut snapshot).await?);
    let open = verify::entries::open_chunks(&mut snapshot).await?;
    let since = rebuild::Since {
        last_seq: moment.last_seq,
        open: open.into_iter().map(|(first, _)| first).collect(),
    };
    let steps = u64::try_from(moment.last_seq + 1 - from).unwrap_or(0);
    let journal = Journal {
        moment: moment.clone(),
        plans: Arc::clone(&plans),
        next: AtomicI64::new(from),
        progress: Progress::of(steps, "entries"),
    };
    let (mut part, mut differences) = walk(pool, &name, Arc::new(journal)).await?;
    let mut wrong = Wrong::default();
    if from == 1 {
        let progress = Progress::endless("sums");
        sums::compare(&mut snapshot, &moment, &plans, &mut part, &mut differences, &mut wrong, &progress)
            .await?;
        days::compare(&mut snapshot, &mut differences, &mut wrong, &progress).await?;
        progress.done();
    }
    snapshot.rollback().await.map_err(persistence::Error::from)?;
    Ok(Found { differences, wrong, part, plans, moment, since })
}

/// What the connections share.
#[derive(Debug)]
struct Journal {
    moment: Moment,
    plans: Arc<PlanHistory>,
    /// The first entry that nobody has taken.
    next: AtomicI64,
    progress: Progress,
}

impl Journal {
    /// The next span, if there is one left. The last one is never empty of ids: lines behind all entries are in it.
    fn take(&self) -> Option<Span> {
        let first = self.next.fetch_add(SPAN, Ordering::Relaxed);
        let begun = first == 1 || first <= self.moment.last_seq;
        begun.then(|| Span::new(first, self.moment.last_seq.min(first + SPAN - 1), &self.moment))
    }
}

async fn walk(pool: &PgPool, snapshot: &str, journal: Arc<Journal>) -> Result<(Part, Differences)> {
    let mut tasks = JoinSet::new();
    for _ in 0..CONNECTIONS {
        let (pool, snapshot, journal) = (pool.clone(), snapshot.to_owned(), Arc::clone(&journal));
        tasks.spawn(async move { spans(&pool, &snapshot, &journal).await });
    }
    let (mut part, mut differences) = (Part::default(), Differences::default());
    while let Some(done) = tasks.join_next().await {
        let (more, found) = done??;
        part.merge(more)?;
        differences.merge(found);
    }
    journal.progress.done();
    Ok((part, differences))
}

/// What one connection does.
async fn spans(pool: &PgPool, snapshot: &str, journal: &Journal) -> Result<(Part, Differences)> {
    let mut connection = verify::begin_at(pool, snapshot).await?;
    verify::derived::read_by_index(&mut connection).await?;
    let (mut walk, mut differences) = (walk::Walk::new(&journal.moment), Differences::default());
    while let Some(span) = journal.take() {
        walk.span(&mut connection, &span, &journal.plans, &mut differences).await?;
        journal.progress.add(u64::try_from(span.last + 1 - span.first).unwrap_or(0));
    }
    connection.rollback().await.map_err(persistence::Error::from)?;
    Ok((walk.part, differences))
}
