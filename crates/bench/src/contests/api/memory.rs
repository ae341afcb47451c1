//! `api.memory`: the most memory that `query-api` holds while it answers ten million requests.
//!
//! The floor is the most that it held over the first tenth: a ratio near 1 says that memory does not grow.

use std::time::Duration;

use anyhow::Context;
use futures::future::LocalBoxFuture;

use super::super::Scale;
use super::CONNECTIONS;
use super::million::Stage;
use crate::contest::{Contest, Floor, Run, measure};
use crate::memory::Most;

/// Requests.
const REQUESTS: usize = 10_000_000;
/// How long is asked between two looks.
const SLICE: Duration = Duration::from_secs(2);

const FLOORS: [Floor; 1] = [Floor::main("the same over the first tenth of the requests")];

pub(in super::super) struct Memory {
    scale: Scale,
    stage: Option<Stage>,
    /// Of the last run's first tenth.
    at_first: Option<Run>,
}

impl Memory {
    pub(in super::super) fn new(scale: Scale) -> Self {
        Self { scale, stage: None, at_first: None }
    }
}

impl Contest for Memory {
    fn name(&self) -> &'static str {
        "api.memory"
    }

    fn unit(&self) -> &'static str {
        "MiB resident at most"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn only_when_named(&self) -> bool {
        true
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(Stage::new(self.scale).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async {
            let requests = self.scale.of(REQUESTS) as u64;
            let stage = self.stage.as_ref().context("not prepared")?;
            let process = stage.served.program.id();
            let load = stage.served.load(stage.quick_paths().into_iter())?;
            let mut most = Most::default();
            let run = measure(&stage.cpu, async {
                let mut answered = 0;
                while answered < requests {
                    answered += load.flood(CONNECTIONS, SLICE).await?;
                    most.look(process, answered, requests)?;
                }
                Ok(answered)
            })
            .await?;
            let Most { at_first, in_all } = most;
            eprintln!(
                "  {:.0} requests/s; resident: {at_first} MiB at first, {in_all} MiB in all",
                run.value
            );
            self.at_first = Some(Run { value: f64::from(at_first), ..run });
            Ok(Run { value: f64::from(in_all), ..run })
        })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.at_first.context("nothing was asked") })
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
