//! Rows in PostgreSQL's binary COPY format, written without an allocation for each value.
//!
//! The layout is that of <https://www.postgresql.org/docs/current/sql-copy.html>, section "Binary Format", and of
//! each type's `_recv` function.

use chrono::{DateTime, NaiveDate, Utc};
use futures::TryStreamExt;
use sqlx::PgConnection;
use sqlx::postgres::PgCopyIn;
use uuid::Uuid;

use crate::Result;

const SIGNATURE: &[u8] = b"PGCOPY\n\xff\r\n\0\0\0\0\0\0\0\0\0";
const TRAILER: [u8; 2] = (-1_i16).to_be_bytes();
const OID_INT2: u32 = 21;
const OID_INT4: u32 = 23;
const OID_VARCHAR: u32 = 1043;
/// A COPY message is sent in pieces of this many bytes.
const PIECE_BYTES: usize = 1 << 20;

/// Rows on their way into one table.
#[derive(Debug)]
pub struct CopyBuffer {
    bytes: Vec<u8>,
    rows: u64,
}

impl Default for CopyBuffer {
    fn default() -> Self {
        Self::with_capacity(64 * 1024)
    }
}

impl CopyBuffer {
    /// An empty buffer with room for `bytes`.
    pub fn with_capacity(bytes: usize) -> Self {
        let mut buffer = Self { bytes: Vec::with_capacity(bytes), rows: 0 };
        buffer.bytes.extend_from_slice(SIGNATURE);
        buffer
    }

    /// Begins a row; exactly `columns` values must follow.
    pub fn row(&mut self, columns: i16) {
        self.bytes.extend_from_slice(&columns.to_be_bytes());
        self.rows += 1;
    }

    /// Empties it, and keeps its room.
    pub(crate) fn clear(&mut self) {
        self.bytes.truncate(SIGNATURE.len());
        self.rows = 0;
    }

    /// Rows begun.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// NULL.
    pub fn null(&mut self) {
        self.bytes.extend_from_slice(&(-1_i32).to_be_bytes());
    }

