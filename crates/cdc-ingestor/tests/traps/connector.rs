//! What a real connector on a real upstream does.

use std::time::Duration;

use cdc_ingestor::missing::mark_missing;
use cdc_ingestor::table::{Adoptions, Referrals, Users};
use chrono::Utc;
use sqlx::Connection as _;
use testkit::wait::until;

use crate::common::stack::{LIMIT, Process, READ, number, start, step_until, wait_until};
use crate::common::{ADOPTIONS, REFERRALS, USERS, topic};
use crate::upstream::Upstream;

const OPEN: &str = "SELECT count(*) FROM cdc_dead_letters WHERE resolved_at IS NULL";

/// The open letters' codes and the columns that they name.
async fn letters(upstream: &Upstream) -> anyhow::Result<Vec<String>> {
    let query = "SELECT error FROM cdc_dead_letters WHERE resolved_at IS NULL ORDER BY id";
    Ok(sqlx::query_scalar(query).fetch_all(upstream.pool()).await?)
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_11_rows_missing_from_a_second_snapshot_stay_until_they_are_marked() {
    Upstream::with(20, &[], async |upstream| {
        let mut ingestor = upstream.ingestor();
        upstream.step_until_same(&mut ingestor).await?;
        let ends: Vec<(String, i32, i64)> =
            sqlx::query_as("SELECT topic, partition, next_offset FROM cdc_offsets ORDER BY 1, 2")
                .fetch_all(upstream.pool())
                .await?;
        let mut other = upstream.another_connection().await?;
        let (servers, name) = (&upstream.servers, &upstream.name);
        let unseen = async || {
            sqlx::raw_sql(
                "DELETE FROM rwa_identity.users WHERE account_sequence = 'D20';
                 DELETE FROM rwa_planting.adoptions WHERE tree_count IN (3, 4, 5);
                 DELETE FROM rwa_referral.referral_relations WHERE account_sequence = 'D5';
                 UPDATE rwa_planting.adoptions SET status = 'REFUNDED' WHERE tree_count < 3",
            )
            .execute(&mut other)
            .await?;
            Ok(())
        };
        servers.lose_slot(name, unseen).await?;
        servers.wait_running(name).await?;
        upstream.insert(21, 21).await?;
        let seen = "SELECT count(*) FROM synced_adoptions WHERE status = 'REFUNDED' OR tree_count = 21";
        step_until(&mut ingestor, upstream.pool(), seen, 3).await;
        let referral = "SELECT count(*) FROM synced_referrals WHERE account_sequence = 'D21'";
        step_until(&mut ingestor, upstream.pool(), referral, 1).await;
        let all = "SELECT count(*) FROM synced_users";
        step_until(&mut ingestor, upstream.pool(), all, 21).await;
        // nobody was told that they are gone
        let live = "SELECT count(*) FROM synced_adoptions WHERE source_deleted_at IS NULL";
        assert_eq!((number(upstream.pool(), live).await, number(upstream.pool(), OPEN).await), (21, 0));

        let queued = "SELECT coalesce(max(id), 0) FROM sequencer_queue";
        let before = number(upstream.pool(), queued).await;
        let from = |captured| {
            let name = upstream.stack.topic(captured);
            let ends = ends.iter().filter(|(topic, ..)| *topic == name);
            (topic(&name), ends.map(|(_, partition, end)| (*partition, *end)).collect::<Vec<_>>())
        };
        let (pool, now) = (upstream.pool(), Utc::now());
        let ((users, ends_of_users), (adoptions, ends_of_adoptions)) = (from(USERS), from(ADOPTIONS));
        let (referrals, ends_of_referrals) = from(REFERRALS);
        assert_eq!(mark_missing::<Users>(pool, &users, &ends_of_users, now).await?, 1);
        assert_eq!(mark_missing::<Adoptions>(pool, &adoptions, &ends_of_adoptions, now).await?, 3);
        assert_eq!(mark_missing::<Referrals>(pool, &referrals, &ends_of_referrals, now).await?, 1);
        assert_eq!(mark_missing::<Referrals>(pool, &referrals, &ends_of_referrals, now).await?, 0);
        assert_eq!(number(pool, queued).await - before, 4, "three adoptions and a referral");
        let below = "SELECT count(*) FROM synced_referrals WHERE NOT upline_complete";
        assert_eq!(number(pool, below).await, 4, "D10, D11, D20 and D21 are below a missing row now");
        assert_eq!(upstream.difference().await?, None);
        Ok(())
    })
    .await;
}

/// The positions stored are raised, as though the server before had written more: from here on its log is another's.
#[tokio::test(flavor = "multi_thread")]
async fn trap_12_a_log_that_starts_lower_is_put_aside_until_the_epoch_is_raised() {
    Upstream::with(9, &[], async |upstream| {
        let mut ingestor = upstream.ingestor();
        upstream.step_until_same(&mut ingestor).await?;
        upstream.run("UPDATE rwa_planting.adoptions SET status = 'STREAMED'").await?;
        upstream.step_until_same(&mut ingestor).await?;
        let raised = "UPDATE synced_adoptions SET source_sequence_num = source_sequence_num + 1000000000000";
        sqlx::query(raised).execute(upstream.pool()).await?;

        upstream.run("UPDATE rwa_planting.adoptions SET status = 'LATER' WHERE tree_count < 4").await?;
        upstream.run("DELETE FROM rwa_planting.adoptions WHERE tree_count = 4").await?;
        upstream.insert(10, 10).await?;
        step_until(&mut ingestor, upstream.pool(), OPEN, 4).await;
        for letter in letters(upstream).await? {
            assert!(letter.starts_with("lsn_fell: "), "{letter}");
        }
        let dropped =
            "SELECT count(*) FROM synced_adoptions WHERE status = 'LATER' OR source_deleted_at IS NOT NULL";
        assert_eq!(number(upstream.pool(), dropped).await, 0);

        sqlx::query(
            "INSERT INTO cdc_watermarks (source, source_epoch) VALUES ('upstream', 1)
             ON CONFLICT (source) DO UPDATE SET source_epoch = 1",
        )
        .execute(upstream.pool())
        .await?;
        upstream.run("UPDATE rwa_planting.adoptions SET status = 'AGAIN'").await?;
        step_until(&mut ingestor, upstream.pool(), OPEN, 1).await;
        let again = "SELECT count(*) FROM synced_adoptions WHERE status = 'AGAIN' AND source_epoch = 1";
        step_until(&mut ingestor, upstream.pool(), again, 9).await;
        // upstream has no row any more that could tell of the delete: its letter stays
        assert_eq!(letters(upstream).await?.len(), 1);
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_21_a_truncate_takes_nothing_away_and_stops_nothing() {
    Upstream::with(5, &[("skipped.operations", "none")], async |upstream| {
        let mut ingestor = upstream.ingestor();
        upstream.step_until_same(&mut ingestor).await?;
        assert_eq!(number(upstream.pool(), READ).await, 15);
        upstream.run("TRUNCATE rwa_planting.adoptions").await?;
        upstream.insert(6, 6).await?;
        // the truncate, and a row in each table
        step_until(&mut ingestor, upstream.pool(), READ, 15 + 1 + 3).await;
        let live = "SELECT count(*) FROM synced_adoptions WHERE source_deleted_at IS NULL";
        assert_eq!((number(upstream.pool(), live).await, number(upstream.pool(), OPEN).await), (6, 0));
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_23_accounts_swapped_upstream_end_where_upstream_has_them() {
    Upstream::with(12, &[], async |upstream| {
        let mut ingestor = upstream.ingestor();
        upstream.step_until_same(&mut ingestor).await?;
        let mut swaps = Vec::new();
        for pair in 0..6 {
            let (one, two) = (2 * pair + 1, 2 * pair + 2);
            for table in ["rwa_identity.users", "rwa_referral.referral_relations"] {
                let named = |from: i32, to: i32| {
                    format!(
                        "UPDATE {table} SET account_sequence = 'D{to}' WHERE account_sequence = 'D{from}'"
                    )
                };
                swaps.extend([named(one, 99), named(two, one), named(99, two)]);
            }
        }
        upstream.run(&swaps.join(";")).await?;
        upstream.step_until_same(&mut ingestor).await?;
        step_until(&mut ingestor, upstream.pool(), OPEN, 0).await;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_24_columns_are_added_dropped_and_renamed_in_mid_stream() {
    Upstream::with(5, &[], async |upstream| {
        let mut ingestor = upstream.ingestor();
        upstream.step_until_same(&mut ingestor).await?;
        upstream.run("ALTER TABLE rwa_planting.adoptions ADD COLUMN note jsonb DEFAULT '{}'").await?;
        upstream.run("UPDATE rwa_planting.adoptions SET status = 'ADDED' WHERE tree_count = 1").await?;
        upstream.run("ALTER TABLE rwa_identity.users DROP COLUMN nickname, DROP COLUMN updated_at").await?;
        upstream.run("UPDATE rwa_identity.users SET status = 'DROPPED'").await?;
        upstream.step_until_same(&mut ingestor).await?;

        // a column that is needed and has another name now
        upstream.run("ALTER TABLE rwa_planting.adoptions RENAME COLUMN tree_count TO trees").await?;
        upstream.run("UPDATE rwa_planting.adoptions SET trees = 7 WHERE trees < 3").await?;
        upstream.run("UPDATE rwa_identity.users SET status = 'GOES ON'").await?;
        step_until(&mut ingestor, upstream.pool(), OPEN, 2).await;
        assert_eq!(letters(upstream).await?, ["missing_field: tree_count"; 2]);
        let on = "SELECT count(*) FROM synced_users WHERE status = 'GOES ON'";
        step_until(&mut ingestor, upstream.pool(), on, 5).await;
        drop(ingestor);

        // with the name in the settings it is read again, and the rows' next changes tell what was put aside
        let mut environment = upstream.environment();
        environment.insert("CONTRIB__CDC__COLUMNS__ADOPTIONS__TREE_COUNT".to_owned(), "trees".to_owned());
        let mut ingestor = start(&environment, upstream.pool());
        upstream.run("UPDATE rwa_planting.adoptions SET trees = trees + 1").await?;
        step_until(&mut ingestor, upstream.pool(), OPEN, 0).await;
        let trees = "SELECT count(*) FROM synced_adoptions WHERE tree_count = 8";
        step_until(&mut ingestor, upstream.pool(), trees, 2).await;
        Ok(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn trap_25_terminated_under_load_beside_long_transactions_and_a_large_row() {
    const SETTLED: &str = "SELECT count(*) FROM cdc_watermarks WHERE watermark_by = 'heartbeat'";
    Upstream::with(100, &[], async |upstream| {
        // one that writes elsewhere upstream, and one beside the ingestor, open all the time
        let mut foreign = upstream.another_connection().await?;
        let mut foreign = foreign.begin().await?;
        sqlx::raw_sql("CREATE TABLE elsewhere AS SELECT 1 AS n").execute(&mut *foreign).await?;
        let mut beside = upstream.pool().begin().await?;
        sqlx::query("INSERT INTO audit_log (who, action) VALUES ('x', 'y')").execute(&mut *beside).await?;

        let process = Process::start(&upstream.environment());
        wait_until(upstream.pool(), READ, 300).await;
        for part in 1..=5 {
            upstream.insert(part * 100 + 1, part * 100 + 100).await?;
        }
        let large =
            "UPDATE rwa_identity.users SET nickname = repeat('x', 3000000) WHERE account_sequence = 'D7'";
        upstream.run(large).await?;
        wait_until(upstream.pool(), READ, 400).await;
        let read = number(upstream.pool(), READ).await;
        let (status, time) = process.terminate().await;
        assert!(status.success(), "{status}");
        assert!(time < Duration::from_secs(8), "{time:?}");
        assert!(read < 1801, "it was terminated in the middle");

        let process = Process::start(&upstream.environment());
        let same = async || Ok(upstream.difference().await?.is_none().then_some(()));
        until("the tables to be upstream's", LIMIT, same).await?;
        assert_eq!(number(upstream.pool(), OPEN).await, 0);
        // upstream is quiet, and its beats tell that it has been read
        wait_until(upstream.pool(), SETTLED, 1).await;
        let rises = "SELECT (extract(epoch FROM watermark) * 1000)::bigint FROM cdc_watermarks";
        let before = number(upstream.pool(), rises).await;
        wait_until(upstream.pool(), rises, before + 1).await;
        assert_eq!(number(upstream.pool(), READ).await, 1801);
        let (status, _) = process.terminate().await;
        assert!(status.success(), "{status}");
        foreign.rollback().await?;
        beside.rollback().await?;
        Ok(())
    })
    .await;
}
