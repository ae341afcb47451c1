//! The decoder over every captured message; line numbers are those of the captures' table of traps.
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use cdc_ingestor::decode::{
    AdoptionRow, Cell, Change, Code, Decoded, FromRow, Op, Origin, ReferralRow, Skip, UserRow, decode,
};
use chrono::NaiveDate;
use common::{ADOPTIONS, Line, REFERRALS, USERS, capture, format};
use domain::{Amount, SourcePrice};

fn read<R: FromRow>(line: &Line) -> Result<Decoded<R>, Code> {
    let bytes = |text: &'_ Option<String>| text.clone().map(String::into_bytes);
    decode(bytes(&line.key).as_deref(), bytes(&line.value).as_deref(), &format().format)
        .map_err(|refusal| refusal.code)
}

fn change<R: FromRow>(line: &Line) -> Change<R> {
    match read(line) {
        Ok(Decoded::Change(change)) => change,
        Ok(_) => panic!("no row: {line:?}"),
        Err(code) => panic!("{code:?}: {line:?}"),
    }
}

fn label<R: FromRow>(line: &Line) -> String {
    match read::<R>(line) {
        Ok(Decoded::Change(change)) => match change.origin {
            Origin::Stream { .. } => change.op.as_str().to_owned(),
            Origin::FullSnapshot { last, .. } => {
                format!("{}{}", change.op.as_str(), if last { " last" } else { "" })
            }
            Origin::IncrementalSnapshot => format!("{} incremental", change.op.as_str()),
        },
        Ok(Decoded::Tombstone) => "tombstone".to_owned(),
        Ok(Decoded::Skip(skip)) => skip.as_str().to_owned(),
        Err(code) => code.as_str().to_owned(),
    }
}

fn counts(lines: &[Line], topic: &str) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for line in lines.iter().filter(|line| line.topic == topic) {
        let label = match topic {
            ADOPTIONS => label::<AdoptionRow>(line),
            REFERRALS => label::<ReferralRow>(line),
            _ => label::<UserRow>(line),
        };
        *counts.entry(label).or_default() += 1;
    }
    counts
}

fn expect(counts: &[(&str, usize)]) -> BTreeMap<String, usize> {
    counts.iter().map(|(label, count)| ((*label).to_owned(), *count)).collect()
}

#[test]
fn every_message_of_the_full_captures_is_understood() {
    for name in ["a", "b"] {
        let lines = capture(name);
        let users = [
            ("c", 35),
            ("d", 5),
            ("r", 29),
            ("r incremental", 38),
            ("r last", 1),
            ("tombstone", 5),
            ("u", 30),
        ];
        assert_eq!(counts(&lines, USERS), expect(&users), "{name}");
        let adoptions =
            [("c", 69), ("d", 3), ("date_range", 2), ("r", 29), ("r last", 1), ("tombstone", 3), ("u", 3)];
        assert_eq!(counts(&lines, ADOPTIONS), expect(&adoptions), "{name}");
        let referrals = [("c", 8), ("d", 1), ("r", 29), ("r last", 1), ("tombstone", 1), ("u", 3)];
        assert_eq!(counts(&lines, REFERRALS), expect(&referrals), "{name}");
        assert_eq!(counts(&lines, "dbserver1.message"), expect(&[("m", 1)]), "{name}");
        assert!(counts(&lines, "__debezium-heartbeat.dbserver1").keys().eq(["heartbeat"]), "{name}");
    }
}

#[test]
fn every_message_of_the_flattened_capture_is_understood() {
    let lines = capture("d");
    let users = [("c", 30), ("d", 5), ("r", 30), ("r incremental", 38), ("u", 29)];
    assert_eq!(counts(&lines, USERS), expect(&users));
    let adoptions = [("c", 69), ("d", 3), ("date_range", 2), ("r", 30), ("u", 3)];
    assert_eq!(counts(&lines, ADOPTIONS), expect(&adoptions));
    assert_eq!(counts(&lines, REFERRALS), expect(&[("c", 8), ("d", 1), ("r", 30), ("u", 3)]));
    assert_eq!(read::<UserRow>(&lines[263 - 1]), Ok(Decoded::Skip(Skip::Message)));
}

#[test]
fn the_last_row_of_each_topic_is_marked() {
    let last = |lines: &[Line]| -> Vec<usize> {
        let marked = |line: &Line| match line.topic.as_str() {
            ADOPTIONS => label::<AdoptionRow>(line) == "r last",
            REFERRALS => label::<ReferralRow>(line) == "r last",
            _ => label::<UserRow>(line) == "r last",
        };
        (1..=90).filter(|number| marked(&lines[number - 1])).collect()
    };
    assert_eq!(last(&capture("a")), [29, 60, 90]);
    assert_eq!(last(&capture("b")), [30, 60, 90]);
    assert_eq!(last(&capture("d")), [0_usize; 0]);
}

