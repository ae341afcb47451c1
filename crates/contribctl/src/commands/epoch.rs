//! `contribctl epoch raise`: what began again counts more than all that was before.

use chrono::{SubsecRound, Utc};
use clap::{Args, Subcommand};
use persistence::accounts::{AccountDelta, Booking};
use persistence::{PgPool, accounts, audit_log, business_day, epochs, outbox};

use crate::{Context, Error, Outcome, Progress, Result};

/// Accounts of one transaction.
const ACCOUNTS: i64 = 1_000;
/// The name that stands for our own books, not for a source.
const PUBLISHED: &str = "published";

/// What to do about epochs.
#[derive(Debug, Subcommand)]
pub enum Epoch {
    /// Raise the epoch of a source, or of what is published
    Raise(Raise),
}

/// Raises an epoch.
#[derive(Debug, Args)]
pub struct Raise {
    /// `published`: after a restore of our own database, publishes every account again, and consumers take that for newer
    /// than anything before. Else a source, as [cdc.sources] names it: after a fail-over or a restore upstream, before its
    /// connector resumes, its changes count more than those of the server before, whatever their lsn
    #[arg(value_name = "published|SOURCE")]
    of: String,
    /// Who raises it, for the audit log
    #[arg(long, env = "USER", value_name = "NAME")]
    by: String,
}

/// Carries out a subcommand.
pub async fn run(command: Epoch, context: &Context) -> Result<Outcome> {
    let Epoch::Raise(Raise { of, by }) = command;
    let pool = context.database()?;
    let sources = &context.settings.cdc.sources;
    let known = [&sources.users, &sources.adoptions, &sources.referrals];
    if of != PUBLISHED && !known.contains(&&of) {
        return Err(Error::Usage(format!("{of} is no source: see [cdc.sources] in the settings")));
    }
    let mut transaction = pool.begin().await.map_err(persistence::Error::from)?;
    let epoch = if of == PUBLISHED {
        epochs::raise_published(&mut transaction).await?
    } else {
        epochs::raise_source(&mut transaction, &of).await?
    };
    audit_log::record(&mut transaction, &by, "raise epoch", &format!("{of} to {epoch}"), Utc::now()).await?;
    transaction.commit().await.map_err(persistence::Error::from)?;
    answer!("the epoch of {of} is {epoch}");
    if of == PUBLISHED {
        let published = publish_all(&pool, context.settings.relay.shards).await?;
        answer!("{published} accounts are on their way to be published again");
    }
    Ok(Outcome::Good)
}

/// Queues an event for every account, with the next version. An account that is written meanwhile has the new epoch too.
async fn publish_all(pool: &PgPool, shards: i16) -> Result<u64> {
    let progress = Progress::endless("accounts");
    let mut published = 0;
    let mut after = String::new();
    loop {
        let mut transaction = pool.begin().await.map_err(persistence::Error::from)?;
        let held = business_day::hold(&mut transaction).await?;
        let names = epochs::accounts_after(&mut transaction, &after, ACCOUNTS).await?;
        let Some(last) = names.last() else { break };
        after.clone_from(last);
        let deltas: Vec<AccountDelta> = names.into_iter().map(AccountDelta::nothing).collect();
        let booking = Booking {
            day: held.day,
            rolling: held.rolling,
            at: Utc::now().trunc_subsecs(6),
            shards,
            traceparent: Some(outbox::new_trace()),
        };
        accounts::add(&mut transaction, &deltas, &booking).await?;
        transaction.commit().await.map_err(persistence::Error::from)?;
        published += deltas.len() as u64;
        progress.say(format!("{published} queued"));
    }
    progress.done();
    Ok(published)
}
