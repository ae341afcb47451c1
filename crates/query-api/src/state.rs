//! What all requests share.

use std::ops::DerefMut;
use std::sync::OnceLock;

use chrono::{DateTime, TimeDelta, Utc};
use metrics_exporter_prometheus::PrometheusHandle;
use persistence::views;
use persistence::{PgConnection, PgPool};
use runtime::{ExposeSecret, Health, Settings};

use crate::auth::Authenticator;
use crate::handlers::network::Network;
use crate::handlers::sync_status::SyncStatus;
use crate::kept::Kept;
use crate::problem::Problem;
use crate::tally::{Conservation, Tally};

/// Shared by all requests of a process.
#[derive(Debug)]
pub struct Api {
    /// Where views are read: the replica, if there is one.
    pub pool: PgPool,
    /// Who may ask.
    pub authenticator: Authenticator,
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
        let url = database.read_url().expose_secret();
        Ok(Self {
            pool: views::connect(url, database.max_connections, env!("CARGO_PKG_NAME"))?,
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

    /// A connection for views that are one statement.
    pub(crate) async fn connection(&self) -> Result<impl DerefMut<Target = PgConnection> + use<>, Problem> {
        self.ready()?;
        Ok(views::connection(&self.pool).await?)
    }

    /// A transaction in which all views show the same state. Dropping it ends it.
    pub(crate) async fn snapshot(&self) -> Result<views::Snapshot, Problem> {
        self.ready()?;
        Ok(views::snapshot(&self.pool).await?)
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
