//! What Kafka holds: partitions that only ever grow.

use std::collections::BTreeMap;

use super::envelope::Message;
use super::table::Table;

/// Partitions of each topic, as the connectors create them.
pub(super) const PARTITIONS: i32 = 3;

/// The messages of each partition; a message's offset is its place.
#[derive(Debug, Default)]
pub struct Log {
    partitions: BTreeMap<(Table, i32), Vec<Message>>,
}

impl Log {
    pub(super) fn append(&mut self, message: Message) {
        self.partitions.entry((message.table, message.partition)).or_default().push(message);
    }

    /// A partition's messages, from offset 0.
    pub fn partition(&self, table: Table, partition: i32) -> &[Message] {
        self.partitions.get(&(table, partition)).map_or(&[], Vec::as_slice)
    }

    /// All partitions that there may be.
    pub fn partitions() -> impl Iterator<Item = (Table, i32)> {
        Table::ALL.into_iter().flat_map(|table| (0..PARTITIONS).map(move |partition| (table, partition)))
    }

    /// Messages in all.
    pub fn len(&self) -> usize {
        self.partitions.values().map(Vec::len).sum()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.partitions.is_empty()
    }
}

/// The partition of a key, as Kafka's own clients choose it: murmur2 of its bytes.
pub(super) fn partition_of(key: &str) -> i32 {
    let positive = i32::from_ne_bytes((murmur2(key.as_bytes()) & 0x7FFF_FFFF).to_ne_bytes());
    positive % PARTITIONS
}

fn murmur2(data: &[u8]) -> u32 {
    const MIX: u32 = 0x5bd1_e995;
    let words = data.chunks_exact(4);
    let rest = words.remainder();
    let length = u32::try_from(data.len()).unwrap_or(u32::MAX);
    let mut hash = 0x9747_b28c ^ length;
    for word in words {
        let mut bytes = [0; 4];
        bytes.copy_from_slice(word);
        let mut word = u32::from_le_bytes(bytes).wrapping_mul(MIX);
        word ^= word >> 24;
        hash = hash.wrapping_mul(MIX) ^ word.wrapping_mul(MIX);
    }
    if !rest.is_empty() {
        let tail = rest.iter().rev().fold(0_u32, |tail, byte| (tail << 8) | u32::from(*byte));
        hash = (hash ^ tail).wrapping_mul(MIX);
    }
    hash ^= hash >> 13;
    hash = hash.wrapping_mul(MIX);
    hash ^ (hash >> 15)
}
