//! Accounts as they stand: those that are asked for at the same time are read by one statement.

use domain::AccountSequence;
use persistence::PgPool;
use persistence::views::{self, account::Account};
use runtime::{ExposeSecret, SecretString};

use crate::codes;
use crate::loader::{Loader, Source};
use crate::problem::Problem;

/// What is known of an account; none where nothing names it.
type Found = Result<Option<Account>, Problem>;

/// Reads accounts, by a connection of its own: listings do not hold it up.
#[derive(Debug)]
pub(crate) struct Accounts {
    pool: PgPool,
    loader: Loader<AccountSequence, Found>,
}

impl Accounts {
    /// Reads from the database at `url`, while [`run`](Self::run) does. Connects to nothing yet.
    pub(crate) fn new(url: &SecretString) -> persistence::Result<Self> {
        let pool = views::connect(url.expose_secret(), 1, env!("CARGO_PKG_NAME"))?;
        Ok(Self { pool, loader: Loader::default() })
    }

    /// The account as it stood at some time since the call.
    pub(crate) async fn load(&self, account: AccountSequence) -> Found {
        self.loader.load(account).await.unwrap_or_else(|| Err(Problem::of(&codes::OVERLOADED)))
    }

    /// Reads, for ever.
    pub(crate) async fn run(&self) {
        self.loader.run(self).await;
    }

    async fn read_all(&self, accounts: &[AccountSequence]) -> Result<Vec<Option<Account>>, Problem> {
        let mut connection = views::connection(&self.pool).await?;
        Ok(views::account::read_all(&mut connection, accounts).await?)
    }
}

impl Source for Accounts {
    type Key = AccountSequence;
    type Value = Found;

    async fn read(&self, accounts: Vec<AccountSequence>) -> Vec<Found> {
        match self.read_all(&accounts).await {
            Ok(found) => found.into_iter().map(Ok).collect(),
            Err(problem) => vec![Err(problem); accounts.len()],
        }
    }
}
