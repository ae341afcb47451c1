//! Every advisory lock of the service, and the order in which locks are taken:
//!
//! referral tree → `synced_adoptions` by id → sequencer state → chunk → business day → accounts in one sorted
//! statement → outbox → flags by id → system accounts, last before COMMIT.

use sqlx::PgConnection;

use crate::Result;

/// First of the two keys, so that nobody else's advisory locks meet ours.
pub const SPACE: i32 = 0x0C0_0417;

/// Held for a transaction by everyone who writes `synced_referrals`.
pub const REFERRAL_TREE: i32 = 1;
/// Shared by who books under the business day, exclusive for the moment that moves it.
pub const BUSINESS_DAY: i32 = 2;
/// Held for a session by the one sequencer that numbers.
pub const SEQUENCER: i32 = 3;
/// Held for a session by the one scheduler that runs jobs.
pub const SCHEDULER: i32 = 4;
/// Held for a transaction by who writes team statistics: those of a day, or all anew.
pub const TEAM_STATS: i32 = 5;
/// Held for a session by the one recalculation that rebuilds sums.
pub const RECALCULATION: i32 = 20;
/// Held for a session by the relay that owns shard n: this plus n.
pub const RELAY_SHARD: i32 = 1000;
/// Held for a session by every relay that runs, so that they can count themselves: this plus n, below [`SEATS`].
pub const RELAY_SEAT: i32 = 2000;
/// Relays at the same time, at most.
pub const SEATS: i32 = 256;

/// Waits for the transaction lock `key`.
pub async fn hold(connection: &mut PgConnection, key: i32) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock($1, $2)", SPACE, key).fetch_one(connection).await?;
    Ok(())
}

/// Waits for the transaction lock `key`, shared with others who share it.
pub async fn hold_shared(connection: &mut PgConnection, key: i32) -> Result<()> {
    sqlx::query!("SELECT pg_advisory_xact_lock_shared($1, $2)", SPACE, key).fetch_one(connection).await?;
    Ok(())
}
