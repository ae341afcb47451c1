//! What reaches Kafka, and in which order.

use std::collections::BTreeMap;

use crate::stage::{LIMIT, Received, Stage, write};
use persistence::outbox::Horizon;
use runtime::{Disposed, Disposition, Progress, Worker};
use sqlx::{Connection, PgConnection};

/// The versions of each key, in the order of the topic.
fn versions(records: &[Received]) -> BTreeMap<&str, Vec<i64>> {
    let mut versions: BTreeMap<&str, Vec<i64>> = BTreeMap::new();
    for record in records {
        versions.entry(&record.key).or_default().push(record.version());
    }
    versions
}

#[tokio::test]
async fn trap_13_an_event_that_is_committed_after_a_later_id_is_published() -> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    let mut relay = stage.relay();
    let mut early = stage.pool().begin().await?;
    let low = write(&mut early, 0, "early", 1).await?;
    let mut late = stage.pool().begin().await?;
    let high = write(&mut late, 0, "late", 1).await?;
    assert!(low < high);
    late.commit().await?;

    stage.drain(&mut relay).await?;
    // many looks at the horizon while the early one is still open
    for _ in 0..10 {
        assert_eq!(relay.run_once().await?, Progress::Idle);
    }
    early.commit().await?;
    stage.drain(&mut relay).await?;

    let records = stage.received(2).await?;
    assert_eq!(versions(&records), BTreeMap::from([("early", vec![1]), ("late", vec![1])]));
    relay.close().await;
    stage.strike().await
}

#[tokio::test]
async fn a_writer_holds_the_horizon_up_and_a_foreign_transaction_does_not() -> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    let pool = stage.pool();
    let mut foreign = pool.begin().await?;
    sqlx::query("INSERT INTO audit_log (who, action) VALUES ('x', 'y')").execute(&mut *foreign).await?;

    let mut writer = pool.begin().await?;
    let open = write(&mut writer, 0, "D1", 1).await?;
    let mut other = pool.begin().await?;
    let last = write(&mut other, 0, "D2", 1).await?;
    other.commit().await?;

    let mut horizon = Horizon::default();
    for _ in 0..3 {
        horizon.advance(pool).await?;
    }
    assert!(horizon.settled() < open);
    writer.rollback().await?;
    for _ in 0..2 {
        horizon.advance(pool).await?;
    }
    assert_eq!(horizon.settled(), last);
    foreign.rollback().await?;
    stage.strike().await
}

#[tokio::test]
async fn trap_14_each_key_keeps_its_order_under_concurrent_writers() -> anyhow::Result<()> {
    const KEYS: i64 = 7;
    const WRITERS: i64 = 4;
    const TRANSACTIONS: i64 = 60;
    let stage = Stage::set(5).await?;
    sqlx::query(
        "INSERT INTO contribution_accounts (account_sequence) SELECT 'D' || n FROM generate_series(0, $1 - 1) n",
    )
    .bind(KEYS)
    .execute(stage.pool())
    .await?;
    let writers: Vec<_> = (0..WRITERS)
        .map(|writer| {
            let pool = stage.pool().clone();
            tokio::spawn(async move {
                for number in 0..TRANSACTIONS {
                    let mut transaction = pool.begin().await?;
                    let mut keys = [(writer + number) % KEYS, (writer * number + 3) % KEYS];
                    keys.sort_unstable();
                    for key in keys {
                        let account = format!("D{key}");
                        let version = sqlx::query_scalar(
                            "UPDATE contribution_accounts SET version = version + 1 WHERE account_sequence = $1
                             RETURNING version",
                        )
                        .bind(&account)
                        .fetch_one(&mut *transaction)
                        .await?;
                        write(&mut transaction, i16::try_from(key % 3)?, &account, version).await?;
                    }
                    transaction.commit().await?;
                }
                anyhow::Ok(())
            })
        })
        .collect();

    let mut relay = stage.relay();
    while !writers.iter().all(tokio::task::JoinHandle::is_finished) {
        relay.run_once().await?;
    }
    for writer in writers {
        writer.await??;
    }
    stage.drain(&mut relay).await?;

    let number = usize::try_from(WRITERS * TRANSACTIONS * 2)?;
    let records = stage.received(number).await?;
    assert_eq!(records.len(), number, "each once");
    for (key, versions) in versions(&records) {
        assert!(versions.is_sorted(), "{key}: {versions:?}");
        assert!(versions.windows(2).all(|pair| pair[0] + 1 == pair[1]), "{key}: {versions:?}");
    }
    relay.close().await;
    stage.strike().await
}

