//! Messages of one topic on their way from Kafka to one transaction.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use persistence::cdc_offsets::{Advance, ReadUntil};
use persistence::dead_letters::DeadLetter;
use persistence::synced::SourcePosition;

use crate::decode::{Change, Code, Decoded, Format, FromRow, Origin, Refusal, decode};
use crate::redact::{redact_digits, redact_fields, storable};

/// A message as it was read.
#[derive(Debug, Clone, Copy)]
pub struct Message<'a> {
    /// Partition of its topic.
    pub partition: i32,
    /// Offset in the partition.
    pub offset: i64,
    /// Key.
    pub key: Option<&'a [u8]>,
    /// Value; None: a tombstone.
    pub value: Option<&'a [u8]>,
}

/// A change and where it was read.
#[derive(Debug, Clone)]
pub struct Placed<R> {
    /// The change.
    pub change: Change<R>,
    /// Where it was read.
    pub position: SourcePosition,
}

/// Messages of one topic, decoded, in Kafka's order within each partition.
#[derive(Debug)]
pub struct Batch<R> {
    /// Changes of rows.
    pub changes: Vec<Placed<R>>,
    /// What could not be understood.
    pub letters: Vec<DeadLetter>,
    /// The snapshot of the topic ended.
    pub snapshot_ended: bool,
    /// A row out of the upstream's log is among them.
    pub streamed: bool,
    /// The greatest lsn.
    pub greatest_lsn: Option<i64>,
    /// The latest source time of a streamed row.
    pub streamed_until: Option<DateTime<Utc>>,
    advances: BTreeMap<i32, Advance>,
    /// Messages by what they were.
    operations: BTreeMap<&'static str, u64>,
}

impl<R> Default for Batch<R> {
    fn default() -> Self {
        Self {
            changes: Vec::new(),
            letters: Vec::new(),
            snapshot_ended: false,
            streamed: false,
            greatest_lsn: None,
            streamed_until: None,
            advances: BTreeMap::new(),
            operations: BTreeMap::new(),
        }
    }
}

impl<R: FromRow> Batch<R> {
    /// Adds a message of `topic`, of which the consumer has read everything before `from`. `headers` are only asked
    /// for where the message is put aside.
    pub fn push(
        &mut self,
        topic: &str,
        message: Message<'_>,
        from: i64,
        format: &BatchFormat,
        headers: impl FnOnce() -> Option<String>,
    ) {
        let Message { partition, offset, key, value } = message;
        let advance = self.advances.entry(partition).or_insert(Advance { partition, from, to: from });
        advance.to = offset + 1;
        let counted = match decode::<R>(key, value, &format.format) {
            Ok(Decoded::Change(change)) => {
                let op = change.op.as_str();
                self.add(Placed { change, position: SourcePosition { partition, offset } });
                op
            }
            Ok(Decoded::Tombstone) => "tombstone",
            Ok(Decoded::Skip(skip)) => {
                if skip == crate::decode::Skip::Truncate {
                    tracing::warn!(topic, partition, offset, "a table was truncated: its rows are kept");
                }
                skip.as_str()
            }
            Err(refusal) => {
                tracing::warn!(topic, partition, offset, %refusal, "put aside as a dead letter");
                self.letters.push(letter(message, &refusal, format, headers()));
                "refused"
            }
        };
        *self.operations.entry(counted).or_default() += 1;
    }

    fn add(&mut self, placed: Placed<R>) {
        let lsn = match placed.change.origin {
            Origin::Stream { lsn } => {
                self.streamed = true;
                self.streamed_until = self.streamed_until.max(placed.change.source_time);
                Some(lsn)
            }
            Origin::FullSnapshot { lsn, last } => {
                self.snapshot_ended |= last;
                Some(lsn)
            }
            Origin::IncrementalSnapshot => None,
        };
        self.greatest_lsn = self.greatest_lsn.max(lsn);
        self.changes.push(placed);
    }
}

impl<R> Batch<R> {
    /// How far each partition is read by this batch.
    pub fn advances(&self) -> Vec<Advance> {
        self.advances.values().cloned().collect()
    }

    /// The latest source time of each partition's changes.
    pub fn read_until(&self) -> ReadUntil {
        let mut read_until = ReadUntil::new();
        for Placed { change, position } in &self.changes {
            if let Some(time) = change.source_time {
                let latest = read_until.entry(position.partition).or_insert(time);
                *latest = time.max(*latest);
            }
        }
        read_until
    }

    /// Counts what was read of `topic`, once it is written.
    pub fn count(&self, topic: &str) {
        for (operation, messages) in &self.operations {
            metrics::counter!("contrib_ingest_messages_total", "topic" => topic.to_owned(), "op" => *operation)
                .increment(*messages);
        }
    }

    /// Messages, dead letters and skipped ones included.
    pub fn len(&self) -> u64 {
        self.operations.values().sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.operations.is_empty()
    }
}

/// How the messages of a topic are read and put aside.
#[derive(Debug, Clone)]
pub struct BatchFormat {
    /// How they are read.
    pub format: Format,
    /// Longer keys and values are cut in the dead letters.
    pub letter_max_bytes: usize,
}

fn letter(
    message: Message<'_>,
    refusal: &Refusal,
    format: &BatchFormat,
    headers: Option<String>,
) -> DeadLetter {
    let phone = format.format.columns.get("phone").map_or("phone", String::as_str);
    let readable = !matches!(refusal.code, Code::BadJson | Code::NotUtf8 | Code::UnknownShape);
    let shown = |bytes: &[u8]| {
        let head = &bytes[..bytes.len().min(format.letter_max_bytes)];
        let text = redact_fields(&storable(head), phone);
        if readable { text } else { redact_digits(&text) }
    };
    DeadLetter {
        partition: message.partition,
        offset: message.offset,
        key: message.key.map(shown),
        value: message.value.map(shown),
        raw_value: message.value.map(<[u8]>::to_vec),
        headers,
        error_code: refusal.code.as_str().to_owned(),
        error: refusal.to_string(),
        original_id: refusal.id,
    }
}
