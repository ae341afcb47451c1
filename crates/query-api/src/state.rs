//! What all requests share.

use std::ops::DerefMut;
use std::sync::{Arc, OnceLock};

use chrono::{DateTime, TimeDelta, Utc};
use domain::{AccountSequence, Ruling};
use metrics_exporter_prometheus::PrometheusHandle;
use persistence::views::{self, account::Account};
use persistence::{PgConnection, PgPool};
use runtime::settings::Business;
use runtime::{ExposeSecret, Health, SecretString, Settings};
use tokio::sync::Semaphore;

use crate::accounts::Accounts;
use crate::auth::Authenticator;
use crate::cache::Cache;
use crate::handlers::network::Network;
use crate::handlers::sync_status::SyncStatus;
use crate::kept::Kept;
use crate::limits::Limits;
use crate::problem::Problem;
use crate::reads;
use crate::tally::{Conservation, Tally};

/// Connections that write: an operator's request now and then.
const WRITERS: u32 = 2;

/// Shared by all requests of a process.
#[derive(Debug)]
pub struct Api {
    /// Where views are read: the replica, if there is one.
    pub pool: PgPool,
    /// The primary, for those who need what the replica has not yet; where there is none, the same as `pool`.
    primary: PgPool,
    has_replica: bool,
    /// Accounts as they stand, from where views are read; from the primary where they are kept in Redis.
    pub(crate) accounts: Arc<Accounts>,
    /// Hot accounts, where there is a Redis.
    pub(crate) cache: Option<Cache>,
    /// Where requests of operators are written: never a replica.
    pub(crate) writer: PgPool,
    /// What the settings say of adoptions.
    pub(crate) ruling: Ruling,
    /// One plan is simulated at a time.
    pub(crate) simulating: Semaphore,
    /// Who may ask.
    pub authenticator: Authenticator,
    /// How much is taken on.
    pub(crate) limits: Limits,
    /// Whether we are ready.
    pub health: Health,
    /// Our metrics.
    pub metrics: PrometheusHandle,
    /// Set once the schema was found to be ours; until then no view is read.
    pub schema_checked: OnceLock<()>,
    /// Sums over the ledger through the newest watermark seen.
    pub tally: Tally,
    pub(crate) network: Kept<Network>,
    pub(crate) sync_status: Kept<SyncStatus>,
    pub(crate) conservation: Kept<Conservation>,
    chain_grace: TimeDelta,
}

impl Api {
    /// Connects to nothing yet. Errs where the settings are refused.
    pub fn new(settings: &Settings, health: Health, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let database = &settings.database;
        let connect = |url: &SecretString| {
            views::connect(url.expose_secret(), database.max_connections, env!("CARGO_PKG_NAME"))
        };
        let primary = connect(&database.url)?;
        let pool = database.read_url.as_ref().map_or_else(|| Ok(primary.clone()), connect)?;
        let read_url = database.read_url.as_ref().filter(|_| settings.redis.url.is_none());
        let accounts = Arc::new(Accounts::new(read_url.unwrap_or(&database.url))?);
        Ok(Self {
            pool,
            has_replica: database.read_url.is_some(),
            cache: Cache::new(settings, &primary, &accounts)?,
            accounts,
            primary,
            limits: Limits::new(settings),
            writer: persistence::connect(database.url.expose_secret(), WRITERS, env!("CARGO_PKG_NAME"))?,
            ruling: ruling(&settings.business),
            simulating: Semaphore::new(1),
            authenticator: Authenticator::new(&settings.auth)?,
            health,
            metrics,
            schema_checked: OnceLock::new(),
            tally: Tally::default(),
            network: Kept::default(),
            sync_status: Kept::default(),
            conservation: Kept::default(),
            chain_grace: TimeDelta::hours(i64::from(settings.business.chain_grace_hours)),
        })
    }

    /// The account as it stands.
    pub(crate) async fn account(&self, account: AccountSequence) -> Result<Option<Account>, Problem> {
        if reads::at_least().is_none() {
            self.ready()?;
            return self.accounts.load(account).await;
        }
        let mut connection = self.connection().await?;
        Ok(views::account::read(&mut connection, &account).await?)
    }

    /// A connection for views that are one statement.
    pub(crate) async fn connection(&self) -> Result<impl DerefMut<Target = PgConnection> + use<>, Problem> {
        self.ready()?;
        reads::of(&self.sources(), reads::at_least(), views::connection).await
    }

    /// The same, of a database that includes the entry `seq`.
    pub(crate) async fn connection_including(
        &self,
        seq: i64,
    ) -> Result<impl DerefMut<Target = PgConnection> + use<>, Problem> {
        reads::of(&self.sources(), Some(seq), views::connection).await
    }

    /// A transaction in which all views show the same state. Dropping it ends it.
    pub(crate) async fn snapshot(&self) -> Result<views::Snapshot, Problem> {
        self.ready()?;
        reads::of(&self.sources(), reads::at_least(), views::snapshot).await
    }

    /// Where a request may read, as it is tried.
    fn sources(&self) -> Vec<&PgPool> {
        if self.has_replica { vec![&self.pool, &self.primary] } else { vec![&self.primary] }
    }

    /// An adoption that waits for a referral since before then is stalled.
    pub(crate) fn stalled_before(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        now - self.chain_grace
    }

    /// Errs until the schema was found to be ours.
    pub(crate) fn ready(&self) -> Result<(), Problem> {
        self.schema_checked.get().copied().ok_or_else(Problem::database_unavailable)
    }
}

fn ruling(business: &Business) -> Ruling {
    let Business { ineligible_statuses, max_future_days, missing_referral, .. } = business;
    Ruling::new(ineligible_statuses, *max_future_days, missing_referral.is_root())
}
