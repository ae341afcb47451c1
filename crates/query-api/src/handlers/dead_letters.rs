//! `GET /dead-letters`: what could not be read and is still open, newest first, without its content.

use persistence::views;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::Query;

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let (limit, code) = (query.limit()?, query.text("code"));
    let listing = Listing::new("dead-letters", code);
    let before = query.cursor().map_or(Ok(i64::MAX), |cursor| listing.number(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::dead_letters::page(&mut connection, code, before, limit).await?;
    Ok(Listed::answer(page, |letter| listing.after_number(letter.id)))
}
