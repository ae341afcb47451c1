//! Identities 3 and 4: the system accounts beside their lines, and all balances together.

use std::collections::HashSet;

use domain::Amount;
use persistence::verify::system;
use persistence::{PgConnection, Result};

use super::Findings;
use super::ledger::Walked;

/// Compares the four rows and the totals with what the walk has summed.
pub async fn check(connection: &mut PgConnection, walked: &Walked, findings: &mut Findings) -> Result<()> {
    let accounts = system::accounts(connection).await?;
    findings.system.checked(accounts.len());
    for account in &accounts {
        let (balance, effective) = walked.system.get(&account.id).copied().unwrap_or_default();
        let columns = [
            ("contribution_balance", Amount::from_decimal(account.balance)?, balance),
            ("effective_balance", Amount::from_decimal(account.effective)?, effective),
        ];
        for (column, row, lines) in columns.into_iter().filter(|(_, row, lines)| row != lines) {
            findings
                .system
                .wrong(format!("{}: {column} is {row}, its lines give {lines}", account.account_type));
        }
    }
    let known: HashSet<_> = accounts.iter().map(|account| account.id).collect();
    for id in walked.system.keys().filter(|id| !known.contains(id)) {
        findings.system.wrong(format!("lines name a system account {id} that is not there"));
    }
    let (accounts, system) = system::totals(connection).await?;
    let (accounts, system) = (Amount::from_decimal(accounts)?, Amount::from_decimal(system)?);
    findings.totals.checked(usize::try_from(walked.entries).unwrap_or(0));
    if accounts.checked_add(system)? != walked.base {
        findings.totals.wrong(format!(
            "accounts {accounts} and system accounts {system} do not sum to {}, which was distributed",
            walked.base
        ));
    }
    Ok(())
}
