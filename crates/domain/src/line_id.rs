//! The identifier of a ledger line, computed from its entry and slot, so that carrying out the journal
//! again gives the same lines, id for id (RULES section 8).
//!
//! A `UUIDv8`: 48 bits seq, 4 bits version, 12 bits slot, 2 bits variant, 62 zeros. Ids therefore sort by
//! seq, then slot, and the lines of a span of entries are one range of ids.

use std::ops::Range;

use uuid::Uuid;

/// The greatest seq an id has room for: 2^48 - 1.
pub const MAX_SEQ: i64 = (1 << 48) - 1;

const VERSION_8: u128 = 0x8 << 76;
const VARIANT: u128 = 0b10 << 62;

/// The id of the line in `slot` of the entry `seq`, which is between 1 and [`MAX_SEQ`]; 0 comes before all lines.
pub fn line_id(seq: i64, slot: u8) -> Uuid {
    debug_assert!((0..=MAX_SEQ).contains(&seq), "seq {seq} does not fit a line id");
    let seq = u128::from(seq.unsigned_abs()) << 80;
    Uuid::from_u128(seq | VERSION_8 | u128::from(slot) << 64 | VARIANT)
}

/// The entry that the line belongs to.
pub fn seq_of(id: Uuid) -> i64 {
    let (high, _) = id.as_u64_pair();
    (high >> 16).cast_signed()
}

/// The slot that the line fills.
pub fn slot_of(id: Uuid) -> u8 {
    // The low byte of the 12 bits; slots end at 23.
    id.as_bytes()[7]
}

/// The least id a line of the entry can have.
pub fn first_id(seq: i64) -> Uuid {
    line_id(seq, 0)
}

/// The ids of all lines of the entries `first` to `last`, both included.
pub fn id_range(first: i64, last: i64) -> Range<Uuid> {
    first_id(first)..first_id(last + 1)
}
