//! Writes anew the rows that differ, a bounded group a transaction; what makes that right while workers go on stands in
//! [`persistence::rebuild`].

use std::collections::{HashMap, HashSet};

use chrono::{DateTime, SubsecRound, Utc};
use domain::{AccountSequence, Effect};
use persistence::accounts::{self, AccountDelta, Booking};
use persistence::calls::{self, Channel};
use persistence::rebuild::{self, Counted, days};
use persistence::verify::accounts::Balances;
use persistence::verify::derived::StoredAccount;
use persistence::{Error, Kind, PgConnection, PgPool, outbox};
use uuid::Uuid;

use super::sums;
use super::walk::{Newest, Sums};
use super::{Found, Wrong};
use crate::{Progress, Result};

/// Accounts of one transaction: one with much of the ledger below it has a line of nearly every entry.
const ACCOUNTS: usize = 100;
/// Adoptions or users of one transaction, in which no chunk is carried out.
const MARKS: usize = 500;
/// A deadlock, which the lock order all but rules out, is given another chance.
const ATTEMPTS: u32 = 5;

/// What was written.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub struct Rebuilt {
    /// Accounts, each with a new version and an event.
    pub accounts: u64,
    /// System accounts.
    pub system: u64,
    /// Adoptions.
    pub adoptions: u64,
    /// Users.
    pub users: u64,
    /// Accounts whose daily amounts were.
    pub daily: u64,
    /// Days whose missed amounts were.
    pub missed: u64,
    /// Accounts whose team statistics were.
    pub team: u64,
    /// Whether a roll had begun, which ends the work: the rest is for the next time.
    pub roll_began: bool,
}

/// Writes anew all that `found` names as wrong.
pub async fn run(pool: &PgPool, found: &Found, shards: i16) -> Result<Rebuilt> {
    let mut rebuilt = Rebuilt::default();
    let Wrong { accounts, adoptions, users, daily, missed, .. } = &found.wrong;
    let total = accounts.len() + adoptions.len() + users.len() + daily.len() + missed.len();
    let progress = Progress::of(total as u64, "rebuilding");
    for names in accounts.chunks(ACCOUNTS) {
        match again(async || accounts_anew(pool, found, names, shards).await).await? {
            Some(count) => rebuilt.accounts += count,
            None => rebuilt.roll_began = true,
        }
        progress.add(names.len() as u64);
    }
    match again(async || system_anew(pool, found).await).await? {
        Some(count) => rebuilt.system = count,
        None => rebuilt.roll_began = true,
    }
    for ids in adoptions.chunks(MARKS) {
        rebuilt.adoptions += again(async || adoptions_anew(pool, ids).await).await?;
        progress.add(ids.len() as u64);
    }
    for users in users.chunks(MARKS) {
        rebuilt.users += again(async || users_anew(pool, found, users).await).await?;
        progress.add(users.len() as u64);
    }
    days_anew(pool, found, &mut rebuilt, &progress).await?;
    progress.done();
    Ok(rebuilt)
}

/// What the calendar adds up by day: while a roll adds to it, it is left for the next time.
async fn days_anew(pool: &PgPool, found: &Found, rebuilt: &mut Rebuilt, progress: &Progress) -> Result<()> {
    let Wrong { daily, missed, team, .. } = &found.wrong;
    for names in daily.chunks(ACCOUNTS) {
        match under_idle_day(pool, async |connection| days::set_daily(connection, names).await).await? {
            Some(()) => rebuilt.daily += names.len() as u64,
            None => rebuilt.roll_began = true,
        }
        progress.add(names.len() as u64);
    }
    for day in missed {
        match under_idle_day(pool, async |connection| days::set_missed(connection, *day).await).await? {
            Some(()) => rebuilt.missed += 1,
            None => rebuilt.roll_began = true,
        }
        progress.add(1);
    }
    if !team.is_empty() {
        again(async || team_anew(pool, team).await).await?;
        rebuilt.team = team.len() as u64;
    }
    Ok(())
}

/// Carries `write` out while no roll is under way; none where one is.
async fn under_idle_day(
    pool: &PgPool,
    write: impl AsyncFn(&mut PgConnection) -> persistence::Result<()>,
) -> persistence::Result<Option<()>> {
    again(async || {
        let mut transaction = rebuild::begin(pool).await?;
        if rebuild::hold_idle_day(&mut transaction).await?.is_none() {
            return Ok(None);
        }
        write(&mut transaction).await?;
        transaction.commit().await?;
        Ok(Some(()))
    })
    .await
}

async fn team_anew(pool: &PgPool, names: &[String]) -> Result<(), persistence::Error> {
    let mut transaction = pool.begin().await?;
    days::set_team(&mut transaction, names, now()).await?;
    transaction.commit().await?;
    Ok(())
}

/// Does a transaction again that had to give way to another.
async fn again<T>(transaction: impl AsyncFn() -> persistence::Result<T>) -> persistence::Result<T> {
    let mut attempt = 1;
    loop {
        match transaction().await {
            Err(error) if error.kind() == Kind::Conflict && attempt < ATTEMPTS => attempt += 1,
            done => return done,
        }
    }
}

