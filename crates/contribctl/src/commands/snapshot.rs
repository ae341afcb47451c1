//! `contribctl snapshot`: sealing a day by hand, and checking the proof of an account's line.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use chrono::{NaiveDate, SubsecRound, Utc};
use clap::{Args, Subcommand};
use domain::{Hash, Proof};
use persistence::snapshots::{self, Order, Sealed};
use persistence::views::snapshots::Header;
use persistence::{PgConnection, audit_log, chunks};

use crate::{Context, Error, Outcome, Progress, Result};

/// What to do about snapshots.
#[derive(Debug, Subcommand)]
pub enum Snapshot {
    /// Seal the snapshot of the business day, as it stands now, where the scheduler cannot: it holds what is carried out
    /// without a gap, counts as complete only if nothing at all is left open, and never changes again
    Take(Take),
    /// Check that a snapshot holds an account's line; exit code 1 when that is not proven
    VerifyProof(VerifyProof),
}

/// Seals a day.
#[derive(Debug, Args)]
pub struct Take {
    /// The day, which must be the business day
    date: NaiveDate,
    /// Seal it; without --yes only what would be sealed is shown
    #[arg(long)]
    yes: bool,
    /// Who seals it, for the audit log
    #[arg(long, env = "USER", value_name = "NAME")]
    by: Option<String>,
}

/// Checks a proof.
#[derive(Debug, Args)]
pub struct VerifyProof {
    /// The answer of GET /api/v1/snapshots/DATE/accounts/ACCOUNT/proof; - for standard input
    file: PathBuf,
    /// The snapshot's merkleRoot from a place that you trust: its event, or its header; without it the one in FILE is
    /// used, and all that is shown is that FILE is consistent with itself
    #[arg(long, value_name = "HEX")]
    root: Option<Hash>,
}

/// Carries out a subcommand.
pub async fn run(command: Snapshot, context: &Context) -> Result<Outcome> {
    match command {
        Snapshot::Take(take) => seal(take, context).await,
        Snapshot::VerifyProof(verify) => verify_proof(&verify),
    }
}

async fn seal(take: Take, context: &Context) -> Result<Outcome> {
    let who = take.by.filter(|name| !name.is_empty());
    if take.yes && who.is_none() {
        return Err(Error::Usage("nobody is named who seals the day: --by NAME".to_owned()));
    }
    let mut transaction = snapshots::begin(&context.database()?).await?;
    if let Some(header) = persistence::views::snapshots::header(&mut transaction, take.date).await? {
        return Ok(sealed_before(&header));
    }
    let order = order(&mut transaction, take.date, context).await?;
    snapshots::check(&mut transaction, &order).await?;
    answer!(
        "{}: entries through {}, {}",
        order.day,
        order.watermark,
        if order.complete {
            "complete: nothing is left open"
        } else {
            "not complete: something is left open"
        }
    );
    let Some(who) = who.filter(|_| take.yes) else {
        answer!("nothing was sealed: repeat with --yes");
        return Ok(Outcome::Good);
    };
    let progress = Progress::endless("snapshot");
    progress.say("lines and their tree");
    let sealed = snapshots::seal(&mut transaction, &order).await?;
    audit_log::record(&mut transaction, &who, "snapshot.take", &order.day.to_string(), order.at).await?;
    transaction.commit().await.map_err(persistence::Error::from)?;
    progress.done();
    match sealed {
        Sealed::Now(header) => {
            answer!("sealed with {} lines", header.account_count);
            answer!("network total {}", header.network_total_contribution);
            answer!("root {}", header.merkle_root);
            Ok(Outcome::Good)
        }
        Sealed::Before(header) => Ok(sealed_before(&header)),
    }
}

async fn order(connection: &mut PgConnection, day: NaiveDate, context: &Context) -> Result<Order> {
    let settings = &context.settings;
    Ok(Order {
        day,
        watermark: chunks::watermark(connection).await?,
        complete: snapshots::nothing_left_open(connection, day).await?,
        system_accounts: settings.snapshot.include_system_accounts,
        shards: settings.relay.shards,
        at: Utc::now().trunc_subsecs(6),
    })
}

fn sealed_before(header: &Header) -> Outcome {
    let (day, at) = (header.snapshot_date, header.sealed_at.format("%Y-%m-%d %H:%M:%S UTC"));
    answer!("the snapshot of {day} was sealed on {at}; a sealed snapshot never changes");
    Outcome::Bad
}

fn verify_proof(verify: &VerifyProof) -> Result<Outcome> {
    let unreadable = |reason: String| Error::File { path: verify.file.clone(), reason };
    let text = read(&verify.file).map_err(|error| unreadable(error.to_string()))?;
    let proof: Proof =
        serde_json::from_str(&text).map_err(|error| unreadable(format!("no proof: {error}")))?;
    let root = verify.root.unwrap_or(proof.merkle_root);
    if let Err(reason) = proof.verify(&root) {
        answer!("not proven: {reason}");
        return Ok(Outcome::Bad);
    }
    answer!(
        "proven: {} had {} of {} on {}, a share of {}",
        proof.account_sequence.escape_debug(),
        proof.effective_contribution,
        proof.network_total_contribution,
        proof.snapshot_date,
        proof.contribution_ratio
    );
    if verify.root.is_none() {
        answer!("by the root that stands in the file: compare {root} with the one that was published");
    }
    Ok(Outcome::Good)
}

fn read(path: &Path) -> io::Result<String> {
    if path == Path::new("-") {
        let mut text = String::new();
        io::stdin().read_to_string(&mut text)?;
        Ok(text)
    } else {
        fs::read_to_string(path)
    }
}
