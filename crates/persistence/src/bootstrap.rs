//! Whether the initial snapshot of each topic has been read to its end.
//!
//! A topic is `reading` until its snapshot ended upstream (a marker, or the first streamed row of its source), `ending`
//! until every partition has been read past the end offsets taken then, and `complete` for ever after. Each function
//! is one statement in the caller's transaction and locks the topics' rows only.

use sqlx::PgConnection;

use crate::Result;

/// What ended a snapshot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EndedBy {
    /// Debezium's marker on the topic's last snapshot row.
    Marker,
    /// A streamed row: an empty table has no snapshot row, and flattened messages have no marker.
    StreamedRow,
    /// A person.
    Operator,
}

impl EndedBy {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Marker => "marker",
            Self::StreamedRow => "streamed row",
            Self::Operator => "operator",
        }
    }
}

/// A topic's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TopicState {
    /// The topic.
    pub topic: String,
    /// Its source database.
    pub source: String,
    /// `reading`, `ending` or `complete`.
    pub state: String,
    /// What ended its snapshot.
    pub ended_by: Option<String>,
    /// By partition; read past these, the snapshot is complete.
    pub end_offsets: Option<Vec<i64>>,
}

/// Makes sure that each topic has a row.
pub async fn expect(connection: &mut PgConnection, topics: &[(&str, &str)]) -> Result<()> {
    let (names, sources): (Vec<&str>, Vec<&str>) = topics.iter().copied().unzip();
    sqlx::query!(
        "INSERT INTO cdc_bootstrap (topic, source)
         SELECT * FROM UNNEST($1::text[], $2::text[]) ON CONFLICT (topic) DO NOTHING",
        &names as &[&str],
        &sources as &[&str],
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The state of every topic.
pub async fn states(connection: &mut PgConnection) -> Result<Vec<TopicState>> {
    let rows = sqlx::query_as!(
        TopicState,
        "SELECT topic, source, state, ended_by, end_offsets FROM cdc_bootstrap ORDER BY topic"
    )
    .fetch_all(connection)
    .await?;
    Ok(rows)
}

/// The snapshot of `topic` ended upstream.
pub async fn end_topic(connection: &mut PgConnection, topic: &str, by: EndedBy) -> Result<()> {
    sqlx::query!(
        "UPDATE cdc_bootstrap SET state = 'ending', ended_by = $2, updated_at = now()
         WHERE topic = $1 AND state = 'reading'",
        topic,
        by.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The snapshots of all topics of `source` ended upstream.
pub async fn end_source(connection: &mut PgConnection, source: &str, by: EndedBy) -> Result<()> {
    sqlx::query!(
        "UPDATE cdc_bootstrap SET state = 'ending', ended_by = $2, updated_at = now()
         WHERE source = $1 AND state = 'reading'",
        source,
        by.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Sets how far `topic` must be read; the first to say so is right.
pub async fn set_end_offsets(connection: &mut PgConnection, topic: &str, end_offsets: &[i64]) -> Result<()> {
    sqlx::query!(
        "UPDATE cdc_bootstrap SET end_offsets = $2, updated_at = now()
         WHERE topic = $1 AND state = 'ending' AND end_offsets IS NULL",
        topic,
        end_offsets
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Completes the topics that have been read past their end offsets; gives their names.
pub async fn complete_those_read(connection: &mut PgConnection) -> Result<Vec<String>> {
    let complete = sqlx::query_scalar!(
        r#"UPDATE cdc_bootstrap b SET state = 'complete', updated_at = now()
           WHERE b.state = 'ending' AND b.end_offsets IS NOT NULL AND NOT EXISTS (
               SELECT FROM UNNEST(b.end_offsets) WITH ORDINALITY AS e("offset", number)
               LEFT JOIN cdc_offsets o ON o.topic = b.topic AND o.partition = e.number - 1
               WHERE e."offset" > coalesce(o.next_offset, 0))
           RETURNING b.topic"#
    )
    .fetch_all(connection)
    .await?;
    Ok(complete)
}

/// Whether every topic's snapshot has been read to its end. False while no topic is expected.
pub async fn is_complete(connection: &mut PgConnection) -> Result<bool> {
    let complete = sqlx::query_scalar!(
        r#"SELECT coalesce(bool_and(state = 'complete'), FALSE) AS "complete!" FROM cdc_bootstrap"#
    )
    .fetch_one(connection)
    .await?;
    Ok(complete)
}
