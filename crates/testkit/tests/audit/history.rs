//! A small history that went through the real distributor and left a row of every kind.

use std::str::FromStr;
use std::sync::Arc;

use chrono::NaiveDate;
use distributor::{DistributionWorker, Sequencer};
use runtime::{ExposeSecret, Progress, Worker};
use sqlx::PgPool;
use sqlx::types::Decimal;
use testkit::database::TestDatabase;
use testkit::synced::{self, Adoption};
use tokio::sync::Notify;
use uuid::Uuid;

/// From 2026 on: other rates, a steeper unlock table, CITY's lines expire.
const SECOND_PLAN: &str = "INSERT INTO plans SELECT 2, '2026-01-01', created_at, 0.65, 0.12, 0.013333, 0.015667,
    0.007, 0.032, 23000, 0.003, 100, 40, '{1,2,3}', '{3,9,15}', '{2,3}', 2, '{OPERATION,PROVINCE,HEADQUARTERS}'
    FROM plans WHERE version = 1";

/// Upstream's people and the service that follows them.
pub(crate) struct History {
    database: TestDatabase,
    workers: PgPool,
    sequencer: Sequencer,
    worker: DistributionWorker,
    made: i64,
}

fn day(text: &str) -> anyhow::Result<NaiveDate> {
    Ok(text.parse()?)
}

impl History {
    async fn begin() -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        synced::open_gate(database.pool()).await?;
        synced::business_day(database.pool(), day("2026-11-22")?).await?;
        let sizes = [("DISTRIBUTOR__PASS_SIZE", "9"), ("DISTRIBUTOR__CHUNK_SIZE", "4")];
        let settings = database.settings(&sizes)?;
        let workers = persistence::connect_for_workers(settings.database.url.expose_secret(), 6, "test")?;
        let numbered = Arc::new(Notify::new());
        let sequencer = Sequencer::new(workers.clone(), &settings, Arc::clone(&numbered));
        let worker = DistributionWorker::new(workers.clone(), &settings, numbered);
        Ok(Self { database, workers, sequencer, worker, made: 0 })
    }

    fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    pub(crate) async fn number(&mut self) -> anyhow::Result<()> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        Ok(())
    }

    async fn settle(&mut self) -> anyhow::Result<()> {
        self.number().await?;
        while self.worker.run_once().await? == Progress::Worked {}
        Ok(())
    }

    async fn adopt(
        &mut self,
        account: &str,
        date: &str,
        trees: i32,
        price: Option<&str>,
    ) -> anyhow::Result<Adoption> {
        self.made += 1;
        let mut adoption = Adoption::new(account, day(date)?, self.made);
        adoption.trees = trees;
        adoption.price = price.map(Decimal::from_str).transpose()?;
        synced::adoption(self.pool(), &adoption).await?;
        Ok(adoption)
    }

    async fn user(&self, account: &str) -> anyhow::Result<()> {
        sqlx::query(
            "INSERT INTO synced_users (account_sequence, original_user_id, source_sequence_num) VALUES ($1, $2, 1)",
        )
        .bind(account)
        .bind(Uuid::new_v5(&Uuid::NAMESPACE_DNS, account.as_bytes()))
        .execute(self.pool())
        .await?;
        Ok(())
    }

    /// A chain of twenty, four side branches, names that need care; adoptions of every kind of price and date.
    async fn first_year(&mut self) -> anyhow::Result<Vec<Adoption>> {
        sqlx::query(SECOND_PLAN).execute(self.pool()).await?;
        for place in 0..20 {
            let referrer = (place > 0).then(|| format!("C{:02}", place - 1));
            synced::referral(self.pool(), &format!("C{place:02}"), referrer.as_deref()).await?;
            self.user(&format!("C{place:02}")).await?;
        }
        for (account, referrer) in
            [("a\\b,{c}", "C17"), ("贡献", "C17"), ("S1", "C17"), ("S2", "S1"), ("S3", "S1"), ("S4", "S3")]
        {
            synced::referral(self.pool(), account, Some(referrer)).await?;
        }
        let mut adoptions = Vec::new();
        for (account, date, trees, price) in [
            ("C19", "2025-03-01", 3, None),
            ("C18", "2025-03-01", 36, None),
            ("C17", "2024-02-28", 2, Some("0.0000000007")),
            ("C16", "2019-07-01", 5, Some("22617.1234567891")),
            ("a\\b,{c}", "2026-11-23", 200, None),
            ("贡献", "2026-05-05", 1, None),
            ("S2", "2026-05-05", 7, Some("1000.1")),
            ("S3", "2025-12-31", 900, None),
            ("S4", "2026-01-01", 1, None),
            ("C00", "2026-02-02", 1, None),
            ("C19", "2026-02-03", 4, None),
        ] {
            adoptions.push(self.adopt(account, date, trees, price).await?);
        }
        Ok(adoptions)
    }

    /// Reversals, amendments, moves, and what is not distributed.
    async fn second_year(&mut self, mut adoptions: Vec<Adoption>) -> anyhow::Result<()> {
        "CANCELLED".clone_into(adoptions[0].status.get_or_insert_default());
        adoptions[1].trees = 40;
        "S1".clone_into(&mut adoptions[6].account);
        adoptions[7].trees = 12;
        adoptions[9].price = Some(Decimal::from_str("777.7777777777")?);
        for adoption in &adoptions {
            synced::adoption(self.pool(), adoption).await?;
        }
        self.settle().await?;
        "ACTIVE".clone_into(adoptions[0].status.get_or_insert_default());
        synced::adoption(self.pool(), &adoptions[0]).await?;
        synced::referral(self.pool(), "S3", Some("S2")).await?;
        synced::referral(self.pool(), "S4", None).await?;
        synced::referral(self.pool(), "C05", Some("C02")).await?;
        // Closes a cycle and so stays pending.
        synced::referral(self.pool(), "S1", Some("S3")).await?;
        "refunded".clone_into(adoptions[3].status.get_or_insert_default());
        synced::adoption(self.pool(), &adoptions[3]).await?;
        self.settle().await?;
        self.adopt("nobody", "2026-01-01", 1, None).await?;
        self.adopt("C03", "2026-12-24", 1, None).await?;
        self.adopt("C03", "2026-10-10", 0, None).await?;
        self.adopt("C03", "1999-12-31", 1, None).await?;
        self.adopt("C19", "2026-10-11", 1, None).await?;
        self.adopt("C04", "2026-10-11", 1, Some("0.5")).await?;
        self.settle().await
    }

    /// Everything carried out; the workers gone, so that the database can be cloned.
    pub(crate) async fn settled() -> anyhow::Result<TestDatabase> {
        let mut history = Self::begin().await?;
        let adoptions = history.first_year().await?;
        history.settle().await?;
        history.second_year(adoptions).await?;
        history.leave().await
    }

    /// Half of it only numbered, and something still queued.
    pub(crate) async fn unfinished() -> anyhow::Result<TestDatabase> {
        let mut history = Self::begin().await?;
        let adoptions = history.first_year().await?;
        history.number().await?;
        history.worker.run_once().await?;
        let mut changed = adoptions[4].clone();
        changed.trees = 1;
        synced::adoption(history.pool(), &changed).await?;
        synced::referral(history.pool(), "S3", Some("S2")).await?;
        history.leave().await
    }

    async fn leave(self) -> anyhow::Result<TestDatabase> {
        let Self { database, workers, sequencer, worker, .. } = self;
        drop((sequencer, worker));
        workers.close().await;
        Ok(database)
    }
}
