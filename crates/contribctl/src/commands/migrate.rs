//! `contribctl migrate`: the schema, and the first business day.

use std::time::{Duration, Instant};

use persistence::{Kind, PgPool, migrations, report};

use crate::{Context, Error, Outcome, Progress, Result};

/// A database that is just being started answers within this.
const PATIENCE: Duration = Duration::from_secs(30);
const PAUSE: Duration = Duration::from_millis(300);

/// Waits for PostgreSQL, applies what is missing, and says what that was.
pub async fn run(context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let before = await_migrations(&pool).await?;
    migrations::run(&pool, context.settings.business.time_zone.name()).await?;
    let after = applied(&pool).await?;
    let new = after.iter().filter(|migration| !before.contains(migration));
    for migration in new.clone() {
        answer!("applied {:04} {}", migration.version, migration.description);
    }
    if new.count() == 0 {
        answer!("nothing to do");
    }
    answer!("schema at version {}", after.last().map_or(0, |migration| migration.version));
    Ok(Outcome::Good)
}

async fn applied(pool: &PgPool) -> persistence::Result<Vec<report::Migration>> {
    let mut connection = pool.acquire().await?;
    report::migrations(&mut connection).await
}

async fn await_migrations(pool: &PgPool) -> Result<Vec<report::Migration>> {
    let started = Instant::now();
    let progress = Progress::endless("migrate");
    loop {
        match applied(pool).await {
            Ok(applied) => {
                progress.done();
                return Ok(applied);
            }
            Err(error) if error.kind() == Kind::Unavailable && started.elapsed() < PATIENCE => {
                progress.say(format!("waiting for PostgreSQL: {error}"));
                tokio::time::sleep(PAUSE).await;
            }
            Err(error) if error.kind() == Kind::Unavailable => {
                return Err(Error::TimedOut(format!("PostgreSQL did not answer within 30 s: {error}")));
            }
            Err(error) => return Err(error.into()),
        }
    }
}
