//! What a reconciliation found, for a person and for a program.

use serde::Serialize;
use uuid::Uuid;

use super::Finding;
use super::compare::{How, KEPT, Row};
use crate::Result;

/// More examples than this help nobody.
const EXAMPLES: usize = 10;

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Report<'a> {
    table: &'a str,
    columns: &'a [&'static str],
    upstream_rows: u64,
    synced_rows: u64,
    missing: u64,
    extra: u64,
    different: u64,
    in_dead_letters: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    requested: Option<usize>,
    examples: Vec<Example<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Example<'a> {
    id: Uuid,
    kind: &'static str,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    columns: &'a [&'static str],
    #[serde(skip_serializing_if = "Option::is_none")]
    dead_letter: Option<&'a str>,
}

impl<'a> Example<'a> {
    fn of(row: &'a Row) -> Self {
        let (kind, columns) = match &row.how {
            How::Missing => ("missing", &[][..]),
            How::Extra => ("extra", &[][..]),
            How::Different(columns) => ("different", columns.as_slice()),
        };
        Self { id: row.id, kind, columns, dead_letter: row.letter.as_deref() }
    }
}

/// An array with an object for each table.
pub(super) fn json(findings: &[Finding]) -> Result<()> {
    let reports: Vec<Report<'_>> = findings
        .iter()
        .map(|finding| Report {
            table: &finding.relation,
            columns: &finding.columns,
            upstream_rows: finding.upstream_rows,
            synced_rows: finding.synced_rows,
            missing: finding.tally.missing,
            extra: finding.tally.extra,
            different: finding.tally.different,
            in_dead_letters: finding.tally.in_dead_letters,
            requested: finding.requested,
            examples: finding.rows.iter().take(EXAMPLES).map(Example::of).collect(),
        })
        .collect();
    answer!("{}", serde_json::to_string_pretty(&reports).map_err(std::io::Error::from)?);
    Ok(())
}

/// A line for each table, then the first rows that differ, then what can be done about them.
pub(super) fn table(findings: &[Finding]) {
    answer!(
        "  {:<12}{:>14}{:>14}{:>12}{:>12}{:>12}{:>17}",
        "rows",
        "upstream",
        "synced",
        "missing",
        "extra",
        "different",
        "in dead letters"
    );
    for finding in findings {
        let tally = &finding.tally;
        let mark = if tally.is_zero() { '✓' } else { '✗' };
        answer!(
            "{mark} {:<12}{:>14}{:>14}{:>12}{:>12}{:>12}{:>17}",
            finding.name,
            finding.upstream_rows,
            finding.synced_rows,
            tally.missing,
            tally.extra,
            tally.different,
            tally.in_dead_letters
        );
    }
    for finding in findings.iter().filter(|finding| !finding.tally.is_zero()) {
        answer!("\n{} ({}), by {}", finding.name, finding.relation, finding.columns.join(", "));
        for row in finding.rows.iter().take(EXAMPLES) {
            answer!("  {}", line(row));
        }
        for line in advice(finding) {
            answer!("  {line}");
        }
    }
}

fn line(row: &Row) -> String {
    let Example { id, kind, columns, dead_letter } = Example::of(row);
    let columns = if columns.is_empty() { String::new() } else { format!(": {}", columns.join(", ")) };
    let letter = dead_letter.map_or_else(String::new, |code| format!(" (dead letter {code})"));
    format!("{id} {kind}{columns}{letter}")
}

fn advice(finding: &Finding) -> Vec<String> {
    let tally = &finding.tally;
    let mut lines = Vec::new();
    if finding.crowded {
        lines.push(format!("more than {KEPT} rows differed: the others were looked at once only"));
    }
    let could_come = tally.missing + tally.different + tally.in_dead_letters > 0;
    if let Some(requested) = finding.requested.filter(|_| could_come) {
        lines.push(format!(
            "asked the connector for {requested} rows: it may not have come to the others yet"
        ));
    } else if could_come {
        lines.push("rows that upstream has: --request has the connector read them once more".to_owned());
    }
    if tally.extra > 0 {
        lines.push(
            "extra rows: no new reading tells of them; `contribctl bootstrap mark-missing`, after a new snapshot"
                .to_owned(),
        );
    }
    lines
}