/// What PostgreSQL stores has microseconds, and events must show the same moment.
fn now() -> DateTime<Utc> {
    Utc::now().trunc_subsecs(6)
}

async fn accounts_anew(
    pool: &PgPool,
    found: &Found,
    names: &[String],
    shards: i16,
) -> persistence::Result<Option<u64>> {
    let mut transaction = rebuild::begin(pool).await?;
    let Some(day) = rebuild::hold_idle_day(&mut transaction).await? else { return Ok(None) };
    let booking = Booking { day, rolling: false, at: now(), shards, traceparent: Some(outbox::new_trace()) };
    let stored = rebuild::lock_accounts(&mut transaction, names, booking.at).await?;
    let mut lines: HashMap<String, Balances> =
        rebuild::sums(&mut transaction, names, day).await?.into_iter().collect();
    let mut newest = newest(&mut transaction, found, names).await?;
    let mut changed = Vec::new();
    for row in stored {
        let counts = newest.remove(&row.account).map(|sums| sums::counts(&sums, &found.plans));
        let right = StoredAccount {
            balances: lines.remove(&row.account).unwrap_or_default(),
            counts: counts.unwrap_or_default(),
            account: row.account.clone(),
        };
        if row != right {
            changed.push(right);
        }
    }
    changed.sort_unstable_by(|one, other| one.account.cmp(&other.account));
    rebuild::set_accounts(&mut transaction, &changed).await?;
    // adding nothing raises the versions and queues the events, as every other change does
    let nothing: Vec<AccountDelta> =
        changed.iter().map(|row| AccountDelta::nothing(row.account.clone())).collect();
    accounts::add(&mut transaction, &nothing, &booking).await?;
    calls::call(&mut transaction, Channel::Outbox).await?;
    transaction.commit().await?;
    Ok(Some(changed.len() as u64))
}

/// The newest effect on each account: the snapshot's, or one of the entries carried out since.
async fn newest(
    connection: &mut PgConnection,
    found: &Found,
    names: &[String],
) -> persistence::Result<HashMap<String, Sums>> {
    let known = names.iter().map(|name| {
        let newest = found.part.accounts.get(name.as_str()).and_then(|sums| sums.newest.clone());
        (name.clone(), Sums { newest, ..Sums::default() })
    });
    let mut newest: HashMap<String, Sums> = known.collect();
    for counted in rebuild::effects_since(connection, names, &found.since).await? {
        let (account, effect) = effect(counted)?;
        newest.entry(account).or_default().learn(effect);
    }
    Ok(newest)
}

/// A stored effect in our own words.
pub fn effect(counted: Counted) -> persistence::Result<(String, Newest)> {
    let count =
        |stored: i32| u32::try_from(stored).map_err(|_| Error::corrupt(format!("a count of {stored}")));
    let effect = Effect {
        account: AccountSequence::parse(&counted.account)?,
        live: count(counted.live)?,
        directs: count(counted.directs)?,
    };
    let carried_out = (counted.booked_day, counted.distributed_at);
    Ok((counted.account, Newest { seq: counted.seq, effect, carried_out }))
}

async fn system_anew(pool: &PgPool, found: &Found) -> persistence::Result<Option<u64>> {
    let missing = &found.wrong.system;
    if missing.is_empty() {
        return Ok(Some(0));
    }
    let mut transaction = rebuild::begin(pool).await?;
    if rebuild::hold_idle_day(&mut transaction).await? != Some(found.moment.day.current) {
        return Ok(None);
    }
    rebuild::correct_system_accounts(&mut transaction, missing, now()).await?;
    transaction.commit().await?;
    Ok(Some(missing.len() as u64))
}

async fn adoptions_anew(pool: &PgPool, ids: &[Uuid]) -> persistence::Result<u64> {
    let mut transaction = rebuild::begin(pool).await?;
    rebuild::hold_day_alone(&mut transaction).await?;
    let marked = rebuild::mark_adoptions(&mut transaction, ids).await?;
    transaction.commit().await?;
    Ok(marked)
}

async fn users_anew(
    pool: &PgPool,
    found: &Found,
    users: &[(Uuid, String, bool)],
) -> persistence::Result<u64> {
    let mut transaction = rebuild::begin(pool).await?;
    rebuild::hold_day_alone(&mut transaction).await?;
    let unmarked: Vec<String> =
        users.iter().filter(|(_, _, begun)| !begun).map(|(_, account, _)| account.clone()).collect();
    let begun = rebuild::begun_since(&mut transaction, &unmarked, &found.since).await?;
    let begun: HashSet<String> = begun.into_iter().collect();
    let users: Vec<_> =
        users.iter().filter(|(_, account, mark)| *mark || !begun.contains(account)).cloned().collect();
    rebuild::mark_users(&mut transaction, &users, now()).await?;
    transaction.commit().await?;
    Ok(users.len() as u64)
}
