use domain::{Amount, Plan, PlanError, PlanVersion, Plans, PlansError, PriceError, Rate, SystemAccount};

use crate::support::day;

/// What `check` says of plan 1 with one thing changed.
fn with(change: impl FnOnce(&mut Plan)) -> Result<Plan, PlanError> {
    let mut plan = Plan::seed();
    change(&mut plan);
    plan.check()
}

#[test]
fn plan_1_is_the_seeds() {
    let plan = Plan::seed().check().expect("plan 1 is valid");
    let rates = [
        (plan.rates.personal, "0.700000"),
        (plan.rates.operation, "0.120000"),
        (plan.rates.province, "0.010000"),
        (plan.rates.city, "0.020000"),
        (plan.rates.level_per, "0.005000"),
        (plan.rates.bonus_per, "0.025000"),
        (plan.pricing.increment_percentage, "0.003000"),
    ];
    for (rate, text) in rates {
        assert_eq!(rate.to_string(), text);
    }
    assert_eq!(plan.pricing.base_contribution.to_string(), "22617.0000000000");
    assert_eq!((plan.pricing.unit_size, plan.pricing.start_tree_number), (100, 1000));
    assert_eq!((plan.version, plan.applies_from, plan.term_years), (PlanVersion(1), None, 2));
    assert!(SystemAccount::ALL.into_iter().all(|account| plan.never_expires(account)));
}

#[test]
fn the_rates_must_make_up_the_whole() {
    let over = with(|plan| plan.rates.city = Rate::from_units(20_001));
    assert_eq!(over, Err(PlanError::RatesSum { sum_millionths: 1_000_001 }));
    // 15 levels, 3 tiers.
    let level = with(|plan| plan.rates.level_per = Rate::from_units(4_999));
    assert_eq!(level, Err(PlanError::RatesSum { sum_millionths: 999_985 }));
    let tier = with(|plan| plan.rates.bonus_per = Rate::from_units(25_001));
    assert_eq!(tier, Err(PlanError::RatesSum { sum_millionths: 1_000_003 }));
    let huge = with(|plan| plan.rates.level_per = Rate::from_units(i64::MAX));
    assert!(matches!(huge, Err(PlanError::RatesSum { .. })));
}

#[test]
fn no_rate_may_be_negative_even_if_the_sum_is_right() {
    let moved = |name, change: fn(&mut Plan)| {
        assert!(matches!(with(change), Err(PlanError::NegativeRate { name: n, .. }) if n == name), "{name}");
    };
    moved("PERSONAL", |plan| plan.rates.personal = Rate::from_units(-1));
    moved("OPERATION", |plan| {
        plan.rates.operation = Rate::from_units(-10_000);
        plan.rates.personal = Rate::from_units(830_000);
    });
    moved("PROVINCE", |plan| plan.rates.province = Rate::from_units(-1));
    moved("CITY", |plan| plan.rates.city = Rate::from_units(-1));
    moved("LEVEL_PER", |plan| plan.rates.level_per = Rate::from_units(-1));
    moved("BONUS_PER", |plan| plan.rates.bonus_per = Rate::from_units(-1));
}

#[test]
fn a_rate_of_zero_is_allowed() {
    let plan = with(|plan| {
        plan.rates.personal = Rate::from_units(730_000);
        (plan.rates.province, plan.rates.city) = (Rate::ZERO, Rate::ZERO);
    });
    assert!(plan.is_ok());
}

#[test]
fn prices_must_begin_and_never_fall() {
    let base = |units| with(move |plan| plan.pricing.base_contribution = Amount::from_units(units));
    assert_eq!(base(0), Err(PlanError::BaseContribution(PriceError::NotPositive(Amount::ZERO))));
    assert_eq!(base(10_i128.pow(20)), Err(PlanError::BaseContribution(PriceError::TooLarge)));
    let increment = with(|plan| plan.pricing.increment_percentage = Rate::from_units(-1));
    assert_eq!(increment, Err(PlanError::Increment(Rate::from_units(-1))));
    assert_eq!(with(|plan| plan.pricing.unit_size = 0), Err(PlanError::UnitSize(0)));
    assert_eq!(with(|plan| plan.pricing.start_tree_number = -1), Err(PlanError::StartTree(-1)));
    let flat = with(|plan| {
        plan.pricing.increment_percentage = Rate::ZERO;
        (plan.pricing.unit_size, plan.pricing.start_tree_number) = (1, 0);
    });
    assert!(flat.is_ok());
}

