//! The database: rows, transactions that interleave, and the log of what they wrote.
//!
//! Locks are those of `PostgreSQL` at READ COMMITTED: a row that another open transaction wrote, and an account that it took
//! or gave up, are not to be had before it ends. Where a server would let the statement wait, it is [`Refused::Locked`].

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use uuid::Uuid;

use super::row::{Change, Commit, Row, Snapshot, Values, What};
use super::statement::{self, Said, Statement};
use super::table::{Column, Table};
use super::value::Value;

/// Why a statement did nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Refused {
    /// It would wait for another transaction.
    #[error("it would wait for another transaction")]
    Locked,
    /// The key or the account is another row's.
    #[error("another row has the key or the account")]
    Taken,
    /// There is no such row, or the transaction has ended.
    #[error("there is no such row")]
    Gone,
}

/// An open transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Tx(u64);

#[derive(Debug)]
struct Heap {
    columns: Arc<[Column]>,
    rows: BTreeMap<Uuid, Placed>,
}

/// A row and where it lies: each version behind all others.
#[derive(Debug, Clone)]
struct Placed {
    row: Row,
    place: u64,
}

#[derive(Debug, Default)]
struct Open {
    xid: Option<u32>,
    changes: Vec<Change>,
    rows: BTreeMap<(Table, Uuid), Option<Placed>>,
    /// Every account that a row of it has had.
    accounts: BTreeSet<(Table, String)>,
}

/// The database.
#[derive(Debug)]
pub struct Upstream {
    heaps: BTreeMap<Table, Heap>,
    open: BTreeMap<Tx, Open>,
    begun: u64,
    next_xid: u32,
    wal: u64,
    places: u64,
    now: DateTime<Utc>,
    /// What a connector has yet to read; None: there is no slot.
    slot: Option<VecDeque<Commit>>,
    /// Rows that were truncated away, which nobody is told.
    untold: BTreeMap<(Table, Uuid), Row>,
    statements: Vec<Statement>,
}

impl Upstream {
    /// Empty tables. The clock begins at `now` and goes on by a millisecond with each statement.
    pub fn new(now: DateTime<Utc>) -> Self {
        let heap = |table: Table| Heap { columns: table.columns(), rows: BTreeMap::new() };
        Self {
            heaps: Table::ALL.into_iter().map(|table| (table, heap(table))).collect(),
            open: BTreeMap::new(),
            begun: 0,
            next_xid: 740,
            wal: 0x0150_0000,
            places: 0,
            now,
            slot: None,
            untold: BTreeMap::new(),
            statements: Vec::new(),
        }
    }

    /// `now()`
    pub fn now(&self) -> DateTime<Utc> {
        self.now
    }

    /// The committed rows of a table, by key.
    pub fn rows(&self, table: Table) -> impl Iterator<Item = &Row> {
        self.heaps[&table].rows.values().map(|placed| &placed.row)
    }

    /// Rows that a connector told of and that were truncated away since: as it goes on telling, they are there.
    pub fn untold(&self, table: Table) -> impl Iterator<Item = &Row> {
        self.untold.iter().filter(move |((of, _), _)| *of == table).map(|(_, row)| row)
    }

    /// The open transactions.
    pub fn transactions(&self) -> Vec<Tx> {
        self.open.keys().copied().collect()
    }

    /// BEGIN
    pub fn begin(&mut self) -> Tx {
        self.begun += 1;
        let tx = Tx(self.begun);
        self.open.insert(tx, Open::default());
        self.say(Some(tx), Said::Sql("BEGIN".to_owned()));
        tx
    }

    /// A transaction of its own; rolled back if `body` is refused.
    pub fn alone(&mut self, body: impl FnOnce(&mut Self, Tx) -> Result<(), Refused>) -> Result<(), Refused> {
        let tx = self.begin();
        let outcome = body(self, tx);
        match outcome {
            Ok(()) => self.commit(tx),
            Err(_) => self.rollback(tx),
        }
        outcome
    }

    /// INSERT
    pub fn insert(&mut self, tx: Tx, table: Table, row: Row) -> Result<(), Refused> {
        self.admit(tx, table, &row)?;
        self.say(Some(tx), Said::Sql(statement::insert(table, &row)));
        let lsn = self.write(tx, &row);
        self.store_new(tx, table, row, lsn);
        Ok(())
    }

    /// COPY of rows of which each group fits into one record of the log. Nothing is written if a row is refused.
    pub fn copy(&mut self, tx: Tx, table: Table, records: Vec<Vec<Row>>) -> Result<(), Refused> {
        let all: Vec<&Row> = records.iter().flatten().collect();
        for (nth, row) in all.iter().enumerate() {
            self.admit(tx, table, row)?;
            let same = |other: &&Row| {
                other.id == row.id || (table.account_is_unique() && other.account() == row.account())
            };
            if all[..nth].iter().any(same) {
                return Err(Refused::Taken);
            }
        }
        let copy = statement::copy(table, &self.columns(table), all.into_iter());
        self.say(Some(tx), copy);
        for record in records {
            let Some(first) = record.first() else { continue };
            let lsn = self.write(tx, first);
            for row in record {
                self.wal += 64;
                self.store_new(tx, table, row, lsn);
            }
        }
        Ok(())
    }

