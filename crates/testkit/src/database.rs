//! A database of its own for each test, cloned from a template that is migrated once.

use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, ensure};
use runtime::Settings;
use sqlx::postgres::{PgConnectOptions, PgPoolOptions};
use sqlx::{Connection, Executor, PgConnection, PgPool};
use uuid::Uuid;

/// The zone in which tests keep their books.
pub const TIME_ZONE: &str = "Asia/Shanghai";
const TEMPLATE_LOCK: i64 = 0x7E57_7E3F;

/// A migrated, empty database; dropped by [`TestDatabase::close`].
#[derive(Debug)]
pub struct TestDatabase {
    name: String,
    server: PgConnectOptions,
    pool: PgPool,
}

impl TestDatabase {
    /// Clones the template (making it first if this build's migrations have none yet) and connects. Its commits do not
    /// wait for the disk: no test takes the server's power away.
    pub async fn create() -> anyhow::Result<Self> {
        Self::clone_template("synchronous_commit = off").await
    }

    /// The same with commits that wait for the disk, for what measures them.
    pub async fn create_durable() -> anyhow::Result<Self> {
        Self::clone_template("synchronous_commit = on").await
    }

    async fn clone_template(setting: &str) -> anyhow::Result<Self> {
        let server = PgConnectOptions::from_str(&crate::required("CONTRIB_TEST_DATABASE_URL")?)?;
        let server = server.options([("jit", "off")]); // as the service's own connections
        let mut admin = PgConnection::connect_with(&server).await.context("the tests' PostgreSQL")?;
        let template = make_template(&mut admin, &server).await?;
        let database = Self::clone_of(&template, &mut admin, server).await?;
        admin.execute(&*format!("ALTER DATABASE {} SET {setting}", database.name)).await?;
        admin.close().await?;
        Ok(database)
    }

    /// Another one with all that is in this one; whoever is connected to this one is sent away.
    pub async fn copy(&self) -> anyhow::Result<Self> {
        let mut admin = PgConnection::connect_with(&self.server).await?;
        end_sessions(&mut admin, &self.name).await?;
        let copy = Self::clone_of(&self.name, &mut admin, self.server.clone()).await?;
        admin.close().await?;
        Ok(copy)
    }

    /// Connects when it is first used.
    async fn clone_of(
        template: &str,
        admin: &mut PgConnection,
        server: PgConnectOptions,
    ) -> anyhow::Result<Self> {
        let name = format!("test_{}", Uuid::new_v4().simple());
        admin.execute(&*format!("CREATE DATABASE {name} TEMPLATE {template}")).await?;
        let pool = PgPoolOptions::new().max_connections(16).connect_lazy_with(server.clone().database(&name));
        Ok(Self { name, server, pool })
    }

    /// Connections to it.
    pub fn pool(&self) -> &PgPool {
        &self.pool
    }

    /// Its URL, as a worker's `database.url` takes it.
    pub fn url(&self) -> String {
        sqlx::ConnectOptions::to_url_lossy(&self.server.clone().database(&self.name)).to_string()
    }

    /// The service's settings with this database, and with others such as `("DISTRIBUTOR__PASS_SIZE", "3")`.
    pub fn settings(&self, others: &[(&str, &str)]) -> anyhow::Result<Settings> {
        let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
        let url = self.url();
        let all = others.iter().copied().chain([("DATABASE__URL", url.as_str())]);
        Ok(Settings::load_from(
            &config,
            all.map(|(key, value)| (format!("CONTRIB__{key}"), value.to_owned())),
        )?)
    }

    /// Makes it as empty as it was when it was created: much cheaper than another one, whose hundreds of files a file
    /// system has to make and to remove.
    pub async fn empty(&self) -> anyhow::Result<()> {
        self.pool.execute(include_str!("empty.sql")).await?;
        Ok(())
    }

    /// Drops it, whoever is still connected.
    pub async fn close(self) -> anyhow::Result<()> {
        self.pool.close().await;
        let mut admin = PgConnection::connect_with(&self.server).await?;
        admin.execute(&*format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.name)).await?;
        Ok(())
    }
}

/// The template is named after the migrations' checksum, so a changed migration makes a new one.
async fn make_template(admin: &mut PgConnection, server: &PgConnectOptions) -> anyhow::Result<String> {
    let name = format!("contrib_template_{:016x}", persistence::migrations::fingerprint());
    sqlx::query("SELECT pg_advisory_lock($1)").bind(TEMPLATE_LOCK).execute(&mut *admin).await?;
    let there: bool = sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_database WHERE datname = $1)")
        .bind(&name)
        .fetch_one(&mut *admin)
        .await?;
    if !there {
        let unfinished = format!("{name}_unfinished");
        admin.execute(&*format!("DROP DATABASE IF EXISTS {unfinished} WITH (FORCE)")).await?;
        admin.execute(&*format!("CREATE DATABASE {unfinished}")).await?;
        let pool = PgPoolOptions::new()
            .max_connections(1)
            .connect_with(server.clone().database(&unfinished))
            .await?;
        persistence::migrations::run(&pool, TIME_ZONE).await?;
        pool.close().await;
        end_sessions(admin, &unfinished).await?;
        admin.execute(&*format!("ALTER DATABASE {unfinished} RENAME TO {name}")).await?;
    }
    sqlx::query("SELECT pg_advisory_unlock($1)").bind(TEMPLATE_LOCK).execute(&mut *admin).await?;
    Ok(name)
}

/// Ends the sessions of a database, so that it can be copied or renamed. Closing a pool is not enough: a connection that
/// was just being given back lives as long as the pool.
async fn end_sessions(admin: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    let ended: bool = sqlx::query_scalar(
        "SELECT coalesce(bool_and(pg_terminate_backend(pid, 10000)), TRUE) FROM pg_stat_activity WHERE datname = $1",
    )
    .bind(name)
    .fetch_one(admin)
    .await?;
    ensure!(ended, "a session of {name} does not end");
    Ok(())
}
