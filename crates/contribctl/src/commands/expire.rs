//! `contribctl expire`: have the business day rolled, and what expires with it.

use chrono::{NaiveDate, Utc};
use clap::Args;
use persistence::due;
use persistence::operator_requests::Action;

use crate::requests::{self, Asking};
use crate::{Context, Outcome, Result};

/// Has the scheduler roll the business day, day by day, each with its snapshot. It does so by itself; a person is asked
/// only where more days are missing than `roll.max_unattended`. See first that its clock is right.
#[derive(Debug, Args)]
pub struct Expire {
    /// The last day to roll to; today where it is left out
    #[arg(long, value_name = "DATE")]
    through: Option<NaiveDate>,
    /// Who asks, and for how long to wait
    #[command(flatten)]
    asking: Asking,
}

/// Asks the scheduler.
pub async fn run(command: Expire, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let through = if let Some(day) = command.through {
        day
    } else {
        let mut connection = pool.acquire().await.map_err(persistence::Error::from)?;
        due::day_of(&mut connection, Utc::now()).await?
    };
    requests::ask(&pool, &Action::Roll { through }, &command.asking).await
}
