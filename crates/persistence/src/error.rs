use domain::{AccountSequenceError, AmountError};

/// The result of a statement.
pub type Result<T> = std::result::Result<T, Error>;

/// What can go wrong between the service and its database.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// The server refused, or could not be reached.
    #[error("database: {0}")]
    Database(#[from] sqlx::Error),
    /// A stored value that the service would never have written.
    #[error("stored data: {0}")]
    Corrupt(String),
    /// The schema is not the one that this build was made for.
    #[error(transparent)]
    Schema(#[from] crate::migrations::SchemaError),
    /// Another instance took over: what was about to be written must not be.
    #[error("no longer the leader: another instance took over")]
    LostLeadership,
}

/// How a caller should take an [`Error`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// The server is away, restarting, or out of something: the same step may succeed later.
    Unavailable,
    /// A deadlock, serialization failure or lost leadership: nothing was written, do the step again.
    Conflict,
    /// Doing it again gives the same failure.
    Broken,
}

impl Error {
    /// A stored value that cannot be, with what is wrong with it.
    pub fn corrupt(what: impl std::fmt::Display) -> Self {
        Self::Corrupt(what.to_string())
    }

    /// How to take it.
    pub fn kind(&self) -> Kind {
        match self {
            Self::Database(error) => database_kind(error),
            Self::LostLeadership => Kind::Conflict,
            Self::Corrupt(_) | Self::Schema(_) => Kind::Broken,
        }
    }

    /// The SQLSTATE, where the server gave one.
    pub fn sqlstate(&self) -> Option<String> {
        match self {
            Self::Database(sqlx::Error::Database(error)) => error.code().map(std::borrow::Cow::into_owned),
            _ => None,
        }
    }
}

fn database_kind(error: &sqlx::Error) -> Kind {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed
        | sqlx::Error::Protocol(_) => Kind::Unavailable,
        sqlx::Error::Database(error) => error.code().map_or(Kind::Broken, |code| sqlstate_kind(&code)),
        _ => Kind::Broken,
    }
}

/// Classes of SQLSTATE: <https://www.postgresql.org/docs/current/errcodes-appendix.html>.
fn sqlstate_kind(code: &str) -> Kind {
    match code {
        "40001" | "40P01" | "55P03" => Kind::Conflict,
        "25006" => Kind::Unavailable, // read only: a fail-over is under way
        _ => match code.get(..2) {
            Some("08" | "53" | "57" | "58") => Kind::Unavailable,
            _ => Kind::Broken,
        },
    }
}

impl From<AmountError> for Error {
    fn from(error: AmountError) -> Self {
        Self::corrupt(error)
    }
}

impl From<AccountSequenceError> for Error {
    fn from(error: AccountSequenceError) -> Self {
        Self::corrupt(error)
    }
}
