//! Entries of the journal as the auditor reads them. A value that no entry can have is an error with the reason.

use chrono::NaiveDate;
use futures::TryStreamExt;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::accounts::{Accounts, Id};
use super::amount::{Amount, parse};
use super::calendar;
use super::source::SourceRow;

/// Numbers as text, for they may hold what no Rust type takes; beside each entry its adoption's upstream row.
const JOURNAL: &str = "SELECT j.distribution_seq, j.kind, j.original_adoption_id, j.account_sequence, j.tree_count,
        j.contribution_per_tree::text AS price, j.source_price::text, j.base_amount::text AS base,
        j.adoption_date::text, j.effective_date::text, j.expire_date::text, j.plan_version, j.network_trees_before,
        j.upline, j.upline_depths, j.upline_directs, j.referrer_tiers, j.reverses_seq, j.referrer_before,
        j.referrer_after, j.effect_accounts, j.effect_live, j.effect_directs, j.numbered_day::text,
        extract(epoch FROM j.sequenced_at)::text AS sequenced_at,
        a.original_adoption_id AS row_id, a.account_sequence AS row_account, a.tree_count AS row_trees,
        a.adoption_date::text AS row_date, a.status AS row_status, a.contribution_per_tree::text AS row_price,
        a.unstorable_price IS NOT NULL AS row_unstorable,
        extract(epoch FROM a.source_created_at)::text AS row_created_at,
        a.source_deleted_at IS NOT NULL AS row_deleted, a.contribution_distributed AS row_distributed,
        a.entry_seq AS row_entry_seq, a.distribution_state AS row_state, b.state AS row_backlog
    FROM distribution_journal j
    LEFT JOIN synced_adoptions a ON a.original_adoption_id = j.original_adoption_id
    LEFT JOIN sequencer_backlog b ON b.original_adoption_id = j.original_adoption_id
    WHERE j.distribution_seq >= $1 ORDER BY j.distribution_seq LIMIT $2";

/// A row of the journal.
#[derive(Debug, sqlx::FromRow)]
pub(crate) struct JournalRow {
    pub(crate) distribution_seq: i64,
    kind: String,
    original_adoption_id: Option<Uuid>,
    account_sequence: String,
    tree_count: Option<i32>,
    price: Option<String>,
    source_price: Option<String>,
    base: Option<String>,
    adoption_date: Option<String>,
    effective_date: Option<String>,
    expire_date: Option<String>,
    plan_version: Option<i32>,
    network_trees_before: Option<i64>,
    upline: Option<Vec<Option<String>>>,
    upline_depths: Option<Vec<Option<i16>>>,
    upline_directs: Option<Vec<Option<i32>>>,
    referrer_tiers: Option<i16>,
    reverses_seq: Option<i64>,
    referrer_before: Option<String>,
    referrer_after: Option<String>,
    effect_accounts: Vec<Option<String>>,
    effect_live: Vec<Option<i32>>,
    effect_directs: Vec<Option<i32>>,
    numbered_day: String,
    sequenced_at: String,
    #[sqlx(flatten)]
    pub(crate) source: SourceRow,
}

/// The next `rows` rows of the journal, beginning with number `from`.
pub(crate) async fn read_window(
    connection: &mut PgConnection,
    from: i64,
    rows: i64,
) -> Result<Vec<JournalRow>, sqlx::Error> {
    sqlx::query_as(JOURNAL).bind(from).bind(rows).fetch(connection).try_collect().await
}

/// What an adoption's outcome depends on.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Adopted {
    pub(crate) adoption: Uuid,
    pub(crate) account: Id,
    pub(crate) trees: i32,
    pub(crate) price: Amount,
    pub(crate) source_price: Option<Amount>,
    pub(crate) base: Amount,
    pub(crate) adoption_date: NaiveDate,
    pub(crate) effective_date: NaiveDate,
    pub(crate) expire_date: NaiveDate,
    pub(crate) plan: i32,
    pub(crate) trees_before: i64,
    pub(crate) upline: Vec<Id>,
    pub(crate) depths: Vec<i64>,
    pub(crate) directs: Vec<i64>,
    /// Of the direct referrer; 0 without one.
    pub(crate) tiers: i64,
}

/// An account whose counts an entry changed, with both after it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Effect {
    pub(crate) account: Id,
    pub(crate) live: i64,
    pub(crate) directs: i64,
}

/// What kind of entry it is.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    Distribute(Adopted),
    Reverse { of: i64, copy: Adopted },
    Move { account: Id, before: Option<Id>, after: Option<Id> },
}

/// One entry.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) seq: i64,
    pub(crate) numbered_day: NaiveDate,
    /// Microseconds since 1970; the same for a whole pass.
    pub(crate) sequenced_at: i64,
    pub(crate) effects: Vec<Effect>,
    pub(crate) body: Body,
}

impl Entry {
    /// The adoption distributed or reversed.
    pub(crate) fn adopted(&self) -> Option<&Adopted> {
        match &self.body {
            Body::Distribute(adopted) | Body::Reverse { copy: adopted, .. } => Some(adopted),
            Body::Move { .. } => None,
        }
    }

