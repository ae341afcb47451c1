//! The chunks workers claim: they cover 1…N, and say on which business day an entry was carried out.

use std::collections::VecDeque;

use chrono::NaiveDate;
use sqlx::PgConnection;

use super::calendar;
use super::report::{Check, Findings};

const CHUNKS: &str = "SELECT first_seq, last_seq, booked_day::text,
        extract(epoch FROM distributed_at)::text AS distributed_at
    FROM distribution_chunks WHERE first_seq >= $1 AND first_seq < $2 ORDER BY first_seq";

#[derive(sqlx::FromRow)]
struct ChunkRow {
    first_seq: i64,
    last_seq: i64,
    booked_day: Option<String>,
    distributed_at: Option<String>,
}

/// When entries were carried out.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Carried {
    pub(crate) booked: NaiveDate,
    /// Microseconds since 1970.
    pub(crate) at: i64,
}

#[derive(Debug)]
struct Chunk {
    first: i64,
    last: i64,
    carried: Option<Carried>,
}

/// The chunks around the entry that is replayed.
#[derive(Debug, Default)]
pub(crate) struct Chunks {
    ahead: VecDeque<Chunk>,
    covered: i64,
}

impl Chunks {
    /// Reads those that begin in `from..to`.
    pub(crate) async fn read_window(
        &mut self,
        connection: &mut PgConnection,
        (from, to): (i64, i64),
        findings: &mut Findings,
    ) -> Result<(), sqlx::Error> {
        let rows: Vec<ChunkRow> = sqlx::query_as(CHUNKS).bind(from).bind(to).fetch_all(connection).await?;
        for row in rows {
            let covered = self.covered;
            findings.check(Check::ChunksCover, row.first_seq == covered.saturating_add(1), || {
                format!("chunk {} begins after {covered} were covered", row.first_seq)
            });
            self.covered = covered.max(row.last_seq);
            let carried = carried(&row);
            findings.check(Check::ChunksBooked, carried.is_ok(), || {
                format!("chunk {}: {}", row.first_seq, carried.as_ref().err().map_or("", String::as_str))
            });
            let carried = carried.unwrap_or_default();
            self.ahead.push_back(Chunk { first: row.first_seq, last: row.last_seq, carried });
        }
        Ok(())
    }

    /// How `seq` was carried out; call with rising numbers.
    pub(crate) fn of(&mut self, seq: i64) -> Option<Carried> {
        while self.ahead.front().is_some_and(|chunk| chunk.last < seq) {
            self.ahead.pop_front();
        }
        self.ahead.front().filter(|chunk| chunk.first <= seq).and_then(|chunk| chunk.carried)
    }

    /// Nothing is left over, nothing is missing.
    pub(crate) fn end(&self, last_seq: i64, findings: &mut Findings) {
        let covered = self.covered;
        findings.check(Check::ChunksCover, covered == last_seq, || {
            format!("{covered} of {last_seq} entries are covered")
        });
    }
}

fn carried(row: &ChunkRow) -> Result<Option<Carried>, String> {
    match (&row.booked_day, &row.distributed_at) {
        (None, None) => Ok(None),
        (Some(day), Some(at)) => {
            Ok(Some(Carried { booked: calendar::date(day)?, at: calendar::micros(at)? }))
        }
        _ => Err("booked_day and distributed_at go together".to_owned()),
    }
}
