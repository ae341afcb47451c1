use chrono::NaiveDate;
use rand::Rng;
use uuid::{Builder, Uuid};

const GIVEN: [&str; 12] =
    ["Wei", "Fang", "Min", "Jing", "Lei", "Yan", "Jun", "Ping", "Hua", "Xin", "Tao", "Ling"];
const FAMILY: [&str; 8] = ["Wang", "Li", "Zhang", "Liu", "Chen", "Yang", "Zhao", "Huang"];

/// The account of the `number`th user, registered on `day`: `D` with the day as yymmdd and the number.
pub(super) fn account(day: NaiveDate, number: usize) -> String {
    format!("D{}{number:05}", day.format("%y%m%d"))
}

pub(super) fn nickname(rng: &mut impl Rng) -> String {
    let given = GIVEN[rng.random_range(0..GIVEN.len())];
    let family = FAMILY[rng.random_range(0..FAMILY.len())];
    format!("{given} {family}")
}

/// A number that nobody has.
pub(super) fn phone(rng: &mut impl Rng) -> String {
    format!("100{:08}", rng.random_range(0..100_000_000))
}

pub(super) fn id(rng: &mut impl Rng) -> Uuid {
    Builder::from_random_bytes(rng.random()).into_uuid()
}
