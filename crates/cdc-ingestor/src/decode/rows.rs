//! The columns that we keep of each table, out of a row as it came.

use std::borrow::Cow;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, SourcePrice};
use persistence::referral_tree::join_path;
use runtime::settings::ColumnMap;
use serde_json::value::RawValue;

use super::envelope::RowSchema;
use super::fields::{Fields, text};
use super::refusal::{Code, Refusal};
use super::{decimal, time};

/// What stands in place of a large value that an update did not touch.
const UNCHANGED: &str = "__debezium_unavailable_value";
/// What stands in place of a phone number in a dead letter; replayed, it keeps the one that is stored.
pub const REDACTED: &str = "[redacted]";
/// Longest phone and status, in characters.
const SHORT_TEXT: usize = 20;

/// A column's value, or that it is as before.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell<T> {
    /// This value.
    Is(T),
    /// Unchanged and left out.
    Unchanged,
}

impl<T> Cell<T> {
    /// The value, or the one stored.
    pub fn or(self, stored: Option<T>) -> Option<T> {
        match self {
            Self::Is(value) => Some(value),
            Self::Unchanged => stored,
        }
    }
}

/// A row of the users as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UserRow {
    /// `account_sequence`
    pub account: Cell<AccountSequence>,
    /// `phone`
    pub phone: Cell<Option<String>>,
    /// `status`
    pub status: Cell<Option<String>>,
    /// `created_at`
    pub created_at: Option<DateTime<Utc>>,
}

/// A row of the adoptions as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AdoptionRow {
    /// `account_sequence`
    pub account: Cell<AccountSequence>,
    /// `tree_count`
    pub tree_count: i32,
    /// `adoption_date`
    pub adoption_date: NaiveDate,
    /// `status`
    pub status: Cell<Option<String>>,
    /// `contribution_per_tree`
    pub price: Cell<SourcePrice>,
    /// `created_at`
    pub created_at: Option<DateTime<Utc>>,
}

/// A row of the referrals as it came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferralRow {
    /// `account_sequence`
    pub account: Cell<AccountSequence>,
    /// `referrer_account_sequence`
    pub referrer: Cell<Option<AccountSequence>>,
    /// `ancestor_path`, brought to our own form; upstream separates by `/` or `,`
    pub ancestor_path: Cell<Option<String>>,
    /// `depth`
    pub depth: Option<i32>,
    /// `created_at`
    pub created_at: Option<DateTime<Utc>>,
}

/// A row of a heartbeat table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BeatRow {
    /// `beat_at`; None: not a time.
    pub beat_at: Option<DateTime<Utc>>,
}

/// A row that can be read out of a message.
pub trait FromRow: Sized {
    /// The word for the table where a person reads it.
    const TABLE: &'static str;
    /// Reads the columns; `id` and unknown ones are left alone.
    #[doc(hidden)]
    fn from_row(row: &Row<'_>) -> Result<Self, Refusal>;
}

/// A row with what is needed to read it.
#[derive(Debug)]
pub struct Row<'a> {
    pub(super) fields: Fields<'a>,
    pub(super) columns: &'a ColumnMap,
    pub(super) schema: RowSchema<'a>,
    pub(super) price_scale: i32,
    pub(super) keep_phones: bool,
}

impl FromRow for UserRow {
    const TABLE: &'static str = "users";

    fn from_row(row: &Row<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            account: row.account()?,
            phone: if row.keep_phones { row.short_text("phone")? } else { Cell::Is(None) },
            status: row.short_text("status")?,
            created_at: row.instant("created_at"),
        })
    }
}

impl FromRow for AdoptionRow {
    const TABLE: &'static str = "adoptions";

    fn from_row(row: &Row<'_>) -> Result<Self, Refusal> {
        Ok(Self {
            account: row.account()?,
            tree_count: row.tree_count()?,
            adoption_date: row.date("adoption_date")?,
            status: row.short_text("status")?,
            price: row.price()?,
            created_at: row.instant("created_at"),
        })
    }
}

impl FromRow for ReferralRow {
    const TABLE: &'static str = "referral_relations";

    fn from_row(row: &Row<'_>) -> Result<Self, Refusal> {
        let account = row.account()?;
        let own = match &account {
            Cell::Is(account) => account.as_str(),
            Cell::Unchanged => "",
        };
        Ok(Self {
            referrer: row.referrer()?,
            ancestor_path: row.ancestor_path(own),
            depth: row.integer("depth").and_then(|depth| i32::try_from(depth).ok()),
            created_at: row.instant("created_at"),
            account,
        })
    }
}

impl FromRow for BeatRow {
    const TABLE: &'static str = "heartbeat";

    fn from_row(row: &Row<'_>) -> Result<Self, Refusal> {
        Ok(Self { beat_at: row.instant("beat_at") })
    }
}

