//! The whole worker on a real Kafka, with topics and a consumer group of the test's own: within the test, or as a process.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use cdc_ingestor::{IngestError, Ingestor};
use persistence::PgPool;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use rdkafka::{ClientConfig, Offset, TopicPartitionList};
use runtime::{Settings, Worker as _};
use testkit::wait::until;
use uuid::Uuid;

use super::{ADOPTIONS, Line, REFERRALS, TABLES, USERS};

pub use testkit::wait::LIMIT;

/// Messages read, those of the heartbeats' topic apart.
pub const READ: &str =
    "SELECT coalesce(sum(next_offset), 0)::bigint FROM cdc_offsets WHERE topic NOT LIKE '%heartbeat'";
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");

/// Settings as a process gets them: `CONTRIB__SECTION__KEY` and its value.
pub type Environment = BTreeMap<String, String>;

pub struct Stack {
    pub brokers: String,
    pub prefix: String,
    producer: FutureProducer,
    admin: AdminClient<DefaultClientContext>,
}

impl Stack {
    pub fn new() -> Self {
        Self::with_prefix(&format!("test{}", &Uuid::new_v4().simple().to_string()[..8]))
    }

    /// With topics that begin with `prefix`, and a group of that name.
    pub fn with_prefix(prefix: &str) -> Self {
        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS").unwrap();
        let config = || {
            let mut config = ClientConfig::new();
            config.set("bootstrap.servers", &brokers);
            config
        };
        let (producer, admin) = (config().create().unwrap(), config().create().unwrap());
        Self { prefix: prefix.to_owned(), producer, admin, brokers }
    }

    /// The test's own topic for a captured one.
    pub fn topic(&self, captured: &str) -> String {
        captured.replace("dbserver1", &self.prefix)
    }

    fn topics(&self) -> Vec<String> {
        TABLES.iter().map(|name| self.topic(name)).collect()
    }

    pub async fn create_topics(&self) {
        let names = self.topics();
        let topics: Vec<NewTopic<'_>> =
            names.iter().map(|name| NewTopic::new(name, 3, TopicReplication::Fixed(1))).collect();
        for created in self.admin.create_topics(&topics, &AdminOptions::new()).await.unwrap() {
            created.unwrap();
        }
    }

    pub async fn remove_topics(&self) {
        let names = self.topics();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        self.admin.delete_topics(&names, &AdminOptions::new()).await.unwrap();
    }

    /// Has Kafka delete all messages, as a topic's retention would.
    pub async fn forget(&self) {
        let mut all = TopicPartitionList::new();
        for topic in self.topics() {
            for partition in 0..3 {
                all.add_partition_offset(&topic, partition, Offset::End).unwrap();
            }
        }
        self.admin.delete_records(&all, &AdminOptions::new()).await.unwrap();
    }

    pub async fn produce(&self, line: &Line) {
        self.produce_bytes(line, line.value.as_deref().map(str::as_bytes)).await;
    }

    /// The message of `line` with other bytes for its value.
    pub async fn produce_bytes(&self, line: &Line, value: Option<&[u8]>) {
        let topic = self.topic(&line.topic);
        let mut record = FutureRecord::to(&topic).partition(line.partition);
        if let Some(key) = &line.key {
            record = record.key(key);
        }
        if let Some(value) = value {
            record = record.payload(value);
        }
        self.producer.send(record, LIMIT).await.unwrap();
    }

