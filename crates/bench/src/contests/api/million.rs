//! `api.million`: the routes of an account with a million lines, each request alone: details from the first page on and
//! by cursor from the thousandth, as of any day, and so on. Reported is the slowest at the 99th percentile; each is printed.
//!
//! The floor is the account's own row over HTTP, so that the ratio tells what the lines cost.

use anyhow::Context;
use chrono::{Days, NaiveDate};
use futures::future::LocalBoxFuture;
use sqlx::{Executor, PgPool};

use super::super::Scale;
use super::{Served, token};
use crate::contest::{Contest, Floor, Run, measure, p99_ms};
use crate::cpu::CpuClock;
use crate::network::name;
use crate::service::{Beginning, Service};

/// Lines of the account.
const LINES: usize = 1_000_000;
/// Days over which they take effect.
const DAYS: usize = 700;
/// Adoptions that are carried out before: explanations are asked of them.
const ADOPTIONS: usize = 2_000;
/// Requests to each route.
const REQUESTS: usize = 500;
/// The page that is asked for by its cursor.
const PAGE: usize = 1_000;

const FLOORS: [Floor; 1] = [Floor::main("the account's own row, p99")];

pub(in super::super) struct Million {
    scale: Scale,
    stage: Option<Stage>,
}

/// A network of which the first account has the lines, and the API.
pub(super) struct Stage {
    service: Service,
    pub(super) served: Served,
    pub(super) cpu: CpuClock,
    adoptions: Vec<String>,
    days: Vec<NaiveDate>,
    cursor: String,
}

impl Stage {
    pub(super) async fn new(scale: Scale) -> anyhow::Result<Self> {
        let adoptions = scale.of(ADOPTIONS).max(10);
        let beginning =
            Beginning { accounts: 20 * adoptions, roots: 1, adoptions, workers: 2, shrink: scale.shrink };
        let mut service = Service::new(beginning).await?;
        service.write(adoptions).await?;
        service.number().await?;
        service.make_partitions().await?;
        service.carry_out(adoptions).await?;
        let pool = service.pool();
        let today = persistence::business_day::read(&mut *pool.acquire().await?).await?;
        let first = today - Days::new(DAYS as u64);
        write_lines(pool, scale.of(LINES), first).await?;
        service.settle().await?;
        let served = Served::start(service.database(), &[]).await?;
        let cpu = CpuClock::with_server(pool).await?.of(&[served.program.id()]);
        let adoptions =
            sqlx::query_scalar("SELECT original_adoption_id::text FROM synced_adoptions LIMIT 500")
                .fetch_all(pool)
                .await?;
        let cursor = served.cursor_of(PAGE / scale.shrink as usize).await?;
        let days = first.iter_days().take(DAYS).collect();
        Ok(Self { service, served, cpu, adoptions, days, cursor })
    }

    /// Each route with its requests.
    fn routes(&self) -> Vec<(&'static str, Vec<String>)> {
        let own = |rest: &str| vec![format!("/contributions/{}{rest}", name(0))];
        let as_of = self.days.iter().flat_map(|day| own(&format!("/as-of/{day}")));
        let explanations = self.adoptions.iter().map(|id| format!("/adoptions/{id}/explanation"));
        vec![
            ("details, first page", own("/details?limit=50")),
            ("details, page 1,000", own(&format!("/details?limit=50&cursor={}", self.cursor))),
            ("as-of, any day", as_of.collect()),
            ("explanation", explanations.collect()),
            ("calendar", own("/calendar")),
            ("formula", own("/formula")),
            ("team", own("/team")),
        ]
    }

    /// Requests of every kind that takes a few milliseconds at most.
    pub(super) fn quick_paths(&self) -> Vec<String> {
        let accounts = (0..200).map(|nth| format!("/contributions/{}", name(nth)));
        let others = self.routes().into_iter().take(4).flat_map(|(_, paths)| paths);
        let total = ["/network/total".to_owned(), "/snapshots".to_owned()];
        accounts.chain(others).chain(total).collect()
    }

    async fn p99_ms(&self, paths: Vec<String>) -> anyhow::Result<f64> {
        let load = self.served.load(paths.into_iter())?;
        Ok(p99_ms(&mut load.one_by_one(REQUESTS).await?))
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        drop(self.served);
        self.service.close().await
    }
}

