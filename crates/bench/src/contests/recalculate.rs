//! `recalculate`: the whole journal carried out again and compared line for line with what is stored, sums and marks
//! beside it: what `contribctl recalculate` does.
//!
//! The floor reads the columns that are compared, of the same lines, and looks at nothing.

use anyhow::Context;
use contribctl::recalculate;
use futures::TryStreamExt;
use futures::future::LocalBoxFuture;
use sqlx::postgres::PgPoolCopyExt;

use super::{ACCOUNTS, ROOTS, Scale};
use crate::contest::{Contest, Floor, Run, measure};
use crate::memory;
use crate::service::{Beginning, Service};

const FLOORS: [Floor; 1] =
    [Floor::main("bare COPY TO STDOUT of the same columns of the lines, one connection")];
/// Adoptions that are written, numbered and carried out together beforehand.
const SLICE: usize = 100_000;

/// All lines, and all columns but those that say when.
const LINES: [&str; 3] = [
    "SELECT id, account_sequence, source_type, source_adoption_id, source_account_sequence, tree_count,
         base_contribution, distribution_rate, level_depth, bonus_tier, amount, effective_date, expire_date,
         distribution_seq, slot FROM contribution_records",
    "SELECT id, system_account_id, source_adoption_id, source_account_sequence, distribution_rate, amount,
         effective_date, expire_date, distribution_seq, slot FROM system_contribution_records",
    "SELECT id, source_adoption_id, source_account_sequence, unalloc_type, would_be_account_sequence, level_depth,
         amount, reason, allocated_to_headquarters, effective_date, expire_date, distribution_seq, slot
         FROM unallocated_contributions",
];

pub(crate) struct Again {
    scale: Scale,
    service: Option<Service>,
}

impl Again {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, service: None }
    }

    async fn begin(&self) -> anyhow::Result<Service> {
        let entries = self.scale.of(self.scale.recalculate as usize);
        let mut service = Service::new(Beginning {
            accounts: self.scale.of(ACCOUNTS),
            roots: ROOTS,
            adoptions: entries,
            workers: 2,
            shrink: self.scale.shrink,
        })
        .await?;
        let mut left = entries;
        while left > 0 {
            let slice = left.min(SLICE);
            service.write(slice).await?;
            service.number().await?;
            service.make_partitions().await?;
            service.carry_out(slice).await?;
            left -= slice;
        }
        service.settle().await?;
        Ok(service)
    }

    fn service(&self) -> anyhow::Result<&Service> {
        self.service.as_ref().context("not prepared")
    }
}

impl Contest for Again {
    fn name(&self) -> &'static str {
        "recalculate"
    }

    fn unit(&self) -> &'static str {
        "entries/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.service = Some(self.begin().await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let service = self.service()?;
            let before = memory::resident_mib()?;
            let mut after = before;
            let run = measure(&service.cpu, async {
                let found = recalculate::run(service.pool(), 1).await?;
                anyhow::ensure!(!found.differences.any(), "something differs: {:?}", found.differences);
                after = memory::resident_mib()?;
                Ok(u64::try_from(service.carried_out)?)
            })
            .await?;
            eprintln!("  resident memory: {before} MiB at the start, {after} MiB at the end");
            Ok(run)
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let service = self.service()?;
            measure(&service.cpu, async {
                for lines in LINES {
                    let from = format!("COPY ({lines}) TO STDOUT BINARY");
                    let mut pieces = service.pool().copy_out_raw(&from).await?;
                    while pieces.try_next().await?.is_some() {}
                }
                Ok(u64::try_from(service.carried_out)?)
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
