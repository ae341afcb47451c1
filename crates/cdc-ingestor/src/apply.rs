//! One batch of one topic into its table.
//!
//! Guarantees that a message takes effect exactly once: rows, queue, dead letters and position move together or not at
//! all. The transaction begins and ends in [`apply`]. Locks: referral tree (referrals only) → positions by partition →
//! rows by upstream id, all in one statement → new rows → the topic's summary. About ten round trips a batch.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use domain::AccountSequence;
use persistence::bootstrap::{self, EndedBy};
use persistence::cdc_offsets::ReadUntil;
use persistence::dead_letters::{self, DeadLetter, LSN_FELL, UNIQUE_TAKEN};
use persistence::referral_tree::{self, Budget};
use persistence::synced::SourcePosition;
use persistence::{PgConnection, PgPool, cdc_offsets, cdc_watermarks, changes, locks};
use uuid::Uuid;

use crate::batch::Batch;
use crate::decode::{Code, FromRow};
use crate::errors::IngestError;
use crate::fold::{Folded, Outcome, fold};
use crate::table::Table;

/// How much of the referral tree one transaction may bring up to date.
pub const TREE_BUDGET: Budget = Budget { rows: 5_000, levels: 200 };

/// A topic and the source database of its table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Name in Kafka.
    pub name: String,
    /// Our name of the source database.
    pub source: String,
}

/// What a batch did.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Applied {
    /// Rows written.
    pub written: usize,
    /// Changes that were older than what is stored.
    pub stale: usize,
    /// Messages put aside.
    pub dead_letters: usize,
}

/// Applies `batch`. An error leaves everything as it was: the same batch can be applied again.
pub async fn apply<T: Table>(
    pool: &PgPool,
    topic: &Topic,
    batch: &Batch<T::Row>,
    now: DateTime<Utc>,
) -> Result<Applied, IngestError> {
    let mut transaction = pool.begin().await?;
    let connection = &mut *transaction;
    if T::IN_REFERRAL_TREE && !batch.changes.is_empty() {
        locks::hold(connection, locks::REFERRAL_TREE).await?;
    }
    let read_until = advance(connection, topic, batch).await?;
    let (applied, now_read_until) = if batch.changes.is_empty() && batch.letters.is_empty() {
        Default::default()
    } else {
        store::<T>(connection, topic, batch, &read_until, now).await?
    };
    if batch.snapshot_ended {
        bootstrap::end_topic(connection, &topic.name, EndedBy::Marker).await?;
    }
    if batch.streamed {
        bootstrap::end_source(connection, &topic.source, EndedBy::StreamedRow).await?;
    }
    record(connection, topic, batch, &now_read_until).await?;
    transaction.commit().await?;
    batch.count(&topic.name);
    tracing::debug!(topic = topic.name, messages = batch.len(), ?applied, "applied");
    Ok(applied)
}

/// Moves the positions, or finds that somebody else reads the partitions. Gives how far they had been read before.
pub(crate) async fn advance<R>(
    connection: &mut PgConnection,
    topic: &Topic,
    batch: &Batch<R>,
) -> Result<ReadUntil, IngestError> {
    let read_until = cdc_offsets::advance(connection, &topic.name, &batch.advances()).await?;
    read_until.ok_or_else(|| IngestError::PartitionTaken { topic: topic.name.clone() })
}

/// Puts the batch on record, and how far it reads the partitions in the source's time; last, because consumers of a topic
/// meet in its summary.
pub(crate) async fn record<R>(
    connection: &mut PgConnection,
    topic: &Topic,
    batch: &Batch<R>,
    read_until: &ReadUntil,
) -> Result<(), IngestError> {
    let advances = batch.advances();
    cdc_offsets::record(connection, &topic.name, &topic.source, &advances, read_until, batch.greatest_lsn)
        .await?;
    Ok(())
}

/// Stores what `batch` makes of the rows, and what follows from it. `read_until` is how far each partition was read before;
/// it gives how far each is now.
pub(crate) async fn store<T: Table>(
    connection: &mut PgConnection,
    topic: &Topic,
    batch: &Batch<T::Row>,
    read_until: &ReadUntil,
    now: DateTime<Utc>,
) -> Result<(Applied, ReadUntil), IngestError> {
    let folded = fold_stored::<T>(connection, topic, batch, now).await?;
    let changed = T::changes(&folded.outcomes);
    let tree = if T::IN_REFERRAL_TREE { moved_accounts::<T>(&folded.outcomes) } else { Vec::new() };
    let letters: Vec<DeadLetter> =
        batch.letters.iter().cloned().chain(letters(&folded, read_until)).collect();
    let applied =
        Applied { written: folded.outcomes.len(), stale: folded.stale.len(), dead_letters: letters.len() };

    if !folded.released.is_empty() {
        T::release(connection, &folded.released).await?;
    }
    if !folded.outcomes.is_empty() {
        T::write(connection, &topic.name, folded.outcomes).await?;
    }
    referral_tree::settle(connection, tree, TREE_BUDGET).await?;
    changes::tell_sequencer(connection, &changed.referrals, &changed.adoptions).await?;
    dead_letters::insert(connection, &topic.name, T::Row::TABLE, &letters).await?;
    let heard_of = last_heard_of(folded.heard_of, &batch.letters);
    if !heard_of.is_empty() {
        dead_letters::supersede(connection, &topic.name, &heard_of).await?;
    }
    count(topic, applied, &letters);
    Ok((applied, folded.read_until))
}

