//! Outbox rows to Kafka: at least once, in order for each key.
//!
//! A step is: read the first unpublished events of every shard that this process owns, in id order; hand them to
//! Kafka; wait until each is acknowledged; delete them. What was not acknowledged stays and goes out again, from the
//! first failure on, with the same event id and payload; so does what was acknowledged when a crash came before the
//! delete.
//!
//! | module | |
//! |---|---|
//! | [`relay`] | the step |
//! | [`shards`] | which shards this process owns, and how several relays share them |
//! | [`publisher`] | the producer, and what was acknowledged |
//! | [`message`] | an event as a Kafka record |
//! | [`topics`] | creates the topics |
//!
//! # Why two relays never mix a key's order
//!
//! A shard has one owner, by a session lock, and before it publishes a step sees that its session still lives. If the
//! server gave the locks away all the same in mid-step, the new owner first lets the shard rest for as long as a record
//! of the old one can be on its way: [`publisher::DELIVERY_TIMEOUT`], after which the client drops it.

pub mod error;
pub mod message;
pub mod publisher;
pub mod relay;
pub mod shards;
pub mod topics;

use std::sync::Arc;

use persistence::calls::{self, Channel};
use runtime::{Context, ExposeSecret, Idle, Worker, run_until_stopped};
use tokio::sync::Notify;

pub use error::RelayError;
pub use relay::Relay;

/// Runs a relay until it is told to stop.
pub async fn run(context: Context) -> Result<(), RelayError> {
    let settings = &context.settings;
    let url = settings.database.url.expose_secret();
    // the delete must find its rows by the index, however much is deleted and not yet vacuumed
    let pool = persistence::connect_for_workers(url, settings.database.max_connections, Relay::NAME)?;
    let listening = persistence::connect(url, 1, Relay::NAME)?;
    let mut relay = Relay::new(pool, settings);

    let called = Arc::new(Notify::new());
    let hearing = tokio::spawn(calls::hear(listening, Channel::Outbox, Arc::clone(&called)));
    let idle = Idle::poll_or(settings.relay.poll(), called);
    let readiness = context.health.part(Relay::NAME);
    let ended = run_until_stopped(&mut relay, idle, &readiness, &context.shutdown).await;
    hearing.abort();
    relay.close().await;
    ended
}
