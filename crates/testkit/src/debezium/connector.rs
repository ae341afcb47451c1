//! The connector: a stream of messages, and how much of it Kafka has.

use std::collections::BTreeMap;
use std::sync::Arc;

use uuid::Uuid;

use super::envelope::{Format, Message, Source, Writer};
use super::log::Log;
use super::row::{Change, Commit, Row, Snapshot, What};
use super::table::{Column, Table};
use super::upstream::Upstream;

/// A connector that reads an [`Upstream`] and sends to a [`Log`].
#[derive(Debug)]
pub struct Connector {
    format: Format,
    /// All that it has to say, in its order.
    stream: Vec<Message>,
    /// How much of it Kafka has acknowledged.
    sent: usize,
    /// Where the snapshot ends in the stream.
    snapshot_end: usize,
    last_commit: Option<u64>,
    position: u64,
    window: Option<Window>,
}

/// A chunk of an incremental snapshot: rows as they were read, less those of which a change has come since.
#[derive(Debug)]
struct Window {
    table: Table,
    columns: Arc<[Column]>,
    rows: BTreeMap<Uuid, Row>,
}

impl Connector {
    /// Makes a slot and takes the initial snapshot. Transactions that are open now are streamed whole when they commit,
    /// with lsns below the snapshot's.
    pub fn start(upstream: &mut Upstream, format: Format) -> Self {
        let Snapshot { lsn, xid, tables } = upstream.create_slot();
        let source = |snapshot| Source {
            snapshot,
            last_commit: None,
            position: Some(lsn),
            lsn: Some(lsn),
            xid: Some(xid),
            at: upstream.now(),
        };
        let mut stream = Vec::new();
        for (nth, (table, columns, rows)) in tables.iter().enumerate() {
            let writer = Writer { format, table: *table, columns };
            for (at, row) in rows.iter().enumerate() {
                let (first, last) = (at == 0, at + 1 == rows.len());
                let marker = match (first, last) {
                    (_, true) if nth + 1 == tables.len() => "last",
                    (true, _) if nth == 0 => "first",
                    (_, true) => "last_in_data_collection",
                    (true, _) => "first_in_data_collection",
                    _ => "true",
                };
                stream.push(writer.row("r", row, &[], source(marker)));
            }
        }
        let snapshot_end = stream.len();
        Self { format, stream, sent: 0, snapshot_end, last_commit: None, position: lsn, window: None }
    }

    /// Reads the log to its end.
    pub fn read(&mut self, upstream: &mut Upstream) {
        for commit in upstream.read_slot() {
            self.take(&commit);
        }
    }

    fn take(&mut self, commit: &Commit) {
        for change in &commit.changes {
            let Change { table, columns, lsn, what } = change;
            self.position = *lsn;
            let source = Source {
                snapshot: "false",
                last_commit: self.last_commit,
                position: Some(*lsn),
                lsn: Some(*lsn),
                xid: Some(commit.xid),
                at: commit.at,
            };
            let writer = Writer { format: self.format, table: *table, columns };
            self.stream.extend(writer.change(what, source));
            if let Some(window) = self.window.as_mut().filter(|window| window.table == *table) {
                window.forget(what);
            }
        }
        self.last_commit = Some(commit.end);
        self.position = commit.end;
    }

    /// Messages that have been read and not sent.
    pub fn waiting(&self) -> usize {
        self.stream.len() - self.sent
    }

    /// Sends the next `count` messages.
    pub fn send(&mut self, log: &mut Log, count: usize) {
        let until = (self.sent + count).min(self.stream.len());
        self.stream[self.sent..until].iter().for_each(|message| log.append(message.clone()));
        self.sent = until;
    }

    /// The connector is killed and started again; false: it is still in its snapshot, and goes on.
    ///
    /// It had noted `since_flush` messages fewer than it had sent, so these come again. Of the messages after that, Kafka
    /// may have got some, in each partition those among the next `ahead()`. A chunk that was not noted is read anew.
    pub fn kill(
        &mut self,
        upstream: &mut Upstream,
        log: &mut Log,
        since_flush: usize,
        mut ahead: impl FnMut() -> usize,
    ) -> bool {
        if self.sent < self.snapshot_end {
            return false;
        }
        let waiting = &self.stream[self.sent..];
        for (table, partition) in Log::partitions() {
            let reached = waiting.iter().take(ahead());
            let own = reached.filter(|message| (message.table, message.partition) == (table, partition));
            own.for_each(|message| log.append(message.clone()));
        }
        self.sent = self.sent.saturating_sub(since_flush).max(self.snapshot_end);
        let chunk = self.stream[self.sent..].iter().find(|message| message.incremental);
        let again = chunk.map(|message| message.table).or(self.window.take().map(|window| window.table));
        let sent = self.sent;
        let mut place = 0;
        self.stream.retain(|message| {
            place += 1;
            place <= sent || !message.incremental
        });
        if let Some(table) = again {
            self.open_window(upstream, table);
        }
        true
    }

    /// Reads a table for an incremental snapshot. What changes before [`Self::close_window`] is told by the log alone.
    pub fn open_window(&mut self, upstream: &mut Upstream, table: Table) {
        self.read(upstream);
        let rows = upstream.rows(table).map(|row| (row.id, row.clone())).collect();
        self.window = Some(Window { table, columns: upstream.columns(table), rows });
    }

    /// Whether a chunk has been read and not told.
    pub fn has_window(&self) -> bool {
        self.window.is_some()
    }

    /// Tells the rows of the chunk that did not change since it was read.
    pub fn close_window(&mut self, upstream: &mut Upstream) {
        self.read(upstream);
        let Some(Window { table, columns, rows }) = self.window.take() else { return };
        let source = Source {
            snapshot: "incremental",
            last_commit: self.last_commit,
            position: self.last_commit.or(Some(self.position)),
            lsn: None,
            xid: None,
            at: upstream.now(),
        };
        let writer = Writer { format: self.format, table, columns: &columns };
        self.stream.extend(rows.values().map(|row| writer.row("r", row, &[], source)));
    }
}

impl Window {
    fn forget(&mut self, what: &What) {
        match what {
            What::Insert(row) => self.rows.remove(&row.id),
            What::Update { old, row, .. } => {
                self.rows.remove(old);
                self.rows.remove(&row.id)
            }
            What::Delete(id) => self.rows.remove(id),
        };
    }
}
