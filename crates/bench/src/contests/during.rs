//! `distribute.during.roll`, `.snapshot`, `.team_stats`: how fast two workers distribute while a job of the scheduler
//! runs. The floor is their rate while nothing else does, so the ratio is what the job leaves them.

use std::time::Instant;

use anyhow::Context;
use chrono::{Days, NaiveDate, SubsecRound, Utc};
use futures::future::LocalBoxFuture;
use persistence::PgPool;
use persistence::snapshots::Order;
use scheduler::jobs;
use sqlx::Executor;

use super::calendar::roll_to;
use super::{ACCOUNTS, ROOTS, Scale};
use crate::contest::{Contest, Floor, Run, measure};
use crate::service::{Beginning, Service};

/// Adoptions that a job has to do with, booked on the day before.
const BOOKED: usize = 50_000;
/// Numbered and not carried out when a measurement begins.
const LOAD: usize = 60_000;
/// The day is sealed so often, one after the other: once is over soon.
const SEALED: u32 = 5;
const FLOORS: [Floor; 1] = [Floor::main("the same workers while no job runs")];

/// What goes on meanwhile.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Job {
    Roll,
    Snapshot,
    TeamStats,
}

pub(crate) struct During {
    job: Job,
    scale: Scale,
    service: Option<Service>,
}

impl During {
    pub(crate) fn new(job: Job, scale: Scale) -> Self {
        Self { job, scale, service: None }
    }

    /// Books a day's adoptions, and numbers the load.
    async fn prepare_run(&mut self, booked: usize) -> anyhow::Result<&mut Service> {
        let (booked, load) = (self.scale.of(booked), self.scale.of(LOAD));
        let service = self.service.as_mut().context("not prepared")?;
        service.write(booked).await?;
        service.number().await?;
        service.make_partitions().await?;
        service.carry_out(booked).await?;
        service.write(load).await?;
        service.number().await?;
        service.make_partitions().await?;
        service.settle().await?;
        Ok(service)
    }
}

impl Job {
    async fn run(self, pool: &PgPool, today: NaiveDate, watermark: i64) -> anyhow::Result<()> {
        let now = || Utc::now().trunc_subsecs(6);
        match self {
            Self::Roll => roll_to(pool, today + Days::new(1)).await,
            Self::TeamStats => {
                pool.execute("UPDATE business_day SET current_day = current_day + 1").await?;
                jobs::team_stats::run(pool, today, now()).await?;
                Ok(())
            }
            Self::Snapshot => {
                for _ in 0..SEALED {
                    pool.execute("TRUNCATE snapshots, snapshot_tree_blocks, daily_contribution_snapshots")
                        .await?;
                    let (complete, system_accounts, shards) = (true, true, 8);
                    let order = Order { day: today, watermark, complete, system_accounts, shards, at: now() };
                    jobs::snapshot::seal(pool, &order).await?;
                }
                Ok(())
            }
        }
    }
}

/// How many entries behind `before` are carried out.
async fn carried_out(pool: &PgPool, before: i64) -> anyhow::Result<u64> {
    let entries: i64 = sqlx::query_scalar(
        "SELECT coalesce(sum(last_seq - first_seq + 1), 0)::bigint FROM distribution_chunks
         WHERE first_seq > $1 AND distributed_at IS NOT NULL",
    )
    .bind(before)
    .fetch_one(pool)
    .await?;
    Ok(u64::try_from(entries)?)
}

impl Contest for During {
    fn name(&self) -> &'static str {
        match self.job {
            Job::Roll => "distribute.during.roll",
            Job::Snapshot => "distribute.during.snapshot",
            Job::TeamStats => "distribute.during.team_stats",
        }
    }

    fn unit(&self) -> &'static str {
        "adoptions/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            let scale = self.scale;
            let service = Service::new(Beginning {
                accounts: scale.of(ACCOUNTS),
                roots: ROOTS,
                adoptions: runs as usize * (scale.of(BOOKED) + 2 * scale.of(LOAD)),
                workers: 2,
                shrink: scale.shrink,
            })
            .await?;
            self.service = Some(service);
            Ok(())
        })
    }

    /// Until the job or the load is at its end.
    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let (job, load) = (self.job, self.scale.of(LOAD));
            let service = self.prepare_run(BOOKED).await?;
            let (cpu, pool, before) = (service.cpu.clone(), service.pool().clone(), service.carried_out);
            let today = persistence::business_day::read(&mut *pool.acquire().await?).await?;
            let started = Instant::now();
            let mut units = 0;
            let mut seconds = 0.0;
            let run = measure(&cpu, async {
                let jobs = async {
                    job.run(&pool, today, before).await?;
                    anyhow::Ok((started.elapsed().as_secs_f64(), carried_out(&pool, before).await?))
                };
                let carry = async {
                    let entries = service.carry_out(load).await?;
                    anyhow::Ok((started.elapsed().as_secs_f64(), entries))
                };
                let (jobs, carried) = tokio::try_join!(jobs, carry)?;
                (seconds, units) = if jobs.0 < carried.0 { jobs } else { carried };
                Ok(carried.1)
            })
            .await?;
            Ok(Run { value: units as f64 / seconds, ..run })
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let load = self.scale.of(LOAD);
            let service = self.prepare_run(0).await?;
            let cpu = service.cpu.clone();
            measure(&cpu, service.carry_out(load)).await
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
