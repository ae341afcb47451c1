//! Section 3 of the rules: what numbering an entry fixes, and what it changes.

use domain::{
    Amount, Anomaly, Distribution, Effect, Entry, Fact, MAX_SEQ, Plan, Price, Pricing, Prior, Referrer,
    SequenceError, SequencerState, SourceAdoption, SourcePrice,
};

use crate::network::Network;
use crate::support::{TODAY, account, accounts, adoption, amount, day};

fn facts(entry: &Entry) -> &Distribution {
    match &entry.fact {
        Fact::Distribute(facts) | Fact::Reverse { of: facts, .. } => facts,
        Fact::ReferralMove { .. } => panic!("a move distributes nothing"),
    }
}

fn kinds(network: &Network) -> Vec<&'static str> {
    let kind = |entry: &Entry| match entry.fact {
        Fact::Distribute(_) => "DISTRIBUTE",
        Fact::Reverse { .. } => "REVERSE",
        Fact::ReferralMove { .. } => "REFERRAL_MOVE",
    };
    network.entries.iter().map(kind).collect()
}

fn counts(network: &Network, of: &str) -> (u32, u32) {
    network.state.account(&account(of)).map_or((0, 0), |state| (state.live, state.directs))
}

fn effects(of: &[(&str, u32, u32)]) -> Vec<Effect> {
    of.iter().map(|&(name, live, directs)| Effect { account: account(name), live, directs }).collect()
}

/// Distributes adoption 1 of A with the upline given into a state of its own.
fn number(
    state: &mut SequencerState,
    source: &SourceAdoption,
    upline: &[&str],
) -> Result<Entry, SequenceError> {
    state.distribute(source, &accounts(upline), None, &Plan::seed(), day(TODAY))
}

#[test]
fn the_referrers_of_adopter_and_upline_are_journaled() {
    let mut state = SequencerState::default();
    number(&mut state, &adoption(1, "A", 1), &["B", "C"]).expect("ready");
    assert_eq!(state.referrer(&account("A")), Referrer::Account(account("B")));
    assert_eq!(state.referrer(&account("B")), Referrer::Account(account("C")));
    assert_eq!(state.referrer(&account("C")), Referrer::None);
    assert_eq!(state.referrer(&account("D")), Referrer::Unknown);
}

