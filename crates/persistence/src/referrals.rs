//! What `synced_referrals` says of uplines, for the sequencer's walks.
//!
//! A row once read stays true until its change stands in `sequencer_queue`: the ingestor queues every change in the
//! transaction that makes it. So a leader keeps the rows that it reads and forgets those that its queue names; what it
//! holds is of this very moment as long as [`changes_waiting`] names none of them. No lock.
//!
//! `upline` only tells which rows to read next: the walk itself follows `referrer_account_sequence`.

use std::collections::{BTreeSet, HashMap};

use domain::{AccountSequence, MAX_UPLINE, Upstream};
use sqlx::PgConnection;

use crate::Result;

/// Referral rows that were read. That a row is not there is known too.
#[derive(Debug, Default)]
pub struct UpstreamTree {
    rows: HashMap<AccountSequence, Upstream>,
}

impl UpstreamTree {
    /// What upstream says of `account`; None: its row was not read.
    pub fn get(&self, account: &AccountSequence) -> Option<&Upstream> {
        self.rows.get(account)
    }

    /// What upstream says of an account on a walk that this tree was read for.
    pub fn upstream(&self, account: &AccountSequence) -> Upstream {
        self.rows.get(account).cloned().unwrap_or(Upstream::Missing)
    }

    /// How many rows it holds.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Forgets a row: it has changed, or is not needed any more.
    pub fn forget(&mut self, account: &AccountSequence) {
        self.rows.remove(account);
    }

    fn of(rows: impl Iterator<Item = (String, bool, Option<String>)>) -> Result<Self> {
        let mut tree = Self::default();
        for (account, there, referrer) in rows {
            let upstream = if there { upstream(referrer.as_deref())? } else { Upstream::Missing };
            tree.rows.insert(AccountSequence::parse(&account)?, upstream);
        }
        Ok(tree)
    }
}

/// Adds the rows of `accounts`, and of those above them that the tree does not hold: at most two round trips. Where a
/// stored upline is still being brought up to date, rows of the walk are left to another call.
pub async fn extend(
    connection: &mut PgConnection,
    tree: &mut UpstreamTree,
    accounts: &BTreeSet<AccountSequence>,
) -> Result<()> {
    let above = add(&mut *connection, tree, accounts).await?;
    let unread: BTreeSet<AccountSequence> =
        above.into_iter().filter(|account| !tree.rows.contains_key(account)).collect();
    if !unread.is_empty() {
        add(connection, tree, &unread).await?;
    }
    Ok(())
}

/// Adds the rows of `accounts`; says whom their stored uplines name.
async fn add(
    connection: &mut PgConnection,
    tree: &mut UpstreamTree,
    accounts: &BTreeSet<AccountSequence>,
) -> Result<BTreeSet<AccountSequence>> {
    let names: Vec<&str> = accounts.iter().map(AccountSequence::as_str).collect();
    let rows = sqlx::query!(
        "SELECT account_sequence, referrer_account_sequence AS referrer, upline FROM synced_referrals
         WHERE account_sequence = ANY($1::text[]) AND source_deleted_at IS NULL AND NOT displaced",
        &names as &[&str]
    )
    .fetch_all(connection)
    .await?;
    tree.rows.extend(accounts.iter().map(|account| (account.clone(), Upstream::Missing)));
    let mut above = BTreeSet::new();
    for row in rows {
        tree.rows.insert(AccountSequence::parse(&row.account_sequence)?, upstream(row.referrer.as_deref())?);
        // the 15th ancestor's own row does not matter
        for account in row.upline.iter().take(MAX_UPLINE - 1) {
            above.insert(AccountSequence::parse(account)?);
        }
    }
    Ok(above)
}

fn upstream(referrer: Option<&str>) -> Result<Upstream> {
    Ok(match referrer {
        Some(referrer) => Upstream::Referrer(AccountSequence::parse(referrer)?),
        None => Upstream::Root,
    })
}

/// At most `limit` of the accounts whose referral changed and which the sequencer has not looked at yet.
pub async fn changes_waiting(connection: &mut PgConnection, limit: i64) -> Result<Vec<AccountSequence>> {
    let names = sqlx::query_scalar!(
        r#"SELECT account_sequence AS "account!" FROM sequencer_queue WHERE kind = 0 LIMIT $1"#,
        limit
    )
    .fetch_all(connection)
    .await?;
    names.iter().map(|name| Ok(AccountSequence::parse(name)?)).collect()
}

/// The rows of `accounts` and of the 15 above each, all of one moment: one round trip, one look-up a row.
pub async fn read(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE walk (account_sequence, step) AS (
               SELECT unnest($1::text[]) COLLATE "C", 0
               UNION
               SELECT r.referrer_account_sequence, walk.step + 1
               FROM walk JOIN synced_referrals r ON r.account_sequence = walk.account_sequence
                   AND r.source_deleted_at IS NULL AND NOT r.displaced
               WHERE r.referrer_account_sequence IS NOT NULL AND walk.step < 15)
           SELECT asked.account_sequence AS "account!", r.id IS NOT NULL AS "there!",
                  r.referrer_account_sequence AS "referrer?"
           FROM (SELECT DISTINCT account_sequence FROM walk) asked
           LEFT JOIN synced_referrals r ON r.account_sequence = asked.account_sequence
               AND r.source_deleted_at IS NULL AND NOT r.displaced"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    UpstreamTree::of(rows.into_iter().map(|row| (row.account, row.there, row.referrer)))
}

/// The rows of `accounts` and of everyone above them up to the top: for putting the moves of a pass in order.
pub async fn read_to_the_top(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
    let rows = sqlx::query!(
        r#"WITH RECURSIVE above (account_sequence) AS (
               SELECT unnest($1::text[]) COLLATE "C"
               UNION
               SELECT r.referrer_account_sequence
               FROM above JOIN synced_referrals r ON r.account_sequence = above.account_sequence
                   AND r.source_deleted_at IS NULL AND NOT r.displaced
               WHERE r.referrer_account_sequence IS NOT NULL)
           SELECT above.account_sequence AS "account!", r.id IS NOT NULL AS "there!",
                  r.referrer_account_sequence AS "referrer?"
           FROM above LEFT JOIN synced_referrals r ON r.account_sequence = above.account_sequence
               AND r.source_deleted_at IS NULL AND NOT r.displaced"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    UpstreamTree::of(rows.into_iter().map(|row| (row.account, row.there, row.referrer)))
}
