//! The sequencer's own state as of the journal, the leader's term, and the gate before the first number.
//!
//! Written in the numbering transaction only, together with the journal; loaded whole on take-over. The row of
//! `sequencer_state` is locked after the adoptions and before the chunks. One round trip a function.

use chrono::{DateTime, Utc};
use domain::{AccountSequence, AccountState, Amount, Referrer, SequencerState};
use futures::TryStreamExt;
use sqlx::PgConnection;

use crate::{Error, Result};

/// Begins a new term: what an earlier leader still has in hand can no longer commit.
pub async fn begin_term(connection: &mut PgConnection) -> Result<i64> {
    Ok(sqlx::query_scalar!("UPDATE sequencer_state SET leader_term = leader_term + 1 RETURNING leader_term")
        .fetch_one(connection)
        .await?)
}

/// Locks the state's row, if `term` is still the one.
pub async fn hold_term(connection: &mut PgConnection, term: i64) -> Result<()> {
    let found = sqlx::query_scalar!("SELECT leader_term FROM sequencer_state FOR UPDATE")
        .fetch_one(connection)
        .await?;
    if found == term { Ok(()) } else { Err(Error::LostLeadership) }
}

/// The whole state.
pub async fn load(connection: &mut PgConnection) -> Result<SequencerState> {
    let row = sqlx::query!("SELECT last_seq, network_trees, gross_base FROM sequencer_state")
        .fetch_one(&mut *connection)
        .await?;
    let mut accounts = Vec::new();
    let mut rows = sqlx::query!(
        "SELECT account_sequence, referrer_known, referrer, live_adoptions, direct_adopted, last_seq
         FROM sequencer_accounts"
    )
    .fetch(connection);
    while let Some(row) = rows.try_next().await? {
        let referrer = match (row.referrer_known, row.referrer) {
            (false, _) => Referrer::Unknown,
            (true, None) => Referrer::None,
            (true, Some(referrer)) => Referrer::Account(AccountSequence::parse(&referrer)?),
        };
        let counted = |value: i32| u32::try_from(value).map_err(|_| Error::corrupt("a negative count"));
        let account = AccountSequence::parse(&row.account_sequence)?;
        let live = counted(row.live_adoptions)?;
        let directs = counted(row.direct_adopted)?;
        accounts.push((account, AccountState { referrer, live, directs, last_seq: row.last_seq }));
    }
    let gross_base = Amount::from_decimal(row.gross_base)?;
    Ok(SequencerState::restore(row.last_seq, row.network_trees, gross_base, accounts))
}

/// Writes the totals and the accounts that changed; the caller holds the term.
pub async fn save(
    connection: &mut PgConnection,
    state: &SequencerState,
    touched: &[(AccountSequence, AccountState)],
) -> Result<()> {
    let accounts: Vec<&str> = touched.iter().map(|(account, _)| account.as_str()).collect();
    let known: Vec<bool> =
        touched.iter().map(|(_, state)| !matches!(state.referrer, Referrer::Unknown)).collect();
    let referrers: Vec<Option<&str>> = touched
        .iter()
        .map(|(_, state)| match &state.referrer {
            Referrer::Account(referrer) => Some(referrer.as_str()),
            Referrer::Unknown | Referrer::None => None,
        })
        .collect();
    let live: Vec<i32> =
        touched.iter().map(|(_, state)| i32::try_from(state.live).unwrap_or(i32::MAX)).collect();
    let directs: Vec<i32> =
        touched.iter().map(|(_, state)| i32::try_from(state.directs).unwrap_or(i32::MAX)).collect();
    let seqs: Vec<i64> = touched.iter().map(|(_, state)| state.last_seq).collect();
    sqlx::query!(
        "INSERT INTO sequencer_accounts AS a
             (account_sequence, referrer_known, referrer, live_adoptions, direct_adopted, last_seq)
         SELECT * FROM UNNEST($1::text[], $2::bool[], $3::text[], $4::int[], $5::int[], $6::bigint[])
         ON CONFLICT (account_sequence) DO UPDATE SET referrer_known = excluded.referrer_known,
             referrer = excluded.referrer, live_adoptions = excluded.live_adoptions,
             direct_adopted = excluded.direct_adopted, last_seq = excluded.last_seq",
        &accounts as &[&str],
        &known,
        &referrers as &[Option<&str>],
        &live,
        &directs,
        &seqs
    )
    .execute(&mut *connection)
    .await?;
    sqlx::query!(
        "UPDATE sequencer_state SET last_seq = $1, network_trees = $2, gross_base = $3",
        state.last_seq,
        state.network_trees,
        state.gross_base.to_decimal()?
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// PostgreSQL's clock, at this moment.
pub async fn time(connection: &mut PgConnection) -> Result<DateTime<Utc>> {
    Ok(sqlx::query_scalar!(r#"SELECT clock_timestamp() AS "now!""#).fetch_one(connection).await?)
}

/// Notes that every change read before `through` has been judged, and what was ready of it numbered.
pub async fn note_judged(connection: &mut PgConnection, through: DateTime<Utc>, term: i64) -> Result<()> {
    sqlx::query!(
        "UPDATE sequencer_state SET judged_through = greatest(judged_through, $1) WHERE leader_term = $2",
        through,
        term
    )
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether numbering may begin. Opens the gate for good when every topic's initial snapshot has been read.
pub async fn gate_is_open(connection: &mut PgConnection, now: DateTime<Utc>) -> Result<bool> {
    let open = sqlx::query_scalar!(
        r#"SELECT bootstrap_open OR coalesce((SELECT bool_and(state = 'complete') FROM cdc_bootstrap), FALSE) AS "open!"
           FROM sequencer_state"#
    )
    .fetch_one(&mut *connection)
    .await?;
    if open {
        open_gate(connection, "snapshots read", now).await?;
    }
    Ok(open)
}

/// Opens the gate in the name of `by`, if it is shut.
pub async fn open_gate(connection: &mut PgConnection, by: &str, now: DateTime<Utc>) -> Result<()> {
    sqlx::query!(
        "UPDATE sequencer_state SET bootstrap_open = TRUE, bootstrap_opened_at = $2, bootstrap_opened_by = $1
         WHERE NOT bootstrap_open",
        by,
        now
    )
    .execute(connection)
    .await?;
    Ok(())
}
