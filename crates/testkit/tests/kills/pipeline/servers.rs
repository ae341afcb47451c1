//! What a pipeline has of its own on the shared servers, all of it under the pipeline's name: an upstream database with
//! its slot and publication, a connector, topics, a consumer group.

use std::path::Path;
use std::str::FromStr;
use std::time::Duration;
use std::{fs, process};

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions};
use rdkafka::client::DefaultClientContext;
use reqwest::StatusCode;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::processes::repository;
use testkit::wait::until;

const PREFIX: &str = "pipeline";
const LIMIT: Duration = Duration::from_secs(30);

/// Where the tests' servers are.
#[derive(Debug)]
pub(super) struct Servers {
    postgres: PgConnectOptions,
    pub(super) brokers: String,
    pub(super) connect: String,
}

impl Servers {
    pub(super) fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            postgres: PgConnectOptions::from_str(&testkit::required("CONTRIB_TEST_DATABASE_URL")?)?,
            brokers: testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?,
            connect: testkit::required("CONTRIB_TEST_CONNECT_URL")?,
        })
    }

    /// A name that no other pipeline has or had, with this process's number in it.
    pub(super) fn name() -> String {
        let unique = Uuid::new_v4().simple().to_string();
        format!("{PREFIX}_{}_{}", process::id(), &unique[..8])
    }

    pub(super) fn upstream_url(&self, name: &str) -> String {
        self.postgres.clone().database(name).to_url_lossy().to_string()
    }

    /// An upstream database with the shipped tables, empty.
    pub(super) async fn create_upstream(&self, name: &str) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect_with(&self.postgres).await.context("the tests' PostgreSQL")?;
        admin.execute(&*format!("CREATE DATABASE {name}")).await?;
        admin.close().await?;
        let tables = fs::read_to_string(repository()?.join("deploy/local/sql/upstream.sql"))?;
        let mut upstream = PgConnection::connect_with(&self.postgres.clone().database(name)).await?;
        sqlx::raw_sql(&tables).execute(&mut upstream).await?;
        upstream.close().await?;
        Ok(())
    }

    /// The shipped connector under the pipeline's name: its slot, its publication and its topics' prefix too.
    pub(super) fn write_connector(name: &str, file: &Path) -> anyhow::Result<()> {
        let shipped = fs::read_to_string(repository()?.join("deploy/debezium/upstream.json"))?;
        let own = ["dbserver1", "contribution-upstream", "contribution_upstream"]
            .iter()
            .fold(shipped, |text, shared| text.replace(shared, name));
        fs::write(file, own)?;
        Ok(())
    }

    /// Removes what stands under the name, as far as it is there: the database last, by which leftovers are found.
    pub(super) async fn remove(&self, name: &str) -> anyhow::Result<()> {
        self.remove_connector(name).await?;
        self.remove_topics(name).await?;
        let mut admin = PgConnection::connect_with(&self.postgres).await?;
        remove_slot(&mut admin, name).await?;
        admin.execute(&*format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        admin.close().await?;
        Ok(())
    }

    /// Removes what test processes have left that were killed before they could.
    pub(super) async fn sweep(&self) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect_with(&self.postgres).await.context("the tests' PostgreSQL")?;
        let names: Vec<String> =
            sqlx::query_scalar("SELECT datname FROM pg_database WHERE starts_with(datname, $1)")
                .bind(PREFIX)
                .fetch_all(&mut admin)
                .await?;
        admin.close().await?;
        for name in names.iter().filter(|name| !is_in_use(name)) {
            self.remove(name).await?;
        }
        Ok(())
    }

    async fn remove_connector(&self, name: &str) -> anyhow::Result<()> {
        let client = reqwest::Client::new();
        let url = format!("{}/connectors/{name}", self.connect);
        // refused for a moment while another connector comes or goes
        until("Kafka Connect to remove a connector", LIMIT, async || {
            let status = client.delete(&url).send().await?.status();
            Ok((status.is_success() || status == StatusCode::NOT_FOUND).then_some(()))
        })
        .await
    }

    async fn remove_topics(&self, name: &str) -> anyhow::Result<()> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        let admin: AdminClient<DefaultClientContext> = config.create()?;
        let metadata = admin.inner().fetch_metadata(None, LIMIT)?;
        let topics = metadata.topics().iter().map(rdkafka::metadata::MetadataTopic::name);
        let own: Vec<&str> = topics.filter(|topic| topic.contains(name)).collect();
        // one that is gone already is as good; so is a group that never was
        let options = AdminOptions::new().operation_timeout(Some(LIMIT));
        if !own.is_empty() {
            admin.delete_topics(&own, &options).await?;
        }
        admin.delete_groups(&[name], &options).await?;
        Ok(())
    }
}

/// The connector's task goes on reading for a moment after the connector is gone.
async fn remove_slot(admin: &mut PgConnection, name: &str) -> anyhow::Result<()> {
    until("the connector to leave its slot", LIMIT, async || {
        sqlx::query(
            "SELECT pg_drop_replication_slot(slot_name) FROM pg_replication_slots
             WHERE slot_name = $1 AND NOT active",
        )
        .bind(name)
        .execute(&mut *admin)
        .await?;
        let there: bool =
            sqlx::query_scalar("SELECT EXISTS (SELECT FROM pg_replication_slots WHERE slot_name = $1)")
                .bind(name)
                .fetch_one(&mut *admin)
                .await?;
        Ok((!there).then_some(()))
    })
    .await
}

/// Whether the process lives whose number the name holds.
fn is_in_use(name: &str) -> bool {
    let process = name.split('_').nth(1).unwrap_or_default();
    Path::new("/proc").join(process).exists()
}
