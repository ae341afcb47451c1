//! The command as a user calls it, and databases to call it against.
#![allow(dead_code, reason = "each test binary uses its own part")]

pub(crate) mod books;
pub(crate) mod plan_file;

use std::process::{Command, Output};

use anyhow::Context;
use serde_json::Value;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};

/// The project's own configuration.
pub(crate) const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");
const UPSTREAM_SQL: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../deploy/local/sql/upstream.sql");

/// Settings given as `CONTRIB__…`.
pub(crate) type Variables = Vec<(&'static str, String)>;

/// Runs the binary with nothing of the tests' own environment but the variables given.
pub(crate) fn contribctl(arguments: &[&str], variables: &Variables) -> anyhow::Result<Output> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_contribctl"));
    command.env_clear().args(["--config", CONFIG]).args(arguments).envs(variables.iter().cloned());
    command.output().context("contribctl")
}

/// What it printed.
pub(crate) fn stdout(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Everything it said, for a failed assertion.
pub(crate) fn all(output: &Output) -> String {
    format!("{}{}", stdout(output), String::from_utf8_lossy(&output.stderr))
}

/// The identities that `verify --json` says do not hold.
pub(crate) fn failed(output: &Output) -> anyhow::Result<Vec<u64>> {
    let findings: Vec<Value> = serde_json::from_slice(&output.stdout).with_context(|| all(output))?;
    let wrong = findings.iter().filter(|finding| finding["discrepancies"] != 0);
    Ok(wrong.filter_map(|finding| finding["identity"].as_u64()).collect())
}

/// An upstream database of its own.
pub(crate) struct Upstream {
    name: String,
    server: PgConnectOptions,
    /// Connections to it.
    pub(crate) pool: PgPool,
}

impl Upstream {
    /// Creates it with the tables that the local stack has.
    pub(crate) async fn create() -> anyhow::Result<Self> {
        let server: PgConnectOptions = testkit::required("CONTRIB_TEST_DATABASE_URL")?.parse()?;
        let name = format!("upstream_{}", uuid::Uuid::new_v4().simple());
        let mut admin = PgConnection::connect_with(&server).await?;
        admin.execute(&*format!("CREATE DATABASE {name}")).await?;
        // roles belong to the whole server: two tests must not create them at the same time
        admin.execute("SELECT pg_advisory_lock(741)").await?;
        let pool =
            PgPoolOptions::new().max_connections(4).connect_with(server.clone().database(&name)).await?;
        let tables = std::fs::read_to_string(UPSTREAM_SQL).context(UPSTREAM_SQL)?;
        pool.execute(&*tables).await?;
        admin.close().await?;
        Ok(Self { name, server, pool })
    }

    /// As `upstream.url`; the service's own database is not needed for load.
    pub(crate) fn variables(&self) -> Variables {
        let url = sqlx::ConnectOptions::to_url_lossy(&self.server.clone().database(&self.name)).to_string();
        vec![("CONTRIB__UPSTREAM__URL", url.clone()), ("CONTRIB__DATABASE__URL", url)]
    }

    /// One text that changes with any row of the three tables.
    pub(crate) async fn fingerprint(&self) -> anyhow::Result<String> {
        Ok(sqlx::query_scalar(
            "SELECT concat_ws(' ',
                 (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM rwa_identity.users t),
                 (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM rwa_referral.referral_relations t),
                 (SELECT md5(string_agg(t::text, '|' ORDER BY id)) FROM rwa_planting.adoptions t))",
        )
        .fetch_one(&self.pool)
        .await?)
    }

    /// A count.
    pub(crate) async fn count(&self, query: &str) -> anyhow::Result<i64> {
        Ok(sqlx::query_scalar(query).fetch_one(&self.pool).await?)
    }

    /// Drops it.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        let mut admin = PgConnection::connect_with(&self.server).await?;
        admin.execute(&*format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await?;
        Ok(())
    }
}
