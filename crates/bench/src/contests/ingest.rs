//! `ingest.users`, `ingest.adoptions`: messages of a topic into PostgreSQL, by the whole ingestor.
//!
//! The floor writes the same rows into the same table by a bare upsert of arrays, prepared beforehand, 2,000 rows a
//! statement and a transaction: no Kafka, no JSON, nothing that follows from a row.

use anyhow::Context;
use cdc_ingestor::Ingestor;
use futures::future::LocalBoxFuture;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use runtime::Worker;
use sqlx::{Executor, PgPool};
use testkit::database::TestDatabase;
use uuid::Uuid;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure};
use crate::cpu::CpuClock;
use crate::messages::{ADOPTIONS, Model, USERS};

/// Messages of a run.
const MESSAGES: usize = 200_000;
const PARTITIONS: i32 = 3;
/// Rows of the floor's statement.
const ROWS: usize = 2_000;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

const FLOORS: [Floor; 1] =
    [Floor::main("bare UNNEST upsert of the same rows, 2,000 a statement, one connection")];

const UPSERT_USERS: &str =
    "INSERT INTO synced_users AS u (original_user_id, account_sequence, phone, status, created_at,
        source_sequence_num, source_topic, source_partition, source_offset)
    SELECT id, account, '13800000001', 'ACTIVE', now(), 1, 'floor', 0, n
    FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS r (id, account, n)
    ON CONFLICT (original_user_id) DO UPDATE SET account_sequence = excluded.account_sequence,
        phone = excluded.phone, status = excluded.status, created_at = excluded.created_at,
        source_sequence_num = excluded.source_sequence_num, source_offset = excluded.source_offset
    WHERE u.source_sequence_num <= excluded.source_sequence_num";
const UPSERT_ADOPTIONS: &str = "INSERT INTO synced_adoptions AS a (original_adoption_id, account_sequence, tree_count,
        adoption_date, status, contribution_per_tree, source_created_at, source_sequence_num, source_topic,
        source_partition, source_offset)
    SELECT id, account, 1, DATE '2026-11-22', 'ACTIVE', 22617, now(), 1, 'floor', 0, n
    FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS r (id, account, n)
    ON CONFLICT (original_adoption_id) DO UPDATE SET account_sequence = excluded.account_sequence,
        tree_count = excluded.tree_count, adoption_date = excluded.adoption_date, status = excluded.status,
        contribution_per_tree = excluded.contribution_per_tree, source_sequence_num = excluded.source_sequence_num,
        source_offset = excluded.source_offset
    WHERE a.source_sequence_num <= excluded.source_sequence_num";

pub(crate) struct Ingest {
    name: &'static str,
    captured: &'static str,
    upsert: &'static str,
    scale: Scale,
    stage: Option<Stage>,
}

struct Stage {
    database: TestDatabase,
    cpu: CpuClock,
    brokers: String,
    /// Of the three topics, of which one has messages.
    prefix: String,
    rows: Vec<(Uuid, String)>,
}

impl Ingest {
    pub(crate) fn users(scale: Scale) -> Self {
        Self { name: "ingest.users", captured: USERS, upsert: UPSERT_USERS, scale, stage: None }
    }

    pub(crate) fn adoptions(scale: Scale) -> Self {
        Self { name: "ingest.adoptions", captured: ADOPTIONS, upsert: UPSERT_ADOPTIONS, scale, stage: None }
    }

    fn stage(&mut self) -> anyhow::Result<&mut Stage> {
        self.stage.as_mut().context("not prepared")
    }
}

