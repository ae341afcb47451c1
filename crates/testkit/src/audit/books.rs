//! The summaries against the auditor's own sums and counts (RULES sections 5, 6 and 8).

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::AuditError;
use super::accounts::{Account, Accounts};
use super::amount::{Amount, parse};
use super::ledger::SystemSums;
use super::lines::SYSTEM;
use super::plans::Plans;
use super::replay::Replay;
use super::report::{Check, Findings};

const ACCOUNTS: &str = "SELECT account_sequence, personal_contribution::text AS personal,
    team_level_contribution::text AS team_level, team_bonus_contribution::text AS team_bonus,
    total_contribution::text AS total, effective_contribution::text AS effective, has_adopted,
    direct_referral_adopted_count, unlocked_level_depth, unlocked_bonus_tiers, unlock_seq FROM contribution_accounts";

#[derive(sqlx::FromRow)]
struct AccountRow {
    account_sequence: String,
    personal: String,
    team_level: String,
    team_bonus: String,
    total: String,
    effective: String,
    has_adopted: bool,
    direct_referral_adopted_count: i32,
    unlocked_level_depth: i32,
    unlocked_bonus_tiers: i32,
    unlock_seq: i64,
}

/// Compares `contribution_accounts`; gives the sum of its totals.
pub(crate) async fn accounts(
    connection: &mut PgConnection,
    accounts: &mut Accounts,
    plans: &Plans,
    findings: &mut Findings,
) -> Result<Amount, AuditError> {
    let mut totals = Amount::default();
    let mut rows = sqlx::query_as::<_, AccountRow>(ACCOUNTS).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let known = accounts.find(&row.account_sequence).filter(|id| needs_row(accounts.get(*id)));
        findings.check(Check::AccountsRows, known.is_some(), || {
            format!("{} has a row, but neither a line nor an effect", row.account_sequence)
        });
        match parse(&row.total) {
            Ok(total) => totals += total,
            Err(why) => {
                findings.check(Check::AccountsBalance, false, || format!("{}: {why}", row.account_sequence));
            }
        }
        if let Some(id) = known {
            let account = accounts.get_mut(id);
            account.met = true;
            balances(&row, account, findings);
            counts(&row, account, plans, findings);
        }
    }
    for (_, account) in accounts.iter().filter(|(_, account)| needs_row(account) && !account.met) {
        findings.check(Check::AccountsRows, false, || format!("{} has no row", account.name));
    }
    Ok(totals)
}

fn needs_row(account: &Account) -> bool {
    account.has_lines || account.shown.seq > 0
}

fn balances(row: &AccountRow, account: &Account, findings: &mut Findings) {
    let shown = [&row.personal, &row.team_level, &row.team_bonus, &row.total];
    let total: Amount = account.sums.iter().sum();
    let names = ["personal", "team level", "team bonus", "total"];
    for ((name, shown), sum) in names.iter().zip(shown).zip(account.sums.iter().chain([&total])) {
        equal(Check::AccountsBalance, &format!("{} {name}", account.name), shown, sum, findings);
    }
    equal(Check::AccountsEffective, &account.name, &row.effective, &account.effective, findings);
}

/// A column is the sum that it should be.
fn equal(check: Check, what: &str, shown: &str, sum: &Amount, findings: &mut Findings) {
    findings.check(check, parse(shown).as_ref() == Ok(sum), || {
        format!("{what} is {shown}, its lines give {}", sum.to_plain_string())
    });
}

fn counts(row: &AccountRow, account: &Account, plans: &Plans, findings: &mut Findings) {
    let (name, shown) = (&account.name, &account.shown);
    let directs = i64::from(row.direct_referral_adopted_count);
    findings.check(
        Check::AccountsCounts,
        (row.has_adopted, directs) == (shown.adopted, shown.directs),
        || {
            format!(
                "{name} shows adopted {}, directs {directs}, expected {}, {}",
                row.has_adopted, shown.adopted, shown.directs
            )
        },
    );
    findings.check(Check::AccountsUnlockSeq, row.unlock_seq == shown.seq, || {
        format!("{name}: unlock_seq {}, expected {}", row.unlock_seq, shown.seq)
    });
    let (depth, tiers) = (i64::from(row.unlocked_level_depth), i64::from(row.unlocked_bonus_tiers));
    // A row that no effect has touched shows what nothing unlocks: zeros, or what a plan gives to everybody.
    let untouched = shown.seq == 0 && tiers == 0 && plans.any(|plan| plan.depth(0) == depth);
    findings.check(Check::AccountsUnlock, untouched || (depth, tiers) == (shown.depth, shown.tiers), || {
        format!("{name} shows depth {depth}, tiers {tiers}, expected {}, {}", shown.depth, shown.tiers)
    });
}

/// Compares `system_accounts`; gives the sum of its balances.
pub(crate) async fn system_accounts(
    connection: &mut PgConnection,
    sums: &[SystemSums; 4],
    findings: &mut Findings,
) -> Result<Amount, AuditError> {
    const ROWS: &str = "SELECT id::text, account_type, coalesce(contribution_balance::text, 'NULL'),
        effective_balance::text FROM system_accounts ORDER BY id";
    let rows: Vec<(String, String, String, String)> = sqlx::query_as(ROWS).fetch_all(connection).await?;
    let found: Vec<(&str, &str)> = rows.iter().map(|row| (row.0.as_str(), row.1.as_str())).collect();
    let ids: Vec<String> = (1..=SYSTEM.len()).map(|n| format!("00000000-0000-8000-8000-{n:012}")).collect();
    let expected: Vec<(&str, &str)> = ids.iter().map(String::as_str).zip(SYSTEM).collect();
    findings.check(Check::SystemRows, found == expected, || format!("{found:?}, expected {expected:?}"));
    let mut total = Amount::default();
    for (place, name) in SYSTEM.iter().enumerate() {
        let Some((_, _, balance, effective)) = rows.iter().find(|row| row.1 == *name) else { continue };
        equal(Check::SystemBalance, name, balance, &sums[place].balance, findings);
        equal(Check::SystemEffective, name, effective, &sums[place].effective, findings);
        total += parse(balance).unwrap_or_default();
    }
    Ok(total)
}

/// Identity 4: what everybody has is what was distributed.
pub(crate) fn conservation(totals: &Amount, replay: &Replay<'_>, findings: &mut Findings) {
    let expected = &replay.carried_base;
    findings.check(Check::Conservation, totals == expected, || {
        format!("balances add up to {}, distributed {}", totals.to_plain_string(), expected.to_plain_string())
    });
}
