//! Days and instants as Debezium writes them.

use chrono::{DateTime, Days, NaiveDate, Utc};

const EPOCH: NaiveDate = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a day of the calendar");
/// PostgreSQL's first day, 24 November 4714 BC.
const FIRST_DAY: i64 = -2_440_588;
/// A day after which two years of term still fit every calendar in use here.
const LAST_YEAR: i32 = 262_000;
/// Integers below are milliseconds (until the year 5138), above microseconds, and beyond the next bound nanoseconds.
const MICROS_FROM: u64 = 100_000_000_000_000;
const NANOS_FROM: u64 = 100_000_000_000_000_000;

/// A DATE as days since 1970. Infinity comes as a number of days that overflowed (-2147472692, and its negative
/// as -2147472691), so the range is what tells.
pub(super) fn date_of_days(days: i64) -> Option<NaiveDate> {
    if days < FIRST_DAY {
        return None;
    }
    let distance = Days::new(days.unsigned_abs());
    let date = if days < 0 { EPOCH.checked_sub_days(distance) } else { EPOCH.checked_add_days(distance) };
    date.filter(|date| chrono::Datelike::year(date) <= LAST_YEAR)
}

/// A DATE as ISO text: `2026-01-31`.
pub(super) fn date_of_text(text: &str) -> Option<NaiveDate> {
    let date: NaiveDate = text.strip_suffix('Z').unwrap_or(text).parse().ok()?;
    date_of_days(date.signed_duration_since(EPOCH).num_days())
}

/// A timestamp as an integer since 1970; its unit follows from its size.
pub(super) fn instant_of_integer(number: i64) -> Option<DateTime<Utc>> {
    let instant = match number.unsigned_abs() {
        ..MICROS_FROM => DateTime::from_timestamp_millis(number),
        MICROS_FROM..NANOS_FROM => DateTime::from_timestamp_micros(number),
        _ => Some(DateTime::from_timestamp_nanos(number)),
    };
    instant.filter(within_the_calendar)
}

/// A timestamp as ISO text, with `Z`, an offset, or neither (UTC). None for `infinity`, years before 1 and after 9999.
pub(super) fn instant_of_text(text: &str) -> Option<DateTime<Utc>> {
    let instant = match DateTime::parse_from_rfc3339(text) {
        Ok(instant) => instant.to_utc(),
        Err(_) => text.parse::<chrono::NaiveDateTime>().ok()?.and_utc(),
    };
    Some(instant).filter(within_the_calendar)
}

fn within_the_calendar(instant: &DateTime<Utc>) -> bool {
    (1..=9999).contains(&chrono::Datelike::year(instant))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Option<NaiveDate> {
        text.parse().ok()
    }

    #[test]
    fn days_are_proleptic_and_infinity_is_none() {
        assert_eq!(date_of_days(0), day("1970-01-01"));
        assert_eq!(date_of_days(-719_162), day("0001-01-01"));
        assert_eq!(date_of_days(2_932_896), day("9999-12-31"));
        assert_eq!(date_of_days(-141_432), day("1582-10-10"));
        assert_eq!(date_of_days(-735_160), NaiveDate::from_ymd_opt(-43, 3, 15));
        for beyond in [-2_147_472_692, -2_147_472_691, i64::MAX, i64::MIN, FIRST_DAY - 1] {
            assert_eq!(date_of_days(beyond), None, "{beyond}");
        }
    }

    #[test]
    fn iso_days_are_read_and_nothing_else() {
        assert_eq!(date_of_text("2026-01-31"), day("2026-01-31"));
        for text in ["infinity", "-infinity", "2026-02-30", "", "31.01.2026"] {
            assert_eq!(date_of_text(text), None, "{text}");
        }
    }

    #[test]
    fn instants_beyond_four_digits_are_unknown() {
        let instant = instant_of_text("2026-01-02T15:59:59.999999Z").expect("an instant");
        assert_eq!(instant_of_integer(instant.timestamp_micros()), Some(instant));
        assert_eq!(instant_of_integer(1_767_369_599_999), DateTime::from_timestamp_millis(1_767_369_599_999));
        assert!(instant_of_text("0001-01-01T00:00:00.000000Z").is_some());
        assert!(instant_of_text("9999-12-31T23:59:59.999999Z").is_some());
        let unknown =
            ["infinity", "-infinity", "-0043-03-15T00:00:00.000000Z", "+20000-01-01T00:00:00.000000Z", "now"];
        for text in unknown {
            assert_eq!(instant_of_text(text), None, "{text}");
        }
    }
}
