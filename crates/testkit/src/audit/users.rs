//! `synced_users.contribution_calculated`: the account's first entry was carried out.

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::accounts::Accounts;
use super::report::{Check, Findings};

/// Compares the mark of every user that is there.
pub(crate) async fn compare(
    connection: &mut PgConnection,
    accounts: &Accounts,
    findings: &mut Findings,
) -> Result<(), sqlx::Error> {
    const USERS: &str = "SELECT account_sequence, coalesce(contribution_calculated, FALSE) FROM synced_users
        WHERE source_deleted_at IS NULL AND NOT displaced";
    let mut rows = sqlx::query_as::<_, (String, bool)>(USERS).fetch(connection);
    while let Some((account, marked)) = rows.try_next().await? {
        let expected = accounts.find(&account).is_some_and(|id| accounts.get(id).carried_out);
        findings.check(Check::UsersCalculated, marked == expected, || {
            format!("{account}: contribution_calculated is {marked}, expected {expected}")
        });
    }
    Ok(())
}
