//! `GET /missed`: what went to headquarters, and why, by the day it was booked.

use persistence::views;
use persistence::views::missed::By;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::Query;

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let days = query.days()?;
    let by = match query.one_of("by", &["reason", "level", "account"])? {
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
