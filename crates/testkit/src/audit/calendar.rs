//! Dates as RULES section 6 counts them, and times as the server writes them.

use chrono::{Datelike, Days, NaiveDate};

/// A date as the server writes it in ISO style; `infinity` and dates before Christ are refused.
pub(crate) fn date(text: &str) -> Result<NaiveDate, String> {
    NaiveDate::parse_from_str(text, "%Y-%m-%d").map_err(|_| format!("{text:?} is no day of the calendar"))
}

/// Microseconds since 1970 from `extract(epoch …)::text`; infinity is the far end.
pub(crate) fn micros(text: &str) -> Result<i64, String> {
    match text {
        "Infinity" => return Ok(i64::MAX),
        "-Infinity" => return Ok(i64::MIN),
        _ => {}
    }
    let (seconds, fraction) = text.split_once('.').unwrap_or((text, ""));
    if fraction.len() > 6 {
        return Err(format!("{text:?} is no time"));
    }
    format!("{seconds}{fraction:0<6}").parse().map_err(|_| format!("{text:?} is no time"))
}

/// The day after.
pub(crate) fn next(day: NaiveDate) -> NaiveDate {
    day.checked_add_days(Days::new(1)).unwrap_or(NaiveDate::MAX)
}

/// The day before.
pub(crate) fn previous(day: NaiveDate) -> NaiveDate {
    day.checked_sub_days(Days::new(1)).unwrap_or(NaiveDate::MIN)
}

/// The same day so many years later; 29 February falls on the 28th where there is none.
pub(crate) fn years_later(day: NaiveDate, years: i32) -> NaiveDate {
    let year = day.year().saturating_add(years);
    day.with_year(year).or_else(|| NaiveDate::from_ymd_opt(year, 2, 28)).unwrap_or(NaiveDate::MAX)
}

/// Whether something lives on `day`: `effective ≤ day < expire`, without end where it never expires.
pub(crate) fn live(day: NaiveDate, effective: NaiveDate, expire: Option<NaiveDate>) -> bool {
    effective <= day && expire.is_none_or(|expire| day < expire)
}
