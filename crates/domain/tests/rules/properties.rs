//! What holds for any valid plan, price and upline, and after any sequence of changes upstream.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{
    AccountSequence, Amount, Ancestor, Beneficiary, Distribution, Effect, Entry, Fact, Plan, Price, Pricing,
    Rate, Rates, Referrer, SourcePrice, SystemAccount, UnlockTable,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::subsequence;

use crate::network::Network;
use crate::support::{account, amount, day, distribute, distribution, lines, sum};

/// Any plan that passes its check.
pub(crate) fn any_plan() -> impl Strategy<Value = Plan> {
    (any_rates(), any_unlock(), 1_i32..10, subsequence(SystemAccount::ALL.to_vec(), 0..=4)).prop_map(
        |(rates, unlock, term_years, never_expiring)| {
            let plan = Plan { rates, unlock, term_years, never_expiring, ..Plan::seed() };
            plan.check().expect("generated to be valid")
        },
    )
}

/// Rates that make up the whole: what levels and tiers leave is cut in four.
fn any_rates() -> impl Strategy<Value = Rates> {
    let share = 0_i64..=1_000_000;
    (0_i64..=40_000, 0_i64..=130_000, share.clone(), share.clone(), share).prop_map(
        |(level_per, bonus_per, a, b, c)| {
            let rest = 1_000_000 - 15 * level_per - 3 * bonus_per;
            let mut cuts = [a, b, c].map(|cut| cut * rest / 1_000_000);
            cuts.sort_unstable();
            let [a, b, c] = cuts;
            Rates {
                personal: Rate::from_units(rest - c),
                operation: Rate::from_units(c - b),
                province: Rate::from_units(b - a),
                city: Rate::from_units(a),
                level_per: Rate::from_units(level_per),
                bonus_per: Rate::from_units(bonus_per),
            }
        },
    )
}

fn any_unlock() -> impl Strategy<Value = UnlockTable> {
    (subsequence((0..50).collect::<Vec<i32>>(), 0..6), vec(0_i32..=15, 6), vec(0_i32..50, 0..=2)).prop_map(
        |(level_directs, mut level_depths, mut tier_directs)| {
            level_depths.truncate(level_directs.len());
            level_depths.sort_unstable();
            tier_directs.sort_unstable();
            UnlockTable { level_directs, level_depths, tier_directs }
        },
    )
}

/// Any facts of a distribution under plan 1's version.
fn any_distribution() -> impl Strategy<Value = Distribution> {
    let price = prop_oneof![1_i128..2_000, 1_i128..10_i128.pow(20)];
    let upline = vec((0_u8..=15, 0_u32..10), 0..=15);
    (price, 1_i32..=10_000_000, upline, 0_u8..=3).prop_map(|(units, tree_count, upline, referrer_tiers)| {
        let price = Price::new(Amount::from_units(units)).expect("within range");
        let upline = upline.into_iter().enumerate();
        let upline = upline.map(|(n, (depth, directs))| {
            let account = account(&format!("U{n}"));
            Ancestor { account, depth, directs }
        });
        Distribution {
            tree_count,
            price,
            base: price.times(tree_count).expect("fits"),
            upline: upline.collect(),
            referrer_tiers,
            ..distribution(&[], 0)
        }
    })
}

proptest! {
    #[test]
    fn slots_0_to_22_sum_to_the_base_and_23_passes_on_what_is_unallocated(
        plan in any_plan(),
        facts in any_distribution(),
    ) {
        let base = facts.base;
        let entry = distribute(facts);
        let lines = lines(&entry, &plan);
        prop_assert_eq!(sum(lines.iter().filter(|line| line.slot <= 22)), base);
        let unallocated = |line: &&domain::Line<'_>| matches!(line.beneficiary, Beneficiary::Unallocated { .. });
        let missed = sum(lines.iter().filter(unallocated));
        let headquarters = lines.iter().find(|line| line.slot == 23);
        prop_assert_eq!(headquarters.map_or(Amount::ZERO, |line| line.amount), missed);
        let missed_rate: i64 = lines.iter().filter(unallocated).map(|line| line.rate.units()).sum();
        prop_assert!(headquarters.is_none_or(|line| line.rate.units() == missed_rate && !line.amount.is_zero()));
        // One line a slot, in order; only 22 and 23 may be absent, and then they would be zero.
        let slots: Vec<u8> = lines.iter().map(|line| line.slot).collect();
        prop_assert!(slots.starts_with(&(0..=21).collect::<Vec<u8>>()));
        prop_assert!(slots.is_sorted_by(|a, b| a < b));
        prop_assert!(lines.iter().all(|line| !line.amount.is_negative()));
        // The cuts lose less than one unit in each of the 22 slots.
        prop_assert!(lines.iter().filter(|line| line.slot == 22).all(|line| (1..22).contains(&line.amount.units())));
    }

    #[test]
    fn a_reversal_cancels_line_for_line(
        plan in any_plan(),
        facts in any_distribution(),
        late in 0_i64..3_000,
    ) {
        let original = distribute(facts.clone());
        let of = Distribution { effective_date: facts.effective_date + chrono::Days::new(late.unsigned_abs()), ..facts };
        let reversal = Entry { seq: 2, fact: Fact::Reverse { reverses: 1, of }, ..original.clone() };
        let (lines, reversed) = (lines(&original, &plan), lines(&reversal, &plan));
        prop_assert_eq!(lines.len(), reversed.len());
        for (line, back) in lines.iter().zip(&reversed) {
            let expected = domain::Line {
                amount: line.amount.checked_neg().expect("fits"),
                effective_date: back.effective_date,
                ..*line
            };
            prop_assert_eq!(*back, expected);
            prop_assert!(back.effective_date >= line.effective_date);
            prop_assert!(back.expire_date.is_none_or(|expiry| back.effective_date <= expiry));
        }
    }
}