    /// Reads a row: every column filled that its kind fills, and no other.
    pub(crate) fn read(row: &JournalRow, accounts: &mut Accounts) -> Result<Self, String> {
        Ok(Self {
            seq: row.distribution_seq,
            numbered_day: calendar::date(&row.numbered_day)?,
            sequenced_at: calendar::micros(&row.sequenced_at)?,
            effects: effects(row, accounts)?,
            body: body(row, accounts)?,
        })
    }
}

fn body(row: &JournalRow, accounts: &mut Accounts) -> Result<Body, String> {
    let moved = row.referrer_before.is_some() || row.referrer_after.is_some();
    match (row.kind.as_str(), row.reverses_seq) {
        ("DISTRIBUTE", None) if !moved => Ok(Body::Distribute(adopted(row, accounts)?)),
        ("REVERSE", Some(of)) if !moved => Ok(Body::Reverse { of, copy: adopted(row, accounts)? }),
        ("REFERRAL_MOVE", None) if !row.names_an_adoption() => Ok(Body::Move {
            account: accounts.intern(&row.account_sequence),
            before: row.referrer_before.as_deref().map(|name| accounts.intern(name)),
            after: row.referrer_after.as_deref().map(|name| accounts.intern(name)),
        }),
        (kind, _) => Err(format!("columns are filled that a {kind} leaves empty, or the other way round")),
    }
}

impl JournalRow {
    /// Whether a column is filled that only adoptions fill.
    fn names_an_adoption(&self) -> bool {
        self.original_adoption_id.is_some()
            || self.tree_count.is_some()
            || self.price.is_some()
            || self.source_price.is_some()
            || self.base.is_some()
            || self.adoption_date.is_some()
            || self.effective_date.is_some()
            || self.expire_date.is_some()
            || self.plan_version.is_some()
            || self.network_trees_before.is_some()
            || self.upline.is_some()
            || self.upline_depths.is_some()
            || self.upline_directs.is_some()
            || self.referrer_tiers.is_some()
    }
}

fn adopted(row: &JournalRow, accounts: &mut Accounts) -> Result<Adopted, String> {
    let upline = row.upline.as_deref().ok_or("upline is NULL")?;
    let adopted = Adopted {
        adoption: row.original_adoption_id.ok_or("original_adoption_id is NULL")?,
        account: accounts.intern(&row.account_sequence),
        trees: row.tree_count.ok_or("tree_count is NULL")?,
        price: number(row.price.as_deref(), "contribution_per_tree")?,
        source_price: row.source_price.as_deref().map(parse).transpose()?,
        base: number(row.base.as_deref(), "base_amount")?,
        adoption_date: day(row.adoption_date.as_deref(), "adoption_date")?,
        effective_date: day(row.effective_date.as_deref(), "effective_date")?,
        expire_date: day(row.expire_date.as_deref(), "expire_date")?,
        plan: row.plan_version.ok_or("plan_version is NULL")?,
        trees_before: row.network_trees_before.ok_or("network_trees_before is NULL")?,
        upline: names(upline, accounts)?,
        depths: whole(row.upline_depths.as_deref(), "upline_depths")?,
        directs: whole(row.upline_directs.as_deref(), "upline_directs")?,
        tiers: row.referrer_tiers.unwrap_or(0).into(),
    };
    let length = adopted.upline.len();
    if length > 15 || adopted.depths.len() != length || adopted.directs.len() != length {
        return Err(format!(
            "upline, depths and directs name {length}, {}, {} accounts",
            adopted.depths.len(),
            adopted.directs.len()
        ));
    }
    Ok(adopted)
}

fn number(text: Option<&str>, column: &str) -> Result<Amount, String> {
    parse(text.ok_or_else(|| format!("{column} is NULL"))?)
}

fn day(text: Option<&str>, column: &str) -> Result<NaiveDate, String> {
    calendar::date(text.ok_or_else(|| format!("{column} is NULL"))?)
}

fn names(names: &[Option<String>], accounts: &mut Accounts) -> Result<Vec<Id>, String> {
    names
        .iter()
        .map(|name| name.as_deref().map(|name| accounts.intern(name)).ok_or("an account is NULL".to_owned()))
        .collect()
}

fn whole<N: Copy + Into<i64>>(numbers: Option<&[Option<N>]>, column: &str) -> Result<Vec<i64>, String> {
    let numbers: Option<Vec<i64>> =
        numbers.and_then(|all| all.iter().map(|one| one.map(Into::into)).collect());
    numbers.ok_or_else(|| format!("{column} is NULL or holds one"))
}

fn effects(row: &JournalRow, accounts: &mut Accounts) -> Result<Vec<Effect>, String> {
    let named = names(&row.effect_accounts, accounts)?;
    let live = whole(Some(&row.effect_live), "effect_live")?;
    let directs = whole(Some(&row.effect_directs), "effect_directs")?;
    if live.len() != named.len() || directs.len() != named.len() {
        return Err("the effects' arrays differ in length".to_owned());
    }
    let counts = live.into_iter().zip(directs);
    Ok(named
        .into_iter()
        .zip(counts)
        .map(|(account, (live, directs))| Effect { account, live, directs })
        .collect())
}
