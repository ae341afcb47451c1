//! What would happen is what does happen when it is done.

use std::collections::BTreeMap;

use chrono::NaiveDate;
use domain::simulation::adoption::Unlocked;
use domain::simulation::comparison::{Compared, Holding, KindComparison};
use domain::{
    AccountSequence, AdoptionOutcome, Amount, Entry, JournalComparison, JournalSimulation, Plan, PlanVersion,
    Plans, Rate, SimulationError, SourceAdoption, simulate_adoption,
};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::network::Network;
use crate::properties::{any_happening, any_plan, any_tree, happen};
use crate::support::{account, adoption, amount, day, distribute, distribution, lines};

/// Plan 2: plan 1 with something changed.
fn plan_2(change: impl FnOnce(&mut Plan)) -> Plan {
    let mut plan = Plan { version: PlanVersion(2), ..Plan::seed() };
    change(&mut plan);
    plan.check().expect("a valid plan")
}

fn simulate(network: &Network, source: &SourceAdoption) -> AdoptionOutcome {
    let standing = network.standing(source);
    simulate_adoption(network.state.clone(), source, standing, network.plan(), network.day())
        .expect("no contradiction")
}

/// Everything in the journal under `plan`, with the sums of all accounts.
fn compare(
    entries: &[Entry],
    plan: &Plan,
    plans: &Plans,
    from: Option<NaiveDate>,
    day: NaiveDate,
) -> Result<(JournalComparison, BTreeMap<AccountSequence, Compared>), SimulationError> {
    let mut simulation = JournalSimulation::new(plan, plans, from, day);
    entries.iter().try_for_each(|entry| simulation.add(entry))?;
    let accounts = simulation.accounts().map(|(account, sums)| (account.clone(), *sums)).collect();
    Ok((simulation.finish(usize::MAX)?, accounts))
}

/// What the entries give each account under their own plan.
fn holdings(network: &Network) -> BTreeMap<AccountSequence, Holding> {
    let mut holdings: BTreeMap<AccountSequence, Holding> = BTreeMap::new();
    for entry in &network.entries {
        for line in lines(entry, network.plan()) {
            let Some(account) = line.beneficiary.account() else { continue };
            let holding = holdings.entry(account.clone()).or_default();
            holding.total = holding.total.checked_add(line.amount).expect("fits");
            if line.live_on(network.day()) {
                holding.effective = holding.effective.checked_add(line.amount).expect("fits");
            }
        }
    }
    holdings
}

/// R ← A ← B ← C, and the adoptions A, B, C of the worked example.
fn example() -> Network {
    let mut network = Network::of(&[("R", ""), ("A", "R"), ("B", "A"), ("C", "B")]);
    for adopter in ["A", "B", "C"] {
        network.adopt(adopter, 1);
    }
    network
}

#[test]
fn a_simulated_adoption_is_the_one_that_then_comes() {
    let mut network = example();
    for (id, adopter) in (3..).zip(["B", "R", "C"]) {
        let before = network.state.clone();
        let AdoptionOutcome::Distributed(simulated) = simulate(&network, &adoption(id, adopter, 1)) else {
            panic!("it is ready")
        };
        assert_eq!(network.state.last_seq, before.last_seq, "nothing was written");
        network.adopt(adopter, 1);
        let entry = network.entries.last().expect("numbered");
        let lines = lines(entry, network.plan());
        assert_eq!(simulated.slots.len(), lines.len());
        for (slot, line) in simulated.slots.iter().zip(&lines) {
            assert_eq!((slot.slot, slot.rate, slot.amount), (line.slot, line.rate, line.amount));
            assert_eq!(slot.account_sequence.as_ref(), line.beneficiary.account());
            assert_eq!((slot.effective_date, slot.expire_date), (line.effective_date, line.expire_date));
        }
        for change in &simulated.unlocks {
            let state = network.state.account(&change.account_sequence).expect("journaled");
            assert_eq!(change.after.direct_referral_adopted_count, state.directs);
            assert_eq!(change.after.has_adopted, state.has_adopted());
        }
    }
}

