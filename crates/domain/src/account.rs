//! The name of an account (RULES section 1).

use std::borrow::Borrow;
use std::fmt;

use compact_str::CompactString;
use serde::{Deserialize, Serialize};
use thiserror::Error;

/// The longest name, in characters; `VARCHAR(20)` counts the same way.
const MAX_CHARACTERS: usize = 20;

/// System accounts stand among the accounts under this prefix, so no account of the source may bear it.
pub(crate) const SYSTEM_PREFIX: &str = "SYS-";

/// `account_sequence`: the only name by which services know a user. Text of 1 to 20 characters, never
/// assumed to be digits. Compares in byte order, as `COLLATE "C"` does. Usually held in place, so a look-up follows no
/// pointer and a clone is a copy.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AccountSequence(CompactString);

/// Why a text names no account. A source row with such a name becomes a dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum AccountSequenceError {
    /// No character at all.
    #[error("an account sequence is empty")]
    Empty,
    /// More than 20 characters.
    #[error("an account sequence has {0} characters, at most 20 are allowed")]
    TooLong(usize),
    /// A character that paths, logs or exports could not tell apart from their own.
    #[error("an account sequence contains {0:?}")]
    Forbidden(char),
    /// The prefix of the system accounts.
    #[error("an account sequence begins with SYS-")]
    Reserved,
}

impl AccountSequence {
    /// Takes a text as the source spells it. Refuses `/` and `…` (they structure `ancestor_path`), Unicode
    /// white space, control characters, and the prefix `SYS-`.
    pub fn parse(text: &str) -> Result<Self, AccountSequenceError> {
        if text.is_empty() {
            return Err(AccountSequenceError::Empty);
        }
        let characters = text.chars().count();
        if characters > MAX_CHARACTERS {
            return Err(AccountSequenceError::TooLong(characters));
        }
        if let Some(forbidden) = text.chars().find(|&c| is_forbidden(c)) {
            return Err(AccountSequenceError::Forbidden(forbidden));
        }
        if text.starts_with(SYSTEM_PREFIX) {
            return Err(AccountSequenceError::Reserved);
        }
        Ok(Self(CompactString::new(text)))
    }

    /// The text as the source spells it.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn is_forbidden(c: char) -> bool {
    matches!(c, '/' | '…') || c.is_whitespace() || c.is_control()
}

impl fmt::Display for AccountSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl fmt::Debug for AccountSequence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), f)
    }
}

impl Borrow<str> for AccountSequence {
    fn borrow(&self) -> &str {
        self.as_str()
    }
}

impl AsRef<str> for AccountSequence {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl TryFrom<String> for AccountSequence {
    type Error = AccountSequenceError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text)
    }
}

impl std::str::FromStr for AccountSequence {
    type Err = AccountSequenceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl From<AccountSequence> for String {
    fn from(account: AccountSequence) -> Self {
        account.as_str().to_owned()
    }
}
