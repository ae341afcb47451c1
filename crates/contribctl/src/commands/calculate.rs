//! `contribctl calculate`: one account's balances and counts beside what its lines and the journal give.

use chrono::NaiveDate;
use clap::Args;
use domain::{AccountSequence, Amount, SourceType, UnallocatedKind};
use persistence::single::{self, KindSums, Missed};
use persistence::verify::accounts::{Balances, Counts};
use persistence::verify::derived::StoredAccount;
use persistence::views::formula::{Formula, Share};
use persistence::views::{self, Snapshot, as_of};
use serde::Serialize;

use crate::recalculate::{apply, sums};
use crate::verify::accounts::counts_after;
use crate::verify::plans::PlanHistory;
use crate::{Context, Error, Outcome, Result};

/// Calculates an account.
#[derive(Debug, Args)]
#[command(after_help = "\
Beside the ledger stands the formula that looks at what is unlocked by now only: the ledger plus what
nobody received, line by line, where this account would have and has unlocked that level or tier since.

Exit codes: 0 the stored balances and counts are those of the lines and the journal, 1 they are not.")]
pub struct Calculate {
    /// The account's sequence
    account: String,
    /// Print one object instead of tables
    #[arg(long)]
    json: bool,
}

/// Everything about one account; amounts as strings.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Calculation {
    account_sequence: AccountSequence,
    version: Option<i64>,
    effective_on: NaiveDate,
    stored: Option<BalanceColumns>,
    summed: BalanceColumns,
    lines: Vec<Kind>,
    stored_counts: CountColumns,
    counts: CountColumns,
    formula: Formula,
    differences: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct BalanceColumns {
    personal: Amount,
    team_level: Amount,
    team_bonus: Amount,
    total: Amount,
    effective: Amount,
}

#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Kind {
    source_type: String,
    lines: i64,
    live: Amount,
    not_yet: Amount,
    expired: Amount,
}

#[derive(Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct CountColumns {
    seq: i64,
    has_adopted: bool,
    direct_referral_adopted_count: i32,
    unlocked_level_depth: i32,
    unlocked_bonus_tiers: i32,
}

/// Reads, shows, and is bad when something stored differs.
pub async fn run(args: Calculate, context: &Context) -> Result<Outcome> {
    let account = AccountSequence::parse(&args.account).map_err(|error| Error::Usage(error.to_string()))?;
    let pool = context.database()?;
    let mut snapshot = views::snapshot(&pool).await?;
    let calculation = calculate(&mut snapshot, account).await?;
    if args.json {
        answer!("{}", serde_json::to_string_pretty(&calculation).map_err(std::io::Error::from)?);
    } else {
        show(&calculation);
    }
    Ok(if calculation.differences.is_empty() { Outcome::Good } else { Outcome::Bad })
}

async fn calculate(snapshot: &mut Snapshot, account: AccountSequence) -> Result<Calculation> {
    let name = account.as_str();
    let (_, day) = as_of::read(snapshot).await?;
    let effective_on = day.effective_on(name)?;
    let stored = single::account(snapshot, name).await?;
    let kinds = single::lines(snapshot, name, effective_on).await?;
    let plans = PlanHistory::read(snapshot).await?;
    let counts = match single::newest_effect(snapshot, name).await? {
        None => Counts::default(),
        Some(counted) => {
            let (_, newest) = apply::effect(counted)?;
            counts_after(newest.seq, &newest.effect, Some(newest.carried_out), &plans)
        }
    };
    if stored.is_none() && kinds.is_empty() && !views::account::is_known(snapshot, &account).await? {
        return Err(Error::NotFound(format!("no user, referral or entry names an account {name}")));
    }
    let (row, version) = stored.map_or((None, None), |(row, version)| (Some(row), Some(version)));
    let balances = summed(&kinds)?;
    let expected = row.is_some() || !kinds.is_empty() || counts.seq > 0;
    let settled = day.day == effective_on && day.roll_phase == "idle";
    let differences =
        if expected { differences(row.as_ref(), &balances, &counts, settled) } else { Vec::new() };
    let missed = single::missed(snapshot, name).await?;
    Ok(Calculation {
        version,
        effective_on,
        stored: row.as_ref().map(|row| BalanceColumns::of(&row.balances)).transpose()?,
        summed: BalanceColumns::of(&balances)?,
        lines: kinds.iter().map(Kind::of).collect::<Result<_>>()?,
        stored_counts: CountColumns::of(&row.map_or_else(Counts::default, |row| row.counts)),
        formula: formula(
            Amount::from_decimal(balances.total).map_err(persistence::Error::from)?,
            &counts,
            &missed,
        )?,
        counts: CountColumns::of(&counts),
        differences,
        account_sequence: account,
    })
}

/// The balance columns that the lines give.
fn summed(kinds: &[KindSums]) -> Result<Balances> {
    let amount = |decimal| Amount::from_decimal(decimal).map_err(persistence::Error::from);
    let mut sums = crate::recalculate::walk::Sums::default();
    for kind in kinds {
        let parts = [amount(kind.live)?, amount(kind.not_yet)?, amount(kind.expired)?];
        let column = match SourceType::parse(&kind.source_type) {
            Some(SourceType::Personal) => &mut sums.personal,
            Some(SourceType::TeamLevel) => &mut sums.team_level,
            Some(SourceType::TeamBonus) => &mut sums.team_bonus,
            None => {
                return Err(persistence::Error::corrupt(format!("lines of kind {}", kind.source_type)).into());
            }
        };
        *column = Amount::checked_sum(parts).map_err(persistence::Error::from)?;
        sums.effective = sums.effective.checked_add(parts[0]).map_err(persistence::Error::from)?;
    }
    Ok(sums::balances(&sums)?)
}