#[test]
fn what_an_adoption_unlocks_is_said_for_adopter_and_referrer() {
    let mut network = Network::of(&[("R", ""), ("A", "R")]);
    let source = adoption(0, "A", 1);
    let AdoptionOutcome::Distributed(first) = simulate(&network, &source) else { panic!("it is ready") };
    let unlocked = |has_adopted, directs, depth, tiers| Unlocked {
        has_adopted,
        direct_referral_adopted_count: directs,
        unlocked_level_depth: depth,
        unlocked_bonus_tiers: tiers,
    };
    let changes: Vec<_> =
        first.unlocks.iter().map(|c| (c.account_sequence.as_str(), c.before, c.after)).collect();
    let expected = [
        ("A", unlocked(false, 0, 0, 0), unlocked(true, 0, 0, 1)),
        ("R", unlocked(false, 0, 0, 0), unlocked(false, 1, 5, 0)),
    ];
    assert_eq!(changes, expected);
    let shares: Vec<_> = first.slots.iter().map(|slot| slot.share.as_str()).collect();
    assert_eq!(
        (shares[0], shares[3], shares[4], shares[21], shares[22]),
        ("PERSONAL", "CITY", "LEVEL_1", "BONUS_TIER_3", "HEADQUARTERS")
    );
    assert_eq!(first.slots[5].reason.as_deref(), Some("NO_ANCESTOR: level 2, ancestors 1"));

    network.adopt("A", 1);
    let AdoptionOutcome::Distributed(second) = simulate(&network, &source) else { panic!("it is ready") };
    assert_eq!(second.unlocks, [], "only the first adoption unlocks anything");
}

#[test]
fn an_adoption_that_would_not_be_distributed_says_why() {
    let network = Network::of(&[("A", "B"), ("X", "Y"), ("Y", "X"), ("R", "")]);
    let reason = |source: &SourceAdoption| serde_json::to_value(simulate(&network, source)).expect("JSON");
    let waits = serde_json::json!(
        {"outcome": "waits", "reason": "MISSING_REFERRAL: B", "waitingFor": "B"}
    );
    assert_eq!(reason(&adoption(0, "A", 1)), waits);
    assert_eq!(reason(&adoption(0, "X", 1)), serde_json::json!({"outcome": "anomaly", "reason": "CYCLE: X"}));
    assert_eq!(
        reason(&adoption(0, "R", 0)),
        serde_json::json!({"outcome": "anomaly", "reason": "TREE_COUNT: 0"})
    );
    let tomorrow = SourceAdoption { adoption_date: day("2026-11-23"), ..adoption(0, "R", 1) };
    let waits =
        serde_json::json!({"outcome": "waits", "reason": "FUTURE_DATE: 2026-11-23", "waitingFor": null});
    assert_eq!(reason(&tomorrow), waits);
}

#[test]
fn rates_that_move_from_the_adopter_to_the_levels() {
    let network = example();
    let plan = plan_2(|plan| {
        plan.rates.personal = Rate::from_units(550_000);
        plan.rates.level_per = Rate::from_units(15_000);
    });
    let (found, accounts) =
        compare(&network.entries, &plan, network.plans(), None, network.day()).expect("an answer");
    assert_eq!((found.entries, found.simulated_entries, found.repriced_entries), (3, 3, 0));
    assert_eq!(found.base.used, found.base.simulated);
    // C has only its own: 0.55 instead of 0.70 of 22617; R only levels: three times as much.
    assert_eq!(accounts[&account("C")].simulated.total, amount("12439.35"));
    assert_eq!(accounts[&account("R")].used.total, amount("339.255"));
    assert_eq!(accounts[&account("R")].simulated.total, amount("1017.765"));
    assert_eq!((found.gaining, found.losing, found.unchanged), (1, 3, 0));
    assert_eq!(found.gainers[0].account_sequence, account("R"));
    let losers: Vec<_> = found.losers.iter().map(|loser| loser.account_sequence.as_str()).collect();
    assert_eq!(losers, ["C", "B", "A"]);
    let headquarters = found.system_accounts[3].sums;
    let unallocated = Amount::checked_sum(found.unallocated.iter().map(|kind| kind.sums.simulated.total));
    assert_eq!(Ok(headquarters.simulated.total), unallocated);
}

