//! The whole worker against a real Kafka: captured messages are produced to topics of the test's own.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use cdc_ingestor::{IngestError, Ingestor};
use common::{ADOPTIONS, Line, REFERRALS, USERS, capture};
use persistence::PgPool;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use runtime::Worker as _;
use runtime::settings::{Batch, ByTable, Cdc, ColumnMap, Kafka};
use testkit::database::TestDatabase;
use uuid::Uuid;

const LIMIT: Duration = Duration::from_mins(1);

struct Stack {
    brokers: String,
    prefix: String,
    producer: FutureProducer,
    admin: AdminClient<DefaultClientContext>,
}

impl Stack {
    fn new() -> Self {
        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS").unwrap();
        let config = || {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", &brokers);
            config
        };
        let (producer, admin) = (config().create().unwrap(), config().create().unwrap());
        Self {
            prefix: format!("test{}", &Uuid::new_v4().simple().to_string()[..8]),
            producer,
            admin,
            brokers,
        }
    }

    fn topic(&self, name: &str) -> String {
        name.replace("dbserver1", &self.prefix)
    }

    async fn create(&self, names: &[&str]) {
        let names: Vec<String> = names.iter().map(|name| self.topic(name)).collect();
        let topics: Vec<NewTopic<'_>> =
            names.iter().map(|name| NewTopic::new(name, 3, TopicReplication::Fixed(1))).collect();
        for created in self.admin.create_topics(&topics, &AdminOptions::new()).await.unwrap() {
            created.unwrap();
        }
    }

    async fn produce(&self, line: &Line) {
        let topic = self.topic(&line.topic);
        let mut record = FutureRecord::to(&topic).partition(line.partition);
        if let Some(key) = &line.key {
            record = record.key(key);
        }
        if let Some(value) = &line.value {
            record = record.payload(value);
        }
        self.producer.send(record, LIMIT).await.unwrap();
    }

    async fn produce_all<'a>(&self, lines: impl Iterator<Item = &'a Line>) {
        for line in lines.filter(|line| common::TABLES.contains(&line.topic.as_str())) {
            self.produce(line).await;
        }
    }

    fn settings(&self) -> (Kafka, Cdc) {
        let kafka = Kafka {
            brokers: self.brokers.clone(),
            group_id: self.prefix.clone(),
            account_events_topic: String::new(),
            snapshot_events_topic: String::new(),
            topic_partitions: 3,
            replication_factor: 1,
            security_protocol: "plaintext".to_owned(),
            sasl_mechanism: None,
            sasl_username: None,
            sasl_password: None,
        };
        let topics = ByTable {
            users: self.topic(USERS),
            adoptions: self.topic(ADOPTIONS),
            referrals: self.topic(REFERRALS),
        };
        let upstream = || "upstream".to_owned();
        let cdc = Cdc {
            topics,
            sources: ByTable { users: upstream(), adoptions: upstream(), referrals: upstream() },
            heartbeats: BTreeMap::new(),
            columns: ByTable {
                users: ColumnMap::new(),
                adoptions: ColumnMap::new(),
                referrals: ColumnMap::new(),
            },
            price_scale: 10,
            batch: Batch { max_messages: 50, max_bytes: 1 << 20, max_wait_ms: 20 },
            watermark_slack_seconds: 5,
            dead_letter_max_bytes: 65_536,
        };
        (kafka, cdc)
    }

    fn start(&self, pool: &PgPool) -> Ingestor {
        let (kafka, cdc) = self.settings();
        Ingestor::start(&kafka, &cdc, pool.clone()).unwrap()
    }
}

async fn number(pool: &PgPool, query: &'static str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

/// Steps until `query` gives `expected`.
async fn step_until(ingestor: &mut Ingestor, pool: &PgPool, query: &'static str, expected: i64) {
    let started = Instant::now();
    loop {
        match ingestor.run_once().await {
            Ok(_) | Err(IngestError::PartitionTaken { .. }) => {}
            Err(error) => panic!("{error}"),
        }
        let found = number(pool, query).await;
        if found == expected {
            return;
        }
        assert!(started.elapsed() < LIMIT, "{query}: {found}, not {expected}");
    }
}

const READ: &str = "SELECT coalesce(sum(next_offset), 0)::bigint FROM cdc_offsets";
const COMPLETE: &str = "SELECT count(*) FROM cdc_bootstrap WHERE state = 'complete'";

#[tokio::test(flavor = "multi_thread")]
async fn topics_that_come_late_are_read_and_a_restart_reads_on() {
    let stack = Stack::new();
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("a");
    let mut ingestor = stack.start(pool);
    // nothing is there yet: it waits
    ingestor.run_once().await.unwrap();
    stack.create(&[USERS, ADOPTIONS, REFERRALS]).await;

    stack.produce_all(lines[..90].iter()).await;
    step_until(&mut ingestor, pool, READ, 90).await;
    step_until(&mut ingestor, pool, COMPLETE, 3).await;
    let marked = "SELECT count(*) FROM cdc_bootstrap WHERE ended_by = 'marker'";
    assert_eq!(number(pool, marked).await, 3);
    drop(ingestor);

    let all = lines.iter().filter(|line| common::TABLES.contains(&line.topic.as_str())).count();
    stack.produce_all(lines[90..].iter()).await;
    let mut ingestor = stack.start(pool);
    step_until(&mut ingestor, pool, READ, i64::try_from(all).unwrap()).await;
    let letters = "SELECT count(*) FROM cdc_dead_letters WHERE error_code = 'date_range' AND headers IS NULL";
    assert_eq!(number(pool, letters).await, 2);
    let live = "SELECT count(*) FROM synced_adoptions WHERE source_deleted_at IS NULL";
    // 100 loaded or created live on in the end; two dates were refused
    assert_eq!(number(pool, live).await, 30 + 69 - 3);
    step_until(&mut ingestor, pool, "SELECT count(*) FROM cdc_watermarks WHERE watermark_by = 'rows'", 1)
        .await;
    drop(ingestor);
    database.close().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn two_ingestors_share_the_partitions_and_one_takes_over() {
    let stack = Stack::new();
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let lines = capture("d");
    stack.create(&[USERS, ADOPTIONS, REFERRALS]).await;
    let tables: Vec<&Line> =
        lines.iter().filter(|line| common::TABLES.contains(&line.topic.as_str())).collect();
    let (mut one, mut two) = (stack.start(pool), stack.start(pool));
    stack.produce_all(tables[..100].iter().copied()).await;
    let started = Instant::now();
    while number(pool, READ).await < 100 {
        for ingestor in [&mut one, &mut two] {
            match ingestor.run_once().await {
                Ok(_) | Err(IngestError::PartitionTaken { .. }) => {}
                Err(error) => panic!("{error}"),
            }
        }
        assert!(started.elapsed() < LIMIT, "{} read", number(pool, READ).await);
    }
    drop(one);
    stack.produce_all(tables[100..].iter().copied()).await;
    step_until(&mut two, pool, READ, i64::try_from(tables.len()).unwrap()).await;
    let twice = "SELECT count(*) - count(DISTINCT original_adoption_id) FROM synced_adoptions";
    assert_eq!(number(pool, twice).await, 0);
    // no marker in flattened messages: the first streamed row ends the snapshots
    step_until(&mut two, pool, COMPLETE, 3).await;
    assert_eq!(number(pool, "SELECT count(*) FROM cdc_bootstrap WHERE ended_by = 'streamed row'").await, 3);
    drop(two);
    database.close().await.unwrap();
}
