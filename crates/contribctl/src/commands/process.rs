//! `contribctl process`: where an adoption stands, what happens to it next, or why nothing does.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use domain::Fact;
use persistence::single::{self, Outlook, Place};
use persistence::views::explanation::{self, Adoption};
use persistence::{PgConnection, journal, views};
use uuid::Uuid;

use crate::{Context, Error, Outcome, Result};

/// Code with which the reason of an adoption begins that waits for a referral row (RULES section 2).
const MISSING_REFERRAL: &str = "MISSING_REFERRAL";

/// Looks at an adoption; asks nothing of the workers.
#[derive(Debug, Args)]
pub struct Process {
    /// Upstream's id of the adoption
    adoption_id: Uuid,
}

/// Prints what is known, from one snapshot.
pub async fn run(args: Process, context: &Context) -> Result<Outcome> {
    let pool = context.database()?;
    let mut snapshot = views::snapshot(&pool).await?;
    let id = args.adoption_id;
    let Some(adoption) = explanation::adoption(&mut snapshot, id).await? else {
        return Err(Error::NotFound(format!("no adoption {id} was ever read")));
    };
    let place = single::place(&mut snapshot, id).await?;
    let outlook = single::outlook(&mut snapshot, id, &adoption.account_sequence).await?;
    answer!("{}", row(&adoption));
    let entries = entries(&mut snapshot, id).await?;
    let grace = TimeDelta::hours(i64::from(context.settings.business.chain_grace_hours));
    let next = match place {
        Some(place) => in_backlog(&place, Utc::now(), grace),
        None => settled(&adoption, &outlook),
    };
    for line in next {
        answer!("{line}");
    }
    if outlook.queued {
        answer!("a change of it, or of its account's referral, was read and is still to be judged");
    }
    if !outlook.open {
        answer!(
            "nothing is numbered yet: the initial snapshots have not been read (contribctl bootstrap status)"
        );
    }
    for entry in entries {
        answer!("{entry}");
    }
    Ok(Outcome::Good)
}

fn row(adoption: &Adoption) -> String {
    let price = match (&adoption.unstorable_price, adoption.contribution_per_tree) {
        (Some(raw), _) => format!("a price that cannot be stored ({raw:?})"),
        (None, Some(price)) => format!("{price} a tree"),
        (None, None) => "priced by the formula".to_owned(),
    };
    let status = adoption.status.as_deref().unwrap_or("none");
    let deleted = if adoption.source_deleted_at.is_some() { ", deleted upstream" } else { "" };
    let warning = adoption.warning.as_ref().map_or_else(String::new, |text| format!("\nwarning: {text}"));
    let reason = adoption.reason.as_ref().map_or_else(String::new, |text| format!(" ({text})"));
    format!(
        "adoption {}: {} adopted {} trees on {}, {price}, status {status}{deleted}\nstate {}{reason}{warning}",
        adoption.original_adoption_id,
        adoption.account_sequence,
        adoption.tree_count,
        adoption.adoption_date,
        adoption.state,
    )
}

/// What there is to do about it, or why not.
fn in_backlog(place: &Place, now: DateTime<Utc>, grace: TimeDelta) -> Vec<String> {
    let since = place.since.format("%Y-%m-%d %H:%M:%S UTC");
    let before = place.before;
    let mut lines = Vec::new();
    lines.push(match place.state.as_str() {
        "changed" => format!(
            "it was distributed and has changed: it is taken back, and distributed anew if it still counts; \
             {before} that have changed come before it"
        ),
        "ready" => format!(
            "it will be numbered: {before} that are ready come before it, and {} that have changed",
            place.changed
        ),
        "waiting" => "it waits, and is looked at again when what it waits for comes".to_owned(),
        "anomaly" => "it cannot be right as it is: looked at again when upstream changes it".to_owned(),
        _ => "it does not count: looked at again when upstream changes it".to_owned(),
    });
    let reason = place.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    lines.push(format!("so since {since}{reason}"));
    lines.extend(place.waiting_for.as_ref().map(|account| format!("waits for the referral of {account}")));
    let for_referral = place.reason.as_deref().is_some_and(|reason| reason.starts_with(MISSING_REFERRAL));
    if place.state == "waiting" && for_referral && now - place.since > grace {
        lines.push(format!("stalled: it has waited for longer than {} hours", grace.num_hours()));
    }
    lines
}

/// Nothing is to be numbered.
fn settled(adoption: &Adoption, outlook: &Outlook) -> Vec<String> {
    let next = match (adoption.entry_seq, adoption.contribution_distributed) {
        (None, _) => "it has not been judged yet".to_owned(),
        (Some(seq), true) => {
            format!("entry {seq} distributed it; nothing more happens until upstream changes it")
        }
        (Some(seq), false) if adoption.state == "sequenced" => {
            format!("entry {seq} is to be carried out; every entry through {} has been", outlook.watermark)
        }
        (Some(seq), false) => {
            format!("entry {seq} took it back; nothing more happens until upstream changes it")
        }
    };
    vec![next]
}

async fn entries(connection: &mut PgConnection, id: Uuid) -> Result<Vec<String>> {
    let mut entries = Vec::new();
    for journaled in journal::of_adoption(connection, id).await? {
        let entry = journaled.entry;
        let progress = explanation::progress(connection, entry.seq).await?;
        let what = match &entry.fact {
            Fact::Distribute(of) => {
                format!("distributes {} trees × {} = {}", of.tree_count, of.price, of.base)
            }
            Fact::Reverse { reverses, of } => format!("takes entry {reverses} back: {}", of.base),
            Fact::ReferralMove { account, .. } => format!("moves {account}"),
        };
        let when = match (progress.distributed_at, progress.booked_day) {
            (Some(at), Some(day)) => {
                format!("carried out {}, booked on {day}", at.format("%Y-%m-%d %H:%M:%S UTC"))
            }
            _ => "not carried out yet".to_owned(),
        };
        entries.push(format!("  entry {}, numbered on {}: {what}; {when}", entry.seq, entry.numbered_day));
    }
    Ok(entries)
}
