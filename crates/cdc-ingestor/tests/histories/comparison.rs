//! Messages of a real connector and of the model side by side.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Value, json};
use testkit::debezium::Table;

/// Fields that say when a connector did something.
const TIMES: [&str; 4] = ["ts_ms", "ts_us", "ts_ns", "__source_ts_ms"];
/// All captures were made on this day, and no step names it.
const TODAY: &str = "2026-11-22T";
const TODAY_DAYS: i64 = 20_779;

/// A message, parsed.
#[derive(Debug, Clone)]
pub struct Side {
    pub key: String,
    pub value: Value,
}

impl Side {
    pub fn new(key: &str, value: Option<&str>) -> Self {
        Self {
            key: key.to_owned(),
            value: value.map_or(Value::Null, |value| serde_json::from_str(value).unwrap()),
        }
    }

    fn payload(&self) -> &Value {
        self.value.get("payload").unwrap_or(&self.value)
    }

    /// A column after the change.
    pub fn field(&self, name: &str) -> Option<Value> {
        let payload = self.payload();
        payload.get("after").unwrap_or(payload).get(name).cloned()
    }

    fn source(&self, name: &str, flat: &str) -> Option<&Value> {
        let payload = self.payload();
        payload.get("source").and_then(|source| source.get(name)).or(payload.get(flat))
    }

    pub fn lsn(&self) -> Option<i64> {
        self.source("lsn", "__lsn")?.as_i64()
    }

    pub fn op(&self) -> Option<String> {
        let payload = self.payload();
        Some(payload.get("op").or(payload.get("__op"))?.as_str()?.to_owned())
    }

    pub fn is_snapshot(&self) -> bool {
        self.op().as_deref() == Some("r")
    }

    fn xid(&self) -> Option<i64> {
        self.source("txId", "__txId")?.as_i64()
    }

    /// The two positions in `source.sequence`, which is text.
    fn sequence(&self) -> Option<[Option<i64>; 2]> {
        let text = self.source("sequence", "__sequence")?.as_str()?;
        let parts: [Option<String>; 2] = serde_json::from_str(text).unwrap();
        Some(parts.map(|part| part.map(|lsn| lsn.parse().unwrap())))
    }
}

/// All messages of one connector, each partition in its order.
#[derive(Debug)]
pub struct Capture {
    partitions: BTreeMap<(Table, i32), Vec<Side>>,
    lsns: BTreeSet<i64>,
    xids: BTreeSet<i64>,
}

impl Capture {
    pub fn new(messages: impl IntoIterator<Item = ((Table, i32), Side)>) -> Self {
        let mut capture = Self { partitions: BTreeMap::new(), lsns: BTreeSet::new(), xids: BTreeSet::new() };
        for (place, side) in messages {
            capture.lsns.extend(side.lsn());
            capture.xids.extend(side.xid());
            capture.partitions.entry(place).or_default().push(side);
        }
        capture
    }

    /// Panics at the first difference; gives the number of messages.
    pub fn expect_same(&self, model: &Self) -> usize {
        for (place, real) in &self.partitions {
            let made = model.partitions.get(place).map_or(&[][..], Vec::as_slice);
            for (offset, (real, made)) in real.iter().zip(made).enumerate() {
                let what = format!("{place:?}, offset {offset}");
                assert_eq!(real.key, made.key, "{what}\nreal: {}\nmodel: {}", real.value, made.value);
                assert_eq!(self.comparable(real), model.comparable(made), "{what}: real and model");
            }
            assert_eq!(real.len(), made.len(), "messages of {place:?}, real and model");
        }
        assert_eq!(self.partitions.len(), model.partitions.len());
        self.partitions.values().map(Vec::len).sum()
    }

    /// The value with ranks in place of positions and transactions, and without times.
    fn comparable(&self, side: &Side) -> Value {
        let mut value = side.value.clone();
        let rank = |set: &BTreeSet<i64>, of: Option<i64>| of.map(|of| set.range(..of).count());
        let lsn = rank(&self.lsns, side.lsn());
        let positions = side.sequence().map(|pair| {
            // the end of the last commit is no lsn of a change: it lies between them
            json!([
                rank(&self.lsns, pair[0]),
                pair[0].is_some(),
                pair[1] == side.lsn(),
                rank(&self.lsns, pair[1])
            ])
        });
        let xid = rank(&self.xids, side.xid());
        timeless(&mut value);
        let payload = if value.get("payload").is_some() { &mut value["payload"] } else { &mut value };
        if payload.get("source").is_some() {
            payload["source"]["lsn"] = json!(lsn);
            payload["source"]["txId"] = json!(xid);
            payload["source"]["sequence"] = json!(positions);
        } else if payload.get("__lsn").is_some() {
            payload["__lsn"] = json!(lsn);
        }
        value
    }
}

/// Replaces times that differ by nature by a word.
fn timeless(value: &mut Value) {
    match value {
        Value::Object(fields) => {
            for (name, value) in fields {
                let is_now = value.as_str().is_some_and(|text| text.starts_with(TODAY));
                let is_today = name == "adoption_date" && value.as_i64() == Some(TODAY_DAYS);
                let is_time = TIMES.contains(&name.as_str()) && value.is_i64();
                if is_now || is_today || is_time {
                    *value = json!("a time");
                } else {
                    timeless(value);
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(timeless),
        _ => {}
    }
}
