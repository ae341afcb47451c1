//! `ingest.users.jdbc_sink`: the whole ingestor beside Debezium's own JDBC sink, on one topic.
//!
//! The sink cannot do without schemas, so every message has its own, for both. It runs in the stack's Connect with what
//! suits it best: polls and batches of 2,000 records, inserts rewritten by the driver. It does less: no guard by lsn,
//! nothing that follows from a row, one index.

use std::time::Duration;

use anyhow::{Context, bail, ensure};
use futures::future::LocalBoxFuture;
use reqwest::Client;
use serde_json::{Value, json};
use sqlx::Executor;
use sqlx::postgres::PgConnectOptions;
use uuid::Uuid;

use super::Scale;
use super::ingest::Stage;
use crate::contest::{Contest, Floor, Run, measure};
use crate::messages::{USERS, WITH_SCHEMAS};

/// How often it is looked how many rows there are.
const EVERY: Duration = Duration::from_millis(250);

const FLOORS: [Floor; 1] = [Floor::main(
    "Debezium's JDBC sink, batches of 2,000, reWriteBatchedInserts, one task, into a bare table",
)];
const TABLE: &str =
    "CREATE TABLE IF NOT EXISTS users_sink (id UUID PRIMARY KEY, account_sequence VARCHAR(20) NOT NULL,
    phone VARCHAR(20), nickname TEXT, status VARCHAR(20), created_at TIMESTAMPTZ, updated_at TIMESTAMPTZ,
    loaded_at TIMESTAMPTZ DEFAULT clock_timestamp())";

pub(crate) struct Sink {
    scale: Scale,
    stage: Option<Stage>,
}

impl Sink {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, stage: None }
    }

    fn stage(&mut self) -> anyhow::Result<&mut Stage> {
        self.stage.as_mut().context("not prepared")
    }
}

/// A connector, and the Connect that runs it.
struct Connector {
    client: Client,
    url: String,
}

impl Connector {
    async fn start(config: &Value) -> anyhow::Result<Self> {
        let connect = testkit::required("CONTRIB_TEST_CONNECT_URL")?;
        let url = format!("{connect}/connectors/bench-sink-{}", Uuid::new_v4().simple());
        let client = Client::builder().no_proxy().build()?;
        let answer = client.put(format!("{url}/config")).json(config).send().await?;
        let status = answer.status();
        let how =
            "Connect has to know the sink: STACK_SINK=1 deploy/local/stack.sh install, and start it anew";
        ensure!(status.is_success(), "{status} {}: {how}", answer.text().await?);
        Ok(Self { client, url })
    }

    async fn check(&self) -> anyhow::Result<()> {
        let status: Value = self.client.get(format!("{}/status", self.url)).send().await?.json().await?;
        let tasks = status["tasks"].as_array().map(Vec::as_slice).unwrap_or_default();
        match tasks.iter().find(|task| task["state"] == "FAILED") {
            Some(task) => bail!("the sink failed: {}", task["trace"]),
            None => Ok(()),
        }
    }

    async fn remove(self) -> anyhow::Result<()> {
        self.client.delete(&self.url).send().await?.error_for_status()?;
        Ok(())
    }
}

impl Stage {
    /// From the first row loaded to the last.
    async fn sink(&self) -> anyhow::Result<Run> {
        let pool = self.database.pool();
        pool.execute("DROP TABLE IF EXISTS users_sink").await?;
        pool.execute(TABLE).await?;
        pool.execute("CHECKPOINT").await?;
        let all = i64::try_from(self.rows.len())?;
        let run = measure(&self.cpu, async {
            let connector = Connector::start(&self.sink_config()).await?;
            let count = "SELECT count(*) FROM users_sink";
            while sqlx::query_scalar::<_, i64>(count).fetch_one(pool).await? < all {
                connector.check().await?;
                tokio::time::sleep(EVERY).await;
            }
            connector.remove().await?;
            Ok(self.rows.len() as u64)
        })
        .await?;
        let took = "SELECT extract(epoch FROM max(loaded_at) - min(loaded_at))::float8 FROM users_sink";
        let seconds: f64 = sqlx::query_scalar(took).fetch_one(pool).await?;
        pool.execute("DROP TABLE users_sink").await?;
        Ok(Run { value: self.rows.len() as f64 / seconds, ..run })
    }

    fn sink_config(&self) -> Value {
        let options: &PgConnectOptions = &self.database.pool().connect_options();
        let (host, port) = (options.get_host(), options.get_port());
        let database = options.get_database().unwrap_or_default();
        json!({
            "connector.class": "io.debezium.connector.jdbc.JdbcSinkConnector",
            "tasks.max": "1",
            "topics": self.topics.users(),
            "connection.url": format!("jdbc:postgresql://{host}:{port}/{database}?reWriteBatchedInserts=true"),
            "connection.username": options.get_username(),
            // of the stack for benchmarks, which listens on loopback only
            "connection.password": "postgres",
            "collection.name.format": "users_sink",
            "insert.mode": "upsert",
            "delete.enabled": "true",
            "primary.key.mode": "record_key",
            "primary.key.fields": "id",
            "schema.evolution": "none",
            "batch.size": "2000",
            "consumer.override.max.poll.records": "2000",
            "consumer.override.fetch.min.bytes": "1048576",
            "consumer.override.max.partition.fetch.bytes": "8388608",
            "key.converter": "org.apache.kafka.connect.json.JsonConverter",
            "key.converter.schemas.enable": "true",
            "value.converter": "org.apache.kafka.connect.json.JsonConverter",
            "value.converter.schemas.enable": "true",
        })
    }
}

impl Contest for Sink {
    fn name(&self) -> &'static str {
        "ingest.users.jdbc_sink"
    }

    fn unit(&self) -> &'static str {
        "messages/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn only_when_named(&self) -> bool {
        true
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(Stage::new(WITH_SCHEMAS, USERS, self.scale).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.product().await })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.sink().await })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.stage.take() {
                Some(stage) => stage.close().await,
                None => Ok(()),
            }
        })
    }
}
