//! The journal: one row an entry, inserted once, never changed (RULES section 3).
//!
//! Written by COPY in the numbering transaction; read in ranges of seq. No lock, one round trip a function.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use domain::{
    AccountSequence, Amount, Ancestor, Distribution, Effect, Entry, Fact, PlanVersion, Price, Prior,
};
use rust_decimal::Decimal;
use sqlx::PgConnection;
use uuid::Uuid;

use crate::adoptions::SourcePosition;
use crate::copy::CopyBuffer;
use crate::{Error, Result};

const COPY: &str = "COPY distribution_journal (distribution_seq, kind, original_adoption_id, account_sequence, \
    tree_count, contribution_per_tree, source_price, base_amount, adoption_date, effective_date, expire_date, \
    plan_version, network_trees_before, upline, upline_depths, upline_directs, referrer_tiers, reverses_seq, \
    referrer_before, referrer_after, effect_accounts, effect_live, effect_directs, source_topic, source_partition, \
    source_offset, source_lsn, traceparent, numbered_day, sequenced_at) FROM STDIN BINARY";
const COLUMNS: i16 = 30;

/// An entry, with where the change that caused it stood.
#[derive(Debug, Clone)]
pub struct JournalRow {
    /// The entry itself.
    pub entry: Entry,
    /// The position of the adoption's newest change when it was numbered; none for a move.
    pub position: Option<SourcePosition>,
    /// The trace this entry belongs to.
    pub traceparent: Option<String>,
}

/// Appends the entries of a pass.
pub async fn append(
    connection: &mut PgConnection,
    rows: &[JournalRow],
    sequenced_at: DateTime<Utc>,
) -> Result<()> {
    let mut buffer = CopyBuffer::with_capacity(rows.len() * 640);
    for row in rows {
        write_row(&mut buffer, row, sequenced_at);
    }
    buffer.send(connection, COPY).await?;
    Ok(())
}

fn write_row(buffer: &mut CopyBuffer, row: &JournalRow, sequenced_at: DateTime<Utc>) {
    let entry = &row.entry;
    buffer.row(COLUMNS);
    buffer.int8(entry.seq);
    match &entry.fact {
        Fact::Distribute(distribution) => {
            buffer.text("DISTRIBUTE");
            write_distribution(buffer, distribution, None);
        }
        Fact::Reverse { reverses, of } => {
            buffer.text("REVERSE");
            write_distribution(buffer, of, Some(*reverses));
        }
        Fact::ReferralMove { account, before, after } => {
            buffer.text("REFERRAL_MOVE");
            buffer.null();
            buffer.text(account.as_str());
            (0..14).for_each(|_| buffer.null());
            buffer.option(before.as_ref(), |buffer, before| buffer.text(before.as_str()));
            buffer.option(after.as_ref(), |buffer, after| buffer.text(after.as_str()));
        }
    }
    buffer.text_array(entry.effects.iter().map(|effect| effect.account.as_str()));
    buffer.int4_array(entry.effects.iter().map(|effect| count(effect.live)));
    buffer.int4_array(entry.effects.iter().map(|effect| count(effect.directs)));
    let position = row.position.as_ref();
    buffer.option(position.and_then(|position| position.topic.as_deref()), CopyBuffer::text);
    buffer.option(position.and_then(|position| position.partition), CopyBuffer::int4);
    buffer.option(position.and_then(|position| position.offset), CopyBuffer::int8);
    buffer.option(position.map(|position| position.lsn), CopyBuffer::int8);
    buffer.option(row.traceparent.as_deref(), CopyBuffer::text);
    buffer.date(entry.numbered_day);
    buffer.timestamptz(sequenced_at);
}

/// The columns from `original_adoption_id` to `referrer_after`.
fn write_distribution(buffer: &mut CopyBuffer, of: &Distribution, reverses: Option<i64>) {
    buffer.uuid(of.adoption_id);
    buffer.text(of.account.as_str());
    buffer.int4(of.tree_count);
    buffer.numeric(of.price.amount().units(), 10);
    buffer.option(of.source_price, |buffer, price| buffer.numeric(price.amount().units(), 10));
    buffer.numeric(of.base.units(), 10);
    buffer.date(of.adoption_date);
    buffer.date(of.effective_date);
    buffer.date(of.expire_date);
    buffer.int4(of.plan_version.0);
    buffer.int8(of.network_trees_before);
    buffer.text_array(of.upline.iter().map(|ancestor| ancestor.account.as_str()));
    buffer.int2_array(of.upline.iter().map(|ancestor| i16::from(ancestor.depth)));
    buffer.int4_array(of.upline.iter().map(|ancestor| count(ancestor.directs)));
    buffer.int2(i16::from(of.referrer_tiers));
    buffer.option(reverses, CopyBuffer::int8);
    buffer.null();
    buffer.null();
}

