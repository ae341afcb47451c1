use rand::Rng;
use rust_decimal::Decimal;

/// What one tree cost, in units of 10^-10: the base, and the two first raises.
const LISTED: [i64; 3] = [226_170_000_000_000, 226_848_510_000_000, 227_527_020_000_000];
/// Decimal places of a price.
const PLACES: u32 = 10;

/// A price as it is listed, or one with all ten places, which does not divide without a rest.
pub(super) fn price(rng: &mut impl Rng) -> Decimal {
    let listed = LISTED[rng.random_range(0..LISTED.len())];
    let units = if rng.random_ratio(1, 2) { listed } else { listed + rng.random_range(1..10_000_000_000) };
    Decimal::new(units, PLACES)
}

/// In one of five cases none: the formula decides.
pub(super) fn maybe_price(rng: &mut impl Rng) -> Option<Decimal> {
    if rng.random_ratio(1, 5) { None } else { Some(price(rng)) }
}

/// Mostly one tree or a few.
pub(super) fn trees(rng: &mut impl Rng) -> i32 {
    match rng.random_range(0..10) {
        0..6 => 1,
        6..9 => rng.random_range(2..=5),
        _ => rng.random_range(6..=50),
    }
}
