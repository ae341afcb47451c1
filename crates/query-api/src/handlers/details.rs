//! `GET /contributions/{accountSequence}/details`: an account's lines, newest first; and the same as CSV.
//!
//! The CSV holds the lines of all entries through the distribution watermark at its start, which never change any
//! more: so it is read page by page, as the client takes it, without a transaction that stays open meanwhile.

use actix_web::{HttpRequest, HttpResponse, web};
use domain::{AccountSequence, SourceType};
use futures::stream::try_unfold;
use persistence::views;
use persistence::views::details::{Detail, Filter};
use uuid::Uuid;

use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::parameters::{self, Query};
use crate::problem::Problem;

/// Lines that are in memory at a time while a CSV is written.
const CSV_PAGE: i64 = 1000;
const CSV_HEADER: &str = "id,distributionSeq,slot,sourceType,sourceAdoptionId,sourceAccountSequence,treeCount,\
    baseContribution,distributionRate,levelDepth,bonusTier,amount,effectiveDate,expireDate,isExpired\r\n";

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

pub(crate) async fn csv(request: HttpRequest, query: Query, api: Shared) -> Answer {
    let (account, filter) = asked(&request, &query)?;
    let mut snapshot = api.snapshot().await?;
    if !views::account::is_known(&mut snapshot, &account).await? {
        return Err(Problem::account_unknown());
    }
    let (as_of, _) = views::as_of::read(&mut snapshot).await?;
    drop(snapshot);
    let export = Export { api, account, filter, before: domain::first_id(as_of.distribution_seq + 1) };
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header(("content-disposition", "attachment; filename=\"contribution-details.csv\""))
        .insert_header(("x-distribution-seq", as_of.distribution_seq))
        .streaming(try_unfold(Next::Header(export), Next::write)))
}

fn asked(request: &HttpRequest, query: &Query) -> Result<(AccountSequence, Filter), Problem> {
    let account = parameters::account(request)?;
    let source_type = query.one_of("sourceType", &SourceType::ALL.map(SourceType::as_str))?;
    let (from, to) = query.days()?;
    Ok((account, Filter { source_type: source_type.and_then(SourceType::parse), from, to }))
}

/// A CSV that is being written.
struct Export {
    api: Shared,
    account: AccountSequence,
    filter: Filter,
    before: Uuid,
}

/// What is to be written next.
enum Next {
    Header(Export),
    Page(Export),
    Nothing,
}

impl Next {
    async fn write(self) -> Result<Option<(web::Bytes, Self)>, Problem> {
        match self {
            Self::Header(export) => {
                Ok(Some((web::Bytes::from_static(CSV_HEADER.as_bytes()), Self::Page(export))))
            }
            Self::Page(export) => export.page().await.map(Some),
            Self::Nothing => Ok(None),
        }
    }
}

impl Export {
    async fn page(mut self) -> Result<(web::Bytes, Next), Problem> {
        let mut connection = self.api.connection().await?;
        let page =
            views::details::page(&mut connection, &self.account, &self.filter, self.before, CSV_PAGE).await?;
        drop(connection);
        let text: String = page.items.iter().map(row).collect();
        match page.items.last() {
            Some(last) if page.more => {
                self.before = last.id;
                Ok((text.into(), Next::Page(self)))
            }
            _ => Ok((text.into(), Next::Nothing)),
        }
    }
}

fn row(detail: &Detail) -> String {
    let optional = |value: Option<i32>| value.map_or_else(String::new, |value| value.to_string());
    let Detail { id, distribution_seq, slot, source_type, source_adoption_id, tree_count, amount, .. } =
        detail;
    let Detail { base_contribution, distribution_rate, effective_date, expire_date, is_expired, .. } = detail;
    let source = text(&detail.source_account_sequence);
    let (level, tier) = (optional(detail.level_depth), optional(detail.bonus_tier));
    format!(
        "{id},{distribution_seq},{slot},{source_type},{source_adoption_id},{source},{tree_count},{base_contribution},\
         {distribution_rate},{level},{tier},{amount},{effective_date},{expire_date},{is_expired}\r\n"
    )
}

/// A field of free text: quoted where CSV asks for it, and begun with an apostrophe where a spreadsheet would take it
/// for a formula.
fn text(value: &str) -> String {
    let formula = value.starts_with(['=', '+', '-', '@', '\t', '\r']);
    let guarded = if formula { format!("'{value}") } else { value.to_owned() };
    if guarded.contains([',', '"', '\n', '\r', '\'', ';']) {
        format!("\"{}\"", guarded.replace('"', "\"\""))
    } else {
        guarded
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn a_name_that_looks_like_a_formula_stays_text() {
        assert_eq!(text("D25122700015"), "D25122700015");
        assert_eq!(text("=1+1"), "\"'=1+1\"");
        assert_eq!(text("@SUM(A1)"), "\"'@SUM(A1)\"");
        assert_eq!(text("-1"), "\"'-1\"");
        assert_eq!(text("+1"), "\"'+1\"");
        assert_eq!(text("a,b"), "\"a,b\"");
        assert_eq!(text("a\"b"), "\"a\"\"b\"");
    }
}
