//! Sums over the ledger, for the identities of RULES section 8 that are watched while the service runs.
//!
//! The entries up to the distribution watermark never change any more, so whoever watches sums them once, span by
//! span, and adds the few beyond it. One round trip a statement, four for a span.

use std::collections::BTreeMap;

use domain::{Amount, SystemAccount, id_range};
use sqlx::PgConnection;

use crate::ledger::system_account_id;
use crate::{Error, Result};

/// What the lines and the journal of some entries sum to, all of them carried out.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Sums {
    /// Lines of accounts by `source_type`.
    pub accounts: BTreeMap<String, Amount>,
    /// Lines of system accounts.
    pub systems: BTreeMap<SystemAccount, Amount>,
    /// Unallocated lines by `unalloc_type`, and how many.
    pub unallocated: BTreeMap<String, (Amount, i64)>,
    /// Σ base of DISTRIBUTE entries.
    pub distributed: Amount,
    /// Σ base of REVERSE entries, not negative.
    pub reversed: Amount,
    /// DISTRIBUTE entries.
    pub distributes: i64,
    /// REVERSE entries.
    pub reverses: i64,
    /// Entries of any kind.
    pub entries: i64,
}

impl Sums {
    /// These and those together.
    pub fn add(&mut self, other: &Self) -> Result<()> {
        for (key, amount) in &other.accounts {
            add(self.accounts.entry(key.clone()).or_default(), *amount)?;
        }
        for (key, amount) in &other.systems {
            add(self.systems.entry(*key).or_default(), *amount)?;
        }
        for (key, (amount, lines)) in &other.unallocated {
            let known = self.unallocated.entry(key.clone()).or_default();
            add(&mut known.0, *amount)?;
            known.1 += lines;
        }
        add(&mut self.distributed, other.distributed)?;
        add(&mut self.reversed, other.reversed)?;
        self.distributes += other.distributes;
        self.reverses += other.reverses;
        self.entries += other.entries;
        Ok(())
    }
}

fn add(sum: &mut Amount, amount: Amount) -> Result<()> {
    *sum = sum.checked_add(amount)?;
    Ok(())
}

/// What the entries `first` to `last` sum to; all of them must have been carried out.
pub async fn of_span(connection: &mut PgConnection, first: i64, last: i64) -> Result<Sums> {
    let mut sums = lines(&mut *connection, first, last).await?;
    let row = sqlx::query!(
        r#"SELECT count(*) AS "entries!", count(*) FILTER (WHERE kind = 'DISTRIBUTE') AS "distributes!",
               count(*) FILTER (WHERE kind = 'REVERSE') AS "reverses!",
               sum(base_amount) FILTER (WHERE kind = 'DISTRIBUTE') AS distributed,
               sum(base_amount) FILTER (WHERE kind = 'REVERSE') AS reversed
           FROM distribution_journal WHERE distribution_seq BETWEEN $1 AND $2"#,
        first,
        last
    )
    .fetch_one(connection)
    .await?;
    sums.distributed = super::sum(row.distributed)?;
    sums.reversed = super::sum(row.reversed)?;
    (sums.distributes, sums.reverses, sums.entries) = (row.distributes, row.reverses, row.entries);
    Ok(sums)
}

/// What the entries beyond `watermark` that have been carried out sum to.
pub async fn beyond(connection: &mut PgConnection, watermark: i64) -> Result<Sums> {
    let mut sums = lines(&mut *connection, watermark + 1, domain::MAX_SEQ - 1).await?;
    let row = sqlx::query!(
        r#"SELECT count(*) AS "entries!", count(*) FILTER (WHERE j.kind = 'DISTRIBUTE') AS "distributes!",
               count(*) FILTER (WHERE j.kind = 'REVERSE') AS "reverses!",
               sum(j.base_amount) FILTER (WHERE j.kind = 'DISTRIBUTE') AS distributed,
               sum(j.base_amount) FILTER (WHERE j.kind = 'REVERSE') AS reversed
           FROM distribution_chunks c CROSS JOIN LATERAL (
               SELECT kind, base_amount FROM distribution_journal
               WHERE distribution_seq BETWEEN c.first_seq AND c.last_seq) j
           WHERE c.first_seq > $1 AND c.distributed_at IS NOT NULL"#,
        watermark
    )
    .fetch_one(connection)
    .await?;
    sums.distributed = super::sum(row.distributed)?;
    sums.reversed = super::sum(row.reversed)?;
    (sums.distributes, sums.reverses, sums.entries) = (row.distributes, row.reverses, row.entries);
    Ok(sums)
}

/// Sums of the three tables over the ids of the entries `first` to `last`.
async fn lines(connection: &mut PgConnection, first: i64, last: i64) -> Result<Sums> {
    let ids = id_range(first, last);
    let mut sums = Sums::default();
    let accounts = sqlx::query!(
        r#"SELECT source_type, sum(amount) AS amount FROM contribution_records
           WHERE id >= $1 AND id < $2 GROUP BY source_type"#,
        ids.start,
        ids.end
    );
    for row in accounts.fetch_all(&mut *connection).await? {
        sums.accounts.insert(row.source_type, super::sum(row.amount)?);
    }
    let systems = sqlx::query!(
        r#"SELECT system_account_id, sum(amount) AS amount FROM system_contribution_records
           WHERE id >= $1 AND id < $2 GROUP BY system_account_id"#,
        ids.start,
        ids.end
    );
    for row in systems.fetch_all(&mut *connection).await? {
        let account = SystemAccount::ALL
            .into_iter()
            .find(|account| system_account_id(*account) == row.system_account_id)
            .ok_or_else(|| Error::corrupt(format!("no system account {}", row.system_account_id)))?;
        sums.systems.insert(account, super::sum(row.amount)?);
    }
    let unallocated = sqlx::query!(
        r#"SELECT unalloc_type, sum(amount) AS amount, count(*) AS "lines!" FROM unallocated_contributions
           WHERE id >= $1 AND id < $2 GROUP BY unalloc_type"#,
        ids.start,
        ids.end
    );
    for row in unallocated.fetch_all(connection).await? {
        sums.unallocated.insert(row.unalloc_type, (super::sum(row.amount)?, row.lines));
    }
    Ok(sums)
}

/// Counts beside the sums.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Counts {
    /// The last number given.
    pub last_seq: i64,
    /// Entries beyond the watermark, carried out or not.
    pub entries_beyond: i64,
    /// REVERSE entries beyond the watermark, carried out or not, whose original has been carried out.
    pub reversals_beyond: i64,
    /// Adoptions marked as distributed.
    pub marked: i64,
}

/// Counts, with those beyond `watermark`.
pub async fn counts(connection: &mut PgConnection, watermark: i64) -> Result<Counts> {
    Ok(sqlx::query_as!(
        Counts,
        r#"SELECT s.last_seq, b.entries AS "entries_beyond!", b.reversals AS "reversals_beyond!",
               (SELECT count(*) FROM synced_adoptions WHERE contribution_distributed) AS "marked!"
           FROM sequencer_state s CROSS JOIN (
               SELECT count(*) AS entries, count(*) FILTER (WHERE kind = 'REVERSE' AND (
                   SELECT c.distributed_at FROM distribution_chunks c WHERE c.first_seq <= j.reverses_seq
                   ORDER BY c.first_seq DESC LIMIT 1) IS NOT NULL) AS reversals
               FROM distribution_journal j WHERE j.distribution_seq > $1) b"#,
        watermark
    )
    .fetch_one(connection)
    .await?)
}
