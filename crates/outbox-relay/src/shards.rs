//! Which shards this relay owns.
//!
//! Guarantees that a shard has one owner. No transaction; session locks on a connection of their own: first a seat, by
//! which relays count each other, then shards, up to a fair part of them. Two round trips when nothing changes.
//!
//! A relay that dies ends its session, which frees its seat and its shards; the others see one seat less, and take
//! what is free. A relay that comes sees one seat more; those who own more than their part give some back.

use std::collections::BTreeMap;
use std::time::Duration;

use persistence::PgPool;
use persistence::leadership::Leadership;
use persistence::locks::{RELAY_SEAT, RELAY_SHARD, SEATS};
use persistence::outbox::{highest_shard, relays_seated};
use tokio::time::{Instant, timeout};

use crate::error::RelayError;
use crate::publisher::DELIVERY_TIMEOUT;

/// How long the session may take to answer before it counts as lost.
const PATIENCE: Duration = Duration::from_secs(5);

/// The shards of one relay.
#[derive(Debug)]
pub struct Shards {
    url: String,
    configured: i16,
    every: Duration,
    session: Option<Session>,
    owned: BTreeMap<i16, Owned>,
    /// Whether this relay has shared out before; if not, it has just started and nothing need rest.
    begun: bool,
}

#[derive(Debug)]
struct Owned {
    /// Where a scan starts (see [`persistence::outbox`]).
    floor: i64,
    rests_until: Instant,
}

#[derive(Debug)]
struct Session {
    locks: Leadership,
    seat: i32,
    shared_out: Option<Instant>,
}

impl Shards {
    /// Owns none yet. `configured` is how many there are, unless the outbox holds a higher one; `every` is how often
    /// they are shared out anew.
    pub fn new(url: String, configured: i16, every: Duration) -> Self {
        Self { url, configured, every, session: None, owned: BTreeMap::new(), begun: false }
    }

    /// The shards owned.
    pub fn owned(&self) -> Vec<i16> {
        self.owned.keys().copied().collect()
    }

    /// The shards owned that do not rest, each with its floor.
    pub fn places(&self) -> Vec<(i16, i64)> {
        let now = Instant::now();
        let awake = self.owned.iter().filter(|(_, owned)| owned.rests_until <= now);
        awake.map(|(&shard, owned)| (shard, owned.floor)).collect()
    }

    /// Whether it is time to [`share_out`](Self::share_out).
    pub fn due(&self) -> bool {
        let last = self.session.as_ref().and_then(|session| session.shared_out);
        last.is_none_or(|last| last.elapsed() >= self.every)
    }

    /// Takes free shards up to a fair part, gives back what is beyond it. Must not be called while records of an owned
    /// shard are on their way.
    pub async fn share_out(&mut self, pool: &PgPool) -> Result<(), RelayError> {
        if self.session.is_none() {
            self.session = Some(Session::open(&self.url).await?);
        }
        self.confirm().await?;
        let relays = relays_seated(pool).await?.max(1);
        // a lower number in the settings must not leave events behind
        let shards = highest_shard(pool)
            .await?
            .map_or(self.configured, |shard| self.configured.max(shard.saturating_add(1)));
        let part = usize::try_from((i64::from(shards) + relays - 1) / relays).unwrap_or(usize::MAX);
        let shared = self.move_to(part, shards).await;
        if shared.is_err() {
            self.lose();
        }
        shared
    }

    /// Sees that the session still lives; if it does not, nothing is owned any more.
    pub async fn confirm(&mut self) -> Result<(), RelayError> {
        let Some(session) = &mut self.session else { return Err(RelayError::SessionLost) };
        let seat = RELAY_SEAT + session.seat;
        let answer = timeout(PATIENCE, session.locks.try_hold(seat)).await;
        if matches!(answer, Ok(Ok(true))) {
            return Ok(());
        }
        self.lose();
        Err(RelayError::SessionLost)
    }

    /// Raises the floor of an owned shard.
    pub fn raise_floor(&mut self, shard: i16, floor: i64) {
        if let Some(known) = self.owned.get_mut(&shard) {
            known.floor = floor.max(known.floor);
        }
    }

    /// Starts every scan from the beginning again.
    pub fn forget_floors(&mut self) {
        self.owned.values_mut().for_each(|owned| owned.floor = 0);
    }

    /// Gives everything back.
    pub async fn close(mut self) {
        if let Some(session) = self.session.take() {
            // if this fails the session is gone anyway
            let _ = timeout(PATIENCE, session.locks.close()).await;
        }
    }

    fn lose(&mut self) {
        self.session = None;
        self.owned.clear();
    }

    async fn move_to(&mut self, part: usize, shards: i16) -> Result<(), RelayError> {
        let Some(session) = &mut self.session else { return Err(RelayError::SessionLost) };
        let now = Instant::now();
        let rests_until = if self.begun { now + DELIVERY_TIMEOUT } else { now };
        while self.owned.len() > part {
            let Some((shard, _)) = self.owned.pop_last() else { break };
            tracing::info!(shard, "shard given back");
            session.locks.release(RELAY_SHARD + i32::from(shard)).await?;
        }
        for shard in 0..shards {
            if self.owned.len() >= part {
                break;
            }
            let free = !self.owned.contains_key(&shard);
            if free && session.locks.try_hold(RELAY_SHARD + i32::from(shard)).await? {
                tracing::info!(shard, "shard taken");
                self.owned.insert(shard, Owned { floor: 0, rests_until });
            }
        }
        session.shared_out = Some(now);
        self.begun = true;
        Ok(())
    }
}

impl Session {
    async fn open(url: &str) -> Result<Self, RelayError> {
        let opened = timeout(PATIENCE, Leadership::open(url)).await.map_err(|_| RelayError::SessionLost)?;
        let mut locks = opened?;
        for seat in 0..SEATS {
            if locks.try_hold(RELAY_SEAT + seat).await? {
                return Ok(Self { locks, seat, shared_out: None });
            }
        }
        Err(RelayError::NoSeat)
    }
}
