//! The worker: batches from the reader into PostgreSQL, one topic after the other, and what follows from them.

use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use fail::fail_point;
use persistence::cdc_watermarks::WatermarkBy;
use persistence::{PgPool, bootstrap, locks, referral_tree};
use runtime::settings;
use runtime::{Progress, Worker};

use crate::apply::{TREE_BUDGET, Topic, apply};
use crate::batch::Batch;
use crate::beats::{Marks, apply_beats};
use crate::ends::Question;
use crate::errors::IngestError;
use crate::kafka::Reader;
use crate::requests::Requests;
use crate::table::{Adoptions, Referrals, Table, Users};
use crate::watch::Watch;
use crate::work::{Topics, Work};

/// How long a step waits for a batch.
const WAIT: Duration = Duration::from_millis(100);
/// How often it is looked whether a snapshot has been read to its end.
const BOOTSTRAP_EVERY: Duration = Duration::from_millis(250);
/// How often rows raise the watermark of a source without heartbeat table.
const ROW_MARK_EVERY: Duration = Duration::from_secs(1);
/// Tasks of the referral tree in one step.
const TREE_TASKS: usize = 200;

/// The worker.
pub struct Ingestor {
    pool: PgPool,
    topics: Arc<Topics>,
    reader: Reader,
    /// Read but not applied yet; kept while PostgreSQL is away.
    in_hand: Option<Work>,
    /// Beats and streamed rows: their sources are to be marked.
    seen: Vec<Seen>,
    /// For which of them Kafka was asked where the source's partitions end.
    asked: Option<(Seen, Question)>,
    marks: Marks,
    row_marks_from: Instant,
    bootstrap: Bootstrap,
    requests: Requests,
    _watch: Watch,
}

/// A source was seen to have come so far.
#[derive(Debug, Clone)]
struct Seen {
    source: String,
    time: DateTime<Utc>,
    by: WatermarkBy,
}

/// When to look again whether the snapshots have been read.
enum Bootstrap {
    NotExpected,
    LookFrom(Instant),
    Complete,
}

impl Ingestor {
    /// Joins the consumer group. To be called within a tokio runtime.
    pub fn start(kafka: &settings::Kafka, cdc: &settings::Cdc, pool: PgPool) -> Result<Self, IngestError> {
        let topics = Arc::new(Topics::new(cdc)?);
        let reader = Reader::start(kafka, &cdc.batch, Arc::clone(&topics), pool.clone())?;
        let requests = Requests::new(kafka, Arc::clone(&topics), pool.clone())?;
        let watch = Watch::start(pool.clone(), reader.ends());
        Ok(Self {
            pool,
            topics,
            reader,
            in_hand: None,
            seen: Vec::new(),
            asked: None,
            marks: Marks::new(Duration::from_secs(cdc.watermark_slack_seconds)),
            row_marks_from: Instant::now(),
            bootstrap: Bootstrap::NotExpected,
            requests,
            _watch: watch,
        })
    }

    async fn apply_work(&mut self) -> Result<(), IngestError> {
        let Some(work) = &mut self.in_hand else { return Ok(()) };
        let now = Utc::now();
        let (pool, reader, topics) = (&self.pool, &self.reader, &self.topics);
        // each is taken away once it is written, so that a retry does not meet it again
        for (topic, until) in [
            apply_table::<Users>(pool, reader, &topics.users, &mut work.users, now).await?,
            apply_table::<Referrals>(pool, reader, &topics.referrals, &mut work.referrals, now).await?,
            apply_table::<Adoptions>(pool, reader, &topics.adoptions, &mut work.adoptions, now).await?,
        ] {
            if let Some(until) = until.filter(|_| !topics.beats(&topic.source)) {
                self.seen.push(Seen { source: topic.source.clone(), time: until, by: WatermarkBy::Rows });
            }
        }
        for topic in &topics.heartbeats {
            let Some(batch) = work.beats.get(&topic.name) else { continue };
            let beat = apply_beats(pool, topic, batch).await?;
            reader.report(&topic.name, &batch.advances());
            work.beats.remove(&topic.name);
            if let Some(time) = beat {
                self.seen.push(Seen { source: topic.source.clone(), time, by: WatermarkBy::Heartbeat });
            }
        }
        self.in_hand = None;
        Ok(())
    }

