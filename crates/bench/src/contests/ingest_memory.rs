//! `ingest.memory`: the most memory that the program `cdc-ingestor` holds while it reads a long backlog.
//!
//! The floor is the most that it held over the first tenth: a ratio near 1 says that memory does not grow.

use std::time::Duration;

use anyhow::Context;
use futures::future::LocalBoxFuture;
use testkit::database::TestDatabase;
use uuid::Uuid;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure};
use crate::cpu::CpuClock;
use crate::memory::Most;
use crate::messages::{Model, USERS, WITHOUT_SCHEMAS};
use crate::program::Program;
use crate::topics::{Topics, read};

/// Messages of the backlog.
const MESSAGES: usize = 2_000_000;
/// How often it is looked.
const EVERY: Duration = Duration::from_millis(100);

const FLOORS: [Floor; 1] = [Floor::main("the same over the first tenth of the backlog")];

pub(crate) struct Memory {
    scale: Scale,
    stage: Option<Stage>,
}

struct Stage {
    database: TestDatabase,
    topics: Topics,
    messages: u64,
    /// Of the last run's first tenth.
    at_first: Option<Run>,
}

impl Memory {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, stage: None }
    }

    fn stage(&mut self) -> anyhow::Result<&mut Stage> {
        self.stage.as_mut().context("not prepared")
    }
}

impl Stage {
    async fn new(scale: Scale) -> anyhow::Result<Self> {
        let database = TestDatabase::create_durable().await?;
        let topics = Topics::create().await?;
        let model = Model::of(WITHOUT_SCHEMAS, USERS)?;
        let messages = scale.of(MESSAGES);
        let rows = (0..messages).map(|number| model.message(Uuid::new_v4(), &format!("D{number:011}")));
        topics.produce(&topics.users(), rows)?;
        Ok(Self { database, topics, messages: messages as u64, at_first: None })
    }

    async fn product(&mut self) -> anyhow::Result<Run> {
        self.database.empty().await?;
        let mut settings = self.topics.settings().to_vec();
        settings.push(("DATABASE__URL", self.database.url()));
        let mut program = Program::start("cdc-ingestor", &settings)?;
        let cpu = CpuClock::with_server(self.database.pool()).await?.of(&[program.id()]);
        let mut most = Most::default();
        let run = measure(&cpu, async {
            loop {
                program.ensure_runs()?;
                let done = read(self.database.pool()).await?;
                most.look(program.id(), done, self.messages)?;
                if done == self.messages {
                    return Ok(done);
                }
                tokio::time::sleep(EVERY).await;
            }
        })
        .await?;
        let Most { at_first, in_all } = most;
        eprintln!(
            "  {:.0} messages/s; resident at most: {at_first} MiB at first, {in_all} MiB in all",
            run.value
        );
        self.at_first = Some(Run { value: f64::from(at_first), ..run });
        Ok(Run { value: f64::from(in_all), ..run })
    }
}

impl Contest for Memory {
    fn name(&self) -> &'static str {
        "ingest.memory"
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
        Box::pin(async { self.stage()?.product().await })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.at_first.context("nothing was read") })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            let Some(stage) = self.stage.take() else { return Ok(()) };
            stage.topics.remove().await?;
            stage.database.close().await
        })
    }
}
