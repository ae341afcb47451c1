//! What `synced_referrals` says of uplines, for the sequencer's walks.
//!
//! All rows of a pass come from one statement, so from one moment. `upline` only tells which rows to read: the walk
//! itself follows `referrer_account_sequence`. No lock, one round trip a function.

use std::collections::{HashMap, HashSet};

use domain::{AccountSequence, Upstream};
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
    pub fn get(&self, account: &AccountSequence) -> Option<Upstream> {
        self.rows.get(account).cloned().or_else(|| self.asked.contains(account).then_some(Upstream::Missing))
    }
}

/// The rows of `accounts` and of the 15 above each, as far as the stored uplines name them.
pub async fn read(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
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

/// The same by following the referrers step by step: for walks that left what [`read`] brought, because a stored
/// upline is still being brought up to date.
pub async fn read_step_by_step(connection: &mut PgConnection, accounts: &[String]) -> Result<UpstreamTree> {
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
