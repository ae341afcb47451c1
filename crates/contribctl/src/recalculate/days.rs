//! What the calendar adds up day by day, beside the lines and the journal; PostgreSQL compares, and names what differs.

use persistence::rebuild::days::{self, Unlike};
use persistence::{PgConnection, Result};

use super::{Difference, Differences, Wrong};
use crate::Progress;

/// Compares every row.
pub async fn compare(
    connection: &mut PgConnection,
    differences: &mut Differences,
    wrong: &mut Wrong,
    progress: &Progress,
) -> Result<()> {
    let stored = days::stored(connection).await?;
    progress.say(format!("{} daily amounts", stored.daily));
    wrong.daily = note(&mut differences.daily, stored.daily, days::unlike_daily(connection).await?);
    progress.say(format!("{} missed amounts", stored.missed));
    wrong.missed = note(&mut differences.missed, stored.missed, days::unlike_missed(connection).await?);
    progress.say(format!("{} team statistics", stored.team));
    wrong.team = note(&mut differences.team, stored.team, days::unlike_team(connection).await?);
    Ok(())
}

/// Notes what differs; gives whose it is.
fn note<T>(difference: &mut Difference, stored: i64, unlike: Vec<Unlike<T>>) -> Vec<T> {
    difference.checked(usize::try_from(stored).unwrap_or(0));
    let name = |unlike: Unlike<T>| {
        difference.several_differ(unlike.rows.unsigned_abs(), unlike.example);
        unlike.of
    };
    unlike.into_iter().map(name).collect()
}
