//! How far each source database has been read, in its own time, and its epoch.
//!
//! Each function is one statement in the caller's transaction and locks the source's row only.

use chrono::{DateTime, Utc};
use sqlx::PgConnection;

use crate::Result;

/// What a watermark rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WatermarkBy {
    /// Beats of the source's heartbeat table.
    Heartbeat,
    /// Source times of streamed rows: a quiet source stands still.
    Rows,
}

impl WatermarkBy {
    /// As it is stored.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Heartbeat => "heartbeat",
            Self::Rows => "rows",
        }
    }
}

/// Everything committed in `source` before `watermark` has been read. It never falls.
pub async fn raise(
    connection: &mut PgConnection,
    source: &str,
    watermark: DateTime<Utc>,
    by: WatermarkBy,
) -> Result<()> {
    sqlx::query!(
        "INSERT INTO cdc_watermarks AS w (source, watermark, watermark_by) VALUES ($1, $2, $3)
         ON CONFLICT (source) DO UPDATE
         SET watermark = EXCLUDED.watermark, watermark_by = EXCLUDED.watermark_by, updated_at = now()
         WHERE w.watermark IS NULL OR w.watermark < EXCLUDED.watermark",
        source,
        watermark,
        by.as_str()
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// The epoch of `source`, 0 before an operator raised it.
pub async fn epoch(connection: &mut PgConnection, source: &str) -> Result<i32> {
    let epoch = sqlx::query_scalar!("SELECT source_epoch FROM cdc_watermarks WHERE source = $1", source)
        .fetch_optional(connection)
        .await?;
    Ok(epoch.unwrap_or(0))
}
