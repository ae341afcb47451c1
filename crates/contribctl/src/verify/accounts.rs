//! Identity 2: every account's row beside the sums of its lines and the newest entry that changed its counts.

use std::collections::HashSet;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{AccountSequence, Effect};
use persistence::verify::Moment;
use persistence::verify::accounts::{self, Account, Balances, Counts};
use persistence::{PgConnection, Result};

use super::ledger::Walked;
use super::plans::PlanHistory;
use super::{Finding, Findings, RANGE};
use crate::Progress;

/// Looks at every account with a row, a line or an effect.
pub async fn check(
    connection: &mut PgConnection,
    moment: &Moment,
    walked: &Walked,
    findings: &mut Findings,
    progress: &Progress,
) -> Result<()> {
    let finding = &mut findings.accounts;
    let mut seen = HashSet::with_capacity(walked.newest.len());
    let mut after = String::new();
    loop {
        let boundary = accounts::boundary(connection, &after, RANGE).await?;
        let through = boundary.clone().unwrap_or_else(accounts::behind_all);
        let range = accounts::range(connection, &after, &through, &moment.day).await?;
        finding.checked(range.len());
        progress.add(range.len() as u64);
        for account in &range {
            balances(account, finding);
            counts(account, walked, finding);
            if let Ok(name) = AccountSequence::parse(&account.account) {
                seen.insert(name);
            }
        }
        let Some(boundary) = boundary else { break };
        after = boundary;
    }
    for account in walked.newest.keys().filter(|account| !seen.contains(*account)) {
        finding.wrong(format!("{account} has no row, and an entry that changed its counts"));
    }
    Ok(())
}

fn balances(account: &Account, finding: &mut Finding) {
    let Some(row) = &account.row else {
        finding.wrong(format!("{} has lines and no row", account.account));
        return;
    };
    let Balances { personal, team_level, team_bonus, total, effective } = row;
    let lines = &account.lines;
    let columns = [
        ("personal_contribution", personal, lines.personal),
        ("team_level_contribution", team_level, lines.team_level),
        ("team_bonus_contribution", team_bonus, lines.team_bonus),
        ("total_contribution", total, lines.total),
        ("effective_contribution", effective, lines.effective),
    ];
    let wrong: Vec<String> = columns
        .iter()
        .filter(|(_, row, lines)| *row != lines)
        .map(|(column, row, lines)| format!("{column} is {row}, its lines give {lines}"))
        .collect();
    if !wrong.is_empty() {
        finding.wrong(format!("{}: {}", account.account, wrong.join("; ")));
    }
}

fn counts(account: &Account, walked: &Walked, finding: &mut Finding) {
    let stored = account.counts;
    let right = right_counts(account, walked);
    if stored != right {
        finding.wrong(format!("{}: counts are {stored:?} and should be {right:?}", account.account));
    }
}

fn right_counts(account: &Account, walked: &Walked) -> Counts {
    match walked.newest.get(account.account.as_str()) {
        Some((seq, effect)) => counts_after(*seq, effect, account.counted, &walked.plans),
        None => Counts::default(),
    }
}

/// What the newest effect on an account gives. Depth and tiers go by the plan of the day on which the row was written,
/// `counted` with the moment.
pub fn counts_after(
    seq: i64,
    effect: &Effect,
    counted: Option<(NaiveDate, DateTime<Utc>)>,
    plans: &PlanHistory,
) -> Counts {
    let has_adopted = effect.live > 0;
    let unlock = counted.map(|(day, at)| &plans.for_date(day, at).unlock);
    Counts {
        seq,
        has_adopted,
        directs: i32::try_from(effect.directs).unwrap_or(i32::MAX),
        depth: unlock.map_or(0, |unlock| unlock.level_depth(effect.directs).into()),
        tiers: unlock.map_or(0, |unlock| unlock.bonus_tiers(has_adopted, effect.directs).into()),
    }
}
