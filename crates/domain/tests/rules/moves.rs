use std::collections::HashMap;

use domain::{AccountSequence, Upstream, move_order};
use proptest::prelude::*;

use crate::support::{account, accounts};

fn order(movers: &[&str], rows: &[(&str, &str)]) -> Vec<AccountSequence> {
    let rows: HashMap<&str, &str> = rows.iter().copied().collect();
    move_order(accounts(movers), |of| match rows.get(of.as_str()) {
        None => Upstream::Missing,
        Some(&"") => Upstream::Root,
        Some(referrer) => Upstream::Referrer(account(referrer)),
    })
}

#[test]
fn those_with_fewer_moving_ancestors_come_first_then_byte_order() {
    let rows = [("A", "B"), ("B", "C"), ("C", "D"), ("D", ""), ("a", ""), ("b", "a")];
    assert_eq!(order(&["A", "B", "D"], &rows), accounts(&["D", "B", "A"]));
    // Only ancestors that move count: C does not.
    assert_eq!(order(&["b", "A", "D"], &rows), accounts(&["D", "b", "A"]));
    assert_eq!(order(&["b", "B", "A"], &rows), accounts(&["B", "b", "A"]));
}

#[test]
fn a_missing_row_ends_the_line() {
    assert_eq!(order(&["A", "C"], &[("A", "B"), ("C", "")]), accounts(&["A", "C"]));
}

#[test]
fn a_cycle_is_counted_once_around() {
    // B, C and D stand in a cycle; A and E stand below it.
    let rows = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "B"), ("E", "A")];
    assert_eq!(order(&["E", "A", "D", "B"], &rows), accounts(&["B", "D", "A", "E"]));
    assert_eq!(order(&["A"], &[("A", "A")]), accounts(&["A"]));
}

#[test]
fn a_deep_line_of_movers_costs_no_quadratic_walk() {
    let names: Vec<String> = (0..100_000).map(|n| format!("{n:06}")).collect();
    let above: HashMap<&str, &str> =
        names.iter().zip(&names[1..]).map(|(below, above)| (below.as_str(), above.as_str())).collect();
    let ordered = move_order(names.iter().map(|name| account(name)), |of| {
        above.get(of.as_str()).map_or(Upstream::Root, |above| Upstream::Referrer(account(above)))
    });
    assert!(ordered.iter().rev().map(AccountSequence::as_str).eq(names.iter().map(String::as_str)));
}

proptest! {
    /// Against the words of the rules: for each mover, walk up and count the others that move.
    #[test]
    fn the_order_is_that_counted_out(
        referrers in proptest::collection::vec(proptest::option::of(0_usize..12), 12),
        moves in proptest::collection::vec(any::<bool>(), 12),
    ) {
        let name = |n: usize| account(&format!("{n:02}"));
        let index = |of: &AccountSequence| of.as_str().parse::<usize>().expect("a number");
        let movers = (0..12).filter(|&n| moves[n]);
        let counted = |n: usize| {
            let mut above = std::collections::BTreeSet::new();
            let mut next = referrers[n];
            while let Some(ancestor) = next {
                next = if above.insert(ancestor) { referrers[ancestor] } else { None };
            }
            above.remove(&n);
            above.into_iter().filter(|&ancestor| moves[ancestor]).count()
        };
        let mut expected: Vec<_> = movers.clone().map(|n| (counted(n), name(n))).collect();
        expected.sort();
        let ordered = move_order(movers.map(name), |of| {
            referrers[index(of)].map_or(Upstream::Root, |above| Upstream::Referrer(name(above)))
        });
        prop_assert_eq!(ordered, expected.into_iter().map(|(_, name)| name).collect::<Vec<_>>());
    }
}
