//! Waits for the snapshot of a day to be due, in the order of RULES section 7: the roll is complete; every source has been
//! read past the day's start; what was read has been judged and numbered, through W; W is carried out.
//!
//! What was seen is kept in memory only: another leader looks again, and seals by a later W.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use persistence::snapshots::Order;
use persistence::{PgConnection, chunks, due, sequencer};
use runtime::Settings;

use crate::error::SchedulerError;

/// A day is waited for at least so long: one that was missed began long ago, and its sequencer must be able to answer.
const GRACE: TimeDelta = TimeDelta::seconds(10);

/// How far the day is.
#[derive(Debug)]
pub(crate) struct Wait {
    day: NaiveDate,
    /// When the wait began.
    since: DateTime<Utc>,
    /// PostgreSQL's time after every source was seen to be read.
    read_at: Option<DateTime<Utc>>,
    /// W.
    watermark: Option<i64>,
}

impl Wait {
    pub(crate) fn new(day: NaiveDate, now: DateTime<Utc>) -> Self {
        Self { day, since: now, read_at: None, watermark: None }
    }

    /// The day it is for.
    pub(crate) fn day(&self) -> NaiveDate {
        self.day
    }

    /// How long it has been waited for.
    pub(crate) fn lasts(&self, now: DateTime<Utc>) -> TimeDelta {
        now - self.since
    }

    /// What is to be sealed, once it is due. `began` is when this service began; `now` its time.
    pub(crate) async fn order(
        &mut self,
        connection: &mut PgConnection,
        settings: &Settings,
        began: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Option<Order>, SchedulerError> {
        let start = due::start_of(connection, self.day).await?;
        let reached = chunks::watermark(connection).await?;
        let order = |watermark, complete| Order {
            day: self.day,
            watermark,
            complete,
            system_accounts: settings.snapshot.include_system_accounts,
            shards: settings.relay.shards,
            at: now,
        };
        if self.read_at.is_none() && due::is_read_through(connection, start).await? {
            self.read_at = Some(sequencer::time(connection).await?);
        }
        if let (None, Some(read_at)) = (self.watermark, self.read_at) {
            self.watermark = due::numbered_through(connection, read_at).await?;
        }
        if let Some(watermark) = self.watermark.filter(|watermark| *watermark <= reached) {
            return Ok(Some(order(watermark, true)));
        }
        let patience = TimeDelta::minutes(settings.snapshot.max_wait_minutes.into());
        let is_over = now - start.max(began) >= patience && now - self.since >= GRACE.min(patience);
        Ok(is_over.then(|| order(reached, false)))
    }
}
