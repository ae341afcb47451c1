//! The ledger tables against the lines expected, merged in id order, a span of entries at a time; and the sums of the
//! lines that are there.

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::AuditError;
use super::accounts::Accounts;
use super::amount::{Amount, parse};
use super::calendar;
use super::clock::Clock;
use super::copy_text::{id_of, unescape};
use super::lines::{Holder, Line, Sheet, Source, lives};
use super::report::{Check, Findings};
use super::rows::{self, Table};

/// Sums of the lines of a system account.
#[derive(Debug, Default, Clone)]
pub(crate) struct SystemSums {
    pub(crate) balance: Amount,
    pub(crate) effective: Amount,
}

/// What the lines met so far add up to, and what was found.
pub(crate) struct Ledger<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) accounts: &'a mut Accounts,
    pub(crate) system: &'a mut [SystemSums; 4],
    pub(crate) findings: &'a mut Findings,
}

/// Entries `from..to` by number, in the ledger's ids; `None` for no limit.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Span {
    pub(crate) from: Option<i64>,
    pub(crate) to: Option<i64>,
}

impl Ledger<'_> {
    /// Compares one table. Lines of entries in `unjudged` (sorted) are only added up.
    pub(crate) async fn compare(
        &mut self,
        connection: &mut PgConnection,
        table: &'static Table,
        span: Span,
        sheets: &[Sheet<'_>],
        unjudged: &[i64],
    ) -> Result<(), AuditError> {
        let mut merge = Merge::new(table, sheets, unjudged);
        let statement = table.copy_statement(span);
        let mut messages = connection.copy_out_raw(&statement).await?;
        let mut partial = Vec::new();
        while let Some(message) = messages.try_next().await? {
            if partial.is_empty() && merge.takes(&message, self) {
                continue;
            }
            partial.extend_from_slice(&message);
            while let Some(end) = partial.iter().position(|byte| *byte == b'\n') {
                let row: Vec<u8> = partial.drain(..=end).collect();
                merge.actual(&row, self)?;
            }
        }
        merge.end(self);
        Ok(())
    }

    /// Adds a line that is as expected.
    fn add(&mut self, sheet: &Sheet<'_>, line: &Line) {
        let (amount, dates) = (sheet.amount(line), sheet.dates(line));
        match line.holder {
            Holder::Account { account, source } => {
                let account = self.accounts.get_mut(account);
                account.has_lines = true;
                account.sums[source as usize] += amount;
                if lives(dates, self.clock.counts_on(sheet.booked, &account.name)) {
                    account.effective += amount;
                }
            }
            Holder::System(place) => {
                self.system[place].balance += amount;
                if lives(dates, self.clock.counts_on(sheet.booked, rows::system_name(place))) {
                    self.system[place].effective += amount;
                }
            }
            Holder::Unallocated { .. } => {}
        }
    }

    /// Adds a line as it stands there; `booked` of the entry it should belong to, if there is one.
    fn add_as_found(
        &mut self,
        table: &Table,
        fields: &[&str],
        booked: Option<&Sheet<'_>>,
    ) -> Result<(), String> {
        let Some(found) = table.found(fields)? else { return Ok(()) };
        let booked = booked.map_or(calendar::previous(self.clock.today), |sheet| sheet.booked);
        let dates = (found.effective, found.expire);
        let amount = parse(found.amount)?;
        match found.holder {
            rows::FoundHolder::System(place) => {
                let sums = &mut self.system[place];
                sums.balance += &amount;
                if lives(dates, self.clock.counts_on(booked, rows::system_name(place))) {
                    sums.effective += &amount;
                }
            }
            rows::FoundHolder::Account { name, source } => {
                let id = self.accounts.intern(&unescape(name));
                let account = self.accounts.get_mut(id);
                account.has_lines = true;
                account.sums[source as usize] += &amount;
                if lives(dates, self.clock.counts_on(booked, &account.name)) {
                    account.effective += &amount;
                }
            }
        }
        Ok(())
    }
}

/// Both sides in id order.
struct Merge<'a> {
    table: &'static Table,
    sheets: &'a [Sheet<'a>],
    unjudged: &'a [i64],
    sheet: usize,
    line: usize,
    /// The expected row where (`sheet`, `line`) stands.
    row: String,
    matched: u64,
}

