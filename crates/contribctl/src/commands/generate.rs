//! `contribctl generate`: load for a stack. Writes to the upstream database only.

use std::time::Duration;

use chrono::{NaiveDate, Utc};
use clap::{Args, Subcommand};
use persistence::upstream;
use tokio::time::{MissedTickBehavior, interval};

use crate::load::history::{History, Size};
use crate::load::live::Live;
use crate::{Context, Error, Outcome, Progress, Result};

/// What to generate.
#[derive(Debug, Subcommand)]
pub enum Generate {
    /// Fill an empty upstream: three years of users, referrals and adoptions; nothing where users exist already
    History(HistoryArgs),
    /// Go on living in an upstream that was filled: mostly new adoptions, some that change or go, people who join or
    /// change their referrer; one transaction each
    Live(LiveArgs),
}

/// Fills an empty upstream.
#[derive(Debug, Args)]
pub struct HistoryArgs {
    /// Users, in referral trees of several shapes
    #[arg(long, value_name = "N")]
    users: usize,
    /// Adoptions, from three years ago until tomorrow
    #[arg(long, value_name = "N")]
    adoptions: usize,
    /// The same seed gives the same rows on the same day
    #[arg(long, value_name = "S", default_value_t = 1)]
    seed: u64,
}

/// Goes on living in an upstream that was filled.
#[derive(Debug, Args)]
pub struct LiveArgs {
    /// Transactions, four of five of which are new adoptions
    #[arg(long, value_name = "N")]
    adoptions: u64,
    /// The same seed does the same to the same upstream
    #[arg(long, value_name = "S", default_value_t = 2)]
    seed: u64,
    /// Transactions a second at most [default: as fast as it goes]
    #[arg(long, value_name = "R", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    rate: Option<u32>,
}

/// Carries out a subcommand.
pub async fn run(generate: Generate, context: &Context) -> Result<Outcome> {
    match generate {
        Generate::History(args) => history(&args, context).await,
        Generate::Live(args) => live(&args, context).await,
    }
}

fn today(context: &Context) -> NaiveDate {
    Utc::now().with_timezone(&context.settings.business.time_zone).date_naive()
}

/// All rows in one transaction: a connector sees the whole history or none of it.
async fn history(args: &HistoryArgs, context: &Context) -> Result<Outcome> {
    let pool = context.upstream()?;
    let mut transaction = pool.begin().await.map_err(persistence::Error::from)?;
    let there = upstream::count_users(&mut transaction).await?;
    if there > 0 {
        answer!("upstream has {there} users already: nothing generated");
        return Ok(Outcome::Good);
    }
    let size = Size { users: args.users, adoptions: args.adoptions };
    let zone = context.settings.business.time_zone;
    let history = History::generate(size, args.seed, today(context), zone);
    upstream::copy_users(&mut transaction, &history.users).await?;
    upstream::copy_referrals(&mut transaction, &history.referrals).await?;
    upstream::copy_adoptions(&mut transaction, &history.adoptions).await?;
    transaction.commit().await.map_err(persistence::Error::from)?;
    let roots = history.referrals.iter().filter(|referral| referral.referrer.is_none()).count();
    let deepest = history.referrals.iter().map(|referral| referral.depth).max().unwrap_or(0);
    answer!(
        "upstream filled: {} users in {roots} trees, up to {deepest} deep; {} adoptions",
        history.users.len(),
        history.adoptions.len()
    );
    Ok(Outcome::Good)
}

async fn live(args: &LiveArgs, context: &Context) -> Result<Outcome> {
    let pool = context.upstream()?;
    let Some(mut live) = Live::open(&pool, args.seed, today(context)).await? else {
        return Err(Error::Usage("upstream has no users: contribctl generate history first".to_owned()));
    };
    let progress = Progress::of(args.adoptions, "transactions");
    let mut pace = args.rate.map(|rate| {
        let mut pace = interval(Duration::from_secs(1) / rate);
        pace.set_missed_tick_behavior(MissedTickBehavior::Burst);
        pace
    });
    for _ in 0..args.adoptions {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        live.step(&pool).await?;
        progress.add(1);
    }
    progress.done();
    answer!("upstream changed: {}", live.tally());
    Ok(Outcome::Good)
}
