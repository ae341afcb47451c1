//! The decoder over every captured message; line numbers are those of the captures' table of traps.
#![allow(clippy::unwrap_used)]

mod common;

use cdc_ingestor::decode::{
    AdoptionRow, Cell, Change, Code, Decoded, Format, Op, Origin, ReferralRow, UserRow, decode,
};
use common::reading::{broken, change, label, read};
use common::{ADOPTIONS, Line, REFERRALS, capture, format};
use domain::SourcePrice;

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

#[test]
fn phone_numbers_are_dropped_where_they_are_not_to_be_kept() {
    let line = &capture("a")[97 - 1];
    assert!(matches!(change::<UserRow>(line).row.unwrap().phone, Cell::Is(Some(_))));
    let format = Format { keep_phones: false, ..format().format };
    let (key, value) = (line.key.as_deref().map(str::as_bytes), line.value.as_deref().map(str::as_bytes));
    let Ok(Decoded::Change(change)) = decode::<UserRow>(key, value, &format) else { panic!("{line:?}") };
    assert_eq!(change.row.unwrap().phone, Cell::Is(None));
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
fn boolean_and_spelled_out_snapshot_markers_are_the_same() {
    let origin = |number, from: &str, to: &str| change::<UserRow>(&broken(number, from, to)).origin;
    let streamed = change::<UserRow>(&capture("a")[92 - 1]).origin;
    assert_eq!(origin(92, r#""snapshot":"false""#, r#""snapshot":false"#), streamed);
    assert_eq!(origin(92, r#""snapshot":"false","#, ""), streamed);
    let first = change::<UserRow>(&capture("a")[0]).origin;
    assert_eq!(origin(1, r#""snapshot":"first""#, r#""snapshot":true"#), first);
}
