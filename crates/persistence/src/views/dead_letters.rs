//! The open dead letters without their content, newest first. Reads the primary key downwards; one round trip a page.

use chrono::{DateTime, Utc};
use serde::Serialize;
use sqlx::PgConnection;
use uuid::Uuid;

use super::Page;
use crate::Result;

/// A message that could not be understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct DeadLetter {
    /// Its number.
    pub id: i64,
    /// Where it was read.
    pub topic: String,
    /// Partition of the topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Stable code.
    pub error_code: String,
    /// What is wrong, without values.
    pub error: String,
    /// The table it came from.
    pub source_table: Option<String>,
    /// Upstream primary key, where it is known.
    pub original_id: Option<Uuid>,
    /// SHA-256 of the value as it was read, in hex.
    pub value_sha256: Option<String>,
    /// When it was put aside.
    pub created_at: DateTime<Utc>,
}

/// The open letters numbered below `before`, with this code where one is given.
pub async fn page(
    connection: &mut PgConnection,
    error_code: Option<&str>,
    before: i64,
    limit: i64,
) -> Result<Page<DeadLetter>> {
    let rows = sqlx::query_as!(
        DeadLetter,
        r#"SELECT id, topic, partition, "offset", error_code, error, source_table, original_id, value_sha256,
               created_at
           FROM cdc_dead_letters
           WHERE resolved_at IS NULL AND id < $1 AND ($2::text IS NULL OR error_code = $2)
           ORDER BY id DESC LIMIT $3::bigint + 1"#,
        before,
        error_code,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::from_rows(rows, limit))
}
