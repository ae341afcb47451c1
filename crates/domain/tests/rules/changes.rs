use domain::{Change, Distribution, Eligibility, SourceAdoption, SourcePrice, change, price_taken_away};

use crate::support::{account, amount, day, distribution, price};

/// The row as it was when it was distributed, with one thing changed since.
fn changed(live: &Distribution, edit: impl FnOnce(&mut SourceAdoption)) -> Change {
    let mut source = source(live);
    edit(&mut source);
    change(live, &source, &Eligibility::default())
}

fn source(live: &Distribution) -> SourceAdoption {
    SourceAdoption {
        id: live.adoption_id,
        account: live.account.clone(),
        tree_count: live.tree_count,
        adoption_date: live.adoption_date,
        status: None,
        price: live.source_price.map_or(SourcePrice::Unpriced, |price| SourcePrice::Priced(price.amount())),
        created_at: None,
        deleted: false,
    }
}

fn unpriced() -> Distribution {
    distribution(&[], 0)
}

fn priced() -> Distribution {
    Distribution { source_price: Some(price("22617")), ..unpriced() }
}

#[test]
fn the_same_values_are_no_change() {
    for live in [unpriced(), priced()] {
        assert_eq!(changed(&live, |_| ()), Change::None);
        assert_eq!(changed(&live, |row| row.status = Some("ACTIVE".to_owned())), Change::None);
        assert_eq!(changed(&live, |row| row.created_at = Some(chrono::DateTime::UNIX_EPOCH)), Change::None);
    }
}

#[test]
fn an_adoption_that_counts_no_longer_is_reversed_whatever_else_changed() {
    let live = unpriced();
    assert_eq!(changed(&live, |row| row.deleted = true), Change::Reverse);
    let refunded = |row: &mut SourceAdoption| {
        row.status = Some("refunded".to_owned());
        row.tree_count = 5;
    };
    assert_eq!(changed(&live, refunded), Change::Reverse);
}

#[test]
fn each_value_that_counts_replaces_the_distribution() {
    let live = priced();
    assert_eq!(changed(&live, |row| row.account = account("Z")), Change::Replace);
    assert_eq!(changed(&live, |row| row.tree_count = 2), Change::Replace);
    assert_eq!(changed(&live, |row| row.tree_count = 0), Change::Replace);
    assert_eq!(changed(&live, |row| row.adoption_date = day("2026-11-21")), Change::Replace);
    let reprice = |to: &str| SourcePrice::Priced(amount(to));
    assert_eq!(changed(&live, |row| row.price = reprice("22618")), Change::Replace);
    assert_eq!(changed(&live, |row| row.price = reprice("-1")), Change::Replace);
    assert_eq!(changed(&live, |row| row.price = SourcePrice::Unstorable("NaN".to_owned())), Change::Replace);
}

#[test]
fn a_first_price_is_a_change_even_if_it_is_the_formulas() {
    let same = SourcePrice::Priced(unpriced().price.amount());
    assert_eq!(changed(&unpriced(), |row| row.price = same), Change::Replace);
}

#[test]
fn a_price_taken_away_is_a_warning_and_other_changes_act_as_usual() {
    let live = priced();
    assert_eq!(changed(&live, |row| row.price = SourcePrice::Unpriced), Change::None);
    let also_trees = |row: &mut SourceAdoption| {
        row.price = SourcePrice::Unpriced;
        row.tree_count = 2;
    };
    assert_eq!(changed(&live, also_trees), Change::Replace);

    let taken = SourceAdoption { price: SourcePrice::Unpriced, ..source(&live) };
    assert!(price_taken_away(&live, &taken));
    assert!(!price_taken_away(&live, &source(&live)));
    assert!(!price_taken_away(&unpriced(), &source(&unpriced())));
}