#[test]
fn only_adoptions_from_a_date_on() {
    let mut network = Network::of(&[("A", "")]);
    network.adopt("A", 1000);
    network.next_day();
    network.adopt("A", 1);
    let plan = plan_2(|plan| plan.pricing.increment_percentage = Rate::from_units(1_000_000));
    // both adoptions bear the first day's date, and the second follows 1000 trees
    let simulate =
        |from| compare(&network.entries, &plan, network.plans(), from, network.day()).expect("an answer").0;
    let all = simulate(Some(day("2026-11-22")));
    assert_eq!((all.simulated_entries, all.repriced_entries), (2, 1));
    assert_eq!(all.base.used, amount("22639684.851"));
    assert_eq!(all.base.simulated, amount("22662234"));
    let none = simulate(Some(day("2026-11-23")));
    assert_eq!((none.simulated_entries, none.gaining, none.losing, none.unchanged), (0, 0, 0, 1));
}

#[test]
fn another_term_changes_what_is_live_only() {
    let mut network = Network::of(&[("A", "")]);
    network.adopt("A", 1);
    let plan = plan_2(|plan| plan.term_years = 1);
    let simulate =
        |at| compare(&network.entries, &plan, network.plans(), None, day(at)).expect("an answer").0;
    assert_eq!(simulate("2027-11-22").unchanged, 1);
    let expired = simulate("2027-11-23");
    assert_eq!(expired.losing, 1);
    assert_eq!(expired.losers[0].difference.total, Amount::ZERO);
    assert_eq!(expired.losers[0].difference.effective, amount("-15831.9"));
}

#[test]
fn a_contradiction_is_an_error() {
    let (plan, plans) = (plan_2(|_| ()), Plans::new(vec![Plan::seed()]).expect("valid"));
    let compare = |facts| compare(&[distribute(facts)], &plan, &plans, None, day("2026-11-22"));
    let tiers = compare(distribution(&[("R", 5, 1)], 2));
    assert_eq!(tiers.expect_err("two tiers by one direct referral"), SimulationError::Tiers(1));
    let mut unknown = distribution(&[], 0);
    unknown.plan_version = PlanVersion(9);
    let missing = SimulationError::NoPlan { seq: 1, version: PlanVersion(9) };
    assert_eq!(compare(unknown).expect_err("no such plan"), missing);
    let mut far = distribution(&[], 0);
    far.network_trees_before = i64::MAX;
    assert!(matches!(compare(far), Err(SimulationError::Price { seq: 1, .. })));
}

proptest! {
    /// The journal of plan 1 under another plan gives every account what it has where that plan decided all along:
    /// reversals, moves, prices kept and prices taken away included.
    #[test]
    fn a_simulated_plan_is_the_one_that_had_always_decided(
        tree in any_tree(),
        happenings in vec(any_happening(), 1..50),
        mut plan in any_plan(),
        (base_contribution, increment) in (1_i128..10_i128.pow(16), 0_i64..50_000),
        (unit_size, start_tree_number) in (1..500, 0..500),
    ) {
        plan.version = PlanVersion(2);
        plan.pricing.base_contribution = Amount::from_units(base_contribution);
        plan.pricing.increment_percentage = Rate::from_units(increment);
        (plan.pricing.unit_size, plan.pricing.start_tree_number) = (unit_size, start_tree_number);
        let rows: Vec<_> = tree.iter().map(|(of, to)| (of.as_str(), to.as_str())).collect();
        let (mut used, mut right) = (Network::of(&rows), Network::with_plan(&rows, plan.clone()));
        for happening in &happenings {
            happen(&mut used, happening);
            happen(&mut right, happening);
        }
        let (found, accounts) = compare(&used.entries, &plan, used.plans(), None, used.day()).expect("an answer");
        // an account that the one plan gives nothing has no line there
        let (used_right, right) = (holdings(&used), holdings(&right));
        for (account, sums) in &accounts {
            prop_assert_eq!(sums.used, used_right.get(account).copied().unwrap_or_default());
            prop_assert_eq!(sums.simulated, right.get(account).copied().unwrap_or_default());
        }
        prop_assert!(used_right.keys().chain(right.keys()).all(|account| accounts.contains_key(account)));
        // slots 0 to 22 make up the base
        let total = |kinds: &[KindComparison]| {
            Amount::checked_sum(kinds.iter().map(|kind| kind.sums.simulated.total)).expect("fits")
        };
        let whole = [total(&found.accounts), total(&found.system_accounts[..3]), total(&found.unallocated)];
        prop_assert_eq!(Amount::checked_sum(whole), Ok(found.base.simulated));
        prop_assert_eq!(found.system_accounts[3].sums.simulated.total, total(&found.unallocated));
    }
}
