use chrono::NaiveDate;
use domain::dates::{is_live, latest_ready_date, reversal_date};
use domain::{effective_date, expire_date};
use proptest::prelude::*;

use crate::support::day;

#[test]
fn shares_take_effect_the_day_after_and_live_for_two_years() {
    let table = [
        // adopted, effective, expires
        ("2026-11-22", "2026-11-23", "2028-11-23"),
        ("2026-12-31", "2027-01-01", "2029-01-01"),
        // Effective on 29 February, which two years later does not exist.
        ("2024-02-28", "2024-02-29", "2026-02-28"),
        ("2024-02-29", "2024-03-01", "2026-03-01"),
        ("2022-02-27", "2022-02-28", "2024-02-28"),
        ("2022-02-28", "2022-03-01", "2024-03-01"),
    ];
    for (adopted, effective, expires) in table {
        assert_eq!(effective_date(day(adopted)), Ok(day(effective)), "{adopted}");
        assert_eq!(expire_date(day(effective), 2), Ok(day(expires)), "{adopted}");
    }
    assert_eq!(expire_date(day("2024-02-29"), 4), Ok(day("2028-02-29")));
}

#[test]
fn a_date_beyond_the_calendar_is_an_error() {
    assert!(effective_date(NaiveDate::MAX).is_err());
    assert!(expire_date(NaiveDate::MAX, 2).is_err());
    assert!(expire_date(day("2026-11-22"), -1).is_err());
    assert!(expire_date(day("2026-11-22"), i32::MAX).is_err());
    assert!(reversal_date(day("2026-11-22"), NaiveDate::MAX).is_err());
    assert!(latest_ready_date(NaiveDate::MAX, 1).is_err());
}

#[test]
fn a_share_is_live_from_its_first_day_until_the_one_it_expires_on() {
    let (from, until) = (day("2026-11-23"), Some(day("2028-11-23")));
    let live = |on| is_live(from, until, day(on));
    assert!(!live("2026-11-22") && live("2026-11-23") && live("2028-11-22") && !live("2028-11-23"));
    assert!(is_live(from, None, day("9999-12-31")));
}

#[test]
fn a_reversal_takes_effect_the_day_after_it_was_numbered_but_not_before_its_original() {
    let original = day("2026-11-23");
    assert_eq!(reversal_date(original, day("2026-11-01")), Ok(original));
    assert_eq!(reversal_date(original, day("2026-11-22")), Ok(original));
    assert_eq!(reversal_date(original, day("2026-11-23")), Ok(day("2026-11-24")));
    assert_eq!(reversal_date(original, day("2026-12-31")), Ok(day("2027-01-01")));
}

proptest! {
    #[test]
    fn every_share_lives_for_a_while(offset in 0_u64..100_000, years in 1_i32..100) {
        let adopted = day("2000-01-01") + chrono::Days::new(offset);
        let effective = effective_date(adopted).expect("within the calendar");
        let expires = expire_date(effective, years).expect("within the calendar");
        prop_assert!(adopted < effective && effective < expires);
    }
}
