//! Short names for the values that tests are about.

use chrono::NaiveDate;
use domain::{
    AccountSequence, Amount, Ancestor, Distribution, Entry, Fact, Line, Plan, Price, SourceAdoption,
    SourcePrice, write_lines,
};
use uuid::Uuid;

pub(crate) fn account(name: &str) -> AccountSequence {
    AccountSequence::parse(name).expect("a valid account sequence")
}

pub(crate) fn accounts(names: &[&str]) -> Vec<AccountSequence> {
    names.iter().map(|name| account(name)).collect()
}

pub(crate) fn amount(text: &str) -> Amount {
    Amount::parse(text).expect("an amount")
}

pub(crate) fn price(text: &str) -> Price {
    Price::new(amount(text)).expect("a price")
}

pub(crate) fn day(text: &str) -> NaiveDate {
    text.parse().expect("a day")
}

pub(crate) const TODAY: &str = "2026-11-22";

/// An eligible adoption of today without a price of its own.
pub(crate) fn adoption(id: u128, adopter: &str, tree_count: i32) -> SourceAdoption {
    SourceAdoption {
        id: Uuid::from_u128(id),
        account: account(adopter),
        tree_count,
        adoption_date: day(TODAY),
        status: None,
        price: SourcePrice::Unpriced,
        created_at: None,
        deleted: false,
    }
}

/// A distribution of one tree of A at 22617 with the upline given as (account, depth, directs).
pub(crate) fn distribution(upline: &[(&str, u8, u32)], referrer_tiers: u8) -> Distribution {
    let ancestor =
        |&(name, depth, directs): &(&str, u8, u32)| Ancestor { account: account(name), depth, directs };
    Distribution {
        adoption_id: Uuid::from_u128(7),
        account: account("A"),
        tree_count: 1,
        price: price("22617"),
        source_price: None,
        base: amount("22617"),
        adoption_date: day("2026-11-22"),
        effective_date: day("2026-11-23"),
        expire_date: day("2028-11-23"),
        plan_version: Plan::seed().version,
        network_trees_before: 0,
        upline: upline.iter().map(ancestor).collect(),
        referrer_tiers,
    }
}

pub(crate) fn distribute(distribution: Distribution) -> Entry {
    Entry { seq: 1, numbered_day: day(TODAY), fact: Fact::Distribute(distribution), effects: Vec::new() }
}

pub(crate) fn lines<'a>(entry: &'a Entry, plan: &Plan) -> Vec<Line<'a>> {
    let mut lines = Vec::new();
    write_lines(entry, plan, &mut lines).expect("the entry can be carried out");
    lines
}

pub(crate) fn sum<'a>(lines: impl IntoIterator<Item = &'a Line<'a>>) -> Amount {
    Amount::checked_sum(lines.into_iter().map(|line| line.amount)).expect("a sum within limits")
}
