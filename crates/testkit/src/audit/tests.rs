//! The auditor's own arithmetic against the numbers of RULES.

#![allow(clippy::unwrap_used)]

use chrono::NaiveDate;
use sqlx::types::Uuid;

use super::accounts::{Accounts, Id};
use super::amount::{self, Amount};
use super::calendar::{self, date};
use super::chunks::Carried;
use super::copy_text;
use super::entry::{Adopted, Body, Entry};
use super::lines::{Holder, Line, Missed, Sheet, reversal_effective};
use super::plans::{Plan, Plans, Rate};

fn number(text: &str) -> Amount {
    amount::parse(text).unwrap()
}

fn day(text: &str) -> NaiveDate {
    date(text).unwrap()
}

fn rate(text: &str) -> Rate {
    Rate::new(number(text))
}

/// Plan 1 of RULES.
fn plan() -> Plan {
    Plan {
        version: 1,
        applies_from: None,
        created_at: 0,
        personal: rate("0.70"),
        operation: rate("0.12"),
        province: rate("0.01"),
        city: rate("0.02"),
        level: rate("0.005"),
        bonus: rate("0.025"),
        base_contribution: number("22617"),
        increment: number("0.003"),
        unit_size: 100,
        start_tree: 1000,
        depths: vec![(1, 5), (3, 10), (5, 15)],
        tier_directs: vec![2, 4],
        term_years: 2,
        never_expiring: vec!["OPERATION".to_owned(), "HEADQUARTERS".to_owned()],
    }
}

#[test]
fn prices_by_the_formula() {
    for (before, price) in
        [(0, "22617"), (999, "22617"), (1000, "22684.851"), (1099, "22684.851"), (1100, "22752.702")]
    {
        assert_eq!(plan().price(before), number(price), "{before} trees before");
    }
}

#[test]
fn unlocking() {
    let table = [(0, 0, 0), (1, 5, 0), (2, 5, 1), (3, 10, 1), (4, 10, 2), (5, 15, 2), (9, 15, 2)];
    for (directs, depth, tiers) in table {
        assert_eq!(plan().depth(directs), depth, "{directs} directs");
        assert_eq!(plan().tiers(false, directs), tiers, "{directs} directs");
        assert_eq!(plan().tiers(true, directs), tiers + 1, "{directs} directs and adopted");
    }
}

#[test]
fn plans_that_ought_to_be_refused() {
    assert!(plan().is_valid());
    assert!(!Plan { personal: rate("0.69"), ..plan() }.is_valid());
    assert!(!Plan { city: rate("-0.02"), province: rate("0.05"), ..plan() }.is_valid());
    assert!(!Plan { depths: vec![(1, 5), (3, 4)], ..plan() }.is_valid());
    assert!(!Plan { depths: vec![(1, 16)], ..plan() }.is_valid());
    assert!(!Plan { tier_directs: vec![1, 2, 3], ..plan() }.is_valid());
}

#[test]
fn the_plan_of_a_day_is_the_latest_that_applies_and_was_there() {
    let later =
        |version, from, created_at| Plan { version, applies_from: Some(day(from)), created_at, ..plan() };
    let plans = Plans::new(vec![
        plan(),
        later(2, "2026-01-01", 10),
        later(3, "2026-06-01", 20),
        later(4, "2026-06-01", 30),
    ]);
    let of_day = |text, at| plans.of_day(day(text), at).map(|plan| plan.version);
    assert_eq!(of_day("2025-12-31", 99), Some(1));
    assert_eq!(of_day("2026-01-01", 99), Some(2));
    assert_eq!(of_day("2026-01-01", 9), Some(1));
    assert_eq!(of_day("2026-07-01", 29), Some(3));
    assert_eq!(of_day("2026-07-01", 30), Some(4));
}

#[test]
fn dates() {
    let term = |adopted| {
        let effective = calendar::next(day(adopted));
        (effective.to_string(), calendar::years_later(effective, 2).to_string())
    };
    assert_eq!(term("2026-11-22"), ("2026-11-23".to_owned(), "2028-11-23".to_owned()));
    assert_eq!(term("2024-02-28"), ("2024-02-29".to_owned(), "2026-02-28".to_owned()));
    assert_eq!(term("2022-02-28"), ("2022-03-01".to_owned(), "2024-03-01".to_owned()));
    let live = |on| calendar::live(day(on), day("2024-02-29"), Some(day("2026-02-28")));
    assert_eq!(
        ["2024-02-28", "2024-02-29", "2026-02-27", "2026-02-28"].map(live),
        [false, true, true, false]
    );
    assert_eq!(reversal_effective(day("2026-03-01"), day("2026-03-01")), day("2026-03-02"));
    assert_eq!(reversal_effective(day("2026-03-01"), day("2026-02-01")), day("2026-03-01"));
    assert!(date("infinity").is_err() && date("0044-03-15 BC").is_err());
    assert_eq!(calendar::micros("1700000000.000001"), Ok(1_700_000_000_000_001));
    assert_eq!(calendar::micros("Infinity"), Ok(i64::MAX));
}

#[test]
fn numbers_that_are_none_are_refused() {
    for text in ["NaN", "Infinity", "", "1,5"] {
        assert!(amount::parse(text).is_err(), "{text}");
    }
    assert_eq!(amount::text(&Amount::from(0), 10), "0.0000000000");
    assert_eq!(amount::text(&-Amount::from(0), 10), "0.0000000000");
    assert_eq!(amount::text(&number("-0.00000000019"), 10), "-0.0000000001");
}

