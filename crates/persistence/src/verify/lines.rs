//! Identity 8: the stored lines, and those that an entry must have, as values that can be compared.
//!
//! All columns but `created_at`, `is_expired`, `expired_at` and `allocated_at`, which say when and not what.

use chrono::NaiveDate;
use domain::{Beneficiary, Distribution, Line, line_id};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::ledger::system_account_id;
use crate::{Error, Result};

/// A struct of columns, with what two of a kind differ in.
macro_rules! columns {
    ($(#[$docs:meta])* $name:ident { $($(#[$column_docs:meta])* $column:ident: $kind:ty,)+ }) => {
        $(#[$docs])*
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct $name { $($(#[$column_docs])* pub $column: $kind,)+ }

        impl $name {
            /// The columns in which `stored` differs, each with what it holds and what it should.
            pub fn differences(&self, stored: &Self) -> Vec<String> {
                let mut differences = Vec::new();
                $(if self.$column != stored.$column {
                    let (stored, right) = (&stored.$column, &self.$column);
                    differences.push(format!(concat!(stringify!($column), " is {:?} and should be {:?}"), stored, right));
                })+
                differences
            }
        }
    };
}

columns! {
    /// A row of `contribution_records`.
    Record {
        /// Key.
        id: Uuid,
        /// Whose.
        account_sequence: String,
        /// `PERSONAL`, `TEAM_LEVEL` or `TEAM_BONUS`.
        source_type: String,
        /// The adoption.
        source_adoption_id: Uuid,
        /// The adopter.
        source_account_sequence: String,
        /// Its trees.
        tree_count: i32,
        /// The price of one.
        base_contribution: Decimal,
        /// The share.
        distribution_rate: Decimal,
        /// The level, for one.
        level_depth: Option<i32>,
        /// The tier, for one.
        bonus_tier: Option<i32>,
        /// What it carries.
        amount: Decimal,
        /// From when.
        effective_date: NaiveDate,
        /// Until when.
        expire_date: NaiveDate,
        /// The entry.
        distribution_seq: i64,
        /// The slot.
        slot: i16,
    }
}

columns! {
    /// A row of `system_contribution_records`.
    SystemRecord {
        /// Key.
        id: Uuid,
        /// Whose.
        system_account_id: Uuid,
        /// The adoption.
        source_adoption_id: Uuid,
        /// The adopter.
        source_account_sequence: String,
        /// The share.
        distribution_rate: Decimal,
        /// What it carries.
        amount: Decimal,
        /// From when.
        effective_date: NaiveDate,
        /// Until when.
        expire_date: Option<NaiveDate>,
        /// The entry.
        distribution_seq: i64,
        /// The slot.
        slot: i16,
    }
}

columns! {
    /// A row of `unallocated_contributions`.
    Unallocated {
        /// Key.
        id: Uuid,
        /// The adoption.
        source_adoption_id: Uuid,
        /// The adopter.
        source_account_sequence: String,
        /// `LEVEL_OVERFLOW`, `BONUS_TIER_1`, …
        unalloc_type: String,
        /// Who would have received it.
        would_be_account_sequence: Option<String>,
        /// The level, for one.
        level_depth: Option<i32>,
        /// What it carries.
        amount: Decimal,
        /// Why nobody did.
        reason: Option<String>,
        /// That headquarters did.
        allocated_to_headquarters: Option<bool>,
        /// From when.
        effective_date: NaiveDate,
        /// Until when.
        expire_date: NaiveDate,
        /// The entry.
        distribution_seq: i64,
        /// The slot.
        slot: i16,
    }
}

/// A line of the ledger in any of the three tables.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LedgerLine {
    /// Of an account.
    Record(Record),
    /// Of a system account.
    System(SystemRecord),
    /// Of nobody.
    Unallocated(Unallocated),
}

impl LedgerLine {
    /// Its key.
    pub fn id(&self) -> Uuid {
        match self {
            Self::Record(line) => line.id,
            Self::System(line) => line.id,
            Self::Unallocated(line) => line.id,
        }
    }

    /// The table it stands in.
    pub fn table(&self) -> &'static str {
        match self {
            Self::Record(_) => "contribution_records",
            Self::System(_) => "system_contribution_records",
            Self::Unallocated(_) => "unallocated_contributions",
        }
    }

    /// In what `stored`, which has the same key, differs from what it should be.
    pub fn differences(&self, stored: &Self) -> Vec<String> {
        match (self, stored) {
            (Self::Record(right), Self::Record(stored)) => right.differences(stored),
            (Self::System(right), Self::System(stored)) => right.differences(stored),
            (Self::Unallocated(right), Self::Unallocated(stored)) => right.differences(stored),
            _ => vec![format!("stands in {} and should stand in {}", stored.table(), self.table())],
        }
    }

    /// What `line` of entry `seq`, which distributes or takes back `of`, must be.
    pub fn of(seq: i64, of: &Distribution, line: &Line<'_>) -> Result<Self> {
        let id = line_id(seq, line.slot);
        let amount = line.amount.to_decimal()?;
        let distribution_rate = line.rate.to_decimal();
        let (source_adoption_id, source_account_sequence) = (of.adoption_id, of.account.as_str().to_owned());
        let (effective_date, distribution_seq, slot) = (line.effective_date, seq, i16::from(line.slot));
        let expires = || {
            line.expire_date.ok_or_else(|| Error::corrupt(format!("entry {seq} slot {slot} has no expiry")))
        };
        let level_depth = line.beneficiary.level_depth().map(i32::from);
        match line.beneficiary {
            Beneficiary::System(account) => Ok(Self::System(SystemRecord {
                id,
                system_account_id: system_account_id(account),
                source_adoption_id,
                source_account_sequence,
                distribution_rate,
                amount,
                effective_date,
                expire_date: line.expire_date,
                distribution_seq,
                slot,
            })),
            Beneficiary::Unallocated { kind, would_be, reason } => Ok(Self::Unallocated(Unallocated {
                id,
                source_adoption_id,
                source_account_sequence,
                unalloc_type: kind.as_str().to_owned(),
                would_be_account_sequence: would_be.map(|account| account.as_str().to_owned()),
                level_depth,
                amount,
                reason: Some(reason.to_string()),
                allocated_to_headquarters: Some(true),
                effective_date,
                expire_date: expires()?,
                distribution_seq,
                slot,
            })),
            Beneficiary::Personal(account)
            | Beneficiary::TeamLevel { account, .. }
            | Beneficiary::TeamBonus { account, .. } => Ok(Self::Record(Record {
                id,
                account_sequence: account.as_str().to_owned(),
                source_type: line.beneficiary.source_type().map_or("", |kind| kind.as_str()).to_owned(),
                source_adoption_id,
                source_account_sequence,
                tree_count: of.tree_count,
                base_contribution: of.price.amount().to_decimal()?,
                distribution_rate,
                level_depth,
                bonus_tier: line.beneficiary.bonus_tier().map(i32::from),
                amount,
                effective_date,
                expire_date: expires()?,
                distribution_seq,
                slot,
            })),
        }
    }
}

/// The stored lines with `first` ≤ id < `end`, by id.
pub async fn range(connection: &mut PgConnection, first: Uuid, end: Uuid) -> Result<Vec<LedgerLine>> {
    let records = sqlx::query_as!(
        Record,
        "SELECT id, account_sequence, source_type, source_adoption_id, source_account_sequence, tree_count,
                base_contribution, distribution_rate, level_depth, bonus_tier, amount, effective_date, expire_date,
                distribution_seq, slot
         FROM contribution_records WHERE id >= $1 AND id < $2",
        first,
        end
    )
    .fetch_all(&mut *connection)
    .await?;
    let system = sqlx::query_as!(
        SystemRecord,
        "SELECT id, system_account_id, source_adoption_id, source_account_sequence, distribution_rate, amount,
                effective_date, expire_date, distribution_seq, slot
         FROM system_contribution_records WHERE id >= $1 AND id < $2",
        first,
        end
    )
    .fetch_all(&mut *connection)
    .await?;
    let unallocated = sqlx::query_as!(
        Unallocated,
        "SELECT id, source_adoption_id, source_account_sequence, unalloc_type, would_be_account_sequence, level_depth,
                amount, reason, allocated_to_headquarters, effective_date, expire_date, distribution_seq, slot
         FROM unallocated_contributions WHERE id >= $1 AND id < $2",
        first,
        end
    )
    .fetch_all(connection)
    .await?;
    let mut lines: Vec<LedgerLine> = records.into_iter().map(LedgerLine::Record).collect();
    lines.extend(system.into_iter().map(LedgerLine::System));
    lines.extend(unallocated.into_iter().map(LedgerLine::Unallocated));
    lines.sort_by_key(LedgerLine::id);
    Ok(lines)
}
