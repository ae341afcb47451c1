//! What a consumer of the topic of events gets to see, from its beginning.

use std::collections::HashMap;

use crate::pipeline::Pipeline;
use anyhow::Context as _;
use contribctl::kafka::Onlooker;
use rdkafka::message::{BorrowedMessage, Message as _};
use runtime::Settings;
use serde::Deserialize;
use sqlx::FromRow;
use testkit::servers::repository;

/// An event, as far as it is checked.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
struct Event {
    #[serde(rename = "eventId")]
    id: String,
    #[serde(rename = "accountSequence")]
    account: String,
    version: i64,
    total_contribution: String,
    effective_contribution: String,
    personal_contribution: String,
    team_level_contribution: String,
    team_bonus_contribution: String,
}

#[derive(Debug, FromRow)]
struct Account {
    name: String,
    version: i64,
    /// Total, effective, personal, team level, team bonus.
    amounts: Vec<String>,
}

/// Events by account, in the order of the topic.
type Events = HashMap<String, Vec<anyhow::Result<Event>>>;

/// Checks that every version of every account was published, in order for each account apart from redeliveries, which
/// are the same event again, and that the last says what the account's row says. Gives how many were redelivered.
pub(crate) async fn expect_complete(pipeline: &Pipeline) -> anyhow::Result<usize> {
    let mut events = read(pipeline).await?;
    let accounts: Vec<Account> = sqlx::query_as(
        "SELECT account_sequence AS name, version, ARRAY[total_contribution, effective_contribution, personal_contribution,
             team_level_contribution, team_bonus_contribution]::text[] AS amounts
         FROM contribution_accounts ORDER BY account_sequence",
    )
    .fetch_all(pipeline.pool())
    .await?;
    anyhow::ensure!(!accounts.is_empty(), "there are no accounts");
    let mut redelivered = 0;
    for account in &accounts {
        let name = &account.name;
        let of_account = events.remove(name).with_context(|| format!("{name}: nothing was published"))?;
        redelivered +=
            expect_history(account, of_account).with_context(|| format!("topic, account {name}"))?;
    }
    anyhow::ensure!(events.is_empty(), "events of accounts that are not there: {:?}", events.keys());
    Ok(redelivered)
}

fn expect_history(account: &Account, events: Vec<anyhow::Result<Event>>) -> anyhow::Result<usize> {
    let mut versions: Vec<Event> = Vec::new();
    let mut redelivered = 0;
    for event in events {
        let event = event?;
        let name = &account.name;
        anyhow::ensure!(event.account == *name, "an event of {}", event.account);
        let place = usize::try_from(event.version - 1).context("versions begin at 1")?;
        if let Some(first) = versions.get(place) {
            anyhow::ensure!(*first == event, "version {} is two events", event.version);
            redelivered += 1;
        } else {
            let newest = versions.len();
            anyhow::ensure!(place == newest, "version {} follows version {newest}", event.version);
            versions.push(event);
        }
    }
    let last = versions.last().context("no event")?;
    let stored = account.version;
    anyhow::ensure!(last.version == stored, "version {} is the last of {stored}", last.version);
    let amounts = [
        &last.total_contribution,
        &last.effective_contribution,
        &last.personal_contribution,
        &last.team_level_contribution,
        &last.team_bonus_contribution,
    ];
    anyhow::ensure!(account.amounts.iter().eq(amounts), "the row says {:?}: {last:?}", account.amounts);
    Ok(redelivered)
}

async fn read(pipeline: &Pipeline) -> anyhow::Result<Events> {
    let settings = Settings::load_from(&repository()?.join("config"), pipeline.settings().clone())?;
    let onlooker = Onlooker::new(&settings.kafka)?;
    let topic = settings.kafka.account_events_topic;
    let spans = onlooker.spans(vec![topic.clone()]).await?;
    Ok(onlooker.fold(topic, spans, Events::new(), collect).await?)
}

fn collect(events: &mut Events, message: &BorrowedMessage<'_>) {
    let key = String::from_utf8_lossy(message.key().unwrap_or_default()).into_owned();
    let event = serde_json::from_slice(message.payload().unwrap_or_default()).map_err(anyhow::Error::from);
    events.entry(key).or_default().push(event);
}
