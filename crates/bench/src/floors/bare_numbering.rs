//! The sequencer's floor: what numbering a pass cannot do without, as set-based SQL over the very rows that the sequencer
//! has just written, into tables of the same shape and with the same rows before.
//!
//! For each pass one transaction: journal rows, accounts of the sequencer's state, the adoptions' marks, chunks, the
//! state's row, and the queue's rows off. Nothing is judged, put into the backlog or reckoned.

use sqlx::{Connection, Executor, PgConnection, PgPool};

use super::shape;

const TABLES: [&str; 6] = [
    "distribution_journal",
    "sequencer_accounts",
    "synced_adoptions",
    "distribution_chunks",
    "sequencer_state",
    "sequencer_queue",
];

/// Makes the tables, with the rows that the service has now.
pub(crate) async fn create(pool: &PgPool) -> anyhow::Result<()> {
    shape::copy(pool, "bare", &TABLES).await?;
    for table in TABLES {
        pool.execute(&*format!("INSERT INTO bare.{table} OVERRIDING SYSTEM VALUE SELECT * FROM {table}"))
            .await?;
    }
    pool.execute(
        "CREATE TABLE bare.touched (pass BIGINT, LIKE sequencer_accounts, PRIMARY KEY (pass, account_sequence))",
    )
    .await?;
    Ok(())
}

/// Takes in what the ingestor has written and the sequencer has not looked at.
pub(crate) async fn take_in(pool: &PgPool) -> anyhow::Result<()> {
    pool.execute(
        "INSERT INTO bare.synced_adoptions SELECT * FROM synced_adoptions
             WHERE original_adoption_id IN (SELECT original_adoption_id FROM sequencer_queue);
         INSERT INTO bare.sequencer_queue OVERRIDING SYSTEM VALUE SELECT * FROM sequencer_queue",
    )
    .await?;
    Ok(())
}

/// Notes which accounts the sequencer's state changed in each pass of `pass` entries, from entry `first` on: those that
/// an entry has an effect on, and those whose referrer it was the first to need.
pub(crate) async fn note_touched(pool: &PgPool, first: i64, pass: i64) -> anyhow::Result<()> {
    pool.execute("TRUNCATE bare.touched").await?;
    sqlx::query(
        "INSERT INTO bare.touched
         WITH entries AS (
             SELECT (distribution_seq - $1) / $2 AS pass, effect_accounts, upline FROM distribution_journal
             WHERE distribution_seq >= $1),
         above AS (SELECT pass, unnest(upline) AS account FROM entries),
         touched AS (
             SELECT pass, unnest(effect_accounts) AS account FROM entries
             UNION
             SELECT min(pass), account FROM above
             WHERE NOT EXISTS (SELECT FROM bare.sequencer_accounts WHERE account_sequence = account)
             GROUP BY account)
         SELECT pass, a.* FROM touched JOIN sequencer_accounts a ON a.account_sequence = touched.account",
    )
    .bind(first)
    .bind(pass)
    .execute(pool)
    .await?;
    pool.execute("ANALYZE bare.touched").await?;
    Ok(())
}

/// Numbers the entries `first` to `last` in passes of `pass`, cut into chunks of `chunk`.
pub(crate) async fn number(
    connection: &mut PgConnection,
    (first, last): (i64, i64),
    pass: i64,
    chunk: i64,
) -> anyhow::Result<u64> {
    let mut begins = first;
    while begins <= last {
        let ends = last.min(begins + pass - 1);
        number_pass(connection, (begins - first) / pass, (begins, ends), chunk).await?;
        begins = ends + 1;
    }
    Ok(u64::try_from(last + 1 - first)?)
}

async fn number_pass(
    connection: &mut PgConnection,
    pass: i64,
    (first, last): (i64, i64),
    chunk: i64,
) -> anyhow::Result<()> {
    let mut transaction = connection.begin().await?;
    sqlx::query(
        "INSERT INTO bare.distribution_journal
         SELECT * FROM distribution_journal WHERE distribution_seq BETWEEN $1 AND $2",
    )
    .bind(first)
    .bind(last)
    .execute(&mut *transaction)
    .await?;
    let marked = sqlx::query(
        "UPDATE bare.synced_adoptions a SET distribution_state = 'sequenced', distribution_reason = NULL,
             warning = NULL, entry_seq = j.distribution_seq
         FROM distribution_journal j
         WHERE j.distribution_seq BETWEEN $1 AND $2 AND a.original_adoption_id = j.original_adoption_id",
    )
    .bind(first)
    .bind(last)
    .execute(&mut *transaction)
    .await?;
    anyhow::ensure!(i64::try_from(marked.rows_affected())? == last + 1 - first, "an adoption is missing");
    sqlx::query(
        "INSERT INTO bare.sequencer_accounts AS a
         SELECT account_sequence, referrer_known, referrer, live_adoptions, direct_adopted, last_seq
         FROM bare.touched WHERE pass = $1
         ON CONFLICT (account_sequence) DO UPDATE SET referrer_known = excluded.referrer_known,
             referrer = excluded.referrer, live_adoptions = excluded.live_adoptions,
             direct_adopted = excluded.direct_adopted, last_seq = excluded.last_seq",
    )
    .bind(pass)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "INSERT INTO bare.distribution_chunks (first_seq, last_seq)
         SELECT first, least(first + $3 - 1, $2) FROM generate_series($1, $2, $3) AS first",
    )
    .bind(first)
    .bind(last)
    .bind(chunk)
    .execute(&mut *transaction)
    .await?;
    sqlx::query(
        "DELETE FROM bare.sequencer_queue WHERE id IN (SELECT id FROM bare.sequencer_queue ORDER BY id LIMIT $1)",
    )
    .bind(last + 1 - first)
    .execute(&mut *transaction)
    .await?;
    sqlx::query("UPDATE bare.sequencer_state SET last_seq = $1")
        .bind(last)
        .execute(&mut *transaction)
        .await?;
    Ok(transaction.commit().await?)
}
