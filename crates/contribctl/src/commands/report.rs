//! `contribctl report`: the figures of a stack in one short table.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use persistence::report::{self, LiveAdoption};
use rdkafka::message::{BorrowedMessage, Message};
use serde::Deserialize;

use crate::kafka::{Onlooker, Spans};
use crate::{Context, Outcome, Progress, Result};

/// Prints the totals, and how long live adoptions took from upstream's row to the event.
pub async fn run(context: &Context) -> Result<Outcome> {
    let kafka = &context.settings.kafka;
    let pool = context.database()?;
    let mut connection = pool.acquire().await.map_err(persistence::Error::from)?;
    let totals = report::totals(&mut connection).await?;
    let live = report::live_adoptions(&mut connection).await?;
    drop(connection);
    let onlooker = Onlooker::new(kafka)?;
    let spans = onlooker.spans(vec![kafka.account_events_topic.clone()]).await?;
    let published: i64 = spans.values().map(|span| span.high).sum();
    let latencies = latencies(&onlooker, kafka.account_events_topic.clone(), spans, &live).await?;

    let row = |name: &str, value: String| answer!("{name:<28}{value:>32}");
    row("messages read", totals.messages_read.to_string());
    row("adoptions distributed", totals.adoptions_distributed.to_string());
    row("journal entries", totals.entries.to_string());
    row("ledger lines", totals.lines.to_string());
    row("accounts", totals.accounts.to_string());
    row("total contribution", totals.contribution.to_string());
    row("of it unallocated", totals.unallocated.to_string());
    row("events published", published.to_string());
    if latencies.is_empty() {
        row("live latency", "no live adoptions yet".to_owned());
    } else {
        row("live adoptions measured", format!("{} of {}", latencies.len(), live.len()));
        row("live latency p50", format!("{} ms", percentile(&latencies, 50)));
        row("live latency p99", format!("{} ms", percentile(&latencies, 99)));
    }
    Ok(Outcome::Good)
}

/// The account and moment of a calculation, which name its event.
type Calculation = (String, DateTime<Utc>);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Calculated {
    account_sequence: String,
    calculated_at: DateTime<Utc>,
}

/// From the row's creation upstream to the moment at which Kafka appended the event of its first distribution, in ms,
/// sorted. A compacted topic may have lost some of the events.
async fn latencies(
    onlooker: &Onlooker,
    topic: String,
    spans: Spans,
    live: &[LiveAdoption],
) -> Result<Vec<i64>> {
    if live.is_empty() {
        return Ok(Vec::new());
    }
    let wanted: HashMap<Calculation, Option<i64>> =
        live.iter().map(|adoption| ((adoption.account.clone(), adoption.distributed_at), None)).collect();
    let records = spans.values().map(|span| u64::try_from(span.high - span.low).unwrap_or(0)).sum();
    let progress = Progress::of(records, "events");
    let appended = onlooker
        .fold(topic, spans, wanted, move |wanted, message| {
            progress.add(1);
            note(wanted, message);
        })
        .await?;
    let latency = |adoption: &LiveAdoption| {
        let appended = *appended.get(&(adoption.account.clone(), adoption.distributed_at))?;
        Some(appended? - adoption.created_at.timestamp_millis())
    };
    let mut latencies: Vec<i64> = live.iter().filter_map(latency).collect();
    latencies.sort_unstable();
    Ok(latencies)
}

/// Keeps when the first event of a calculation was appended.
fn note(wanted: &mut HashMap<Calculation, Option<i64>>, message: &BorrowedMessage<'_>) {
    let event: Option<Calculated> =
        message.payload().and_then(|payload| serde_json::from_slice(payload).ok());
    let (Some(event), Some(appended)) = (event, message.timestamp().to_millis()) else { return };
    if let Some(first) = wanted.get_mut(&(event.account_sequence, event.calculated_at)) {
        *first = Some(first.map_or(appended, |before| before.min(appended)));
    }
}

/// The smallest of sorted values that at least `percent` of them do not exceed.
fn percentile(sorted: &[i64], percent: usize) -> i64 {
    let place = (sorted.len() * percent).div_ceil(100).max(1) - 1;
    sorted.get(place).copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::percentile;

    #[test]
    fn percentiles_are_values_that_occurred() {
        let values: Vec<i64> = (1..=200).collect();
        assert_eq!((percentile(&values, 50), percentile(&values, 99)), (100, 198));
        assert_eq!((percentile(&[7], 50), percentile(&[7], 99)), (7, 7));
    }
}
