//! `GET /snapshots…`: sealed snapshots, an account's line and its proof, and what was booked since.

use actix_web::{HttpRequest, HttpResponse};
use chrono::{Datelike, NaiveDate};
use domain::Proof;
use persistence::PgConnection;
use persistence::views;
use persistence::views::as_of::AsOf;
use persistence::views::snapshots::{Drift, Header, Line, TotalDrift};
use serde::Serialize;
use utoipa::ToSchema;

use super::csv::{self, Export};
use super::validated::{self, For};
use super::{Answer, Listed, Shared};
use crate::codes;
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed, schema};
use crate::parameters::{self, Parameter, Query};
use crate::problem::Problem;

/// `GET /snapshots/{date}/drift`: a page of accounts in byte order, and the whole.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Drifts {
    snapshot_date: NaiveDate,
    watermark: i64,
    total: TotalDrift,
    items: Vec<Drift>,
    /// Null on the last page.
    next_cursor: Option<String>,
    as_of: AsOf,
}

pub(crate) const LIST: Spec = Spec {
    about: "Newest first.",
    query: &[Parameter::LIMIT, Parameter::CURSOR],
    ..Spec::new("Sealed snapshots", Gives::Json(listed::<Header>))
};

pub(crate) const GET: Spec = Spec {
    about: "It never changes.",
    problems: &[&codes::SNAPSHOT_UNKNOWN],
    ..Spec::new("The sealed snapshot of a day", Gives::Validated(schema::<Header>))
};

pub(crate) const ACCOUNTS: Spec = Spec {
    about: "In byte order of the account, which is the order of the proofs.",
    query: &[Parameter::LIMIT, Parameter::CURSOR],
    problems: &[&codes::SNAPSHOT_UNKNOWN],
    ..Spec::new("The lines of a snapshot", Gives::Json(listed::<Line>))
};

pub(crate) const ACCOUNTS_CSV: Spec = Spec {
    about: "All of them, in byte order of the account.",
    problems: &[&codes::SNAPSHOT_UNKNOWN],
    ..Spec::new("The lines of a snapshot, as CSV", Gives::Csv)
};

pub(crate) const LINE: Spec = Spec {
    problems: &[&codes::SNAPSHOT_UNKNOWN, &codes::ACCOUNT_NOT_IN_SNAPSHOT],
    ..Spec::new("An account's line of a snapshot", Gives::Validated(schema::<Line>))
};

pub(crate) const PROOF: Spec = Spec {
    about: "Leads from the line to the snapshot's root: `docs/snapshot-tree.md`, `contribctl snapshot verify-proof`.",
    problems: &[&codes::SNAPSHOT_UNKNOWN, &codes::ACCOUNT_NOT_IN_SNAPSHOT],
    ..Spec::new("The proof that a line is part of a snapshot", Gives::Validated(schema::<Proof>))
};

pub(crate) const DRIFT: Spec = Spec {
    about: "Accounts in byte order; `total` is of all pages.",
    query: &[Parameter::LIMIT, Parameter::CURSOR],
    problems: &[&codes::SNAPSHOT_UNKNOWN],
    ..Spec::new("What entries booked after the seal would have changed", Gives::Json(schema::<Drifts>))
};

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
    validated::answer(&request, &header(&mut connection, date).await?, For::Ever)
}

pub(crate) async fn accounts(request: HttpRequest, query: Query, api: Shared) -> Answer {
    let (date, limit) = (parameters::snapshot_date(&request)?, query.limit()?);
    let listing = Listing::new("snapshot-accounts", date);
    let after = query.cursor().map_or(Ok(String::new()), |cursor| listing.name(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::snapshots::account_lines(&mut connection, date, &after, limit).await?;
    if page.items.is_empty() {
        header(&mut connection, date).await?;
    }
    Ok(Listed::answer(page, |line| listing.after_name(&line.account_sequence)))
}

pub(crate) async fn all_accounts(request: HttpRequest, api: Shared) -> Answer {
    let date = parameters::snapshot_date(&request)?;
    let mut connection = api.connection().await?;
    let through = header(&mut connection, date).await?.watermark;
    drop(connection);
    Ok(csv::answer(Lines { api, date, through, after: String::new() }, through))
}

pub(crate) async fn line(request: HttpRequest, api: Shared) -> Answer {
    let (date, holder) = (parameters::snapshot_date(&request)?, parameters::holder(&request)?);
    let mut connection = api.connection().await?;
    let line = views::snapshots::line(&mut connection, date, &holder).await?;
    if line.is_none() {
        header(&mut connection, date).await?;
    }
    validated::answer(&request, &line.ok_or_else(Problem::not_in_snapshot)?, For::Ever)
}

pub(crate) async fn proof(request: HttpRequest, api: Shared) -> Answer {
    let (date, holder) = (parameters::snapshot_date(&request)?, parameters::holder(&request)?);
    let mut connection = api.connection().await?;
    let header = header(&mut connection, date).await?;
    let proof = views::snapshots::proof(&mut connection, &header, &holder).await?;
    validated::answer(&request, &proof.ok_or_else(Problem::not_in_snapshot)?, For::Ever)
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
    let Listed { items, next_cursor } =
        Listed::of(page, |drift: &Drift| listing.after_name(&drift.account_sequence));
    Ok(HttpResponse::Ok().json(Drifts {
        snapshot_date: date,
        watermark: header.watermark,
        total,
        items,
        next_cursor,
        as_of,
    }))
}

async fn header(connection: &mut PgConnection, date: NaiveDate) -> Result<Header, Problem> {
    views::snapshots::header(connection, date).await?.ok_or_else(Problem::snapshot_unknown)
}

/// The lines of a snapshot that are being written.
struct Lines {
    api: Shared,
    date: NaiveDate,
    through: i64,
    after: String,
}

impl Export for Lines {
    const HEADER: &'static str =
        "snapshotDate,accountSequence,effectiveContribution,networkTotalContribution,contributionRatio";
    const FILE: &'static str = "snapshot-accounts.csv";

    async fn page(&mut self) -> Result<(String, bool), Problem> {
        let mut connection = self.api.connection_including(self.through).await?;
        let page =
            views::snapshots::account_lines(&mut connection, self.date, &self.after, csv::PAGE).await?;
        if let Some(last) = page.items.last() {
            self.after.clone_from(&last.account_sequence);
        }
        Ok((page.items.iter().map(row).collect(), page.more))
    }
}

fn row(line: &Line) -> String {
    let Line {
        snapshot_date, effective_contribution, network_total_contribution, contribution_ratio, ..
    } = line;
    let account = csv::text(&line.account_sequence);
    format!(
        "{snapshot_date},{account},{effective_contribution},{network_total_contribution},{contribution_ratio}\r\n"
    )
}
