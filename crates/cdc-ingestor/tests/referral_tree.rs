//! Uplines, paths and depths against a naive walk, for every order of arrival and for random moves.
#![allow(clippy::unwrap_used, clippy::option_option)]

use std::collections::{BTreeMap, HashMap};

use cdc_ingestor::settle_tree;
use domain::AccountSequence;
use persistence::referral_tree::{Budget, join_path, settle};
use persistence::synced::{SourcePosition, SourceVersion, Synced};
use persistence::synced_referrals::{self, ReferralFields};
use persistence::{PgPool, locks};
use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sqlx::Row as _;
use testkit::database::TestDatabase;
use uuid::Uuid;

const WIDE: Budget = Budget { rows: 1_000, levels: 100 };
const NARROW: Budget = Budget { rows: 3, levels: 2 };

/// The live rows: account to referrer.
type Forest = BTreeMap<String, Option<String>>;
/// upline, complete, depth, path
type Lineage = (Vec<String>, bool, Option<i32>, Option<String>);

fn naive(forest: &Forest, account: &str) -> Lineage {
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

async fn stored(pool: &PgPool) -> HashMap<String, Lineage> {
    let rows = sqlx::query(
        "SELECT account_sequence, upline, upline_complete, depth, ancestor_path FROM synced_referrals
         WHERE source_deleted_at IS NULL",
    )
    .fetch_all(pool)
    .await
    .unwrap();
    rows.into_iter().map(|row| (row.get(0), (row.get(1), row.get(2), row.get(3), row.get(4)))).collect()
}

async fn check(pool: &PgPool, forest: &Forest, what: &str) {
    let stored = stored(pool).await;
    assert_eq!(stored.len(), forest.len(), "{what}");
    for account in forest.keys() {
        assert_eq!(stored[account], naive(forest, account), "{what}: {account} in {forest:?}");
    }
}

/// One transaction as the ingestor writes it: some accounts get a row with a referrer, or lose theirs.
async fn write(pool: &PgPool, changes: &[(&str, Option<Option<&str>>)], budget: Budget) {
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

async fn settle_all(pool: &PgPool) {
    for _ in 0..10_000 {
        if !settle_tree(pool).await.unwrap() {
            return;
        }
    }
    panic!("the referral tree does not settle");
}

async fn clear(pool: &PgPool) {
    sqlx::query("DELETE FROM synced_referrals").execute(pool).await.unwrap();
}

fn permutations(
    items: &[(&'static str, Option<&'static str>)],
) -> Vec<Vec<(&'static str, Option<&'static str>)>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        for mut tail in permutations(&rest) {
            tail.insert(0, first);
            all.push(tail);
        }
    }
    all
}

#[tokio::test]
async fn every_order_of_arrival_gives_the_same_tree() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    // a tree, a pair on a ring with one below, and one below a row that never comes: 5! orders of each half
    let halves = [
        [("R", None), ("A", Some("R")), ("B", Some("A")), ("C", Some("B")), ("D", Some("A"))],
        [("X", Some("Y")), ("Y", Some("X")), ("Z", Some("Y")), ("S", Some("S")), ("M", Some("gone"))],
    ];
    for half in halves {
        let forest: Forest = half
            .iter()
            .map(|(account, referrer)| ((*account).to_owned(), referrer.map(str::to_owned)))
            .collect();
        for order in permutations(&half) {
            for (account, referrer) in &order {
                write(pool, &[(account, Some(*referrer))], NARROW).await;
            }
            settle_all(pool).await;
            check(pool, &forest, &format!("{order:?}")).await;
            clear(pool).await;
        }
        let whole: Vec<_> = half.iter().map(|(account, referrer)| (*account, Some(*referrer))).collect();
        write(pool, &whole, WIDE).await;
        settle_all(pool).await;
        check(pool, &forest, "at once").await;
        clear(pool).await;
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn random_moves_rings_and_deletes_end_in_the_naive_tree() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for seed in 0..8_u64 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let names: Vec<String> = (0..12).map(|n| format!("D{n}")).collect();
        let mut forest = Forest::new();
        for turn in 0..40 {
            let mut changing = names.clone();
            changing.shuffle(&mut random);
            changing.truncate(random.random_range(1..4));
            let mut changes = Vec::new();
            for account in &changing {
                let referrer = &names[random.random_range(0..names.len())];
                let row = match random.random_range(0..10) {
                    0 if forest.contains_key(account) => None,
                    0..=2 => Some(None),
                    _ => Some(Some(referrer.as_str())),
                };
                match row {
                    None => forest.remove(account),
                    Some(referrer) => forest.insert(account.clone(), referrer.map(str::to_owned)),
                };
                changes.push((account.as_str(), row));
            }
            let budget = if random.random() { WIDE } else { NARROW };
            write(pool, &changes, budget).await;
            if random.random_ratio(1, 3) {
                settle_all(pool).await;
                check(pool, &forest, &format!("seed {seed}, turn {turn}")).await;
            }
        }
        settle_all(pool).await;
        check(pool, &forest, &format!("seed {seed}")).await;
        clear(pool).await;
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_long_chain_and_a_wide_team_wait_for_their_parent() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let chain: Vec<String> = (0..150).map(|n| format!("C{n:03}")).collect();
    let team: Vec<String> = (0..200).map(|n| format!("T{n:03}")).collect();
    let mut forest = Forest::new();
    let mut changes: Vec<(&str, Option<Option<&str>>)> = Vec::new();
    for (n, account) in chain.iter().enumerate().skip(1) {
        changes.push((account, Some(Some(&chain[n - 1]))));
    }
    changes.extend(team.iter().map(|account| (account.as_str(), Some(Some(chain[149].as_str())))));
    for (account, row) in &changes {
        forest.insert((*account).to_owned(), row.flatten().map(str::to_owned));
    }
    changes.reverse();
    for part in changes.chunks(30) {
        write(pool, part, WIDE).await;
    }
    settle_all(pool).await;
    check(pool, &forest, "without the top").await;
    write(pool, &[("C000", Some(None))], Budget { rows: 50, levels: 20 }).await;
    forest.insert("C000".to_owned(), None);
    settle_all(pool).await;
    check(pool, &forest, "with the top").await;
    database.close().await.unwrap();
}
