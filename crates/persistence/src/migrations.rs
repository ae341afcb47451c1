//! The schema: its migrations, their runner, and the check that every worker makes before it works.
//!
//! Migrations only add. They are run by `contribctl migrate`, in one session under sqlx's own lock, never by a
//! worker at its start. A worker that finds another schema than its own says so and stops.

use sqlx::migrate::{MigrateError, Migrator};
use sqlx::{PgPool, Row};

use crate::{Result, partitions};

static MIGRATOR: Migrator = sqlx::migrate!("../../migrations");

/// Why a worker does not work with the schema it found.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// `contribctl migrate` has not been run with this build's migrations.
    #[error(
        "the database's schema is at version {found}, this build needs {needed}: run `contribctl migrate`"
    )]
    Older {
        /// What the database has.
        found: i64,
        /// What this build needs.
        needed: i64,
    },
    /// The database has been migrated by a newer build.
    #[error(
        "the database's schema is at version {found}, this build knows only {needed}: deploy the newer build"
    )]
    Newer {
        /// What the database has.
        found: i64,
        /// What this build knows.
        needed: i64,
    },
    /// A migration was changed after it had been applied.
    #[error("migration {version} was applied with another content than this build's")]
    Changed {
        /// Which one.
        version: i64,
    },
    /// The business day was begun in another time zone than the one set.
    #[error("business.time_zone is {configured}, but the books were begun in {stored}")]
    TimeZone {
        /// `business.time_zone`.
        configured: String,
        /// The zone stored beside the business day.
        stored: String,
    },
    /// A migration failed.
    #[error("migration failed: {0}")]
    Failed(#[from] MigrateError),
}

/// The version of this build.
pub fn needed_version() -> i64 {
    MIGRATOR.iter().map(|migration| migration.version).max().unwrap_or_default()
}

/// A number that changes with any migration: names the tests' template database.
pub fn fingerprint() -> u64 {
    use std::hash::{DefaultHasher, Hash, Hasher};
    let mut hasher = DefaultHasher::new();
    for migration in MIGRATOR.iter() {
        migration.checksum.hash(&mut hasher);
    }
    hasher.finish()
}

/// Brings the schema to this build's version, begins the books on today's date in `time_zone` if they have not
/// begun, and makes ledger partitions ahead.
pub async fn run(pool: &PgPool, time_zone: &str) -> Result<()> {
    MIGRATOR.run(pool).await.map_err(SchemaError::from)?;
    sqlx::query!(
        "INSERT INTO business_day (current_day, time_zone) VALUES ((now() AT TIME ZONE $1)::date, $1)
         ON CONFLICT DO NOTHING",
        time_zone
    )
    .execute(pool)
    .await?;
    let mut connection = pool.acquire().await?;
    partitions::make_ahead(&mut connection).await?;
    Ok(())
}

/// Checks that the schema is this build's and that the books are kept in `time_zone`.
pub async fn check(pool: &PgPool, time_zone: &str) -> Result<()> {
    let applied = applied(pool).await?;
    let needed = needed_version();
    let found = applied.iter().map(|(version, _)| *version).max().unwrap_or_default();
    if found > needed {
        return Err(SchemaError::Newer { found, needed }.into());
    }
    for migration in MIGRATOR.iter() {
        match applied.iter().find(|(version, _)| *version == migration.version) {
            None => return Err(SchemaError::Older { found, needed }.into()),
            Some((version, checksum)) if *checksum != *migration.checksum => {
                return Err(SchemaError::Changed { version: *version }.into());
            }
            Some(_) => {}
        }
    }
    let stored = sqlx::query_scalar!("SELECT time_zone FROM business_day").fetch_one(pool).await?;
    if stored != time_zone {
        return Err(SchemaError::TimeZone { configured: time_zone.to_owned(), stored }.into());
    }
    Ok(())
}

/// Versions and checksums of what has been applied; none where the runner's table is not there yet.
async fn applied(pool: &PgPool) -> Result<Vec<(i64, Vec<u8>)>> {
    let migrated = sqlx::query_scalar!(r#"SELECT to_regclass('_sqlx_migrations') IS NOT NULL AS "there!""#)
        .fetch_one(pool)
        .await?;
    if !migrated {
        return Ok(Vec::new());
    }
    // The runner's own table is not part of our migrations, so this statement cannot be checked at compile time.
    let rows =
        sqlx::query("SELECT version, checksum FROM _sqlx_migrations WHERE success").fetch_all(pool).await?;
    rows.iter().map(|row| Ok((row.try_get("version")?, row.try_get("checksum")?))).collect()
}