#[test]
fn the_15th_of_a_full_upline_keeps_an_unknown_referrer() {
    let names: Vec<String> = (1..=15).map(|n| format!("U{n}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut state = SequencerState::default();
    number(&mut state, &adoption(1, "A", 1), &names).expect("ready");
    assert_eq!(state.referrer(&account("U14")), Referrer::Account(account("U15")));
    assert_eq!(state.referrer(&account("U15")), Referrer::Unknown);

    let mut state = SequencerState::default();
    number(&mut state, &adoption(1, "A", 1), &names[..14]).expect("ready");
    assert_eq!(state.referrer(&account("U14")), Referrer::None);
}

#[test]
fn effects_stand_in_byte_order() {
    let mut state = SequencerState::default();
    let entry = number(&mut state, &adoption(1, "b", 1), &["B"]).expect("ready");
    assert_eq!(entry.effects, effects(&[("B", 0, 1), ("b", 1, 0)]));
    let entry = number(&mut state, &adoption(2, "b", 1), &["B"]).expect("ready");
    assert_eq!(entry.effects, effects(&[("b", 2, 0)]));
}

#[test]
fn what_changed_is_drained_once_in_byte_order() {
    let mut state = SequencerState::default();
    number(&mut state, &adoption(1, "b", 1), &["B", "a"]).expect("ready");
    number(&mut state, &adoption(2, "b", 1), &["B", "a"]).expect("ready");
    let drained: Vec<_> = state.drain_touched();
    let read: Vec<_> =
        drained.iter().map(|(name, s)| (name.as_str(), s.live, s.directs, s.last_seq)).collect();
    assert_eq!(read, [("B", 0, 1, 1), ("a", 0, 0, 1), ("b", 2, 0, 2)]);
    assert_eq!(state.drain_touched(), []);
}

#[test]
fn each_direct_referral_unlocks_by_the_table_at_once() {
    let mut network = Network::of(&[("R", "")]);
    for n in 1..=6 {
        network.refer(&format!("D{n}"), "R");
    }
    let expected = [(5, 0), (5, 1), (10, 1), (10, 2), (15, 2), (15, 2)];
    for (n, (depth, tiers)) in (1..=6).zip(expected) {
        network.adopt(&format!("D{n}"), 1);
        let facts = facts(network.entries.last().expect("numbered"));
        assert_eq!((facts.upline[0].depth, facts.referrer_tiers), (depth, tiers), "{n} directs");
    }
    // R's own adoption unlocks one tier more, and nothing for itself.
    network.adopt("R", 1);
    network.adopt("D1", 1);
    assert_eq!(facts(network.entries.last().expect("numbered")).referrer_tiers, 3);
    assert_eq!(counts(&network, "R"), (1, 6));
}

#[test]
fn a_reversal_takes_the_last_live_adoption_away_and_the_referrers_count_with_it() {
    let mut network = Network::of(&[("R", ""), ("A", "R")]);
    network.adopt("A", 1);
    network.adopt("A", 1);
    network.edit(0, |row| row.deleted = true);
    assert_eq!((counts(&network, "A"), counts(&network, "R")), ((1, 0), (0, 1)));
    assert_eq!(network.entries[2].effects, effects(&[("A", 1, 0)]));
    network.edit(1, |row| row.status = Some("Cancelled".to_owned()));
    assert_eq!((counts(&network, "A"), counts(&network, "R")), ((0, 0), (0, 0)));
    assert_eq!(network.entries[3].effects, effects(&[("A", 0, 0), ("R", 0, 0)]));
    network.edit(1, |row| row.status = None);
    assert_eq!(kinds(&network), ["DISTRIBUTE", "DISTRIBUTE", "REVERSE", "REVERSE", "DISTRIBUTE"]);
    assert_eq!((counts(&network, "A"), counts(&network, "R")), ((1, 0), (0, 1)));
}

#[test]
fn a_reversal_copies_the_facts_but_for_its_date() {
    let mut network = Network::of(&[("R", ""), ("A", "R")]);
    network.adopt("A", 3);
    for _ in 0..5 {
        network.next_day();
    }
    network.edit(0, |row| row.deleted = true);
    let (original, reversal) = (&network.entries[0], &network.entries[1]);
    assert!(matches!(reversal.fact, Fact::Reverse { reverses: 1, .. }));
    assert_eq!(reversal.numbered_day, day("2026-11-27"));
    let expected = Distribution { effective_date: day("2026-11-28"), ..facts(original).clone() };
    assert_eq!(*facts(reversal), expected);
}

#[test]
fn a_changed_adoption_is_reversed_and_distributed_again_consecutively() {
    let mut network = Network::of(&[("R", ""), ("A", "R"), ("B", "")]);
    network.adopt("A", 1);
    network.edit(0, |row| row.account = account("B"));
    assert_eq!(kinds(&network), ["DISTRIBUTE", "REVERSE", "DISTRIBUTE"]);
    assert_eq!(
        (counts(&network, "A"), counts(&network, "R"), counts(&network, "B")),
        ((0, 0), (0, 0), (1, 0))
    );
    // Not ready, or an anomaly: only the reversal, until it is.
    network.edit(0, |row| row.tree_count = 0);
    assert_eq!(kinds(&network).last(), Some(&"REVERSE"));
    network.edit(0, |row| row.tree_count = 2);
    assert_eq!(kinds(&network), ["DISTRIBUTE", "REVERSE", "DISTRIBUTE", "REVERSE", "DISTRIBUTE"]);
}

#[test]
fn b_counts_an_adoption_distributed_again_only_beyond_its_largest_count() {
    let mut network = Network::of(&[("A", "")]);
    network.adopt("A", 10);
    let b = |network: &Network| {
        let latest = facts(network.entries.last().expect("numbered"));
        (latest.network_trees_before, network.state.network_trees)
    };
    assert_eq!(b(&network), (0, 10));
    network.edit(0, |row| row.tree_count = 4);
    assert_eq!(b(&network), (10, 10));
    network.edit(0, |row| row.tree_count = 12);
    assert_eq!(b(&network), (10, 12));
    network.edit(0, |row| row.deleted = true);
    assert_eq!(network.state.network_trees, 12);
    network.edit(0, |row| (row.deleted, row.tree_count) = (false, 11));
    assert_eq!(b(&network), (12, 12));
    network.adopt("A", 1);
    assert_eq!(b(&network), (12, 13));
}

#[test]
fn an_adoption_has_the_price_of_its_first_tree_for_all_and_keeps_it() {
    let mut network = Network::of(&[("A", "")]);
    network.adopt("A", 1_100);
    network.adopt("A", 1);
    let price = |network: &Network| {
        let latest = facts(network.entries.last().expect("numbered"));
        (latest.price.amount(), latest.source_price.is_some())
    };
    assert_eq!(facts(&network.entries[0]).base, amount("24878700"));
    assert_eq!(price(&network), (amount("22752.702"), false));
    // Distributed again: still the price of its first distribution.
    network.edit(0, |row| row.tree_count = 2);
    assert_eq!(price(&network), (amount("22617"), false));
}

#[test]
fn the_sources_price_comes_first_and_stays_when_it_is_taken_away() {
    let mut network = Network::of(&[("A", "")]);
    network.adopt("A", 1);
    network.price(0, Some("100.5"));
    let latest = |network: &Network| {
        let latest = facts(network.entries.last().expect("numbered")).clone();
        (network.entries.len(), latest.price.amount(), latest.source_price.map(Price::amount))
    };
    assert_eq!(latest(&network), (3, amount("100.5"), Some(amount("100.5"))));
    network.price(0, None);
    assert_eq!(network.entries.len(), 3, "a price taken away is no change");
    network.edit(0, |row| row.tree_count = 2);
    assert_eq!(latest(&network), (5, amount("100.5"), Some(amount("100.5"))));
}

#[test]
fn a_move_takes_a_live_adoption_along() {
    let mut network = Network::of(&[("R", ""), ("S", ""), ("A", "R"), ("B", "R")]);
    network.adopt("A", 1);
    network.adopt("B", 1);
    network.refer("A", "S");
    network.pass();
    let moved = network.entries.last().expect("numbered");
    let (before, after) = (Some(account("R")), Some(account("S")));
    assert_eq!(moved.fact, Fact::ReferralMove { account: account("A"), before, after });
    assert_eq!(moved.effects, effects(&[("R", 0, 1), ("S", 0, 1)]));
    // To no referrer, and without a live adoption.
    network.edit(0, |row| row.deleted = true);
    network.refer("A", "");
    network.pass();
    let moved = network.entries.last().expect("numbered");
    let fact = Fact::ReferralMove { account: account("A"), before: Some(account("S")), after: None };
    assert_eq!((&moved.fact, &moved.effects), (&fact, &vec![]));
    assert_eq!((counts(&network, "R"), counts(&network, "S")), ((0, 1), (0, 0)));
}

#[test]
fn a_move_is_numbered_before_the_next_adoption_below_it() {
    let mut network = Network::of(&[("R", ""), ("S", ""), ("A", "R"), ("B", "A")]);
    network.adopt("B", 1);
    network.refer("A", "S");
    network.adopt("B", 1);
    assert_eq!(kinds(&network), ["DISTRIBUTE", "REFERRAL_MOVE", "DISTRIBUTE"]);
    let upline = |entry: &Entry| facts(entry).upline.iter().map(|a| a.account.clone()).collect::<Vec<_>>();
    assert_eq!(upline(&network.entries[0]), accounts(&["A", "R"]));
    assert_eq!(upline(&network.entries[2]), accounts(&["A", "S"]));
}

#[test]
fn a_move_that_would_close_a_cycle_waits() {
    let mut network = Network::of(&[("R", ""), ("A", "R"), ("B", "A")]);
    network.adopt("B", 1);
    for under in ["A", "B"] {
        let moved = network.state.refer_move(&account("A"), Some(&account(under)), day(TODAY));
        assert_eq!(moved, Ok(None), "A under {under}");
    }
    assert_eq!(network.state.last_seq, 1);
    // B and A change places: B's move makes room for A's.
    network.refer("A", "B");
    network.refer("B", "R");
    network.pass();
    assert_eq!(kinds(&network), ["DISTRIBUTE", "REFERRAL_MOVE", "REFERRAL_MOVE"]);
    assert_eq!(network.state.referrer(&account("A")), Referrer::Account(account("B")));
}

#[test]
fn a_move_to_where_it_is_or_of_an_unknown_account_is_none() {
    let mut network = Network::of(&[("R", ""), ("A", "R")]);
    network.adopt("A", 1);
    let mut refer = |of, to: Option<&str>| {
        network.state.refer_move(&account(of), to.map(account).as_ref(), day(TODAY)).expect("legal")
    };
    assert_eq!(refer("A", Some("R")), None);
    assert_eq!(refer("R", None), None);
    assert_eq!(refer("Z", Some("R")), None);
}

#[test]
fn a_cycle_too_long_for_any_walk_does_not_hang_a_move() {
    // Upstream's 40 accounts form a ring; every walk of 15 steps is free of it, so all of it is journaled.
    let name = |n: usize| format!("X{:02}", n % 40);
    let rows: Vec<(String, String)> = (0..40).map(|n| (name(n), name(n + 1))).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(of, to)| (of.as_str(), to.as_str())).collect();
    let mut network = Network::of(&rows);
    network.refer("A", "");
    network.adopt("A", 1);
    for n in 0..40 {
        network.adopt(&name(n), 1);
    }
    assert_eq!(network.entries.len(), 41);
    network.refer("A", "X00");
    network.pass();
    assert_eq!(kinds(&network).last(), Some(&"REFERRAL_MOVE"));
}

fn almost_full(left: &str) -> SequencerState {
    let limit = amount("1000000000000000000");
    let gross = limit.checked_sub(amount(left)).expect("within limits");
    SequencerState::restore(7, 0, gross, [])
}

#[test]
fn the_base_of_all_adoptions_stays_below_the_limit() {
    let mut state = almost_full("22617");
    let before = state.clone();
    let refused = number(&mut state, &adoption(1, "A", 1), &["B"]);
    let anomaly = Anomaly::GrossLimit { distributed: before.gross_base, base: amount("22617") };
    assert_eq!(refused, Err(SequenceError::Anomaly(anomaly)));
    assert_eq!(state.drain_touched(), []);
    assert_eq!((state.last_seq, state.accounts().len()), (7, 0));
    assert_eq!((state.network_trees, state.gross_base), (0, before.gross_base));

    let mut state = almost_full("22617.0000000001");
    assert_eq!(number(&mut state, &adoption(1, "A", 1), &["B"]).map(|entry| entry.seq), Ok(8));
    assert_eq!(state.gross_base, amount("999999999999999999.9999999999"));
}

#[test]
fn what_is_wrong_is_refused_and_changes_nothing() {
    let mut state = SequencerState::default();
    number(&mut state, &adoption(1, "A", 1), &["B"]).expect("ready");
    state.drain_touched();
    let before = format!("{:?}", state.account(&account("A")));
    let mut refuse =
        |source: &SourceAdoption, upline: &[&str]| number(&mut state, source, upline).expect_err("refused");

    assert_eq!(refuse(&adoption(2, "A", 0), &["B"]), SequenceError::Anomaly(Anomaly::TreeCount(0)));
    let unstorable =
        SourceAdoption { price: SourcePrice::Unstorable("1e99".to_owned()), ..adoption(2, "A", 1) };
    let anomaly = Anomaly::PriceUnstorable("1e99".to_owned());
    assert_eq!(refuse(&unstorable, &["B"]), SequenceError::Anomaly(anomaly));
    assert_eq!(refuse(&adoption(2, "A", 1), &["C"]), SequenceError::Journaled(account("A")));
    assert_eq!(refuse(&adoption(2, "A", 1), &[]), SequenceError::Journaled(account("A")));
    assert_eq!(refuse(&adoption(2, "A", 1), &["B", "C"]), SequenceError::Journaled(account("B")));
    assert_eq!(refuse(&adoption(2, "D", 1), &["E", "D"]), SequenceError::Upline(account("D")));
    assert_eq!(refuse(&adoption(2, "D", 1), &["E"; 16]), SequenceError::Upline(account("D")));

    assert_eq!((state.last_seq, state.drain_touched()), (1, vec![]));
    assert_eq!(format!("{:?}", state.account(&account("A"))), before);
}

#[test]
fn numbers_end_where_ids_do() {
    let mut state = SequencerState::restore(MAX_SEQ, 0, Amount::ZERO, []);
    assert_eq!(number(&mut state, &adoption(1, "A", 1), &[]), Err(SequenceError::Exhausted));
    let mut state = SequencerState::restore(0, i64::MAX, Amount::ZERO, []);
    let priced = SourceAdoption { price: SourcePrice::Priced(amount("1")), ..adoption(1, "A", 1) };
    assert_eq!(number(&mut state, &priced, &[]), Err(SequenceError::Exhausted));
    let formula = Anomaly::PriceByFormula { network_trees: i64::MAX };
    assert_eq!(number(&mut state, &adoption(1, "A", 1), &[]), Err(SequenceError::Anomaly(formula)));
}

#[test]
fn the_plan_gives_the_term_and_the_prior_the_price() {
    let mut state = SequencerState::default();
    let plan = Plan { term_years: 3, ..Plan::seed() };
    let source = adoption(1, "A", 1);
    let entry = state.distribute(&source, &[], None, &plan, day(TODAY)).expect("ready");
    assert_eq!(facts(&entry).expire_date, day("2029-11-23"));
    let prior = Prior { seq: entry.seq, latest: facts(&entry).clone(), largest_trees: 1 };
    state.reverse(&prior, day(TODAY)).expect("live");
    let dearer = Plan { pricing: Pricing { base_contribution: amount("1"), ..plan.pricing.clone() }, ..plan };
    let again = state.distribute(&source, &[], Some(&prior), &dearer, day(TODAY)).expect("ready");
    assert_eq!(facts(&again).price, facts(&entry).price);
}
