//! `api.account_db`: accounts over HTTP from PostgreSQL, beside pgbench that selects the same rows. `api.account_cache`:
//! the same by way of Redis, beside that from PostgreSQL.

use std::fs;
use std::time::Duration;

use anyhow::{Context, ensure};
use futures::future::LocalBoxFuture;
use testkit::database::TestDatabase;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::Command;
use uuid::Uuid;

use super::super::Scale;
use super::{CONNECTIONS, Served};
use crate::contest::{Contest, Floor, Run, measure, p99_ms};
use crate::cpu::CpuClock;
use crate::load::Load;
use crate::network::{name, write_accounts};
use crate::topics::Topics;

/// Hot ones: each is asked for again before Redis forgets it.
const ACCOUNTS: usize = 10_000;
const TIME: Duration = Duration::from_secs(10);

const BARE: [Floor; 1] = [Floor::main("pgbench -M prepared, the same rows, as many connections")];
const DATABASE: [Floor; 1] = [Floor::main("the same from PostgreSQL alone")];

/// What pgbench does with `n`.
const SELECT: &str = "
    SELECT account_sequence, personal_contribution, team_level_contribution, team_bonus_contribution,
        total_contribution, effective_contribution, has_adopted, direct_referral_adopted_count, unlocked_level_depth,
        unlocked_bonus_tiers, version
    FROM contribution_accounts WHERE account_sequence = 'D' || lpad((:n)::text, 11, '0');
";

/// One of the two.
pub(in super::super) struct Accounts {
    scale: Scale,
    with_redis: bool,
    stage: Option<Stage>,
}

struct Stage {
    database: TestDatabase,
    topics: Topics,
    /// What is measured, and the API without Redis where that is something else.
    product: Side,
    plain: Option<Side>,
    script: tempfile::NamedTempFile,
}

/// An API, what it is asked, and the CPU that goes into it.
struct Side {
    _served: Served,
    load: Load,
    cpu: CpuClock,
}

impl Side {
    async fn new(database: &TestDatabase, accounts: usize, redis: Option<&Topics>) -> anyhow::Result<Self> {
        let mut settings = Vec::new();
        let mut beside = Vec::new();
        if let Some(topics) = redis {
            let url = testkit::required("CONTRIB_TEST_REDIS_URL")?;
            beside.push(redis_process(&url).await?);
            settings.extend([
                ("REDIS__URL", url),
                ("REDIS__PREFIX", Uuid::new_v4().simple().to_string()),
                ("KAFKA__BROKERS", topics.brokers.clone()),
                // any topic to which nobody writes: no account changes
                ("KAFKA__ACCOUNT_EVENTS_TOPIC", topics.users()),
            ]);
        }
        let served = Served::start(database, &settings).await?;
        // no two neighbours on one page
        let paths = (0..accounts).map(|nth| format!("/contributions/{}", name(nth * 7_919 % accounts)));
        beside.push(served.program.id());
        let cpu = CpuClock::with_server(database.pool()).await?.of(&beside);
        Ok(Self { cpu, load: served.load(paths)?, _served: served })
    }

    /// After as long without being measured, so that caches are warm.
    async fn run(&self, time: Duration) -> anyhow::Result<Run> {
        self.load.flood(CONNECTIONS, time).await?;
        measure(&self.cpu, self.load.flood(CONNECTIONS, time)).await
    }

    /// Prints how long requests take at half of that rate.
    async fn at_half(&self, rate: f64, time: Duration) -> anyhow::Result<()> {
        let mut took = self.load.at_rate(CONNECTIONS, rate / 2.0, time).await?;
        let p99 = p99_ms(&mut took);
        let median = took.get(took.len() / 2).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3);
        eprintln!("  at {:.0} requests/s: median {median:.2} ms, p99 {p99:.2} ms", rate / 2.0);
        Ok(())
    }
}

