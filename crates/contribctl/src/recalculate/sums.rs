//! The sums beside the rows that show them.

use std::collections::HashSet;

use chrono::NaiveDate;
use domain::{AccountSequence, Amount, SystemAccount};
use persistence::ledger::system_account_id;
use persistence::rebuild::Missing;
use persistence::verify::accounts::{Balances, Counts};
use persistence::verify::derived::{self, StoredAccount};
use persistence::verify::{Moment, numbering, system};
use persistence::{PgConnection, Result};
use uuid::Uuid;

use super::Differences;
use super::walk::{Part, Sums};
use crate::Progress;
use crate::verify::accounts::counts_after;
use crate::verify::plans::PlanHistory;

/// Rows that are read together.
const PAGE: i64 = 5_000;

/// The rows that have to be written anew.
#[derive(Debug, Default)]
pub struct Wrong {
    /// Accounts.
    pub accounts: Vec<String>,
    /// System accounts, with what they lack.
    pub system: Vec<Missing>,
    /// Adoptions, by upstream's id.
    pub adoptions: Vec<Uuid>,
    /// Users, by upstream's id, with the account and the right mark.
    pub users: Vec<(Uuid, String, bool)>,
    /// Accounts, `SYS-…` among them, whose daily amounts differ.
    pub daily: Vec<String>,
    /// Days on which missed amounts differ.
    pub missed: Vec<NaiveDate>,
    /// Accounts whose team statistics differ.
    pub team: Vec<String>,
}

/// Compares every row.
pub async fn compare(
    connection: &mut PgConnection,
    moment: &Moment,
    plans: &PlanHistory,
    part: &mut Part,
    differences: &mut Differences,
    wrong: &mut Wrong,
    progress: &Progress,
) -> Result<()> {
    progress.say(format!("{} accounts", moment.accounts));
    accounts(connection, plans, part, differences, wrong).await?;
    system_accounts(connection, part, differences, wrong).await?;
    progress.say(format!("{} adoptions", moment.adoptions));
    differences.adoptions.checked(usize::try_from(moment.adoptions).unwrap_or(0));
    adoptions(connection, differences, wrong).await?;
    progress.say("users");
    users(connection, part, differences, wrong).await
}

