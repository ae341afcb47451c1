use domain::line_id::{first_id, id_range, line_id, seq_of, slot_of};
use domain::{
    Amount, Beneficiary, DistributeError, Distribution, Entry, Fact, Line, MAX_SEQ, Plan, PlanVersion, Rate,
    Reason, SourceType, SystemAccount, UnallocatedKind, write_lines,
};
use proptest::prelude::*;
use uuid::{Uuid, Variant};

use crate::support::{account, amount, day, distribute, distribution, lines, price, sum};

/// How a line reads: slot, kind, account or reason, rate, amount.
fn read(line: &Line<'_>) -> String {
    let to = match line.beneficiary {
        Beneficiary::Personal(account) => format!("PERSONAL {account}"),
        Beneficiary::System(system) => system.to_string(),
        Beneficiary::TeamLevel { account, level } => format!("level {level} {account}"),
        Beneficiary::TeamBonus { account, tier } => format!("tier {tier} {account}"),
        Beneficiary::Unallocated { kind, would_be, reason } => {
            let would_be = would_be.map_or("nobody", |account| account.as_str());
            format!("{} {would_be} ({reason})", kind.as_str())
        }
    };
    format!("{} {to} {} {}", line.slot, line.rate, line.amount)
}

#[test]
fn every_slot_of_an_adoption_without_referrer() {
    let entry = distribute(distribution(&[], 0));
    let read: Vec<_> = lines(&entry, &Plan::seed()).iter().map(read).collect();
    let mut expected = vec![
        "0 PERSONAL A 0.700000 15831.9000000000".to_owned(),
        "1 OPERATION 0.120000 2714.0400000000".to_owned(),
        "2 PROVINCE 0.010000 226.1700000000".to_owned(),
        "3 CITY 0.020000 452.3400000000".to_owned(),
    ];
    expected.extend((1..=15).map(|n| {
        let reason = format!("NO_ANCESTOR: level {n}, ancestors 0");
        format!("{} LEVEL_OVERFLOW nobody ({reason}) 0.005000 113.0850000000", n + 3)
    }));
    expected.extend((1..=3).map(|t| {
        format!("{} BONUS_TIER_{t} nobody (NO_REFERRER: tier {t}) 0.025000 565.4250000000", t + 18)
    }));
    expected.push("23 HEADQUARTERS 0.150000 3392.5500000000".to_owned());
    assert_eq!(read, expected);
}

#[test]
fn levels_and_tiers_go_to_who_has_unlocked_them() {
    let entry = distribute(distribution(&[("B", 5, 1), ("C", 0, 0), ("D", 10, 3)], 1));
    let read: Vec<_> = lines(&entry, &Plan::seed())[4..].iter().map(read).collect();
    assert_eq!(read[0], "4 level 1 B 0.005000 113.0850000000");
    let locked = "LEVEL_LOCKED: level 2, unlocked 0, direct 0";
    assert_eq!(read[1], format!("5 LEVEL_OVERFLOW C ({locked}) 0.005000 113.0850000000"));
    assert_eq!(read[2], "6 level 3 D 0.005000 113.0850000000");
    let none = "NO_ANCESTOR: level 4, ancestors 3";
    assert_eq!(read[3], format!("7 LEVEL_OVERFLOW nobody ({none}) 0.005000 113.0850000000"));
    assert_eq!(read[15], "19 tier 1 B 0.025000 565.4250000000");
    let locked = "TIER_LOCKED: tier 2, unlocked 1, direct 1";
    assert_eq!(read[16], format!("20 BONUS_TIER_2 B ({locked}) 0.025000 565.4250000000"));
}

#[test]
fn reasons_read_as_the_rules_spell_them() {
    let table = [
        (Reason::NoAncestor { level: 7, ancestors: 3 }, "NO_ANCESTOR: level 7, ancestors 3"),
        (
            Reason::LevelLocked { level: 7, unlocked: 5, directs: 1 },
            "LEVEL_LOCKED: level 7, unlocked 5, direct 1",
        ),
        (Reason::NoReferrer { tier: 2 }, "NO_REFERRER: tier 2"),
        (
            Reason::TierLocked { tier: 2, unlocked: 1, directs: 1 },
            "TIER_LOCKED: tier 2, unlocked 1, direct 1",
        ),
        (Reason::Rounding, "ROUNDING"),
    ];
    for (reason, text) in table {
        assert_eq!(reason.to_string(), text);
    }
}

