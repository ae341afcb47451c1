//! What differs is read once more by a real connector.

use std::path::Path;

use cdc_ingestor::Ingestor;
use chrono::{DateTime, Utc};
use runtime::{Settings, Worker as _};
use serde_json::Value;
use sqlx::{Connection as _, Executor as _, PgConnection};
use testkit::database::TestDatabase;
use testkit::servers::Servers;
use testkit::wait::{LIMIT, until};

use crate::pair::counts;
use crate::support::{CONFIG, Variables, all, contribctl};

/// More than the ids of one signal.
const ROWS: i64 = 1_500;

fn variables(servers: &Servers, name: &str, database: &TestDatabase) -> Variables {
    vec![
        ("CONTRIB__DATABASE__URL", database.url()),
        ("CONTRIB__UPSTREAM__URL", servers.upstream_url(name)),
        ("CONTRIB__CONNECT__URL", servers.connect.clone()),
        ("CONTRIB__CONNECT__SIGNAL_TOPIC", format!("{name}.signals")),
        ("CONTRIB__KAFKA__BROKERS", servers.brokers.clone()),
        ("CONTRIB__KAFKA__GROUP_ID", name.to_owned()),
        ("CONTRIB__CDC__TOPICS__USERS", format!("{name}.rwa_identity.users")),
        ("CONTRIB__CDC__TOPICS__ADOPTIONS", format!("{name}.rwa_planting.adoptions")),
        ("CONTRIB__CDC__TOPICS__REFERRALS", format!("{name}.rwa_referral.referral_relations")),
        ("CONTRIB__CDC__HEARTBEATS__UPSTREAM", format!("{name}.rwa_cdc.heartbeat")),
    ]
}

/// Reads for ever.
async fn ingest(mut ingestor: Ingestor) -> anyhow::Result<()> {
    loop {
        ingestor.run_once().await?;
    }
}

async fn body(servers: &Servers, name: &str, database: &TestDatabase) -> anyhow::Result<()> {
    let variables = variables(servers, name, database);
    let mut upstream = PgConnection::connect(&servers.upstream_url(name)).await?;
    let rows = format!(
        "INSERT INTO rwa_identity.users
         SELECT gen_random_uuid(), 'D' || n, n::text, 'nick', 'ACTIVE', now() FROM generate_series(1, {ROWS}) n;
         INSERT INTO rwa_planting.adoptions
         SELECT gen_random_uuid(), 'D' || n, n, '2026-01-01', 'MINING', 22617, now() FROM generate_series(1, 5) n"
    );
    upstream.execute(&*rows).await?;
    let scratch = tempfile::tempdir()?;
    let file = scratch.path().join("connector.json");
    std::fs::write(&file, Servers::connector(name)?)?;
    let applied = contribctl(&["connectors", "apply", &file.display().to_string()], &variables)?;
    anyhow::ensure!(applied.status.success(), "{}", all(&applied));

    let settings = variables.iter().map(|(key, value)| ((*key).to_owned(), value.clone()));
    let settings = Settings::load_from(Path::new(CONFIG), settings)?;
    let ingestor = Ingestor::start(&settings.kafka, &settings.cdc, database.pool().clone())?;
    let ingestor = tokio::spawn(ingest(ingestor));
    let same = contribctl(&["reconcile", "--patience", "60"], &variables)?;
    anyhow::ensure!(same.status.success(), "{}", all(&same));

    database
        .pool()
        .execute(
            "DELETE FROM synced_users WHERE account_sequence <> 'D7';
             UPDATE synced_users SET status = 'CORRUPT';
             UPDATE synced_adoptions SET tree_count = 99 WHERE account_sequence = 'D1';
             UPDATE synced_adoptions SET source_deleted_at = now() WHERE account_sequence = 'D2'",
        )
        .await?;
    // one of which upstream will never tell
    database
        .pool()
        .execute(
            "INSERT INTO synced_adoptions (original_adoption_id, account_sequence, tree_count, adoption_date,
                 source_sequence_num) VALUES (gen_random_uuid(), 'D3', 3, '2026-01-01', 1)",
        )
        .await?;
    let arguments = ["reconcile", "--patience", "0", "--request", "--timeout", "60", "--json"];
    let users = contribctl(&[&arguments[..], &["--table", "users"]].concat(), &variables)?;
    anyhow::ensure!(users.status.success(), "{}", all(&users));
    let reports: Vec<Value> = serde_json::from_slice(&users.stdout)?;
    assert_eq!((counts(&reports[0]), &reports[0]["requested"]), ([0; 4], &Value::from(ROWS)));

    let adoptions = contribctl(&[&arguments[..], &["--table", "adoptions"]].concat(), &variables)?;
    let reports: Vec<Value> = serde_json::from_slice(&adoptions.stdout)?;
    assert_eq!(counts(&reports[0]), [0, 1, 0, 0], "{}", all(&adoptions));
    assert_eq!((adoptions.status.code(), &reports[0]["requested"]), (Some(1), &Value::from(2)));

    // upstream is beaten and read as before
    let now: DateTime<Utc> = sqlx::query_scalar("SELECT now()").fetch_one(&mut upstream).await?;
    until("a beat after the snapshots", LIMIT, async || {
        let query = "SELECT beat_at > $1 FROM rwa_cdc.heartbeat";
        let beaten: bool = sqlx::query_scalar(query).bind(now).fetch_one(&mut upstream).await?;
        Ok(beaten.then_some(()))
    })
    .await?;
    upstream.execute("UPDATE rwa_identity.users SET status = 'LATER' WHERE account_sequence = 'D7'").await?;
    until("a change after the snapshots", LIMIT, async || {
        let query = "SELECT count(*) FROM synced_users WHERE status = 'LATER'";
        let seen: i64 = sqlx::query_scalar(query).fetch_one(database.pool()).await?;
        Ok((seen == 1).then_some(()))
    })
    .await?;
    let letters: i64 =
        sqlx::query_scalar("SELECT count(*) FROM cdc_dead_letters").fetch_one(database.pool()).await?;
    assert_eq!(letters, 0);
    assert!(!ingestor.is_finished(), "the ingestor ended");
    ingestor.abort();
    upstream.close().await?;
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn rows_that_differ_are_read_once_more() -> anyhow::Result<()> {
    let servers = Servers::from_environment()?;
    servers.sweep().await?;
    let name = Servers::name();
    servers.create_upstream(&name).await?;
    let database = TestDatabase::create().await?;
    let outcome = body(&servers, &name, &database).await;
    servers.remove(&name).await?;
    database.close().await?;
    outcome
}