async fn accounts(
    connection: &mut PgConnection,
    plans: &PlanHistory,
    part: &Part,
    differences: &mut Differences,
    wrong: &mut Wrong,
) -> Result<()> {
    let nothing = Sums::default();
    let mut seen = HashSet::with_capacity(part.accounts.len());
    let mut after = String::new();
    loop {
        let page = derived::accounts(connection, &after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after.clone_from(&last.account);
        for row in &page {
            let known = part.accounts.get_key_value(row.account.as_str());
            let right = StoredAccount {
                account: row.account.clone(),
                balances: balances(known.map_or(&nothing, |(_, sums)| sums))?,
                counts: counts(known.map_or(&nothing, |(_, sums)| sums), plans),
            };
            differences.balances.checked(1);
            differences.counts.checked(1);
            if let Some(how) = unlike(&row.balances, &right.balances) {
                differences.balances.differs(format!("{}: {how}", row.account));
            }
            if row.counts != right.counts {
                let (is, should) = (&row.counts, &right.counts);
                differences.counts.differs(format!("{}: are {is:?} and should be {should:?}", row.account));
            }
            if *row != right {
                wrong.accounts.push(row.account.clone());
            }
            if let Some((name, _)) = known {
                seen.insert(name.clone());
            }
        }
    }
    let mut missing: Vec<&AccountSequence> = part
        .accounts
        .iter()
        .filter(|(name, sums)| sums.has_row() && !seen.contains(*name))
        .map(|(name, _)| name)
        .collect();
    missing.sort_unstable();
    for account in missing {
        differences.balances.differs(format!("{account}: has no row; its version will begin anew"));
        wrong.accounts.push(account.as_str().to_owned());
    }
    wrong.accounts.sort_unstable();
    Ok(())
}

/// The balance columns that these sums give.
pub fn balances(sums: &Sums) -> Result<Balances> {
    let total = Amount::checked_sum([sums.personal, sums.team_level, sums.team_bonus])?;
    Ok(Balances {
        personal: sums.personal.to_decimal()?,
        team_level: sums.team_level.to_decimal()?,
        team_bonus: sums.team_bonus.to_decimal()?,
        total: total.to_decimal()?,
        effective: sums.effective.to_decimal()?,
    })
}

/// The counts that the newest effect gives.
pub fn counts(sums: &Sums, plans: &PlanHistory) -> Counts {
    let newest = sums.newest.as_ref();
    newest.map_or_else(Counts::default, |newest| {
        counts_after(newest.seq, &newest.effect, Some(newest.carried_out), plans)
    })
}

/// In what two rows' balances differ.
pub fn unlike(row: &Balances, right: &Balances) -> Option<String> {
    let columns = [
        ("personal_contribution", row.personal, right.personal),
        ("team_level_contribution", row.team_level, right.team_level),
        ("team_bonus_contribution", row.team_bonus, right.team_bonus),
        ("total_contribution", row.total, right.total),
        ("effective_contribution", row.effective, right.effective),
    ];
    let wrong: Vec<String> = columns
        .iter()
        .filter(|(_, row, right)| row != right)
        .map(|(column, row, right)| format!("{column} is {row} and should be {right}"))
        .collect();
    (!wrong.is_empty()).then(|| wrong.join("; "))
}

async fn system_accounts(
    connection: &mut PgConnection,
    part: &Part,
    differences: &mut Differences,
    wrong: &mut Wrong,
) -> Result<()> {
    let rows = system::accounts(connection).await?;
    differences.system.checked(rows.len());
    for account in SystemAccount::ALL {
        let (balance, effective) = part.system.get(&account).copied().unwrap_or_default();
        let Some(row) = rows.iter().find(|row| row.id == system_account_id(account)) else {
            differences.system.differs(format!("{account}: has no row; migrations create it"));
            continue;
        };
        let lacks = Missing {
            account_type: row.account_type.clone(),
            balance: balance.checked_sub(Amount::from_decimal(row.balance)?)?.to_decimal()?,
            effective: effective.checked_sub(Amount::from_decimal(row.effective)?)?.to_decimal()?,
        };
        if !lacks.balance.is_zero() || !lacks.effective.is_zero() {
            differences.system.differs(format!(
                "{account}: contribution_balance is {} and should be {balance}, effective_balance is {} and should \
                 be {effective}",
                row.balance, row.effective
            ));
            wrong.system.push(lacks);
        }
    }
    Ok(())
}

async fn adoptions(
    connection: &mut PgConnection,
    differences: &mut Differences,
    wrong: &mut Wrong,
) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let boundary = numbering::boundary(connection, after, PAGE).await?;
        for flag in numbering::wrong_flags(connection, after, boundary.unwrap_or(Uuid::max())).await? {
            let entry = |seq: Option<i64>| seq.map_or_else(|| "none".to_owned(), |seq| seq.to_string());
            differences.adoptions.differs(format!(
                "adoption {}: its latest entry is {}, by its own row {}; marked as distributed: {}, carried out: {}",
                flag.id,
                entry(flag.latest_seq),
                entry(flag.entry_seq),
                flag.distributed,
                flag.carried_out
            ));
            wrong.adoptions.push(flag.id);
        }
        let Some(boundary) = boundary else { return Ok(()) };
        after = boundary;
    }
}

async fn users(
    connection: &mut PgConnection,
    part: &Part,
    differences: &mut Differences,
    wrong: &mut Wrong,
) -> Result<()> {
    let mut after = Uuid::nil();
    loop {
        let page = derived::users(connection, after, PAGE).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        differences.users.checked(page.len());
        for user in page {
            let begun = part.accounts.get(user.account.as_str()).is_some_and(|sums| sums.begun);
            if begun != user.calculated {
                differences.users.differs(format!(
                    "{}: contribution_calculated is {} and should be {begun}",
                    user.account, user.calculated
                ));
                wrong.users.push((user.id, user.account, begun));
            }
        }
    }
}
