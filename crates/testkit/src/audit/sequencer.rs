//! The sequencer's own state against the replay's.

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::AuditError;
use super::accounts::{Account, Referrer};
use super::amount::parse;
use super::replay::Replay;
use super::report::{Check, Findings};

#[derive(sqlx::FromRow)]
struct AccountRow {
    account_sequence: String,
    referrer_known: bool,
    referrer: Option<String>,
    live_adoptions: i32,
    direct_adopted: i32,
    last_seq: i64,
}

/// Compares `sequencer_state` and `sequencer_accounts`.
pub(crate) async fn compare(
    connection: &mut PgConnection,
    replay: &mut Replay<'_>,
    findings: &mut Findings,
) -> Result<(), AuditError> {
    state(connection, replay, findings).await?;
    accounts(connection, replay, findings).await
}

async fn state(
    connection: &mut PgConnection,
    replay: &Replay<'_>,
    findings: &mut Findings,
) -> Result<(), AuditError> {
    const STATE: &str = "SELECT last_seq, network_trees, gross_base::text FROM sequencer_state";
    let row: Option<(i64, i64, String)> = sqlx::query_as(STATE).fetch_optional(connection).await?;
    let Some((last_seq, trees, gross)) = row else {
        findings.check(Check::SequencerState, false, || "sequencer_state is empty".to_owned());
        return Ok(());
    };
    findings.check(Check::SequencerState, last_seq == replay.last_seq, || {
        format!("last_seq {last_seq}, expected {}", replay.last_seq)
    });
    findings.check(Check::SequencerState, trees == replay.network_trees, || {
        format!("network_trees {trees}, expected {}", replay.network_trees)
    });
    findings.check(Check::SequencerState, parse(&gross).as_ref() == Ok(&replay.gross_base), || {
        format!("gross_base {gross}, expected {}", replay.gross_base.to_plain_string())
    });
    Ok(())
}

async fn accounts(
    connection: &mut PgConnection,
    replay: &mut Replay<'_>,
    findings: &mut Findings,
) -> Result<(), AuditError> {
    const ACCOUNTS: &str =
        "SELECT account_sequence, referrer_known, referrer, live_adoptions, direct_adopted, last_seq
        FROM sequencer_accounts";
    replay.accounts.iter_mut().for_each(|account| account.met = false);
    let mut rows = sqlx::query_as::<_, AccountRow>(ACCOUNTS).fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let name = &row.account_sequence;
        let Some(id) = replay.accounts.find(name) else {
            findings.check(Check::SequencerAccounts, false, || format!("no entry names {name}"));
            continue;
        };
        replay.accounts.get_mut(id).met = true;
        let account = replay.accounts.get(id);
        let referrer = match account.referrer {
            Referrer::Unknown => (false, None),
            Referrer::None => (true, None),
            Referrer::Known(referrer) => (true, Some(replay.accounts.name(referrer))),
        };
        let counts = (i64::from(row.live_adoptions), i64::from(row.direct_adopted));
        let holds = (row.referrer_known, row.referrer.as_deref()) == referrer
            && counts == (account.live, account.directs)
            && (account.changed_seq..=replay.last_seq).contains(&row.last_seq);
        findings.check(Check::SequencerAccounts, holds, || {
            format!(
                "{name}: referrer {:?}, counts {counts:?}, last_seq {}, expected {referrer:?}, {:?}, {}",
                (row.referrer_known, &row.referrer),
                row.last_seq,
                (account.live, account.directs),
                account.changed_seq
            )
        });
    }
    drop(rows);
    for (_, account) in replay.accounts.iter().filter(|(_, account)| has_state(account) && !account.met) {
        findings.check(Check::SequencerAccounts, false, || format!("{} has no row", account.name));
    }
    Ok(())
}

/// Whether there is anything to say of it that is not so of everybody.
fn has_state(account: &Account) -> bool {
    account.referrer != Referrer::Unknown || account.live != 0 || account.directs != 0
}
