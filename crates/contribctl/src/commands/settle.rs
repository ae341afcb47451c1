//! `contribctl settle`: waits until the service is at rest.

use std::time::{Duration, Instant};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use persistence::report::{self, Flow};
use persistence::{PgPool, cdc_offsets, upstream};
use runtime::settings::Settings;

use crate::kafka::{Onlooker, Spans};
use crate::{Context, Outcome, Progress, Result};

const PAUSE: Duration = Duration::from_millis(300);

/// Waits until everything upstream has been read, numbered, distributed and published.
#[derive(Debug, Args)]
pub struct Settle {
    /// How long to wait; then exit code 1, with what is not at rest
    #[arg(long, value_name = "SECONDS", default_value_t = 120)]
    timeout: u64,
}

/// Beats upstream once, and waits until that beat has come through and nothing is left on its way.
pub async fn run(settle: Settle, context: &Context) -> Result<Outcome> {
    let started = Instant::now();
    let settings = &context.settings;
    let pool = context.database()?;
    let beat = beat(context).await?;
    let onlooker = Onlooker::new(&settings.kafka)?;
    let progress = Progress::endless("settle");
    let mut rested: Option<Look> = None;
    loop {
        // Kafka's ends first: what is read up to them later was read up to them
        let ends = onlooker.spans(topics(settings)).await?;
        let look = Look::at(&pool, settings, beat, ends).await?;
        progress.say(look.describe());
        let unrest = look.unrest();
        // twice the same: a step between two of the queues would not be seen once
        if unrest.is_empty() && rested.as_ref().is_some_and(|before| before.flow == look.flow) {
            progress.done();
            answer!("at rest after {} s: {}", started.elapsed().as_secs(), look.describe());
            return Ok(Outcome::Good);
        }
        if started.elapsed() >= Duration::from_secs(settle.timeout) {
            progress.done();
            answer!("not at rest after {} s: {}", settle.timeout, look.describe());
            for reason in &unrest {
                answer!("  {reason}");
            }
            return Ok(Outcome::Bad);
        }
        rested = unrest.is_empty().then_some(look);
        tokio::time::sleep(PAUSE).await;
    }
}

/// A beat written now comes through the connector after everything that was committed before it. Without `upstream.url`
/// only what has reached Kafka is waited for.
async fn beat(context: &Context) -> Result<Option<DateTime<Utc>>> {
    if context.settings.upstream.url.is_none() {
        answer!("upstream.url is not set: waiting for what is in Kafka only");
        return Ok(None);
    }
    let upstream = context.upstream()?;
    let mut connection = upstream.acquire().await.map_err(persistence::Error::from)?;
    Ok(Some(upstream::beat(&mut connection).await?))
}

fn topics(settings: &Settings) -> Vec<String> {
    let topics = &settings.cdc.topics;
    vec![topics.users.clone(), topics.adoptions.clone(), topics.referrals.clone()]
}

/// How things stand at one moment.
struct Look {
    flow: Flow,
    /// Messages in Kafka that have not been read, by topic.
    unread: Vec<(String, i64)>,
    /// Sources whose newest beat read is older than ours.
    behind: Vec<String>,
}

impl Look {
    async fn at(
        pool: &PgPool,
        settings: &Settings,
        beat: Option<DateTime<Utc>>,
        ends: Spans,
    ) -> persistence::Result<Self> {
        let mut connection = pool.acquire().await?;
        let topics = topics(settings);
        let positions = cdc_offsets::positions(&mut connection, &topics).await?;
        let unread = |topic: &String| {
            let of_topic = ends.iter().filter(|((name, _), _)| name == topic);
            let left = of_topic.map(|((_, partition), span)| {
                let position =
                    positions.iter().find(|(name, number, _)| name == topic && number == partition);
                (span.high - position.map_or(span.low, |(_, _, next)| *next)).max(0)
            });
            left.sum::<i64>()
        };
        let unread = topics.iter().map(|topic| (topic.clone(), unread(topic))).collect();
        let mut behind = Vec::new();
        if let Some(beat) = beat {
            // a beat of time T puts the watermark at T less the slack
            let through = beat - slack(settings);
            for source in settings.cdc.heartbeats.keys() {
                let watermark = report::watermark(&mut connection, source).await?;
                if watermark.is_none_or(|watermark| watermark < through) {
                    behind.push(source.clone());
                }
            }
        }
        Ok(Self { flow: report::flow(&mut connection).await?, unread, behind })
    }

    /// What is not at rest, a line each.
    fn unrest(&self) -> Vec<String> {
        let flow = &self.flow;
        let mut reasons = Vec::new();
        if !flow.bootstrap_open {
            reasons.push("bootstrap: the initial snapshot has not been read to its end".to_owned());
        }
        reasons.extend(self.behind.iter().map(|source| {
            format!("source {source}: a beat written at the start of this command has not come through")
        }));
        let counted = [
            (flow.queued, "changes not judged by the sequencer"),
            (flow.tree_tasks, "subtrees of referrals to bring up to date"),
            (flow.to_number, "adoptions to be numbered"),
            (flow.to_distribute, "entries to be carried out"),
            (flow.to_publish, "events to be published"),
        ];
        let unread = self.unread.iter().map(|(topic, left)| (*left, format!("messages of {topic} not read")));
        let counted = counted.into_iter().map(|(left, what)| (left, what.to_owned()));
        reasons.extend(
            unread.chain(counted).filter(|(left, _)| *left > 0).map(|(left, what)| format!("{left} {what}")),
        );
        reasons
    }

    fn describe(&self) -> String {
        let flow = &self.flow;
        let mut parts = vec![
            format!("read {}", flow.read),
            format!("numbered {}", flow.last_seq),
            format!("distributed {}", flow.last_seq - flow.to_distribute),
        ];
        let left = [
            (flow.to_publish, "to publish"),
            (flow.queued, "to judge"),
            (flow.waiting, "waiting"),
            (flow.dead_letters, "dead letters"),
        ];
        parts.extend(
            left.into_iter().filter(|(left, _)| *left > 0).map(|(left, what)| format!("{left} {what}")),
        );
        parts.join(", ")
    }
}

fn slack(settings: &Settings) -> TimeDelta {
    TimeDelta::seconds(u32::try_from(settings.cdc.watermark_slack_seconds).unwrap_or(u32::MAX).into())
}
