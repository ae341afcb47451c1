//! Identity 7: the newest event of each account on the topic, beside the account's row.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use domain::Amount;
use persistence::verify::accounts::Balances;
use persistence::verify::events::{self, Published};
use persistence::{PgPool, verify};
use rdkafka::message::{BorrowedMessage, Message};
use runtime::settings::Kafka;
use serde::Deserialize;

use super::{Finding, Findings, RANGE};
use crate::kafka::Onlooker;
use crate::{Progress, Result};

/// For the outbox to become empty.
const PATIENCE: Duration = Duration::from_secs(10);
const PAUSE: Duration = Duration::from_millis(200);

/// Reads the whole topic and compares; says so where the outbox does not become empty.
pub async fn check(pool: &PgPool, kafka: &Kafka, findings: &mut Findings) -> Result<()> {
    let finding = &mut findings.events;
    let started = Instant::now();
    let mut snapshot = loop {
        let mut snapshot = verify::begin(pool).await?;
        let waiting = events::waiting(&mut snapshot).await?;
        if waiting == 0 {
            break snapshot;
        }
        if started.elapsed() >= PATIENCE {
            finding.note = Some(format!("not checked: {waiting} events still wait to be published"));
            return Ok(());
        }
        tokio::time::sleep(PAUSE).await;
    };
    // what the snapshot has sent is below these ends
    let topic = match Topic::read(kafka).await {
        Ok(topic) => topic,
        Err(error) => {
            finding.wrong(error.to_string());
            return Ok(());
        }
    };
    for offset in &topic.unreadable {
        finding.wrong(format!("the record at {offset} is no event"));
    }
    let epoch = events::epoch(&mut snapshot).await?;
    let mut newest = topic.newest;
    let mut newer = Vec::new();
    let mut after = String::new();
    loop {
        let page = events::accounts(&mut snapshot, &after, RANGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.account);
        finding.checked(page.len());
        for row in &page {
            let Some(event) = newest.remove(&row.account) else {
                finding.wrong(format!("{}: nothing was published", row.account));
                continue;
            };
            if event.epoch == epoch && event.version > row.version {
                newer.push((row.account.clone(), event.version));
            } else {
                compare(row, &event, epoch, finding);
            }
        }
    }
    snapshot.rollback().await.map_err(persistence::Error::from)?;
    newer.extend(newest.into_iter().map(|(account, event)| (account, event.version)));
    came_later(pool, &newer, finding).await
}

/// Versions that are newer than the snapshot: under load the row is newer too by now.
async fn came_later(pool: &PgPool, newer: &[(String, i64)], finding: &mut Finding) -> Result<()> {
    let mut connection = pool.acquire().await.map_err(persistence::Error::from)?;
    let names: Vec<String> = newer.iter().map(|(account, _)| account.clone()).collect();
    let now: HashMap<String, i64> = events::versions(&mut connection, &names).await?.into_iter().collect();
    for (account, version) in newer {
        match now.get(account) {
            Some(row) if row >= version => {}
            Some(row) => {
                finding.wrong(format!("{account}: version {version} was published, its row has {row}"));
            }
            None => finding.wrong(format!("{account}: version {version} was published, it has no row")),
        }
    }
    Ok(())
}

fn compare(row: &Published, event: &Event, epoch: i32, finding: &mut Finding) {
    let account = &row.account;
    if (event.epoch, event.version) != (epoch, row.version) {
        finding.wrong(format!(
            "{account}: epoch {} version {} was published, its row has epoch {epoch} version {}",
            event.epoch, event.version, row.version
        ));
        return;
    }
    let Balances { personal, team_level, team_bonus, total, effective } = row.balances;
    let columns = [
        ("personalContribution", personal, event.amounts.personal),
        ("teamLevelContribution", team_level, event.amounts.team_level),
        ("teamBonusContribution", team_bonus, event.amounts.team_bonus),
        ("totalContribution", total, event.amounts.total),
        ("effectiveContribution", effective, event.amounts.effective),
    ];
    let wrong: Vec<String> = columns
        .iter()
        .filter(|(_, row, event)| Amount::from_decimal(*row).ok() != *event)
        .map(|(name, row, event)| format!("{name} is {event:?}, its row has {row}"))
        .collect();
    if !wrong.is_empty() {
        finding.wrong(format!("{account} version {}: {}", row.version, wrong.join("; ")));
    }
}

/// An account's newest event.
#[derive(Debug, Clone, Copy)]
struct Event {
    epoch: i32,
    version: i64,
    amounts: Amounts,
}

/// What it says; nothing where it is no `ContributionCalculated`.
#[derive(Debug, Clone, Copy, Deserialize)]
struct Amounts {
    #[serde(rename = "personalContribution")]
    personal: Option<Amount>,
    #[serde(rename = "teamLevelContribution")]
    team_level: Option<Amount>,
    #[serde(rename = "teamBonusContribution")]
    team_bonus: Option<Amount>,
    #[serde(rename = "totalContribution")]
    total: Option<Amount>,
    #[serde(rename = "effectiveContribution")]
    effective: Option<Amount>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Value {
    account_sequence: String,
    epoch: i32,
    version: i64,
    #[serde(flatten)]
    amounts: Amounts,
}

/// What a topic holds.
#[derive(Default)]
struct Topic {
    newest: HashMap<String, Event>,
    /// Partition and offset of records that are no events of ours.
    unreadable: Vec<String>,
}

impl Topic {
    async fn read(kafka: &Kafka) -> Result<Self> {
        let onlooker = Onlooker::new(kafka)?;
        let name = kafka.account_events_topic.clone();
        let spans = onlooker.spans(vec![name.clone()]).await?;
        let records: i64 = spans.values().map(|span| span.high - span.low).sum();
        let progress = Progress::of(u64::try_from(records).unwrap_or(0), "events");
        let topic = onlooker
            .fold(name, spans, Self::default(), move |topic, message| {
                progress.add(1);
                topic.add(message);
            })
            .await?;
        Ok(topic)
    }

    fn add(&mut self, message: &BorrowedMessage<'_>) {
        // a tombstone tells nothing of an account
        let Some(payload) = message.payload() else { return };
        let value: Option<Value> = serde_json::from_slice(payload).ok();
        let Some(value) = value.filter(|value| message.key() == Some(value.account_sequence.as_bytes()))
        else {
            self.unreadable.push(format!("{}/{}", message.partition(), message.offset()));
            return;
        };
        let event = Event { epoch: value.epoch, version: value.version, amounts: value.amounts };
        let is_newer = self
            .newest
            .get(&value.account_sequence)
            .is_none_or(|before| (before.epoch, before.version) < (event.epoch, event.version));
        if is_newer {
            self.newest.insert(value.account_sequence, event);
        }
    }
}
