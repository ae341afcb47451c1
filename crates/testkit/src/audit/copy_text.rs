//! Ids of lines, and text as COPY writes it.

use std::fmt::Write;

/// NULL.
pub(crate) const NULL: &str = "\\N";
const ID_LENGTH: usize = 36;
const ID_END: &str = "-8000-000000000000";

/// The id of a line: `UUIDv8` with the entry's number in bits 0 to 47 and the slot in the 12 behind the version; without
/// a slot the least id of the entry.
pub(crate) fn id(seq: i64, slot: Option<u8>) -> String {
    match slot {
        Some(slot) => format!("{}8{slot:03x}{ID_END}", id_prefix(seq)),
        None => format!("{}0000-0000-000000000000", id_prefix(seq)),
    }
}

/// Writes the id of a line, of an entry whose ids begin with `prefix`.
pub(crate) fn push_id(row: &mut String, prefix: &str, slot: u8) -> std::fmt::Result {
    write!(row, "{prefix}8{slot:03x}{ID_END}")
}

/// What the ids of an entry's lines begin with.
pub(crate) fn id_prefix(seq: i64) -> String {
    let hex = format!("{seq:012x}");
    let (high, low) = hex.split_at(hex.len() - 4);
    format!("{high}-{low}-")
}

/// The id a row begins with.
pub(crate) fn id_of(row: &str) -> &str {
    row.get(..ID_LENGTH).unwrap_or(row)
}

/// Text as COPY writes it.
pub(crate) fn escape(row: &mut String, text: &str) {
    if !text.bytes().any(|byte| byte == b'\\' || byte < b' ') {
        return row.push_str(text);
    }
    for letter in text.chars() {
        match letter {
            '\\' => row.push_str("\\\\"),
            '\t' => row.push_str("\\t"),
            '\n' => row.push_str("\\n"),
            '\r' => row.push_str("\\r"),
            '\u{8}' => row.push_str("\\b"),
            '\u{b}' => row.push_str("\\v"),
            '\u{c}' => row.push_str("\\f"),
            other => row.push(other),
        }
    }
}

/// Text that COPY wrote.
pub(crate) fn unescape(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut letters = text.chars();
    while let Some(letter) = letters.next() {
        plain.push(match (letter, letter == '\\') {
            (_, true) => match letters.next() {
                Some('t') => '\t',
                Some('n') => '\n',
                Some('r') => '\r',
                Some('b') => '\u{8}',
                Some('v') => '\u{b}',
                Some('f') => '\u{c}',
                Some(other) => other,
                None => '\\',
            },
            (letter, false) => letter,
        });
    }
    plain
}
