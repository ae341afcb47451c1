//! Many descendants and long chains: no transaction does more than its budget, however much there is to do.

use cdc_ingestor::apply::TREE_BUDGET;
use persistence::PgPool;
use sqlx::Executor as _;
use testkit::database::TestDatabase;

use crate::support::{settle_all, write};

/// The most rows of the table that one transaction wrote, of those whose account begins with `prefix`; every one of them
/// was written once since it was filled.
async fn most_in_one_transaction(pool: &PgPool, prefix: &str) -> usize {
    let query = "SELECT max(rows) FROM (SELECT count(*) AS rows FROM synced_referrals
                 WHERE starts_with(account_sequence, $1) GROUP BY xmin::text) t";
    let most: i64 = sqlx::query_scalar(query).bind(prefix).fetch_one(pool).await.unwrap();
    usize::try_from(most).unwrap()
}

async fn count(pool: &PgPool, condition: &str) -> i64 {
    let query = format!("SELECT count(*) FROM synced_referrals WHERE {condition}");
    sqlx::query_scalar(&query).fetch_one(pool).await.unwrap()
}

/// Rows as the ingestor leaves them: `rows` gives account, referrer, upline, completeness, depth and path.
async fn fill(pool: &PgPool, rows: &str) {
    let insert = format!(
        "INSERT INTO synced_referrals (original_referral_id, account_sequence, referrer_account_sequence, upline,
             upline_complete, depth, ancestor_path, source_sequence_num)
         SELECT gen_random_uuid(), r.*, 1 FROM ({rows}) r"
    );
    pool.execute(&*insert).await.unwrap();
    pool.execute("ANALYZE synced_referrals").await.unwrap();
}

#[tokio::test]
async fn a_parent_completes_a_hundred_thousand_children_in_bounded_transactions() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    fill(pool, "SELECT 'C' || n, 'P', ARRAY['P'], FALSE, NULL::int, NULL FROM generate_series(1, 100000) n")
        .await;
    write(pool, &[("P", Some(None))], TREE_BUDGET).await;
    settle_all(pool).await;
    let complete = "upline = '{P}' AND upline_complete AND depth = 1 AND ancestor_path = '/P/'";
    assert_eq!(count(pool, complete).await, 100_000);
    let most = most_in_one_transaction(pool, "C").await;
    assert!(most <= TREE_BUDGET.rows, "{most} rows in one transaction");
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_move_of_a_hundred_thousand_descendants_goes_in_bounded_transactions() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    write(pool, &[("R", Some(None)), ("S", Some(Some("R"))), ("M", Some(Some("R")))], TREE_BUDGET).await;
    fill(
        pool,
        "SELECT 'C' || n, 'M', ARRAY['M', 'R'], TRUE, 2, '/R/M/' FROM generate_series(1, 316) n
         UNION ALL
         SELECT 'C' || n || '.' || m, 'C' || n, ARRAY['C' || n, 'M', 'R'], TRUE, 3, '/R/M/C' || n || '/'
         FROM generate_series(1, 316) n, generate_series(1, 316) m",
    )
    .await;
    write(pool, &[("M", Some(Some("S")))], TREE_BUDGET).await;
    settle_all(pool).await;
    assert_eq!(count(pool, "depth = 3 AND upline = '{M,S,R}' AND ancestor_path = '/R/S/M/'").await, 316);
    let grandchildren = "depth = 4 AND upline = ARRAY[referrer_account_sequence, 'M', 'S', 'R']::varchar[]
                         AND ancestor_path = '/R/S/M/' || referrer_account_sequence || '/'";
    assert_eq!(count(pool, grandchildren).await, 316 * 316);
    let most = most_in_one_transaction(pool, "C").await;
    assert!(most <= TREE_BUDGET.rows, "{most} rows in one transaction");
    database.close().await.unwrap();
}

#[tokio::test]
async fn the_top_of_a_chain_of_ten_thousand_completes_it_in_bounded_transactions() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    fill(
        pool,
        "SELECT 'C' || n, 'C' || n - 1,
                ARRAY(SELECT 'C' || above FROM generate_series(n - 1, greatest(n - 15, 0), -1) above),
                n >= 15, NULL::int, NULL
         FROM generate_series(1, 10000) n",
    )
    .await;
    write(pool, &[("C0", Some(None))], TREE_BUDGET).await;
    settle_all(pool).await;
    assert_eq!(count(pool, "'C' || depth = account_sequence AND upline_complete").await, 10_001);
    let path =
        "starts_with(ancestor_path, '/…/C') AND ancestor_path LIKE '%/' || referrer_account_sequence || '/'
                AND length(ancestor_path) - length(replace(ancestor_path, '/', '')) = 66";
    assert_eq!(count(pool, path).await, 10_000 - 64);
    let most = most_in_one_transaction(pool, "C").await;
    assert!(most <= TREE_BUDGET.levels + 1, "{most} levels in one transaction");
    database.close().await.unwrap();
}