/// Counts of accounts: bounded by the network, which INT holds with ease.
fn count(value: u32) -> i32 {
    i32::try_from(value).unwrap_or(i32::MAX)
}

/// A row of the journal as it is stored.
struct Stored {
    distribution_seq: i64,
    kind: String,
    original_adoption_id: Option<Uuid>,
    account_sequence: String,
    tree_count: Option<i32>,
    contribution_per_tree: Option<Decimal>,
    source_price: Option<Decimal>,
    base_amount: Option<Decimal>,
    adoption_date: Option<chrono::NaiveDate>,
    effective_date: Option<chrono::NaiveDate>,
    expire_date: Option<chrono::NaiveDate>,
    plan_version: Option<i32>,
    network_trees_before: Option<i64>,
    upline: Option<Vec<String>>,
    upline_depths: Option<Vec<i16>>,
    upline_directs: Option<Vec<i32>>,
    referrer_tiers: Option<i16>,
    reverses_seq: Option<i64>,
    referrer_before: Option<String>,
    referrer_after: Option<String>,
    effect_accounts: Vec<String>,
    effect_live: Vec<i32>,
    effect_directs: Vec<i32>,
    source_topic: Option<String>,
    source_partition: Option<i32>,
    source_offset: Option<i64>,
    source_lsn: Option<i64>,
    traceparent: Option<String>,
    numbered_day: chrono::NaiveDate,
}

/// `SELECT` of whole rows with the given `WHERE` clause and its arguments.
macro_rules! select_stored {
    ($filter:literal, $($argument:expr),+) => {
        sqlx::query_as!(
            Stored,
            "SELECT distribution_seq, kind, original_adoption_id, account_sequence, tree_count, contribution_per_tree,
                 source_price, base_amount, adoption_date, effective_date, expire_date, plan_version,
                 network_trees_before, upline, upline_depths, upline_directs, referrer_tiers, reverses_seq,
                 referrer_before, referrer_after, effect_accounts, effect_live, effect_directs, source_topic,
                 source_partition, source_offset, source_lsn, traceparent, numbered_day
             FROM distribution_journal "
                + $filter,
            $($argument),+
        )
    };
}

/// The entries `first` to `last`, in order.
pub async fn range(connection: &mut PgConnection, first: i64, last: i64) -> Result<Vec<JournalRow>> {
    let rows =
        select_stored!("WHERE distribution_seq BETWEEN $1 AND $2 ORDER BY distribution_seq", first, last)
            .fetch_all(connection)
            .await?;
    rows.into_iter().map(Stored::into_row).collect()
}

/// The entries of one adoption, in order.
pub async fn of_adoption(connection: &mut PgConnection, adoption: Uuid) -> Result<Vec<JournalRow>> {
    let rows = select_stored!("WHERE original_adoption_id = $1 ORDER BY distribution_seq", adoption)
        .fetch_all(connection)
        .await?;
    rows.into_iter().map(Stored::into_row).collect()
}

/// What the journal knows of adoptions that were distributed before: each one's latest DISTRIBUTE and its largest
/// count of trees.
pub async fn priors(connection: &mut PgConnection, adoptions: &[Uuid]) -> Result<HashMap<Uuid, Prior>> {
    let mut priors: HashMap<Uuid, Prior> = HashMap::new();
    let rows = select_stored!(
        "WHERE original_adoption_id = ANY($1) AND kind = 'DISTRIBUTE'
         ORDER BY distribution_seq",
        adoptions
    )
    .fetch_all(connection)
    .await?;
    for row in rows {
        let entry = row.into_row()?.entry;
        let Fact::Distribute(latest) = entry.fact else { continue };
        let before = priors.get(&latest.adoption_id).map_or(0, |prior| prior.largest_trees);
        let largest_trees = before.max(latest.tree_count);
        priors.insert(latest.adoption_id, Prior { seq: entry.seq, latest, largest_trees });
    }
    Ok(priors)
}