    /// UPDATE … SET these columns
    pub fn update(&mut self, tx: Tx, table: Table, id: Uuid, set: Values) -> Result<(), Refused> {
        self.rewrite(tx, table, id, id, set)
    }

    /// UPDATE … SET id
    pub fn change_key(&mut self, tx: Tx, table: Table, id: Uuid, new: Uuid) -> Result<(), Refused> {
        self.rewrite(tx, table, id, new, Values::new())
    }

    /// DELETE
    pub fn delete(&mut self, tx: Tx, table: Table, id: Uuid) -> Result<(), Refused> {
        let row = self.visible(tx, table, id)?.clone();
        self.say(Some(tx), Said::Sql(statement::delete(table, id)));
        let lsn = self.write(tx, &row);
        self.store(tx, table, id, None);
        self.log(tx, table, lsn, What::Delete(id));
        Ok(())
    }

    /// TRUNCATE, in a transaction of its own; the connector skips it.
    pub fn truncate(&mut self, table: Table) -> Result<(), Refused> {
        if self.open.values().any(|open| open.rows.keys().any(|(of, _)| *of == table)) {
            return Err(Refused::Locked);
        }
        self.say(None, Said::Sql(statement::truncate(table)));
        let rows = self.heaps.get_mut(&table).map(|heap| std::mem::take(&mut heap.rows)).unwrap_or_default();
        if self.slot.is_some() {
            self.untold.extend(rows.into_iter().map(|(id, placed)| ((table, id), placed.row)));
        }
        let xid = self.draw_xid();
        self.end(xid, Vec::new());
        Ok(())
    }

    /// ALTER TABLE … ADD COLUMN, in a transaction of its own; no open one may have written to the table.
    pub fn add_column(&mut self, table: Table, column: Column) {
        if let Some(heap) = self.heaps.get_mut(&table) {
            for placed in heap.rows.values_mut() {
                placed.row.values.insert(column.name, column.default.clone());
            }
            heap.columns = heap.columns.iter().cloned().chain([column]).collect();
        }
        self.draw_xid();
        self.wal += 4_096;
    }

    /// COMMIT
    pub fn commit(&mut self, tx: Tx) {
        let Some(open) = self.open.remove(&tx) else { return };
        self.say(Some(tx), Said::Sql("COMMIT".to_owned()));
        for ((table, id), placed) in open.rows {
            let Some(heap) = self.heaps.get_mut(&table) else { continue };
            match placed {
                Some(placed) => {
                    self.untold.remove(&(table, id));
                    heap.rows.insert(id, placed);
                }
                None => {
                    heap.rows.remove(&id);
                }
            }
        }
        if let Some(xid) = open.xid {
            self.end(xid, open.changes);
        }
    }

    /// ROLLBACK
    pub fn rollback(&mut self, tx: Tx) {
        if self.open.remove(&tx).is_some() {
            self.say(Some(tx), Said::Sql("ROLLBACK".to_owned()));
        }
    }

    /// What was said since the last time, but for ALTER TABLE.
    pub fn take_statements(&mut self) -> Vec<Statement> {
        std::mem::take(&mut self.statements)
    }

    /// Makes a slot, and gives what a snapshot reads at its consistent point. Transactions that are open now will be read
    /// whole.
    pub(super) fn create_slot(&mut self) -> Snapshot {
        self.slot = Some(VecDeque::new());
        let lsn = self.wal;
        self.wal += 56;
        let lie = |table: Table| {
            let heap = &self.heaps[&table];
            let mut rows: Vec<&Placed> = heap.rows.values().collect();
            rows.sort_by_key(|placed| placed.place);
            let rows = rows.into_iter().map(|placed| placed.row.clone()).collect();
            (table, Arc::clone(&heap.columns), rows)
        };
        let tables = Table::ALL.map(lie).into();
        Snapshot { lsn, xid: self.draw_xid(), tables }
    }

    /// What was committed since the last time.
    pub(super) fn read_slot(&mut self) -> impl Iterator<Item = Commit> {
        self.slot.as_mut().map(std::mem::take).into_iter().flatten()
    }

    pub(super) fn columns(&self, table: Table) -> Arc<[Column]> {
        Arc::clone(&self.heaps[&table].columns)
    }

