//! The four accounts that are nobody's (RULES sections 4 and 7).

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// A system account.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "UPPERCASE")]
pub enum SystemAccount {
    /// Operations: slot 1.
    Operation,
    /// The province: slot 2.
    Province,
    /// The city: slot 3.
    City,
    /// Headquarters, which receives what nobody else may: slot 23.
    Headquarters,
}

/// A text that names no system account.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{0:?} is not a system account")]
pub struct UnknownSystemAccount(pub String);

impl SystemAccount {
    /// All four.
    pub const ALL: [Self; 4] = [Self::Operation, Self::Province, Self::City, Self::Headquarters];

    /// The `account_type` under which its row stands.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Operation => "OPERATION",
            Self::Province => "PROVINCE",
            Self::City => "CITY",
            Self::Headquarters => "HEADQUARTERS",
        }
    }

    /// The name under which it stands among the accounts, in snapshots and daily amounts. No account of
    /// the source can bear it.
    pub const fn ledger_name(self) -> &'static str {
        match self {
            Self::Operation => "SYS-OPERATION",
            Self::Province => "SYS-PROVINCE",
            Self::City => "SYS-CITY",
            Self::Headquarters => "SYS-HEADQUARTERS",
        }
    }

    /// Reads an `account_type`.
    pub fn parse(text: &str) -> Result<Self, UnknownSystemAccount> {
        Self::ALL
            .into_iter()
            .find(|account| account.as_str() == text)
            .ok_or_else(|| UnknownSystemAccount(text.to_owned()))
    }
}

impl FromStr for SystemAccount {
    type Err = UnknownSystemAccount;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        Self::parse(text)
    }
}

impl fmt::Display for SystemAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}
