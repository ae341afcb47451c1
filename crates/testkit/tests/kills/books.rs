//! Journal and ledger as they must come out whatever was killed: every column but those that tell when, not what.

use anyhow::Context as _;
use sqlx::{FromRow, PgPool};

/// The tables, with the columns that may differ between two runs.
const TABLES: [(&str, &[&str]); 4] = [
    (
        "distribution_journal",
        &[
            "sequenced_at",
            "numbered_day",
            "traceparent",
            "source_topic",
            "source_partition",
            "source_offset",
            "source_lsn",
        ],
    ),
    ("contribution_records", WHEN),
    ("system_contribution_records", WHEN),
    ("unallocated_contributions", WHEN),
];
const WHEN: &[&str] = &["created_at", "is_expired", "expired_at", "allocated_at"];

/// The rows of the first entries.
#[derive(Debug)]
pub(crate) struct Books {
    tables: Vec<Vec<Rows>>,
}

/// What one table has of one entry.
#[derive(Debug, PartialEq, Eq, FromRow)]
struct Rows {
    seq: i64,
    count: i64,
    /// Of all columns, ids too, in the order of the key.
    hash: String,
}

impl Books {
    /// Of the entries 1 to `last_seq`.
    pub(crate) async fn read(pool: &PgPool, last_seq: i64) -> anyhow::Result<Self> {
        let mut tables = Vec::new();
        for (table, left_out) in TABLES {
            let key = if table == "distribution_journal" { "distribution_seq" } else { "id" };
            let statement = format!(
                "SELECT distribution_seq AS seq, count(*),
                     md5(string_agg((to_jsonb(r) - $2::text[])::text, E'\\n' ORDER BY {key})) AS hash
                 FROM {table} r WHERE distribution_seq <= $1 GROUP BY distribution_seq ORDER BY distribution_seq"
            );
            let rows = sqlx::query_as(&statement);
            let names: Vec<&str> = left_out.to_vec();
            tables.push(rows.bind(last_seq).bind(names).fetch_all(pool).await.context(table)?);
        }
        Ok(Self { tables })
    }

    /// The last entry.
    pub(crate) fn last_seq(&self) -> i64 {
        self.tables[0].last().map_or(0, |rows| rows.seq)
    }

    /// Rows of all tables.
    pub(crate) fn count(&self) -> i64 {
        self.tables.iter().flatten().map(|rows| rows.count).sum()
    }

    /// Fails with the first entry in which `found` differs.
    pub(crate) fn expect_same(&self, found: &Self) -> anyhow::Result<()> {
        for ((table, _), (expected, found)) in TABLES.iter().zip(self.tables.iter().zip(&found.tables)) {
            let differing = expected.iter().zip(found).find(|(expected, found)| expected != found);
            if let Some((expected, found)) = differing {
                anyhow::bail!("{table}: without a kill {expected:?}, here {found:?}");
            }
            let (expected, found) = (expected.len(), found.len());
            anyhow::ensure!(
                expected == found,
                "{table}: rows of {found} entries, without a kill of {expected}"
            );
        }
        anyhow::ensure!(self.count() == found.count(), "{} rows, not {}", found.count(), self.count());
        Ok(())
    }
}
