//! Rows of upstream's tables beside the rows that are kept of them, as text that is the same on both sides.
//!
//! A row becomes an array of texts ([`Field`]), its hash the first 64 bits of that array's SHA-256. Ids are spread over
//! [`RANGES`] by their first byte; the sum of a range's hashes does not depend on an order, so that nobody sorts. Which
//! columns there are is known only when upstream has been asked, so the statements are put together from a [`Side`] and
//! checked when they run: names are quoted, values are bound. Nothing here writes or locks; one round trip a function.

use std::collections::HashMap;

use sqlx::{FromRow, PgConnection};
use uuid::Uuid;

use crate::Result;

/// One for each first byte of an id.
pub const RANGES: usize = 256;

/// A table that is copied.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Table {
    /// The users.
    Users,
    /// The adoptions.
    Adoptions,
    /// The referrals.
    Referrals,
}

/// How a column's value becomes text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    /// As it is.
    Text,
    /// An integer.
    Integer,
    /// `2026-01-31`
    Date,
    /// A decimal without trailing zeros.
    Price,
    /// Microseconds since 1970; NULL outside of the years 1 to 9999, which are not kept.
    Instant,
}

/// A column that is compared.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Field {
    /// Our name of it, as in `[cdc.columns]`.
    pub(crate) name: &'static str,
    pub(crate) form: Form,
    /// The column of the synced table.
    column: &'static str,
}

const fn field(name: &'static str, form: Form, column: &'static str) -> Field {
    Field { name, form, column }
}

pub(crate) const ACCOUNT: Field = field("account_sequence", Form::Text, "account_sequence");
const STATUS: Field = field("status", Form::Text, "status");
/// Without `phone`, which no hash and no difference shall tell of.
const USERS: [Field; 3] = [ACCOUNT, STATUS, field("created_at", Form::Instant, "created_at")];
const ADOPTIONS: [Field; 6] = [
    ACCOUNT,
    field("tree_count", Form::Integer, "tree_count"),
    field("adoption_date", Form::Date, "adoption_date"),
    STATUS,
    field("contribution_per_tree", Form::Price, "contribution_per_tree"),
    field("created_at", Form::Instant, "source_created_at"),
];
/// Without `ancestor_path`: it is kept in a form of our own, only to be compared with what follows from the referrers.
const REFERRALS: [Field; 4] = [
    ACCOUNT,
    field("referrer_account_sequence", Form::Text, "referrer_account_sequence"),
    field("depth", Form::Integer, "source_depth"),
    field("created_at", Form::Instant, "source_created_at"),
];

impl Table {
    pub(crate) const fn fields(self) -> &'static [Field] {
        match self {
            Self::Users => &USERS,
            Self::Adoptions => &ADOPTIONS,
            Self::Referrals => &REFERRALS,
        }
    }
}

/// One of the two tables, with the expressions that make texts of its columns.
#[derive(Debug, Clone)]
pub struct Side {
    pub(crate) from: String,
    pub(crate) only: &'static str,
    pub(crate) id: String,
    pub(crate) fields: Vec<(&'static str, String)>,
}

/// The rows of a range.
#[derive(Debug, Clone, PartialEq, Eq, Default, FromRow)]
pub struct RangeSum {
    /// How many.
    pub rows: i64,
    /// Sum of their hashes, as text.
    pub hashes: String,
}

impl Side {
    /// The live rows that are kept, with the columns that the `upstream` side has.
    pub fn synced(table: Table, upstream: &Self) -> Self {
        let (from, only, id) = match table {
            Table::Users => {
                ("synced_users", "source_deleted_at IS NULL AND NOT displaced", "original_user_id")
            }
            Table::Adoptions => ("synced_adoptions", "source_deleted_at IS NULL", "original_adoption_id"),
            Table::Referrals => {
                ("synced_referrals", "source_deleted_at IS NULL AND NOT displaced", "original_referral_id")
            }
        };
        let there = |field: &&Field| upstream.fields.iter().any(|(name, _)| *name == field.name);
        let text = |field: &Field| match field.form {
            Form::Price => {
                format!("coalesce({}, {})", decimal(field.column), decimal_text("unstorable_price"))
            }
            Form::Instant => instant(field.column),
            Form::Text | Form::Integer | Form::Date => format!("{}::text", field.column),
        };
        let fields = table.fields().iter().filter(there).map(|field| (field.name, text(field))).collect();
        Self { from: from.to_owned(), only, id: id.to_owned(), fields }
    }

