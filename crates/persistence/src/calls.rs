//! Wake-ups between workers by NOTIFY: they save the wait for the next poll, and decide nothing.
//!
//! A call is sent in the caller's transaction and heard after its COMMIT. One that is missed, because the listening
//! connection was away, is made up for by the poll that every worker has behind it.

use std::sync::Arc;
use std::time::Duration;

use sqlx::postgres::PgListener;
use sqlx::{PgConnection, PgPool};
use tokio::sync::Notify;

use crate::Result;

/// Who is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Channel {
    /// The sequencer: something changed upstream.
    Sequencer,
    /// The relays: there are events to publish.
    Outbox,
}

/// How long to wait after a connection was lost.
const PAUSE: Duration = Duration::from_secs(2);

impl Channel {
    fn as_str(self) -> &'static str {
        match self {
            Self::Sequencer => "sequencer",
            Self::Outbox => "outbox",
        }
    }
}

/// Calls `channel` when the transaction commits.
pub async fn call(connection: &mut PgConnection, channel: Channel) -> Result<()> {
    sqlx::query!("SELECT pg_notify($1, '')", channel.as_str()).fetch_one(connection).await?;
    Ok(())
}

/// Passes every call of `channel` on to `called`; ends only when it is dropped.
pub async fn hear(pool: PgPool, channel: Channel, called: Arc<Notify>) {
    loop {
        if let Err(error) = listen(&pool, channel, &called).await {
            tracing::debug!(%error, channel = channel.as_str(), "cannot listen");
        }
        tokio::time::sleep(PAUSE).await;
    }
}

async fn listen(pool: &PgPool, channel: Channel, called: &Notify) -> Result<()> {
    let mut listener = PgListener::connect_with(pool).await?;
    listener.listen(channel.as_str()).await?;
    loop {
        listener.try_recv().await?;
        called.notify_one();
    }
}
