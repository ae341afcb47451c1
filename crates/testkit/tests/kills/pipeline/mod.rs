//! The whole service from upstream to the topic of events, made of its real programs, beside other such pipelines on the
//! tests' servers.

mod progress;

use std::collections::BTreeMap;
use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;
use std::process::Stdio;

use anyhow::Context as _;
use chrono::NaiveDate;
use sqlx::PgPool;

pub(crate) use self::progress::Progress;
use crate::processes::{Environment, Process, Programs};
use testkit::database::TestDatabase;
use testkit::servers::Servers;
use testkit::wait::{LIMIT, until};

/// What an upstream of so many rows is read, numbered, carried out and published in: many small steps, so that there is
/// a middle to be killed in.
const SMALL_STEPS: [(&str, &str); 5] = [
    ("CDC__BATCH__MAX_MESSAGES", "25"),
    ("DISTRIBUTOR__PASS_SIZE", "50"),
    ("DISTRIBUTOR__CHUNK_SIZE", "20"),
    ("DISTRIBUTOR__WORKERS", "2"),
    ("RELAY__BATCH", "10"),
];

/// A program that runs for as long as the service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Worker {
    /// Kafka to the synced tables.
    Ingestor,
    /// Sequencer and distribution workers.
    Distributor,
    /// Jobs on the calendar.
    Scheduler,
    /// Outbox to Kafka.
    Relay,
    /// HTTP.
    Api,
}

impl Worker {
    /// Those that write.
    pub(crate) const WRITERS: [Self; 4] = [Self::Ingestor, Self::Distributor, Self::Scheduler, Self::Relay];

    /// The name of its program.
    pub(crate) const fn program(self) -> &'static str {
        match self {
            Self::Ingestor => "cdc-ingestor",
            Self::Distributor => "distributor",
            Self::Scheduler => "scheduler",
            Self::Relay => "outbox-relay",
            Self::Api => "query-api",
        }
    }
}

/// A pipeline with databases, connector, topics and consumer group of its own. Nothing runs at first.
#[derive(Debug)]
pub(crate) struct Pipeline {
    name: String,
    servers: Servers,
    programs: &'static Programs,
    database: TestDatabase,
    settings: Environment,
    api_port: u16,
    scratch: PathBuf,
    workers: BTreeMap<Worker, Process>,
}

impl Pipeline {
    /// Makes a pipeline, gives it to `body`, and removes it whatever comes of it. The workers' logs stay if it failed.
    pub(crate) async fn with<T>(body: impl AsyncFnOnce(&mut Self) -> anyhow::Result<T>) -> anyhow::Result<T> {
        let mut pipeline = Self::create().await?;
        let outcome = body(&mut pipeline).await;
        let logs = pipeline.scratch.clone();
        if outcome.is_ok() {
            fs::remove_dir_all(&logs)?;
        }
        let closed = pipeline.close().await;
        let value = outcome.with_context(|| format!("the logs of the workers are in {}", logs.display()))?;
        closed?;
        Ok(value)
    }

    async fn create() -> anyhow::Result<Self> {
        let programs = Programs::built().await?;
        let servers = Servers::from_environment()?;
        servers.sweep().await?;
        let name = Servers::name();
        servers.create_upstream(&name).await?;
        let database = TestDatabase::create().await?;
        // free a moment ago, which is as good as it gets
        let api_port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        let settings = settings(&name, &servers, &database, api_port);
        let scratch = programs.scratch().join(&name);
        fs::create_dir_all(&scratch)?;
        let workers = BTreeMap::new();
        Ok(Self { name, servers, programs, database, settings, api_port, scratch, workers })
    }

    async fn close(mut self) -> anyhow::Result<()> {
        self.workers.clear();
        self.servers.remove(&self.name).await?;
        self.database.close().await
    }

    /// The service's database.
    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// The settings of all its programs, beside those of `config/base.toml`.
    pub(crate) fn settings(&self) -> &Environment {
        &self.settings
    }

