//! The tree as it is stored, and as a naive walk has it.

use std::collections::{BTreeMap, HashMap};

use cdc_ingestor::settle_tree;
use domain::AccountSequence;
pub(crate) use persistence::referral_tree::Budget;
use persistence::referral_tree::{join_path, settle};
use persistence::synced::{SourcePosition, SourceVersion, Synced};
use persistence::synced_referrals::{self, ReferralFields};
use persistence::{PgPool, locks};
use sqlx::Row as _;
use uuid::Uuid;

pub(crate) const WIDE: Budget = Budget { rows: 1_000, levels: 100 };
pub(crate) const NARROW: Budget = Budget { rows: 3, levels: 2 };

/// The live rows: account to referrer.
pub(crate) type Forest = BTreeMap<String, Option<String>>;
/// upline, complete, depth, path
pub(crate) type Lineage = (Vec<String>, bool, Option<i32>, Option<String>);

pub(crate) fn naive(forest: &Forest, account: &str) -> Lineage {
    let (mut upline, mut complete, mut at) = (Vec::new(), false, account.to_owned());
    while upline.len() < 15 {
        match forest.get(&at) {
            None => break,
            Some(None) => {
                complete = true;
                break;
            }
            Some(Some(referrer)) => {
                upline.push(referrer.clone());
                at = referrer.clone();
            }
        }
    }
    complete |= upline.len() == 15;
    let (mut above, mut at) = (Vec::new(), account.to_owned());
    let rooted = loop {
        match forest.get(&at) {
            None => break false,
            Some(None) => break true,
            Some(Some(referrer)) => {
                at = referrer.clone();
                above.push(at.clone());
                if above.len() > forest.len() {
                    break false;
                }
            }
        }
    };
    let depth = rooted.then(|| i32::try_from(above.len()).unwrap());
    above.reverse();
    (upline, complete, depth, rooted.then(|| join_path(above.iter().map(String::as_str))))
}

pub(crate) async fn stored(pool: &PgPool) -> HashMap<String, Lineage> {
    let rows = sqlx::query(
        "SELECT account_sequence, upline, upline_complete, depth, ancestor_path FROM synced_referrals
         WHERE source_deleted_at IS NULL",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3), row.get(4)))).collect()
}

pub(crate) async fn check(pool: &PgPool, forest: &Forest, what: &str) {
    let stored = stored(pool).await;
    assert_eq!(stored.len(), forest.len(), "{what}");
    for account in forest.keys() {
        assert_eq!(stored[account], naive(forest, account), "{what}: {account} in {forest:?}");
    }
}

/// One transaction as the ingestor writes it: some accounts get a row with a referrer, or lose theirs.
pub(crate) async fn write(pool: &PgPool, changes: &[(&str, Option<Option<&str>>)], budget: Budget) {
    let mut rows: Vec<Synced<ReferralFields>> = changes
        .iter()
        .map(|(account, row)| Synced {
            id: Uuid::new_v5(&Uuid::NAMESPACE_OID, account.as_bytes()),
            version: SourceVersion { epoch: 0, lsn: 1, snapshot: false },
            position: SourcePosition { partition: 0, offset: 0 },
            deleted_at: row.is_none().then(chrono::Utc::now),
            displaced: false,
            fields: ReferralFields {
                account: AccountSequence::parse(account).unwrap(),
                referrer: row.flatten().map(|referrer| AccountSequence::parse(referrer).unwrap()),
                ancestor_path: None,
                depth: None,
                created_at: None,
            },
        })
        .collect();
    rows.sort_by_key(|row| row.id);
    let mut transaction = pool.begin().await.unwrap();
    locks::hold(&mut transaction, locks::REFERRAL_TREE).await.unwrap();
    synced_referrals::write(&mut transaction, "referrals", &rows).await.unwrap();
    settle(&mut transaction, changes.iter().map(|(account, _)| (*account).to_owned()), budget).await.unwrap();
    transaction.commit().await.unwrap();
}

pub(crate) async fn settle_all(pool: &PgPool) {
    for _ in 0..10_000 {
        if !settle_tree(pool).await.unwrap() {
            return;
        }
    }
    panic!("the referral tree does not settle");
}

pub(crate) async fn clear(pool: &PgPool) {
    sqlx::query("DELETE FROM synced_referrals").execute(pool).await.unwrap();
}
