//! Captured messages with something about them changed at random: understood or put aside under a known code, never a
//! panic; what is understood can be stored, and what is put aside tells no phone number. `SEEDS=n` for more, `SEED=n` for
//! one. `fuzz/` looks for what no mutation here comes to.
#![allow(clippy::unwrap_used)]

mod common;

use cdc_ingestor::batch::{Batch, Message};
use cdc_ingestor::decode::{AdoptionRow, Cell, FromRow, ReferralRow, UserRow};
use chrono::Datelike as _;
use common::{ADOPTIONS, Line, REFERRALS, TABLES, capture, format};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};

/// Dashboards and runbooks name them.
const CODES: [&str; 15] = [
    "account_sequence",
    "bad_field",
    "bad_json",
    "date_range",
    "decimal_ambiguous",
    "decimal_double",
    "empty",
    "incomplete",
    "key_mismatch",
    "missing_field",
    "no_key",
    "not_utf8",
    "oversized",
    "unknown_op",
    "unknown_shape",
];
const PHONE: &str = "13800000001";
/// `VARCHAR(20)`
const SHORT: usize = 20;

fn seeds() -> Vec<u64> {
    let number = |name| std::env::var(name).ok().map(|text| text.parse().unwrap());
    match number("SEED") {
        Some(seed) => vec![seed],
        None => (0..number("SEEDS").unwrap_or(10_000)).collect(),
    }
}

/// Values that a field may hold to everybody's surprise.
fn surprise(random: &mut ChaCha8Rng) -> Value {
    let all = [
        Value::Null,
        json!(""),
        json!("\0"),
        json!(" "),
        json!("a/b…"),
        json!("😀".repeat(30)),
        json!("x".repeat(5_000)),
        json!("__debezium_unavailable_value"),
        json!("NaN"),
        json!("Infinity"),
        json!("-0"),
        json!("1e400"),
        json!("/w=="),
        json!("////////////////////////"),
        json!("9999999999.9999999999"),
        json!("+20000-01-01T00:00:00.000000Z"),
        json!("infinity"),
        json!("2026-02-30"),
        json!("true"),
        json!(true),
        json!(0),
        json!(-1),
        json!(i64::MAX),
        json!(i64::MIN),
        json!(u64::MAX),
        json!(-2_147_472_692),
        json!([]),
        json!({}),
        json!([[[[{"a": []}]]]]),
        json!({"scale": 10, "value": "/w=="}),
        json!({"scale": -2_147_483_648_i64, "value": "AQ=="}),
        json!({"scale": 2_147_483_647, "value": "AQ=="}),
    ];
    all.choose(random).unwrap().clone()
}

/// Changes one value somewhere in `value`.
fn change(random: &mut ChaCha8Rng, value: &mut Value) {
    match value {
        Value::Object(fields) if !fields.is_empty() && random.random_ratio(9, 10) => {
            let name = fields.keys().nth(random.random_range(0..fields.len())).unwrap().clone();
            match random.random_range(0..10) {
                0 => _ = fields.remove(&name),
                1 => {
                    let moved = fields.remove(&name).unwrap();
                    fields.insert(format!("{name}x"), moved);
                }
                _ => change(random, fields.get_mut(&name).unwrap()),
            }
        }
        Value::Array(items) if !items.is_empty() => {
            let at = random.random_range(0..items.len());
            change(random, &mut items[at]);
        }
        other => *other = surprise(random),
    }
}

/// Changes some bytes.
fn tear(random: &mut ChaCha8Rng, bytes: &mut Vec<u8>) {
    for _ in 0..random.random_range(1..4) {
        let at = random.random_range(0..=bytes.len());
        match random.random_range(0..5) {
            0 => bytes.truncate(at),
            1 => bytes.insert(at, random.random()),
            2 if at < bytes.len() => bytes[at] ^= 1 << random.random_range(0..8),
            3 if at < bytes.len() => _ = bytes.remove(at),
            _ => {
                let part = bytes[at..].iter().take(40).copied().collect::<Vec<_>>();
                bytes.splice(at..at, part);
            }
        }
    }
}

fn mutate(random: &mut ChaCha8Rng, text: &str) -> Vec<u8> {
    let mut bytes = match serde_json::from_str::<Value>(text) {
        Ok(mut value) if random.random_ratio(4, 5) => {
            for _ in 0..random.random_range(1..3) {
                change(random, &mut value);
            }
            value.to_string().into_bytes()
        }
        _ => text.as_bytes().to_vec(),
    };
    if random.random_ratio(1, 4) {
        tear(random, &mut bytes);
    }
    bytes
}

