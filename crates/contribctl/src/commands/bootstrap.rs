//! `contribctl bootstrap`: the gate before the first number.

use chrono::{DateTime, Utc};
use clap::Subcommand;
use persistence::operator_requests::Action;
use persistence::{bootstrap, report, sequencer};

use crate::requests::{self, Asking};
use crate::{Context, Outcome, Result};

/// What to do about the gate.
#[derive(Debug, Subcommand)]
pub enum Bootstrap {
    /// Show how far the initial snapshot of each topic has been read
    Status,
    /// Open the gate although not every snapshot is known to have been read to its end; it never shuts again
    Open {
        /// Who says so
        #[arg(long, env = "USER", value_name = "NAME")]
        by: String,
    },
    /// After a new snapshot of a source whose slot was lost: mark as deleted what that snapshot did not have, for no event
    /// will ever tell; without --yes only count it
    MarkMissing {
        /// The source, as [cdc.sources] names it
        source: String,
        /// When the new snapshot began, as 2026-11-22T08:00:00Z or later: what was read before and not since is missing
        #[arg(long, value_name = "TIME")]
        since: DateTime<Utc>,
        /// Mark it
        #[arg(long)]
        yes: bool,
        /// Who asks, and for how long to wait
        #[command(flatten)]
        asking: Asking,
    },
}

/// Carries out a subcommand.
pub async fn run(command: Bootstrap, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    if let Bootstrap::MarkMissing { source, since, yes, asking } = command {
        let action = Action::MarkMissing { source, since, apply: yes };
        return requests::ask(&pool, &action, &asking).await;
    }
    let mut connection = pool.acquire().await.map_err(persistence::Error::from)?;
    if let Bootstrap::Open { by } = command {
        sequencer::open_gate(&mut connection, &by, Utc::now()).await?;
    }
    for topic in bootstrap::states(&mut connection).await? {
        let ended = topic.ended_by.map_or_else(String::new, |by| format!(", ended by {by}"));
        answer!("{} ({}): {}{ended}", topic.topic, topic.source, topic.state);
    }
    match report::gate(&mut connection).await? {
        (true, Some(at), by) => {
            let by = by.as_deref().unwrap_or("nobody named");
            answer!("open since {} ({by})", at.format("%Y-%m-%d %H:%M:%S UTC"));
        }
        (true, None, _) => answer!("open"),
        (false, ..) => answer!("shut: nothing is numbered yet"),
    }
    Ok(Outcome::Good)
}
