//! The tree's statements. A live row is one that is neither deleted nor displaced.

use std::collections::HashMap;

use sqlx::PgConnection;

use super::Lineage;
use crate::Result;

/// A live row of the table.
#[derive(Debug)]
pub(super) struct Row {
    pub(super) account: String,
    pub(super) referrer: Option<String>,
    pub(super) stored: Lineage,
}

impl Row {
    /// What the row has from the rows above it; `above` gives the lineage of its referrer.
    pub(super) fn lineage<'a>(&self, above: impl FnOnce(&str) -> Option<&'a Lineage>) -> Lineage {
        match &self.referrer {
            None => Lineage::root(),
            Some(referrer) => Lineage::below(referrer, above(referrer)),
        }
    }
}

/// Lineages as parallel arrays for `UNNEST`; an upline is its accounts joined by `/`.
#[derive(Default)]
struct Lineages<'a> {
    uplines: Vec<String>,
    completes: Vec<bool>,
    depths: Vec<Option<i32>>,
    paths: Vec<Option<&'a str>>,
}

impl<'a> FromIterator<&'a Lineage> for Lineages<'a> {
    fn from_iter<I: IntoIterator<Item = &'a Lineage>>(all: I) -> Self {
        let mut lineages = Self::default();
        for lineage in all {
            lineages.uplines.push(lineage.upline.join("/"));
            lineages.completes.push(lineage.complete);
            lineages.depths.push(lineage.depth);
            lineages.paths.push(lineage.path.as_deref());
        }
        lineages
    }
}

/// The live rows of `accounts`.
pub(super) async fn live(connection: &mut PgConnection, accounts: &[String]) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        StoredRow,
        r#"SELECT account_sequence, referrer_account_sequence, upline, upline_complete, depth, ancestor_path
           FROM synced_referrals
           WHERE account_sequence = ANY($1) AND source_deleted_at IS NULL AND NOT displaced"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// At most `limit` of the live rows below `parents` that have another lineage than the one that stands beside their
/// parent, but for those of `except`.
pub(super) async fn outdated_children(
    connection: &mut PgConnection,
    parents: &[(String, Lineage)],
    except: &[String],
    limit: usize,
) -> Result<Vec<Row>> {
    let accounts: Vec<&str> = parents.iter().map(|(account, _)| account.as_str()).collect();
    let lineages: Lineages<'_> = parents.iter().map(|(_, lineage)| lineage).collect();
    let rows = sqlx::query_as!(
        StoredRow,
        r#"SELECT c.account_sequence, c.referrer_account_sequence, c.upline, c.upline_complete, c.depth,
                  c.ancestor_path
           FROM UNNEST($1::text[], $2::text[], $3::bool[], $4::int[], $5::text[])
                    AS p(account, upline, complete, depth, path)
           JOIN synced_referrals c ON c.referrer_account_sequence = p.account
               AND c.source_deleted_at IS NULL AND NOT c.displaced
           WHERE c.account_sequence <> ALL($6)
             AND (c.upline_complete <> p.complete OR c.depth IS DISTINCT FROM p.depth
                  OR c.upline <> string_to_array(p.upline, '/')::varchar[]
                  OR c.ancestor_path IS DISTINCT FROM p.path)
           LIMIT $7"#,
        &accounts as &[&str],
        &lineages.uplines,
        &lineages.completes,
        &lineages.depths as &[Option<i32>],
        &lineages.paths as &[Option<&str>],
        except,
        i64::try_from(limit).unwrap_or(i64::MAX),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// Those of `accounts` that a live row names as its referrer.
pub(super) async fn with_children(connection: &mut PgConnection, accounts: &[String]) -> Result<Vec<String>> {
    let parents = sqlx::query_scalar!(
        r#"SELECT a.account AS "account!" FROM unnest($1::text[]) AS a(account)
           WHERE EXISTS (SELECT FROM synced_referrals c WHERE c.referrer_account_sequence = a.account
                         AND c.source_deleted_at IS NULL AND NOT c.displaced)"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(parents)
}

/// The live rows of `accounts` and of all above them, as account and referrer.
pub(super) async fn up_to_the_top(
    connection: &mut PgConnection,
    accounts: &[String],
) -> Result<HashMap<String, Option<String>>> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE above (account, referrer) AS (
               SELECT account_sequence, referrer_account_sequence FROM synced_referrals
               WHERE account_sequence = ANY($1) AND source_deleted_at IS NULL AND NOT displaced
               UNION
               SELECT r.account_sequence, r.referrer_account_sequence
               FROM above JOIN synced_referrals r ON r.account_sequence = above.referrer
                   AND r.source_deleted_at IS NULL AND NOT r.displaced)
           SELECT account AS "account!", referrer FROM above"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.account, row.referrer)).collect())
}

/// Gives the live rows of `accounts` the lineage beside each.
pub(super) async fn write(
    connection: &mut PgConnection,
    accounts: &[String],
    lineages: &[&Lineage],
) -> Result<()> {
    let lineages: Lineages<'_> = lineages.iter().copied().collect();
    sqlx::query!(
        r#"UPDATE synced_referrals s
           SET upline = string_to_array(r.upline, '/'), upline_complete = r.complete, depth = r.depth,
               ancestor_path = r.path,
               warning = CASE
                   WHEN s.source_ancestor_path <> r.path THEN 'upstream''s path is not that of the referrers'
                   WHEN s.source_depth <> r.depth THEN 'upstream''s depth is not that of the referrers'
               END
           FROM UNNEST($1::text[], $2::text[], $3::bool[], $4::int[], $5::text[])
                AS r(account, upline, complete, depth, path)
           WHERE s.account_sequence = r.account AND s.source_deleted_at IS NULL AND NOT s.displaced"#,
        accounts,
        &lineages.uplines,
        &lineages.completes,
        &lineages.depths as &[Option<i32>],
        &lineages.paths as &[Option<&str>],
    )
    .execute(connection)
    .await?;
    Ok(())
}

struct StoredRow {
    account_sequence: String,
    referrer_account_sequence: Option<String>,
    upline: Vec<String>,
    upline_complete: bool,
    depth: Option<i32>,
    ancestor_path: Option<String>,
}

impl From<StoredRow> for Row {
    fn from(row: StoredRow) -> Self {
        Self {
            account: row.account_sequence,
            referrer: row.referrer_account_sequence,
            stored: Lineage {
                upline: row.upline,
                complete: row.upline_complete,
                depth: row.depth,
                path: row.ancestor_path,
            },
        }
    }
}