    /// Marks the sources of what was seen. Ends are asked for after the beat was read, so they cover what came before it; the
    /// next batches are written meanwhile.
    async fn mark(&mut self) -> Result<(), IngestError> {
        if let Some((seen, question)) = self.asked.take_if(|(_, question)| question.is_answered()) {
            let ends = question.answer().await?;
            self.marks.add(&seen.source, seen.time, seen.by, ends);
            self.seen.retain(|other| other.source != seen.source || other.time > seen.time);
        }
        if self.asked.is_none() {
            let rows_wait = Instant::now() < self.row_marks_from;
            let ready = |seen: &&Seen| seen.by == WatermarkBy::Heartbeat || !rows_wait;
            if let Some(seen) = self.seen.iter().find(ready).cloned() {
                if seen.by == WatermarkBy::Rows {
                    self.row_marks_from = Instant::now() + ROW_MARK_EVERY;
                }
                let question = self.reader.ends().of_topics(self.topics.of_source(&seen.source));
                self.asked = Some((seen, question));
            }
        }
        self.marks.settle(&self.pool).await
    }

    async fn watch_bootstrap(&mut self) -> Result<(), IngestError> {
        let mut connection = match self.bootstrap {
            Bootstrap::Complete => return Ok(()),
            Bootstrap::LookFrom(then) if Instant::now() < then => return Ok(()),
            _ => self.pool.acquire().await?,
        };
        if matches!(self.bootstrap, Bootstrap::NotExpected) {
            let expected = self.topics.tables().map(|topic| (topic.name.as_str(), topic.source.as_str()));
            bootstrap::expect(&mut connection, &expected).await?;
        }
        self.bootstrap = Bootstrap::LookFrom(Instant::now() + BOOTSTRAP_EVERY);
        for topic in bootstrap::states(&mut connection).await? {
            if topic.state == "ending" && topic.end_offsets.is_none() {
                let ends = self.reader.ends().of_topics(vec![topic.topic.clone()]).answer().await?;
                let ends: Vec<i64> = ends.into_iter().map(|(_, _, end)| end).collect();
                bootstrap::set_end_offsets(&mut connection, &topic.topic, &ends).await?;
            }
        }
        for topic in bootstrap::complete_those_read(&mut connection).await? {
            tracing::info!(topic, "the initial snapshot has been read to its end");
        }
        if bootstrap::is_complete(&mut connection).await? {
            self.bootstrap = Bootstrap::Complete;
        }
        Ok(())
    }
}

impl Worker for Ingestor {
    type Error = IngestError;
    const NAME: &'static str = "cdc-ingestor";

    /// One hand-over of the reader, applied. It waits for messages itself, so the loop need not pause.
    async fn run_once(&mut self) -> Result<Progress, IngestError> {
        let more_tree = settle_tree(&self.pool).await?;
        if self.in_hand.is_none() {
            let wait = if more_tree { Duration::ZERO } else { WAIT };
            self.in_hand = self.reader.next(wait).await?;
        }
        if let Err(error) = self.apply_work().await {
            if matches!(error, IngestError::PartitionTaken { .. }) {
                self.in_hand = None;
                self.reader.start_over();
            }
            return Err(error);
        }
        self.mark().await?;
        self.watch_bootstrap().await?;
        self.requests.carry_out_first().await?;
        Ok(Progress::Worked)
    }
}

async fn apply_table<'a, T: Table>(
    pool: &PgPool,
    reader: &Reader,
    topic: &'a Topic,
    batch: &mut Batch<T::Row>,
    now: DateTime<Utc>,
) -> Result<(&'a Topic, Option<DateTime<Utc>>), IngestError> {
    if batch.is_empty() {
        return Ok((topic, None));
    }
    apply::<T>(pool, topic, batch, now).await?;
    fail_point!("ingest-after-commit");
    reader.report(&topic.name, &batch.advances());
    let until = batch.streamed_until;
    *batch = Batch::default();
    Ok((topic, until))
}

/// One bounded step of the referral tree's work left over; gives whether there is more.
///
/// In one transaction of its own, under the lock of the referral tree, which is only taken where there is work.
pub async fn settle_tree(pool: &PgPool) -> Result<bool, IngestError> {
    let mut connection = pool.acquire().await?;
    if !referral_tree::has_tasks(&mut connection).await? {
        return Ok(false);
    }
    drop(connection);
    let mut transaction = pool.begin().await?;
    locks::hold(&mut transaction, locks::REFERRAL_TREE).await?;
    let some = referral_tree::settle_some_tasks(&mut transaction, TREE_TASKS, TREE_BUDGET).await?;
    transaction.commit().await?;
    Ok(some)
}
