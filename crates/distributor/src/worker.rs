//! Carries out one chunk of the journal: lines, balances, events and flags in one transaction.
//!
//! Guarantees that an entry is carried out once, and that ledger, summaries and outbox agree at every commit.
//! Transaction: one a chunk. Locks, in this order: the chunk (skipping those claimed) → the business day (shared) →
//! [COPY, which locks nothing] → accounts in byte order → outbox → adoption and user flags → the four system accounts.
//! Round trips: about fifteen a chunk, however many entries it has.

use std::sync::Arc;

use chrono::{DateTime, SubsecRound, Utc};
use domain::{Distribution, Entry, Fact, Plan, Plans, write_lines};
use fail::fail_point;
use persistence::accounts::Booking;
use persistence::calls::{self, Channel};
use persistence::chunks::{self, Chunk};
use persistence::journal::{self, JournalRow};
use persistence::ledger::LedgerBuffer;
use persistence::{
    PgConnection, PgPool, accounts, adoptions, business_day, migrations, plans, system_accounts,
};
use runtime::{Progress, Settings, Worker};
use tokio::sync::Notify;
use uuid::Uuid;

use crate::deltas::Deltas;
use crate::error::DistributorError;

/// A chunk of fewer entries is live load: whoever publishes may be idle and is called.
const CALL_BELOW: usize = 200;

/// One distribution worker; any number may run, here and in other processes.
#[derive(Debug)]
pub struct DistributionWorker {
    pool: PgPool,
    time_zone: String,
    shards: i16,
    numbered: Arc<Notify>,
    clock: fn() -> DateTime<Utc>,
    schema_checked: bool,
}

impl DistributionWorker {
    /// A worker on `pool`, which must be one of [`persistence::connect_for_workers`]. `numbered` is notified when
    /// there is more to carry out.
    pub fn new(pool: PgPool, settings: &Settings, numbered: Arc<Notify>) -> Self {
        Self {
            pool,
            time_zone: settings.business.time_zone.to_string(),
            shards: settings.relay.shards,
            numbered,
            clock: Utc::now,
            schema_checked: false,
        }
    }

    /// The same with another clock, which tells when things were done and decides nothing.
    #[must_use]
    pub fn with_clock(mut self, clock: fn() -> DateTime<Utc>) -> Self {
        self.clock = clock;
        self
    }

    /// Claims one chunk and carries it out; says how many entries, or `None` where there was nothing to claim.
    async fn carry_out_one(&mut self) -> Result<Option<usize>, DistributorError> {
        let mut transaction = self.pool.begin().await?;
        let Some(chunk) = chunks::claim(&mut transaction).await? else { return Ok(None) };
        let held = business_day::hold(&mut transaction).await?;
        let rows = journal::range(&mut transaction, chunk.first_seq, chunk.last_seq).await?;
        let plans = plans::all(&mut transaction).await?;
        // What PostgreSQL stores has microseconds, and events must show the same moment.
        let booking = Booking {
            day: held.day,
            rolling: held.rolling,
            at: (self.clock)().trunc_subsecs(6),
            shards: self.shards,
            traceparent: rows.first().and_then(|row| row.traceparent.clone()),
        };
        carry_out(&mut transaction, chunk, &rows, &plans, &booking).await?;
        fail_point!("worker-before-commit");
        transaction.commit().await?;
        fail_point!("worker-after-commit");
        metrics::counter!("contrib_entries_distributed_total").increment(rows.len() as u64);
        Ok(Some(rows.len()))
    }
}

impl Worker for DistributionWorker {
    type Error = DistributorError;
    const NAME: &'static str = "distribution-worker";

    async fn run_once(&mut self) -> Result<Progress, DistributorError> {
        if !self.schema_checked {
            migrations::check(&self.pool, &self.time_zone).await?;
            self.schema_checked = true;
        }
        match self.carry_out_one().await? {
            Some(_) => {
                self.numbered.notify_one(); // there may be more than one worker asleep
                Ok(Progress::Worked)
            }
            None => Ok(Progress::Idle),
        }
    }
}

