//! Where a request reads, and `?minSeq=`: an answer that includes an entry which the caller knows of.
//!
//! A replica lags behind the primary, and both behind the journal. Who says `minSeq` is answered from the replica when it
//! has come so far, or else from the primary, and waits for [`WAIT`] at most until one of them has. Each answer is of one
//! connection, so it is of the database that was found to be far enough.

use std::ops::DerefMut;
use std::time::Duration;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::middleware::Next;
use actix_web::{Error, ResponseError};
use persistence::{PgConnection, PgPool, views};
use tokio::time::{Instant, sleep};

use crate::parameters;
use crate::problem::Problem;

/// How long a request waits for its entry.
pub(crate) const WAIT: Duration = Duration::from_secs(2);
/// How often it looks.
const LOOK: Duration = Duration::from_millis(20);

tokio::task_local! {
    static AT_LEAST: i64;
}

/// The entry that the request in hand wants its answer to include.
pub(crate) fn at_least() -> Option<i64> {
    AT_LEAST.try_with(|seq| *seq).ok()
}

/// Notes the request's `minSeq` for whatever reads the database in its name.
pub(crate) async fn note<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let response = match parameters::min_seq(request.query_string()) {
        Ok(None) => next.call(request).await?,
        Ok(Some(seq)) => AT_LEAST.scope(seq, next.call(request)).await?,
        Err(problem) => return Ok(request.into_response(problem.error_response()).map_into_right_body()),
    };
    Ok(response.map_into_left_body())
}

/// What `open` gives of the first of `sources` that includes the entry `at_least`; of the first, where none is named.
pub(crate) async fn of<C: DerefMut<Target = PgConnection>>(
    sources: &[&PgPool],
    at_least: Option<i64>,
    open: impl AsyncFn(&PgPool) -> persistence::Result<C>,
) -> Result<C, Problem> {
    let Some(seq) = at_least else {
        let first = sources.first().ok_or_else(Problem::database_unavailable)?;
        return Ok(open(first).await?);
    };
    let deadline = Instant::now() + WAIT;
    loop {
        let mut failure = None;
        for source in sources {
            match includes(source, seq, &open).await {
                Ok(Some(connection)) => return Ok(connection),
                Ok(None) => failure = None,
                Err(error) => failure = Some(error),
            }
        }
        if let Some(error) = failure {
            return Err(error.into());
        }
        if Instant::now() >= deadline {
            return Err(Problem::entry_not_yet());
        }
        sleep(LOOK).await;
    }
}

async fn includes<C: DerefMut<Target = PgConnection>>(
    source: &PgPool,
    seq: i64,
    open: &impl AsyncFn(&PgPool) -> persistence::Result<C>,
) -> persistence::Result<Option<C>> {
    let mut connection = open(source).await?;
    let (as_of, _) = views::as_of::read(&mut connection).await?;
    Ok((as_of.distribution_seq >= seq).then_some(connection))
}
