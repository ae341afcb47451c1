//! When a share takes effect and when it expires (RULES section 6).

use chrono::{Days, Months, NaiveDate};
use thiserror::Error;

/// A date that the calendar cannot hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a date counted from {from} leaves the calendar")]
pub struct DateError {
    /// The date that was counted from.
    pub from: NaiveDate,
}

/// The day after the adoption.
pub fn effective_date(adoption_date: NaiveDate) -> Result<NaiveDate, DateError> {
    next_day(adoption_date)
}

/// The first day on which a share is no longer live: so many years after it took effect, and 28 February
/// where that would be a 29th that does not exist.
pub fn expire_date(effective_date: NaiveDate, term_years: i32) -> Result<NaiveDate, DateError> {
    u32::try_from(term_years)
        .ok()
        .and_then(|years| years.checked_mul(12))
        .and_then(|months| effective_date.checked_add_months(Months::new(months)))
        .ok_or(DateError { from: effective_date })
}

/// When the reversal, numbered on `numbered_day`, of a share takes effect: the later of the share's own
/// date and the day after. A line never takes it beyond its own expiry (`slots` sees to that).
pub fn reversal_date(effective_date: NaiveDate, numbered_day: NaiveDate) -> Result<NaiveDate, DateError> {
    Ok(next_day(numbered_day)?.max(effective_date))
}

/// The latest adoption date that is ready on a business day; later ones wait (RULES section 2).
pub fn latest_ready_date(business_day: NaiveDate, max_future_days: u32) -> Result<NaiveDate, DateError> {
    business_day
        .checked_add_days(Days::new(u64::from(max_future_days)))
        .ok_or(DateError { from: business_day })
}

/// Whether a share is live on `day`: in effect and not expired. `None` never expires.
pub fn is_live(effective_date: NaiveDate, expire_date: Option<NaiveDate>, day: NaiveDate) -> bool {
    effective_date <= day && !is_expired(expire_date, day)
}

/// Whether a share has expired by `day`.
pub fn is_expired(expire_date: Option<NaiveDate>, day: NaiveDate) -> bool {
    expire_date.is_some_and(|expire_date| expire_date <= day)
}

fn next_day(day: NaiveDate) -> Result<NaiveDate, DateError> {
    day.succ_opt().ok_or(DateError { from: day })
}
