//! `ingest.users`, `ingest.adoptions`: messages of a topic into PostgreSQL, by the whole ingestor.
//!
//! The floor writes the same rows into the same table by a bare upsert of arrays, prepared beforehand, 2,000 rows a
//! statement and a transaction: no Kafka, no JSON, nothing that follows from a row.

use anyhow::Context;
use cdc_ingestor::Ingestor;
use futures::future::LocalBoxFuture;
use runtime::Worker;
use sqlx::{Executor, PgPool};
use testkit::database::TestDatabase;
use uuid::Uuid;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure};
use crate::cpu::CpuClock;
use crate::messages::{ADOPTIONS, Model, USERS, WITHOUT_SCHEMAS};
use crate::topics::{Topics, read};

/// Messages of a run.
const MESSAGES: usize = 200_000;
/// Rows of the floor's statement.
const ROWS: usize = 2_000;

const FLOORS: [Floor; 1] =
    [Floor::main("bare UNNEST upsert of the same rows, 2,000 a statement, one connection")];

const UPSERT_USERS: &str =
    "INSERT INTO synced_users AS u (original_user_id, account_sequence, phone, status, created_at,
        source_sequence_num, source_topic, source_partition, source_offset)
    SELECT id, account, '13800000001', 'ACTIVE', now(), 1, 'floor', 0, n
    FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS r (id, account, n)
    ON CONFLICT (original_user_id) DO UPDATE SET account_sequence = excluded.account_sequence,
        phone = excluded.phone, status = excluded.status, created_at = excluded.created_at,
        source_sequence_num = excluded.source_sequence_num, source_offset = excluded.source_offset
    WHERE u.source_sequence_num <= excluded.source_sequence_num";
const UPSERT_ADOPTIONS: &str = "INSERT INTO synced_adoptions AS a (original_adoption_id, account_sequence, tree_count,
        adoption_date, status, contribution_per_tree, source_created_at, source_sequence_num, source_topic,
        source_partition, source_offset)
    SELECT id, account, 1, DATE '2026-11-22', 'ACTIVE', 22617, now(), 1, 'floor', 0, n
    FROM UNNEST($1::uuid[], $2::text[]) WITH ORDINALITY AS r (id, account, n)
    ON CONFLICT (original_adoption_id) DO UPDATE SET account_sequence = excluded.account_sequence,
        tree_count = excluded.tree_count, adoption_date = excluded.adoption_date, status = excluded.status,
        contribution_per_tree = excluded.contribution_per_tree, source_sequence_num = excluded.source_sequence_num,
        source_offset = excluded.source_offset
    WHERE a.source_sequence_num <= excluded.source_sequence_num";

pub(crate) struct Ingest {
    name: &'static str,
    captured: &'static str,
    upsert: &'static str,
    scale: Scale,
    stage: Option<Stage>,
}

/// A database and topics, of which one has messages.
pub(super) struct Stage {
    pub(super) database: TestDatabase,
    pub(super) cpu: CpuClock,
    pub(super) topics: Topics,
    pub(super) rows: Vec<(Uuid, String)>,
}

impl Ingest {
    pub(crate) fn users(scale: Scale) -> Self {
        Self { name: "ingest.users", captured: USERS, upsert: UPSERT_USERS, scale, stage: None }
    }

    pub(crate) fn adoptions(scale: Scale) -> Self {
        Self { name: "ingest.adoptions", captured: ADOPTIONS, upsert: UPSERT_ADOPTIONS, scale, stage: None }
    }

    fn stage(&mut self) -> anyhow::Result<&mut Stage> {
        self.stage.as_mut().context("not prepared")
    }
}

impl Stage {
    /// With messages like the first one of `captured` in `capture`.
    pub(super) async fn new(capture: &str, captured: &str, scale: Scale) -> anyhow::Result<Self> {
        let database = TestDatabase::create_durable().await?;
        let rows: Vec<_> =
            (0..scale.of(MESSAGES)).map(|number| (Uuid::new_v4(), format!("D{number:011}"))).collect();
        let cpu = CpuClock::with_server(database.pool()).await?;
        let topics = Topics::create().await?;
        let topic = if captured == USERS { topics.users() } else { topics.adoptions() };
        let model = Model::of(capture, captured)?;
        topics.produce(&topic, rows.iter().map(|(id, account)| model.message(*id, account)))?;
        Ok(Self { database, cpu, topics, rows })
    }

    /// From the first message written to the last.
    pub(super) async fn product(&self) -> anyhow::Result<Run> {
        self.database.empty().await?;
        let pool = self.database.pool();
        let mut ingestor = self.ingestor(pool)?;
        let all = self.rows.len() as u64;
        let mut before = 0;
        while before == 0 {
            ingestor.run_once().await?;
            before = read(pool).await?;
        }
        measure(&self.cpu, async {
            while read(pool).await? < all {
                ingestor.run_once().await?;
            }
            Ok(all - before)
        })
        .await
    }

    fn ingestor(&self, pool: &PgPool) -> anyhow::Result<Ingestor> {
        let own = self.topics.settings();
        let own: Vec<(&str, &str)> = own.iter().map(|(key, value)| (*key, value.as_str())).collect();
        let settings = self.database.settings(&own)?;
        Ok(Ingestor::start(&settings.kafka, &settings.cdc, pool.clone())?)
    }

    async fn floor(&self, upsert: &str) -> anyhow::Result<Run> {
        self.database.empty().await?;
        let batches: Vec<(Vec<Uuid>, Vec<String>)> =
            self.rows.chunks(ROWS).map(|rows| rows.iter().cloned().unzip()).collect();
        self.database.pool().execute("CHECKPOINT").await?;
        let mut connection = self.database.pool().acquire().await?;
        measure(&self.cpu, async {
            for (ids, accounts) in &batches {
                sqlx::query(upsert).bind(ids).bind(accounts).execute(&mut *connection).await?;
            }
            Ok(self.rows.len() as u64)
        })
        .await
    }

    pub(super) async fn close(self) -> anyhow::Result<()> {
        self.topics.remove().await?;
        self.database.close().await
    }
}

impl Contest for Ingest {
    fn name(&self) -> &'static str {
        self.name
    }

    fn unit(&self) -> &'static str {
        "messages/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.stage = Some(Stage::new(WITHOUT_SCHEMAS, self.captured, self.scale).await?);
            Ok(())
        })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { self.stage()?.product().await })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        let upsert = self.upsert;
        Box::pin(async move { self.stage()?.floor(upsert).await })
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