impl<'a> Merge<'a> {
    fn new(table: &'static Table, sheets: &'a [Sheet<'a>], unjudged: &'a [i64]) -> Self {
        Self { table, sheets, unjudged, sheet: 0, line: 0, row: String::new(), matched: 0 }
    }

    /// Renders the next expected row, if it is not rendered yet.
    fn expect(&mut self, ledger: &Ledger<'_>) -> Option<(&'a Sheet<'a>, &'a Line)> {
        loop {
            let sheet = self.sheets.get(self.sheet)?;
            match sheet.lines.get(self.line) {
                None => (self.sheet, self.line) = (self.sheet + 1, 0),
                Some(line) if self.table.holds(line) => {
                    if self.row.is_empty() {
                        self.table.render(&mut self.row, sheet, line, ledger.accounts, ledger.clock);
                    }
                    return Some((sheet, line));
                }
                Some(_) => self.line += 1,
            }
        }
    }

    fn step(&mut self) {
        self.line += 1;
        self.row.clear();
    }

    /// Takes a row that is the one expected.
    fn takes(&mut self, row: &[u8], ledger: &mut Ledger<'_>) -> bool {
        let Some((sheet, line)) = self.expect(ledger) else { return false };
        if row != self.row.as_bytes() {
            return false;
        }
        self.matched += 1;
        ledger.add(sheet, line);
        self.step();
        true
    }

    /// Takes a row that is there.
    fn actual(&mut self, row: &[u8], ledger: &mut Ledger<'_>) -> Result<(), AuditError> {
        while let Some(expected) = self.expect(ledger) {
            if self.takes(row, ledger) {
                return Ok(());
            }
            let row = text(row)?;
            match id_of(&self.row).cmp(id_of(row)) {
                std::cmp::Ordering::Less => self.missing(ledger),
                std::cmp::Ordering::Equal => {
                    self.differing(row, expected, ledger);
                    self.step();
                    return Ok(());
                }
                std::cmp::Ordering::Greater => break,
            }
        }
        self.surplus(text(row)?, ledger);
        Ok(())
    }

    fn end(mut self, ledger: &mut Ledger<'_>) {
        while self.expect(ledger).is_some() {
            self.missing(ledger);
        }
        for check in self.table.checks() {
            ledger.findings.right(check, self.matched);
        }
        ledger.findings.right(Check::LinesPresent, self.matched);
        ledger.findings.right(Check::LinesSurplus, self.matched);
    }

    fn missing(&mut self, ledger: &mut Ledger<'_>) {
        let (table, id) = (self.table.name, id_of(&self.row));
        ledger.findings.check(Check::LinesPresent, false, || format!("{table} {id} is missing"));
        self.step();
    }

    fn differing(&mut self, row: &str, (sheet, line): (&Sheet<'_>, &Line), ledger: &mut Ledger<'_>) {
        self.matched += 1;
        let table = self.table;
        let found: Vec<&str> = row.trim_end_matches('\n').split('\t').collect();
        let expected: Vec<&str> = self.row.trim_end_matches('\n').split('\t').collect();
        for ((column, found), expected) in table.columns.iter().zip(&found).zip(&expected) {
            if found != expected && !Table::either(column.name, sheet, line, ledger.clock) {
                let id = id_of(row);
                ledger.findings.wrong(column.check, || {
                    format!("{} {id} {} is {found}, expected {expected}", table.name, column.name)
                });
            }
        }
        if let Err(why) = ledger.add_as_found(table, &found, Some(sheet)) {
            ledger.findings.wrong(Check::LinesAmount, || format!("{} {}: {why}", table.name, id_of(row)));
        }
    }

    /// A line that nobody expects: of a slot that has its line already, or of none.
    fn surplus(&mut self, row: &str, ledger: &mut Ledger<'_>) {
        let table = self.table;
        let found: Vec<&str> = row.trim_end_matches('\n').split('\t').collect();
        let seq = table.seq(&found);
        if seq.is_none_or(|seq| self.unjudged.binary_search(&seq).is_err()) {
            let slot = table.slot(&found);
            let sheet = seq.and_then(|seq| self.sheets.binary_search_by_key(&seq, |sheet| sheet.seq).ok());
            let doubled = sheet.is_some_and(|place| {
                self.sheets[place].lines.iter().any(|line| Some(line.slot.into()) == slot)
            });
            let check = if doubled { Check::LinesOnce } else { Check::LinesSurplus };
            let id = id_of(row);
            ledger.findings.check(check, false, || {
                format!("{} {id} (seq {seq:?}, slot {slot:?}) is one too many", table.name)
            });
        }
        if let Err(why) = ledger.add_as_found(table, &found, None) {
            ledger.findings.wrong(Check::LinesAmount, || format!("{} {}: {why}", table.name, id_of(row)));
        }
    }
}

fn text(row: &[u8]) -> Result<&str, AuditError> {
    std::str::from_utf8(row).map_err(|_| AuditError::Unreadable("a ledger line is not UTF-8".to_owned()))
}

/// An account's source by its column.
pub(crate) fn source(text: &str) -> Result<Source, String> {
    match text {
        "PERSONAL" => Ok(Source::Personal),
        "TEAM_LEVEL" => Ok(Source::TeamLevel),
        "TEAM_BONUS" => Ok(Source::TeamBonus),
        _ => Err(format!("source_type {text:?}")),
    }
}
