//! What was read between two hand-overs, by table, and how each topic is read.

use std::collections::BTreeMap;

use runtime::settings;

use crate::apply::Topic;
use crate::batch::{Batch, BatchFormat, Message};
use crate::decode::{AdoptionRow, BeatRow, Format, ReferralRow, UserRow};
use crate::errors::IngestError;

/// Longer messages are refused.
const MAX_MESSAGE_BYTES: usize = 16 << 20;
/// `event_id` of a batch, VARCHAR(100), holds a topic's name, a partition and an offset.
const MAX_TOPIC_LENGTH: usize = 68;

/// Batches of all topics that were read together.
#[derive(Debug, Default)]
pub struct Work {
    /// Which assignment it was read in.
    pub generation: u64,
    /// Messages in all.
    pub messages: usize,
    /// Bytes of keys and values in all.
    pub bytes: usize,
    /// Of the users.
    pub users: Batch<UserRow>,
    /// Of the adoptions.
    pub adoptions: Batch<AdoptionRow>,
    /// Of the referrals.
    pub referrals: Batch<ReferralRow>,
    /// Of each source's heartbeat table, by topic.
    pub beats: BTreeMap<String, Batch<BeatRow>>,
}

impl Work {
    /// Whether there is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.messages == 0
    }
}

/// The topics that are read.
#[derive(Debug, Clone)]
pub struct Topics {
    /// Of the users.
    pub users: Topic,
    /// Of the adoptions.
    pub adoptions: Topic,
    /// Of the referrals.
    pub referrals: Topic,
    /// Of the sources' heartbeat tables.
    pub heartbeats: Vec<Topic>,
    formats: settings::ByTable<BatchFormat>,
    beat_format: BatchFormat,
}

impl Topics {
    /// As the settings name them.
    pub fn new(cdc: &settings::Cdc) -> Result<Self, IngestError> {
        let topic = |name: &str, source: &str| Topic { name: name.to_owned(), source: source.to_owned() };
        let format = |columns: &settings::ColumnMap| BatchFormat {
            format: Format {
                columns: columns.clone(),
                price_scale: i32::try_from(cdc.price_scale).unwrap_or(i32::MAX),
                keep_phones: cdc.phones == settings::Phones::Keep,
                max_bytes: MAX_MESSAGE_BYTES,
            },
            letter_max_bytes: cdc.dead_letter_max_bytes,
        };
        let heartbeats = cdc.heartbeats.iter().filter(|(_, name)| !name.is_empty());
        let topics = Self {
            users: topic(&cdc.topics.users, &cdc.sources.users),
            adoptions: topic(&cdc.topics.adoptions, &cdc.sources.adoptions),
            referrals: topic(&cdc.topics.referrals, &cdc.sources.referrals),
            heartbeats: heartbeats.map(|(source, name)| topic(name, source)).collect(),
            formats: settings::ByTable {
                users: format(&cdc.columns.users),
                adoptions: format(&cdc.columns.adoptions),
                referrals: format(&cdc.columns.referrals),
            },
            beat_format: format(&settings::ColumnMap::new()),
        };
        topics.check()?;
        Ok(topics)
    }

    fn check(&self) -> Result<(), IngestError> {
        let mut names = self.names();
        if let Some(long) = names.iter().find(|name| name.len() > MAX_TOPIC_LENGTH) {
            return Err(IngestError::Settings(format!(
                "cdc.topics: {long} is longer than {MAX_TOPIC_LENGTH} characters"
            )));
        }
        let count = names.len();
        names.sort_unstable();
        names.dedup();
        if names.len() < count {
            return Err(IngestError::Settings("cdc.topics: one topic is named twice".to_owned()));
        }
        Ok(())
    }

    /// The tables' topics.
    pub fn tables(&self) -> [&Topic; 3] {
        [&self.users, &self.adoptions, &self.referrals]
    }

    /// The names of the tables' topics whose source is `source`.
    pub fn of_source(&self, source: &str) -> Vec<String> {
        let topics = self.tables().into_iter().filter(|topic| topic.source == source);
        topics.map(|topic| topic.name.clone()).collect()
    }

    /// Whether `source` has a heartbeat table.
    pub fn beats(&self, source: &str) -> bool {
        self.heartbeats.iter().any(|topic| topic.source == source)
    }

    /// All names.
    pub fn names(&self) -> Vec<&str> {
        self.tables().into_iter().chain(&self.heartbeats).map(|topic| topic.name.as_str()).collect()
    }

    /// Nothing read yet.
    pub fn begin(&self) -> Work {
        Work::default()
    }

    /// Adds a message of the topic `name`; of other topics nothing is read.
    pub fn push(
        &self,
        work: &mut Work,
        name: &str,
        message: Message<'_>,
        from: i64,
        headers: impl FnOnce() -> Option<String>,
    ) {
        work.messages += 1;
        work.bytes += message.key.map_or(0, <[u8]>::len) + message.value.map_or(0, <[u8]>::len);
        if name == self.users.name {
            work.users.push(name, message, from, &self.formats.users, headers);
        } else if name == self.adoptions.name {
            work.adoptions.push(name, message, from, &self.formats.adoptions, headers);
        } else if name == self.referrals.name {
            work.referrals.push(name, message, from, &self.formats.referrals, headers);
        } else {
            let beats = work.beats.entry(name.to_owned()).or_default();
            beats.push(name, message, from, &self.beat_format, headers);
        }
    }
}
