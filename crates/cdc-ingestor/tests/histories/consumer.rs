//! The ingestor as its `apply` path, fed from a log: batches cut anywhere, crashes between a commit and the next read, and
//! a consumer that does not know that it was replaced.

use std::collections::BTreeMap;

use cdc_ingestor::IngestError;
use cdc_ingestor::apply::{Topic, apply};
use cdc_ingestor::batch::{Batch, BatchFormat, Message};
use cdc_ingestor::decode::Format;
use cdc_ingestor::settle_tree;
use cdc_ingestor::table::{Adoptions, Referrals, Users};
use persistence::{PgPool, cdc_offsets};
use rand::Rng as _;
use rand::seq::IndexedRandom as _;
use rand_chacha::ChaCha8Rng;
use testkit::debezium::{Log, Table};

/// Where a consumer believes to stand.
type Positions = BTreeMap<(Table, i32), usize>;

/// A consumer of all partitions.
#[derive(Debug)]
pub struct Consumer<'a> {
    pool: &'a PgPool,
    next: Positions,
    batches: usize,
}

impl<'a> Consumer<'a> {
    pub fn new(pool: &'a PgPool) -> Self {
        Self { pool, next: Positions::new(), batches: 0 }
    }

    /// Batches that were applied.
    pub fn batches(&self) -> usize {
        self.batches
    }

    /// Reads some of what there is of some topic, as one batch.
    pub async fn read_some(&mut self, random: &mut ChaCha8Rng, log: &Log) -> anyhow::Result<()> {
        let table = *Table::ALL.choose(random).unwrap();
        let mut until = self.next.clone();
        for (place, next) in ends(log).into_iter().filter(|((of, _), _)| *of == table) {
            let from = self.position(place);
            let most = if random.random_ratio(1, 3) { next } else { (from + 4).min(next) };
            until.insert(place, random.random_range(from..=most));
        }
        self.read(random, log, table, &until).await
    }

    /// Reads everything that there is.
    pub async fn read_all(&mut self, random: &mut ChaCha8Rng, log: &Log) -> anyhow::Result<()> {
        let ends = ends(log);
        while self.next != ends {
            for table in Table::ALL {
                self.read(random, log, table, &ends).await?;
            }
        }
        Ok(())
    }

    /// It dies after a commit, before it has told anybody. The next one begins where the database says.
    pub async fn crash(&mut self) -> anyhow::Result<()> {
        let topics: Vec<String> = Table::ALL.iter().map(|table| table.topic().to_owned()).collect();
        let mut connection = self.pool.acquire().await?;
        self.next.clear();
        for (topic, partition, next) in cdc_offsets::positions(&mut connection, &topics).await? {
            let table = Table::ALL.into_iter().find(|table| table.topic() == topic).unwrap();
            self.next.insert((table, partition), usize::try_from(next)?);
        }
        Ok(())
    }

    /// One that stood here before wakes up and goes on from an older position: it must not get anything written.
    pub async fn intrude(&self, random: &mut ChaCha8Rng, log: &Log) -> anyhow::Result<()> {
        let read: Vec<_> = self.next.iter().filter(|(_, next)| **next > 0).collect();
        let Some((place, next)) = read.choose(random).copied() else { return Ok(()) };
        let from = random.random_range(0..*next);
        let messages: Vec<(i32, usize)> = (from..log.partition(place.0, place.1).len().min(from + 9))
            .map(|offset| (place.1, offset))
            .collect();
        let stale = Positions::from([(*place, from)]);
        match self.apply(log, place.0, &stale, &messages).await {
            Err(IngestError::PartitionTaken { .. }) => Ok(()),
            other => anyhow::bail!("a consumer at offset {from}, not {next}, got {other:?}"),
        }
    }

    /// Does what is left over of the referral tree.
    pub async fn settle_tree(&self) -> anyhow::Result<()> {
        while settle_tree(self.pool).await? {}
        Ok(())
    }

    fn position(&self, place: (Table, i32)) -> usize {
        self.next.get(&place).copied().unwrap_or(0)
    }

    /// One batch up to `until`, in any order that keeps each partition's.
    async fn read(
        &mut self,
        random: &mut ChaCha8Rng,
        log: &Log,
        table: Table,
        until: &Positions,
    ) -> anyhow::Result<()> {
        let mut at = self.next.clone();
        let mut messages = Vec::new();
        loop {
            let open = until
                .iter()
                .filter(|(place, until)| place.0 == table && at.get(*place).copied().unwrap_or(0) < **until);
            let open: Vec<i32> = open.map(|(place, _)| place.1).collect();
            let Some(partition) = open.choose(random) else { break };
            let offset = at.entry((table, *partition)).or_default();
            messages.push((*partition, *offset));
            *offset += 1;
        }
        if messages.is_empty() {
            return Ok(());
        }
        self.apply(log, table, &self.next, &messages).await?;
        self.next = at;
        self.batches += 1;
        Ok(())
    }

    async fn apply(
        &self,
        log: &Log,
        table: Table,
        from: &Positions,
        messages: &[(i32, usize)],
    ) -> Result<(), IngestError> {
        match table {
            Table::Users => self.apply_to::<Users>(log, table, from, messages).await,
            Table::Adoptions => self.apply_to::<Adoptions>(log, table, from, messages).await,
            Table::Referrals => self.apply_to::<Referrals>(log, table, from, messages).await,
        }
    }

    async fn apply_to<T: cdc_ingestor::table::Table>(
        &self,
        log: &Log,
        table: Table,
        from: &Positions,
        messages: &[(i32, usize)],
    ) -> Result<(), IngestError> {
        let format = BatchFormat {
            format: Format {
                columns: BTreeMap::new(),
                price_scale: 10,
                keep_phones: true,
                max_bytes: 1 << 20,
            },
            letter_max_bytes: 65_536,
        };
        let offset = |offset: usize| i64::try_from(offset).unwrap();
        let mut batch = Batch::<T::Row>::default();
        for (partition, at) in messages {
            let message = &log.partition(table, *partition)[*at];
            let message = Message {
                partition: *partition,
                offset: offset(*at),
                key: Some(message.key.as_bytes()),
                value: message.value.as_deref().map(str::as_bytes),
            };
            let from = from.get(&(table, *partition)).copied().unwrap_or(0);
            if from == 0 {
                let mut connection = self.pool.acquire().await?;
                cdc_offsets::begin(&mut connection, table.topic(), *partition, 0).await?;
            }
            batch.push(table.topic(), message, offset(from), &format, || None);
        }
        let topic = Topic { name: table.topic().to_owned(), source: "upstream".to_owned() };
        apply::<T>(self.pool, &topic, &batch, "2026-11-22T12:00:00Z".parse().unwrap()).await.map(drop)
    }
}

/// Where each partition that holds anything ends.
pub fn ends(log: &Log) -> Positions {
    let ends = Log::partitions().map(|place| (place, log.partition(place.0, place.1).len()));
    ends.filter(|(_, end)| *end > 0).collect()
}
