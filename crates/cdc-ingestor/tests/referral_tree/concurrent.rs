//! Transactions that are open at the same time: whoever writes referrals waits for the tree's lock first, so each sees what
//! the one before it committed.

use cdc_ingestor::apply::apply;
use cdc_ingestor::table::Referrals;
use persistence::{PgPool, locks};
use testkit::database::TestDatabase;
use testkit::wait::{LIMIT, until};

use crate::common::{Consumer, Line, Log, REFERRALS, batch_of, capture, noon, topic};
use crate::support::{Forest, check, settle_all};

/// A captured referral as that of another account, read from another partition.
fn referral(account: &str, referrer: Option<&str>, lsn: i64, partition: i32) -> Line {
    let captured = &capture("a")[106 - 1];
    let id = uuid::Uuid::new_v5(&uuid::Uuid::NAMESPACE_OID, account.as_bytes()).to_string();
    let its = "1bc90964-d017-5215-8abd-336bf995eea7";
    let referrer = referrer.map_or("null".to_owned(), |referrer| format!("\"{referrer}\""));
    let line = captured
        .with("D26112000103", account)
        .with(
            r#""referrer_account_sequence":"D26112000001""#,
            &format!("\"referrer_account_sequence\":{referrer}"),
        )
        .with(its, &id)
        .at_lsn(lsn);
    Line { key: line.key.as_ref().map(|key| key.replace(its, &id)), partition, ..line }
}

/// Applies each of `lines` in a transaction of its own. All are open at once, and come to the lock in their order.
async fn apply_at_once(pool: &PgPool, log: &mut Log, consumer: &Consumer, lines: &[Line]) {
    let mut gate = pool.begin().await.unwrap();
    locks::hold(&mut gate, locks::REFERRAL_TREE).await.unwrap();
    let mut applying = Vec::new();
    for (turn, line) in lines.iter().enumerate() {
        log.append(line.clone());
        let placed = log.partition(REFERRALS, line.partition).last().unwrap().clone();
        let batch = batch_of::<Referrals>(REFERRALS, &[placed], consumer);
        let its_pool = pool.clone();
        applying.push(tokio::spawn(async move {
            apply::<Referrals>(&its_pool, &topic(REFERRALS), &batch, noon()).await
        }));
        let waiting = i64::try_from(turn + 1).unwrap();
        until("the transaction to wait for the tree", LIMIT, async || {
            let query = "SELECT count(*) FROM pg_locks l JOIN pg_database d ON d.oid = l.database
                         WHERE d.datname = current_database() AND locktype = 'advisory' AND NOT granted";
            let now: i64 = sqlx::query_scalar(query).fetch_one(pool).await?;
            Ok((now == waiting).then_some(()))
        })
        .await
        .unwrap();
    }
    gate.rollback().await.unwrap();
    for applied in applying {
        applied.await.unwrap().unwrap();
    }
}

fn forest(rows: &[(&str, Option<&str>)]) -> Forest {
    rows.iter().map(|(account, referrer)| ((*account).to_owned(), referrer.map(str::to_owned))).collect()
}

/// Reads `before`, applies `one` and `other` at the same time, in both orders, and compares with `after`.
async fn in_both_orders(before: &[Line], one: &Line, other: &Line, after: &Forest) {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for pair in [[one, other], [other, one]] {
        let (mut log, mut consumer) = (Log::default(), Consumer::default());
        // so that each partition has a position
        for line in before.iter().chain([&referral("Q0", None, 1, 0), &referral("Q1", None, 1, 1)]) {
            log.append(line.clone());
        }
        consumer.consume_all(pool, &log).await;
        apply_at_once(pool, &mut log, &consumer, &pair.map(Line::clone)).await;
        settle_all(pool).await;
        let mut after = after.clone();
        after.extend(forest(&[("Q0", None), ("Q1", None)]));
        check(pool, &after, "at the same time").await;
        database.empty().await.unwrap();
    }
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_parent_and_its_child_written_at_the_same_time() {
    let root = referral("R", None, 10, 0);
    let (parent, child) = (referral("P", Some("R"), 20, 0), referral("C", Some("P"), 30, 1));
    let after = forest(&[("R", None), ("P", Some("R")), ("C", Some("P"))]);
    in_both_orders(&[root], &parent, &child, &after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_move_and_a_child_below_it_written_at_the_same_time() {
    let before = [("R", None, 0), ("S", None, 1), ("M", Some("R"), 0), ("D", Some("M"), 1)]
        .map(|(account, referrer, partition)| referral(account, referrer, 10, partition));
    let (moved, child) = (referral("M", Some("S"), 20, 0), referral("C", Some("D"), 30, 1));
    let after = forest(&[("R", None), ("S", None), ("M", Some("S")), ("D", Some("M")), ("C", Some("D"))]);
    in_both_orders(&before, &moved, &child, &after).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_moves_that_close_a_ring_and_one_that_opens_it() {
    let before = [("R", None, 0), ("A", Some("R"), 0), ("B", Some("R"), 1), ("C", Some("B"), 1)]
        .map(|(account, referrer, partition)| referral(account, referrer, 10, partition));
    let (one, other) = (referral("A", Some("C"), 20, 0), referral("B", Some("A"), 30, 1));
    let ring = forest(&[("R", None), ("A", Some("C")), ("B", Some("A")), ("C", Some("B"))]);
    in_both_orders(&before, &one, &other, &ring).await;
    // open again: the ring heals
    let before: Vec<Line> = before.into_iter().chain([one, other]).collect();
    let healed =
        forest(&[("R", None), ("A", Some("R")), ("B", Some("A")), ("C", Some("B")), ("D", Some("D"))]);
    let (opened, own) = (referral("A", Some("R"), 40, 0), referral("D", Some("D"), 50, 1));
    in_both_orders(&before, &opened, &own, &healed).await;
}