fn read<R: FromRow>(key: Option<&[u8]>, value: &[u8], what: &str) -> Option<R> {
    let mut batch = Batch::<R>::default();
    let message = Message { partition: 0, offset: 7, key, value: Some(value) };
    batch.push("topic", message, 7, &format(), || None);
    assert_eq!(batch.len(), 1, "{what}");
    assert_eq!(batch.advances()[0].to, 8, "{what}: it is read, whatever it is");
    if let Some(letter) = batch.letters.pop() {
        assert!(CODES.contains(&letter.error_code.as_str()), "{what}: {}", letter.error_code);
        assert!(letter.error.starts_with(&letter.error_code), "{what}: {}", letter.error);
        assert!(!letter.error.contains(PHONE), "{what}: {}", letter.error);
        for text in [&letter.key, &letter.value].into_iter().flatten() {
            assert!(!text.contains('\0'), "{what}: PostgreSQL cannot store it");
        }
    }
    batch.changes.pop().and_then(|placed| placed.change.row)
}

fn is_short(text: &Cell<Option<String>>) -> bool {
    match text {
        Cell::Is(Some(text)) => text.chars().count() <= SHORT && !text.contains('\0'),
        Cell::Is(None) | Cell::Unchanged => true,
    }
}

#[test]
fn mutated_messages_are_understood_or_put_aside() {
    let lines: Vec<Line> = ["a", "b", "d"]
        .iter()
        .flat_map(|name| capture(name))
        .filter(|line| TABLES.contains(&line.topic.as_str()) && line.value.is_some())
        .collect();
    let (mut understood, mut refused) = (0, 0);
    for seed in seeds() {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let line = lines.choose(&mut random).unwrap();
        let value = mutate(&mut random, line.value.as_ref().unwrap());
        let key = match (random.random_ratio(1, 10), &line.key) {
            (true, Some(key)) => Some(mutate(&mut random, key)),
            (_, key) => key.clone().map(String::into_bytes),
        };
        let (key, what) = (key.as_deref(), format!("SEED={seed}"));
        let row = match line.topic.as_str() {
            ADOPTIONS => read::<AdoptionRow>(key, &value, &what).map(|row| {
                assert!(is_short(&row.status), "{what}");
                assert!((-4714..=262_000).contains(&row.adoption_date.year()), "{what}");
                row.created_at
            }),
            REFERRALS => read::<ReferralRow>(key, &value, &what).map(|row| {
                assert!(!matches!(row.ancestor_path, Cell::Is(Some(path)) if path.contains('\0')), "{what}");
                row.created_at
            }),
            _ => read::<UserRow>(key, &value, &what).map(|row| {
                assert!(is_short(&row.phone) && is_short(&row.status), "{what}");
                row.created_at
            }),
        };
        match row {
            Some(created_at) => {
                assert!(created_at.is_none_or(|at| (1..=9999).contains(&at.year())), "{what}");
                understood += 1;
            }
            None => refused += 1,
        }
    }
    println!("{understood} understood, {refused} put aside or without a row");
}

/// Each phone number of the captures, put aside with whatever is wrong with its message, is told nowhere.
#[test]
fn what_is_put_aside_tells_no_phone_number() {
    for seed in seeds().into_iter().take(5_000) {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let lines = capture_of_users();
        let line = lines.choose(&mut random).unwrap();
        let mut value: Value = serde_json::from_str(line.value.as_ref().unwrap()).unwrap();
        let after = value["after"].as_object_mut().unwrap();
        after.insert("phone".to_owned(), json!(PHONE));
        value["op"] = json!("x");
        let mut bytes = value.to_string().into_bytes();
        let cut = random.random_range(1..=bytes.len());
        bytes.truncate(cut);
        let mut batch = Batch::<UserRow>::default();
        let key = line.key.as_deref().map(str::as_bytes);
        let message = Message { partition: 0, offset: 0, key, value: Some(&bytes) };
        batch.push("topic", message, 0, &format(), || None);
        let letter = batch.letters.pop().unwrap();
        assert!(!letter.value.unwrap().contains(PHONE), "SEED={seed}");
    }
}

fn capture_of_users() -> &'static [Line] {
    static LINES: std::sync::OnceLock<Vec<Line>> = std::sync::OnceLock::new();
    LINES.get_or_init(|| {
        let is_row = |line: &Line| line.value.as_ref().is_some_and(|value| value.contains(r#""after":{"#));
        capture("a").into_iter().filter(|line| line.topic == common::USERS && is_row(line)).collect()
    })
}
