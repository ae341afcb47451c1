//! Asks a worker for something and waits for what it says.

use std::time::{Duration, Instant};

use chrono::Utc;
use clap::Args;
use persistence::PgPool;
use persistence::operator_requests::{self, Action};

use crate::{Error, Outcome, Progress, Result};

const PAUSE: Duration = Duration::from_millis(200);

/// What every request takes.
#[derive(Debug, Args)]
pub struct Asking {
    /// Who asks, for the record
    #[arg(long, env = "USER", value_name = "NAME")]
    by: String,
    /// How long to wait until a worker has carried it out, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
}

/// Asks for `action`, waits and shows what came of it.
pub(crate) async fn ask(pool: &PgPool, action: &Action, asking: &Asking) -> Result<Outcome> {
    let mut connection = pool.acquire().await.map_err(persistence::Error::from)?;
    let id = operator_requests::ask(&mut connection, &asking.by, action, Utc::now()).await?;
    let progress = Progress::endless("waiting for");
    progress.say(action.worker());
    let until = Instant::now() + Duration::from_secs(asking.timeout);
    loop {
        let request = operator_requests::get(&mut connection, id).await?;
        if let Some((succeeded, outcome)) = request.and_then(|request| request.succeeded.zip(request.outcome))
        {
            progress.done();
            answer!("{outcome}");
            return Ok(if succeeded { Outcome::Good } else { Outcome::Bad });
        }
        if Instant::now() >= until {
            progress.done();
            return Err(Error::TimedOut(format!(
                "request {id} is not carried out yet; it stays open: is a {} running?",
                action.worker()
            )));
        }
        tokio::time::sleep(PAUSE).await;
    }
}