    /// `value`, or NULL.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            Some(value) => write(self, value),
            None => self.null(),
        }
    }

    /// TEXT and VARCHAR.
    pub fn text(&mut self, value: &str) {
        self.value(value.as_bytes());
    }

    /// BOOLEAN.
    pub fn bool(&mut self, value: bool) {
        self.value(&[u8::from(value)]);
    }

    /// SMALLINT.
    pub fn int2(&mut self, value: i16) {
        self.value(&value.to_be_bytes());
    }

    /// INT.
    pub fn int4(&mut self, value: i32) {
        self.value(&value.to_be_bytes());
    }

    /// BIGINT.
    pub fn int8(&mut self, value: i64) {
        self.value(&value.to_be_bytes());
    }

    /// UUID.
    pub fn uuid(&mut self, value: Uuid) {
        self.value(value.as_bytes());
    }

    /// DATE: days since 2000-01-01.
    pub fn date(&mut self, value: NaiveDate) {
        let days = value.signed_duration_since(POSTGRES_EPOCH).num_days();
        // A `NaiveDate` spans 192 million days: the count always fits.
        self.int4(i32::try_from(days).unwrap_or(i32::MAX));
    }

    /// TIMESTAMPTZ: microseconds since 2000-01-01.
    pub fn timestamptz(&mut self, value: DateTime<Utc>) {
        self.int8(value.timestamp_micros() - POSTGRES_EPOCH_MICROS);
    }

    /// NUMERIC: `units` of 10^-`scale`, `scale` at most 20.
    pub fn numeric(&mut self, units: i128, scale: u16) {
        let digits = NumericDigits::new(units.unsigned_abs(), scale);
        let groups = digits.groups();
        self.length(8 + 2 * groups.len());
        let count = i16::try_from(groups.len()).unwrap_or(i16::MAX);
        self.bytes.extend_from_slice(&count.to_be_bytes());
        self.bytes.extend_from_slice(&digits.weight.to_be_bytes());
        self.bytes.extend_from_slice(if units < 0 { &[0x40, 0] } else { &[0, 0] });
        self.bytes.extend_from_slice(&scale.to_be_bytes());
        for group in groups {
            self.bytes.extend_from_slice(&group.to_be_bytes());
        }
    }

    /// VARCHAR[].
    pub fn text_array<'a>(&mut self, values: impl ExactSizeIterator<Item = &'a str>) {
        self.array(OID_VARCHAR, values, Self::text);
    }

    /// SMALLINT[].
    pub fn int2_array(&mut self, values: impl ExactSizeIterator<Item = i16>) {
        self.array(OID_INT2, values, Self::int2);
    }

    /// INT[].
    pub fn int4_array(&mut self, values: impl ExactSizeIterator<Item = i32>) {
        self.array(OID_INT4, values, Self::int4);
    }

    /// Whether `statement`, a `COPY … TO STDOUT BINARY`, gives exactly these rows in this order. The buffer is of no
    /// more use until it is cleared.
    pub(crate) async fn equals(&mut self, connection: &mut PgConnection, statement: &str) -> Result<bool> {
        self.bytes.extend_from_slice(&TRAILER);
        let mut rest = Some(self.bytes.as_slice());
        let mut pieces = connection.copy_out_raw(statement).await?;
        // what comes behind a difference is read as well, or the connection could not be used again
        while let Some(piece) = pieces.try_next().await? {
            rest = rest.and_then(|rest| rest.strip_prefix(piece.as_ref()));
        }
        Ok(rest.is_some_and(<[u8]>::is_empty))
    }

    /// Sends all rows into `statement`, a `COPY … FROM STDIN BINARY`, and says how many the server took.
    pub async fn send(mut self, connection: &mut PgConnection, statement: &str) -> Result<u64> {
        self.bytes.extend_from_slice(&TRAILER);
        let mut copy = connection.copy_in_raw(statement).await?;
        for piece in self.bytes.chunks(PIECE_BYTES) {
            copy.send(piece).await?;
        }
        Ok(copy.finish().await?)
    }

    /// Sends the rows so far as a part of `copy`, and keeps the room: the server writes them while the next ones are made.
    /// With [`CopyBuffer::end`] one COPY takes any number of rows.
    pub(crate) async fn send_part(&mut self, copy: &mut PgCopyIn<&mut PgConnection>) -> Result<()> {
        copy.send(self.bytes.as_slice()).await?;
        self.bytes.clear();
        Ok(())
    }

    /// Sends the rest of `copy`, and says how many rows the server took.
    pub(crate) async fn end(mut self, mut copy: PgCopyIn<&mut PgConnection>) -> Result<u64> {
        self.bytes.extend_from_slice(&TRAILER);
        copy.send(self.bytes.as_slice()).await?;
        Ok(copy.finish().await?)
    }

    fn value(&mut self, bytes: &[u8]) {
        self.length(bytes.len());
        self.bytes.extend_from_slice(bytes);
    }

    fn length(&mut self, length: usize) {
        // No value here comes near 2 GiB: names have 20 characters, texts 200.
        self.bytes.extend_from_slice(&i32::try_from(length).unwrap_or(i32::MAX).to_be_bytes());
    }

    fn array<T>(
        &mut self,
        element: u32,
        values: impl ExactSizeIterator<Item = T>,
        write: impl Fn(&mut Self, T),
    ) {
        let start = self.bytes.len();
        self.length(0);
        let count = i32::try_from(values.len()).unwrap_or(i32::MAX);
        let dimensions = i32::from(count > 0);
        self.bytes.extend_from_slice(&dimensions.to_be_bytes());
        self.bytes.extend_from_slice(&0_i32.to_be_bytes()); // no NULL inside
        self.bytes.extend_from_slice(&element.to_be_bytes());
        if count > 0 {
            self.bytes.extend_from_slice(&count.to_be_bytes());
            self.bytes.extend_from_slice(&1_i32.to_be_bytes()); // lower bound
        }
        for value in values {
            write(self, value);
        }
        let length = i32::try_from(self.bytes.len() - start - 4).unwrap_or(i32::MAX);
        self.bytes[start..start + 4].copy_from_slice(&length.to_be_bytes());
    }
}

const POSTGRES_EPOCH: NaiveDate = match NaiveDate::from_ymd_opt(2000, 1, 1) {
    Some(date) => date,
    None => NaiveDate::MIN,
};
const POSTGRES_EPOCH_MICROS: i64 = 946_684_800_000_000;

/// The digits of a number in base 10,000, most significant first, without zeros at either end.
struct NumericDigits {
    groups: [u16; 12],
    first: usize,
    last: usize,
    weight: i16,
}

impl NumericDigits {
    fn new(units: u128, scale: u16) -> Self {
        let fraction_groups = i16::try_from(scale.div_ceil(4)).unwrap_or(i16::MAX);
        let padding = 10_u128.pow(u32::from(scale.div_ceil(4) * 4 - scale));
        let mut rest = units * padding;
        let mut digits = Self { groups: [0; 12], first: 12, last: 12, weight: -fraction_groups - 1 };
        while rest > u128::from(u64::MAX) {
            digits.push(u16::try_from(rest % 10_000).unwrap_or_default());
            rest /= 10_000;
        }
        // divisions of 128 bits cost several times those of 64, and nearly every number fits these
        let mut rest = u64::try_from(rest).unwrap_or_default();
        while rest > 0 {
            digits.push(u16::try_from(rest % 10_000).unwrap_or_default());
            rest /= 10_000;
        }
        while digits.last > digits.first && digits.groups[digits.last - 1] == 0 {
            digits.last -= 1;
        }
        if digits.first == digits.last {
            digits.weight = 0;
        }
        digits
    }

    /// The next group, from the least significant on.
    fn push(&mut self, group: u16) {
        self.first -= 1;
        self.groups[self.first] = group;
        self.weight += 1;
    }

    fn groups(&self) -> &[u16] {
        &self.groups[self.first..self.last]
    }
}
