//! Takes phone numbers out of a message before it is put aside.

use std::borrow::Cow;

use crate::decode::REDACTED;

/// A run of digits this long may be a phone number, where no field's name tells.
const SUSPICIOUS_DIGITS: usize = 7;

/// Replaces the value of every field whose name speaks of a phone, or is `column`. It works on the text, so it works
/// on what is no JSON too.
pub fn redact_fields(text: &str, column: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find('"') {
        let (before, quoted) = rest.split_at(start);
        let (name, after) = split_string(quoted);
        out.push_str(before);
        out.push_str(name);
        rest = after;
        if !speaks_of_a_phone(name.trim_matches('"'), column) {
            continue;
        }
        let value = after.trim_ascii_start();
        let Some(value) = value.strip_prefix(':').map(str::trim_ascii_start) else { continue };
        let end = value_end(value);
        if &value[..end] != "null" {
            out.push_str(":\"");
            out.push_str(REDACTED);
            out.push('"');
            rest = &value[end..];
        }
    }
    out.push_str(rest);
    out
}

/// Replaces every run of digits that is long enough for a phone number: for what could not be read at all.
pub fn redact_digits(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(start) = rest.find(|c: char| c.is_ascii_digit()) {
        let (before, digits) = rest.split_at(start);
        let end = digits.find(|c: char| !c.is_ascii_digit()).unwrap_or(digits.len());
        let (digits, after) = digits.split_at(end);
        out.push_str(before);
        out.push_str(if digits.len() >= SUSPICIOUS_DIGITS { REDACTED } else { digits });
        rest = after;
    }
    out.push_str(rest);
    out
}

/// Text that PostgreSQL can hold.
pub fn storable(bytes: &[u8]) -> Cow<'_, str> {
    let text = String::from_utf8_lossy(bytes);
    if text.contains('\0') { Cow::Owned(text.replace('\0', "\u{FFFD}")) } else { text }
}

fn speaks_of_a_phone(name: &str, column: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    name == column || lower.contains("phone") || lower.contains("mobile")
}

/// Splits behind the JSON string that `text` begins with, or at its end if the string has none.
fn split_string(text: &str) -> (&str, &str) {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate().skip(1) {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return text.split_at(at + 1),
            _ => {}
        }
    }
    (text, "")
}

/// Where a JSON scalar ends; a schema's object or array is left alone.
fn value_end(value: &str) -> usize {
    match value.as_bytes().first() {
        Some(b'"') => split_string(value).0.len(),
        Some(b'{' | b'[') | None => 0,
        _ => value.find([',', '}', ']']).unwrap_or(value.len()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn phones_go_and_the_rest_stays_readable() {
        let text = r#"{"id":"1","phone":"138\"0000","Mobile_No" : 13800000001,"tel":"139","lsn":27130368}"#;
        let expected =
            r#"{"id":"1","phone":"[redacted]","Mobile_No":"[redacted]","tel":"[redacted]","lsn":27130368}"#;
        assert_eq!(redact_fields(text, "tel"), expected);
        assert_eq!(redact_fields(r#"{"phone":null}"#, ""), r#"{"phone":null}"#);
        assert_eq!(redact_fields(r#"{"field":"phone","a":1}"#, ""), r#"{"field":"phone","a":1}"#);
    }

    #[test]
    fn what_is_no_json_is_redacted_too() {
        assert_eq!(redact_fields(r#"{"phone":"13800000001"#, ""), r#"{"phone":"[redacted]""#);
        assert_eq!(redact_digits("call 13800000001 or 12"), "call [redacted] or 12");
    }
}