    /// An address below `/api/v1` of its API.
    pub(crate) fn api(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}/api/v1/{path}", self.api_port)
    }

    /// Begins the books on `day`, which is then the business day.
    pub(crate) async fn begin_on(&self, day: NaiveDate) -> anyhow::Result<()> {
        testkit::synced::business_day(self.pool(), day).await
    }

    /// Registers the connector; returns once it reads.
    pub(crate) async fn connect(&self) -> anyhow::Result<()> {
        let file = self.scratch.join("connector.json");
        fs::write(&file, Servers::connector(&self.name)?)?;
        self.contribctl(&["connectors", "apply", &file.display().to_string()]).await?;
        Ok(())
    }

    /// Runs `contribctl` to its end and gives what it printed; fails unless its exit code is 0.
    pub(crate) async fn contribctl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let mut command = self.programs.command("contribctl", &self.settings);
        command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::piped());
        let output = command.output().await?;
        let printed = String::from_utf8_lossy(&output.stdout).into_owned();
        anyhow::ensure!(
            output.status.success(),
            "contribctl {}: {}\n{printed}{}",
            arguments.join(" "),
            output.status,
            String::from_utf8_lossy(&output.stderr)
        );
        Ok(printed)
    }

    /// Starts `contribctl` and lets it run beside everything else.
    pub(crate) fn contribctl_beside(&self, arguments: &[&str]) -> anyhow::Result<Process> {
        let mut command = self.programs.command("contribctl", &self.settings);
        command.args(arguments);
        Process::start("contribctl", command, &self.scratch.join("contribctl.log"))
    }

    /// Starts a worker.
    pub(crate) fn start(&mut self, worker: Worker) -> anyhow::Result<()> {
        let program = worker.program();
        let log = self.scratch.join(format!("{program}.log"));
        let process = Process::start(program, self.programs.command(program, &self.settings), &log)?;
        anyhow::ensure!(self.workers.insert(worker, process).is_none(), "{program} ran already");
        Ok(())
    }

    /// Kills a worker that runs: SIGKILL.
    pub(crate) async fn kill(&mut self, worker: Worker) -> anyhow::Result<()> {
        let process = self.workers.remove(&worker);
        process.with_context(|| format!("{} was not started", worker.program()))?.kill().await
    }

    /// How far the stages have come.
    pub(crate) async fn progress(&self) -> anyhow::Result<Progress> {
        Progress::of(self.pool(), &self.settings["CONTRIB__CDC__HEARTBEATS__UPSTREAM"]).await
    }

    /// Waits until the stages have come so far.
    pub(crate) async fn reach(
        &self,
        what: &str,
        far: impl Fn(&Progress) -> bool,
    ) -> anyhow::Result<Progress> {
        until(what, LIMIT, async || Ok(Some(self.progress().await?).filter(&far))).await
    }

    /// Waits until everything upstream has been read, numbered, carried out and published; fails if a worker that was
    /// started has ended by itself.
    pub(crate) async fn settle(&mut self) -> anyhow::Result<()> {
        let settled = self.contribctl(&["settle", "--timeout", &LIMIT.as_secs().to_string()]).await;
        self.workers.values_mut().try_for_each(Process::expect_running)?;
        settled?;
        Ok(())
    }
}

fn settings(name: &str, servers: &Servers, database: &TestDatabase, api_port: u16) -> Environment {
    let own = [
        ("DATABASE__URL", database.url()),
        ("UPSTREAM__URL", servers.upstream_url(name)),
        ("CONNECT__URL", servers.connect.clone()),
        ("KAFKA__BROKERS", servers.brokers.clone()),
        ("KAFKA__GROUP_ID", name.to_owned()),
        ("KAFKA__ACCOUNT_EVENTS_TOPIC", format!("{name}.account_events")),
        ("KAFKA__SNAPSHOT_EVENTS_TOPIC", format!("{name}.snapshot_events")),
        ("CDC__TOPICS__USERS", format!("{name}.rwa_identity.users")),
        ("CDC__TOPICS__ADOPTIONS", format!("{name}.rwa_planting.adoptions")),
        ("CDC__TOPICS__REFERRALS", format!("{name}.rwa_referral.referral_relations")),
        ("CDC__HEARTBEATS__UPSTREAM", format!("{name}.rwa_cdc.heartbeat")),
        ("HTTP__PORT", api_port.to_string()),
        ("HTTP__BIND", "127.0.0.1".to_owned()),
        ("AUTH__MODE", "off".to_owned()),
    ];
    let small = SMALL_STEPS.iter().map(|(key, value)| (*key, (*value).to_owned()));
    own.into_iter().chain(small).map(|(key, value)| (format!("CONTRIB__{key}"), value)).collect()
}
