//! How far a source has been read, in its own time (DESIGN.md, "Watermarks").
//!
//! A beat of time T was written upstream after everything committed before T, so once the source's partitions have been
//! read to where they ended when the beat was read, all of that has been read. Rows serve where there is no beat.
//! Transactions: [`apply_beats`] has one of its own; [`Marks::settle`] reads and raises without one, because
//! a watermark only ever rises. Locks: positions, then the source's row.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use chrono::{DateTime, Utc};
use persistence::bootstrap::{self, EndedBy};
use persistence::cdc_watermarks::{self, WatermarkBy};
use persistence::{PgPool, cdc_offsets, dead_letters};

use crate::apply::{Topic, advance, record};
use crate::batch::Batch;
use crate::decode::{BeatRow, FromRow, Origin};
use crate::ends::EndOffsets;
use crate::errors::IngestError;

/// Unsettled marks kept for a source; while more wait, the oldest and the newest are of use.
const KEPT: usize = 64;

/// Puts a batch of a heartbeat table on record; gives the time of the latest beat out of the log.
pub async fn apply_beats(
    pool: &PgPool,
    topic: &Topic,
    batch: &Batch<BeatRow>,
) -> Result<Option<DateTime<Utc>>, IngestError> {
    let mut transaction = pool.begin().await?;
    advance(&mut transaction, topic, batch).await?;
    dead_letters::insert(&mut transaction, &topic.name, BeatRow::TABLE, &batch.letters).await?;
    if batch.streamed {
        bootstrap::end_source(&mut transaction, &topic.source, EndedBy::StreamedRow).await?;
    }
    record(&mut transaction, topic, batch, &batch.read_until()).await?;
    transaction.commit().await?;
    batch.count(&topic.name);
    let streamed =
        batch.changes.iter().filter(|placed| matches!(placed.change.origin, Origin::Stream { .. }));
    Ok(streamed.filter_map(|placed| placed.change.row.as_ref()?.beat_at).max())
}

/// A time up to which a source is read once its partitions are read to some end.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Mark {
    time: DateTime<Utc>,
    by: WatermarkBy,
    ends: EndOffsets,
}

/// The marks that wait.
#[derive(Debug)]
pub struct Marks {
    slack: Duration,
    waiting: BTreeMap<String, VecDeque<Mark>>,
}

impl Marks {
    /// Watermarks stay `slack` behind, for what was committed at the same time but written later.
    pub fn new(slack: Duration) -> Self {
        Self { slack, waiting: BTreeMap::new() }
    }

    /// `source` is read up to `time` once its partitions are read to `ends`, which were taken after the beat was read.
    pub fn add(&mut self, source: &str, time: DateTime<Utc>, by: WatermarkBy, ends: EndOffsets) {
        let marks = self.waiting.entry(source.to_owned()).or_default();
        if marks.len() == KEPT {
            marks.pop_back();
        }
        marks.push_back(Mark { time, by, ends });
    }

    /// Whether any mark waits.
    pub fn is_empty(&self) -> bool {
        self.waiting.values().all(VecDeque::is_empty)
    }

    /// Raises the watermarks of the sources that have been read far enough.
    pub async fn settle(&mut self, pool: &PgPool) -> Result<(), IngestError> {
        if self.is_empty() {
            return Ok(());
        }
        let mut connection = pool.acquire().await?;
        for (source, marks) in &mut self.waiting {
            let Some(first) = marks.front() else { continue };
            let mut topics: Vec<String> = first.ends.iter().map(|(topic, ..)| topic.clone()).collect();
            topics.dedup();
            let read = cdc_offsets::positions(&mut connection, &topics).await?;
            let read: BTreeMap<(&str, i32), i64> =
                read.iter().map(|(topic, partition, next)| ((topic.as_str(), *partition), *next)).collect();
            let reached = |mark: &Mark| {
                mark.ends.iter().all(|(topic, partition, end)| {
                    *end <= read.get(&(topic.as_str(), *partition)).copied().unwrap_or(0)
                })
            };
            let count = marks.iter().take_while(|mark| reached(mark)).count();
            let Some(last) = count.checked_sub(1).and_then(|index| marks.get(index)) else { continue };
            let watermark = last.time - self.slack;
            cdc_watermarks::raise(&mut connection, source, watermark, last.by).await?;
            marks.drain(..count);
        }
        Ok(())
    }
}