    /// Our names of the columns, in the order of [`Side::rows`].
    pub fn names(&self) -> impl Iterator<Item = &'static str> {
        self.fields.iter().map(|(name, _)| *name)
    }

    /// Count and sum of hashes of every range.
    pub async fn sums(&self, connection: &mut PgConnection) -> Result<Vec<RangeSum>> {
        #[derive(FromRow)]
        struct Found {
            range: i32,
            #[sqlx(flatten)]
            sum: RangeSum,
        }
        let Self { from, only, id, .. } = self;
        let hash = self.hash();
        let statement = format!(
            "SELECT get_byte(uuid_send({id}), 0) AS range, count(*) AS rows, sum({hash})::text AS hashes
             FROM {from} WHERE {only} GROUP BY 1"
        );
        let found: Vec<Found> = sqlx::query_as(&statement).fetch_all(connection).await?;
        let mut sums = vec![RangeSum::default(); RANGES];
        for Found { range, sum } in found {
            if let Some(place) = usize::try_from(range).ok().and_then(|range| sums.get_mut(range)) {
                *place = sum;
            }
        }
        Ok(sums)
    }

    /// Id and hash of every row of a range.
    pub async fn hashes(&self, connection: &mut PgConnection, range: u8) -> Result<Vec<(Uuid, i64)>> {
        let Self { from, only, id, .. } = self;
        let hash = self.hash();
        let statement = format!("SELECT {id}, {hash} FROM {from} WHERE {only} AND {id} BETWEEN $1 AND $2");
        let (mut first, mut last) = ([0x00; 16], [0xFF; 16]);
        (first[0], last[0]) = (range, range);
        let rows = sqlx::query_as(&statement).bind(Uuid::from_bytes(first)).bind(Uuid::from_bytes(last));
        Ok(rows.fetch_all(connection).await?)
    }

    /// The texts of those of `ids` that are there.
    pub async fn rows(
        &self,
        connection: &mut PgConnection,
        ids: &[Uuid],
    ) -> Result<HashMap<Uuid, Vec<Option<String>>>> {
        let Self { from, only, id, .. } = self;
        let texts = self.texts();
        let statement =
            format!("SELECT {id}, ARRAY[{texts}]::text[] FROM {from} WHERE {only} AND {id} = ANY($1)");
        let rows: Vec<(Uuid, Vec<Option<String>>)> =
            sqlx::query_as(&statement).bind(ids).fetch_all(connection).await?;
        Ok(rows.into_iter().collect())
    }

    fn texts(&self) -> String {
        let texts: Vec<&str> = self.fields.iter().map(|(_, text)| text.as_str()).collect();
        texts.join(", ")
    }

    fn hash(&self) -> String {
        let row = format!("ARRAY[({})::text, {}]::text[]::text", self.id, self.texts());
        format!("('x' || left(encode(sha256(convert_to({row}, 'UTF8')), 'hex'), 16))::bit(64)::bigint")
    }
}

/// The text of a `numeric`: NaN and infinities are written in several ways.
pub(crate) fn decimal(column: &str) -> String {
    format!("upper(trim_scale({column})::text)")
}

/// The same of a text that may be a number.
pub(crate) fn decimal_text(column: &str) -> String {
    let number = "^[+-]?[0-9]{1,99}(\\.[0-9]{1,99})?([eE]-?[0-9]{1,2})?$";
    format!(
        "CASE WHEN {column} ~ '{number}' THEN trim_scale({column}::numeric)::text ELSE upper({column}) END"
    )
}

/// The text of a `timestamptz`.
pub(crate) fn instant(column: &str) -> String {
    format!(
        "CASE WHEN {column} >= '0001-01-01 00:00:00+00' AND {column} < '10000-01-01 00:00:00+00'
              THEN (extract(epoch FROM {column}) * 1000000)::bigint::text END"
    )
}

/// The codes of the open dead letters of those of `ids` that have one, read from `topic`; the newest of each.
pub async fn open_letters(
    connection: &mut PgConnection,
    topic: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, String>> {
    let rows = sqlx::query!(
        r#"SELECT DISTINCT ON (original_id) original_id AS "id!", error_code FROM cdc_dead_letters
           WHERE original_id = ANY($2) AND topic = $1 AND resolved_at IS NULL
           ORDER BY original_id, id DESC"#,
        topic,
        ids,
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.id, row.error_code)).collect())
}
