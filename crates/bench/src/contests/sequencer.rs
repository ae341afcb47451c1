//! `sequencer`: adoptions judged and numbered, from the ingestor's queue to journal and chunks, by a leader that has its
//! state in memory, as they come in the ingestor's batches. `sequencer.history`: so many at once that they are all sorted
//! into the backlog before the first is numbered.
//!
//! The floor is the statements that this cannot do without, on copies of the tables.

use anyhow::Context;
use futures::future::LocalBoxFuture;

use super::{ACCOUNTS, ROOTS, Scale};
use crate::contest::{Contest, Floor, Run, measure};
use crate::floors::bare_numbering;
use crate::service::{Beginning, Service};

/// Numbered before anything is measured.
const BEFORE: usize = 60_000;
/// Numbered in each run.
const A_RUN: usize = 20_000;
/// Rows of one of the ingestor's batches, as `config/base.toml` has it.
const A_BATCH: usize = 2_000;

const FLOORS: [Floor; 1] = [Floor::main("set-based SQL of the same journal, state, marks, chunks and queue")];

pub(crate) struct Numbering {
    name: &'static str,
    scale: Scale,
    /// Adoptions that are in the queue when the sequencer looks.
    at_once: usize,
    service: Option<Service>,
    /// Entries of the newest run.
    newest: (i64, i64),
}

impl Numbering {
    pub(crate) fn as_they_come(scale: Scale) -> Self {
        Self::new("sequencer", scale, A_BATCH)
    }

    pub(crate) fn history(scale: Scale) -> Self {
        Self::new("sequencer.history", scale, A_RUN)
    }

    fn new(name: &'static str, scale: Scale, at_once: usize) -> Self {
        Self { name, scale, at_once, service: None, newest: (1, 0) }
    }

    async fn begin(&self, runs: u32) -> anyhow::Result<Service> {
        let scale = self.scale;
        let mut service = Service::new(Beginning {
            accounts: scale.of(ACCOUNTS),
            roots: ROOTS,
            adoptions: scale.of(BEFORE) + runs as usize * scale.of(A_RUN),
            workers: 1,
            shrink: scale.shrink,
        })
        .await?;
        service.write(scale.of(BEFORE)).await?;
        service.number().await?;
        bare_numbering::create(service.pool()).await?;
        service.settle().await?;
        Ok(service)
    }

    fn service(&mut self) -> anyhow::Result<&mut Service> {
        self.service.as_mut().context("not prepared")
    }
}

impl Contest for Numbering {
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
            let (at_once, rounds) = (self.scale.of(self.at_once), A_RUN / self.at_once);
            let service = self.service()?;
            let (cpu, before) = (service.cpu.clone(), service.numbered);
            service.checkpoint().await?;
            let mut runs = Vec::new();
            for _ in 0..rounds {
                service.write(at_once).await?;
                bare_numbering::take_in(service.pool()).await?;
                runs.push(measure(&cpu, service.number()).await?);
            }
            self.newest = (before + 1, service.numbered);
            Ok(Run::sum(&runs))
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let (entries, at_once) = (self.newest, i64::try_from(self.scale.of(self.at_once))?);
            let service = self.service()?;
            let (pass, chunk) = (service.pass.min(at_once), service.chunk);
            bare_numbering::note_touched(service.pool(), entries.0, pass).await?;
            service.checkpoint().await?;
            let mut connection = service.pinned.acquire().await?;
            measure(&service.cpu, bare_numbering::number(&mut connection, entries, pass, chunk)).await
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
