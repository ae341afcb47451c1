use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Executor, PgPool};

use crate::Result;

/// A pool that connects when it is first used, so that a worker can start before its database.
pub fn connect(url: &str, max_connections: u32, application: &str) -> Result<PgPool> {
    Ok(options(max_connections).connect_lazy_with(parse(url, application)?))
}

/// As [`connect`], with the plans of the workers' statements pinned: nested loops that follow the sorted names.
///
/// With thousands of names a default plan is a hash join over the whole accounts table, which also takes the rows'
/// locks in heap order and so deadlocks with its neighbours.
pub fn connect_for_workers(url: &str, max_connections: u32, application: &str) -> Result<PgPool> {
    let pinned = "SET enable_hashjoin = off; SET enable_mergejoin = off; SET enable_seqscan = off";
    Ok(options(max_connections)
        .after_connect(move |connection, _| {
            Box::pin(async move {
                connection.execute(pinned).await?;
                Ok(())
            })
        })
        .connect_lazy_with(parse(url, application)?))
}

fn options(max_connections: u32) -> PgPoolOptions {
    PgPoolOptions::new().max_connections(max_connections).acquire_timeout(Duration::from_secs(5))
}

/// The options of every connection of the service.
pub(crate) fn parse(url: &str, application: &str) -> Result<PgConnectOptions> {
    // Disabled plan nodes have an enormous price, which makes the server compile statements that take a millisecond.
    Ok(url.parse::<PgConnectOptions>()?.application_name(application).options([("jit", "off")]))
}
