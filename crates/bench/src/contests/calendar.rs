//! `roll`: a day on which 100,000 adoptions take effect and 100,000 expire. `team_stats`: the statistics of a day with
//! 100,000 adoptions in a network of a million accounts.
//!
//! The roll's floor is what it cannot do without, by hand, on copies of the tables: two statements to add up the lines and
//! what was missed, one for the accounts, one for the marks. It queues no event and makes no steps.

use anyhow::Context;
use chrono::{Days, NaiveDate, SubsecRound, Utc};
use futures::future::LocalBoxFuture;
use persistence::roll;
use scheduler::jobs;
use sqlx::{Executor, PgPool};

use super::{ACCOUNTS, ROOTS, Scale};
use crate::contest::{Contest, Floor, Run, measure};
use crate::floors::shape;
use crate::service::{Beginning, Service};

/// Adoptions that take effect on a day, and as many that expire.
const A_DAY: usize = 100_000;
const SHARDS: i16 = 8;
const ROLL_FLOORS: [Floor; 1] =
    [Floor::main("four bare set-based statements: build of amounts and of what was missed, accounts, marks")];
const STATS_FLOORS: [Floor; 1] = [Floor::main("bare INSERT … SELECT of the same rows")];
const COPIED: [&str; 6] = [
    "contribution_accounts",
    "account_daily_contribution",
    "contribution_records",
    "system_contribution_records",
    "unallocated_contributions",
    "missed_daily",
];

/// Rolls from day to day.
pub(crate) struct Rolling {
    scale: Scale,
    service: Option<Service>,
}

impl Rolling {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, service: None }
    }

    async fn begin(&self, runs: u32) -> anyhow::Result<Service> {
        let scale = self.scale;
        let service = Service::new(Beginning {
            accounts: scale.of(ACCOUNTS),
            roots: ROOTS,
            adoptions: runs as usize * 2 * scale.of(A_DAY),
            workers: 2,
            shrink: scale.shrink,
        })
        .await?;
        shape::copy(service.pool(), "bare", &COPIED).await?;
        Ok(service)
    }

    /// Books a day's adoptions, of which every second one expires on the day after, and copies their lines for the floor.
    async fn book(&mut self) -> anyhow::Result<NaiveDate> {
        let adoptions = 2 * self.scale.of(A_DAY);
        let service = self.service.as_mut().context("not prepared")?;
        let today = persistence::business_day::read(&mut *service.pool().acquire().await?).await?;
        let long_ago = today - chrono::Months::new(24);
        service.write_dated(adoptions, |place| if place % 2 == 0 { today } else { long_ago }).await?;
        let before = service.numbered;
        service.number().await?;
        service.make_partitions().await?;
        service.carry_out(adoptions).await?;
        let pool = service.pool();
        for table in COPIED {
            pool.execute(&*format!("TRUNCATE bare.{table}")).await?;
        }
        pool.execute("INSERT INTO bare.contribution_accounts SELECT * FROM contribution_accounts").await?;
        for table in ["contribution_records", "system_contribution_records", "unallocated_contributions"] {
            let copy =
                format!("INSERT INTO bare.{table} SELECT * FROM {table} WHERE id >= ledger_id_floor($1)");
            sqlx::query(&copy).bind(before + 1).execute(pool).await?;
        }
        service.settle().await?;
        Ok(today + Days::new(1))
    }

    fn service(&self) -> anyhow::Result<&Service> {
        self.service.as_ref().context("not prepared")
    }
}

/// The whole roll to `day`.
pub(super) async fn roll_to(pool: &PgPool, day: NaiveDate) -> anyhow::Result<()> {
    let settings = base_settings()?;
    let now = || Utc::now().trunc_subsecs(6);
    jobs::roll::begin(pool, day, now()).await?;
    loop {
        let state = roll::state(&mut *pool.acquire().await?).await?;
        if jobs::roll::step(pool, &state, &settings, SHARDS, now()).await?.complete {
            return Ok(());
        }
    }
}

/// As `config/base.toml` has them.
fn base_settings() -> anyhow::Result<runtime::settings::Roll> {
    let config = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let url = ("CONTRIB__DATABASE__URL".to_owned(), "postgres://bench".to_owned());
    Ok(runtime::Settings::load_from(&config, std::iter::once(url))?.roll)
}

