//! Follows the events: what this process knows of what was published, and the floors that it leaves in Redis.
//!
//! It is *current* as of the moment at which it asked where the topic ends, once it has read up to there. Whatever is odd
//! (another number of partitions, an end before our position, a position that is gone) makes it start anew, and what was
//! stored before counts for nothing.

use std::convert::Infallible;
use std::fmt;
use std::pin::pin;
use std::sync::{PoisonError, RwLock};
use std::time::{Duration, Instant};

use backon::BackoffBuilder;
use rdkafka::config::ClientConfig;
use runtime::settings::Kafka;
use tokio::time::sleep;

use super::events::{Events, Lost, Offsets, client};
use super::link::Links;

/// Between an answer and the next question where the topic ends.
const REST: Duration = Duration::from_millis(100);
/// The longest pause before it starts anew.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// Since when, and as of when, everything that was published has left its floor.
#[derive(Debug, Clone, Copy)]
pub(super) struct Trust {
    /// By Redis' clock, in µs.
    pub(super) since: u64,
    /// By our own.
    pub(super) current_at: Instant,
}

/// The follower.
pub(super) struct Floors {
    client: ClientConfig,
    topic: String,
    trust: RwLock<Option<Trust>>,
}

impl fmt::Debug for Floors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Floors").field("trust", &self.trust()).finish_non_exhaustive()
    }
}

impl Floors {
    pub(super) fn new(kafka: &Kafka) -> Self {
        let topic = kafka.account_events_topic.clone();
        Self { client: client(kafka), topic, trust: RwLock::default() }
    }

    /// None while nothing is known.
    pub(super) fn trust(&self) -> Option<Trust> {
        *self.trust.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, trust: Option<Trust>) {
        *self.trust.write().unwrap_or_else(PoisonError::into_inner) = trust;
    }

    /// Follows, for ever.
    pub(super) async fn follow(&self, links: &Links) {
        let pauses = super::pauses(LONGEST_PAUSE);
        let mut pause = pauses.build();
        let mut told = None;
        loop {
            let Err(lost) = self.follow_once(links).await;
            if self.trust().is_some() {
                pause = pauses.build();
                told = None;
            }
            self.set(None);
            let why = lost.to_string();
            if told.as_ref() != Some(&why) {
                tracing::warn!("account events are not followed, so nothing is answered from Redis: {why}");
                told = Some(why);
            }
            sleep(pause.next().unwrap_or(LONGEST_PAUSE)).await;
        }
    }

    async fn follow_once(&self, links: &Links) -> Result<Infallible, Lost> {
        let mut events = Events::open(&self.client, &self.topic).await?;
        // after the position was taken: what is stamped later holds all that was published before
        let since = match links.current() {
            Some(link) => link.time().await.ok_or(Lost::NoRedis)?,
            None => return Err(Lost::NoRedis),
        };
        loop {
            let current_at = Instant::now();
            let mut question = pin!(events.ends());
            let answer = loop {
                tokio::select! {
                    answer = &mut question => break answer,
                    floors = events.next() => raise(links, &floors?).await,
                }
            };
            match answer {
                Ok(ends) => {
                    read_through(&mut events, &ends, links).await?;
                    self.set(Some(Trust { since, current_at }));
                    metrics::histogram!("contrib_cache_current_after_seconds").record(current_at.elapsed());
                }
                // a broker that does not answer leaves us less and less current, no more
                Err(Lost::Kafka(error)) => tracing::debug!(%error, "asking where account events end"),
                Err(lost) => return Err(lost),
            }
            let mut rest = pin!(sleep(REST));
            loop {
                tokio::select! {
                    () = &mut rest => break,
                    floors = events.next() => raise(links, &floors?).await,
                }
            }
        }
    }
}

/// Reads up to `ends`.
async fn read_through(events: &mut Events, ends: &Offsets, links: &Links) -> Result<(), Lost> {
    if events.was_replaced(ends) {
        return Err(Lost::Changed);
    }
    while !events.have_read(ends)? {
        let floors = events.next().await?;
        raise(links, &floors).await;
    }
    Ok(())
}

/// Without a connection nothing need be done: what is there now will not be trusted through the next one.
async fn raise(links: &Links, floors: &[super::link::Floor]) {
    if let Some(link) = links.current() {
        link.raise(floors).await;
    }
}
