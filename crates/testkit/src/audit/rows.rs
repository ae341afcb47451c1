//! The three ledger tables as `COPY … TO STDOUT` writes their rows, every column that the journal decides.

use chrono::NaiveDate;

use super::accounts::Accounts;
use super::calendar;
use super::clock::Clock;
use super::copy_text::{NULL, id};
use super::ledger::{Span, source};
use super::lines::{HEADQUARTERS, Holder, Line, SYSTEM, Sheet, Source};
use super::render;
use super::report::Check;

/// What the ids of the system accounts begin with; the last digit is theirs.
pub(crate) const SYSTEM_ID: &str = "00000000-0000-8000-8000-00000000000";

/// A column and the identity it belongs to.
#[derive(Debug)]
pub(crate) struct Column {
    pub(crate) name: &'static str,
    pub(crate) check: Check,
}

const fn column(name: &'static str, check: Check) -> Column {
    Column { name, check }
}

/// One of the three tables.
#[derive(Debug)]
pub(crate) struct Table {
    pub(crate) name: &'static str,
    pub(crate) columns: &'static [Column],
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Account,
    System,
    Unallocated,
}

/// The tables in which lines are looked for.
pub(crate) const TABLES: [&Table; 3] = [&RECORDS, &SYSTEM_RECORDS, &UNALLOCATED];

const RECORDS: Table = Table {
    name: "contribution_records",
    kind: Kind::Account,
    columns: &[
        column("id", Check::LinesOnce),
        column("account_sequence", Check::LinesRecipient),
        column("source_type", Check::LinesRecipient),
        column("source_adoption_id", Check::LinesSource),
        column("source_account_sequence", Check::LinesSource),
        column("tree_count", Check::LinesSource),
        column("base_contribution", Check::LinesSource),
        column("distribution_rate", Check::LinesSource),
        column("level_depth", Check::LinesLevel),
        column("bonus_tier", Check::LinesLevel),
        column("amount", Check::LinesAmount),
        column("effective_date", Check::LinesDates),
        column("expire_date", Check::LinesDates),
        column("is_expired", Check::LinesExpired),
        column("distribution_seq", Check::LinesOnce),
        column("slot", Check::LinesOnce),
    ],
};

const SYSTEM_RECORDS: Table = Table {
    name: "system_contribution_records",
    kind: Kind::System,
    columns: &[
        column("id", Check::LinesOnce),
        column("system_account_id", Check::LinesRecipient),
        column("source_adoption_id", Check::LinesSource),
        column("source_account_sequence", Check::LinesSource),
        column("distribution_rate", Check::LinesSource),
        column("amount", Check::LinesAmount),
        column("effective_date", Check::LinesDates),
        column("expire_date", Check::LinesDates),
        column("is_expired", Check::LinesExpired),
        column("distribution_seq", Check::LinesOnce),
        column("slot", Check::LinesOnce),
    ],
};

const UNALLOCATED: Table = Table {
    name: "unallocated_contributions",
    kind: Kind::Unallocated,
    columns: &[
        column("id", Check::LinesOnce),
        column("source_adoption_id", Check::LinesSource),
        column("source_account_sequence", Check::LinesSource),
        column("unalloc_type", Check::LinesReason),
        column("would_be_account_sequence", Check::LinesRecipient),
        column("level_depth", Check::LinesLevel),
        column("amount", Check::LinesAmount),
        column("reason", Check::LinesReason),
        column("allocated_to_headquarters", Check::LinesAllocated),
        column("effective_date", Check::LinesDates),
        column("expire_date", Check::LinesDates),
        column("distribution_seq", Check::LinesOnce),
        column("slot", Check::LinesOnce),
    ],
};

/// A line as it stands in the table.
pub(crate) struct Found<'a> {
    pub(crate) holder: FoundHolder<'a>,
    pub(crate) amount: &'a str,
    pub(crate) effective: NaiveDate,
    pub(crate) expire: Option<NaiveDate>,
}

/// Whose line it is; the name as COPY escapes it.
pub(crate) enum FoundHolder<'a> {
    Account { name: &'a str, source: Source },
    System(usize),
}

