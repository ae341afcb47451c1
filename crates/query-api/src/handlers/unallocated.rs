//! `GET /unallocated`: what nobody could receive, newest first.

use persistence::views;
use uuid::Uuid;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::Query;

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let listing = Listing::new("unallocated", ());
    let before = query.cursor().map_or(Ok(Uuid::max()), |cursor| listing.uuid(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::unallocated::page(&mut connection, before, limit).await?;
    Ok(Listed::answer(page, |line| listing.after_uuid(line.id)))
}
