//! The sequencer's state around one account, for asking what an adoption by it would do.
//!
//! Nothing here writes or locks; what must agree is read in one transaction of the caller's. One round trip a function.

use domain::{AccountSequence, AccountState, Amount, Referrer, SequencerState};
use sqlx::PgConnection;

use crate::{Error, Result};

/// The state as of the journal, with the accounts that a walk from `account` can come to: those above it by upstream's
/// referrers and by the journaled ones.
pub async fn state_above(connection: &mut PgConnection, account: &AccountSequence) -> Result<SequencerState> {
    let totals = sqlx::query!("SELECT last_seq, network_trees, gross_base FROM sequencer_state")
        .fetch_one(&mut *connection)
        .await?;
    let rows = sqlx::query!(
        r#"WITH RECURSIVE above (account_sequence, step) AS (
               SELECT $1::text COLLATE "C", 0
               UNION
               SELECT next.referrer, above.step + 1
               FROM above CROSS JOIN LATERAL (
                   SELECT r.referrer_account_sequence AS referrer FROM synced_referrals r
                   WHERE r.account_sequence = above.account_sequence AND r.source_deleted_at IS NULL AND NOT r.displaced
                   UNION
                   SELECT s.referrer FROM sequencer_accounts s
                   WHERE s.account_sequence = above.account_sequence) next
               WHERE next.referrer IS NOT NULL AND above.step < 15)
           SELECT s.account_sequence, s.referrer_known, s.referrer, s.live_adoptions, s.direct_adopted, s.last_seq
           FROM (SELECT DISTINCT account_sequence FROM above) a JOIN sequencer_accounts s USING (account_sequence)"#,
        account.as_str()
    )
    .fetch_all(connection)
    .await?;
    let counted = |value: i32| u32::try_from(value).map_err(|_| Error::corrupt("a negative count"));
    let accounts = rows
        .into_iter()
        .map(|row| {
            let referrer = match (row.referrer_known, row.referrer) {
                (false, _) => Referrer::Unknown,
                (true, None) => Referrer::None,
                (true, Some(referrer)) => Referrer::Account(AccountSequence::parse(&referrer)?),
            };
            let (live, directs) = (counted(row.live_adoptions)?, counted(row.direct_adopted)?);
            let state = AccountState { referrer, live, directs, last_seq: row.last_seq };
            Ok((AccountSequence::parse(&row.account_sequence)?, state))
        })
        .collect::<Result<Vec<_>>>()?;
    let gross_base = Amount::from_decimal(totals.gross_base)?;
    Ok(SequencerState::restore(totals.last_seq, totals.network_trees, gross_base, accounts))
}

/// The last number given, and the trees of the network by then.
pub async fn numbered(connection: &mut PgConnection) -> Result<(i64, i64)> {
    let row =
        sqlx::query!("SELECT last_seq, network_trees FROM sequencer_state").fetch_one(connection).await?;
    Ok((row.last_seq, row.network_trees))
}