impl Stage {
    async fn new(captured: &str, scale: Scale) -> anyhow::Result<Self> {
        let database = TestDatabase::create_durable().await?;
        let rows = (0..scale.of(MESSAGES)).map(|number| (Uuid::new_v4(), format!("D{number:011}"))).collect();
        let stage = Self {
            cpu: CpuClock::with_server(database.pool()).await?,
            brokers: testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?,
            prefix: format!("bench{}", Uuid::new_v4().simple()),
            database,
            rows,
        };
        let [users, adoptions, referrals] = stage.topics();
        let admin = stage.admin()?;
        let topics = [&users, &adoptions, &referrals]
            .map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)));
        for created in admin.create_topics(&topics, &AdminOptions::new()).await? {
            created.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
        }
        let topic = if captured == USERS { users } else { adoptions };
        stage.produce(&topic, &Model::of(captured)?)?;
        Ok(stage)
    }

    fn topics(&self) -> [String; 3] {
        ["users", "adoptions", "referrals"].map(|table| format!("{}.{table}", self.prefix))
    }

    fn admin(&self) -> anyhow::Result<AdminClient<DefaultClientContext>> {
        Ok(ClientConfig::new().set("bootstrap.servers", &self.brokers).create()?)
    }

    fn produce(&self, topic: &str, model: &Model) -> anyhow::Result<()> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("linger.ms", "50")
            .set("queue.buffering.max.messages", "100000")
            .create()?;
        for (id, account) in &self.rows {
            let (key, value) = model.message(*id, account);
            let mut record = BaseRecord::to(topic).key(&key).payload(&value);
            while let Err((error, again)) = producer.send(record) {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                anyhow::ensure!(full, "{error}");
                producer.poll(std::time::Duration::from_millis(50));
                record = again;
            }
        }
        Ok(producer.flush(PATIENCE)?)
    }

    /// From the first message written to the last.
    async fn product(&self) -> anyhow::Result<Run> {
        self.database.empty().await?;
        let pool = self.database.pool();
        let mut ingestor = self.ingestor(pool)?;
        let all = self.rows.len() as u64;
        let mut before = 0;
        while before == 0 {
            ingestor.run_once().await?;
            before = read(pool).await?;
        }
        measure(&self.cpu, async {
            while read(pool).await? < all {
                ingestor.run_once().await?;
            }
            Ok(all - before)
        })
        .await
    }

    fn ingestor(&self, pool: &PgPool) -> anyhow::Result<Ingestor> {
        let [users, adoptions, referrals] = self.topics();
        let settings = self.database.settings(&[
            ("KAFKA__BROKERS", &self.brokers),
            ("KAFKA__GROUP_ID", &Uuid::new_v4().to_string()),
            ("CDC__TOPICS__USERS", &users),
            ("CDC__TOPICS__ADOPTIONS", &adoptions),
            ("CDC__TOPICS__REFERRALS", &referrals),
            ("CDC__HEARTBEATS__UPSTREAM", ""),
        ])?;
        Ok(Ingestor::start(&settings.kafka, &settings.cdc, pool.clone())?)
    }

    async fn floor(&self, upsert: &str) -> anyhow::Result<Run> {
        self.database.empty().await?;
        let batches: Vec<(Vec<Uuid>, Vec<String>)> =
            self.rows.chunks(ROWS).map(|rows| rows.iter().cloned().unzip()).collect();
        self.database.pool().execute("CHECKPOINT").await?;
        let mut connection = self.database.pool().acquire().await?;
        measure(&self.cpu, async {
            for (ids, accounts) in &batches {
                sqlx::query(upsert).bind(ids).bind(accounts).execute(&mut *connection).await?;
            }
            Ok(self.rows.len() as u64)
        })
        .await
    }

    async fn close(self) -> anyhow::Result<()> {
        let names = self.topics();
        self.admin()?.delete_topics(&names.each_ref().map(String::as_str), &AdminOptions::new()).await?;
        self.database.close().await
    }
}

async fn read(pool: &PgPool) -> anyhow::Result<u64> {
    let query = "SELECT coalesce(sum(next_offset), 0)::bigint FROM cdc_offsets";
    let read: i64 = sqlx::query_scalar(query).fetch_one(pool).await?;
    Ok(u64::try_from(read)?)
}

impl Contest for Ingest {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "messages/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(Stage::new(self.captured, self.scale).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.product().await })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        let upsert = self.upsert;
        Box::pin(async move { self.stage()?.floor(upsert).await })
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
