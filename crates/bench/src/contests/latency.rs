//! `latency.idle`: on an idle service, from the commit of the ingestor's transaction to the adoption's events on Kafka, at
//! the 99th percentile. Sequencer, worker and relay run as they do in service.
//!
//! The floor is what no such chain can do without: three commits, one after the other, and one record through Kafka.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use chrono::NaiveDate;
use futures::future::LocalBoxFuture;
use persistence::calls::{self, Channel};
use rdkafka::consumer::{BaseConsumer, Consumer};
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Message, Offset, TopicPartitionList};
use runtime::{CancellationToken, Context, Health, telemetry};
use sqlx::{Executor, PgPool};
use testkit::database::TestDatabase;
use testkit::synced;
use tokio::task::JoinSet;
use uuid::Uuid;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure, p99_ms};
use crate::cpu::CpuClock;

/// Adoptions in each run, one after the other.
const ADOPTIONS: usize = 300;
/// Longer than this, something is broken.
const PATIENCE: Duration = Duration::from_secs(30);

const FLOORS: [Floor; 1] = [Floor::main("three commits and one record through Kafka")];

pub(crate) struct Idle {
    scale: Scale,
    stage: Option<Stage>,
}

struct Stage {
    database: TestDatabase,
    cpu: CpuClock,
    topic: String,
    consumer: BaseConsumer,
    producer: FutureProducer,
    stopping: CancellationToken,
    service: JoinSet<anyhow::Result<()>>,
    day: NaiveDate,
    adoptions: usize,
    adopted: usize,
}

impl Idle {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, stage: None }
    }

    fn stage(&mut self) -> anyhow::Result<&mut Stage> {
        self.stage.as_mut().context("not prepared")
    }
}

impl Stage {
    async fn new(scale: Scale, runs: u32) -> anyhow::Result<Self> {
        let database = TestDatabase::create_durable().await?;
        let pool = database.pool();
        let adoptions = scale.of(ADOPTIONS).max(3);
        refer(pool, adoptions * (runs as usize + 1)).await?;
        synced::open_gate(pool).await?;
        let mut connection = pool.acquire().await?;
        let day = persistence::business_day::read(&mut connection).await?;
        drop(connection);

        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?;
        let topic = format!("bench.{}.account_events", Uuid::new_v4().simple());
        let (stopping, service) = serve(&database, &brokers, &topic)?;
        let cpu = CpuClock::with_server(pool).await?;
        let mut client = ClientConfig::new();
        client.set("bootstrap.servers", &brokers).set("group.id", "bench").set("fetch.wait.max.ms", "10");
        let consumer = client.create()?;
        let producer =
            ClientConfig::new().set("bootstrap.servers", &brokers).set("linger.ms", "0").create()?;
        let mut stage =
            Self { database, cpu, topic, consumer, producer, stopping, service, day, adoptions, adopted: 0 };
        stage.look_at_topic().await?;
        // connections are made, plans and caches warm
        stage.product().await?;
        Ok(stage)
    }

    /// Reads all partitions from the beginning, once the relay has made the topic.
    async fn look_at_topic(&self) -> anyhow::Result<()> {
        let partitions = testkit::wait::until("the relay's topic", PATIENCE, async || {
            let metadata = self.consumer.fetch_metadata(Some(&self.topic), PATIENCE)?;
            let partitions = metadata.topics().first().map_or(0, |topic| topic.partitions().len());
            Ok((partitions > 0).then_some(partitions))
        })
        .await?;
        let mut all = TopicPartitionList::new();
        for partition in 0..i32::try_from(partitions)? {
            all.add_partition_offset(&self.topic, partition, Offset::Beginning)?;
        }
        Ok(self.consumer.assign(&all)?)
    }

    async fn product(&mut self) -> anyhow::Result<Run> {
        let cpu = self.cpu.clone();
        let mut latencies = Vec::new();
        let run = measure(&cpu, async {
            for _ in 0..self.adoptions {
                let account = leaf(self.adopted);
                self.adopted += 1;
                adopt(self.database.pool(), &account, self.day).await?;
                let committed = Instant::now();
                self.until_published(&account)?;
                latencies.push(committed.elapsed());
            }
            Ok(self.adoptions as u64)
        })
        .await?;
        Ok(Run { value: p99_ms(&mut latencies), ..run })
    }

