//! What clients send, parsed before anything is asked of the database. Each refusal names its parameter.

use std::borrow::Cow;
use std::collections::HashMap;
use std::future::{Ready, ready};

use actix_web::dev::Payload;
use actix_web::{FromRequest, HttpRequest, web};
use chrono::NaiveDate;
use domain::{AccountSequence, SystemAccount};
use percent_encoding::percent_decode_str;
use uuid::Uuid;

use crate::codes::{self, Code};
use crate::problem::Problem;

/// Rows of a page when nothing is said.
pub const DEFAULT_LIMIT: i64 = 50;
/// Rows of a page at most.
pub const MAX_LIMIT: i64 = 500;

/// A query parameter that a route takes.
#[derive(Debug)]
pub struct Parameter {
    /// Its name.
    pub name: &'static str,
    /// What it chooses.
    pub about: &'static str,
    /// What it may be.
    pub kind: Kind,
}

/// What a query parameter may be.
#[derive(Debug, Clone, Copy)]
pub enum Kind {
    /// Any text.
    Text,
    /// A day: `2026-01-31`.
    Day,
    /// One of these.
    OneOf(&'static [&'static str]),
    /// How many rows at most.
    Limit,
    /// Where the page begins.
    Cursor,
    /// A `distribution_seq`.
    Seq,
}

impl Kind {
    /// With what another value is refused.
    pub fn refusal(self) -> Option<&'static Code> {
        match self {
            Self::Text => None,
            Self::Day => Some(&codes::INVALID_DATE),
            Self::OneOf(_) | Self::Seq => Some(&codes::INVALID_VALUE),
            Self::Limit => Some(&codes::INVALID_LIMIT),
            Self::Cursor => Some(&codes::INVALID_CURSOR),
        }
    }
}

impl Parameter {
    /// `limit`.
    pub const LIMIT: Self = Self::new("limit", "Rows of a page at most", Kind::Limit);
    /// `cursor`.
    pub const CURSOR: Self =
        Self::new("cursor", "`nextCursor` of the page before, with the same filters", Kind::Cursor);

    /// A parameter.
    pub const fn new(name: &'static str, about: &'static str, kind: Kind) -> Self {
        Self { name, about, kind }
    }
}

/// What every route takes.
pub static EVERYWHERE: [Parameter; 1] = [Parameter::new(
    "minSeq",
    "The answer includes this entry: waits for it two seconds at most. What is kept for a moment may be older (`/sync-status`, \
        `/conservation`)",
    Kind::Seq,
)];

/// `minSeq`.
pub fn min_seq(query: &str) -> Result<Option<i64>, Problem> {
    // a query that cannot be read is refused where its names are checked
    let given = pairs(query).unwrap_or_default();
    let Some((name, text)) = given.into_iter().rfind(|(name, _)| name == EVERYWHERE[0].name) else {
        return Ok(None);
    };
    let parsed = text.parse().ok().filter(|seq| *seq >= 0);
    parsed.map(Some).ok_or_else(|| {
        Problem::parameter(&codes::INVALID_VALUE, name, "it is a distribution_seq: a whole number")
    })
}

/// Refuses a query with a parameter that is none of `known`.
pub fn check_names(query: &str, known: &[Parameter]) -> Result<(), Problem> {
    let known = || known.iter().chain(&EVERYWHERE);
    let unknown = pairs(query)?.into_iter().find(|(name, _)| known().all(|known| known.name != name));
    let Some((name, _)) = unknown else { return Ok(()) };
    let names: Vec<&str> = known().map(|known| known.name).collect();
    let takes = format_args!("this route takes {}", names.join(", "));
    Err(Problem::parameter(&codes::UNKNOWN_PARAMETER, name, takes))
}

fn pairs(query: &str) -> Result<Vec<(String, String)>, Problem> {
    let parsed = web::Query::<Vec<(String, String)>>::from_query(query);
    parsed.map(web::Query::into_inner).map_err(|_| Problem::of(&codes::INVALID_QUERY))
}

/// `/api/v1/{noun}/{name}`: where noun and name stand when the path is split at `/`.
const NOUN_SEGMENT: usize = 3;
const NAME_SEGMENT: usize = 4;
/// `/api/v1/snapshots/{date}/accounts/{name}`: where the account stands.
const SNAPSHOT_ACCOUNT_SEGMENT: usize = 6;
/// `/api/v1/contributions/{name}/as-of/{date}`: where the day stands.
const AS_OF_SEGMENT: usize = 6;

/// A segment of `/api/v1/{noun}/{name}…`, decoded. An encoded `/` does not divide a path, so a segment is decoded here,
/// from the path as it was sent, after it has been divided.
fn segment(request: &HttpRequest, place: usize) -> Option<String> {
    let segment = request.uri().path().split('/').nth(place)?;
    percent_decode_str(segment).decode_utf8().ok().map(Cow::into_owned)
}

/// The name in `/api/v1/{noun}/{name}…`.
fn name(request: &HttpRequest) -> Option<String> {
    segment(request, NAME_SEGMENT)
}

