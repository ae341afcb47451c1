//! One audit: the journal and its lines span by span, then the summaries.

use std::collections::HashMap;

use futures::TryStreamExt;
use sqlx::types::Uuid;
use sqlx::{Executor, PgConnection};

use super::chunks::{Carried, Chunks};
use super::clock::Clock;
use super::daily::AddedUp;
use super::entry::{self, Entry, JournalRow};
use super::ledger::{Ledger, Span, SystemSums};
use super::lines::Sheet;
use super::missed::MissedDaily;
use super::plans::Plans;
use super::readiness::Judge;
use super::referrals::Referrals;
use super::replay::{Numbered, Replay};
use super::report::{Check, Findings, Report};
use super::rows::TABLES;
use super::source::{self, Unsettled};
use super::{AuditError, Options, books, holdings, sequencer, team, users};

/// Entries that are compared at a time.
const WINDOW: i64 = 8_192;
/// The greatest number that the id of a line can hold.
const GREATEST_SEQ: i64 = (1 << 48) - 2;

/// Texts are read in one form, and spans in the order of their index: fresh tables have no statistics yet.
async fn prepare(connection: &mut PgConnection) -> Result<(), sqlx::Error> {
    for setting in [
        "DateStyle = 'ISO, YMD'",
        "TimeZone = 'UTC'",
        "statement_timeout = 0",
        "idle_in_transaction_session_timeout = 0",
        "enable_seqscan = off",
        "enable_bitmapscan = off",
        "enable_hashjoin = off",
        "enable_mergejoin = off",
        "jit = off",
    ] {
        connection.execute(&*format!("SET LOCAL {setting}")).await?;
    }
    Ok(())
}

/// The whole audit, in the transaction of `connection`.
pub(super) async fn run(
    connection: &mut PgConnection,
    options: &Options,
    progress: &mut impl FnMut(i64, i64),
) -> Result<Report, AuditError> {
    prepare(connection).await?;
    let mut findings = Findings::new();
    let plans = Plans::load(connection, &mut findings).await?;
    let clock = Clock::load(connection).await?;
    let unsettled = unsettled(connection).await?;
    let numbered = numbered(connection).await?;
    let mut audit = Audit {
        clock: &clock,
        unsettled: &unsettled,
        replay: Replay::new(&plans, options, numbered),
        chunks: Chunks::default(),
        system: Default::default(),
        first_open: None,
        added_up: AddedUp::load(connection).await?,
        missed: MissedDaily::default(),
        findings,
    };
    audit.journal_and_lines(connection, progress).await?;
    audit.summaries(connection, &plans).await?;
    Ok(audit.findings.into_report())
}

/// Adoptions that changed and were not looked at yet.
async fn unsettled(connection: &mut PgConnection) -> Result<Unsettled, AuditError> {
    const QUEUED: &str =
        "SELECT DISTINCT original_adoption_id FROM sequencer_queue WHERE original_adoption_id IS NOT NULL";
    let queued = sqlx::query_scalar::<_, Uuid>(QUEUED).fetch(connection).try_collect().await?;
    Ok(Unsettled(queued))
}

/// The adoptions that need state: those with more than one entry.
async fn numbered(connection: &mut PgConnection) -> Result<HashMap<Uuid, Numbered>, AuditError> {
    const SEVERAL: &str = "SELECT original_adoption_id, max(distribution_seq) FROM distribution_journal
        WHERE original_adoption_id IS NOT NULL GROUP BY original_adoption_id HAVING count(*) > 1";
    let several = sqlx::query_as::<_, (Uuid, i64)>(SEVERAL)
        .fetch(connection)
        .map_ok(|(adoption, last_seq)| (adoption, Numbered::new(last_seq)))
        .try_collect()
        .await?;
    Ok(several)
}

/// An audit under way.
struct Audit<'a> {
    clock: &'a Clock,
    unsettled: &'a Unsettled,
    replay: Replay<'a>,
    chunks: Chunks,
    system: [SystemSums; 4],
    /// The first entry that was not carried out.
    first_open: Option<i64>,
    added_up: AddedUp,
    missed: MissedDaily,
    findings: Findings,
}

