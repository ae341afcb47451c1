//! Through what an answer holds, and for which day. Reads a handful of single rows; one round trip.

use chrono::{DateTime, NaiveDate, Utc};
use serde::Serialize;
use sqlx::PgConnection;

use crate::{Error, Result};

/// Through what an answer holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct AsOf {
    /// Epoch of the published ledger: with an account's `version` it orders answers and events.
    pub epoch: i32,
    /// Every upstream change committed before it has been read; none while a source has no watermark yet.
    pub source_time: Option<DateTime<Utc>>,
    /// Every entry up to it has been carried out. Some beyond it may have been.
    pub distribution_seq: i64,
}

/// Where the roll to the business day stands (RULES section 6).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct BusinessDay {
    /// The business day.
    pub day: NaiveDate,
    /// Where it begins and ends.
    pub time_zone: String,
    /// `idle`, `summing`, `accounts` or `marking`.
    pub roll_phase: String,
    /// The last account brought over in phase `accounts`.
    #[serde(skip)]
    pub roll_cursor: Option<String>,
}

impl BusinessDay {
    /// For which day the effective contribution of `account` holds: the day before, until the roll's cursor has
    /// passed it. System accounts stand in the order of accounts as `SYS-…`.
    pub fn effective_on(&self, account: &str) -> Result<NaiveDate> {
        let reached = match self.roll_phase.as_str() {
            "summing" => false,
            "accounts" => self.roll_cursor.as_deref().is_some_and(|cursor| account <= cursor),
            _ => true,
        };
        if reached {
            return Ok(self.day);
        }
        self.day.pred_opt().ok_or_else(|| Error::corrupt("the business day is the first of the calendar"))
    }

    /// The day for which all effective contributions hold; none while the roll is bringing accounts over.
    pub fn effective_on_for_all(&self) -> Result<Option<NaiveDate>> {
        match (self.roll_phase.as_str(), &self.roll_cursor) {
            ("accounts", Some(_)) => Ok(None),
            _ => self.effective_on("").map(Some),
        }
    }
}

/// Both, as of this statement.
pub async fn read(connection: &mut PgConnection) -> Result<(AsOf, BusinessDay)> {
    let row = sqlx::query!(
        r#"SELECT l.epoch, d.current_day, d.time_zone, d.roll_phase, d.roll_cursor,
               (SELECT CASE WHEN bool_and(watermark IS NOT NULL) THEN min(watermark) END FROM cdc_watermarks)
                   AS source_time,
               coalesce((SELECT min(first_seq) - 1 FROM distribution_chunks WHERE distributed_at IS NULL),
                   (SELECT last_seq FROM sequencer_state)) AS "distribution_seq!"
           FROM published_ledger l CROSS JOIN business_day d"#
    )
    .fetch_one(connection)
    .await?;
    let as_of =
        AsOf { epoch: row.epoch, source_time: row.source_time, distribution_seq: row.distribution_seq };
    let day = BusinessDay {
        day: row.current_day,
        time_zone: row.time_zone,
        roll_phase: row.roll_phase,
        roll_cursor: row.roll_cursor,
    };
    Ok((as_of, day))
}