impl Served {
    /// With which the page of that number begins.
    async fn cursor_of(&self, page: usize) -> anyhow::Result<String> {
        let client = reqwest::Client::builder().no_proxy().build()?;
        let mut cursor = String::new();
        for _ in 1..page.max(2) {
            let path = format!("/api/v1/contributions/{}/details?limit=50&cursor={cursor}", name(0));
            let asked = client.get(format!("http://{}{path}", self.address)).bearer_auth(token()?);
            let answer: serde_json::Value = asked.send().await?.error_for_status()?.json().await?;
            answer["nextCursor"].as_str().context("there are fewer pages")?.clone_into(&mut cursor);
        }
        Ok(cursor)
    }
}

/// Lines of the first account, a numbered entry each, and what the roll has added up of them.
async fn write_lines(pool: &PgPool, lines: usize, first: NaiveDate) -> anyhow::Result<()> {
    let mut transaction = pool.begin().await?;
    let last: i64 =
        sqlx::query_scalar("UPDATE sequencer_state SET last_seq = last_seq + $1 RETURNING last_seq - $1")
            .bind(i64::try_from(lines)?)
            .fetch_one(&mut *transaction)
            .await?;
    persistence::partitions::make_ahead(&mut transaction).await?;
    let account = name(0);
    for statement in [
        "INSERT INTO contribution_records (id, account_sequence, source_type, source_adoption_id,
             source_account_sequence, tree_count, base_contribution, distribution_rate, level_depth, amount,
             effective_date, expire_date, distribution_seq, slot)
         SELECT ledger_id_floor(n), $2, 'TEAM_LEVEL', gen_random_uuid(), 'D' || lpad(mod(n, 50000)::text, 11, '0'), 1,
             22617, 0.005, 1 + mod(n, 15), 113.085, $3 + mod(n, $5)::int, $3 + mod(n, $5)::int + 731, n, 0
         FROM generate_series($1 + 1, $1 + $4) n",
        "INSERT INTO account_daily_contribution (account_sequence, day, activated, expired)
         SELECT account_sequence, effective_date, sum(amount), 0 FROM contribution_records
         WHERE account_sequence = $2 AND $1::bigint + $4::bigint + $5::bigint > 0 AND $3::date IS NOT NULL
         GROUP BY 1, 2",
        "UPDATE distribution_chunks SET added_up_at = now()
         WHERE $1::bigint + $4::bigint + $5::bigint > 0 AND $2::text IS NOT NULL AND $3::date IS NOT NULL",
    ] {
        sqlx::query(statement)
            .bind(last)
            .bind(&account)
            .bind(first)
            .bind(i64::try_from(lines)?)
            .bind(i64::try_from(DAYS)?)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    pool.execute("VACUUM ANALYZE").await?;
    Ok(())
}

impl Million {
    pub(in super::super) fn new(scale: Scale) -> Self {
        Self { scale, stage: None }
    }

    fn stage(&self) -> anyhow::Result<&Stage> {
        self.stage.as_ref().context("not prepared")
    }
}

impl Contest for Million {
    fn name(&self) -> &'static str {
        "api.million"
    }

    fn unit(&self) -> &'static str {
        "ms (slowest route's p99; less is better)"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(Stage::new(self.scale).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let stage = self.stage()?;
            let (mut slowest, mut requests) = (0.0_f64, 0);
            let run = measure(&stage.cpu, async {
                for (route, paths) in stage.routes() {
                    let p99 = stage.p99_ms(paths).await?;
                    eprintln!("  {route}: p99 {p99:.2} ms");
                    slowest = slowest.max(p99);
                    requests += REQUESTS as u64;
                }
                Ok(requests)
            })
            .await?;
            Ok(Run { value: slowest, ..run })
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let stage = self.stage()?;
            let mut p99 = 0.0;
            let run = measure(&stage.cpu, async {
                p99 = stage.p99_ms(vec![format!("/contributions/{}", name(0))]).await?;
                Ok(REQUESTS as u64)
            })
            .await?;
            Ok(Run { value: p99, ..run })
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.stage.take() {
                Some(stage) => stage.close().await,
                None => Ok(()),
            }
        })
    }
}