impl Table {
    /// Reads the rows of `span` in id order.
    pub(crate) fn copy_statement(&self, span: Span) -> String {
        let columns: Vec<&str> = self.columns.iter().map(|column| column.name).collect();
        let from = span.from.map_or(String::new(), |seq| format!(" AND id >= '{}'", id(seq, None)));
        let to = span.to.map_or(String::new(), |seq| format!(" AND id < '{}'", id(seq, None)));
        format!(
            "COPY (SELECT {} FROM {} WHERE true{from}{to} ORDER BY id) TO STDOUT",
            columns.join(", "),
            self.name
        )
    }

    /// Whether the line stands in this table.
    pub(crate) fn holds(&self, line: &Line) -> bool {
        self.kind
            == match line.holder {
                Holder::Account { .. } => Kind::Account,
                Holder::System(_) => Kind::System,
                Holder::Unallocated { .. } => Kind::Unallocated,
            }
    }

    /// The identities its columns belong to, each once.
    pub(crate) fn checks(&self) -> Vec<Check> {
        let mut checks = Vec::new();
        for column in self.columns {
            if !checks.contains(&column.check) {
                checks.push(column.check);
            }
        }
        checks
    }

    /// Whether either value of a column is right.
    pub(crate) fn either(column: &str, sheet: &Sheet<'_>, line: &Line, clock: &Clock) -> bool {
        match column {
            "is_expired" => clock.expired(sheet.booked, sheet.dates(line).1).is_none(),
            "allocated_to_headquarters" => sheet.passed_on().is_none(),
            _ => false,
        }
    }

    fn field<'f>(&self, fields: &[&'f str], name: &str) -> Option<&'f str> {
        let place = self.columns.iter().position(|column| column.name == name)?;
        fields.get(place).copied().filter(|field| *field != NULL)
    }

    pub(crate) fn seq(&self, fields: &[&str]) -> Option<i64> {
        self.field(fields, "distribution_seq")?.parse().ok()
    }

    pub(crate) fn slot(&self, fields: &[&str]) -> Option<i16> {
        self.field(fields, "slot")?.parse().ok()
    }

    /// What a row adds to a balance; `None` for a table whose lines add to none.
    pub(crate) fn found<'f>(&self, fields: &[&'f str]) -> Result<Option<Found<'f>>, String> {
        let needed = |name: &str| self.field(fields, name).ok_or_else(|| format!("{name} is NULL"));
        let holder = match self.kind {
            Kind::Unallocated => return Ok(None),
            Kind::Account => FoundHolder::Account {
                name: needed("account_sequence")?,
                source: source(needed("source_type")?)?,
            },
            Kind::System => FoundHolder::System(system_place(needed("system_account_id")?)?),
        };
        Ok(Some(Found {
            holder,
            amount: needed("amount")?,
            effective: calendar::date(needed("effective_date")?)?,
            expire: self.field(fields, "expire_date").map(calendar::date).transpose()?,
        }))
    }

    /// Writes the row as COPY does.
    pub(crate) fn render(
        &self,
        row: &mut String,
        sheet: &Sheet<'_>,
        line: &Line,
        accounts: &Accounts,
        clock: &Clock,
    ) {
        // Writing to a string cannot fail.
        let _ = match self.kind {
            Kind::Account => render::record(row, sheet, line, accounts, clock),
            Kind::System => render::system_record(row, sheet, line, accounts, clock),
            Kind::Unallocated => render::unallocated(row, sheet, line, accounts),
        };
    }
}

/// The name under which a system account stands among accounts.
pub(crate) fn system_name(place: usize) -> &'static str {
    const NAMES: [&str; 4] = ["SYS-OPERATION", "SYS-PROVINCE", "SYS-CITY", "SYS-HEADQUARTERS"];
    NAMES[place]
}

fn system_place(account_id: &str) -> Result<usize, String> {
    (0..=HEADQUARTERS)
        .find(|place| account_id == format!("{SYSTEM_ID}{}", place + 1))
        .ok_or_else(|| format!("{account_id} is none of {SYSTEM:?}"))
}
