//! The ledger's lines, written by COPY under the key that their (seq, slot) makes.
//!
//! Three round trips a chunk, before any account is locked. A line that is there already is refused by the key
//! (23505): the caller must halt, for a chunk was carried out twice.

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Beneficiary, Distribution, Entry, Line, SystemAccount, line_id};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::CopyBuffer;
use crate::{Error, Result};

const COPY_RECORDS: &str = "COPY contribution_records (id, account_sequence, source_type, source_adoption_id, \
    source_account_sequence, tree_count, base_contribution, distribution_rate, level_depth, bonus_tier, amount, \
    effective_date, expire_date, is_expired, expired_at, created_at, distribution_seq, slot) FROM STDIN BINARY";
const COPY_SYSTEM: &str = "COPY system_contribution_records (id, system_account_id, source_adoption_id, \
    source_account_sequence, distribution_rate, amount, effective_date, expire_date, is_expired, created_at, \
    distribution_seq, slot) FROM STDIN BINARY";
const COPY_UNALLOCATED: &str = "COPY unallocated_contributions (id, source_adoption_id, source_account_sequence, \
    unalloc_type, would_be_account_sequence, level_depth, amount, reason, allocated_to_headquarters, allocated_at, \
    effective_date, expire_date, created_at, distribution_seq, slot) FROM STDIN BINARY";

/// The lines of a chunk on their way into the three tables.
#[derive(Debug)]
pub struct LedgerBuffer {
    records: CopyBuffer,
    system: CopyBuffer,
    unallocated: CopyBuffer,
    booked_day: NaiveDate,
    at: DateTime<Utc>,
}

impl LedgerBuffer {
    /// An empty buffer for about `entries` entries, booked on `booked_day` at `at`.
    pub fn new(entries: usize, booked_day: NaiveDate, at: DateTime<Utc>) -> Self {
        Self {
            records: CopyBuffer::with_capacity(entries * 1_600),
            system: CopyBuffer::with_capacity(entries * 700),
            unallocated: CopyBuffer::with_capacity(entries * 2_800),
            booked_day,
            at,
        }
    }

    /// Adds one line of `entry`, which distributes or reverses `of`.
    pub fn push(&mut self, entry: &Entry, of: &Distribution, line: &Line<'_>) -> Result<()> {
        match &line.beneficiary {
            Beneficiary::Personal(account) => {
                self.record(entry, of, line, (account.as_str(), "PERSONAL"), None, None)
            }
            Beneficiary::TeamLevel { account, level } => {
                self.record(entry, of, line, (account.as_str(), "TEAM_LEVEL"), Some(*level), None)
            }
            Beneficiary::TeamBonus { account, tier } => {
                self.record(entry, of, line, (account.as_str(), "TEAM_BONUS"), None, Some(*tier))
            }
            Beneficiary::System(account) => {
                self.system(entry, of, line, *account);
                Ok(())
            }
            Beneficiary::Unallocated { .. } => self.unallocated(entry, of, line),
        }
    }

    /// Sends the three COPYs.
    pub async fn send(self, connection: &mut PgConnection) -> Result<u64> {
        let mut lines = 0;
        for (buffer, statement) in
            [(self.records, COPY_RECORDS), (self.unallocated, COPY_UNALLOCATED), (self.system, COPY_SYSTEM)]
        {
            if buffer.rows() > 0 {
                lines += buffer.send(connection, statement).await?;
            }
        }
        Ok(lines)
    }

    fn record(
        &mut self,
        entry: &Entry,
        of: &Distribution,
        line: &Line<'_>,
        (account, source_type): (&str, &str),
        level: Option<u8>,
        tier: Option<u8>,
    ) -> Result<()> {
        let expired = line.expired_on(self.booked_day);
        let at = self.at;
        let buffer = &mut self.records;
        buffer.row(18);
        buffer.uuid(line_id(entry.seq, line.slot));
        buffer.text(account);
        buffer.text(source_type);
        buffer.uuid(of.adoption_id);
        buffer.text(of.account.as_str());
        buffer.int4(of.tree_count);
        buffer.numeric(of.price.amount().units(), 10);
        buffer.numeric(i128::from(line.rate.units()), 6);
        buffer.option(level.map(i32::from), CopyBuffer::int4);
        buffer.option(tier.map(i32::from), CopyBuffer::int4);
        buffer.numeric(line.amount.units(), 10);
        buffer.date(line.effective_date);
        buffer.date(expires(entry.seq, line)?);
        buffer.bool(expired);
        buffer.option(expired.then_some(at), CopyBuffer::timestamptz);
        buffer.timestamptz(at);
        buffer.int8(entry.seq);
        buffer.int2(i16::from(line.slot));
        Ok(())
    }

    fn system(&mut self, entry: &Entry, of: &Distribution, line: &Line<'_>, account: SystemAccount) {
        let expired = line.expired_on(self.booked_day);
        let at = self.at;
        let buffer = &mut self.system;
        buffer.row(12);
        buffer.uuid(line_id(entry.seq, line.slot));
        buffer.uuid(system_account_id(account));
        buffer.uuid(of.adoption_id);
        buffer.text(of.account.as_str());
        buffer.numeric(i128::from(line.rate.units()), 6);
        buffer.numeric(line.amount.units(), 10);
        buffer.date(line.effective_date);
        buffer.option(line.expire_date, CopyBuffer::date);
        buffer.bool(expired);
        buffer.timestamptz(at);
        buffer.int8(entry.seq);
        buffer.int2(i16::from(line.slot));
    }

    fn unallocated(&mut self, entry: &Entry, of: &Distribution, line: &Line<'_>) -> Result<()> {
        let Beneficiary::Unallocated { kind, would_be, reason } = &line.beneficiary else { return Ok(()) };
        let at = self.at;
        let buffer = &mut self.unallocated;
        buffer.row(15);
        buffer.uuid(line_id(entry.seq, line.slot));
        buffer.uuid(of.adoption_id);
        buffer.text(of.account.as_str());
        buffer.text(kind.as_str());
        buffer.option(would_be.map(AccountSequence::as_str), CopyBuffer::text);
        buffer.option(kind.level_depth().map(i32::from), CopyBuffer::int4);
        buffer.numeric(line.amount.units(), 10);
        buffer.text(&reason.to_string());
        buffer.bool(true);
        buffer.timestamptz(at);
        buffer.date(line.effective_date);
        buffer.date(expires(entry.seq, line)?);
        buffer.timestamptz(at);
        buffer.int8(entry.seq);
        buffer.int2(i16::from(line.slot));
        Ok(())
    }
}

/// Only lines of system accounts may never expire.
pub(crate) fn expires(seq: i64, line: &Line<'_>) -> Result<NaiveDate> {
    line.expire_date.ok_or_else(|| Error::corrupt(format!("entry {seq} slot {} has no expiry", line.slot)))
}

/// The fixed ids that the migrations give the four system accounts.
pub fn system_account_id(account: SystemAccount) -> Uuid {
    let number = match account {
        SystemAccount::Operation => 1,
        SystemAccount::Province => 2,
        SystemAccount::City => 3,
        SystemAccount::Headquarters => 4,
    };
    Uuid::from_u128(0x0000_0000_0000_8000_8000_0000_0000_0000 | number)
}