/// What may happen upstream.
#[derive(Debug, Clone)]
pub(crate) enum Happening {
    Adopt { by: usize, trees: i32 },
    Delete { adoption: usize },
    Restore { adoption: usize },
    Trees { adoption: usize, trees: i32 },
    Reassign { adoption: usize, to: usize },
    Price { adoption: usize, units: Option<i64> },
    Refer { who: usize, to: Option<usize> },
    NextDay,
}

/// Accounts of the random networks; deep enough for uplines beyond 15.
const ACCOUNTS: usize = 22;

pub(crate) fn any_happening() -> impl Strategy<Value = Happening> {
    let (who, which) = (0..ACCOUNTS, 0..40_usize);
    prop_oneof![
        6 => (who.clone(), 1..400).prop_map(|(by, trees)| Happening::Adopt { by, trees }),
        2 => which.clone().prop_map(|adoption| Happening::Delete { adoption }),
        1 => which.clone().prop_map(|adoption| Happening::Restore { adoption }),
        2 => (which.clone(), -1..400).prop_map(|(adoption, trees)| Happening::Trees { adoption, trees }),
        1 => (which.clone(), who.clone()).prop_map(|(adoption, to)| Happening::Reassign { adoption, to }),
        1 => (which, proptest::option::of(-1_i64..100_000))
            .prop_map(|(adoption, units)| Happening::Price { adoption, units }),
        4 => (who.clone(), proptest::option::weighted(0.9, who)).prop_map(|(who, to)| Happening::Refer { who, to }),
        1 => Just(Happening::NextDay),
    ]
}

/// A tree in which most accounts stand below the one before, so that lines are long.
pub(crate) fn any_tree() -> impl Strategy<Value = Vec<(String, String)>> {
    vec(proptest::option::weighted(0.2, any::<proptest::sample::Index>()), ACCOUNTS).prop_map(|above| {
        let referrer = |(n, elsewhere): (usize, Option<proptest::sample::Index>)| match (n, elsewhere) {
            (0, _) => String::new(),
            (n, None) => name(n - 1),
            (n, Some(index)) => name(index.index(n)),
        };
        above.into_iter().enumerate().map(|(n, elsewhere)| (name(n), referrer((n, elsewhere)))).collect()
    })
}

fn name(n: usize) -> String {
    format!("N{n:02}")
}

fn network(tree: &[(String, String)]) -> Network {
    Network::of(&tree.iter().map(|(of, to)| (of.as_str(), to.as_str())).collect::<Vec<_>>())
}

pub(crate) fn happen(network: &mut Network, happening: &Happening) {
    let known = |adoption: usize| network.adoptions.len().checked_sub(1).map(|last| adoption.min(last));
    match *happening {
        Happening::Adopt { by, trees } => network.adopt(&name(by), trees),
        Happening::Refer { who, to } => {
            network.refer(&name(who), &to.map_or(String::new(), name));
            network.pass();
        }
        Happening::NextDay => network.next_day(),
        Happening::Delete { adoption }
        | Happening::Restore { adoption }
        | Happening::Trees { adoption, .. }
        | Happening::Reassign { adoption, .. }
        | Happening::Price { adoption, .. } => {
            let Some(place) = known(adoption) else { return };
            network.edit(place, |row| match *happening {
                Happening::Delete { .. } => row.deleted = true,
                Happening::Restore { .. } => row.deleted = false,
                Happening::Trees { trees, .. } => row.tree_count = trees,
                Happening::Reassign { to, .. } => row.account = account(&name(to)),
                Happening::Price { units, .. } => {
                    let priced = |units| SourcePrice::Priced(Amount::from_units(i128::from(units)));
                    row.price = units.map_or(SourcePrice::Unpriced, priced);
                }
                Happening::Adopt { .. } | Happening::Refer { .. } | Happening::NextDay => {}
            });
        }
    }
}