    async fn floor(&mut self) -> anyhow::Result<Run> {
        let cpu = self.cpu.clone();
        let mut latencies = Vec::new();
        let run = measure(&cpu, async {
            for number in 0..self.adoptions {
                let key = format!("floor {number}");
                let began = Instant::now();
                for _ in 0..3 {
                    self.database
                        .pool()
                        .execute(
                            "INSERT INTO audit_log (who, action) VALUES ('bench', 'a row and its commit')",
                        )
                        .await?;
                }
                let record = FutureRecord::to(&self.topic).key(&key).payload("{}");
                let sent = self.producer.send(record, PATIENCE).await;
                sent.map_err(|(error, _)| error)?;
                self.until_published(&key)?;
                latencies.push(began.elapsed());
            }
            Ok(self.adoptions as u64)
        })
        .await?;
        Ok(Run { value: p99_ms(&mut latencies), ..run })
    }

    /// Reads on until an event of `key` comes.
    fn until_published(&self, key: &str) -> anyhow::Result<()> {
        let began = Instant::now();
        while began.elapsed() < PATIENCE {
            if let Some(message) = self.consumer.poll(Duration::from_secs(1))
                && message?.key() == Some(key.as_bytes())
            {
                return Ok(());
            }
        }
        anyhow::bail!("no event of {key} after {PATIENCE:?}")
    }

    async fn clear(mut self) -> anyhow::Result<()> {
        self.stopping.cancel();
        while let Some(ended) = self.service.join_next().await {
            ended??;
        }
        self.database.close().await
    }
}

/// Distributor and relay, as their programs run them.
fn serve(
    database: &TestDatabase,
    brokers: &str,
    topic: &str,
) -> anyhow::Result<(CancellationToken, JoinSet<anyhow::Result<()>>)> {
    let context = Context {
        settings: database
            .settings(&[("KAFKA__BROKERS", brokers), ("KAFKA__ACCOUNT_EVENTS_TOPIC", topic)])?,
        shutdown: CancellationToken::new(),
        health: Health::default(),
        metrics: telemetry::record_metrics()?,
    };
    let stopping = context.shutdown.clone();
    let mut service = JoinSet::new();
    let relayed = context.clone();
    service.spawn(async move { Ok(distributor::run(context).await?) });
    service.spawn(async move { Ok(outbox_relay::run(relayed).await?) });
    Ok((stopping, service))
}

/// A line of fifteen accounts with `leaves` accounts below the last.
async fn refer(pool: &PgPool, leaves: usize) -> anyhow::Result<()> {
    synced::referral(pool, "A00", None).await?;
    for place in 1..15 {
        synced::referral(pool, &format!("A{place:02}"), Some(&format!("A{:02}", place - 1))).await?;
    }
    for number in 0..leaves {
        synced::referral(pool, &leaf(number), Some("A14")).await?;
    }
    Ok(())
}

fn leaf(number: usize) -> String {
    format!("L{number:06}")
}

/// As the ingestor commits it.
async fn adopt(pool: &PgPool, account: &str, day: NaiveDate) -> anyhow::Result<()> {
    let mut transaction = pool.begin().await?;
    let id = Uuid::new_v4();
    sqlx::query(
        "INSERT INTO synced_adoptions (original_adoption_id, account_sequence, tree_count, adoption_date,
             source_sequence_num) VALUES ($1, $2, 1, $3, 1)",
    )
    .bind(id)
    .bind(account)
    .bind(day)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("INSERT INTO sequencer_queue (kind, original_adoption_id) VALUES (1, $1)")
        .bind(id)
        .execute(&mut *transaction)
        .await?;
    calls::call(&mut transaction, Channel::Sequencer).await?;
    Ok(transaction.commit().await?)
}

impl Contest for Idle {
    fn name(&self) -> &'static str {
        "latency.idle"
    }

    fn unit(&self) -> &'static str {
        "ms (p99; less is better)"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            self.stage = Some(Stage::new(self.scale, runs).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.product().await })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.floor().await })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.stage.take() {
                Some(stage) => stage.clear().await,
                None => Ok(()),
            }
        })
    }
}
