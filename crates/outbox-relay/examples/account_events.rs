//! What every account has, by the events alone.
//!
//! ```text
//! account_events BROKERS TOPIC FILE [GROUP]
//! ```
//!
//! FILE keeps the newest `ContributionCalculated` of each account, a line each, in the order of the accounts. Without GROUP
//! it is made anew from the beginning of the topic, which is compacted: each account is there at least once. With GROUP it is
//! brought forward from where the group was. Ends when everything has been read that is there.
//!
//! This one process reads every partition; where several are to share them they `subscribe` in place of `assign`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::ErrorKind;
use std::path::Path;
use std::time::Duration;

use anyhow::Context;
use rdkafka::ClientConfig;
use rdkafka::consumer::{BaseConsumer, CommitMode, Consumer};
use rdkafka::error::KafkaError;
use rdkafka::message::Message;
use rdkafka::topic_partition_list::{Offset, TopicPartitionList};
use serde::{Deserialize, Serialize};

/// After which a silent broker counts as gone.
const PATIENCE: Duration = Duration::from_secs(30);

#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "eventType")]
enum AccountEvent {
    ContributionCalculated(Figures),
    ContributionExpired(Expired),
    /// Types that are added later.
    #[serde(other)]
    Other,
}

/// What an account has from now on. Amounts are decimal numbers as text: no float ever holds one.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Figures {
    event_id: String,
    account_sequence: String,
    personal_contribution: String,
    team_level_contribution: String,
    team_bonus_contribution: String,
    total_contribution: String,
    effective_contribution: String,
    /// The day for which `effective_contribution` holds.
    effective_on: String,
    calculated_at: String,
    epoch: i32,
    version: i64,
}

/// Something expired. A `ContributionCalculated` with the next version follows, and brings the figures.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expired {
    account_sequence: String,
    epoch: i32,
    version: i64,
}

/// The newest event of each account, whatever comes late or twice.
#[derive(Debug, Default)]
struct Newest {
    accounts: BTreeMap<String, Known>,
}

/// (`epoch`, `version`) of the newest event, and what the newest `ContributionCalculated` says.
type Known = ((i32, i64), Option<Figures>);

impl Newest {
    /// Takes an event that is newer than all that were taken of its account; false where it is older, or the same again.
    fn take(&mut self, event: AccountEvent) -> bool {
        let (account, pair, figures) = match event {
            AccountEvent::ContributionCalculated(it) => {
                (it.account_sequence.clone(), (it.epoch, it.version), Some(it))
            }
            AccountEvent::ContributionExpired(it) => (it.account_sequence, (it.epoch, it.version), None),
            AccountEvent::Other => return false,
        };
        let known = self.accounts.entry(account).or_insert(((i32::MIN, i64::MIN), None));
        if pair <= known.0 {
            return false;
        }
        *known = (pair, figures.or_else(|| known.1.take()));
        true
    }

    /// Goes on from a file that was kept, if there is one.
    fn read(path: &Path) -> anyhow::Result<Self> {
        let mut newest = Self::default();
        let text = match fs::read_to_string(path) {
            Err(error) if error.kind() == ErrorKind::NotFound => String::new(),
            text => text?,
        };
        for line in text.lines() {
            newest.take(serde_json::from_str(line)?);
        }
        Ok(newest)
    }

    fn keep(self, path: &Path) -> anyhow::Result<()> {
        let mut text = String::new();
        for figures in self.accounts.into_values().filter_map(|(_, figures)| figures) {
            text += &serde_json::to_string(&AccountEvent::ContributionCalculated(figures))?;
            text.push('\n');
        }
        let part = path.with_extension("part");
        fs::write(&part, text)?;
        Ok(fs::rename(part, path)?)
    }
}

/// A consumer of every partition, and how many there are.
fn assigned(brokers: &str, topic: &str, group: Option<&str>) -> anyhow::Result<(BaseConsumer, usize)> {
    let consumer: BaseConsumer = ClientConfig::new()
        .set("bootstrap.servers", brokers)
        .set("group.id", group.unwrap_or("none"))
        .set("enable.auto.commit", "false")
        .set("auto.offset.reset", "earliest")
        // a topic that the broker makes for a reader would not be compacted
        .set("allow.auto.create.topics", "false")
        .set("enable.partition.eof", "true")
        .create()?;
    let metadata = consumer.fetch_metadata(Some(topic), PATIENCE)?;
    let partitions = metadata.topics().first().map_or(&[][..], |topic| topic.partitions());
    anyhow::ensure!(!partitions.is_empty(), "there is no topic {topic}");
    let begin = if group.is_some() { Offset::Stored } else { Offset::Beginning };
    let mut positions = TopicPartitionList::new();
    for partition in partitions {
        positions.add_partition_offset(topic, partition.id(), begin)?;
    }
    consumer.assign(&positions)?;
    Ok((consumer, partitions.len()))
}

/// Takes every event that is there; says how many were newer, and how many were not.
fn read_through(
    consumer: &BaseConsumer,
    partitions: usize,
    newest: &mut Newest,
) -> anyhow::Result<(u64, u64)> {
    let (mut taken, mut passed) = (0, 0);
    let mut read = BTreeSet::new();
    while read.len() < partitions {
        match consumer.poll(PATIENCE).context("Kafka says nothing")? {
            Err(KafkaError::PartitionEOF(partition)) => {
                read.insert(partition);
            }
            message => {
                let message = message?;
                let event = serde_json::from_slice(message.payload().context("a record without value")?)
                    .with_context(|| format!("partition {} at {}", message.partition(), message.offset()))?;
                *if newest.take(event) { &mut taken } else { &mut passed } += 1;
            }
        }
    }
    Ok((taken, passed))
}

/// The group goes on behind what was read.
fn commit(consumer: &BaseConsumer) -> anyhow::Result<()> {
    let mut positions = TopicPartitionList::new();
    for at in consumer.position()?.elements() {
        // a partition of which nothing was read has no position
        if let Offset::Offset(next) = at.offset() {
            positions.add_partition_offset(at.topic(), at.partition(), Offset::Offset(next))?;
        }
    }
    if positions.count() > 0 {
        consumer.commit(&positions, CommitMode::Sync)?;
    }
    Ok(())
}

fn main() -> anyhow::Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (brokers, topic, file, group) = match arguments.as_slice() {
        [brokers, topic, file] => (brokers, topic, Path::new(file), None),
        [brokers, topic, file, group] => (brokers, topic, Path::new(file), Some(group.as_str())),
        _ => anyhow::bail!("usage: account_events BROKERS TOPIC FILE [GROUP]"),
    };
    let (consumer, partitions) = assigned(brokers, topic, group)?;
    let mut newest = if group.is_some() { Newest::read(file)? } else { Newest::default() };
    let (taken, passed) = read_through(&consumer, partitions, &mut newest)?;
    // before the group's position moves: otherwise a crash would lose it
    newest.keep(file)?;
    if group.is_some() {
        commit(&consumer)?;
    }
    println!("{taken} events were newer, {passed} older or the same again");
    Ok(())
}