/// The journal read from its beginning by somebody who knows the rules and nothing of the sequencer.
#[derive(Default)]
struct Auditor {
    referrers: HashMap<AccountSequence, Option<AccountSequence>>,
    live: HashMap<AccountSequence, i64>,
    largest_trees: HashMap<uuid::Uuid, i64>,
}

impl Auditor {
    fn directs(&self, of: &AccountSequence) -> u32 {
        let adopted = |account: &AccountSequence| self.live.get(account).is_some_and(|&live| live > 0);
        let is_direct = |(account, referrer): &(&AccountSequence, &Option<AccountSequence>)| {
            referrer.as_ref() == Some(of) && adopted(account)
        };
        u32::try_from(self.referrers.iter().filter(is_direct).count()).expect("few")
    }

    fn live(&self, of: &AccountSequence) -> u32 {
        u32::try_from(self.live.get(of).copied().unwrap_or(0)).expect("not negative")
    }

    fn counts(&self) -> Vec<Effect> {
        let counts = |n| {
            let account = account(&name(n));
            Effect { live: self.live(&account), directs: self.directs(&account), account }
        };
        (0..ACCOUNTS).map(counts).collect()
    }

    /// Identity 9 for one entry, and what it changes.
    fn read(&mut self, entry: &Entry, plan: &Plan) -> Result<(), TestCaseError> {
        let before = self.counts();
        match &entry.fact {
            Fact::Distribute(facts) => self.read_distribution(facts, plan)?,
            Fact::Reverse { of, .. } => *self.live.entry(of.account.clone()).or_default() -= 1,
            Fact::ReferralMove { account, before, after } => {
                let replaced = self.referrers.insert(account.clone(), after.clone());
                prop_assert_eq!(replaced.as_ref(), Some(before));
            }
        }
        // In order of name, which here is byte order.
        let after = self.counts().into_iter().zip(before);
        let changed: Vec<Effect> =
            after.filter(|(after, before)| after != before).map(|(after, _)| after).collect();
        prop_assert_eq!(&entry.effects, &changed, "seq {}", entry.seq);
        Ok(())
    }