#[test]
fn a_full_upline_with_everything_unlocked_leaves_headquarters_nothing() {
    let names: Vec<String> = (1..=15).map(|n| format!("U{n}")).collect();
    let upline: Vec<_> = names.iter().map(|name| (name.as_str(), 15, 5)).collect();
    let entry = distribute(distribution(&upline, 3));
    let lines = lines(&entry, &Plan::seed());
    assert_eq!(lines.iter().map(|line| line.slot).collect::<Vec<_>>(), (0..=21).collect::<Vec<u8>>());
    let about = |line: &Line<'_>| {
        let to = line.beneficiary;
        (to.source_type(), to.account().cloned(), to.level_depth(), to.bonus_tier())
    };
    assert_eq!(about(&lines[0]), (Some(SourceType::Personal), Some(account("A")), None, None));
    assert_eq!(about(&lines[1]), (None, None, None, None));
    assert_eq!(about(&lines[18]), (Some(SourceType::TeamLevel), Some(account("U15")), Some(15), None));
    assert_eq!(about(&lines[21]), (Some(SourceType::TeamBonus), Some(account("U1")), None, Some(3)));
}

/// A distribution of one tree at so many units of 10^-10.
fn priced(units: i128) -> Distribution {
    let base = Amount::from_units(units);
    let price = domain::Price::new(base).expect("a price");
    Distribution { price, base, ..distribution(&[("B", 15, 5)], 3) }
}

#[test]
fn what_the_cuts_leave_over_is_a_line_of_its_own() {
    // 199 units: 139 + 23 + 1 + 3 + 15 × 0 + 3 × 4 = 178, so 21 are left over.
    let entry = distribute(priced(199));
    let lines = lines(&entry, &Plan::seed());
    let [.., rounding, headquarters] = &lines[..] else { panic!("no lines") };
    assert_eq!(read(rounding), "22 ROUNDING nobody (ROUNDING) 0.000000 0.0000000021");
    assert_eq!(rounding.expire_date, Some(day("2028-11-23")));
    // 14 levels without an ancestor are behind it by rate, though each is cut to nothing.
    assert_eq!(read(headquarters), "23 HEADQUARTERS 0.070000 0.0000000021");
    assert_eq!(lines.len(), 24);
    assert!(lines[4..=18].iter().all(|line| line.amount.is_zero()), "lines of amount zero are written");
}

#[test]
fn system_lines_expire_only_if_the_plan_says_so() {
    let entry = distribute(distribution(&[], 0));
    let seed = Plan::seed();
    let plan = Plan { never_expiring: vec![SystemAccount::City], ..seed.clone() };
    let expiry = |plan: &Plan, slot: usize| lines(&entry, plan)[slot].expire_date;
    let date = Some(day("2028-11-23"));
    for slot in [1, 2, 3, 22] {
        assert_eq!(expiry(&seed, slot), None, "line {slot}");
        assert_eq!(expiry(&plan, slot), if slot == 3 { None } else { date }, "line {slot}");
    }
    for slot in [0, 4, 18, 19, 21] {
        assert_eq!(expiry(&seed, slot), date, "line {slot}");
    }
}

#[test]
fn a_reversal_never_takes_effect_after_a_lines_expiry() {
    let original = distribution(&[("B", 5, 1)], 1);
    let of = Distribution { effective_date: day("2030-05-01"), ..original };
    let fact = Fact::Reverse { reverses: 1, of };
    let entry = Entry { seq: 2, numbered_day: day("2030-04-30"), fact, effects: vec![] };
    for line in lines(&entry, &Plan::seed()) {
        let (effective, expiry) = match line.beneficiary {
            Beneficiary::System(_) => (day("2030-05-01"), None),
            _ => (day("2028-11-23"), Some(day("2028-11-23"))),
        };
        assert_eq!((line.effective_date, line.expire_date), (effective, expiry));
        assert!(line.amount.is_negative());
        assert!(!line.live_on(day("2029-01-01")));
        assert_eq!(line.expired_on(day("2029-01-01")), expiry.is_some());
    }
}

#[test]
fn a_move_has_no_lines_and_lines_are_appended() {
    let fact = Fact::ReferralMove { account: account("A"), before: None, after: Some(account("B")) };
    let moved = Entry { seq: 2, numbered_day: day("2026-11-22"), fact, effects: vec![] };
    let entry = distribute(distribution(&[], 0));
    let mut out = lines(&entry, &Plan::seed());
    let before = out.clone();
    write_lines(&moved, &Plan::seed(), &mut out).expect("a move can be carried out");
    assert_eq!(out, before);
    write_lines(&entry, &Plan::seed(), &mut out).expect("the entry can be carried out");
    assert_eq!(out, [before.clone(), before].concat());
}