fn account_name(request: &HttpRequest) -> Result<String, Problem> {
    let of_snapshot = segment(request, NOUN_SEGMENT).is_some_and(|noun| noun == "snapshots");
    segment(request, if of_snapshot { SNAPSHOT_ACCOUNT_SEGMENT } else { NAME_SEGMENT })
        .ok_or_else(|| refused_account("an account sequence is UTF-8"))
}

fn refused_account(why: impl std::fmt::Display) -> Problem {
    Problem::parameter(&codes::INVALID_ACCOUNT_SEQUENCE, "accountSequence", why)
}

/// The account in the path, or 400 `invalid_account_sequence`.
pub fn account(request: &HttpRequest) -> Result<AccountSequence, Problem> {
    AccountSequence::parse(&account_name(request)?).map_err(refused_account)
}

/// The account or, as `SYS-…`, the system account in the path, or 400 `invalid_account_sequence`.
pub fn holder(request: &HttpRequest) -> Result<String, Problem> {
    let name = account_name(request)?;
    if !SystemAccount::ALL.iter().any(|system| system.ledger_name() == name) {
        AccountSequence::parse(&name).map_err(refused_account)?;
    }
    Ok(name)
}

/// The day of the snapshot in the path, or 400 `invalid_date`.
pub fn snapshot_date(request: &HttpRequest) -> Result<NaiveDate, Problem> {
    name(request).and_then(|text| day(&text)).ok_or_else(|| refused_day("date"))
}

/// The day in `/contributions/{accountSequence}/as-of/{date}`, or 400 `invalid_date`.
pub fn as_of_date(request: &HttpRequest) -> Result<NaiveDate, Problem> {
    segment(request, AS_OF_SEGMENT).and_then(|text| day(&text)).ok_or_else(|| refused_day("date"))
}

fn day(text: &str) -> Option<NaiveDate> {
    // The parser alone would also take 2026-1-31.
    NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().filter(|_| text.len() == 10)
}

fn refused_day(parameter: &'static str) -> Problem {
    Problem::parameter(&codes::INVALID_DATE, parameter, "a day reads YYYY-MM-DD")
}

/// The adoption in the path, or 400 `invalid_adoption_id`.
pub fn adoption(request: &HttpRequest) -> Result<Uuid, Problem> {
    let parsed = name(request).and_then(|name| Uuid::try_parse(&name).ok());
    parsed.ok_or_else(|| {
        Problem::parameter(&codes::INVALID_ADOPTION_ID, "originalAdoptionId", "it is not a UUID")
    })
}

/// The request of an operator in the path, or 400 `invalid_value`.
pub fn request_id(request: &HttpRequest) -> Result<i64, Problem> {
    let parsed = name(request).and_then(|name| name.parse().ok());
    parsed.ok_or_else(|| Problem::parameter(&codes::INVALID_VALUE, "requestId", "it is not a number"))
}

/// The query, by name; of a parameter sent twice the last counts.
#[derive(Debug, Clone, Default)]
pub struct Query(HashMap<String, String>);

impl FromRequest for Query {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(pairs(request.query_string()).map(|pairs| Self(pairs.into_iter().collect())))
    }
}

impl Query {
    fn value(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// The text of `name`; an empty one counts as left out.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.value(name).filter(|text| !text.is_empty())
    }

    /// A day: `2026-01-31`.
    pub fn date(&self, name: &'static str) -> Result<Option<NaiveDate>, Problem> {
        let Some(text) = self.value(name) else { return Ok(None) };
        day(text).map(Some).ok_or_else(|| refused_day(name))
    }

    /// Days `from` to `to`, both included.
    pub fn days(&self) -> Result<(Option<NaiveDate>, Option<NaiveDate>), Problem> {
        let (from, to) = (self.date("from")?, self.date("to")?);
        if let (Some(from), Some(to)) = (from, to)
            && to < from
        {
            return Err(Problem::parameter(&codes::INVALID_DATE, "to", "it is before `from`"));
        }
        Ok((from, to))
    }

    /// How many rows at most.
    pub fn limit(&self) -> Result<i64, Problem> {
        let Some(text) = self.value("limit") else { return Ok(DEFAULT_LIMIT) };
        let parsed = text.parse().ok().filter(|limit| (1..=MAX_LIMIT).contains(limit));
        parsed.ok_or_else(|| {
            Problem::parameter(&codes::INVALID_LIMIT, "limit", "a limit is a number from 1 to 500")
        })
    }

    /// Where the page begins.
    pub fn cursor(&self) -> Option<&str> {
        self.text("cursor")
    }

    /// One of `allowed`, which the refusal lists.
    pub fn one_of(
        &self,
        name: &'static str,
        allowed: &[&'static str],
    ) -> Result<Option<&'static str>, Problem> {
        let Some(text) = self.value(name) else { return Ok(None) };
        let found = allowed.iter().find(|word| **word == text).copied();
        let refused =
            || Problem::parameter(&codes::INVALID_VALUE, name, format_args!("one of {}", allowed.join(", ")));
        found.map(Some).ok_or_else(refused)
    }
}