/// What is stored otherwise. While a roll brings accounts over, effective contribution mixes two days: not judged.
fn differences(row: Option<&StoredAccount>, lines: &Balances, counts: &Counts, settled: bool) -> Vec<String> {
    let Some(row) = row else { return vec!["it has lines or counts, and no row".to_owned()] };
    let lines = if settled { *lines } else { Balances { effective: row.balances.effective, ..*lines } };
    let mut differences = Vec::new();
    differences.extend(sums::unlike(&row.balances, &lines));
    if row.counts != *counts {
        differences.push(format!("counts are {:?} and should be {counts:?}", row.counts));
    }
    differences
}

impl BalanceColumns {
    fn of(balances: &Balances) -> Result<Self> {
        let amount = |decimal| Amount::from_decimal(decimal).map_err(persistence::Error::from);
        Ok(Self {
            personal: amount(balances.personal)?,
            team_level: amount(balances.team_level)?,
            team_bonus: amount(balances.team_bonus)?,
            total: amount(balances.total)?,
            effective: amount(balances.effective)?,
        })
    }

    fn columns(self) -> [(&'static str, Amount); 5] {
        [
            ("personal", self.personal),
            ("team level", self.team_level),
            ("team bonus", self.team_bonus),
            ("total", self.total),
            ("effective", self.effective),
        ]
    }
}

impl Kind {
    fn of(sums: &KindSums) -> Result<Self> {
        let amount = |decimal| Amount::from_decimal(decimal).map_err(persistence::Error::from);
        Ok(Self {
            source_type: sums.source_type.clone(),
            lines: sums.lines,
            live: amount(sums.live)?,
            not_yet: amount(sums.not_yet)?,
            expired: amount(sums.expired)?,
        })
    }
}

impl CountColumns {
    fn of(counts: &Counts) -> Self {
        Self {
            seq: counts.seq,
            has_adopted: counts.has_adopted,
            direct_referral_adopted_count: counts.directs,
            unlocked_level_depth: counts.depth,
            unlocked_bonus_tiers: counts.tiers,
        }
    }

    fn columns(&self) -> [(&'static str, String); 5] {
        [
            ("newest entry that changed them", self.seq.to_string()),
            ("has adopted", self.has_adopted.to_string()),
            ("direct referrals that adopted", self.direct_referral_adopted_count.to_string()),
            ("unlocked level depth", self.unlocked_level_depth.to_string()),
            ("unlocked bonus tiers", self.unlocked_bonus_tiers.to_string()),
        ]
    }
}

/// The formula, from the lines themselves.
fn formula(ledger: Amount, counts: &Counts, missed: &[Missed]) -> Result<Formula> {
    let small = |count: i32| u8::try_from(count).unwrap_or(0);
    let (depth, tiers) = (small(counts.depth), small(counts.tiers));
    let shares =
        missed.iter().filter(|missed| missed.kind.is_unlocked_by(depth, tiers)).map(|missed| Share {
            name: match missed.kind {
                UnallocatedKind::LevelOverflow(level) => format!("level {level}"),
                UnallocatedKind::BonusTier(tier) => format!("bonus tier {tier}"),
                UnallocatedKind::Rounding => "rounding".to_owned(),
            },
            lines: missed.lines,
            amount: missed.amount,
        });
    Ok(Formula::of(ledger, shares.collect()).map_err(persistence::Error::from)?)
}

fn show(of: &Calculation) {
    let version = of.version.map_or_else(|| "no row".to_owned(), |version| format!("version {version}"));
    answer!("account {}: {version}, effective on {}\n", of.account_sequence, of.effective_on);
    answer!("{:<32}{:>28}{:>28}", "balances", "stored", "sum of the lines");
    for (place, (name, sum)) in of.summed.columns().into_iter().enumerate() {
        let stored =
            of.stored.map_or_else(|| "none".to_owned(), |stored| stored.columns()[place].1.to_string());
        answer!("  {name:<30}{stored:>28}{:>28}", sum.to_string());
    }
    answer!("\n{:<16}{:>10}{:>28}{:>28}{:>28}", "lines", "", "live", "not yet live", "expired");
    for kind in &of.lines {
        let (live, not_yet, expired) =
            (kind.live.to_string(), kind.not_yet.to_string(), kind.expired.to_string());
        answer!("  {:<14}{:>10}{live:>28}{not_yet:>28}{expired:>28}", kind.source_type, kind.lines);
    }
    answer!("\n{:<32}{:>28}{:>28}", "counts", "stored", "by the newest entry");
    for ((name, right), (_, stored)) in of.counts.columns().into_iter().zip(of.stored_counts.columns()) {
        answer!("  {name:<30}{stored:>28}{right:>28}");
    }
    answer!("\nby the formula that looks at what is unlocked now");
    let row = |name: &str, amount: Amount| answer!("  {name:<30}{:>28}", amount.to_string());
    row("ledger", of.formula.ledger);
    row("formula", of.formula.today);
    row("difference", of.formula.difference);
    for share in &of.formula.unlocked_since {
        answer!("    {:<28}{:>28}  {} lines", share.name, share.amount.to_string(), share.lines);
    }
    if of.differences.is_empty() {
        answer!("\n✓ what is stored is what the lines and the journal give");
    } else {
        answer!("\n✗ {}", of.differences.join("\n  "));
    }
}