#[test]
fn an_entry_that_contradicts_itself_is_refused_and_leaves_nothing_behind() {
    let seed = Plan::seed();
    let refuse = |edit: fn(&mut Distribution), plan: &Plan| {
        let mut facts = distribution(&[], 0);
        edit(&mut facts);
        let entry = distribute(facts);
        let mut out = Vec::new();
        let error = write_lines(&entry, plan, &mut out).expect_err("refused");
        assert!(out.is_empty());
        error
    };
    let other = Plan { version: PlanVersion(2), ..seed.clone() };
    let wrong_plan = DistributeError::WrongPlan { entry: PlanVersion(1), given: PlanVersion(2) };
    assert_eq!(refuse(|_| (), &other), wrong_plan);
    let base = refuse(|facts| facts.base = amount("1"), &seed);
    assert_eq!(base, DistributeError::Base(amount("1")));
    let long = refuse(|facts| facts.upline = distribution(&[("U", 0, 0); 16], 0).upline, &seed);
    assert_eq!(long, DistributeError::UplineTooLong(16));
    let mut unchecked = seed.clone();
    unchecked.rates.personal = Rate::ONE;
    assert_eq!(refuse(|_| (), &unchecked), DistributeError::Overdrawn(amount("22617")));

    for seq in [0, -1, MAX_SEQ + 1] {
        let entry = Entry { seq, ..distribute(distribution(&[], 0)) };
        assert_eq!(write_lines(&entry, &seed, &mut Vec::new()), Err(DistributeError::Seq(seq)));
    }
}

#[test]
fn the_largest_adoption_there_can_be_fits() {
    let price = price("9999999999.9999999999");
    let base = price.times(i32::MAX).expect("fits");
    let entry = distribute(Distribution { tree_count: i32::MAX, price, base, ..distribution(&[], 0) });
    let lines = lines(&entry, &Plan::seed());
    assert_eq!(sum(lines.iter().filter(|line| line.slot <= 22)), base);
}

#[test]
fn todays_unlock_state_decides_the_view_of_the_formula() {
    assert!(UnallocatedKind::LevelOverflow(5).is_unlocked_by(5, 0));
    assert!(!UnallocatedKind::LevelOverflow(6).is_unlocked_by(5, 3));
    assert!(UnallocatedKind::BonusTier(2).is_unlocked_by(0, 2));
    assert!(!UnallocatedKind::BonusTier(3).is_unlocked_by(15, 2));
    assert!(!UnallocatedKind::Rounding.is_unlocked_by(15, 3));
}

#[test]
fn source_types_are_read_as_they_stand() {
    for source_type in SourceType::ALL {
        assert_eq!(SourceType::parse(source_type.as_str()), Some(source_type));
    }
    assert_eq!(SourceType::parse("personal"), None);
}

#[test]
fn a_lines_id_is_48_bits_seq_version_12_bits_slot_variant_zeros() {
    assert_eq!(line_id(1, 0).to_string(), "00000000-0001-8000-8000-000000000000");
    assert_eq!(line_id(0x1234_5678_9abc, 23).to_string(), "12345678-9abc-8017-8000-000000000000");
    assert_eq!(line_id(MAX_SEQ, 22).to_string(), "ffffffff-ffff-8016-8000-000000000000");
    assert_eq!(seq_of(Uuid::max()), MAX_SEQ);
}

proptest! {
    #[test]
    fn ids_name_their_line_and_sort_by_seq_then_slot(
        a in (1..=MAX_SEQ, 0_u8..24),
        b in (1..=MAX_SEQ, 0_u8..24),
    ) {
        let id = line_id(a.0, a.1);
        prop_assert_eq!((seq_of(id), slot_of(id)), a);
        prop_assert_eq!((id.get_version_num(), id.get_variant()), (8, Variant::RFC4122));
        prop_assert_eq!(id.cmp(&line_id(b.0, b.1)), a.cmp(&b));
    }

    #[test]
    fn the_lines_of_a_span_are_one_range(first in 1_i64..1000, more in 0_i64..10, seq in 1_i64..1020, slot in 0_u8..24) {
        let last = first + more;
        prop_assert_eq!(id_range(first, last).contains(&line_id(seq, slot)), (first..=last).contains(&seq));
        prop_assert_eq!(id_range(first, last).start, first_id(first));
    }
}
