//! Identity 8 at full speed: the lines that entries must have, in the very bytes in which the server sends the stored
//! ones.
//!
//! A COPY of a range of ids is compared with them as it comes; nothing is decoded. All columns but `created_at`,
//! `is_expired`, `expired_at` and `allocated_at`, which say when and not what. Where the bytes differ, [`super::lines`]
//! says in what. Three round trips a range, no lock; memory for the lines of one range.

use std::fmt::Write;
use std::ops::Range;

use domain::{AccountSequence, Beneficiary, Distribution, Line, line_id};
use sqlx::PgConnection;
use uuid::Uuid;

use crate::copy::CopyBuffer;
use crate::ledger::{expires, system_account_id};
use crate::{Error, Result};

const RECORDS: &str = "SELECT id, account_sequence, source_type, source_adoption_id, source_account_sequence, \
    tree_count, base_contribution, distribution_rate, level_depth, bonus_tier, amount, effective_date, expire_date, \
    distribution_seq, slot FROM contribution_records";
const SYSTEM: &str = "SELECT id, system_account_id, source_adoption_id, source_account_sequence, distribution_rate, \
    amount, effective_date, expire_date, distribution_seq, slot FROM system_contribution_records";
const UNALLOCATED: &str = "SELECT id, source_adoption_id, source_account_sequence, unalloc_type, \
    would_be_account_sequence, level_depth, amount, reason, allocated_to_headquarters, effective_date, expire_date, \
    distribution_seq, slot FROM unallocated_contributions";

/// The lines of some entries, encoded.
#[derive(Debug, Default)]
pub struct EncodedLines {
    records: CopyBuffer,
    system: CopyBuffer,
    unallocated: CopyBuffer,
    reason: String,
}

impl EncodedLines {
    /// Forgets the lines, and keeps the room.
    pub fn clear(&mut self) {
        self.records.clear();
        self.system.clear();
        self.unallocated.clear();
    }

    /// How many there are.
    pub fn lines(&self) -> u64 {
        self.records.rows() + self.system.rows() + self.unallocated.rows()
    }

    /// Adds a line of entry `seq`, which distributes or takes back `of`; lines come in the order of their ids.
    pub fn push(&mut self, seq: i64, of: &Distribution, line: &Line<'_>) -> Result<()> {
        match line.beneficiary {
            Beneficiary::System(account) => self.system(seq, of, line, system_account_id(account)),
            Beneficiary::Unallocated { .. } => self.unallocated(seq, of, line)?,
            Beneficiary::Personal(account)
            | Beneficiary::TeamLevel { account, .. }
            | Beneficiary::TeamBonus { account, .. } => self.record(seq, of, line, account)?,
        }
        Ok(())
    }

    /// Whether the stored lines with `ids.start` ≤ id < `ids.end` are exactly these; to be cleared afterwards.
    pub async fn are_stored(&mut self, connection: &mut PgConnection, ids: &Range<Uuid>) -> Result<bool> {
        let tables =
            [(&mut self.records, RECORDS), (&mut self.system, SYSTEM), (&mut self.unallocated, UNALLOCATED)];
        let mut equal = true;
        for (lines, columns) in tables {
            // COPY takes no parameters; a Uuid's text is hexadecimal digits and dashes
            let (start, end) = (ids.start, ids.end);
            let statement = format!(
                "COPY ({columns} WHERE id >= '{start}' AND id < '{end}' ORDER BY id) TO STDOUT BINARY"
            );
            equal &= lines.equals(connection, &statement).await?;
        }
        Ok(equal)
    }

    fn record(
        &mut self,
        seq: i64,
        of: &Distribution,
        line: &Line<'_>,
        account: &AccountSequence,
    ) -> Result<()> {
        let buffer = &mut self.records;
        buffer.row(15);
        buffer.uuid(line_id(seq, line.slot));
        buffer.text(account.as_str());
        buffer.text(line.beneficiary.source_type().map_or("", |kind| kind.as_str()));
        buffer.uuid(of.adoption_id);
        buffer.text(of.account.as_str());
        buffer.int4(of.tree_count);
        buffer.numeric(of.price.amount().units(), 10);
        buffer.numeric(i128::from(line.rate.units()), 6);
        buffer.option(line.beneficiary.level_depth().map(i32::from), CopyBuffer::int4);
        buffer.option(line.beneficiary.bonus_tier().map(i32::from), CopyBuffer::int4);
        buffer.numeric(line.amount.units(), 10);
        buffer.date(line.effective_date);
        buffer.date(expires(seq, line)?);
        buffer.int8(seq);
        buffer.int2(i16::from(line.slot));
        Ok(())
    }

    fn system(&mut self, seq: i64, of: &Distribution, line: &Line<'_>, account: Uuid) {
        let buffer = &mut self.system;
        buffer.row(10);
        buffer.uuid(line_id(seq, line.slot));
        buffer.uuid(account);
        buffer.uuid(of.adoption_id);
        buffer.text(of.account.as_str());
        buffer.numeric(i128::from(line.rate.units()), 6);
        buffer.numeric(line.amount.units(), 10);
        buffer.date(line.effective_date);
        buffer.option(line.expire_date, CopyBuffer::date);
        buffer.int8(seq);
        buffer.int2(i16::from(line.slot));
    }

    fn unallocated(&mut self, seq: i64, of: &Distribution, line: &Line<'_>) -> Result<()> {
        let Beneficiary::Unallocated { kind, would_be, reason } = &line.beneficiary else { return Ok(()) };
        self.reason.clear();
        write!(self.reason, "{reason}").map_err(Error::corrupt)?;
        let buffer = &mut self.unallocated;
        buffer.row(13);
        buffer.uuid(line_id(seq, line.slot));
        buffer.uuid(of.adoption_id);
        buffer.text(of.account.as_str());
        buffer.text(kind.as_str());
        buffer.option(would_be.map(AccountSequence::as_str), CopyBuffer::text);
        buffer.option(kind.level_depth().map(i32::from), CopyBuffer::int4);
        buffer.numeric(line.amount.units(), 10);
        buffer.text(&self.reason);
        buffer.bool(true);
        buffer.date(line.effective_date);
        buffer.date(expires(seq, line)?);
        buffer.int8(seq);
        buffer.int2(i16::from(line.slot));
        Ok(())
    }
}
