//! Section 9 of the rules, to the last digit.

use std::collections::BTreeMap;

use domain::{Amount, Beneficiary, Fact};

use crate::network::Network;
use crate::support::{account, amount, lines, sum};

/// As (account, unlocked depth, direct count).
type Ancestors = &'static [(&'static str, u8, u32)];

/// As (account, live adoptions, direct count).
type Effects = &'static [(&'static str, u32, u32)];

/// R ← A ← B ← C, and the adoptions A, B, C, B of one tree each.
fn example() -> Network {
    let mut network = Network::of(&[("R", ""), ("A", "R"), ("B", "A"), ("C", "B")]);
    for adopter in ["A", "B", "C", "B"] {
        network.adopt(adopter, 1);
    }
    network
}

#[test]
fn the_state_after_each_adoptions_own_effect() {
    let network = example();
    let expected: [(Ancestors, u8, Effects); 4] = [
        (&[("R", 5, 1)], 0, &[("A", 1, 0), ("R", 0, 1)]),
        (&[("A", 5, 1), ("R", 5, 1)], 1, &[("A", 1, 1), ("B", 1, 0)]),
        (&[("B", 5, 1), ("A", 5, 1), ("R", 5, 1)], 1, &[("B", 1, 1), ("C", 1, 0)]),
        (&[("A", 5, 1), ("R", 5, 1)], 1, &[("B", 2, 1)]),
    ];
    for (entry, (upline, tiers, effects)) in network.entries.iter().zip(expected) {
        let Fact::Distribute(facts) = &entry.fact else { panic!("only distributions") };
        let ancestors: Vec<_> =
            facts.upline.iter().map(|a| (a.account.as_str(), a.depth, a.directs)).collect();
        assert_eq!(ancestors, upline, "seq {}", entry.seq);
        assert_eq!(facts.referrer_tiers, tiers, "seq {}", entry.seq);
        let found: Vec<_> = entry.effects.iter().map(|e| (e.account.as_str(), e.live, e.directs)).collect();
        assert_eq!(found, effects, "seq {}", entry.seq);
        assert_eq!(facts.base, amount("22617"));
        assert_eq!(facts.network_trees_before, entry.seq - 1);
    }
    assert_eq!(network.entries.iter().map(|entry| entry.seq).collect::<Vec<_>>(), [1, 2, 3, 4]);
}

#[test]
fn the_lines_of_each_adoption() {
    let network = example();
    // PERSONAL's account, level lines, tier lines, unallocated and slot 23.
    let expected: [(&str, &[&str], &[&str], &str); 4] = [
        ("A", &["R"], &[], "3279.465"),
        ("B", &["A", "R"], &["A"], "2600.955"),
        ("C", &["B", "A", "R"], &["B"], "2487.87"),
        ("B", &["A", "R"], &["A"], "2600.955"),
    ];
    for (entry, (adopter, levels, tiers, unallocated)) in network.entries.iter().zip(expected) {
        let lines = lines(entry, network.plan());
        let (mut level_accounts, mut tier_accounts, mut missed) = (vec![], vec![], vec![]);
        for line in &lines {
            match line.beneficiary {
                Beneficiary::Personal(to) => {
                    assert_eq!((to.as_str(), line.amount), (adopter, amount("15831.9")));
                }
                Beneficiary::TeamLevel { account, .. } => {
                    assert_eq!(line.amount, amount("113.085"));
                    level_accounts.push(account.as_str());
                }
                Beneficiary::TeamBonus { account, .. } => {
                    assert_eq!(line.amount, amount("565.425"));
                    tier_accounts.push(account.as_str());
                }
                Beneficiary::Unallocated { .. } => missed.push(*line),
                Beneficiary::System(_) => {}
            }
        }
        let system: Vec<_> =
            lines.iter().filter(|line| matches!(line.slot, 1..=3)).map(|l| l.amount).collect();
        assert_eq!(system, [amount("2714.04"), amount("226.17"), amount("452.34")]);
        assert_eq!(level_accounts, levels, "seq {}", entry.seq);
        assert_eq!(tier_accounts, tiers, "seq {}", entry.seq);
        assert_eq!(sum(&missed), amount(unallocated), "seq {}", entry.seq);
        assert_eq!(lines.last().map(|line| (line.slot, line.amount)), Some((23, amount(unallocated))));
        assert!(lines.iter().all(|line| line.slot != 22), "nothing is cut");
    }
}

#[test]
fn the_totals_after_the_four() {
    let network = example();
    let mut totals: BTreeMap<String, Amount> = BTreeMap::new();
    for entry in &network.entries {
        for line in lines(entry, network.plan()) {
            let name = match line.beneficiary {
                Beneficiary::System(system) => system.ledger_name().to_owned(),
                Beneficiary::Unallocated { .. } => continue,
                other => other.account().expect("an account").to_string(),
            };
            let total = totals.entry(name).or_default();
            *total = total.checked_add(line.amount).expect("within limits");
        }
    }
    let expected = [
        ("A", "17302.005"),
        ("B", "32342.31"),
        ("C", "15831.9"),
        ("R", "452.34"),
        ("SYS-CITY", "1809.36"),
        ("SYS-HEADQUARTERS", "10969.245"),
        ("SYS-OPERATION", "10856.16"),
        ("SYS-PROVINCE", "904.68"),
    ];
    let totals: Vec<_> = totals.iter().map(|(name, total)| (name.as_str(), *total)).collect();
    assert_eq!(totals, expected.map(|(name, total)| (name, amount(total))));
    let whole = Amount::checked_sum(totals.into_iter().map(|(_, total)| total));
    assert_eq!(whole, Ok(amount("90468")));
    assert_eq!(network.state.account(&account("A")).map(|state| (state.live, state.directs)), Some((1, 1)));
}
