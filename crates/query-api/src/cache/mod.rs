//! Hot accounts in Redis: `GET /contributions/{accountSequence}` without the database.
//!
//! | module | |
//! |---|---|
//! | [`link`] | the connection: what is kept of an account, in three scripts; short limits, and a break after the first failure |
//! | [`floors`] | follows `account_events`: an account that has changed is no longer answered from Redis |
//! | [`flights`] | one read of the database at a time for each account |
//!
//! # Why an answer is never older than a version that was published more than a second ago
//!
//! 1. What Redis holds was read from the primary, after the moment at which it is stamped (by Redis' own clock).
//! 2. A process trusts only what is stamped later than its connection to Redis and than its first position in the topic:
//!    all that was published before is in it already.
//! 3. All that was published since has passed through [`floors`], which takes older values away: a process trusts Redis
//!    only while it knows that it has read everything that was in the topic [`CURRENT_FOR`] ago. A consumer that is
//!    behind or gone does not know it.
//! 4. A value read before such an event and stored after it is refused: it is below the floor that the event has left.
//!    Where key and floor were lost in between (a restart, an eviction, a fail-over), the key is another incarnation than
//!    the one that the reader has seen, and that is refused too.
//!
//! In every other case the primary answers; a read waits for nothing but the limit of one call of Redis, and the first
//! call that fails breaks the connection for all.
//!
//! # Why no reader sees a version fall
//!
//! A value only rises while its key lives, whoever reads the database stores what it found before it answers, and whoever
//! comes while a read is under way shares the next one.

mod events;
mod flights;
mod floors;
mod link;

use std::sync::Arc;
use std::time::Duration;

use backon::ExponentialBuilder;
use domain::AccountSequence;
use persistence::PgPool;
use persistence::views::{self, account::Account};
use runtime::{Settings, SettingsError};

use crate::accounts::Accounts;
use crate::problem::Problem;
use crate::reads;
use flights::Flights;
use floors::Floors;
use link::{Links, Ticket, Value};

/// A second, less what an answer may take on its way.
const CURRENT_FOR: Duration = Duration::from_millis(900);

/// What is known of an account: the answer's JSON, or that nothing names it.
type Found = Result<Option<String>, Problem>;

/// Accounts by way of Redis.
#[derive(Debug)]
pub(crate) struct Cache {
    primary: PgPool,
    accounts: Arc<Accounts>,
    links: Links,
    floors: Floors,
    flights: Flights<AccountSequence, Found>,
}

impl Cache {
    /// None where `redis.url` is not set. Connects to nothing yet.
    pub(crate) fn new(
        settings: &Settings,
        primary: &PgPool,
        accounts: &Arc<Accounts>,
    ) -> Result<Option<Self>, SettingsError> {
        let Some(links) = Links::new(&settings.redis)? else { return Ok(None) };
        let floors = Floors::new(&settings.kafka);
        let accounts = Arc::clone(accounts);
        Ok(Some(Self { primary: primary.clone(), accounts, links, floors, flights: Flights::default() }))
    }

    /// Keeps the connection and follows the events, for ever.
    pub(crate) async fn run(&self) {
        tokio::join!(self.links.run(), self.floors.follow(&self.links));
    }

    /// The account's JSON, which includes the entry `at_least`.
    pub(crate) async fn account(&self, account: &AccountSequence, at_least: Option<i64>) -> Found {
        // what the floors have covered must be known before Redis is asked
        let trust = self.floors.trust();
        let Some((ticket, value)) = self.links.look_up(account.clone()).await else {
            count("unavailable");
            return self.read(account, at_least, None).await;
        };
        let holds = |value: &Value| {
            trust.is_some_and(|trust| {
                value.stamp >= trust.since.max(ticket.link_since())
                    && trust.current_at.elapsed() < CURRENT_FOR
            })
        };
        match value {
            None => count("miss"),
            Some(value) if !holds(&value) => count("not_trusted"),
            Some(value) if at_least.is_some_and(|seq| value.distribution_seq < seq) => count("too_old"),
            Some(value) => {
                count("hit");
                return Ok(Some(value.json));
            }
        }
        self.read(account, at_least, Some(ticket)).await
    }

    /// From the primary, stored before it is answered.
    async fn read(&self, account: &AccountSequence, at_least: Option<i64>, ticket: Option<Ticket>) -> Found {
        if at_least.is_some() {
            let mut connection = reads::of(&[&self.primary], at_least, views::connection).await?;
            return store(views::account::read(&mut connection, account).await?, ticket).await;
        }
        let (accounts, name) = (Arc::clone(&self.accounts), account.clone());
        self.flights
            .join(account, async move |departure| {
                departure.leave();
                store(accounts.load(name).await?, ticket).await
            })
            .await
            .unwrap_or_else(|| Err(Problem::internal()))
    }
}

/// Between attempts that go on for ever.
fn pauses(longest: Duration) -> ExponentialBuilder {
    const FIRST: Duration = Duration::from_millis(200);
    ExponentialBuilder::default()
        .with_min_delay(FIRST)
        .with_max_delay(longest)
        .without_max_times()
        .with_jitter()
}

async fn store(row: Option<Account>, ticket: Option<Ticket>) -> Found {
    let Some(row) = row else { return Ok(None) };
    let json = serde_json::to_string(&row).map_err(|error| {
        tracing::error!(%error, "an account could not be written down");
        Problem::internal()
    })?;
    if let Some(ticket) = ticket {
        ticket.store(&row, &json).await;
    }
    Ok(Some(json))
}

fn count(outcome: &'static str) {
    metrics::counter!("contrib_cache_requests_total", "outcome" => outcome).increment(1);
}