    fn rewrite(&mut self, tx: Tx, table: Table, old: Uuid, id: Uuid, set: Values) -> Result<(), Refused> {
        let before = self.visible(tx, table, old)?;
        let untouched = before.values.iter().filter(|(name, _)| !set.contains_key(*name));
        let unlogged = untouched.filter(|(_, value)| value.is_out_of_line()).map(|(name, _)| *name).collect();
        let said = Said::Sql(statement::update(table, old, id, &set));
        let mut row = Row { id, values: before.values.clone() };
        let (was, account) = (before.account().to_owned(), set.get("account_sequence"));
        let moves = account.and_then(Value::as_text).is_some_and(|account| account != was);
        row.values.extend(set);
        if id != old {
            self.expect_free_key(tx, table, id)?;
        }
        if moves {
            self.expect_free_account(tx, table, row.account())?;
        }
        self.say(Some(tx), said);
        let lsn = self.write(tx, &row);
        if id != old {
            self.store(tx, table, old, None);
        }
        self.store(tx, table, id, Some(row.clone()));
        self.log(tx, table, lsn, What::Update { old, row, unlogged });
        Ok(())
    }

    /// Whether `row` may come.
    fn admit(&self, tx: Tx, table: Table, row: &Row) -> Result<(), Refused> {
        if !self.open.contains_key(&tx) {
            return Err(Refused::Gone);
        }
        self.expect_free_key(tx, table, row.id)?;
        self.expect_free_account(tx, table, row.account())
    }

    fn expect_free_key(&self, tx: Tx, table: Table, id: Uuid) -> Result<(), Refused> {
        match self.visible(tx, table, id) {
            Ok(_) => Err(Refused::Taken),
            Err(Refused::Gone) => Ok(()),
            Err(refused) => Err(refused),
        }
    }

    fn expect_free_account(&self, tx: Tx, table: Table, account: &str) -> Result<(), Refused> {
        if !table.account_is_unique() {
            return Ok(());
        }
        let name = (table, account.to_owned());
        if self.open.iter().any(|(other, open)| *other != tx && open.accounts.contains(&name)) {
            return Err(Refused::Locked);
        }
        let own = &self.open[&tx].rows;
        let written = own.iter().filter(|((of, _), _)| *of == table).filter_map(|(_, row)| row.as_ref());
        let others = self.heaps[&table]
            .rows
            .iter()
            .filter(|(id, _)| !own.contains_key(&(table, **id)))
            .map(|row| row.1);
        let taken = written.chain(others).any(|placed| placed.row.account() == account);
        if taken { Err(Refused::Taken) } else { Ok(()) }
    }

    /// The row as `tx` sees it, if it may write it.
    fn visible(&self, tx: Tx, table: Table, id: Uuid) -> Result<&Row, Refused> {
        let own = self.open.get(&tx).ok_or(Refused::Gone)?;
        if self.open.iter().any(|(other, open)| *other != tx && open.rows.contains_key(&(table, id))) {
            return Err(Refused::Locked);
        }
        let placed = match own.rows.get(&(table, id)) {
            Some(written) => written.as_ref(),
            None => self.heaps[&table].rows.get(&id),
        };
        placed.map(|placed| &placed.row).ok_or(Refused::Gone)
    }

    fn store_new(&mut self, tx: Tx, table: Table, mut row: Row, lsn: u64) {
        for column in self.columns(table).iter() {
            row.values.entry(column.name).or_insert_with(|| column.default.clone());
        }
        self.store(tx, table, row.id, Some(row.clone()));
        self.log(tx, table, lsn, What::Insert(row));
    }

    /// Notes a row's new state, with the accounts that it had and has.
    fn store(&mut self, tx: Tx, table: Table, id: Uuid, row: Option<Row>) {
        self.places += 1;
        let was = self.visible(tx, table, id).ok().map(|row| row.account().to_owned());
        let place = self.places;
        let Some(open) = self.open.get_mut(&tx) else { return };
        let is = row.as_ref().map(|row| row.account().to_owned());
        open.accounts.extend(was.into_iter().chain(is).map(|account| (table, account)));
        open.rows.insert((table, id), row.map(|row| Placed { row, place }));
    }

    /// Writes a record about `row`; gives its lsn.
    fn write(&mut self, tx: Tx, row: &Row) -> u64 {
        self.now += TimeDelta::milliseconds(1);
        if self.open.get(&tx).is_some_and(|open| open.xid.is_none()) {
            let xid = self.draw_xid();
            self.open.entry(tx).or_default().xid = Some(xid);
        }
        let text = row.values.values().filter_map(Value::as_text).map(str::len).sum::<usize>();
        let lsn = self.wal;
        self.wal += 72 + u64::try_from(text).unwrap_or_default().next_multiple_of(8);
        lsn
    }

    fn log(&mut self, tx: Tx, table: Table, lsn: u64, what: What) {
        let columns = self.columns(table);
        if let Some(open) = self.open.get_mut(&tx) {
            open.changes.push(Change { table, columns, lsn, what });
        }
    }

    fn end(&mut self, xid: u32, changes: Vec<Change>) {
        self.now += TimeDelta::milliseconds(1);
        self.wal += 48;
        if let Some(slot) = &mut self.slot {
            slot.push_back(Commit { xid, at: self.now, end: self.wal, changes });
        }
    }

    fn say(&mut self, tx: Option<Tx>, said: Said) {
        self.statements.push(Statement { tx, said });
    }

    fn draw_xid(&mut self) -> u32 {
        self.next_xid += 1;
        self.next_xid
    }
}
