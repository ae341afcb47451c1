use domain::{Amount, AmountError, Price, PriceError, Rate};
use proptest::prelude::*;
use rust_decimal::Decimal;

use crate::support::amount;

#[test]
fn plain_decimals_are_read_exactly() {
    let read = [
        ("0", 0),
        ("-0", 0),
        ("22617", 226_170_000_000_000),
        ("0.0000000001", 1),
        ("-0.0000000001", -1),
        ("1.50", 15_000_000_000),
        ("007.1", 71_000_000_000),
        // Zeros beyond the tenth place lose nothing.
        ("0.500000000000000", 5_000_000_000),
    ];
    for (text, units) in read {
        assert_eq!(Amount::parse(text), Ok(Amount::from_units(units)), "{text}");
    }
}

#[test]
fn what_is_not_a_plain_decimal_is_refused() {
    for text in
        ["", "-", ".", "1.", ".5", "+1", "1e3", "1,5", " 1", "1 ", "--1", "0x1", "NaN", "Infinity", "١"]
    {
        assert_eq!(Amount::parse(text), Err(AmountError::Malformed(text.to_owned())), "{text:?}");
    }
}

#[test]
fn nothing_is_rounded() {
    assert_eq!(Amount::parse("0.00000000001"), Err(AmountError::Inexact("0.00000000001".to_owned())));
    assert_eq!(Rate::parse("0.0000001"), Err(AmountError::Inexact("0.0000001".to_owned())));
    assert_eq!(Amount::parse(&"9".repeat(30)), Err(AmountError::Overflow));
    assert_eq!(Amount::parse(&"9".repeat(400)), Err(AmountError::Overflow));
    assert_eq!(Rate::parse(&"9".repeat(14)), Err(AmountError::Overflow));
    assert!(matches!(Amount::from_decimal(Decimal::new(1, 11)), Err(AmountError::Inexact(_))));
    assert_eq!(Amount::from_decimal(Decimal::new(10, 11)), Ok(Amount::from_units(1)));
    assert_eq!(Amount::from_decimal(Decimal::MAX), Err(AmountError::Overflow));
    assert_eq!(Amount::from_units(1 << 96).to_decimal(), Err(AmountError::Overflow));
}

#[test]
fn what_does_not_fit_is_an_error() {
    let most = Amount::from_units(i128::MAX);
    let least = Amount::from_units(i128::MIN);
    assert_eq!(most.checked_add(Amount::from_units(1)), Err(AmountError::Overflow));
    assert_eq!(least.checked_sub(Amount::from_units(1)), Err(AmountError::Overflow));
    assert_eq!(least.checked_neg(), Err(AmountError::Overflow));
    assert_eq!(most.checked_times(2), Err(AmountError::Overflow));
    assert_eq!(most.share(Rate::ONE), Ok(most));
    assert_eq!(most.share(Rate::from_units(1_000_001)), Err(AmountError::Overflow));
    assert_eq!(Amount::checked_sum([most, most]), Err(AmountError::Overflow));
    assert_eq!(Rate::from_units(i64::MAX).checked_add(Rate::ONE), Err(AmountError::Overflow));
}

#[test]
fn shares_are_cut_toward_zero() {
    let third = Rate::parse("0.333333").expect("a rate");
    assert_eq!(Amount::from_units(2).share(third), Ok(Amount::ZERO));
    assert_eq!(Amount::from_units(4).share(third), Ok(Amount::from_units(1)));
    assert_eq!(Amount::from_units(-4).share(third), Ok(Amount::from_units(-1)));
    assert_eq!(amount("22617").share(Rate::parse("0.7").expect("a rate")), Ok(amount("15831.9")));
}

#[test]
fn texts_have_all_places_and_no_exponent() {
    assert_eq!(amount("-0.5").to_string(), "-0.5000000000");
    assert_eq!(Amount::from_units(1).to_string(), "0.0000000001");
    assert_eq!(amount("1000000000000000000").to_string(), "1000000000000000000.0000000000");
    assert_eq!(Rate::parse("-0.005").expect("a rate").to_string(), "-0.005000");
}

#[test]
fn a_price_is_above_zero_and_below_ten_to_the_tenth() {
    let price = |text| Price::new(amount(text)).map(Price::amount);
    assert_eq!(price("0.0000000001"), Ok(amount("0.0000000001")));
    assert_eq!(price("9999999999.9999999999"), Ok(amount("9999999999.9999999999")));
    assert_eq!(price("10000000000"), Err(PriceError::TooLarge));
    assert_eq!(price("0"), Err(PriceError::NotPositive(Amount::ZERO)));
    assert_eq!(price("-1"), Err(PriceError::NotPositive(amount("-1"))));
}

proptest! {
    #[test]
    fn a_share_is_the_whole_product_cut_once(
        units in prop_oneof![-(1_i128 << 100)..(1_i128 << 100), -(1_i128 << 50)..(1_i128 << 50)],
        rate in -2_000_000_i64..2_000_000,
    ) {
        let cut = units * i128::from(rate) / 1_000_000;
        prop_assert_eq!(Amount::from_units(units).share(Rate::from_units(rate)), Ok(Amount::from_units(cut)));
    }

    #[test]
    fn amounts_survive_text_and_decimal(units in -(1_i128 << 95)..(1_i128 << 95)) {
        let amount = Amount::from_units(units);
        prop_assert_eq!(Amount::parse(&amount.to_string()), Ok(amount));
        let decimal = amount.to_decimal().expect("within 96 bits");
        prop_assert_eq!(decimal.scale(), 10);
        prop_assert_eq!(decimal.to_string(), amount.to_string());
        prop_assert_eq!(Amount::from_decimal(decimal), Ok(amount));
        prop_assert_eq!(Amount::from_decimal(decimal.normalize()), Ok(amount));
    }

    #[test]
    fn rates_survive_text_and_decimal(units in any::<i64>()) {
        let rate = Rate::from_units(units);
        prop_assert_eq!(Rate::parse(&rate.to_string()), Ok(rate));
        prop_assert_eq!(Rate::from_decimal(rate.to_decimal()), Ok(rate));
    }

    #[test]
    fn any_text_is_read_as_decimals_are_or_refused(text in "-?[0-9]{1,12}(\\.[0-9]{1,12})?") {
        let decimal = Decimal::from_str_exact(&text).expect("a short decimal");
        match Amount::parse(&text) {
            Ok(amount) => prop_assert_eq!(amount.to_decimal().expect("a short decimal"), decimal),
            Err(error) => {
                prop_assert_eq!(error, AmountError::Inexact(text));
                prop_assert!(decimal.normalize().scale() > 10);
            }
        }
    }

    #[test]
    fn no_text_makes_it_panic(text in ".{0,60}") {
        let _ = (Amount::parse(&text), Rate::parse(&text));
    }
}
