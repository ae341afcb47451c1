//! What a test with a real connector has of its own on the shared servers, all of it under one name: an upstream database
//! with its slot and publication, a connector, topics, a consumer group.

use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::{env, fs, process};

use anyhow::Context as _;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use reqwest::StatusCode;
use serde_json::Value;
use sqlx::postgres::PgConnectOptions;
use sqlx::{ConnectOptions as _, Connection as _, Executor as _, PgConnection};
use uuid::Uuid;

use crate::wait::{LIMIT, until};

const PREFIX: &str = "pipeline";
/// Where the tests' servers are.
#[derive(Debug)]
pub struct Servers {
    postgres: PgConnectOptions,
    /// Kafka's brokers.
    pub brokers: String,
    /// Kafka Connect's REST interface.
    pub connect: String,
}

impl Servers {
    /// As `make test` names them.
    pub fn from_environment() -> anyhow::Result<Self> {
        Ok(Self {
            postgres: PgConnectOptions::from_str(&crate::required("CONTRIB_TEST_DATABASE_URL")?)?,
            brokers: crate::required("CONTRIB_TEST_KAFKA_BROKERS")?,
            connect: crate::required("CONTRIB_TEST_CONNECT_URL")?,
        })
    }

    /// A name that no other test has or had, with this process's number in it.
    pub fn name() -> String {
        let unique = Uuid::new_v4().simple().to_string();
        format!("{PREFIX}_{}_{}", process::id(), &unique[..8])
    }

    /// The URL of the upstream database.
    pub fn upstream_url(&self, name: &str) -> String {
        self.postgres.clone().database(name).to_url_lossy().to_string()
    }

    /// An upstream database with the shipped tables, empty.
    pub async fn create_upstream(&self, name: &str) -> anyhow::Result<()> {
        let mut admin = PgConnection::connect_with(&self.postgres).await.context("the tests' PostgreSQL")?;
        admin.execute(&*format!("CREATE DATABASE {name}")).await?;
        admin.close().await?;
        let tables = fs::read_to_string(repository()?.join("deploy/local/sql/upstream.sql"))?;
        let mut upstream = PgConnection::connect_with(&self.postgres.clone().database(name)).await?;
        sqlx::raw_sql(&tables).execute(&mut upstream).await?;
        upstream.close().await?;
        Ok(())
    }

    /// The shipped connector under this name, its slot, its publication and its topics' prefix too: text with the
    /// placeholders that `contribctl connectors apply` replaces.
    pub fn connector(name: &str) -> anyhow::Result<String> {
        let shipped = fs::read_to_string(repository()?.join("deploy/debezium/upstream.json"))?;
        let shared = ["dbserver1", "contribution-upstream", "contribution_upstream"];
        Ok(shared.iter().fold(shipped, |text, shared| text.replace(shared, name)))
    }

    /// Registers the connector with some settings of its own, or changes them. It reads from some moment on:
    /// [`wait_running`](Self::wait_running).
    pub async fn put_connector(&self, name: &str, settings: &[(&str, &str)]) -> anyhow::Result<()> {
        let (host, port) = (self.postgres.get_host(), self.postgres.get_port().to_string());
        let values = [
            ("${UPSTREAM_HOST}", host),
            ("${UPSTREAM_PORT}", &port),
            ("${UPSTREAM_USER}", self.postgres.get_username()),
            ("${UPSTREAM_PASSWORD}", "postgres"),
            ("${UPSTREAM_DB}", name),
            ("${KAFKA_BROKERS}", &self.brokers),
        ];
        let text = Self::connector(name)?;
        let text = values.iter().fold(text, |text, (placeholder, value)| text.replace(placeholder, value));
        let mut connector: Value = serde_json::from_str(&text)?;
        for (key, value) in settings {
            connector["config"][*key] = Value::from(*value);
        }
        if let Some(topic) = connector["config"]["signal.kafka.topic"].as_str() {
            self.create_topic(topic).await?;
        }
        let url = format!("{}/connectors/{name}/config", self.connect);
        let body = connector["config"].to_string();
        // refused for a moment while another connector comes or goes
        until("Kafka Connect to take a connector", LIMIT, async || {
            let request = reqwest::Client::new().put(&url).header("content-type", "application/json");
            Ok(request.body(body.clone()).send().await?.status().is_success().then_some(()))
        })
        .await
    }

    /// Waits until connector and task run.
    pub async fn wait_running(&self, name: &str) -> anyhow::Result<()> {
        let url = format!("{}/connectors/{name}/status", self.connect);
        until("the connector to run", LIMIT, async || {
            let answer = reqwest::get(&url).await?;
            if !answer.status().is_success() {
                return Ok(None);
            }
            let status: Value = serde_json::from_str(&answer.text().await?)?;
            let runs = |part: &Value| part["state"] == "RUNNING";
            let tasks =
                status["tasks"].as_array().is_some_and(|tasks| !tasks.is_empty() && tasks.iter().all(runs));
            anyhow::ensure!(!status.to_string().contains("FAILED"), "the connector failed: {status}");
            Ok((tasks && runs(&status["connector"])).then_some(()))
        })
        .await
    }

