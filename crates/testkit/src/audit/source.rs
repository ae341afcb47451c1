//! An adoption's upstream row against its latest entry (RULES section 3, "Change after numbering").

use std::collections::HashSet;

use chrono::NaiveDate;
use sqlx::types::Uuid;

use super::Options;
use super::accounts::Accounts;
use super::amount::{Amount, parse};
use super::calendar;
use super::entry::{Adopted, Body, Entry};
use super::report::{Check, Findings};

/// Columns of `synced_adoptions`, and the state of the sequencer's backlog; all NULL where there is no row.
#[derive(Debug, Clone, sqlx::FromRow)]
pub(crate) struct SourceRow {
    #[sqlx(rename = "row_id")]
    pub(crate) id: Option<Uuid>,
    #[sqlx(rename = "row_account")]
    pub(crate) account: Option<String>,
    #[sqlx(rename = "row_trees")]
    pub(crate) trees: Option<i32>,
    #[sqlx(rename = "row_date")]
    pub(crate) date: Option<String>,
    #[sqlx(rename = "row_status")]
    pub(crate) status: Option<String>,
    #[sqlx(rename = "row_price")]
    pub(crate) price: Option<String>,
    #[sqlx(rename = "row_unstorable")]
    pub(crate) unstorable: bool,
    #[sqlx(rename = "row_created_at")]
    pub(crate) created_at: Option<String>,
    #[sqlx(rename = "row_deleted")]
    pub(crate) deleted: bool,
    #[sqlx(rename = "row_distributed")]
    pub(crate) distributed: Option<bool>,
    #[sqlx(rename = "row_entry_seq")]
    pub(crate) entry_seq: Option<i64>,
    #[sqlx(rename = "row_state")]
    pub(crate) state: Option<String>,
    #[sqlx(rename = "row_backlog")]
    pub(crate) backlog: Option<String>,
}

impl SourceRow {
    /// When it was made upstream; unknown comes last.
    pub(crate) fn created_at(&self) -> Result<i64, String> {
        self.created_at.as_deref().map_or(Ok(i64::MAX), calendar::micros)
    }

    pub(crate) fn eligible(&self, options: &Options) -> bool {
        let ineligible =
            |status: &str| options.ineligible_statuses.iter().any(|one| one.eq_ignore_ascii_case(status));
        !self.deleted && !self.status.as_deref().is_some_and(ineligible)
    }

    pub(crate) fn date(&self) -> Result<NaiveDate, String> {
        calendar::date(self.date.as_deref().ok_or("adoption_date is NULL")?)
    }

    pub(crate) fn price(&self) -> Result<Option<Amount>, String> {
        self.price.as_deref().map(parse).transpose()
    }

    /// Whether upstream's values are still those that were distributed. A price taken away is no change; one that
    /// cannot be stored is an anomaly, and then nothing ought to be distributed.
    fn agrees(&self, adopted: &Adopted, accounts: &Accounts) -> Result<bool, String> {
        let price = self.price()?;
        Ok(self.account.as_deref() == Some(accounts.name(adopted.account))
            && self.trees == Some(adopted.trees)
            && self.date()? == adopted.adoption_date
            && (price.is_none() || price == adopted.source_price))
    }
}

/// Which adoptions the sequencer has still to look at.
#[derive(Debug, Default)]
pub(crate) struct Unsettled(pub(crate) HashSet<Uuid>);

impl Unsettled {
    /// Whether nothing more is to be done with the row as it stands.
    pub(crate) fn at_rest(&self, row: &SourceRow) -> bool {
        !matches!(row.backlog.as_deref(), Some("changed" | "ready"))
            && !row.id.is_some_and(|id| self.0.contains(&id))
    }
}

/// Judges the row of an adoption whose latest entry is `entry`.
pub(crate) fn judge(
    (entry, carried_out): (&Entry, bool),
    row: &SourceRow,
    (options, unsettled): (&Options, &Unsettled),
    accounts: &Accounts,
    findings: &mut Findings,
) {
    let Some(adopted) = entry.adopted() else { return };
    let (id, seq) = (adopted.adoption, entry.seq);
    let distributed = matches!(entry.body, Body::Distribute(_));
    findings.check(Check::AdoptionsMarks, row.entry_seq == Some(seq), || {
        format!("{id}: entry_seq is {:?}, its latest entry {seq}", row.entry_seq)
    });
    let marked = distributed && carried_out;
    findings.check(Check::AdoptionsMarks, row.distributed == Some(marked), || {
        format!("{id}: contribution_distributed is {:?}, expected {marked}", row.distributed)
    });
    if !distributed || !unsettled.at_rest(row) {
        return;
    }
    let agrees = row.agrees(adopted, accounts).map(|agrees| agrees && row.eligible(options));
    findings.check(Check::AdoptionsSource, agrees == Ok(true), || {
        let why = agrees.err().unwrap_or_else(|| "its row is not eligible or says otherwise".to_owned());
        format!("{id} was distributed by entry {seq}: {why}")
    });
    let state = if carried_out { "distributed" } else { "sequenced" };
    findings.check(Check::AdoptionsState, row.state.as_deref() == Some(state), || {
        format!("{id}: distribution_state is {:?}, expected {state}", row.state)
    });
}
