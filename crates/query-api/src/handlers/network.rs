//! `GET /network/total` and `GET /system-accounts`: the network as a whole, from the summaries.

use actix_web::HttpResponse;
use chrono::NaiveDate;
use domain::{Amount, SystemAccount};
use persistence::views;
use persistence::views::as_of::AsOf;
use persistence::views::network::System;
use serde::Serialize;
use utoipa::ToSchema;

use super::{Answer, Shared};
use crate::openapi::spec::{Gives, Spec, schema};
use crate::problem::Problem;
use crate::reads;
use crate::state::Api;
use crate::tally::Whole;

/// `GET /network/total`.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Network {
    /// Σ of accounts and system accounts: the base distributed less reversed.
    total_contribution: Amount,
    /// The same of what is live on `effective_on`.
    effective_contribution: Amount,
    /// Null while the roll is bringing accounts over to the business day.
    effective_on: Option<NaiveDate>,
    business_day: NaiveDate,
    accounts: AccountsTotal,
    by_source_type: BySourceType,
    system_accounts: Vec<System>,
    unallocated: Unallocated,
    as_of: AsOf,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AccountsTotal {
    count: i64,
    total_contribution: Amount,
    effective_contribution: Amount,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
struct BySourceType {
    personal: Amount,
    team_level: Amount,
    team_bonus: Amount,
}

/// What nobody could receive; headquarters did.
#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnallocatedTotal)]
struct Unallocated {
    total: Amount,
    /// Null while the ledger is still being summed after a start.
    by_type: Option<Vec<Kind>>,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
#[schema(as = UnallocatedOfType)]
struct Kind {
    unalloc_type: String,
    amount: Amount,
    lines: i64,
}

#[derive(Debug, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SystemAccounts {
    items: Vec<System>,
    effective_on: Option<NaiveDate>,
    as_of: AsOf,
}

pub(crate) const TOTAL: Spec = Spec {
    about: "Kept for at most a minute. `effectiveOn` is null while a roll is bringing accounts over, `unallocated.byType` \
        while the ledger is being summed after a start.",
    ..Spec::new("The network as a whole", Gives::Json(schema::<Network>))
};

pub(crate) const SYSTEM_ACCOUNTS: Spec = Spec {
    about: "`effectiveOn` is null while a roll is bringing accounts over.",
    ..Spec::new("The four system accounts", Gives::Json(schema::<SystemAccounts>))
};

pub(crate) async fn total(api: Shared) -> Answer {
    let includes =
        |network: &Network| reads::at_least().is_none_or(|seq| network.as_of.distribution_seq >= seq);
    let network = api.network.get_if(includes, async || read(&api).await).await?;
    Ok(HttpResponse::Ok().json(&*network))
}

pub(crate) async fn system_accounts(api: Shared) -> Answer {
    let mut snapshot = api.snapshot().await?;
    let items = views::network::system_accounts(&mut snapshot).await?;
    let (as_of, day) = views::as_of::read(&mut snapshot).await?;
    let effective_on = day.effective_on_for_all()?;
    Ok(HttpResponse::Ok().json(SystemAccounts { items, effective_on, as_of }))
}

async fn read(api: &Api) -> Result<Network, Problem> {
    api.ready()?;
    api.tally.catch_up(&api.pool).await?;
    let mut snapshot = api.snapshot().await?;
    let by_type = api.tally.whole(&mut snapshot).await?.map(kinds);
    let accounts = views::network::accounts(&mut snapshot).await?;
    let systems = views::network::system_accounts(&mut snapshot).await?;
    let (as_of, day) = views::as_of::read(&mut snapshot).await?;
    let with_systems = |accounts: Amount, of: fn(&System) -> Amount| {
        Amount::checked_sum(systems.iter().map(of).chain([accounts])).map_err(persistence::Error::from)
    };
    let headquarters = systems.iter().find(|system| system.account_type == SystemAccount::Headquarters);
    Ok(Network {
        total_contribution: with_systems(accounts.total, |system| system.contribution_balance)?,
        effective_contribution: with_systems(accounts.effective, |system| system.effective_balance)?,
        effective_on: day.effective_on_for_all()?,
        business_day: day.day,
        accounts: AccountsTotal {
            count: accounts.count,
            total_contribution: accounts.total,
            effective_contribution: accounts.effective,
        },
        by_source_type: BySourceType {
            personal: accounts.personal,
            team_level: accounts.team_level,
            team_bonus: accounts.team_bonus,
        },
        unallocated: Unallocated {
            total: headquarters.map_or(Amount::ZERO, |system| system.contribution_balance),
            by_type,
        },
        system_accounts: systems,
        as_of,
    })
}

fn kinds(whole: Whole) -> Vec<Kind> {
    let kind = |(unalloc_type, (amount, lines))| Kind { unalloc_type, amount, lines };
    whole.sums.unallocated.into_iter().map(kind).collect()
}
