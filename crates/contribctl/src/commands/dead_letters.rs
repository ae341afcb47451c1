//! `contribctl dead-letters`: what could not be understood.

use clap::{Args, Subcommand};
use persistence::dead_letters::{self, StoredLetter};
use persistence::operator_requests::Action;

use crate::requests::{self, Asking};
use crate::{Context, Error, Outcome, Result};

/// What to do about dead letters.
#[derive(Debug, Subcommand)]
pub enum DeadLetters {
    /// List the open ones, newest first
    List(List),
    /// Show one with its message, in which phone numbers are redacted
    Show {
        /// Its number
        id: i64,
    },
    /// Have the ingestor read one again, from Kafka as long as it is there: after its cause is mended, by a setting, a
    /// newer build or upstream; exit code 1 when it is refused again
    Replay {
        /// Its number
        id: i64,
        /// Who asks, and for how long to wait
        #[command(flatten)]
        asking: Asking,
    },
}

/// Lists the open ones.
#[derive(Debug, Args)]
pub struct List {
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(i64).range(1..=10_000))]
    limit: i64,
    /// Only those before this number, for the next page
    #[arg(long, value_name = "ID")]
    before: Option<i64>,
}

/// Carries out a subcommand.
pub async fn run(command: DeadLetters, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let mut connection = pool.acquire().await.map_err(persistence::Error::from)?;
    match command {
        DeadLetters::List(list) => {
            let letters = dead_letters::open(&mut connection, list.before, list.limit).await?;
            for letter in &letters {
                answer!("{}", summary(letter));
            }
            if letters.is_empty() {
                answer!("no dead letter is open");
            }
        }
        DeadLetters::Replay { id, asking } => {
            drop(connection);
            return requests::ask(&pool, &Action::ReplayDeadLetter { id }, &asking).await;
        }
        DeadLetters::Show { id } => {
            let letter = dead_letters::get(&mut connection, id).await?;
            let letter = letter.ok_or_else(|| Error::NotFound(format!("there is no dead letter {id}")))?;
            answer!("{}", summary(&letter));
            for (name, text) in [
                ("key", &letter.key),
                ("headers", &letter.headers),
                ("sha256", &letter.value_sha256),
                ("value", &letter.value),
            ] {
                answer!("  {name}: {}", text.as_deref().map_or_else(|| "none".to_owned(), printable));
            }
        }
    }
    Ok(Outcome::Good)
}

fn summary(letter: &StoredLetter) -> String {
    let at = letter.created_at.format("%Y-%m-%d %H:%M:%S UTC");
    let place = format!("{}/{}/{}", letter.topic, letter.partition, letter.offset);
    let resolved = letter.resolved_at.map_or_else(String::new, |at| {
        let how = letter.resolution.as_deref().unwrap_or("resolved");
        format!(", {how} {}", at.format("%Y-%m-%d %H:%M:%S UTC"))
    });
    format!("{} {at} {place} {}: {}{resolved}", letter.id, letter.error_code, printable(&letter.error))
}

/// A message from outside must not move the cursor of a terminal.
fn printable(text: &str) -> String {
    text.chars().map(|c| if c.is_control() && c != '\n' { '\u{FFFD}' } else { c }).collect()
}
