//! `contribctl simulate adoption`: an adoption on the books as they are.

use chrono::NaiveDate;
use clap::Args;
use domain::simulation::adoption::{SimulatedSlot, UnlockChange, Unlocked};
use domain::{AccountSequence, AdoptionOutcome, Ruling, SimulatedAdoption, SourceAdoption, SourcePrice};
use persistence::simulation::{self, Simulated};
use persistence::{PgConnection, business_day, views};
use runtime::settings::Business;
use uuid::Uuid;

use crate::{Context, Outcome, Result};

/// Simulates an adoption.
#[derive(Debug, Args)]
pub struct Adoption {
    /// Who adopts
    #[arg(long, value_name = "ACCOUNT")]
    account: AccountSequence,
    /// How many trees
    #[arg(long, value_name = "N", allow_negative_numbers = true)]
    trees: i32,
    /// The day of adoption [default: the business day]
    #[arg(long, value_name = "DATE")]
    date: Option<NaiveDate>,
    /// The price of one tree, as the source would name it [default: by the plan's formula]
    #[arg(long, value_name = "AMOUNT", value_parser = SourcePrice::parse, allow_negative_numbers = true)]
    price: Option<SourcePrice>,
    /// Print the answer as JSON
    #[arg(long)]
    json: bool,
}

/// What is known of the books besides the answer.
struct Found {
    outcome: AdoptionOutcome,
    source: SourceAdoption,
    /// Adoptions whose turn comes before.
    before: i64,
}

/// Prints what would become of the adoption, from one snapshot.
pub(super) async fn run(args: Adoption, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let json = args.json;
    let found = simulate(&mut *views::snapshot(&pool).await?, args, &context.settings.business).await?;
    if json {
        answer!("{}", serde_json::to_string_pretty(&found.outcome).map_err(std::io::Error::from)?);
        return Ok(Outcome::Good);
    }
    let SourceAdoption { account, tree_count, adoption_date, .. } = &found.source;
    answer!("{account} adopting {tree_count} trees on {adoption_date}, if its turn were now:");
    match &found.outcome {
        AdoptionOutcome::Distributed(adoption) => describe(adoption),
        AdoptionOutcome::Waits { reason, .. } => answer!("  it would wait: {reason}"),
        AdoptionOutcome::Anomaly { reason } => answer!("  it would be set aside as an anomaly: {reason}"),
        AdoptionOutcome::Ineligible => answer!("  it would not count"),
    }
    if found.before > 0 {
        answer!("{} adoptions are to be numbered before it and may change price and unlocking", found.before);
    }
    Ok(Outcome::Good)
}

async fn simulate(connection: &mut PgConnection, args: Adoption, business: &Business) -> Result<Found> {
    let day = business_day::read(connection).await?;
    let source = SourceAdoption {
        id: Uuid::nil(),
        account: args.account,
        tree_count: args.trees,
        adoption_date: args.date.unwrap_or(day),
        status: None,
        price: args.price.unwrap_or(SourcePrice::Unpriced),
        created_at: None,
        deleted: false,
    };
    let Business { ineligible_statuses, max_future_days, missing_referral, .. } = business;
    let ruling = Ruling::new(ineligible_statuses, *max_future_days, missing_referral.is_root());
    let Simulated { outcome, before } = simulation::adoption(connection, &source, day, &ruling).await?;
    Ok(Found { outcome, source, before })
}

fn describe(adoption: &SimulatedAdoption) {
    let source = if adoption.priced_by_formula { "by the formula" } else { "as named" };
    answer!(
        "  {} trees × {} ({source}) = {}; plan {}; {} trees in the network before",
        adoption.tree_count,
        adoption.contribution_per_tree,
        adoption.base_amount,
        adoption.plan_version,
        adoption.network_trees_before
    );
    answer!("  live from {} until {}", adoption.effective_date, adoption.expire_date);
    answer!("  upline: {}", upline(adoption));
    for slot in &adoption.slots {
        answer!("  {}", line(slot));
    }
    for change in &adoption.unlocks {
        answer!("  unlocks for {}", unlocks(change));
    }
    if adoption.unlocks.is_empty() {
        answer!("  it unlocks nothing");
    }
}

fn upline(adoption: &SimulatedAdoption) -> String {
    let Some(referrer) = adoption.upline.first() else { return "none".to_owned() };
    let ancestors = (1..).zip(&adoption.upline).map(|(level, ancestor)| {
        format!(
            "{level} {} (direct {}, depth {})",
            ancestor.account_sequence, ancestor.direct_referral_adopted_count, ancestor.unlocked_level_depth
        )
    });
    let ancestors = ancestors.collect::<Vec<_>>().join(", ");
    format!("{ancestors}; bonus tiers of {}: {}", referrer.account_sequence, adoption.referrer_tiers)
}

fn line(slot: &SimulatedSlot) -> String {
    let to = match (&slot.account_sequence, slot.system_account, &slot.would_be_account_sequence) {
        (Some(account), ..) => account.to_string(),
        (None, Some(account), _) => format!("system account {account}"),
        (None, None, Some(account)) => format!("nobody, {account} misses it: {}", reason(slot)),
        (None, None, None) => format!("nobody: {}", reason(slot)),
    };
    let (rate, amount) = (slot.rate.to_string(), slot.amount.to_string());
    format!("{:>2} {:<13} {rate:>9} {amount:>26}  {to}", slot.slot, slot.share)
}

fn reason(slot: &SimulatedSlot) -> &str {
    slot.reason.as_deref().unwrap_or_default()
}

fn unlocks(change: &UnlockChange) -> String {
    let UnlockChange { account_sequence, before, after } = change;
    let shown = |what: &str, read: fn(&Unlocked) -> u32| {
        let (before, after) = (read(before), read(after));
        if before == after { format!("{what} {after}") } else { format!("{what} {before} → {after}") }
    };
    format!(
        "{account_sequence}: {}, {}, {}",
        shown("direct", |unlocked| unlocked.direct_referral_adopted_count),
        shown("levels", |unlocked| unlocked.unlocked_level_depth.into()),
        shown("bonus tiers", |unlocked| unlocked.unlocked_bonus_tiers.into())
    )
}
