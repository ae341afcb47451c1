use domain::{Amount, Plan, PriceError, Pricing, Rate};
use proptest::prelude::*;

use crate::support::amount;

#[test]
fn the_formula_by_the_example_of_the_rules() {
    let pricing = Plan::seed().pricing;
    let table = [
        (0, "22617"),
        (999, "22617"),
        (1_000, "22684.851"),
        (1_099, "22684.851"),
        (1_100, "22752.702"),
        (11_000, "29469.951"),
    ];
    for (network_trees, expected) in table {
        let price = pricing.price(network_trees).expect("within range");
        assert_eq!(price.amount(), amount(expected), "B = {network_trees}");
    }
}

#[test]
fn a_price_is_cut_to_ten_places() {
    let pricing = Pricing {
        base_contribution: Amount::from_units(1_999_999),
        increment_percentage: Rate::from_units(1),
        unit_size: 1,
        start_tree_number: 0,
    };
    // 1999999 × 1.000001 = 2000000.999999
    assert_eq!(pricing.price(0).expect("within range").amount(), Amount::from_units(2_000_000));
}

#[test]
fn a_price_that_the_column_cannot_hold_is_an_error() {
    let pricing = Plan::seed().pricing;
    assert_eq!(pricing.price(i64::MAX), Err(PriceError::TooLarge));
}

proptest! {
    #[test]
    fn prices_never_fall_as_the_network_grows(before in 0_i64..10_000_000, more in 0_i64..1_000_000) {
        let pricing = Plan::seed().pricing;
        prop_assert!(pricing.price(before).expect("within range") <= pricing.price(before + more).expect("within range"));
    }

    /// Against the words of the rules, counted out one tree at a time.
    #[test]
    fn units_are_those_counted_out(b in 0_i64..2_000, unit_size in 1_i32..50, start in 0_i32..1_000) {
        let pricing = Pricing {
            base_contribution: amount("1"),
            increment_percentage: Rate::ONE,
            unit_size,
            start_tree_number: start,
        };
        let units = (0..=b).filter(|tree| *tree >= i64::from(start)
            && (tree - i64::from(start)) % i64::from(unit_size) == 0).count();
        let expected = amount("1").checked_times(1 + i32::try_from(units).expect("few")).expect("small");
        prop_assert_eq!(pricing.price(b).expect("within range").amount(), expected);
    }
}
