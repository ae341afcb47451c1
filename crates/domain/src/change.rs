//! What a change of an adoption that is distributed does (RULES section 3, "Change after numbering").

use crate::adoption::{Eligibility, SourceAdoption, SourcePrice};
use crate::entry::Distribution;

/// What follows from the source row as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// Nothing: whatever happened in between, the row says what it said.
    None,
    /// It no longer counts: a REVERSE.
    Reverse,
    /// It counts otherwise: a REVERSE and a new DISTRIBUTE, consecutive. Where the new one is not ready or
    /// is an anomaly, only the REVERSE.
    Replace,
}

/// Judges the row against the source values kept with the adoption's latest DISTRIBUTE, `live`.
pub fn change(live: &Distribution, source: &SourceAdoption, eligibility: &Eligibility) -> Change {
    if !eligibility.is_eligible(source) {
        return Change::Reverse;
    }
    let same = source.account == live.account
        && source.tree_count == live.tree_count
        && source.adoption_date == live.adoption_date
        && is_same_price(live, &source.price);
    if same { Change::None } else { Change::Replace }
}

/// A warning: the source named a price when the adoption was last distributed and names none any more. The
/// old price stands.
pub fn price_taken_away(latest: &Distribution, source: &SourceAdoption) -> bool {
    latest.source_price.is_some() && source.price == SourcePrice::Unpriced
}

/// A price that is taken away counts as the one before. A first price is a change even where it equals
/// what the formula gave, because from now on the source decides.
fn is_same_price(live: &Distribution, price: &SourcePrice) -> bool {
    match price {
        SourcePrice::Unpriced => true,
        SourcePrice::Priced(amount) => live.source_price.is_some_and(|before| before.amount() == *amount),
        SourcePrice::Unstorable(_) => false,
    }
}
