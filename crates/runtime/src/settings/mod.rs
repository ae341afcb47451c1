//! The settings of all workers in one structure, so that one `config/base.toml` serves them all. Every key has
//! its default and a comment there; [`load`](Settings::load) says where else values come from.

mod load;

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use chrono_tz::Tz;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

pub use load::SettingsError;

/// All settings.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// Our own `PostgreSQL`.
    pub database: Database,
    /// The brokers and the topics we write.
    pub kafka: Kafka,
    /// The cache of the API.
    pub redis: Redis,
    /// The API's port.
    pub http: Http,
    /// A worker's port for health and metrics.
    pub health: Health,
    /// What the business decides (RULES.md).
    pub business: Business,
    /// What is read from Debezium.
    pub cdc: Cdc,
    /// Sequencer and distribution workers.
    pub distributor: Distributor,
    /// The roll of the business day.
    pub roll: Roll,
    /// The daily snapshot.
    pub snapshot: Snapshot,
    /// What is thrown away.
    pub upkeep: Upkeep,
    /// Outbox to Kafka.
    pub relay: Relay,
    /// The upstream databases, for `contribctl` only.
    pub upstream: Upstream,
    /// Kafka Connect, for `contribctl` only.
    pub connect: Connect,
    /// Who may use the API.
    pub auth: Auth,
    /// What is logged.
    pub log: Log,
}

/// `[database]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The primary, never through a transaction pooler.
    pub url: SecretString,
    /// A replica for reads of the API.
    #[serde(default, deserialize_with = "load::secret_or_none")]
    pub read_url: Option<SecretString>,
    /// Connections of one process's pool.
    pub max_connections: u32,
}

/// `[kafka]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kafka {
    /// `host:port`, several by comma.
    pub brokers: String,
    /// Consumer group of the ingestor.
    pub group_id: String,
    /// Topic of `ContributionCalculated` and `ContributionExpired`.
    pub account_events_topic: String,
    /// Topic of `DailySnapshotCreated`.
    pub snapshot_events_topic: String,
    /// Partitions of a topic that we create.
    pub topic_partitions: i32,
    /// Replicas of a topic that we create.
    pub replication_factor: i32,
    /// librdkafka's `security.protocol`.
    pub security_protocol: String,
    /// librdkafka's `sasl.mechanism`.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub sasl_mechanism: Option<String>,
    /// librdkafka's `sasl.username`.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub sasl_username: Option<String>,
    /// librdkafka's `sasl.password`.
    #[serde(default, deserialize_with = "load::secret_or_none")]
    pub sasl_password: Option<SecretString>,
}

impl Kafka {
    /// What every client of librdkafka needs in order to connect. It may hold the password: never log it.
    pub fn client_properties(&self) -> Vec<(&'static str, &str)> {
        let mut properties = vec![
            ("bootstrap.servers", self.brokers.as_str()),
            ("security.protocol", self.security_protocol.as_str()),
        ];
        let sasl = [
            ("sasl.mechanism", self.sasl_mechanism.as_deref()),
            ("sasl.username", self.sasl_username.as_deref()),
            ("sasl.password", self.sasl_password.as_ref().map(ExposeSecret::expose_secret)),
        ];
        properties.extend(sasl.into_iter().filter_map(|(key, value)| Some((key, value?))));
        properties
    }
}

/// `[redis]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// `redis://…`; none: the API answers from `PostgreSQL` alone.
    #[serde(default, deserialize_with = "load::secret_or_none")]
    pub url: Option<SecretString>,
    /// With which every key begins: another one for each installation that shares a Redis.
    pub prefix: String,
}

/// `[http]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Port of the API; 0 takes a free one.
    pub port: u16,
    /// Address to listen on.
    pub bind: IpAddr,
    /// Seconds after which a request is given up.
    pub request_seconds: u64,
    /// Requests that are in hand at a time, at most; more are refused at once.
    pub in_hand: usize,
    /// Requests a second of each token's subject, at most; 0: any number.
    pub subject_rate: u32,
    /// Requests of a subject that may come at once.
    pub subject_burst: u32,
    /// Origins whose pages may ask (`https://console.example`); none: only our own.
    #[serde(deserialize_with = "load::comma_separated")]
    pub cors_origins: Vec<String>,
}

