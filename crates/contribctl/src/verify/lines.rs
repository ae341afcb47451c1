//! Identity 8: carries entries out once more and lays the stored lines beside what comes of them.
//!
//! First byte by byte, at the speed of the server's COPY ([`EncodedLines`]); only a span that differs is read again as
//! values, to say in what.

use std::cmp::Ordering;
use std::ops::Range;

use domain::{Distribution, Entry, Fact, Line, write_lines};
use persistence::verify::encoded::EncodedLines;
use persistence::verify::lines::{self, LedgerLine};
use persistence::{Error, Kind, PgConnection, Result};
use uuid::Uuid;

use super::plans::PlanHistory;

/// Carries spans of entries out again, one after the other.
#[derive(Debug, Default)]
pub struct CarriedOutAgain {
    encoded: EncodedLines,
    wrong: Vec<String>,
}

/// What came of a span.
#[derive(Debug, Default)]
pub struct Compared {
    /// Lines looked at.
    pub checked: usize,
    /// What differs, a line each.
    pub wrong: Vec<String>,
}

impl CarriedOutAgain {
    /// Writes the lines of `entries`, which come in order, and shows each to `see`.
    pub fn write<'e>(
        &mut self,
        entries: &[&'e Entry],
        plans: &PlanHistory,
        mut see: impl FnMut(&'e Entry, &Line<'e>) -> Result<()>,
    ) -> Result<()> {
        self.encoded.clear();
        let mut lines = Vec::with_capacity(24);
        for &entry in entries {
            lines.clear();
            match lines_of(entry, plans, &mut lines) {
                Ok(None) => {}
                Ok(Some(of)) => {
                    for line in &lines {
                        self.encoded.push(entry.seq, of, line)?;
                        see(entry, line)?;
                    }
                }
                Err(why) => {
                    self.wrong.push(format!("entry {} cannot be carried out again: {why}", entry.seq));
                }
            }
        }
        Ok(())
    }

    /// Compares what was written with the stored lines of `ids`.
    pub async fn compare(
        &mut self,
        connection: &mut PgConnection,
        entries: &[&Entry],
        plans: &PlanHistory,
        ids: &Range<Uuid>,
    ) -> Result<Compared> {
        let written = usize::try_from(self.encoded.lines()).unwrap_or(usize::MAX);
        let mut compared = Compared { checked: written, wrong: std::mem::take(&mut self.wrong) };
        if self.encoded.are_stored(connection, ids).await? {
            return Ok(compared);
        }
        let right = values(entries, plans)?;
        let before = compared.wrong.len();
        match lines::range(connection, ids.start, ids.end).await {
            Ok(stored) => {
                compared.checked = right.len().max(stored.len());
                lay_beside(&right, &stored, &mut compared.wrong);
            }
            // a value that no column of ours can hold, such as NaN
            Err(error) if error.kind() == Kind::Broken && error.sqlstate().is_none() => {
                compared.wrong.push(format!("the lines of {} cannot be read: {error}", span(entries)));
            }
            Err(error) => return Err(error),
        }
        if compared.wrong.len() == before {
            compared.wrong.push(format!("the stored bytes of the lines of {} differ", span(entries)));
        }
        Ok(compared)
    }
}

/// The lines of an entry; none for a move.
fn lines_of<'e>(
    entry: &'e Entry,
    plans: &PlanHistory,
    lines: &mut Vec<Line<'e>>,
) -> std::result::Result<Option<&'e Distribution>, String> {
    let (Fact::Distribute(of) | Fact::Reverse { of, .. }) = &entry.fact else { return Ok(None) };
    let plan =
        plans.version(of.plan_version).ok_or_else(|| format!("there is no plan {}", of.plan_version))?;
    write_lines(entry, plan, lines).map_err(|error| error.to_string())?;
    Ok(Some(of))
}

/// The lines of `entries` as values; those that cannot be carried out again have been reported.
fn values(entries: &[&Entry], plans: &PlanHistory) -> Result<Vec<LedgerLine>> {
    let mut right = Vec::with_capacity(entries.len() * 24);
    for entry in entries {
        let mut lines = Vec::new();
        if let Ok(Some(of)) = lines_of(entry, plans, &mut lines) {
            for line in &lines {
                right.push(LedgerLine::of(entry.seq, of, line)?);
            }
        }
    }
    Ok(right)
}

/// Both stand in the order of their ids.
fn lay_beside(right: &[LedgerLine], stored: &[LedgerLine], wrong: &mut Vec<String>) {
    let (mut right, mut stored) = (right.iter().peekable(), stored.iter().peekable());
    loop {
        let order = match (right.peek(), stored.peek()) {
            (None, None) => return,
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(right), Some(stored)) => right.id().cmp(&stored.id()),
        };
        let missing = right.next_if(|_| order.is_le());
        let found = stored.next_if(|_| order.is_ge());
        match (missing, found) {
            (Some(right), Some(stored)) if right != stored => {
                let differences = right.differences(stored).join(", ");
                wrong.push(format!("{}: {differences}", name(stored)));
            }
            (Some(right), None) => wrong.push(format!("{} is missing", name(right))),
            (None, Some(stored)) => wrong.push(format!("{} should not be there", name(stored))),
            _ => {}
        }
    }
}

fn name(line: &LedgerLine) -> String {
    let id = line.id();
    format!("{} {id} (entry {}, slot {})", line.table(), domain::seq_of(id), domain::slot_of(id))
}

fn span(entries: &[&Entry]) -> String {
    match (entries.first(), entries.last()) {
        (Some(first), Some(last)) => format!("entries {} to {}", first.seq, last.seq),
        _ => "no entry".to_owned(),
    }
}

/// The journal's entries of a span. One that cannot be read is a fact that was changed: it is told to `wrong`.
pub async fn entries(
    connection: &mut PgConnection,
    (first, last): (i64, i64),
    mut wrong: impl FnMut(String),
) -> Result<Vec<Entry>> {
    match persistence::journal::range(connection, first, last).await {
        Ok(rows) => Ok(rows.into_iter().map(|row| row.entry).collect()),
        Err(Error::Corrupt(_)) => {
            let mut entries = Vec::new();
            for seq in first..=last {
                match persistence::journal::range(connection, seq, seq).await {
                    Ok(rows) => entries.extend(rows.into_iter().map(|row| row.entry)),
                    Err(Error::Corrupt(what)) => wrong(format!("entry {seq} cannot be read: {what}")),
                    Err(error) => return Err(error),
                }
            }
            Ok(entries)
        }
        Err(error) => Err(error),
    }
}
