//! The model against a real Debezium: the steps that made the captures go through it, and each partition of the three
//! topics must then hold the same messages.
//!
//! Compared are partition, order, key and the whole value, schemas included; but for what differs by nature: lsns and
//! transaction ids must only be in the same order (an lsn among all of the capture, the position of the last commit among
//! the lsns), the connector's own times must only be there, and a row's times of `now()` must be such times too.
//!
//! Two things are read off the capture, because the steps do not say them: how many rows of the COPY fitted into its first
//! record of the log, and how many messages came again after the kill. Steps of which the three topics show nothing are
//! not modelled: heartbeats, the logical message, the signal itself. Headers are not modelled either.

use std::collections::BTreeSet;

use serde::Deserialize;
use testkit::debezium::{Format, Log, Table};

use crate::comparison::{Capture, Side};
use crate::replay::{Hints, replay};

#[derive(Debug, Deserialize)]
struct Line {
    topic: String,
    partition: i32,
    key: Option<String>,
    value: Option<String>,
}

/// The messages of the three topics; a message's offset is its place.
fn read(name: &str) -> Vec<((Table, i32), Side)> {
    let path = format!("{}/tests/captures/{name}.jsonl", env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(path).unwrap();
    let lines = text.lines().map(|line| serde_json::from_str::<Line>(line).unwrap());
    let rows = lines.filter_map(|line| {
        let table = Table::ALL.into_iter().find(|table| table.topic() == line.topic)?;
        Some(((table, line.partition), Side::new(&line.key.unwrap(), line.value.as_deref())))
    });
    rows.collect()
}

/// What the steps do not say.
fn hints(messages: &[((Table, i32), Side)]) -> Hints {
    let copied = messages.iter().filter(|(_, side)| side.field("status") == Some("COPIED".into()));
    let lsns: Vec<i64> = copied.filter_map(|(_, side)| side.lsn()).collect();
    let first = lsns.iter().min();
    let mut seen = BTreeSet::new();
    let again = messages.iter().filter(|((table, _), side)| {
        side.lsn().is_some()
            && !side.is_snapshot()
            && !seen.insert((*table, side.key.clone(), side.lsn(), side.op()))
    });
    Hints { copy_record: lsns.iter().filter(|lsn| Some(*lsn) == first).count(), again: again.count() }
}

fn check(name: &str, format: Format) {
    let captured = read(name);
    let log = replay(format, &hints(&captured));
    let modelled = Log::partitions().flat_map(|place| {
        let messages = log.partition(place.0, place.1).iter();
        messages.map(move |message| (place, Side::new(&message.key, message.value.as_deref())))
    });
    let (captured, modelled) = (Capture::new(captured), Capture::new(modelled));
    let count = captured.expect_same(&modelled);
    println!("{name}: {count} messages");
}

#[test]
fn plain_messages_are_those_of_capture_a() {
    check("a", Format::Plain);
}

#[test]
fn messages_with_schemas_are_those_of_capture_b() {
    check("b", Format::WithSchemas);
}

#[test]
fn flattened_messages_are_those_of_capture_d() {
    check("d", Format::Flattened);
}
