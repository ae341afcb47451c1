//! What `synced_referrals` says of uplines, for the sequencer's walks.
//!
//! All rows of a pass come from one statement, so from one moment. `upline` only tells which rows to read: the walk
//! itself follows `referrer_account_sequence`. No lock, one round trip (two where an upline is out of date).

use std::collections::{HashMap, HashSet};

use domain::{AccountSequence, MAX_UPLINE, Upstream};
use sqlx::PgConnection;

use crate::Result;

/// Referral rows as of one moment.
#[derive(Debug, Default)]
pub struct UpstreamTree {
    rows: HashMap<AccountSequence, Upstream>,
    asked: HashSet<AccountSequence>,
}

impl UpstreamTree {
    /// What upstream says of `account`; `None` if its row was not among those read.
    fn get(&self, account: &AccountSequence) -> Option<Upstream> {
        self.rows.get(account).cloned().or_else(|| self.asked.contains(account).then_some(Upstream::Missing))
    }
}

/// The rows of `accounts` and of the 15 above each. Where a stored upline is still being brought up to date, the rows
/// it does not name are read step by step in a second statement.
pub async fn read(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
    let mut tree = read_by_upline(&mut *connection, accounts).await?;
    let mut left = Vec::new();
    for account in accounts {
        if tree.is_left_by(&AccountSequence::parse(account)?) {
            left.push(account.clone());
        }
    }
    if !left.is_empty() {
        tree.merge(read_step_by_step(connection, &left).await?);
    }
    Ok(tree)
}

/// The rows that the stored uplines name: one index look-up a row.
async fn read_by_upline(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
    let rows = sqlx::query!(
        r#"WITH asked AS (
               SELECT unnest($1::text[]) COLLATE "C" AS account_sequence
               UNION
               SELECT unnest(upline) FROM synced_referrals
               WHERE account_sequence = ANY($1::text[]) AND source_deleted_at IS NULL AND NOT displaced)
           SELECT asked.account_sequence AS "account!", r.id IS NOT NULL AS "there!",
                  r.referrer_account_sequence AS "referrer?"
           FROM asked LEFT JOIN synced_referrals r ON r.account_sequence = asked.account_sequence
               AND r.source_deleted_at IS NULL AND NOT r.displaced"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    let mut tree = UpstreamTree::default();
    for row in rows {
        tree.take(&row.account, row.there, row.referrer.as_deref())?;
    }
    Ok(tree)
}

/// The rows that the referrers lead to.
async fn read_step_by_step(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
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
    let mut tree = UpstreamTree::default();
    for row in rows {
        tree.take(&row.account, row.there, row.referrer.as_deref())?;
    }
    Ok(tree)
}

impl UpstreamTree {
    /// What upstream says of an account on a walk that this tree was read for.
    pub fn upstream(&self, account: &AccountSequence) -> Upstream {
        self.get(account).unwrap_or(Upstream::Missing)
    }

    /// Whether the walk from `account` comes to one whose row was not read.
    fn is_left_by(&self, account: &AccountSequence) -> bool {
        let mut account = account.clone();
        for _ in 0..MAX_UPLINE {
            match self.get(&account) {
                None => return true,
                Some(Upstream::Referrer(referrer)) => account = referrer,
                Some(Upstream::Root | Upstream::Missing) => return false,
            }
        }
        false
    }

    fn merge(&mut self, newer: Self) {
        for account in &newer.asked {
            self.rows.remove(account);
        }
        self.rows.extend(newer.rows);
        self.asked.extend(newer.asked);
    }

    fn take(&mut self, account: &str, there: bool, referrer: Option<&str>) -> Result<()> {
        let account = AccountSequence::parse(account)?;
        if there {
            let upstream = match referrer {
                Some(referrer) => Upstream::Referrer(AccountSequence::parse(referrer)?),
                None => Upstream::Root,
            };
            self.rows.insert(account.clone(), upstream);
        }
        self.asked.insert(account);
        Ok(())
    }
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
    let mut tree = UpstreamTree::default();
    for row in rows {
        tree.take(&row.account, row.there, row.referrer.as_deref())?;
    }
    Ok(tree)
}