#[test]
fn what_was_open_during_the_snapshot_streams_with_a_lower_lsn() {
    for name in ["a", "b", "d"] {
        let lines = capture(name);
        let Origin::FullSnapshot { lsn: snapshot, .. } = change::<UserRow>(&lines[0]).origin else {
            panic!("line 1 of {name} is of the snapshot")
        };
        for number in [92, 93] {
            let Origin::Stream { lsn } = change::<UserRow>(&lines[number - 1]).origin else {
                panic!("streamed")
            };
            assert!(lsn < snapshot, "{name} {number}");
        }
        let delete = change::<AdoptionRow>(&lines[95 - 1]);
        assert!(matches!(delete.origin, Origin::Stream { lsn } if lsn < snapshot));
        assert_eq!((delete.op, delete.row), (Op::Delete, None));
    }
}

#[test]
fn prices_are_exact_in_both_modes() {
    let price = |line: &Line| change::<AdoptionRow>(line).row.unwrap().price;
    let units = |units| Cell::Is(SourcePrice::Priced(Amount::from_units(units)));
    for (name, smallest, largest, nan) in [("a", 225, 229, 228), ("b", 225, 226, 228), ("d", 217, 221, 220)] {
        let lines = capture(name);
        assert_eq!(price(&lines[smallest - 1]), units(-1), "{name}");
        assert_eq!(price(&lines[largest - 1]), units(10_i128.pow(20) - 1), "{name}");
        let expected =
            if name == "b" { SourcePrice::Unpriced } else { SourcePrice::Unstorable("NAN".to_owned()) };
        assert_eq!(price(&lines[nan - 1]), Cell::Is(expected), "{name}");
    }
    assert_eq!(price(&capture("a")[32 - 1]), units(226_174_000_002));
}

#[test]
fn dates_beyond_the_calendar_are_refused_and_others_not() {
    let date = |line: &Line| change::<AdoptionRow>(line).row.unwrap().adoption_date;
    let first_and_last = [("a", 307, 308, 313), ("b", 305, 307, 312), ("d", 291, 292, 298)];
    for (name, first, last, before_christ) in first_and_last {
        let lines = capture(name);
        assert_eq!(date(&lines[first - 1]), NaiveDate::from_ymd_opt(1, 1, 1).unwrap());
        assert_eq!(date(&lines[last - 1]), NaiveDate::from_ymd_opt(9999, 12, 31).unwrap());
        assert_eq!(date(&lines[before_christ - 1]), NaiveDate::from_ymd_opt(-43, 3, 15).unwrap());
    }
    for (name, numbers) in [("a", [311, 312]), ("b", [310, 311]), ("d", [295, 296])] {
        let lines = capture(name);
        for number in numbers {
            assert_eq!(read::<AdoptionRow>(&lines[number - 1]), Err(Code::DateRange), "{name} {number}");
        }
    }
}

#[test]
fn creation_times_beyond_the_calendar_are_unknown() {
    let created = |line: &Line| change::<UserRow>(line).row.unwrap().created_at;
    for (name, known, unknown) in [
        ("a", [295, 300], [301, 302, 304, 305]),
        ("b", [294, 298], [300, 301, 303, 304]),
        ("d", [279, 284], [285, 286, 288, 289]),
    ] {
        let lines = capture(name);
        assert_eq!(created(&lines[known[0] - 1]), Some("0001-01-01T00:00:00Z".parse().unwrap()));
        assert_eq!(created(&lines[known[1] - 1]), Some("9999-12-31T23:59:59.999999Z".parse().unwrap()));
        for number in unknown {
            assert_eq!(created(&lines[number - 1]), None, "{name} {number}");
        }
    }
}

#[test]
fn null_columns_stay_null() {
    for (name, user, adoption) in [("a", 220, 221), ("b", 220, 221), ("d", 211, 213)] {
        let lines = capture(name);
        let user = change::<UserRow>(&lines[user - 1]).row.unwrap();
        assert_eq!(
            (user.phone, user.status, user.created_at),
            (Cell::Is(None), Cell::Is(None), None),
            "{name}"
        );
        let adoption = change::<AdoptionRow>(&lines[adoption - 1]).row.unwrap();
        assert_eq!((adoption.price, adoption.tree_count), (Cell::Is(SourcePrice::Unpriced), 0), "{name}");
    }
}

/// The placeholder stands in `nickname`, so that column is read as the phone here.
#[test]
fn a_placeholder_means_unchanged() {
    for (name, numbers) in [("a", [212, 214, 218]), ("b", [212, 214, 218]), ("d", [204, 207, 209])] {
        let lines = capture(name);
        let mut format = format().format;
        format.columns.insert("phone".to_owned(), "nickname".to_owned());
        for number in numbers {
            let line = &lines[number - 1];
            let key = line.key.as_deref().map(str::as_bytes);
            let value = line.value.as_deref().map(str::as_bytes);
            let Ok(Decoded::Change(Change { row: Some(row), .. })) = decode::<UserRow>(key, value, &format)
            else {
                panic!("a row: {name} {number}")
            };
            assert_eq!(row.phone, Cell::Unchanged, "{name} {number}");
        }
    }
}