impl Http {
    /// Where to listen.
    pub fn address(&self) -> SocketAddr {
        SocketAddr::new(self.bind, self.port)
    }
}

/// `[health]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Health {
    /// Port of `/health/*` and `/metrics`; 0: off.
    pub port: u16,
    /// Address to listen on.
    pub bind: IpAddr,
}

/// `[business]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Business {
    /// Where the business day begins and ends.
    #[serde(deserialize_with = "load::time_zone")]
    pub time_zone: Tz,
    /// How many days in the future an adoption date may lie.
    pub max_future_days: u32,
    /// Statuses of an adoption that is not distributed (RULES.md section 3), compared without case.
    #[serde(deserialize_with = "load::comma_separated")]
    pub ineligible_statuses: Vec<String>,
    /// Hours after which an adoption that waits for its chain counts as stalled.
    pub chain_grace_hours: u32,
    /// What to do when an account's referral is missing for good.
    pub missing_referral: MissingReferral,
}

/// What to do about an account without a referral row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum MissingReferral {
    /// The adoption waits.
    Wait,
    /// The account counts as a root.
    Root,
}

impl MissingReferral {
    /// Whether it counts as a root.
    pub fn is_root(self) -> bool {
        self == Self::Root
    }
}

/// One value for each table that is read from upstream.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ByTable<T> {
    /// For the users.
    pub users: T,
    /// For the adoptions.
    pub adoptions: T,
    /// For the referrals.
    pub referrals: T,
}

/// Our field's name to the source column's name; a field that is not named has the column of its own name.
pub type ColumnMap = BTreeMap<String, String>;

/// `[cdc]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Cdc {
    /// Topic of each table.
    pub topics: ByTable<String>,
    /// Source database of each table: a name of our own, the key of `heartbeats`.
    pub sources: ByTable<String>,
    /// Topic of the heartbeat table of each source database.
    pub heartbeats: BTreeMap<String, String>,
    /// Columns that are named otherwise upstream.
    pub columns: ByTable<ColumnMap>,
    /// Scale of a precise decimal that comes without schema.
    pub price_scale: u32,
    /// Bounds of a batch.
    pub batch: Batch,
    /// How far a source's watermark stays behind its heartbeat, in seconds.
    pub watermark_slack_seconds: u64,
    /// Longer keys and values are cut in the dead letters.
    pub dead_letter_max_bytes: usize,
    /// What becomes of the users' phone numbers.
    pub phones: Phones,
}

/// What becomes of the users' phone numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Phones {
    /// They are copied; an upstream delete clears them.
    Keep,
    /// They are never stored.
    Drop,
}

/// `[cdc.batch]`: a batch ends with the first bound that is reached.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Batch {
    /// Messages.
    pub max_messages: usize,
    /// Bytes of keys and values.
    pub max_bytes: usize,
    /// Milliseconds since its first message.
    pub max_wait_ms: u64,
}

impl Batch {
    /// `max_wait_ms` as a duration.
    pub fn max_wait(&self) -> Duration {
        Duration::from_millis(self.max_wait_ms)
    }
}

/// `[distributor]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Distributor {
    /// Distribution workers in this process; 0: as many as cores.
    pub workers: usize,
    /// Entries of one chunk at most.
    pub chunk_size: usize,
    /// Adoptions numbered in one pass at most.
    pub pass_size: usize,
    /// How often to look when nobody has called, in milliseconds.
    pub poll_ms: u64,
}

impl Distributor {
    /// `poll_ms` as a duration.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }

    /// How many workers to run: `workers`, or else one for each core.
    pub fn worker_count(&self) -> usize {
        match self.workers {
            0 => std::thread::available_parallelism().map_or(1, usize::from),
            workers => workers,
        }
    }
}

