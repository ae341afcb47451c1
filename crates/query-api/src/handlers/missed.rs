//! `GET /missed`: what went to headquarters, and why, by the day it was booked.

use chrono::NaiveDate;
use persistence::views;
use persistence::views::missed::{By, Missed};

use super::csv::{self, Export};
use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Kind, Parameter, Query};
use crate::problem::Problem;

const BY: [&str; 3] = ["reason", "level", "account"];
const FROM: Parameter = Parameter::new("from", "Booked on this day or later", Kind::Day);
const TO: Parameter = Parameter::new("to", "Booked on this day or earlier", Kind::Day);
const SUMMED_BY: Parameter =
    Parameter::new("by", "What is summed up: by reason where none is given", Kind::OneOf(&BY));
const QUERY: [Parameter; 5] = [FROM, TO, SUMMED_BY, Parameter::LIMIT, Parameter::CURSOR];

pub(crate) const LIST: Spec = Spec {
    about: "By the day on which it was booked, through the last day that the roll has added up. Sums by account come in \
        pages, the others whole. A reversal takes its amounts off and counts its lines with the others.",
    query: &QUERY,
    ..Spec::new("What went to headquarters because nobody could receive it", Gives::Json(listed::<Missed>))
};

pub(crate) const CSV: Spec = Spec {
    about: "The same sums, whole.",
    query: &[FROM, TO, SUMMED_BY],
    ..Spec::new("What went to headquarters, as CSV", Gives::Csv)
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let days = query.days()?;
    let by = by(&query)?;
    let listing = Listing::new("missed", days);
    let after = query.cursor().map_or(Ok(String::new()), |cursor| listing.name(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::missed::page(&mut connection, by, days, &after, limit).await?;
    Ok(Listed::answer(page, |missed| {
        listing.after_name(missed.account_sequence.as_deref().unwrap_or_default())
    }))
}

pub(crate) async fn all(query: Query, api: Shared) -> Answer {
    let (days, by) = (query.days()?, by(&query)?);
    let through = csv::through(&api).await?;
    Ok(csv::answer(Sums { api, by, days, through, after: String::new() }, through))
}

fn by(query: &Query) -> Result<By, Problem> {
    Ok(match query.one_of("by", &BY)? {
        Some("level") => By::Level,
        Some("account") => By::Account,
        _ => By::Reason,
    })
}

/// The sums that are being written.
struct Sums {
    api: Shared,
    by: By,
    days: (Option<NaiveDate>, Option<NaiveDate>),
    through: i64,
    after: String,
}

impl Export for Sums {
    const HEADER: &'static str = "reason,levelOrTier,accountSequence,amount,lines";
    const FILE: &'static str = "missed.csv";

    async fn page(&mut self) -> Result<(String, bool), Problem> {
        let mut connection = self.api.connection_including(self.through).await?;
        let page = views::missed::page(&mut connection, self.by, self.days, &self.after, csv::PAGE).await?;
        if let Some(account) = page.items.last().and_then(|last| last.account_sequence.as_ref()) {
            account.clone_into(&mut self.after);
        }
        Ok((page.items.iter().map(row).collect(), page.more))
    }
}

fn row(missed: &Missed) -> String {
    let Missed { reason, level_or_tier, account_sequence, amount, lines } = missed;
    let (reason, level) = (csv::optional(reason.as_ref()), csv::optional(*level_or_tier));
    let account = csv::optional_text(account_sequence.as_deref());
    format!("{reason},{level},{account},{amount},{lines}\r\n")
}
