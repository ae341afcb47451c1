//! `GET /dead-letters`: what could not be read and is still open, newest first, without its content.

use persistence::views;
use persistence::views::dead_letters::DeadLetter;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Kind, Parameter, Query};

const QUERY: [Parameter; 3] =
    [Parameter::new("code", "With this error code only", Kind::Text), Parameter::LIMIT, Parameter::CURSOR];

pub(crate) const LIST: Spec = Spec {
    about: "Newest first, open ones only, without their content.",
    query: &QUERY,
    ..Spec::new("Messages that could not be read", Gives::Json(listed::<DeadLetter>))
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let (limit, code) = (query.limit()?, query.text("code"));
    let listing = Listing::new("dead-letters", code);
    let before = query.cursor().map_or(Ok(i64::MAX), |cursor| listing.number(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::dead_letters::page(&mut connection, code, before, limit).await?;
    Ok(Listed::answer(page, |letter| listing.after_number(letter.id)))
}
