use std::fmt;

use uuid::Uuid;

/// Why a message is a dead letter. The codes are stable: dashboards and runbooks name them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Code {
    /// The value is there but has no byte.
    Empty,
    /// Longer than a message may be.
    Oversized,
    /// Not UTF-8.
    NotUtf8,
    /// Not JSON, or not an object.
    BadJson,
    /// An object, but none that Debezium writes.
    UnknownShape,
    /// An operation other than c, u, d, r, t, m.
    UnknownOp,
    /// A row without key.
    NoKey,
    /// The key names another row than the value.
    KeyMismatch,
    /// A field that is needed is not there; it is named.
    MissingField,
    /// A field holds what it cannot hold; it is named.
    BadField,
    /// The text names no account (RULES.md section 1).
    AccountSequence,
    /// A decimal came as a floating-point number, which is not exact.
    DecimalDouble,
    /// A decimal that may be text or base64, and nothing tells which.
    DecimalAmbiguous,
    /// `adoption_date` is infinite, or no day of the calendar.
    DateRange,
    /// An unchanged large value was left out, and none is stored that could be kept.
    Incomplete,
}

impl Code {
    /// As it is stored, and a metric's label.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Oversized => "oversized",
            Self::NotUtf8 => "not_utf8",
            Self::BadJson => "bad_json",
            Self::UnknownShape => "unknown_shape",
            Self::UnknownOp => "unknown_op",
            Self::NoKey => "no_key",
            Self::KeyMismatch => "key_mismatch",
            Self::MissingField => "missing_field",
            Self::BadField => "bad_field",
            Self::AccountSequence => "account_sequence",
            Self::DecimalDouble => "decimal_double",
            Self::DecimalAmbiguous => "decimal_ambiguous",
            Self::DateRange => "date_range",
            Self::Incomplete => "incomplete",
        }
    }
}

/// A message that cannot be understood. Its text holds no value of the message but names of fields.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub struct Refusal {
    /// What is wrong.
    pub code: Code,
    /// The source's column, where one is to blame.
    pub field: Option<String>,
    /// More about it.
    pub detail: Option<String>,
    /// The row that it is about, if that much is known.
    pub id: Option<Uuid>,
}

impl Refusal {
    pub(super) fn new(code: Code) -> Self {
        Self { code, field: None, detail: None, id: None }
    }

    pub(super) fn field(code: Code, field: &str) -> Self {
        Self { field: Some(field.to_owned()), ..Self::new(code) }
    }

    pub(super) fn because(mut self, detail: impl fmt::Display) -> Self {
        self.detail = Some(detail.to_string());
        self
    }

    /// The same, about the row `id`.
    pub(crate) fn about(mut self, id: Uuid) -> Self {
        self.id = Some(id);
        self
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        if let Some(field) = &self.field {
            write!(f, ": {field}")?;
        }
        if let Some(detail) = &self.detail {
            write!(f, ": {detail}")?;
        }
        Ok(())
    }
}
