//! `GET /missed`: what went to headquarters, and why, by the day it was booked.

use persistence::views;
use persistence::views::missed::{By, Missed};

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Kind, Parameter, Query};

const BY: [&str; 3] = ["reason", "level", "account"];
const QUERY: [Parameter; 5] = [
    Parameter::new("from", "Booked on this day or later", Kind::Day),
    Parameter::new("to", "Booked on this day or earlier", Kind::Day),
    Parameter::new("by", "What is summed up: by reason where none is given", Kind::OneOf(&BY)),
    Parameter::LIMIT,
    Parameter::CURSOR,
];

pub(crate) const LIST: Spec = Spec {
    about: "By the day on which it was booked, through the last day that the roll has added up. Sums by account come in \
        pages, the others whole. A reversal takes its amounts off and counts its lines with the others.",
    query: &QUERY,
    ..Spec::new("What went to headquarters because nobody could receive it", Gives::Json(listed::<Missed>))
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let days = query.days()?;
    let by = match query.one_of("by", &BY)? {
        Some("level") => By::Level,
        Some("account") => By::Account,
        _ => By::Reason,
    };
    let listing = Listing::new("missed", days);
    let after = query.cursor().map_or(Ok(String::new()), |cursor| listing.name(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::missed::page(&mut connection, by, days, &after, limit).await?;
    Ok(Listed::answer(page, |missed| {
        listing.after_name(missed.account_sequence.as_deref().unwrap_or_default())
    }))
}