fn adopted(account: Id, price: &str, upline: &[(Id, i64)], tiers: i64) -> Adopted {
    Adopted {
        adoption: Uuid::nil(),
        account,
        trees: 1,
        price: number(price),
        source_price: None,
        base: number(price),
        adoption_date: day("2026-11-22"),
        effective_date: day("2026-11-23"),
        expire_date: day("2028-11-23"),
        plan: 1,
        trees_before: 0,
        upline: upline.iter().map(|(id, _)| *id).collect(),
        depths: upline.iter().map(|(_, directs)| plan().depth(*directs)).collect(),
        directs: upline.iter().map(|(_, directs)| *directs).collect(),
        tiers,
    }
}

fn entry(seq: i64, body: Body) -> Entry {
    Entry { seq, numbered_day: day("2026-11-22"), sequenced_at: 0, effects: Vec::new(), body }
}

const CARRIED: Carried = Carried { booked: NaiveDate::MIN, at: 0 };

fn unallocated<'s>(sheet: &'s Sheet<'_>) -> impl Iterator<Item = &'s Line> {
    sheet.lines.iter().filter(|line| matches!(line.holder, Holder::Unallocated { .. }))
}

fn amount_of(sheet: &Sheet<'_>, slot: u8) -> String {
    let line = sheet.lines.iter().find(|line| line.slot == slot);
    line.map_or("none".to_owned(), |line| sheet.amount(line).normalized().to_plain_string())
}

#[test]
fn the_worked_example() {
    let mut accounts = Accounts::default();
    let [r, a, b, c] = ["R", "A", "B", "C"].map(|name| accounts.intern(name));
    let plan = plan();
    let entries = [
        (adopted(a, "22617", &[(r, 1)], 0), "3279.465", 17),
        (adopted(b, "22617", &[(a, 1), (r, 1)], 1), "2600.955", 15),
        (adopted(c, "22617", &[(b, 1), (a, 1), (r, 1)], 1), "2487.87", 14),
        (adopted(b, "22617", &[(a, 1), (r, 1)], 1), "2600.955", 15),
    ];
    for (seq, (adopted, headquarters, missed)) in (1..).zip(entries) {
        let entry = entry(seq, Body::Distribute(adopted));
        let sheet = Sheet::of(&entry, &plan, CARRIED).unwrap();
        assert_eq!(
            [0, 1, 2, 3, 4, 19, 22, 23].map(|slot| amount_of(&sheet, slot)),
            ["15831.9", "2714.04", "226.17", "452.34", "113.085", "565.425", "none", headquarters],
            "entry {seq}"
        );
        assert_eq!(unallocated(&sheet).count(), missed, "entry {seq}");
        let shared: Amount =
            sheet.lines.iter().filter(|line| line.slot < 23).map(|line| sheet.amount(line)).sum();
        assert_eq!(shared, number("22617"), "entry {seq}");
    }
}

#[test]
fn what_cannot_be_shared_is_rounding_and_a_reversal_negates_all() {
    let mut accounts = Accounts::default();
    let (a, plan) = (accounts.intern("A"), plan());
    let tiny = adopted(a, "0.0000000001", &[], 0);
    let whole = entry(1, Body::Distribute(tiny.clone()));
    let sheet = Sheet::of(&whole, &plan, CARRIED).unwrap();
    assert_eq!(
        [0, 1, 4, 22, 23].map(|slot| amount_of(&sheet, slot)),
        ["0", "0", "0", "0.0000000001", "0.0000000001"]
    );
    assert_eq!(sheet.lines.len(), 24);
    let copy = Adopted { effective_date: day("2029-01-01"), ..tiny };
    let back = entry(2, Body::Reverse { of: 1, copy });
    let sheet = Sheet::of(&back, &plan, CARRIED).unwrap();
    assert_eq!([0, 22, 23].map(|slot| amount_of(&sheet, slot)), ["0", "-0.0000000001", "-0.0000000001"]);
    let expire = Some(day("2028-11-23"));
    assert_eq!(sheet.dates(&sheet.lines[0]), (day("2028-11-23"), expire), "no later than its line expires");
    assert_eq!(sheet.dates(&sheet.lines[1]), (day("2029-01-01"), None), "OPERATION never expires");
    assert_eq!(sheet.dates(&sheet.lines[3]), (day("2028-11-23"), expire), "CITY does by this plan");
}

#[test]
fn reasons() {
    let texts = [
        (Missed::NoAncestor { ancestors: 3 }, 7, "NO_ANCESTOR: level 7, ancestors 3"),
        (Missed::LevelLocked { unlocked: 5, direct: 1 }, 7, "LEVEL_LOCKED: level 7, unlocked 5, direct 1"),
        (Missed::NoReferrer, 2, "NO_REFERRER: tier 2"),
        (Missed::TierLocked { unlocked: 1, direct: 1 }, 2, "TIER_LOCKED: tier 2, unlocked 1, direct 1"),
        (Missed::Rounding, 0, "ROUNDING"),
    ];
    for (missed, step, text) in texts {
        let mut written = String::new();
        missed.write_reason(&mut written, step).unwrap();
        assert_eq!(written, text);
    }
}

#[test]
fn ids() {
    assert_eq!(copy_text::id(1, Some(0)), "00000000-0001-8000-8000-000000000000");
    assert_eq!(copy_text::id(0x1234_5678_9abc, Some(23)), "12345678-9abc-8017-8000-000000000000");
    let id = Uuid::parse_str(&copy_text::id(5, Some(22))).unwrap();
    assert_eq!(id.get_version_num(), 8);
}

#[test]
fn names_in_a_copy() {
    for (name, written) in [("U001", "U001"), ("a\\b", "a\\\\b"), ("tab\there", "tab\\there")] {
        assert_eq!(copy_text::unescape(written), name);
    }
}