impl Accounts {
    pub(in super::super) fn from_database(scale: Scale) -> Self {
        Self { scale, with_redis: false, stage: None }
    }

    pub(in super::super) fn by_redis(scale: Scale) -> Self {
        Self { scale, with_redis: true, stage: None }
    }

    fn time(&self) -> Duration {
        TIME / self.scale.shrink
    }

    async fn begin(&self) -> anyhow::Result<Stage> {
        let accounts = self.scale.of(ACCOUNTS);
        let database = TestDatabase::create_durable().await?;
        write_accounts(database.pool(), accounts).await?;
        let topics = Topics::create().await?;
        let product = Side::new(&database, accounts, self.with_redis.then_some(&topics)).await?;
        let plain = if self.with_redis { Some(Side::new(&database, accounts, None).await?) } else { None };
        let script = tempfile::NamedTempFile::new()?;
        fs::write(script.path(), format!("\\set n random(0, {})\n{SELECT}", accounts - 1))?;
        Ok(Stage { database, topics, product, plain, script })
    }

    fn stage(&self) -> anyhow::Result<&Stage> {
        self.stage.as_ref().context("not prepared")
    }
}

impl Stage {
    /// As many prepared selects as pgbench gets answered.
    async fn pgbench(&self, time: Duration) -> anyhow::Result<Run> {
        let pool = self.database.pool();
        let bin: String =
            sqlx::query_scalar("SELECT setting FROM pg_config WHERE name = 'BINDIR'").fetch_one(pool).await?;
        let cpu = CpuClock::with_server(pool).await?;
        let mut command = Command::new(format!("{bin}/pgbench"));
        command.args(["--no-vacuum", "--protocol=prepared", "--jobs=2"]);
        command.arg(format!("--client={CONNECTIONS}")).arg(format!("--time={}", time.as_secs().max(1)));
        // libpq does not know what sqlx puts behind it
        let url = self.database.url();
        let url = url.split('?').next().unwrap_or_default();
        command.arg("--file").arg(self.script.path()).arg(url);
        measure(&cpu, async {
            let output = command.output().await.context("pgbench")?;
            let said = String::from_utf8_lossy(&output.stdout);
            ensure!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
            let line = said.lines().find_map(|line| {
                line.strip_prefix("number of transactions actually processed: ")?.split('/').next()
            });
            Ok(line.context("pgbench says nothing")?.trim().parse()?)
        })
        .await
    }
}

/// By what it says itself.
async fn redis_process(url: &str) -> anyhow::Result<u32> {
    let address = url.trim_start_matches("redis://").split('/').next().unwrap_or_default();
    let mut stream = TcpStream::connect(address).await.context("CONTRIB_TEST_REDIS_URL")?;
    stream.write_all(b"INFO server\r\nQUIT\r\n").await?;
    let mut said = String::new();
    stream.read_to_string(&mut said).await?;
    let line = said.lines().find_map(|line| line.strip_prefix("process_id:"));
    Ok(line.context("Redis does not say its process")?.trim().parse()?)
}

impl Contest for Accounts {
    fn name(&self) -> &'static str {
        if self.with_redis { "api.account_cache" } else { "api.account_db" }
    }

    fn unit(&self) -> &'static str {
        "requests/s"
    }

    fn floors(&self) -> &'static [Floor] {
        if self.with_redis { &DATABASE } else { &BARE }
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(self.begin().await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let product = &self.stage()?.product;
            let run = product.run(self.time()).await?;
            product.at_half(run.value, self.time()).await?;
            Ok(run)
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let stage = self.stage()?;
            match &stage.plain {
                Some(plain) => plain.run(self.time()).await,
                None => stage.pgbench(self.time()).await,
            }
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            let Some(stage) = self.stage.take() else { return Ok(()) };
            let Stage { database, topics, product, plain, .. } = stage;
            drop((product, plain));
            topics.remove().await?;
            database.close().await
        })
    }
}