#[tokio::test]
async fn trap_15_after_a_crash_between_acknowledgement_and_delete_the_same_event_comes_again()
-> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    let mut connection = stage.pool().acquire().await?;
    for version in 1..=3 {
        write(&mut connection, 0, "D1", version).await?;
    }
    sqlx::raw_sql(
        "CREATE FUNCTION crash() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'crash'; END $$;
         CREATE TRIGGER crash BEFORE DELETE ON outbox_events EXECUTE FUNCTION crash()",
    )
    .execute(&mut *connection)
    .await?;
    let mut crashed = stage.relay();
    let error = crashed.run_once().await.expect_err("the delete cannot be done");
    assert_eq!(error.disposition(), Disposition::Halt);
    drop(crashed);
    assert_eq!(stage.waiting().await?, 3);

    sqlx::raw_sql("DROP TRIGGER crash ON outbox_events").execute(&mut *connection).await?;
    let mut next = stage.relay();
    stage.drain(&mut next).await?;
    let records = stage.received(6).await?;
    assert_eq!(records.iter().map(Received::version).collect::<Vec<_>>(), [1, 2, 3, 1, 2, 3]);
    assert_eq!(records[..3], records[3..], "same key, value, event id and partition");
    next.close().await;
    drop(connection);
    stage.strike().await
}

#[tokio::test]
async fn a_record_is_as_the_contract_says() -> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    let mut connection = stage.pool().acquire().await?;
    // partitions that Java's default partitioner gives these keys, of six
    let keys = [("21", 0), ("abc", 3), ("a-little-bit-long-string", 2)];
    for (key, _) in keys {
        write(&mut connection, 5, key, 1).await?;
    }
    sqlx::query(
        "INSERT INTO outbox_events (aggregate_type, aggregate_id, event_type, event_id, epoch, version, payload,
             shard, created_at)
         VALUES ('SNAPSHOT', '2025-03-01', 'DailySnapshotCreated', gen_random_uuid(), 1, 1, '{}', 0,
             '2025-03-02 00:00:01.25Z')",
    )
    .execute(&mut *connection)
    .await?;
    let mut relay = stage.relay();
    stage.drain(&mut relay).await?;

    let records = stage.received(keys.len()).await?;
    let partitions: BTreeMap<_, _> =
        records.iter().map(|record| (record.key.as_str(), record.partition)).collect();
    assert_eq!(partitions, BTreeMap::from(keys));
    let record = &records[0];
    let payload: serde_json::Value = serde_json::from_str(&record.payload)?;
    assert_eq!(record.headers["ce_id"], payload["eventId"]);
    assert_eq!(record.headers["ce_type"], "ContributionCalculated");
    assert_eq!(record.headers["ce_source"], "contribution-service");
    assert_eq!(record.headers["ce_specversion"], "1.0");
    assert!(record.headers["traceparent"].starts_with("00-"));

    let snapshots = stage.received_from(stage.settings.kafka.snapshot_events_topic.clone(), 1).await?;
    assert_eq!(snapshots[0].key, "2025-03-01");
    assert_eq!(snapshots[0].headers["ce_time"], "2025-03-02T00:00:01.250000Z");
    assert!(!snapshots[0].headers.contains_key("traceparent"));
    relay.close().await;
    drop(connection);
    stage.strike().await
}

#[tokio::test]
async fn without_brokers_the_relay_waits_and_keeps_everything() -> anyhow::Result<()> {
    let mut stage = Stage::set(100).await?;
    write(&mut *stage.pool().acquire().await?, 0, "D1", 1).await?;
    let brokers = std::mem::replace(&mut stage.settings.kafka.brokers, "127.0.0.1:1".to_owned());
    let error = stage.relay().run_once().await.expect_err("nobody listens there");
    assert_eq!((error.disposition(), error.waits_for()), (Disposition::Retry, "Kafka"), "{error}");
    assert_eq!(stage.waiting().await?, 1);

    stage.settings.kafka.brokers = brokers;
    let mut relay = stage.relay();
    stage.drain(&mut relay).await?;
    assert_eq!(stage.received(1).await?.len(), 1);
    relay.close().await;
    stage.strike().await
}

#[tokio::test]
async fn after_its_sessions_were_killed_the_relay_goes_on() -> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    let mut relay = stage.relay();
    relay.run_once().await?;
    assert!(!relay.owned().is_empty());
    let mut killer = PgConnection::connect(&stage.database.url()).await?;
    write(&mut killer, 0, "D1", 1).await?;
    let kill = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE datname = current_database() AND pid <> pg_backend_pid()";
    sqlx::query(kill).execute(&mut killer).await?;

    let error = relay.run_once().await.expect_err("its session is gone");
    assert_eq!((error.disposition(), error.waits_for()), (Disposition::Retry, "PostgreSQL"), "{error}");
    assert!(relay.owned().is_empty(), "others may own its shards now");
    let started = tokio::time::Instant::now();
    while stage.waiting().await? > 0 {
        assert!(started.elapsed() < LIMIT);
        // connections of the pool that were killed fail once each
        if let Err(error) = relay.run_once().await {
            assert_eq!(error.disposition(), Disposition::Retry, "{error}");
        }
    }
    assert_eq!(stage.received(1).await?.len(), 1);
    killer.close().await?;
    relay.close().await;
    stage.strike().await
}