/// The batch folded into the stored rows that it can change.
async fn fold_stored<T: Table>(
    connection: &mut PgConnection,
    topic: &Topic,
    batch: &Batch<T::Row>,
    now: DateTime<Utc>,
) -> Result<Folded<T::Fields>, IngestError> {
    let epoch = cdc_watermarks::epoch(connection, &topic.source).await?;
    let (mut ids, accounts) = names::<T>(batch);
    let stored = T::lock(connection, &ids, &accounts).await?;
    let folded = fold::<T>(stored, &batch.changes, epoch, now);
    if folded.vacant.is_empty() {
        return Ok(folded);
    }
    let vacant: Vec<&str> = folded.vacant.iter().map(AccountSequence::as_str).collect();
    let displaced = T::displaced(connection, &vacant).await?;
    if displaced.is_empty() {
        return Ok(folded);
    }
    ids.extend(displaced);
    let stored = T::lock(connection, &ids, &accounts).await?;
    Ok(fold::<T>(stored, &batch.changes, epoch, now))
}

fn count(topic: &Topic, applied: Applied, letters: &[DeadLetter]) {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    metrics::histogram!("contrib_ingest_batch_rows", "topic" => topic.name.clone())
        .record(count(applied.written));
    metrics::counter!("contrib_ingest_stale_total", "topic" => topic.name.clone())
        .increment(u64::from(count(applied.stale)));
    for letter in letters {
        let (topic, code) = (topic.name.clone(), letter.error_code.clone());
        metrics::counter!("contrib_ingest_dead_letters_total", "topic" => topic, "code" => code).increment(1);
    }
}

/// Each row whose whole state a message told, with the last such message: one that was refused told it too, so that what
/// is refused again after it was sent again is open once.
fn last_heard_of(
    mut heard_of: BTreeMap<Uuid, SourcePosition>,
    refused: &[DeadLetter],
) -> Vec<(Uuid, SourcePosition)> {
    for letter in refused {
        let Some(id) = letter.original_id else { continue };
        let position = SourcePosition { partition: letter.partition, offset: letter.offset };
        let last = heard_of.entry(id).or_insert(position);
        if position.offset > last.offset {
            *last = position;
        }
    }
    heard_of.into_iter().collect()
}

/// What a batch names: rows, and accounts that others may hold.
fn names<T: Table>(batch: &Batch<T::Row>) -> (Vec<Uuid>, Vec<&str>) {
    let mut ids: Vec<Uuid> = batch.changes.iter().map(|placed| placed.change.id).collect();
    ids.sort_unstable();
    ids.dedup();
    let mut accounts: Vec<&str> = Vec::new();
    if T::ACCOUNT_IS_UNIQUE {
        let rows = batch.changes.iter().filter_map(|placed| placed.change.row.as_ref());
        accounts = rows.filter_map(|row| T::named(row).map(AccountSequence::as_str)).collect();
        accounts.sort_unstable();
        accounts.dedup();
    }
    (ids, accounts)
}

/// The accounts whose live row came, changed or went.
fn moved_accounts<T: Table>(outcomes: &[Outcome<T::Fields>]) -> Vec<String> {
    let changed = outcomes.iter().filter(|outcome| outcome.is_changed());
    changed
        .flat_map(|outcome| outcome.before.iter().chain([&outcome.after]))
        .map(|row| T::account(&row.fields).as_str().to_owned())
        .collect()
}

fn letters<F>(folded: &Folded<F>, read_until: &ReadUntil) -> impl Iterator<Item = DeadLetter> {
    let taken = folded.taken.iter().map(|taken| {
        let error = format!("{UNIQUE_TAKEN}: account_sequence is now of the row {}", taken.by);
        (taken.id, taken.position, UNIQUE_TAKEN, error)
    });
    let incomplete = folded.incomplete.iter().map(|(id, position)| {
        let code = Code::Incomplete.as_str();
        (*id, *position, code, format!("{code}: a value was left out as unchanged, and none is stored"))
    });
    let fallen = folded
        .stale
        .iter()
        .filter(|stale| stale.is_of_another_log(read_until.get(&stale.position.partition).copied()));
    let fallen = fallen.map(|stale| {
        let error =
            format!("{LSN_FELL}: older by lsn than what is stored, newer by time: raise the source's epoch");
        (stale.id, stale.position, LSN_FELL, error)
    });
    taken.chain(incomplete).chain(fallen).map(|(id, position, code, error)| DeadLetter {
        partition: position.partition,
        offset: position.offset,
        key: None,
        value: None,
        raw_value: None,
        headers: None,
        error_code: code.to_owned(),
        error,
        original_id: Some(id),
    })
}