    /// Those of `lines` that are of a table's topic; gives how many.
    pub async fn produce_all<'a>(&self, lines: impl IntoIterator<Item = &'a Line>) -> i64 {
        let mut count = 0;
        for line in lines.into_iter().filter(|line| TABLES.contains(&line.topic.as_str())) {
            self.produce(line).await;
            count += 1;
        }
        count
    }

    /// Small batches, so that there is a middle.
    pub fn environment(&self, database_url: &str) -> Environment {
        [
            ("DATABASE__URL", database_url.to_owned()),
            ("KAFKA__BROKERS", self.brokers.clone()),
            ("KAFKA__GROUP_ID", self.prefix.clone()),
            ("CDC__TOPICS__USERS", self.topic(USERS)),
            ("CDC__TOPICS__ADOPTIONS", self.topic(ADOPTIONS)),
            ("CDC__TOPICS__REFERRALS", self.topic(REFERRALS)),
            ("CDC__HEARTBEATS__UPSTREAM", String::new()),
            ("CDC__BATCH__MAX_MESSAGES", "50".to_owned()),
        ]
        .into_iter()
        .map(|(key, value)| (format!("CONTRIB__{key}"), value))
        .collect()
    }

    /// An ingestor within the test.
    pub fn start(&self, pool: &PgPool) -> Ingestor {
        self.start_in(&self.prefix, pool)
    }

    /// The same in a consumer group of another name.
    pub fn start_in(&self, group: &str, pool: &PgPool) -> Ingestor {
        let mut environment = self.environment("postgres://unused");
        environment.insert("CONTRIB__KAFKA__GROUP_ID".to_owned(), group.to_owned());
        start(&environment, pool)
    }
}

/// An ingestor within the test, with these settings and connections.
pub fn start(environment: &Environment, pool: &PgPool) -> Ingestor {
    let settings = Settings::load_from(Path::new(CONFIG), environment.clone()).unwrap();
    Ingestor::start(&settings.kafka, &settings.cdc, pool.clone()).unwrap()
}

/// One step; a partition that another one reads is no failure.
pub async fn step(ingestor: &mut Ingestor) {
    match ingestor.run_once().await {
        Ok(_) | Err(IngestError::PartitionTaken { .. }) => {}
        Err(error) => panic!("{error}"),
    }
}

pub async fn number(pool: &PgPool, query: &str) -> i64 {
    sqlx::query_scalar(query).fetch_one(pool).await.unwrap()
}

/// Steps until `query` gives `expected`.
pub async fn step_until(ingestor: &mut Ingestor, pool: &PgPool, query: &str, expected: i64) {
    let started = Instant::now();
    loop {
        step(ingestor).await;
        let found = number(pool, query).await;
        if found == expected {
            return;
        }
        assert!(started.elapsed() < LIMIT, "{query}: {found}, not {expected}");
    }
}

/// Waits until `query` gives at least `least`, for what others do.
pub async fn wait_until(pool: &PgPool, query: &str, least: i64) {
    until(query, LIMIT, async || Ok((number(pool, query).await >= least).then_some(()))).await.unwrap();
}

/// The program `cdc-ingestor` as a process; killed when it is dropped.
pub struct Process(Child);

impl Process {
    pub fn start(environment: &Environment) -> Self {
        Self::start_telling(environment, Stdio::null())
    }

    /// The same, with its log as `output`.
    pub fn start_telling(environment: &Environment, output: impl Into<Stdio>) -> Self {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cdc-ingestor"));
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("CONTRIB__")) {
            command.env_remove(name);
        }
        command.env_remove("APP_ENV").env_remove("RUST_LOG").envs(environment);
        command.args(["--config", CONFIG]).stdin(Stdio::null()).stdout(output);
        Self(command.spawn().unwrap())
    }

    /// SIGKILL.
    pub fn kill(mut self) {
        assert!(self.0.try_wait().unwrap().is_none(), "it had ended before");
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// SIGTERM; gives how it ended and after how long.
    pub async fn terminate(mut self) -> (ExitStatus, Duration) {
        let started = Instant::now();
        self.signal("TERM");
        let status = until("the process to end", LIMIT, async || Ok(self.0.try_wait()?)).await.unwrap();
        (status, started.elapsed())
    }

    pub fn signal(&mut self, name: &str) {
        assert!(self.0.try_wait().unwrap().is_none(), "it had ended before");
        // the shell's own: a bare machine has no program of that name
        let kill = format!("kill -{name} {}", self.0.id());
        let sent = Command::new("sh").args(["-c", &kill]).status().unwrap();
        assert!(sent.success());
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // one that has ended is as good
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
