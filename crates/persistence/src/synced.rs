//! What the three synced tables have in common: which change of an upstream row is stored, and where it was read.

use chrono::{DateTime, Utc};
use uuid::Uuid;

/// The age of a row's state. Comparable between changes of one upstream row only.
///
/// A row of a full snapshot is stored with lsn 0, or with the lsn it had: an update out of a transaction that was open
/// during the snapshot streams later with a lower lsn than the snapshot's, and must still win.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourceVersion {
    /// Raised by an operator when the upstream server was replaced; compared before the lsn.
    pub epoch: i32,
    /// Position in the upstream's log.
    pub lsn: i64,
    /// Whether a snapshot read the row, not the log.
    pub snapshot: bool,
}

/// Where in its topic a change was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SourcePosition {
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
}

/// An upstream row as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub struct Synced<F> {
    /// Upstream primary key.
    pub id: Uuid,
    /// Which change this is.
    pub version: SourceVersion,
    /// Where it was read.
    pub position: SourcePosition,
    /// When it was deleted upstream: a mark, so that a create that comes again brings nothing back.
    pub deleted_at: Option<DateTime<Utc>>,
    /// Another row with a later lsn took its `account_sequence`.
    pub displaced: bool,
    /// The columns.
    pub fields: F,
}

impl<F> Synced<F> {
    /// Whether the row is there for everybody else.
    pub fn is_live(&self) -> bool {
        self.deleted_at.is_none() && !self.displaced
    }
}

/// The columns of `rows` that every synced table has, as parallel arrays for `UNNEST`.
pub(crate) struct SourceColumns {
    pub(crate) ids: Vec<Uuid>,
    pub(crate) lsns: Vec<i64>,
    pub(crate) epochs: Vec<i32>,
    pub(crate) snapshots: Vec<bool>,
    pub(crate) deleted_at: Vec<Option<DateTime<Utc>>>,
    pub(crate) displaced: Vec<bool>,
    pub(crate) partitions: Vec<i32>,
    pub(crate) offsets: Vec<i64>,
}

impl SourceColumns {
    pub(crate) fn of<F>(rows: &[Synced<F>]) -> Self {
        Self {
            ids: rows.iter().map(|row| row.id).collect(),
            lsns: rows.iter().map(|row| row.version.lsn).collect(),
            epochs: rows.iter().map(|row| row.version.epoch).collect(),
            snapshots: rows.iter().map(|row| row.version.snapshot).collect(),
            deleted_at: rows.iter().map(|row| row.deleted_at).collect(),
            displaced: rows.iter().map(|row| row.displaced).collect(),
            partitions: rows.iter().map(|row| row.position.partition).collect(),
            offsets: rows.iter().map(|row| row.position.offset).collect(),
        }
    }
}

/// At most `$limit` of the rows of `$topic` in `$table` that are not deleted and were read before the offset of their
/// partition in `$ends`: upstream id, partition and that offset.
macro_rules! not_read_since {
    ($table:literal, $id:literal, $connection:expr, $topic:expr, $ends:expr, $limit:expr) => {{
        let (partitions, offsets): (Vec<i32>, Vec<i64>) = $ends.iter().copied().unzip();
        let rows = sqlx::query!(
            "SELECT s."
                + $id
                + r#" AS id, e.partition AS "partition!", e."offset" AS "offset!"
           FROM "#
                + $table
                + r#" s
           JOIN UNNEST($2::int[], $3::bigint[]) AS e(partition, "offset") ON e.partition = s.source_partition
           WHERE s.source_topic = $1 AND s.source_offset < e."offset" AND s.source_deleted_at IS NULL
           LIMIT $4"#,
            $topic,
            &partitions,
            &offsets,
            $limit,
        )
        .fetch_all($connection)
        .await?;
        rows.into_iter().map(|row| (row.id, row.partition, row.offset)).collect()
    }};
}
pub(crate) use not_read_since;
