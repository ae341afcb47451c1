//! What `contribctl` tells of the whole: versions, whether the service is at rest, totals, latency.
//!
//! Reads only, one statement a function, so the figures of one answer hold at one moment. No locks; one round trip.

use chrono::{DateTime, Utc};
use futures::TryStreamExt;
use sqlx::{PgConnection, Row};

use crate::Result;

/// A migration that has been applied.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Migration {
    /// Its number.
    pub version: i64,
    /// What it is called.
    pub description: String,
}

/// The migrations that have been applied, in order; none where the runner's table is not there yet.
pub async fn migrations(connection: &mut PgConnection) -> Result<Vec<Migration>> {
    let migrated = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "there!""#)
        .fetch_one(&mut *connection)
        .await?;
    if !migrated {
        return Ok(Vec::new());
    }
    // The runner's own table is not part of our migrations, so this statement cannot be checked at compile time.
    let rows =
        sqlx::query("SELECT version, description FROM _sqlx_migrations WHERE success ORDER BY version")
            .fetch_all(connection)
            .await?;
    rows.iter()
        .map(|row| {
            Ok(Migration { version: row.try_get("version")?, description: row.try_get("description")? })
        })
        .collect()
}

/// What is under way between the ingestor and the relay.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Flow {
    /// The gate before the first number.
    pub bootstrap_open: bool,
    /// Messages read, of all topics.
    pub read: i64,
    /// Changes that the sequencer has not judged.
    pub queued: i64,
    /// Subtree updates still to do.
    pub tree_tasks: i64,
    /// Adoptions to be numbered: changed after their distribution, or ready for the first.
    pub to_number: i64,
    /// Adoptions that wait for something else to happen.
    pub waiting: i64,
    /// The last number given.
    pub last_seq: i64,
    /// Entries of chunks that are not carried out.
    pub to_distribute: i64,
    /// Events that are not published.
    pub to_publish: i64,
    /// Messages that could not be understood, and are open.
    pub dead_letters: i64,
}

/// What is under way at this moment.
pub async fn flow(connection: &mut PgConnection) -> Result<Flow> {
    Ok(sqlx::query_as!(
        Flow,
        r#"SELECT s.bootstrap_open, s.last_seq,
               (SELECT coalesce(sum(next_offset), 0)::bigint FROM cdc_offsets) AS "read!",
               (SELECT count(*) FROM sequencer_queue) AS "queued!",
               (SELECT count(*) FROM referral_tree_tasks) AS "tree_tasks!",
               (SELECT count(*) FROM sequencer_backlog WHERE state IN ('changed', 'ready')) AS "to_number!",
               (SELECT count(*) FROM sequencer_backlog WHERE state = 'waiting') AS "waiting!",
               (SELECT coalesce(sum(last_seq - first_seq + 1), 0)::bigint FROM distribution_chunks
                WHERE distributed_at IS NULL) AS "to_distribute!",
               (SELECT count(*) FROM outbox_events) AS "to_publish!",
               (SELECT count(*) FROM cdc_dead_letters WHERE resolved_at IS NULL) AS "dead_letters!"
           FROM sequencer_state s"#
    )
    .fetch_one(connection)
    .await?)
}

/// How far a source has been read, in its own time; none before its first beat.
pub async fn watermark(connection: &mut PgConnection, source: &str) -> Result<Option<DateTime<Utc>>> {
    let watermark = sqlx::query_scalar!("SELECT watermark FROM cdc_watermarks WHERE source = $1", source)
        .fetch_optional(connection)
        .await?;
    Ok(watermark.flatten())
}

/// What the books hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Totals {
    /// Messages read, of all topics.
    pub messages_read: i64,
    /// Adoptions distributed as they stand.
    pub adoptions_distributed: i64,
    /// Entries of the journal.
    pub entries: i64,
    /// Lines of the three ledger tables.
    pub lines: i64,
    /// Accounts with a balance.
    pub accounts: i64,
    /// Contribution of all accounts and system accounts.
    pub contribution: rust_decimal::Decimal,
    /// What of it was allocated to nobody and went to headquarters.
    pub unallocated: rust_decimal::Decimal,
    /// When the gate before the first number opened.
    pub bootstrap_opened_at: Option<DateTime<Utc>>,
}

/// What the books hold at this moment.
pub async fn totals(connection: &mut PgConnection) -> Result<Totals> {
    Ok(sqlx::query_as!(
        Totals,
        r#"SELECT (SELECT coalesce(sum(next_offset), 0)::bigint FROM cdc_offsets) AS "messages_read!",
               (SELECT count(*) FROM synced_adoptions WHERE contribution_distributed) AS "adoptions_distributed!",
               s.last_seq AS entries,
               (SELECT count(*) FROM contribution_records) + (SELECT count(*) FROM system_contribution_records)
                   + (SELECT count(*) FROM unallocated_contributions) AS "lines!",
               (SELECT count(*) FROM contribution_accounts) AS "accounts!",
               (SELECT coalesce(sum(total_contribution), 0) FROM contribution_accounts)
                   + (SELECT coalesce(sum(contribution_balance), 0) FROM system_accounts) AS "contribution!",
               (SELECT coalesce(sum(contribution_balance), 0) FROM system_accounts
                WHERE account_type = 'HEADQUARTERS') AS "unallocated!",
               s.bootstrap_opened_at
           FROM sequencer_state s"#
    )
    .fetch_one(connection)
    .await?)
}

/// An adoption created upstream after the bootstrap, first distributed at `distributed_at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LiveAdoption {
    /// The adopter.
    pub account: String,
    /// When upstream created it, by its clock.
    pub created_at: DateTime<Utc>,
    /// When its first entry was carried out; its events say so in `calculatedAt`.
    pub distributed_at: DateTime<Utc>,
}

/// The adoptions created upstream after the gate opened that have been distributed.
pub async fn live_adoptions(connection: &mut PgConnection) -> Result<Vec<LiveAdoption>> {
    Ok(sqlx::query_as!(
        LiveAdoption,
        r#"SELECT a.account_sequence AS account, a.source_created_at AS "created_at!",
                  c.distributed_at AS "distributed_at!"
           FROM sequencer_state s
           JOIN synced_adoptions a ON a.source_created_at > s.bootstrap_opened_at
           CROSS JOIN LATERAL (
               SELECT j.distribution_seq, j.account_sequence FROM distribution_journal j
               WHERE j.original_adoption_id = a.original_adoption_id ORDER BY j.distribution_seq LIMIT 1) AS first_entry
           CROSS JOIN LATERAL (
               SELECT c.distributed_at FROM distribution_chunks c
               WHERE c.first_seq <= first_entry.distribution_seq ORDER BY c.first_seq DESC LIMIT 1) AS c
           WHERE c.distributed_at IS NOT NULL AND first_entry.account_sequence = a.account_sequence"#
    )
    .fetch(connection)
    .try_collect()
    .await?)
}

/// The gate before the first number: whether it is open, since when, and who opened it.
pub async fn gate(connection: &mut PgConnection) -> Result<(bool, Option<DateTime<Utc>>, Option<String>)> {
    let row =
        sqlx::query!("SELECT bootstrap_open, bootstrap_opened_at, bootstrap_opened_by FROM sequencer_state")
            .fetch_one(connection)
            .await?;
    Ok((row.bootstrap_open, row.bootstrap_opened_at, row.bootstrap_opened_by))
}
