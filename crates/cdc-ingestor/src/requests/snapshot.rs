//! Rows that a new snapshot of a source did not have, by the time at which it began.

use chrono::{DateTime, Utc};
use persistence::cdc_offsets;

use super::past::Span;
use super::{Answer, Requests};
use crate::apply::Topic;
use crate::errors::IngestError;
use crate::missing::mark_missing;
use crate::table::{Adoptions, Referrals, Table, Users};

impl Requests {
    pub(super) async fn mark_missing(
        &self,
        source: &str,
        since: DateTime<Utc>,
        apply: bool,
    ) -> Result<Answer, IngestError> {
        let topics = &self.topics;
        if !topics.tables().iter().any(|topic| topic.source == source) {
            let mut sources: Vec<&str> = topics.tables().iter().map(|topic| topic.source.as_str()).collect();
            sources.dedup();
            return Ok(Answer::refused(format!(
                "no table is of the source {source}: {}",
                sources.join(", ")
            )));
        }
        let mut found = Vec::new();
        let mut spans = Vec::new();
        for topic in topics.tables().into_iter().filter(|topic| topic.source == source) {
            let of_topic = self.past.spans(&topic.name, since).await?;
            if let Some(unread) = self.unread(topic, &of_topic).await? {
                return Ok(Answer::refused(unread));
            }
            spans.push((topic, of_topic));
        }
        for (topic, spans) in spans {
            let ends: Vec<(i32, i64)> = spans.iter().map(|span| (span.partition, span.then)).collect();
            let rows = if *topic == topics.users {
                self.missing::<Users>(topic, &ends, apply).await?
            } else if *topic == topics.adoptions {
                self.missing::<Adoptions>(topic, &ends, apply).await?
            } else {
                self.missing::<Referrals>(topic, &ends, apply).await?
            };
            found.push(format!("{}: {rows}", topic.name));
        }
        let verb = if apply { "marked as deleted" } else { "not marked yet" };
        Ok(Answer::done(format!("rows not read since {since}, {verb}: {}", found.join(", "))))
    }

    /// Why a row may seem to be missing and is only not read yet.
    async fn unread(&self, topic: &Topic, spans: &[Span]) -> Result<Option<String>, IngestError> {
        let mut connection = self.pool.acquire().await?;
        for span in spans {
            let next =
                cdc_offsets::position(&mut connection, &topic.name, span.partition).await?.unwrap_or(0);
            if next < span.end {
                return Ok(Some(format!(
                    "{} partition {} is read up to {next} of {}: ask again when it is read to its end",
                    topic.name, span.partition, span.end
                )));
            }
        }
        Ok(None)
    }

    async fn missing<T: Table>(
        &self,
        topic: &Topic,
        ends: &[(i32, i64)],
        apply: bool,
    ) -> Result<usize, IngestError> {
        if apply {
            return mark_missing::<T>(&self.pool, topic, ends, Utc::now()).await;
        }
        let mut connection = self.pool.acquire().await?;
        Ok(T::not_read_since(&mut connection, &topic.name, ends, i64::MAX).await?.len())
    }
}
