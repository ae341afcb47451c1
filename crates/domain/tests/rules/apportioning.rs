use domain::{Amount, ApportionError, Ratio, apportion};
use proptest::prelude::*;

use crate::support::amount;

fn ratios(amounts: &[(&str, &str)]) -> Vec<String> {
    let amounts: Vec<_> = amounts.iter().map(|(name, text)| (*name, amount(text))).collect();
    let ratios = apportion(&amounts).expect("amounts above zero");
    ratios.iter().map(Ratio::to_string).collect()
}

#[test]
fn ratios_are_cut_and_the_rest_goes_to_the_largest_remainders() {
    assert_eq!(ratios(&[("A", "5")]), ["1.000000000000000000"]);
    // Equal remainders: byte order decides, whatever the order given.
    assert_eq!(
        ratios(&[("b", "1"), ("B", "1"), ("a", "1")]),
        ["0.333333333333333333", "0.333333333333333334", "0.333333333333333333"]
    );
    // 1/6 and 5/6: remainders 4/6 and 2/6 of a unit.
    assert_eq!(ratios(&[("A", "5"), ("B", "1")]), ["0.833333333333333333", "0.166666666666666667"]);
    assert_eq!(ratios(&[]), Vec::<String>::new());
}

#[test]
fn the_largest_amounts_are_exact() {
    let whole = "999999999999999999.9999999998";
    assert_eq!(
        ratios(&[("A", whole), ("B", "0.0000000001")]),
        ["1.000000000000000000", "0.000000000000000000"]
    );
}

#[test]
fn who_has_nothing_takes_no_part() {
    let zero = ApportionError::NotPositive { account: "A".to_owned(), amount: Amount::ZERO };
    assert_eq!(apportion(&[("A", Amount::ZERO)]), Err(zero));
    assert!(apportion(&[("A", amount("-1"))]).is_err());
}

proptest! {
    #[test]
    fn ratios_sum_to_one_and_are_each_within_a_unit(
        units in proptest::collection::vec(1_i128..10_i128.pow(26), 1..60)
    ) {
        let amounts: Vec<_> =
            units.iter().enumerate().map(|(n, &units)| (format!("{n:02}"), Amount::from_units(units))).collect();
        let ratios = apportion(&amounts).expect("amounts above zero");
        prop_assert_eq!(ratios.iter().map(|ratio| ratio.units()).sum::<i64>(), Ratio::ONE.units());
        let total: i128 = units.iter().sum();
        for (&units, ratio) in units.iter().zip(&ratios) {
            // units / total lies within (ratio - 1, ratio + 1), compared by the first 9 places, which fit.
            let coarse = units * 1_000_000_000 / total;
            let given = i128::from(ratio.units()) / 1_000_000_000;
            prop_assert!((coarse - given).abs() <= 1);
            prop_assert_eq!(ratio.to_decimal().to_string(), ratio.to_string());
        }
    }
}