impl Stored {
    fn into_row(self) -> Result<JournalRow> {
        let seq = self.distribution_seq;
        let effects = self.effects()?;
        let numbered_day = self.numbered_day;
        let traceparent = self.traceparent.clone();
        let position = self.source_lsn.map(|lsn| SourcePosition {
            topic: self.source_topic.clone(),
            partition: self.source_partition,
            offset: self.source_offset,
            lsn,
        });
        let fact = self.into_fact()?;
        Ok(JournalRow { entry: Entry { seq, numbered_day, fact, effects }, position, traceparent })
    }

    fn effects(&self) -> Result<Vec<Effect>> {
        self.effect_accounts
            .iter()
            .zip(self.effect_live.iter().zip(&self.effect_directs))
            .map(|(account, (live, directs))| {
                Ok(Effect {
                    account: AccountSequence::parse(account)?,
                    live: stored_count(*live)?,
                    directs: stored_count(*directs)?,
                })
            })
            .collect()
    }

    fn into_fact(self) -> Result<Fact> {
        let seq = self.distribution_seq;
        let missing = |column: &str| Error::corrupt(format!("entry {seq} has no {column}"));
        match self.kind.as_str() {
            "REFERRAL_MOVE" => Ok(Fact::ReferralMove {
                account: AccountSequence::parse(&self.account_sequence)?,
                before: self.referrer_before.as_deref().map(AccountSequence::parse).transpose()?,
                after: self.referrer_after.as_deref().map(AccountSequence::parse).transpose()?,
            }),
            "DISTRIBUTE" => Ok(Fact::Distribute(self.distribution()?)),
            "REVERSE" => {
                let reverses = self.reverses_seq.ok_or_else(|| missing("reverses_seq"))?;
                Ok(Fact::Reverse { reverses, of: self.distribution()? })
            }
            other => Err(Error::corrupt(format!("entry {seq} is of an unknown kind {other}"))),
        }
    }

    fn distribution(&self) -> Result<Distribution> {
        let seq = self.distribution_seq;
        let missing = |column: &str| Error::corrupt(format!("entry {seq} has no {column}"));
        let price = |value: Decimal| Price::new(Amount::from_decimal(value)?).map_err(Error::corrupt);
        Ok(Distribution {
            adoption_id: self.original_adoption_id.ok_or_else(|| missing("original_adoption_id"))?,
            account: AccountSequence::parse(&self.account_sequence)?,
            tree_count: self.tree_count.ok_or_else(|| missing("tree_count"))?,
            price: price(self.contribution_per_tree.ok_or_else(|| missing("contribution_per_tree"))?)?,
            source_price: self.source_price.map(price).transpose()?,
            base: Amount::from_decimal(self.base_amount.ok_or_else(|| missing("base_amount"))?)?,
            adoption_date: self.adoption_date.ok_or_else(|| missing("adoption_date"))?,
            effective_date: self.effective_date.ok_or_else(|| missing("effective_date"))?,
            expire_date: self.expire_date.ok_or_else(|| missing("expire_date"))?,
            plan_version: PlanVersion(self.plan_version.ok_or_else(|| missing("plan_version"))?),
            network_trees_before: self.network_trees_before.ok_or_else(|| missing("network_trees_before"))?,
            upline: self.upline()?,
            referrer_tiers: stored_small(self.referrer_tiers.ok_or_else(|| missing("referrer_tiers"))?)?,
        })
    }

    fn upline(&self) -> Result<Vec<Ancestor>> {
        let (Some(accounts), Some(depths), Some(directs)) =
            (&self.upline, &self.upline_depths, &self.upline_directs)
        else {
            return Err(Error::corrupt(format!("entry {} has no upline", self.distribution_seq)));
        };
        if accounts.len() != depths.len() || accounts.len() != directs.len() {
            return Err(Error::corrupt(format!(
                "entry {}: the upline's columns differ in length",
                self.distribution_seq
            )));
        }
        accounts
            .iter()
            .zip(depths.iter().zip(directs))
            .map(|(account, (depth, directs))| {
                Ok(Ancestor {
                    account: AccountSequence::parse(account)?,
                    depth: stored_small(*depth)?,
                    directs: stored_count(*directs)?,
                })
            })
            .collect()
    }
}

fn stored_count(value: i32) -> Result<u32> {
    u32::try_from(value).map_err(|_| Error::corrupt(format!("a negative count {value}")))
}

fn stored_small(value: i16) -> Result<u8> {
    u8::try_from(value).map_err(|_| Error::corrupt(format!("a depth or tier of {value}")))
}
