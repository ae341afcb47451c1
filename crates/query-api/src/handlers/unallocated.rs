//! `GET /unallocated`: what nobody could receive, newest first.

use persistence::views;
use persistence::views::unallocated::Unallocated;
use uuid::Uuid;

use super::csv::{self, Export};
use super::{Answer, Listed, Shared};
use crate::cursor::Listing;
use crate::openapi::spec::{Gives, Spec, listed};
use crate::parameters::{Parameter, Query};
use crate::problem::Problem;

pub(crate) const LIST: Spec = Spec {
    about: "Newest first.",
    query: &[Parameter::LIMIT, Parameter::CURSOR],
    ..Spec::new("Lines that nobody could receive", Gives::Json(listed::<Unallocated>))
};

pub(crate) const CSV: Spec = Spec {
    about: "All lines through the distribution watermark, newest first.",
    ..Spec::new("Lines that nobody could receive, as CSV", Gives::Csv)
};

pub(crate) async fn list(query: Query, api: Shared) -> Answer {
    let limit = query.limit()?;
    let listing = Listing::new("unallocated", ());
    let before = query.cursor().map_or(Ok(Uuid::max()), |cursor| listing.uuid(cursor))?;
    let mut connection = api.connection().await?;
    let page = views::unallocated::page(&mut connection, before, limit).await?;
    Ok(Listed::answer(page, |line| listing.after_uuid(line.id)))
}

pub(crate) async fn all(api: Shared) -> Answer {
    let through = csv::through(&api).await?;
    Ok(csv::answer(Lines { api, through, before: domain::first_id(through + 1) }, through))
}

/// The lines that are being written.
struct Lines {
    api: Shared,
    through: i64,
    before: Uuid,
}

impl Export for Lines {
    const HEADER: &'static str = "id,distributionSeq,slot,sourceAdoptionId,sourceAccountSequence,unallocType,\
        wouldBeAccountSequence,levelDepth,amount,reason,allocatedToHeadquarters,effectiveDate,expireDate";
    const FILE: &'static str = "unallocated.csv";

    async fn page(&mut self) -> Result<(String, bool), Problem> {
        let mut connection = self.api.connection_including(self.through).await?;
        let page = views::unallocated::page(&mut connection, self.before, csv::PAGE).await?;
        self.before = page.items.last().map_or(self.before, |last| last.id);
        Ok((page.items.iter().map(row).collect(), page.more))
    }
}

fn row(line: &Unallocated) -> String {
    let Unallocated { id, distribution_seq, slot, source_adoption_id, unalloc_type, amount, .. } = line;
    let Unallocated { allocated_to_headquarters, effective_date, expire_date, .. } = line;
    let source = csv::text(&line.source_account_sequence);
    let would_be = csv::optional_text(line.would_be_account_sequence.as_deref());
    let (level, reason) = (csv::optional(line.level_depth), csv::optional_text(line.reason.as_deref()));
    format!(
        "{id},{distribution_seq},{slot},{source_adoption_id},{source},{unalloc_type},{would_be},{level},{amount},\
         {reason},{allocated_to_headquarters},{effective_date},{expire_date}\r\n"
    )
}
