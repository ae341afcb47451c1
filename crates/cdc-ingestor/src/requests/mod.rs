//! What operators ask of the ingestor: to read a dead letter once more, to mark what a new snapshot did not have.
//!
//! Any ingestor may carry a request out. Its answer stands in the same transaction as its effect, or, where there are
//! several, behind the last of them: then every one of them can be done again. Kafka is asked before a transaction begins.

mod past;
mod replay;
mod snapshot;

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use chrono::Utc;
use persistence::PgPool;
use persistence::operator_requests::{self, Action, OperatorRequest};
use runtime::{Disposed, Disposition, settings};

use self::past::Past;
use crate::errors::IngestError;
use crate::work::Topics;

/// How often it is looked for requests.
const EVERY: Duration = Duration::from_secs(1);

/// Looks for requests and carries them out.
pub(crate) struct Requests {
    pool: PgPool,
    topics: Arc<Topics>,
    past: Past,
    look_from: Instant,
}

/// What came of a request.
#[derive(Debug)]
pub(crate) struct Answer {
    succeeded: bool,
    outcome: String,
}

impl Answer {
    fn done(outcome: impl fmt::Display) -> Self {
        Self { succeeded: true, outcome: outcome.to_string() }
    }

    fn refused(why: impl fmt::Display) -> Self {
        Self { succeeded: false, outcome: why.to_string() }
    }
}

impl Requests {
    pub(crate) fn new(
        kafka: &settings::Kafka,
        topics: Arc<Topics>,
        pool: PgPool,
    ) -> Result<Self, IngestError> {
        Ok(Self { pool, topics, past: Past::new(kafka)?, look_from: Instant::now() })
    }

    /// Carries out the first open request, where it is time to look for one.
    pub(crate) async fn carry_out_first(&mut self) -> Result<(), IngestError> {
        if Instant::now() < self.look_from {
            return Ok(());
        }
        let mut connection = self.pool.acquire().await?;
        let first = operator_requests::first_open(&mut connection, &Action::OF_INGESTOR).await?;
        drop(connection);
        let Some(request) = first else {
            self.look_from = Instant::now() + EVERY;
            return Ok(());
        };
        match self.carry_out(&request).await {
            // what cannot be carried out must not stop the ingestor from reading
            Err(error) if error.disposition() == Disposition::Halt => {
                self.answer(&request, &Answer::refused(error)).await
            }
            done => done,
        }
    }

    async fn carry_out(&self, request: &OperatorRequest) -> Result<(), IngestError> {
        tracing::info!(id = request.id, action = request.action, "carrying out an operator's request");
        match request.action() {
            Some(Action::ReplayDeadLetter { id }) => self.replay(request, id).await,
            Some(Action::MarkMissing { source, since, apply }) => {
                let answer = self.mark_missing(&source, since, apply).await?;
                self.answer(request, &answer).await
            }
            // only the ingestor's were asked for
            Some(Action::Roll { .. }) | None => {
                self.answer(request, &Answer::refused("the arguments cannot be understood")).await
            }
        }
    }

    async fn answer(&self, request: &OperatorRequest, answer: &Answer) -> Result<(), IngestError> {
        let mut connection = self.pool.acquire().await?;
        let Answer { succeeded, outcome } = answer;
        operator_requests::answer(&mut connection, request.id, *succeeded, outcome, Utc::now()).await?;
        Ok(())
    }
}
