use std::collections::HashMap;

use domain::{AccountSequence, MissingReferral, Referrer, Upstream, Walk, walk};

use crate::support::{account, accounts};

/// Walks from the first account of `rows`: (account, referrer, "" for none). `journal` likewise, with what
/// it does not name unknown.
fn walk_rows(rows: &[(&str, &str)], journal: &[(&str, &str)], missing: MissingReferral) -> Walk {
    let table = |rows: &[(&str, &str)]| -> HashMap<String, String> {
        rows.iter().map(|&(account, referrer)| (account.to_owned(), referrer.to_owned())).collect()
    };
    let (upstream, journal) = (table(rows), table(journal));
    let named = |rows: &HashMap<String, String>, of: &AccountSequence| rows.get(of.as_str()).cloned();
    walk(
        &account(rows.first().map_or("A", |row| row.0)),
        |of| match named(&upstream, of).as_deref() {
            None => Upstream::Missing,
            Some("") => Upstream::Root,
            Some(referrer) => Upstream::Referrer(account(referrer)),
        },
        |of| match named(&journal, of).as_deref() {
            None => Referrer::Unknown,
            Some("") => Referrer::None,
            Some(referrer) => Referrer::Account(account(referrer)),
        },
        missing,
    )
}

/// Rows of a chain `X0` ← … in which `X0` is the lowest and the last has no referrer.
fn chain(names: &[String]) -> Vec<(&str, &str)> {
    let above = names.iter().skip(1).map(String::as_str).chain(std::iter::once(""));
    names.iter().map(String::as_str).zip(above).collect()
}

fn names(count: usize) -> Vec<String> {
    (0..count).map(|n| format!("X{n}")).collect()
}

use MissingReferral::{Root, Wait};

#[test]
fn an_upline_ends_at_an_account_without_a_referrer() {
    assert_eq!(walk_rows(&[("A", "")], &[], Wait), Walk::Complete(vec![]));
    let rows = [("A", "B"), ("B", "C"), ("C", "")];
    assert_eq!(walk_rows(&rows, &[], Wait), Walk::Complete(accounts(&["B", "C"])));
}

#[test]
fn an_upline_has_at_most_15_accounts_and_the_15ths_row_does_not_matter() {
    let names = names(40);
    let all = chain(&names);
    for length in [15, 16, 17, 40] {
        // The row of X15, the 15th ancestor, is there only from length 16 on.
        let Walk::Complete(upline) = walk_rows(&all[..length], &[], Wait) else {
            panic!("{length} rows are enough");
        };
        assert_eq!(upline.len(), 15);
        assert_eq!((upline[0].as_str(), upline[14].as_str()), ("X1", "X15"));
    }
    assert_eq!(walk_rows(&all[..14], &[], Wait), Walk::Missing(account("X14")));
}

#[test]
fn the_journaled_referrer_of_the_15th_does_not_matter_either() {
    let names = names(40);
    let all = chain(&names);
    assert!(matches!(walk_rows(&all, &[("X15", "elsewhere")], Wait), Walk::Complete(_)));
    assert_eq!(walk_rows(&all, &[("X14", "elsewhere")], Wait), Walk::MoveFirst(account("X14")));
}

#[test]
fn a_missing_row_makes_it_wait() {
    assert_eq!(walk_rows(&[], &[], Wait), Walk::Missing(account("A")));
    assert_eq!(walk_rows(&[("A", "B")], &[], Wait), Walk::Missing(account("B")));
    // What the journal knows does not stand in for it.
    assert_eq!(walk_rows(&[("A", "B")], &[("B", "C")], Wait), Walk::Missing(account("B")));
}

#[test]
fn a_missing_row_may_count_as_no_referrer() {
    assert_eq!(walk_rows(&[], &[], Root), Walk::Complete(vec![]));
    assert_eq!(walk_rows(&[("A", "B")], &[], Root), Walk::Complete(accounts(&["B"])));
    assert_eq!(walk_rows(&[("A", "B")], &[("B", "")], Root), Walk::Complete(accounts(&["B"])));
    // A row that is gone is no move: the walk goes on through what is journaled.
    let walked = walk_rows(&[("A", "B"), ("C", "")], &[("B", "C")], Root);
    assert_eq!(walked, Walk::Complete(accounts(&["B", "C"])));
}

#[test]
fn a_cycle_is_one_within_15_steps_the_adopter_included() {
    assert_eq!(walk_rows(&[("A", "A")], &[], Wait), Walk::Cycle(account("A")));
    assert_eq!(walk_rows(&[("A", "B"), ("B", "A")], &[], Wait), Walk::Cycle(account("A")));
    let above = [("A", "B"), ("B", "C"), ("C", "B")];
    assert_eq!(walk_rows(&above, &[], Wait), Walk::Cycle(account("B")));

    for (length, is_met) in [(15, true), (16, false)] {
        let names = names(length);
        let mut rows = chain(&names);
        rows.last_mut().expect("a chain").1 = "X0";
        let walked = walk_rows(&rows, &[], Wait);
        assert_eq!(matches!(walked, Walk::Cycle(_)), is_met, "cycle of {length}: {walked:?}");
    }
}

#[test]
fn a_move_comes_first() {
    let rows = [("A", "B"), ("B", "C"), ("C", "")];
    let complete = Walk::Complete(accounts(&["B", "C"]));
    assert_eq!(walk_rows(&rows, &[("A", "B"), ("B", "C"), ("C", "")], Wait), complete);
    assert_eq!(walk_rows(&rows, &[("A", "X")], Wait), Walk::MoveFirst(account("A")));
    assert_eq!(walk_rows(&rows, &[("A", "")], Wait), Walk::MoveFirst(account("A")));
    assert_eq!(walk_rows(&rows, &[("C", "D")], Wait), Walk::MoveFirst(account("C")));
    assert_eq!(walk_rows(&rows, &[("B", "X"), ("C", "D")], Wait), Walk::MoveFirst(account("B")));
}

#[test]
fn a_cycle_wins_over_a_missing_row_and_that_over_a_move() {
    let cycle = [("A", "B"), ("B", "C"), ("C", "A")];
    assert_eq!(walk_rows(&cycle, &[("A", "X")], Wait), Walk::Cycle(account("A")));
    let missing = [("A", "B"), ("B", "C")];
    assert_eq!(walk_rows(&missing, &[("A", "X")], Wait), Walk::Missing(account("C")));
}