#[test]
fn the_unlock_table_must_be_monotone_and_within_15_levels_and_3_tiers() {
    let levels = |directs: &[i32], depths: &[i32]| {
        let (directs, depths) = (directs.to_vec(), depths.to_vec());
        with(move |plan| (plan.unlock.level_directs, plan.unlock.level_depths) = (directs, depths)).err()
    };
    assert_eq!(levels(&[], &[]), None);
    assert_eq!(levels(&[0, 2], &[1, 1]), None);
    assert_eq!(levels(&[1, 3], &[5]), Some(PlanError::UnlockPairs { directs: 2, depths: 1 }));
    assert_eq!(levels(&[3, 1], &[5, 10]), Some(PlanError::LevelDirects(vec![3, 1])));
    assert_eq!(levels(&[1, 1], &[5, 10]), Some(PlanError::LevelDirects(vec![1, 1])));
    assert_eq!(levels(&[-1, 1], &[5, 10]), Some(PlanError::LevelDirects(vec![-1, 1])));
    assert_eq!(levels(&[1, 3], &[10, 5]), Some(PlanError::LevelDepths(vec![10, 5])));
    assert_eq!(levels(&[1, 3], &[-1, 5]), Some(PlanError::LevelDepths(vec![-1, 5])));
    assert_eq!(levels(&[1, 3], &[5, 16]), Some(PlanError::DepthBeyond15(16)));

    let tiers = |directs: &[i32]| {
        let directs = directs.to_vec();
        with(move |plan| plan.unlock.tier_directs = directs).err()
    };
    assert_eq!(tiers(&[]), None);
    assert_eq!(tiers(&[2, 2]), None);
    assert_eq!(tiers(&[4, 2]), Some(PlanError::TierDirects(vec![4, 2])));
    assert_eq!(tiers(&[-1, 2]), Some(PlanError::TierDirects(vec![-1, 2])));
    assert_eq!(tiers(&[1, 2, 3]), Some(PlanError::TooManyTiers(4)));
}

#[test]
fn shares_must_live_for_a_year_at_least() {
    assert_eq!(with(|plan| plan.term_years = 0), Err(PlanError::Term(0)));
}

fn plan(version: i32, applies_from: Option<&str>) -> Plan {
    Plan { version: PlanVersion(version), applies_from: applies_from.map(day), ..Plan::seed() }
}

#[test]
fn an_adoption_has_the_plan_of_its_date() {
    let plans = Plans::new(vec![
        plan(4, Some("2025-06-01")),
        plan(2, Some("2026-01-01")),
        plan(1, None),
        plan(3, Some("2026-01-01")),
    ])
    .expect("valid plans");
    let table = [
        ("1999-01-01", 1),
        ("2025-05-31", 1),
        ("2025-06-01", 4),
        ("2025-12-31", 4),
        // Of two that apply from one day, the higher version.
        ("2026-01-01", 3),
        ("2030-01-01", 3),
    ];
    for (date, version) in table {
        assert_eq!(plans.for_date(day(date)).version, PlanVersion(version), "{date}");
    }
    assert_eq!(plans.version(PlanVersion(2)).and_then(|plan| plan.applies_from), Some(day("2026-01-01")));
    assert_eq!(plans.version(PlanVersion(5)), None);
}

#[test]
fn a_set_of_plans_is_whole_or_refused() {
    let refused = |plans| Plans::new(plans).expect_err("refused");
    assert_eq!(refused(vec![]), PlansError::NoBeginning);
    assert_eq!(refused(vec![plan(1, Some("2000-01-01"))]), PlansError::NoBeginning);
    assert_eq!(
        refused(vec![plan(1, None), plan(1, Some("2026-01-01"))]),
        PlansError::Duplicate(PlanVersion(1))
    );
    let broken = Plan { term_years: 0, ..plan(2, Some("2026-01-01")) };
    let (version, error) = (PlanVersion(2), PlanError::Term(0));
    assert_eq!(refused(vec![plan(1, None), broken]), PlansError::Refused { version, error });
}

#[test]
fn a_plan_for_a_day_that_has_begun_is_retroactive() {
    let today = day("2026-11-22");
    assert!(plan(2, None).is_retroactive(today));
    assert!(plan(2, Some("2026-11-22")).is_retroactive(today));
    assert!(!plan(2, Some("2026-11-23")).is_retroactive(today));
}

#[test]
fn system_accounts_are_read_by_their_type() {
    for account in SystemAccount::ALL {
        assert_eq!(SystemAccount::parse(account.as_str()), Ok(account));
        assert_eq!(account.ledger_name(), format!("SYS-{account}"));
    }
    assert!(SystemAccount::parse("operation").is_err());
}
