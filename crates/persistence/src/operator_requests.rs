//! What a person asked for, and what came of it: the command line and the API only insert, the worker that owns the
//! thing carries it out.
//!
//! [`answer`] is part of the transaction that carries a request out, so it is done once however many workers look.
//! Locks the request's row only; one round trip a function.

use chrono::{DateTime, NaiveDate, Utc};
use serde::{Deserialize, Serialize};
use sqlx::PgConnection;

use crate::views::Page;
use crate::{Error, Result};

/// What can be asked for. Stored as its name and the JSON of its arguments.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(tag = "action", content = "arguments", rename_all = "snake_case")]
pub enum Action {
    /// The ingestor reads the message of a dead letter once more.
    ReplayDeadLetter {
        /// The letter's number.
        id: i64,
    },
    /// The ingestor marks as deleted what a new snapshot of `source` did not have.
    MarkMissing {
        /// Our name of the source database.
        source: String,
        /// When the new snapshot began.
        since: DateTime<Utc>,
        /// Otherwise it is only counted.
        apply: bool,
    },
    /// The scheduler rolls the business day through `through`, however many days that is.
    Roll {
        /// The last day to roll to.
        through: NaiveDate,
    },
}

impl Action {
    /// What the ingestor carries out, by name.
    pub const OF_INGESTOR: [&str; 2] = ["replay_dead_letter", "mark_missing"];
    /// What the scheduler carries out, by name.
    pub const OF_SCHEDULER: [&str; 1] = ["roll"];

    /// The worker that carries it out.
    pub fn worker(&self) -> &'static str {
        match self {
            Self::ReplayDeadLetter { .. } | Self::MarkMissing { .. } => "cdc-ingestor",
            Self::Roll { .. } => "scheduler",
        }
    }

    fn columns(&self) -> Result<(String, String)> {
        let value = serde_json::to_value(self).map_err(Error::corrupt)?;
        Ok((value["action"].as_str().unwrap_or_default().to_owned(), value["arguments"].to_string()))
    }
}

/// A request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OperatorRequest {
    /// Its number.
    pub id: i64,
    /// Who asked.
    pub requested_by: String,
    /// When.
    pub requested_at: DateTime<Utc>,
    /// What for.
    pub action: String,
    /// The action's own arguments, as JSON.
    pub arguments: String,
    /// When it was carried out or refused; None: not yet.
    pub carried_out_at: Option<DateTime<Utc>>,
    /// What came of it, for people.
    pub outcome: Option<String>,
    /// Whether it was carried out; None: not yet.
    pub succeeded: Option<bool>,
}

impl OperatorRequest {
    /// What is asked for; None: nothing that this build knows, or not in a way that it understands.
    pub fn action(&self) -> Option<Action> {
        let arguments: serde_json::Value = serde_json::from_str(&self.arguments).ok()?;
        serde_json::from_value(serde_json::json!({ "action": self.action, "arguments": arguments })).ok()
    }
}

/// Asks for `action` and gives the request's number.
pub async fn ask(connection: &mut PgConnection, by: &str, action: &Action, at: DateTime<Utc>) -> Result<i64> {
    let (action, arguments) = action.columns()?;
    let id = sqlx::query_scalar!(
        "INSERT INTO operator_requests (requested_by, requested_at, action, arguments) VALUES ($1, $2, $3, $4)
         RETURNING id",
        by,
        at,
        action,
        arguments
    )
    .fetch_one(connection)
    .await?;
    Ok(id)
}

/// The first open request for one of `actions`. Nothing is locked: others may be looking at it too.
pub async fn first_open(connection: &mut PgConnection, actions: &[&str]) -> Result<Option<OperatorRequest>> {
    let request = sqlx::query_as!(
        OperatorRequest,
        r#"SELECT id, requested_by, requested_at, action, coalesce(arguments, '{}') AS "arguments!", carried_out_at,
                  outcome, succeeded
           FROM operator_requests WHERE carried_out_at IS NULL AND action = ANY($1) ORDER BY id LIMIT 1"#,
        actions as &[&str]
    )
    .fetch_optional(connection)
    .await?;
    Ok(request)
}

/// A request by its number.
pub async fn get(connection: &mut PgConnection, id: i64) -> Result<Option<OperatorRequest>> {
    let request = sqlx::query_as!(
        OperatorRequest,
        r#"SELECT id, requested_by, requested_at, action, coalesce(arguments, '{}') AS "arguments!", carried_out_at,
                  outcome, succeeded
           FROM operator_requests WHERE id = $1"#,
        id
    )
    .fetch_optional(connection)
    .await?;
    Ok(request)
}

/// The requests numbered below `before`, newest first.
pub async fn page(connection: &mut PgConnection, before: i64, limit: i64) -> Result<Page<OperatorRequest>> {
    let requests = sqlx::query_as!(
        OperatorRequest,
        r#"SELECT id, requested_by, requested_at, action, coalesce(arguments, '{}') AS "arguments!", carried_out_at,
                  outcome, succeeded
           FROM operator_requests WHERE id < $1 ORDER BY id DESC LIMIT $2::bigint + 1"#,
        before,
        limit
    )
    .fetch_all(connection)
    .await?;
    Ok(Page::from_rows(requests, limit))
}

/// Says what came of an open request; false: somebody else did before.
pub async fn answer(
    connection: &mut PgConnection,
    id: i64,
    succeeded: bool,
    outcome: &str,
    at: DateTime<Utc>,
) -> Result<bool> {
    let done = sqlx::query!(
        "UPDATE operator_requests SET carried_out_at = $2, succeeded = $3, outcome = $4
         WHERE id = $1 AND carried_out_at IS NULL",
        id,
        at,
        succeeded,
        outcome
    )
    .execute(connection)
    .await?;
    Ok(done.rows_affected() == 1)
}
