//! What a message says, in every mode in which Debezium writes it. Line numbers are those of the captures' table.

use std::collections::BTreeMap;

use cdc_ingestor::decode::{AdoptionRow, Cell, Code, Decoded, Op, ReferralRow, Skip, UserRow};
use chrono::NaiveDate;
use domain::{Amount, SourcePrice};

use crate::common::reading::{change, label, read};
use crate::common::{ADOPTIONS, Line, REFERRALS, USERS, capture};

#[test]
fn trap_16_decimals_are_exact_in_all_modes_or_refused() {
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
fn trap_16_a_decimal_without_schema_has_its_scale_from_the_settings_and_a_double_is_refused() {
    let lines = capture("b");
    for line in lines.iter().filter(|line| line.topic == ADOPTIONS && line.value.is_some()) {
        assert_eq!(read::<AdoptionRow>(&without_schema(line)), read::<AdoptionRow>(line), "{line:?}");
    }
    let largest = &capture("a")[229 - 1];
    let price = |written: &str| {
        let line = largest.with(r#""9999999999.9999999999""#, written);
        read::<AdoptionRow>(&line).map(|decoded| match decoded {
            Decoded::Change(change) => change.row.unwrap().price,
            _ => panic!("no row"),
        })
    };
    let whole = Cell::Is(SourcePrice::Priced(Amount::from_units(226_170_000_000_000)));
    for written in [r#"{"scale":0,"value":"WFk="}"#, r#"{"scale":10,"value":"AM2zToJEAA=="}"#, r#""22617.0""#]
    {
        assert_eq!(price(written), Ok(whole.clone()), "{written}");
    }
    assert_eq!(price("22617.0"), Err(Code::DecimalDouble));
    assert_eq!(price("22617"), Err(Code::DecimalDouble));
}

/// As the converter writes it with `schemas.enable=false`.
fn without_schema(line: &Line) -> Line {
    let payload = |text: &String| {
        let mut wrapped: serde_json::Value = serde_json::from_str(text).unwrap();
        wrapped["payload"].take().to_string()
    };
    Line { key: line.key.as_ref().map(payload), value: line.value.as_ref().map(payload), ..line.clone() }
}

#[test]
fn trap_17_dates_beyond_the_calendar_are_refused_and_others_not() {
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
fn trap_17_creation_times_beyond_the_calendar_are_unknown() {
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
fn trap_19_every_message_with_and_without_schema_is_understood() {
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
fn trap_19_every_flattened_message_is_understood() {
    let lines = capture("d");
    let users = [("c", 30), ("d", 5), ("r", 30), ("r incremental", 38), ("u", 29)];
    assert_eq!(counts(&lines, USERS), expect(&users));
    let adoptions = [("c", 69), ("d", 3), ("date_range", 2), ("r", 30), ("u", 3)];
    assert_eq!(counts(&lines, ADOPTIONS), expect(&adoptions));
    assert_eq!(counts(&lines, REFERRALS), expect(&[("c", 8), ("d", 1), ("r", 30), ("u", 3)]));
    assert_eq!(read::<UserRow>(&lines[263 - 1]), Ok(Decoded::Skip(Skip::Message)));
}

#[test]
fn trap_19_a_schema_makes_no_difference() {
    for line in capture("b").iter().filter(|line| line.value.is_some()) {
        let bare = without_schema(line);
        match line.topic.as_str() {
            USERS => assert_eq!(read::<UserRow>(line), read::<UserRow>(&bare)),
            REFERRALS => assert_eq!(read::<ReferralRow>(line), read::<ReferralRow>(&bare)),
            _ => {}
        }
    }
    let flattened = |line: &&Line| line.topic == USERS && line.value.is_some();
    for line in capture("d").iter().filter(flattened) {
        let wrap =
            |text: &String| format!(r#"{{"schema":{{"type":"struct","fields":[]}},"payload":{text}}}"#);
        let wrapped =
            Line { key: line.key.as_ref().map(wrap), value: line.value.as_ref().map(wrap), ..line.clone() };
        assert_eq!(read::<UserRow>(&wrapped), read::<UserRow>(line));
    }
    let tombstone = Line { value: None, ..capture("b")[95].clone() };
    assert_eq!(read::<UserRow>(&tombstone), Ok(Decoded::Tombstone));
}

#[test]
fn trap_18_only_the_lsn_counts_whatever_the_sequence_is() {
    let line = &capture("a")[107 - 1];
    let told = change::<UserRow>(line);
    let sequence = r#""[\"27133528\",\"27157072\"]""#;
    let beyond = r#""[\"99999999999999999999\",\"18446744073709551616\"]""#;
    for other in ["null", r#""[null,null]""#, r#""[\"27157072\",\"27157072\"]""#, beyond] {
        assert_eq!(change::<UserRow>(&line.with(sequence, other)), told, "{other}");
    }
    let lsn = |other: &str| read::<UserRow>(&line.with(r#""lsn":27157072"#, &format!("\"lsn\":{other}")));
    assert!(matches!(lsn("9223372036854775807"), Ok(Decoded::Change(_))));
    for beyond in ["9223372036854775808", "-1", "\"27157072\"", "1e7"] {
        assert_eq!(lsn(beyond), Err(Code::BadField), "{beyond}");
    }
    assert_eq!(lsn("null"), Err(Code::MissingField));
}

#[test]
fn trap_20_a_delete_needs_no_before() {
    for before in [Some(r#"{"id":"1f72cc67-de2b-5858-ae5c-415b3cc83e3c"}"#), Some("null"), None] {
        let mut line = capture("a")[95 - 1].clone();
        let value = line.value.unwrap();
        let (start, end) = (value.find(r#""before""#).unwrap(), value.find(r#""after""#).unwrap());
        let before = before.map_or_else(String::new, |before| format!("\"before\":{before},"));
        line.value = Some(format!("{}{before}{}", &value[..start], &value[end..]));
        let delete = change::<AdoptionRow>(&line);
        assert_eq!((delete.op, delete.row), (Op::Delete, None));
        assert_eq!(delete.id.to_string(), "1f72cc67-de2b-5858-ae5c-415b3cc83e3c");
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
