//! `GET /contributions/{accountSequence}/details`: an account's lines, newest first; and the same as CSV.
//!
//! The CSV holds the lines of all entries through the distribution watermark at its start, which never change any
//! more: so it is read page by page, as the client takes it, without a transaction that stays open meanwhile.

use actix_web::HttpRequest;
use domain::{AccountSequence, SourceType};
use persistence::views;
use persistence::views::details::{Detail, Filter};
use uuid::Uuid;

use super::csv::{self, Export};
use super::{Answer, Listed, Shared};
use crate::codes;
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{self, Kind, Parameter, Query};
use crate::problem::Problem;

const SOURCE_TYPES: [&str; 3] = ["PERSONAL", "TEAM_LEVEL", "TEAM_BONUS"];
const SOURCE_TYPE: Parameter = Parameter::new("sourceType", "Of this kind only", Kind::OneOf(&SOURCE_TYPES));
const FROM: Parameter = Parameter::new("from", "Effective on this day or later", Kind::Day);
const TO: Parameter = Parameter::new("to", "Effective on this day or earlier", Kind::Day);

pub(crate) const GET: Spec = Spec {
    about: "Newest first.",
    query: &[SOURCE_TYPE, FROM, TO, Parameter::LIMIT, Parameter::CURSOR],
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new("An account's lines of the ledger", Gives::Json(listed::<Detail>))
};

pub(crate) const CSV: Spec = Spec {
    about: "All lines through the distribution watermark, newest first, by RFC 4180; a text that a spreadsheet would take \
        for a formula begins with an apostrophe.",
    query: &[SOURCE_TYPE, FROM, TO],
    problems: &[&codes::ACCOUNT_UNKNOWN],
    ..Spec::new("An account's lines of the ledger, as CSV", Gives::Csv)
};

pub(crate) async fn get(request: HttpRequest, query: Query, api: Shared) -> Answer {
    let (account, filter) = asked(&request, &query)?;
    let limit = query.limit()?;
    let listing = Listing::new("details", (&account, &filter));
    let before = query.cursor().map_or(Ok(Uuid::max()), |cursor| listing.uuid(cursor))?;
    let mut snapshot = api.snapshot().await?;
    let page = views::details::page(&mut snapshot, &account, &filter, before, limit).await?;
    if page.items.is_empty() && !views::account::is_known(&mut snapshot, &account).await? {
        return Err(Problem::account_unknown());
    }
    Ok(Listed::answer(page, |detail| listing.after_uuid(detail.id)))
}

pub(crate) async fn all(request: HttpRequest, query: Query, api: Shared) -> Answer {
    let (account, filter) = asked(&request, &query)?;
    let mut snapshot = api.snapshot().await?;
    if !views::account::is_known(&mut snapshot, &account).await? {
        return Err(Problem::account_unknown());
    }
    let (as_of, _) = views::as_of::read(&mut snapshot).await?;
    drop(snapshot);
    let through = as_of.distribution_seq;
    let before = domain::first_id(through + 1);
    Ok(csv::answer(Lines { api, account, filter, through, before }, through))
}

fn asked(request: &HttpRequest, query: &Query) -> Result<(AccountSequence, Filter), Problem> {
    let account = parameters::account(request)?;
    let source_type = query.one_of("sourceType", &SOURCE_TYPES)?;
    let (from, to) = query.days()?;
    Ok((account, Filter { source_type: source_type.and_then(SourceType::parse), from, to }))
}

/// The lines of an account that are being written.
struct Lines {
    api: Shared,
    account: AccountSequence,
    filter: Filter,
    through: i64,
    before: Uuid,
}

impl Export for Lines {
    const HEADER: &'static str = "id,distributionSeq,slot,sourceType,sourceAdoptionId,sourceAccountSequence,treeCount,\
        baseContribution,distributionRate,levelDepth,bonusTier,amount,effectiveDate,expireDate,isExpired";
    const FILE: &'static str = "contribution-details.csv";

    async fn page(&mut self) -> Result<(String, bool), Problem> {
        let mut connection = self.api.connection_including(self.through).await?;
        let page = views::details::page(&mut connection, &self.account, &self.filter, self.before, csv::PAGE)
            .await?;
        self.before = page.items.last().map_or(self.before, |last| last.id);
        Ok((page.items.iter().map(row).collect(), page.more))
    }
}

fn row(detail: &Detail) -> String {
    let Detail { id, distribution_seq, slot, source_type, source_adoption_id, tree_count, amount, .. } =
        detail;
    let Detail { base_contribution, distribution_rate, effective_date, expire_date, is_expired, .. } = detail;
    let source = csv::text(&detail.source_account_sequence);
    let (level, tier) = (csv::optional(detail.level_depth), csv::optional(detail.bonus_tier));
    format!(
        "{id},{distribution_seq},{slot},{source_type},{source_adoption_id},{source},{tree_count},{base_contribution},\
         {distribution_rate},{level},{tier},{amount},{effective_date},{expire_date},{is_expired}\r\n"
    )
}