    /// Removes what stands under the name, as far as it is there: the database last, by which leftovers are found.
    pub async fn remove(&self, name: &str) -> anyhow::Result<()> {
        self.remove_connector(name).await?;
        self.remove_topics(name).await?;
        let mut admin = PgConnection::connect_with(&self.postgres).await?;
        remove_slot(&mut admin, name).await?;
        admin.execute(&*format!("DROP DATABASE IF EXISTS {name} WITH (FORCE)")).await?;
        admin.close().await?;
        Ok(())
    }

    /// Removes what test processes have left that were killed before they could.
    pub async fn sweep(&self) -> anyhow::Result<()> {
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

    /// As where the slot is lost: the connector forgets how far it was and its slot is dropped; then it takes a snapshot
    /// again. `meanwhile` is what upstream does that nobody sees.
    pub async fn lose_slot(
        &self,
        name: &str,
        meanwhile: impl AsyncFnOnce() -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let client = reqwest::Client::new();
        let url = format!("{}/connectors/{name}", self.connect);
        client.put(format!("{url}/stop")).send().await?.error_for_status()?;
        until("Kafka Connect to forget a position", LIMIT, async || {
            // refused until the task has ended
            Ok(client.delete(format!("{url}/offsets")).send().await?.status().is_success().then_some(()))
        })
        .await?;
        let mut admin = PgConnection::connect_with(&self.postgres).await?;
        remove_slot(&mut admin, name).await?;
        admin.close().await?;
        meanwhile().await?;
        client.put(format!("{url}/resume")).send().await?.error_for_status()?;
        Ok(())
    }

    /// Waits until Connect has noted a position behind the snapshot. A connector that goes down before that takes its
    /// snapshot anew, and nothing tells of the rows that went meanwhile.
    pub async fn wait_position(&self, name: &str) -> anyhow::Result<()> {
        let url = format!("{}/connectors/{name}/offsets", self.connect);
        until("Kafka Connect to note a position", LIMIT, async || {
            let answer = reqwest::get(&url).await?;
            if !answer.status().is_success() {
                return Ok(None);
            }
            let noted: Value = serde_json::from_str(&answer.text().await?)?;
            let position = &noted["offsets"][0]["offset"];
            Ok((position["lsn"].is_i64() && position["snapshot"].is_null()).then_some(()))
        })
        .await
    }

    /// Has connector and task end and begin again.
    pub async fn restart_connector(&self, name: &str) -> anyhow::Result<()> {
        let url = format!("{}/connectors/{name}/restart?includeTasks=true", self.connect);
        // refused for a moment while another connector comes or goes
        until("Kafka Connect to restart a connector", LIMIT, async || {
            Ok(reqwest::Client::new().post(&url).send().await?.status().is_success().then_some(()))
        })
        .await
    }

    /// Takes the connector away; its slot, its publication and what Connect knows of its position stay.
    pub async fn remove_connector(&self, name: &str) -> anyhow::Result<()> {
        let client = reqwest::Client::new();
        let url = format!("{}/connectors/{name}", self.connect);
        // refused for a moment while another connector comes or goes
        until("Kafka Connect to remove a connector", LIMIT, async || {
            let status = client.delete(&url).send().await?.status();
            Ok((status.is_success() || status == StatusCode::NOT_FOUND).then_some(()))
        })
        .await
    }

    /// With one partition, if it is not there.
    async fn create_topic(&self, topic: &str) -> anyhow::Result<()> {
        let new = NewTopic::new(topic, 1, TopicReplication::Fixed(1));
        for created in self.admin()?.create_topics([&new], &AdminOptions::new()).await? {
            match created {
                Ok(_) | Err((_, RDKafkaErrorCode::TopicAlreadyExists)) => {}
                Err((_, code)) => anyhow::bail!("{topic}: {code}"),
            }
        }
        Ok(())
    }

    fn admin(&self) -> anyhow::Result<AdminClient<DefaultClientContext>> {
        let mut config = ClientConfig::new();
        config.set("bootstrap.servers", &self.brokers);
        Ok(config.create()?)
    }

    async fn remove_topics(&self, name: &str) -> anyhow::Result<()> {
        let admin = self.admin()?;
        let metadata = admin.inner().fetch_metadata(None, LIMIT)?;
        let topics = metadata.topics().iter().map(rdkafka::metadata::MetadataTopic::name);
        let own: Vec<&str> = topics.filter(|topic| topic.contains(name)).collect();
        // one that is gone already is as good; so is a group that never was
        let options = AdminOptions::new().operation_timeout(Some(LIMIT));
        if !own.is_empty() {
            admin.delete_topics(&own, &options).await?;
        }
        admin.delete_groups(&[name, &format!("{name}-signals")], &options).await?;
        Ok(())
    }
}

/// The workspace that the test is run in, which need not be the one it was compiled in.
pub fn repository() -> anyhow::Result<PathBuf> {
    let package = env::current_dir()?;
    let mut above = package.ancestors();
    let workspace = above.find(|directory| directory.join("Cargo.lock").exists());
    Ok(workspace.context("a test runs within the workspace")?.to_owned())
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
