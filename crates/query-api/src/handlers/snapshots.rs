//! `GET /snapshots…`: sealed snapshots, an account's line and its proof, and what was booked since.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{Datelike, NaiveDate};
use persistence::PgConnection;
use persistence::views;
use persistence::views::as_of::AsOf;
use persistence::views::snapshots::{Drift, Header, TotalDrift};
use serde::Serialize;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::{self, Query};
use crate::problem::Problem;

/// `GET /snapshots/{date}/drift`: a page of accounts in byte order, and the whole.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Drifts {
    snapshot_date: NaiveDate,
    watermark: i64,
    total: TotalDrift,
    #[serde(flatten)]
    accounts: Listed<Drift>,
    as_of: AsOf,
}

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let listing = Listing::new("snapshots", ());
    let before = query.cursor().map_or(Ok(NaiveDate::MAX), |cursor| {
        let days = i32::try_from(listing.number(cursor)?).ok();
        Ok::<_, Problem>(days.and_then(NaiveDate::from_num_days_from_ce_opt).unwrap_or(NaiveDate::MAX))
    })?;
    let mut connection = api.connection().await?;
    let page = views::snapshots::page(&mut connection, before, limit).await?;
    Ok(Listed::answer(page, |header| listing.after_number(header.snapshot_date.num_days_from_ce().into())))
}

pub(crate) async fn get(request: HttpRequest, api: Shared) -> Answer {
    let date = parameters::snapshot_date(&request)?;
    let mut connection = api.connection().await?;
    Ok(HttpResponse::Ok().json(header(&mut connection, date).await?))
}

pub(crate) async fn line(request: HttpRequest, api: Shared) -> Answer {
    let (date, holder) = (parameters::snapshot_date(&request)?, parameters::holder(&request)?);
    let mut connection = api.connection().await?;
    let line = views::snapshots::line(&mut connection, date, &holder).await?;
    if line.is_none() {
        header(&mut connection, date).await?;
    }
    line.map(|line| HttpResponse::Ok().json(line)).ok_or_else(Problem::not_in_snapshot)
}

pub(crate) async fn proof(request: HttpRequest, api: Shared) -> Answer {
    let (date, holder) = (parameters::snapshot_date(&request)?, parameters::holder(&request)?);
    let mut connection = api.connection().await?;
    let header = header(&mut connection, date).await?;
    let proof = views::snapshots::proof(&mut connection, &header, &holder).await?;
    proof.map(|proof| HttpResponse::Ok().json(proof)).ok_or_else(Problem::not_in_snapshot)
}

pub(crate) async fn drift(request: HttpRequest, query: Query, api: Shared) -> Answer {
    let (date, limit) = (parameters::snapshot_date(&request)?, query.limit()?);
    let listing = Listing::new("drift", date);
    let after = query.cursor().map_or(Ok(String::new()), |cursor| listing.name(cursor))?;
    let mut snapshot = api.snapshot().await?;
    let header = header(&mut snapshot, date).await?;
    let page = views::snapshots::drift(&mut snapshot, &header, &after, limit).await?;
    let total = views::snapshots::total_drift(&mut snapshot, &header).await?;
    let (as_of, _) = views::as_of::read(&mut snapshot).await?;
    let accounts = Listed::of(page, |drift: &Drift| listing.after_name(&drift.account_sequence));
    Ok(HttpResponse::Ok().json(Drifts {
        snapshot_date: date,
        watermark: header.watermark,
        total,
        accounts,
        as_of,
    }))
}

async fn header(connection: &mut PgConnection, date: NaiveDate) -> Result<Header, Problem> {
    views::snapshots::header(connection, date).await?.ok_or_else(Problem::snapshot_unknown)
}