impl Audit<'_> {
    async fn journal_and_lines(
        &mut self,
        connection: &mut PgConnection,
        progress: &mut impl FnMut(i64, i64),
    ) -> Result<(), AuditError> {
        let total: Option<i64> = sqlx::query_scalar("SELECT max(distribution_seq) FROM distribution_journal")
            .fetch_one(&mut *connection)
            .await?;
        let total = total.unwrap_or(0);
        if total > GREATEST_SEQ {
            return Err(AuditError::Unreadable(format!(
                "entry {total}: a line's id cannot hold this number"
            )));
        }
        let mut from = 1;
        while from <= total {
            let rows = entry::read_window(connection, from, WINDOW).await?;
            let Some(last) = rows.last().map(|row| row.distribution_seq) else { break };
            self.window(connection, rows, Span { from: (from > 1).then_some(from), to: Some(last + 1) })
                .await?;
            from = last + 1;
            progress(last, total);
        }
        self.left_over(connection, from).await
    }

    /// One span of entries: replayed, then their lines compared.
    async fn window(
        &mut self,
        connection: &mut PgConnection,
        rows: Vec<JournalRow>,
        span: Span,
    ) -> Result<(), AuditError> {
        let begin = (span.from.unwrap_or(i64::MIN), span.to.unwrap_or(i64::MAX));
        self.chunks.read_window(connection, begin, &mut self.findings).await?;
        let mut entries = Vec::with_capacity(rows.len());
        let mut unjudged = Vec::new();
        for row in &rows {
            match self.entry(row) {
                Some(entry) => entries.push(entry),
                None => unjudged.push(row.distribution_seq),
            }
        }
        let plans = self.replay.plans;
        let mut sheets = Vec::with_capacity(entries.len());
        for (entry, carried) in &entries {
            let (Some(carried), Some(adopted)) = (carried, entry.adopted()) else { continue };
            match plans.find(adopted.plan) {
                Some(plan) => sheets.extend(Sheet::of(entry, plan, *carried)),
                None => unjudged.push(entry.seq),
            }
        }
        unjudged.sort_unstable();
        for sheet in &sheets {
            self.missed.take(sheet, &self.added_up);
        }
        self.lines(connection, span, &sheets, &unjudged).await
    }

    /// Replays one entry; `None` when it cannot be read, and then its lines are not judged.
    fn entry(&mut self, row: &JournalRow) -> Option<(Entry, Option<Carried>)> {
        let seq = row.distribution_seq;
        self.replay.number(seq, &mut self.findings);
        let carried = self.chunks.of(seq);
        if carried.is_none() {
            self.first_open.get_or_insert(seq);
        }
        let read = Entry::read(row, &mut self.replay.accounts)
            .and_then(|entry| row.source.created_at().map(|created_at| (entry, created_at)));
        self.findings.check(Check::JournalFields, read.is_ok(), || {
            format!("entry {seq}: {}", read.as_ref().err().map_or("", String::as_str))
        });
        let (entry, created_at) = read.ok()?;
        self.replay.take(&entry, created_at, carried, &mut self.findings);
        if let Some(carried) = carried {
            let holds = (entry.numbered_day..=self.clock.today).contains(&carried.booked);
            self.findings.check(Check::ChunksBooked, holds, || {
                format!("entry {seq}, numbered on {}, is booked on {}", entry.numbered_day, carried.booked)
            });
        }
        if entry.adopted().is_some_and(|adopted| self.replay.is_latest(adopted.adoption, seq)) {
            let settings = (self.replay.options, self.unsettled);
            let latest = (&entry, carried.is_some());
            source::judge(latest, &row.source, settings, &self.replay.accounts, &mut self.findings);
        }
        Some((entry, carried))
    }

    async fn lines(
        &mut self,
        connection: &mut PgConnection,
        span: Span,
        sheets: &[Sheet<'_>],
        unjudged: &[i64],
    ) -> Result<(), AuditError> {
        let mut ledger = Ledger {
            clock: self.clock,
            accounts: &mut self.replay.accounts,
            system: &mut self.system,
            findings: &mut self.findings,
        };
        for table in TABLES {
            ledger.compare(connection, table, span, sheets, unjudged).await?;
        }
        Ok(())
    }

    /// Nothing stands behind the last entry.
    async fn left_over(&mut self, connection: &mut PgConnection, from: i64) -> Result<(), AuditError> {
        let begin = (if from == 1 { i64::MIN } else { from }, i64::MAX);
        self.chunks.read_window(connection, begin, &mut self.findings).await?;
        self.chunks.end(from - 1, &mut self.findings);
        self.lines(connection, Span { from: (from > 1).then_some(from), to: None }, &[], &[]).await
    }

    async fn summaries(&mut self, connection: &mut PgConnection, plans: &Plans) -> Result<(), AuditError> {
        let findings = &mut self.findings;
        let totals = books::accounts(connection, &mut self.replay.accounts, plans, findings).await?;
        let totals = totals + books::system_accounts(connection, &self.system, findings).await?;
        books::conservation(&totals, &self.replay, findings);
        sequencer::compare(connection, &mut self.replay, findings).await?;
        users::compare(connection, &self.replay.accounts, findings).await?;
        let referrals = Referrals::load(connection, &mut self.replay.accounts).await?;
        referrals.compare(&self.replay, findings);
        let judge = Judge {
            clock: self.clock,
            unsettled: self.unsettled,
            options: self.replay.options,
            referrals: &referrals,
        };
        judge.compare(connection, &mut self.replay, findings).await?;
        let carried_through = self.first_open.unwrap_or(self.replay.last_seq + 1) - 1;
        let settings = (&self.replay.accounts, self.replay.options);
        holdings::compare(connection, settings, &self.added_up, carried_through, findings).await?;
        std::mem::take(&mut self.missed).compare(connection, &self.replay.accounts, findings).await?;
        team::compare(connection, &mut self.replay.accounts, self.clock, findings).await
    }
}