async fn carry_out(
    connection: &mut PgConnection,
    chunk: Chunk,
    rows: &[JournalRow],
    plans: &Plans,
    booking: &Booking,
) -> Result<(), DistributorError> {
    let expected = chunk.last_seq - chunk.first_seq + 1;
    if i64::try_from(rows.len()) != Ok(expected) {
        let found = rows.len();
        return Err(persistence::Error::corrupt(format!("chunk {chunk:?} has {found} entries")).into());
    }
    let mut ledger = LedgerBuffer::new(rows.len(), booking.day, booking.at);
    let deltas = compute(rows, plans, booking, &mut ledger)?;
    ledger.send(connection).await?;
    fail_point!("worker-after-copy");
    accounts::add(connection, &deltas.accounts(), booking).await?;
    if rows.len() < CALL_BELOW {
        calls::call(connection, Channel::Outbox).await?;
    }
    mark_flags(connection, rows, booking.at).await?;
    chunks::mark_distributed(connection, chunk, booking.day, booking.at).await?;
    system_accounts::add(connection, &deltas.system(), booking.at).await?;
    Ok(())
}

/// The pure part: every entry's lines into the ledger's buffer and the sums.
fn compute(
    rows: &[JournalRow],
    plans: &Plans,
    booking: &Booking,
    ledger: &mut LedgerBuffer,
) -> Result<Deltas, DistributorError> {
    let plan_of_the_day = plans.for_date(booking.day);
    let mut deltas = Deltas::new(booking.day);
    let mut lines = Vec::with_capacity(24);
    for JournalRow { entry, .. } in rows {
        if let Some(distribution) = distribution(entry) {
            let plan = plan_of(entry, distribution, plans)?;
            lines.clear();
            write_lines(entry, plan, &mut lines)
                .map_err(|source| DistributorError::Distribute { seq: entry.seq, source })?;
            for line in &lines {
                ledger.push(entry, distribution, line)?;
                deltas.add_line(line)?;
            }
        }
        for effect in &entry.effects {
            deltas.add_effect(entry.seq, effect, plan_of_the_day);
        }
    }
    Ok(deltas)
}

/// What an entry distributes or takes back; a move carries no amount.
fn distribution(entry: &Entry) -> Option<&Distribution> {
    match &entry.fact {
        Fact::Distribute(distribution) | Fact::Reverse { of: distribution, .. } => Some(distribution),
        Fact::ReferralMove { .. } => None,
    }
}

fn plan_of<'p>(entry: &Entry, of: &Distribution, plans: &'p Plans) -> Result<&'p Plan, DistributorError> {
    let plan = of.plan_version;
    plans.version(plan).ok_or(DistributorError::NoPlan { seq: entry.seq, plan })
}

/// Adoptions in the order of their ids, each only if this entry is still its latest; then the users whose first
/// entry this is.
async fn mark_flags(
    connection: &mut PgConnection,
    rows: &[JournalRow],
    at: DateTime<Utc>,
) -> Result<(), DistributorError> {
    let mut distributed: Vec<(Uuid, i64)> = rows
        .iter()
        .filter_map(|row| match &row.entry.fact {
            Fact::Distribute(distribution) => Some((distribution.adoption_id, row.entry.seq)),
            Fact::Reverse { .. } | Fact::ReferralMove { .. } => None,
        })
        .collect();
    distributed.sort_unstable();
    let (ids, seqs): (Vec<Uuid>, Vec<i64>) = distributed.into_iter().unzip();
    adoptions::mark_distributed(connection, &ids, &seqs, at).await?;

    let mut users: Vec<String> = rows.iter().filter_map(|row| begins_with(&row.entry)).collect();
    users.sort_unstable();
    users.dedup();
    if !users.is_empty() {
        adoptions::mark_users_calculated(connection, &users, at).await?;
    }
    Ok(())
}

/// The entry's account, if this may be the first entry of that account: it goes from no live adoption to one, or moves.
fn begins_with(entry: &Entry) -> Option<String> {
    let account = match &entry.fact {
        Fact::Distribute(distribution) => {
            let account = &distribution.account;
            entry
                .effects
                .iter()
                .any(|effect| effect.account == *account && effect.live == 1)
                .then_some(account)?
        }
        Fact::ReferralMove { account, .. } => account,
        Fact::Reverse { .. } => return None,
    };
    Some(account.as_str().to_owned())
}