impl Contest for Rolling {
    fn name(&self) -> &'static str {
        "roll"
    }

    fn unit(&self) -> &'static str {
        "adoptions/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &ROLL_FLOORS
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            self.service = Some(self.begin(runs).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let day = self.book().await?;
            let service = self.service()?;
            measure(&service.cpu, async {
                roll_to(service.pool(), day).await?;
                Ok(2 * self.scale.of(A_DAY) as u64)
            })
            .await
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let adoptions = 2 * self.scale.of(A_DAY) as u64;
            let service = self.service()?;
            service.checkpoint().await?;
            let day = persistence::business_day::read(&mut *service.pool().acquire().await?).await?;
            measure(&service.cpu, async {
                for statement in [
                    "INSERT INTO bare.account_daily_contribution
                     SELECT account, day, sum(activated), sum(expired) FROM (
                         SELECT account_sequence AS account, effective_date AS day, amount AS activated, 0 AS expired
                         FROM bare.contribution_records
                         UNION ALL SELECT account_sequence, expire_date, 0, amount FROM bare.contribution_records
                         UNION ALL SELECT 'SYS-' || left(system_account_id::text, 8), effective_date, amount, 0
                         FROM bare.system_contribution_records) turn
                     WHERE $1::date IS NOT NULL GROUP BY account, day",
                    "INSERT INTO bare.missed_daily
                     SELECT $1, split_part(reason, ':', 1), coalesce(level_depth, 0), would_be_account_sequence,
                         sum(amount), count(*)
                     FROM bare.unallocated_contributions GROUP BY 2, 3, 4",
                    "UPDATE bare.contribution_accounts a
                     SET effective_contribution = a.effective_contribution + d.activated - d.expired,
                         version = a.version + 1
                     FROM bare.account_daily_contribution d
                     WHERE d.account_sequence = a.account_sequence AND d.day = $1",
                    "UPDATE bare.contribution_records SET is_expired = TRUE, expired_at = now()
                     WHERE expire_date = $1 AND NOT is_expired",
                ] {
                    sqlx::query(statement).bind(day).execute(service.pool()).await?;
                }
                Ok(adoptions)
            })
            .await
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.service.take() {
                Some(service) => service.close().await,
                None => Ok(()),
            }
        })
    }
}

/// Adds days to the team statistics.
pub(crate) struct TeamStats {
    scale: Scale,
    service: Option<Service>,
}

impl TeamStats {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, service: None }
    }

    fn service(&self) -> anyhow::Result<&Service> {
        self.service.as_ref().context("not prepared")
    }
}

impl Contest for TeamStats {
    fn name(&self) -> &'static str {
        "team_stats"
    }

    fn unit(&self) -> &'static str {
        "s (less is better)"
    }

    fn floors(&self) -> &'static [Floor] {
        &STATS_FLOORS
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            let scale = self.scale;
            let service = Service::new(Beginning {
                accounts: scale.of(10 * ACCOUNTS),
                roots: ROOTS,
                adoptions: runs as usize * scale.of(A_DAY),
                workers: 2,
                shrink: scale.shrink,
            })
            .await?;
            shape::copy(service.pool(), "bare", &["user_team_stats"]).await?;
            self.service = Some(service);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let adoptions = self.scale.of(A_DAY);
            let service = self.service.as_mut().context("not prepared")?;
            let today = persistence::business_day::read(&mut *service.pool().acquire().await?).await?;
            service.write(adoptions).await?;
            service.number().await?;
            service.make_partitions().await?;
            service.carry_out(adoptions).await?;
            service.pool().execute("UPDATE business_day SET current_day = current_day + 1").await?;
            service.settle().await?;
            let run = measure(&service.cpu, async {
                jobs::team_stats::run(service.pool(), today, Utc::now().trunc_subsecs(6)).await?;
                Ok(adoptions as u64)
            })
            .await?;
            Ok(Run { value: adoptions as f64 / run.value, ..run })
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let adoptions = self.scale.of(A_DAY) as u64;
            let service = self.service()?;
            service.checkpoint().await?;
            let run = measure(&service.cpu, async {
                service
                    .pool()
                    .execute(
                        "INSERT INTO bare.user_team_stats SELECT * FROM user_team_stats
                         WHERE stats_date = (SELECT max(stats_date) FROM user_team_stats)",
                    )
                    .await?;
                Ok(adoptions)
            })
            .await?;
            Ok(Run { value: adoptions as f64 / run.value, ..run })
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            match self.service.take() {
                Some(service) => service.close().await,
                None => Ok(()),
            }
        })
    }
}