impl<'a> Row<'a> {
    /// The source's name of our field.
    pub(super) fn column(&self, field: &'a str) -> &'a str {
        self.columns.get(field).map_or(field, String::as_str)
    }

    /// The raw value of our field; None: null, or no such column.
    pub(super) fn value(&self, field: &'a str) -> Option<&'a RawValue> {
        self.fields.some(self.column(field))
    }

    fn missing(&self, field: &'a str) -> Refusal {
        Refusal::field(Code::MissingField, self.column(field))
    }

    fn bad(&self, field: &'a str) -> Refusal {
        Refusal::field(Code::BadField, self.column(field))
    }

    fn account(&self) -> Result<Cell<AccountSequence>, Refusal> {
        let field = "account_sequence";
        let value = self.value(field).ok_or_else(|| self.missing(field))?;
        self.parse_account(field, value)
    }

    /// NULL says that there is no referrer; a column that is not there says nothing, and nobody becomes a root by it.
    fn referrer(&self) -> Result<Cell<Option<AccountSequence>>, Refusal> {
        let field = "referrer_account_sequence";
        if !self.fields.has(self.column(field)) {
            return Err(self.missing(field));
        }
        let Some(value) = self.value(field) else { return Ok(Cell::Is(None)) };
        Ok(match self.parse_account(field, value)? {
            Cell::Is(account) => Cell::Is(Some(account)),
            Cell::Unchanged => Cell::Unchanged,
        })
    }

    fn parse_account(&self, field: &'a str, value: &RawValue) -> Result<Cell<AccountSequence>, Refusal> {
        let text = plain(value).ok_or_else(|| self.bad(field))?;
        if text == UNCHANGED {
            return Ok(Cell::Unchanged);
        }
        AccountSequence::parse(&text)
            .map(Cell::Is)
            .map_err(|error| Refusal::field(Code::AccountSequence, self.column(field)).because(error))
    }

    fn short_text(&self, field: &'a str) -> Result<Cell<Option<String>>, Refusal> {
        let Some(value) = self.value(field) else { return Ok(Cell::Is(None)) };
        let text = plain(value).ok_or_else(|| self.bad(field))?;
        if text == UNCHANGED || text == REDACTED {
            return Ok(Cell::Unchanged);
        }
        if text.chars().count() > SHORT_TEXT || text.contains('\0') {
            return Err(self.bad(field).because("too long, or holds a NUL"));
        }
        Ok(Cell::Is(Some(text.into_owned())))
    }

    fn tree_count(&self) -> Result<i32, Refusal> {
        let field = "tree_count";
        let value = self.value(field).ok_or_else(|| self.missing(field))?;
        value.get().parse().map_err(|_| self.bad(field))
    }

    fn date(&self, field: &'a str) -> Result<NaiveDate, Refusal> {
        let value = self.value(field).ok_or_else(|| self.missing(field))?;
        let date = match text(value) {
            Some(text) => time::date_of_text(&text),
            None => time::date_of_days(value.get().parse().map_err(|_| self.bad(field))?),
        };
        date.ok_or_else(|| Refusal::field(Code::DateRange, self.column(field)))
    }

    fn price(&self) -> Result<Cell<SourcePrice>, Refusal> {
        let field = "contribution_per_tree";
        let Some(value) = self.value(field) else { return Ok(Cell::Is(SourcePrice::Unpriced)) };
        if text(value).is_some_and(|text| text == UNCHANGED) {
            return Ok(Cell::Unchanged);
        }
        decimal::price(value, self.column(field), self.schema, self.price_scale).map(Cell::Is)
    }

    /// Only orders adoptions and is never a reason to refuse one: what is no time is unknown.
    fn instant(&self, field: &'a str) -> Option<DateTime<Utc>> {
        let value = self.value(field)?;
        match text(value) {
            Some(text) => time::instant_of_text(&text),
            None => time::instant_of_integer(value.get().parse().ok()?),
        }
    }

    fn integer(&self, field: &'a str) -> Option<i64> {
        self.value(field)?.get().parse().ok()
    }

    /// Only compared, so what is no text is unknown. Some upstreams end the path with the account itself.
    fn ancestor_path(&self, own: &str) -> Cell<Option<String>> {
        let Some(path) = self.value("ancestor_path").and_then(text) else { return Cell::Is(None) };
        if path == UNCHANGED {
            return Cell::Unchanged;
        }
        let path = path.trim_end_matches(['/', ',']);
        let path = match path.strip_suffix(own) {
            Some(above) if above.is_empty() || above.ends_with(['/', ',']) => above,
            _ => path,
        };
        Cell::Is(Some(join_path(
            path.split(['/', ',']).map(str::trim).filter(|segment| !segment.contains('\0')),
        )))
    }
}

/// A string, or a number as it is spelled.
fn plain(value: &RawValue) -> Option<Cow<'_, str>> {
    match value.get().as_bytes().first()? {
        b'"' => text(value),
        b'-' | b'0'..=b'9' => Some(Cow::Borrowed(value.get())),
        _ => None,
    }
}