/// `[roll]`: what one transaction takes on at most, and how far it goes by itself.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Roll {
    /// Days at once; more need an operator's word.
    pub max_unattended: u32,
    /// Entries that are added up.
    pub entries: i64,
    /// Accounts that are brought over.
    pub accounts: i64,
    /// Chunks whose lines are marked as expired.
    pub chunks: i64,
}

/// `[snapshot]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Snapshot {
    /// System accounts take part with their effective balance.
    pub include_system_accounts: bool,
    /// Minutes after which a day is sealed although something was left open.
    pub max_wait_minutes: u32,
}

/// `[upkeep]`: after how many days something is thrown away.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upkeep {
    /// The notes of batches that were read.
    pub processed_events_days: u32,
    /// Dead letters, from when they were resolved.
    pub resolved_dead_letters_days: u32,
    /// Runs of the scheduler's jobs; the last one of each job stays.
    pub job_runs_days: u32,
}

/// `[relay]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Relay {
    /// Shards of the outbox; every writer and every relay must have the same number.
    pub shards: i16,
    /// Events of one batch at most, of each shard.
    pub batch: u32,
    /// How often to look when nobody has called, in milliseconds.
    pub poll_ms: u64,
}

impl Relay {
    /// `poll_ms` as a duration.
    pub fn poll(&self) -> Duration {
        Duration::from_millis(self.poll_ms)
    }
}

/// `[upstream]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Upstream {
    /// The upstream database.
    #[serde(default, deserialize_with = "load::secret_or_none")]
    pub url: Option<SecretString>,
}

impl Upstream {
    /// The upstream database, or an error that names the key.
    pub fn url(&self) -> Result<&SecretString, SettingsError> {
        self.url.as_ref().ok_or_else(|| SettingsError::not_set("upstream.url"))
    }
}

/// `[connect]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Connect {
    /// The REST interface of Kafka Connect.
    #[serde(default, deserialize_with = "load::secret_or_none")]
    pub url: Option<SecretString>,
    /// Topic by which the connectors are told what to do (their `signal.kafka.topic`); none: they listen to none.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub signal_topic: Option<String>,
}

impl Connect {
    /// The REST interface, or an error that names the key.
    pub fn url(&self) -> Result<&SecretString, SettingsError> {
        self.url.as_ref().ok_or_else(|| SettingsError::not_set("connect.url"))
    }

    /// The topic of signals, or an error that names the key.
    pub fn signal_topic(&self) -> Result<&str, SettingsError> {
        self.signal_topic.as_deref().ok_or_else(|| SettingsError::not_set("connect.signal_topic"))
    }
}

/// `[auth]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Whether a token is asked for.
    pub mode: AuthMode,
    /// Path of a JWKS.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub jwks_file: Option<String>,
    /// Address of a JWKS.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub jwks_url: Option<String>,
    /// How often the address is asked, in seconds.
    pub jwks_refresh_seconds: u64,
    /// Shared secret for HS256.
    #[serde(default, deserialize_with = "load::secret_or_none")]
    pub hs256_secret: Option<SecretString>,
    /// The `iss` that a token must have.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub issuer: Option<String>,
    /// The `aud` that a token must have.
    #[serde(default, deserialize_with = "load::text_or_none")]
    pub audience: Option<String>,
}

/// Whether a token is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum AuthMode {
    /// No token: everybody may do everything.
    Off,
    /// A bearer token (JWT).
    Jwt,
}

impl Auth {
    /// Refuses mode `jwt` with nothing to check a token by; for the API, at its start.
    pub fn check(&self) -> Result<(), SettingsError> {
        let keys = self.jwks_file.is_some() || self.jwks_url.is_some() || self.hs256_secret.is_some();
        if self.mode == AuthMode::Off || keys {
            return Ok(());
        }
        let reason = "mode jwt needs auth.jwks_file, auth.jwks_url or auth.hs256_secret";
        Err(SettingsError::new("auth.mode", reason))
    }
}

/// `[log]`
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// Directives of `tracing_subscriber::EnvFilter`; `RUST_LOG` goes before it.
    pub filter: String,
}
