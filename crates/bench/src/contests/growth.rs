//! `growth`: whether an adoption costs the same whatever is distributed already.
//!
//! Two services on the same network: in one, little is distributed when the measuring begins, in the other much. From
//! there both number and carry out slice after slice, in turn. The history is made, and events are thrown away, a slice at
//! a time, so that memory stays what it is.

use anyhow::Context;
use contribctl::Progress;
use futures::future::LocalBoxFuture;
use sqlx::Executor;

use super::{ACCOUNTS, ROOTS, Scale};
use crate::contest::{Contest, Floor, Run, measure};
use crate::memory;
use crate::service::{Beginning, Service};

/// Adoptions distributed when the floor's first run ends.
const LITTLE: usize = 100_000;
/// Adoptions written, numbered and carried out together, and so a run.
const SLICE: usize = 20_000;

const FLOORS: [Floor; 1] = [Floor::main("the same where about 100,000 are distributed")];

pub(crate) struct Growth {
    scale: Scale,
    /// With much distributed, and with little.
    services: Option<(Service, Service)>,
}

impl Growth {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, services: None }
    }

    /// A service that has distributed all but the last `runs` slices of `adoptions`.
    async fn begin(&self, adoptions: usize, runs: usize) -> anyhow::Result<Service> {
        let slice = self.scale.of(SLICE);
        let slices = adoptions.div_ceil(SLICE);
        let mut service = Service::new(Beginning {
            accounts: self.scale.of(ACCOUNTS),
            roots: ROOTS,
            adoptions: slices * slice,
            workers: std::thread::available_parallelism().map_or(1, usize::from),
            shrink: self.scale.shrink,
        })
        .await?;
        let before = slices.saturating_sub(runs);
        let progress = Progress::of((before * slice) as u64, "adoptions");
        for _ in 0..before {
            prepare_slice(&mut service, slice).await?;
            service.number().await?;
            service.carry_out(slice).await?;
            progress.add(slice as u64);
        }
        progress.done();
        service.settle().await?;
        eprintln!("  resident memory: {} MiB", memory::resident_mib()?);
        Ok(service)
    }
}

/// What a slice needs, and takes away what the relay would have.
async fn prepare_slice(service: &mut Service, slice: usize) -> anyhow::Result<()> {
    service.write(slice).await?;
    service.pool().execute("TRUNCATE outbox_events").await?;
    service.make_partitions().await
}

/// The next slice, numbered and carried out.
async fn distribute_slice(service: &mut Service, slice: usize) -> anyhow::Result<Run> {
    prepare_slice(service, slice).await?;
    service.checkpoint().await?;
    let cpu = service.cpu.clone();
    let numbered = measure(&cpu, service.number()).await?;
    let carried_out = measure(&cpu, service.carry_out(slice)).await?;
    eprintln!(
        "  at {}: numbering {:.0}/s, {:.4} CPU ms each; carrying out {:.0}/s, {:.4} CPU ms each; {}",
        service.carried_out,
        numbered.value,
        numbered.cpu_ms(),
        carried_out.value,
        carried_out.cpu_ms(),
        size(service).await?
    );
    Ok(numbered.then(carried_out))
}

/// On disk, indexes and all.
async fn size(service: &Service) -> anyhow::Result<String> {
    let (ledger, journal, all): (i64, i64, i64) = sqlx::query_as(
        "SELECT (SELECT sum(pg_total_relation_size(relid))::bigint
                 FROM unnest('{contribution_records,system_contribution_records,unallocated_contributions}'::text[]) AS t,
                     pg_partition_tree(t::regclass)),
             pg_total_relation_size('distribution_journal'), pg_database_size(current_database())",
    )
    .fetch_one(service.pool())
    .await?;
    let each = |bytes: i64| bytes / service.carried_out.max(1);
    let (ledger, journal, rest) = (each(ledger), each(journal), each(all - ledger - journal));
    Ok(format!("bytes on disk for each: ledger {ledger}, journal {journal}, the rest {rest}"))
}

impl Contest for Growth {
    fn name(&self) -> &'static str {
        "growth"
    }

    fn unit(&self) -> &'static str {
        "adoptions/s numbered and carried out"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn only_when_named(&self) -> bool {
        true
    }

    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async move {
            let runs = runs as usize;
            // the first run ends at 100,000, further ones a little above
            let little = self.begin(LITTLE + (runs - 1) * SLICE, runs).await?;
            let much = self.begin(self.scale.growth as usize, runs).await?;
            self.services = Some((much, little));
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let (much, _) = self.services.as_mut().context("not prepared")?;
            distribute_slice(much, self.scale.of(SLICE)).await
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let (_, little) = self.services.as_mut().context("not prepared")?;
            distribute_slice(little, self.scale.of(SLICE)).await
        })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            if let Some((much, little)) = self.services.take() {
                much.close().await?;
                little.close().await?;
            }
            Ok(())
        })
    }
}
