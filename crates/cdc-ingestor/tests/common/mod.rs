//! Captured messages, and a stand-in for Kafka that hands them over in any order that Kafka could.
#![allow(dead_code, clippy::unwrap_used, clippy::missing_panics_doc, missing_docs, unreachable_pub)]

pub mod expected;
pub mod reading;
pub mod stack;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use cdc_ingestor::IngestError;
use cdc_ingestor::apply::{Applied, Topic, apply};
use cdc_ingestor::batch::{Batch, BatchFormat, Message};
use cdc_ingestor::decode::Format;
use cdc_ingestor::table::{Adoptions, Referrals, Table, Users};
use chrono::{DateTime, Utc};
use persistence::{PgPool, cdc_offsets};
use serde::Deserialize;

pub const USERS: &str = "dbserver1.rwa_identity.users";
pub const ADOPTIONS: &str = "dbserver1.rwa_planting.adoptions";
pub const REFERRALS: &str = "dbserver1.rwa_referral.referral_relations";
pub const TABLES: [&str; 3] = [USERS, ADOPTIONS, REFERRALS];

/// A captured message.
#[derive(Debug, Clone, Deserialize)]
pub struct Line {
    pub topic: String,
    pub partition: i32,
    pub offset: i64,
    pub key: Option<String>,
    pub value: Option<String>,
}

/// All messages of a capture; `lines[n - 1]` is line n of the file.
pub fn capture(name: &str) -> Vec<Line> {
    let path = format!("{}/tests/captures/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

impl Line {
    /// The same message with another text in place of one in its value.
    pub fn with(&self, from: &str, to: &str) -> Self {
        let value = self.value.clone().unwrap();
        assert!(value.contains(from), "{from} in {value}");
        Self { value: Some(value.replacen(from, to, 1)), ..self.clone() }
    }

    /// The same message at another place in the log, which its `sequence` tells too.
    pub fn at_lsn(&self, lsn: i64) -> Self {
        let value = self.value.clone().unwrap();
        let name = r#""lsn":"#;
        let start = value.find(name).unwrap() + name.len();
        let end = start + value[start..].find(',').unwrap();
        let old = value[start..end].to_owned();
        Self { value: Some(value.replace(&old, &lsn.to_string())), ..self.clone() }
    }
}

pub fn format() -> BatchFormat {
    BatchFormat {
        format: Format { columns: BTreeMap::new(), price_scale: 10, keep_phones: true, max_bytes: 1 << 20 },
        letter_max_bytes: 65_536,
    }
}

pub fn topic(name: &str) -> Topic {
    Topic { name: name.to_owned(), source: "upstream".to_owned() }
}

pub fn noon() -> DateTime<Utc> {
    "2026-11-22T12:00:00Z".parse().unwrap()
}

/// Partitions that only ever grow, as Kafka's do: what is sent again comes at new offsets.
#[derive(Debug, Default, Clone)]
pub struct Log {
    partitions: BTreeMap<(String, i32), Vec<Line>>,
}

impl Log {
    /// The messages of the tables' topics, in each partition's true order.
    pub fn of(lines: &[Line]) -> Self {
        let mut log = Self::default();
        for line in lines.iter().filter(|line| TABLES.contains(&line.topic.as_str())) {
            log.append(line.clone());
        }
        log
    }

    pub fn append(&mut self, mut line: Line) {
        let partition = self.partitions.entry((line.topic.clone(), line.partition)).or_default();
        line.offset = i64::try_from(partition.len()).unwrap();
        partition.push(line);
    }

    pub fn partition(&self, topic: &str, partition: i32) -> &[Line] {
        self.partitions.get(&(topic.to_owned(), partition)).map_or(&[], Vec::as_slice)
    }

    pub fn partitions(&self) -> BTreeSet<(String, i32)> {
        self.partitions.keys().cloned().collect()
    }
}

/// A consumer of all partitions.
#[derive(Debug, Default, Clone)]
pub struct Consumer {
    next: HashMap<(String, i32), i64>,
}

impl Consumer {
    pub fn position(&self, topic: &str, partition: i32) -> i64 {
        self.next.get(&(topic.to_owned(), partition)).copied().unwrap_or(0)
    }

    /// Applies `lines`, all of `topic`, each the next of its partition, as one batch.
    pub async fn consume(
        &mut self,
        pool: &PgPool,
        name: &str,
        lines: &[Line],
    ) -> Result<Applied, IngestError> {
        for line in lines {
            let mut connection = pool.acquire().await?;
            cdc_offsets::begin(&mut connection, name, line.partition, 0).await?;
        }
        let applied = match name {
            USERS => apply_lines::<Users>(pool, name, lines, self).await?,
            ADOPTIONS => apply_lines::<Adoptions>(pool, name, lines, self).await?,
            _ => apply_lines::<Referrals>(pool, name, lines, self).await?,
        };
        for line in lines {
            self.next.insert((name.to_owned(), line.partition), line.offset + 1);
        }
        Ok(applied)
    }

    /// Consumes everything that `log` has and that was not consumed yet, topic by topic.
    pub async fn consume_all(&mut self, pool: &PgPool, log: &Log) {
        for (topic, partition) in log.partitions() {
            let from = usize::try_from(self.position(&topic, partition)).unwrap();
            let lines = &log.partition(&topic, partition)[from..];
            if !lines.is_empty() {
                self.consume(pool, &topic, lines).await.unwrap();
            }
        }
    }
}

pub fn batch_of<T: Table>(name: &str, lines: &[Line], consumer: &Consumer) -> Batch<T::Row> {
    let mut batch = Batch::default();
    for line in lines {
        let message = Message {
            partition: line.partition,
            offset: line.offset,
            key: line.key.as_deref().map(str::as_bytes),
            value: line.value.as_deref().map(str::as_bytes),
        };
        batch.push(name, message, consumer.position(name, line.partition), &format(), || None);
    }
    batch
}

async fn apply_lines<T: Table>(
    pool: &PgPool,
    name: &str,
    lines: &[Line],
    consumer: &Consumer,
) -> Result<Applied, IngestError> {
    let batch = batch_of::<T>(name, lines, consumer);
    apply::<T>(pool, &topic(name), &batch, noon()).await
}
