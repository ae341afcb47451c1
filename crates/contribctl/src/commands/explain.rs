//! `contribctl explain`: every slot of every entry of an adoption, to whom it went or why to nobody.

use clap::Args;
use domain::{Amount, Beneficiary, Distribution, Entry, Fact, Line, Rate, write_lines};
use persistence::views::explanation::{self, Adoption, Progress, StoredLine};
use persistence::{PgConnection, journal, plans, views};
use uuid::Uuid;

use crate::{Context, Error, Outcome, Result};

/// Explains an adoption.
#[derive(Debug, Args)]
pub struct Explain {
    /// Upstream's id of the adoption
    adoption_id: Uuid,
}

/// Prints what is known of the adoption, from one snapshot.
pub async fn run(args: Explain, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let mut snapshot = views::snapshot(&pool).await?;
    let id = args.adoption_id;
    let Some(adoption) = explanation::adoption(&mut snapshot, id).await? else {
        return Err(Error::NotFound(format!("no adoption {id} was ever read")));
    };
    answer!("{}", headline(&adoption));
    for row in journal::of_adoption(&mut snapshot, id).await? {
        let progress = explanation::progress(&mut snapshot, row.entry.seq).await?;
        answer!("\n{}", title(&row.entry, &progress));
        let (Fact::Distribute(of) | Fact::Reverse { of, .. }) = &row.entry.fact else { continue };
        answer!("{}", inputs(of));
        for share in shares(&mut snapshot, &row.entry, &progress).await? {
            answer!("{share}");
        }
    }
    Ok(Outcome::Good)
}

fn headline(adoption: &Adoption) -> String {
    let price = match (&adoption.unstorable_price, adoption.contribution_per_tree) {
        (Some(raw), _) => format!("a price that cannot be stored ({raw:?})"),
        (None, Some(price)) => format!("{price} a tree"),
        (None, None) => "priced by the formula".to_owned(),
    };
    let status = adoption.status.as_deref().unwrap_or("none");
    let deleted = adoption.source_deleted_at.map_or_else(String::new, |at| {
        format!(", deleted upstream (read {})", at.format("%Y-%m-%d %H:%M:%S UTC"))
    });
    let mut state = vec![format!("state {}", adoption.state)];
    state.extend(adoption.reason.clone());
    state.extend(adoption.waiting_for.as_ref().map(|account| format!("waits for {account}")));
    state.extend(adoption.warning.as_ref().map(|warning| format!("warning: {warning}")));
    format!(
        "adoption {}: {} adopted {} trees on {}, {price}, status {status}{deleted}\n{}",
        adoption.original_adoption_id,
        adoption.account_sequence,
        adoption.tree_count,
        adoption.adoption_date,
        state.join(", ")
    )
}

fn title(entry: &Entry, progress: &Progress) -> String {
    let kind = match &entry.fact {
        Fact::Distribute(_) => "distributes it".to_owned(),
        Fact::Reverse { reverses, .. } => format!("takes entry {reverses} back"),
        Fact::ReferralMove { account, .. } => format!("moves {account}"),
    };
    let carried_out = match (progress.distributed_at, progress.booked_day) {
        (Some(at), Some(day)) => {
            format!("carried out {}, booked on {day}", at.format("%Y-%m-%d %H:%M:%S UTC"))
        }
        _ => "not carried out yet: these are the lines it will have".to_owned(),
    };
    format!("entry {} {kind}: numbered on {}, {carried_out}", entry.seq, entry.numbered_day)
}

fn inputs(of: &Distribution) -> String {
    let source = if of.source_price.is_some() { "named upstream" } else { "by the formula" };
    let ancestors = (1..).zip(&of.upline).map(|(level, ancestor)| {
        format!("{level} {} (direct {}, depth {})", ancestor.account, ancestor.directs, ancestor.depth)
    });
    let upline = match of.upline.first() {
        None => "none".to_owned(),
        Some(referrer) => format!(
            "{}; bonus tiers of {}: {}",
            ancestors.collect::<Vec<_>>().join(", "),
            referrer.account,
            of.referrer_tiers
        ),
    };
    format!(
        "  {} trees × {} ({source}) = {}; plan {}; {} trees in the network before\n  \
         live from {} until {}\n  upline: {upline}",
        of.tree_count,
        of.price,
        of.base,
        of.plan_version,
        of.network_trees_before,
        of.effective_date,
        of.expire_date
    )
}

/// The stored lines, or where there are none yet those to come.
async fn shares(connection: &mut PgConnection, entry: &Entry, progress: &Progress) -> Result<Vec<String>> {
    if progress.distributed_at.is_some() {
        let lines = explanation::lines(connection, entry.seq).await?;
        return Ok(lines.iter().map(stored).collect());
    }
    let (Fact::Distribute(of) | Fact::Reverse { of, .. }) = &entry.fact else { return Ok(Vec::new()) };
    let corrupt = |what: String| Error::Database(persistence::Error::corrupt(what));
    let plans = plans::all(connection).await?;
    let plan = plans.version(of.plan_version);
    let plan = plan.ok_or_else(|| corrupt(format!("there is no plan {}", of.plan_version)))?;
    let mut lines = Vec::new();
    write_lines(entry, plan, &mut lines).map_err(|error| corrupt(error.to_string()))?;
    Ok(lines.iter().map(computed).collect())
}

fn stored(line: &StoredLine) -> String {
    let to = match (&line.account, &line.system_account) {
        (Some(account), _) => account.clone(),
        (None, Some(system)) => format!("system account {system}"),
        (None, None) => nobody(line.would_be.as_deref(), line.reason.as_deref().unwrap_or_default()),
    };
    let slot = u8::try_from(line.slot).unwrap_or(u8::MAX);
    share(slot, line.rate, line.amount, &to)
}

fn computed(line: &Line<'_>) -> String {
    let to = match line.beneficiary {
        Beneficiary::System(account) => format!("system account {account}"),
        Beneficiary::Unallocated { would_be, reason, .. } => {
            nobody(would_be.map(domain::AccountSequence::as_str), &reason.to_string())
        }
        Beneficiary::Personal(account)
        | Beneficiary::TeamLevel { account, .. }
        | Beneficiary::TeamBonus { account, .. } => account.to_string(),
    };
    share(line.slot, Some(line.rate), line.amount, &to)
}

fn nobody(would_be: Option<&str>, reason: &str) -> String {
    would_be.map_or_else(
        || format!("nobody: {reason}"),
        |account| format!("nobody, {account} missed it: {reason}"),
    )
}

fn share(slot: u8, rate: Option<Rate>, amount: Amount, to: &str) -> String {
    let name = match slot {
        0 => "personal".to_owned(),
        1 => "operation".to_owned(),
        2 => "province".to_owned(),
        3 => "city".to_owned(),
        4..=18 => format!("level {}", slot - 3),
        19..=21 => format!("bonus tier {}", slot - 18),
        22 => "rounding".to_owned(),
        _ => "headquarters".to_owned(),
    };
    let rate = rate.map_or_else(String::new, |rate| rate.to_string());
    let amount = amount.to_string();
    format!("  {slot:>2} {name:<12} {rate:>9} {amount:>26}  {to}")
}