/// A message of capture a with one thing about it broken.
fn broken(number: usize, from: &str, to: &str) -> Line {
    let mut line = capture("a")[number - 1].clone();
    let value = line.value.unwrap();
    assert!(value.contains(from), "{from} in {value}");
    line.value = Some(value.replacen(from, to, 1));
    line
}

#[test]
fn broken_messages_are_refused_by_name() {
    let users = |from: &str, to: &str| read::<UserRow>(&broken(92, from, to));
    assert_eq!(users(r#""op":"c""#, r#""op":"x""#), Err(Code::UnknownOp));
    assert_eq!(users(r#""lsn":27129920"#, r#""lsn":null"#), Err(Code::MissingField));
    assert_eq!(users(r#""lsn":27129920"#, r#""lsn":99999999999999999999"#), Err(Code::BadField));
    assert_eq!(users(r#""account_sequence":"#, r#""account":"#), Err(Code::MissingField));
    for account in ["", "SYS-OPERATION", "a/b", "a…b", "a b", r"a\u0007", r"\u2003", "123456789012345678901"]
    {
        let account = format!("\"{account}\"");
        assert_eq!(users(r#""D26112000100""#, &account), Err(Code::AccountSequence), "{account}");
    }
    assert_eq!(users(r#""after":{"id":"c883"#, r#""after":{"id":"c884"#), Err(Code::KeyMismatch));
    assert_eq!(users("}", ""), Err(Code::BadJson));
    let referral = broken(62, r#""referrer_account_sequence":"#, r#""referrer":"#);
    assert_eq!(read::<ReferralRow>(&referral), Err(Code::MissingField));
    let double = broken(229, r#""9999999999.9999999999""#, "1e10");
    assert_eq!(read::<AdoptionRow>(&double), Err(Code::DecimalDouble));

    let line = capture("a")[92 - 1].clone();
    let with = |key: Option<&str>, value: Option<&str>| {
        read::<UserRow>(&Line {
            key: key.map(str::to_owned),
            value: value.map(str::to_owned),
            ..line.clone()
        })
    };
    assert_eq!(with(None, line.value.as_deref()), Err(Code::NoKey));
    assert_eq!(with(line.key.as_deref(), Some("")), Err(Code::Empty));
    assert_eq!(with(line.key.as_deref(), Some("{}")), Err(Code::UnknownShape));
    assert_eq!(with(line.key.as_deref(), Some(&"[".repeat(100_000))), Err(Code::BadJson));
    assert_eq!(with(line.key.as_deref(), Some(&" ".repeat(2 << 20))), Err(Code::Oversized));
    let refusal = decode::<UserRow>(None, Some(&[0xFF, 0xFE]), &format().format).unwrap_err();
    assert_eq!(refusal.code, Code::NotUtf8);
    assert_eq!(with(None, None), Ok(Decoded::Tombstone));
}

#[test]
fn a_missing_needed_field_is_named_and_the_row_too() {
    let line = broken(92, r#""account_sequence":"#, r#""account":"#);
    let bytes = |text: &Option<String>| text.clone().map(String::into_bytes);
    let refusal =
        decode::<UserRow>(bytes(&line.key).as_deref(), bytes(&line.value).as_deref(), &format().format);
    let refusal = refusal.unwrap_err();
    assert_eq!(refusal.to_string(), "missing_field: account_sequence");
    assert_eq!(refusal.id.unwrap().to_string(), "c883e276-e49f-5037-8d91-8686a8d0cd49");
}

#[test]
fn a_truncate_and_a_delete_without_before_are_understood() {
    let truncate = broken(95, r#""op":"d""#, r#""op":"t""#);
    assert_eq!(read::<AdoptionRow>(&Line { key: None, ..truncate }), Ok(Decoded::Skip(Skip::Truncate)));
    let mut line = capture("a")[95 - 1].clone();
    let value = line.value.unwrap();
    let (start, end) = (value.find(r#"{"id""#).unwrap(), value.find(r#","after""#).unwrap());
    line.value = Some(format!("{}null{}", &value[..start], &value[end..]));
    assert_eq!(change::<AdoptionRow>(&line).op, Op::Delete);
}

#[test]
fn boolean_and_spelled_out_snapshot_markers_are_the_same() {
    let origin = |number, from: &str, to: &str| change::<UserRow>(&broken(number, from, to)).origin;
    let streamed = change::<UserRow>(&capture("a")[92 - 1]).origin;
    assert_eq!(origin(92, r#""snapshot":"false""#, r#""snapshot":false"#), streamed);
    assert_eq!(origin(92, r#""snapshot":"false","#, ""), streamed);
    let first = change::<UserRow>(&capture("a")[0]).origin;
    assert_eq!(origin(1, r#""snapshot":"first""#, r#""snapshot":true"#), first);
}
