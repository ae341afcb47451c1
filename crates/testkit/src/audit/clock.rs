//! The business day, and for which day an account's effective contribution holds while a roll is under way.

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::{AuditError, calendar};

/// The business day as it stands.
#[derive(Debug)]
pub(crate) struct Clock {
    pub(crate) today: NaiveDate,
    phase: Phase,
}

#[derive(Debug, PartialEq, Eq)]
enum Phase {
    Idle,
    Summing,
    /// The last account brought over.
    Accounts(Option<String>),
    Marking,
}

impl Clock {
    pub(crate) async fn load(connection: &mut PgConnection) -> Result<Self, AuditError> {
        let row: Option<(String, String, Option<String>)> =
            sqlx::query_as("SELECT current_day::text, roll_phase, roll_cursor FROM business_day")
                .fetch_optional(connection)
                .await?;
        let (day, phase, cursor) =
            row.ok_or_else(|| AuditError::Unreadable("business_day is empty".to_owned()))?;
        let today = calendar::date(&day).map_err(AuditError::Unreadable)?;
        let phase = match phase.as_str() {
            "summing" => Phase::Summing,
            "accounts" => Phase::Accounts(cursor),
            "marking" => Phase::Marking,
            _ => Phase::Idle,
        };
        Ok(Self { today, phase })
    }

    /// The day for which an account's effective holds.
    pub(crate) fn day_of(&self, account: &str) -> NaiveDate {
        let reached = match &self.phase {
            Phase::Idle | Phase::Marking => true,
            Phase::Summing => false,
            Phase::Accounts(cursor) => cursor.as_deref().is_some_and(|cursor| account <= cursor),
        };
        if reached { self.today } else { calendar::previous(self.today) }
    }

    /// The day on which a line booked on `booked` must live to count in its account's effective.
    pub(crate) fn counts_on(&self, booked: NaiveDate, account: &str) -> NaiveDate {
        if booked < self.today { self.day_of(account) } else { self.today }
    }

    /// `is_expired` of a line booked on `booked`; `None` while the roll may or may not have marked it.
    pub(crate) fn expired(&self, booked: NaiveDate, expire: Option<NaiveDate>) -> Option<bool> {
        let Some(expire) = expire else { return Some(false) };
        if expire <= booked || (self.phase == Phase::Idle && expire <= self.today) {
            return Some(true);
        }
        (expire > self.today).then_some(false)
    }
}