    fn read_distribution(&mut self, facts: &Distribution, plan: &Plan) -> Result<(), TestCaseError> {
        prop_assert_eq!(facts.network_trees_before, self.largest_trees.values().sum::<i64>());
        let trees = i64::from(facts.tree_count);
        let largest = self.largest_trees.entry(facts.adoption_id).or_default();
        *largest = trees.max(*largest);

        let mut below = facts.account.clone();
        for ancestor in &facts.upline {
            let known = self.referrers.entry(below).or_insert_with(|| Some(ancestor.account.clone()));
            prop_assert_eq!(known.as_ref(), Some(&ancestor.account));
            below = ancestor.account.clone();
        }
        if facts.upline.len() < 15 {
            prop_assert_eq!(self.referrers.entry(below).or_default(), &None);
        }
        *self.live.entry(facts.account.clone()).or_default() += 1;

        for ancestor in &facts.upline {
            let directs = self.directs(&ancestor.account);
            prop_assert_eq!((ancestor.directs, ancestor.depth), (directs, plan.unlock.level_depth(directs)));
        }
        let tiers = facts.upline.first().map_or(0, |referrer| {
            plan.unlock.bonus_tiers(self.live(&referrer.account) > 0, self.directs(&referrer.account))
        });
        prop_assert_eq!(facts.referrer_tiers, tiers);
        Ok(())
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn whatever_happens_the_journal_explains_the_state(
        tree in any_tree(),
        happenings in vec(any_happening(), 1..60),
    ) {
        let mut network = network(&tree);
        for happening in &happenings {
            happen(&mut network, happening);
        }
        let mut auditor = Auditor::default();
        for (entry, seq) in network.entries.iter().zip(1..) {
            prop_assert_eq!(entry.seq, seq);
            auditor.read(entry, network.plan())?;
        }
        prop_assert_eq!(network.state.last_seq, i64::try_from(network.entries.len()).expect("few"));
        prop_assert_eq!(network.state.network_trees, auditor.largest_trees.values().sum::<i64>());

        // Counts and referrers by the journal alone, by the sequencer, and by what it gave out to store.
        for n in 0..ACCOUNTS {
            let of = account(&name(n));
            let state = network.state.account(&of).cloned().unwrap_or_default();
            prop_assert_eq!((state.live, state.directs), (auditor.live(&of), auditor.directs(&of)), "{}", of);
            prop_assert_eq!(state.live, network.live_adoptions(&of));
            let journaled = auditor.referrers.get(&of);
            let expected = journaled.map_or(Referrer::Unknown, |to| Referrer::from(to.as_ref()));
            prop_assert_eq!(&state.referrer, &expected);
            prop_assert_eq!(network.stored.get(&of).cloned().unwrap_or_default(), state);
        }
    }

    #[test]
    fn whatever_happens_the_lines_conserve_what_is_distributed_and_not_reversed(
        tree in any_tree(),
        happenings in vec(any_happening(), 1..40),
    ) {
        let mut network = network(&tree);
        for happening in &happenings {
            happen(&mut network, happening);
        }
        let (mut received, mut distributed, mut gross) = (Amount::ZERO, Amount::ZERO, Amount::ZERO);
        for entry in &network.entries {
            let lines = lines(entry, network.plan());
            let counted = lines.iter().filter(|line| !matches!(line.beneficiary, Beneficiary::Unallocated { .. }));
            received = received.checked_add(sum(counted)).expect("fits");
            match &entry.fact {
                Fact::Distribute(facts) => {
                    gross = gross.checked_add(facts.base).expect("fits");
                    distributed = distributed.checked_add(facts.base).expect("fits");
                }
                Fact::Reverse { of, .. } => distributed = distributed.checked_sub(of.base).expect("fits"),
                Fact::ReferralMove { .. } => prop_assert!(lines.is_empty()),
            }
        }
        prop_assert_eq!(received, distributed);
        prop_assert_eq!(network.state.gross_base, gross);
    }

    /// Section 5: the ledger and what was unallocated, by today's unlock state, is the seed's formula
    /// where nothing was reversed or moved.
    #[test]
    fn the_view_is_the_seeds_formula_where_nothing_was_reversed_or_moved(
        tree in any_tree(),
        adopters in vec((0..ACCOUNTS, 1..400), 1..40),
        of in 0..ACCOUNTS,
    ) {
        let mut network = network(&tree);
        for (by, trees) in adopters {
            network.adopt(&name(by), trees);
        }
        let of = account(&name(of));
        let state = network.state.account(&of).cloned().unwrap_or_default();
        let plan = network.plan();
        let depth = plan.unlock.level_depth(state.directs);
        let tiers = plan.unlock.bonus_tiers(state.has_adopted(), state.directs);
        let (mut view, mut formula) = (Amount::ZERO, Amount::ZERO);
        for entry in &network.entries {
            for line in lines(entry, plan) {
                let counts = match line.beneficiary {
                    Beneficiary::Unallocated { kind, would_be, .. } => {
                        would_be == Some(&of) && kind.is_unlocked_by(depth, tiers)
                    }
                    other => other.account() == Some(&of),
                };
                if counts {
                    view = view.checked_add(line.amount).expect("fits");
                }
            }
            let Fact::Distribute(facts) = &entry.fact else { continue };
            let place = facts.upline.iter().position(|ancestor| ancestor.account == of);
            let mut add = |rate: Rate, times: i32| {
                let share = facts.base.share(rate).expect("fits").checked_times(times).expect("fits");
                formula = formula.checked_add(share).expect("fits");
            };
            if facts.account == of {
                add(plan.rates.personal, 1);
            }
            if place.is_some_and(|place| place < usize::from(depth)) {
                add(plan.rates.level_per, 1);
            }
            if place == Some(0) {
                add(plan.rates.bonus_per, i32::from(tiers));
            }
        }
        prop_assert_eq!(view, formula);
    }
}

#[test]
fn a_plan_survives_its_text() {
    let plan = Plan {
        applies_from: NaiveDate::from_ymd_opt(2027, 1, 1),
        pricing: Pricing { base_contribution: amount("22617.5"), ..Plan::seed().pricing },
        ..Plan::seed()
    };
    assert!(!plan.is_retroactive(day("2026-11-22")));
    let value = serde_json::to_value(&plan).expect("serialises");
    assert_eq!(value["rates"]["level_per"], "0.005000");
    assert_eq!(value["pricing"]["base_contribution"], "22617.5000000000");
    assert_eq!(value["never_expiring"][0], "OPERATION");
    assert_eq!(serde_json::from_value::<Plan>(value).expect("deserialises"), plan);
}
