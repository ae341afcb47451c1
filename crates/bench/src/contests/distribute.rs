//! `distribute.workers_N` and `distribute.single_root.workers_N`: from numbered entries to committed lines, balances,
//! flags and outbox, by N workers, on a network of one hundred roots or of one.
//!
//! All floors distribute what the product has just distributed: two copy its lines, a chunk's a transaction, and one
//! does as the first specification says, for as many adoptions as take it seconds. Product goes on where it stopped;
//! the floors' ledgers are emptied each time.

use anyhow::Context;
use futures::future::LocalBoxFuture;

use super::{ACCOUNTS, Scale};
use crate::contest::{Contest, Floor, Run, measure};
use crate::floors::lines::{self, Tables};
use crate::floors::seed_written;
use crate::service::{Beginning, Service};

/// Carried out before anything is measured, so that accounts and ledger are there.
const BEFORE: usize = 60_000;
/// Carried out in each run.
const A_RUN: usize = 20_000;
/// Entries in each transaction of the floors that copy.
const BATCH: usize = 1_000;
/// Adoptions in each run of the floor that does as the seed is written.
const AS_WRITTEN: usize = 500;

const FLOORS: [Floor; 3] = [
    Floor::main("bare COPY of the lines into the seed's tables, one connection"),
    Floor::beside(".own_tables", "bare COPY of the lines into tables as the service's, one connection"),
    Floor::beside(
        ".seed",
        "the seed as written: a transaction an adoption, an INSERT a line, eight connections",
    ),
];

pub(crate) struct Workers {
    name: &'static str,
    roots: usize,
    count: usize,
    scale: Scale,
    service: Option<Service>,
}

impl Workers {
    pub(crate) fn new(name: &'static str, roots: usize, count: usize, scale: Scale) -> Self {
        Self { name, roots, count, scale, service: None }
    }

    async fn begin(&self, runs: u32) -> anyhow::Result<Service> {
        let scale = self.scale;
        let entries = scale.of(BEFORE) + runs as usize * scale.of(A_RUN);
        let mut service = Service::new(Beginning {
            accounts: scale.of(ACCOUNTS),
            roots: self.roots,
            adoptions: entries,
            workers: self.count,
            shrink: scale.shrink,
        })
        .await?;
        service.write(entries).await?;
        service.number().await?;
        service.carry_out(scale.of(BEFORE)).await?;
        let pool = service.pool();
        Tables::Seed.create(pool).await?;
        Tables::Own.create(pool).await?;
        seed_written::fill(pool).await?;
        service.settle().await?;
        Ok(service)
    }

    async fn copy(&self, tables: Tables) -> anyhow::Result<Run> {
        let service = self.service.as_ref().context("not prepared")?;
        let pool = service.pool();
        tables.empty(pool).await?;
        let (last, batch) = (service.carried_out, self.scale.of(BATCH));
        let first = last + 1 - i64::try_from(self.scale.of(A_RUN))?;
        let mut batches = Vec::new();
        for first in (first..=last).step_by(batch) {
            let end = last.min(first + i64::try_from(batch)? - 1);
            batches.push(tables.read(pool, first, end).await?);
        }
        service.checkpoint().await?;
        let mut connection = pool.acquire().await?;
        measure(&service.cpu, async {
            lines::write(&mut connection, &batches).await?;
            Ok(u64::try_from(last + 1 - first)?)
        })
        .await
    }

    async fn as_written(&self) -> anyhow::Result<Run> {
        let service = self.service.as_ref().context("not prepared")?;
        let pool = service.pool();
        Tables::Seed.empty(pool).await?;
        let first = service.carried_out + 1 - i64::try_from(self.scale.of(A_RUN))?;
        let last = first + i64::try_from(self.scale.of(AS_WRITTEN).max(5))? - 1;
        let adoptions = seed_written::take_in(pool, first, last).await?;
        let count = adoptions.len() as u64;
        service.checkpoint().await?;
        let mut again = 0;
        let run = measure(&service.cpu, async {
            again = seed_written::distribute(pool, adoptions).await?;
            Ok(count)
        })
        .await?;
        eprintln!("  as written: {again} transactions of {} had to begin again", count + again);
        Ok(run)
    }
}

impl Contest for Workers {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "adoptions/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            self.service = Some(self.begin(runs).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let service = self.service.as_mut().context("not prepared")?;
            service.checkpoint().await?;
            let cpu = service.cpu.clone();
            measure(&cpu, service.carry_out(self.scale.of(A_RUN))).await
        })
    }

    fn floor(&mut self, place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async move {
            match place {
                0 => self.copy(Tables::Seed).await,
                1 => self.copy(Tables::Own).await,
                _ => self.as_written().await,
            }
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
