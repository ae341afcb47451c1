//! Books kept by the sequencer and a worker: the worked example of RULES section 9, and what can happen after it.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use distributor::{DistributionWorker, Sequencer};
use persistence::PgPool;
use runtime::{Progress, Settings, Worker};
use sqlx::types::Decimal;
use testkit::database::TestDatabase;
use testkit::synced::{self, Adoption};
use tokio::sync::Notify;

use super::{CONFIG, Variables};

/// The business day of the books.
pub(crate) const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 6, 15).expect("a day of the calendar");

/// A database with the workers that keep its books.
pub(crate) struct Books {
    database: TestDatabase,
    settings: Settings,
    sequencer: Sequencer,
    worker: DistributionWorker,
}

impl Books {
    /// Empty books, open for numbering.
    pub(crate) async fn open() -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        let variables = [
            ("CONTRIB__DATABASE__URL".to_owned(), database.url()),
            ("CONTRIB__DISTRIBUTOR__CHUNK_SIZE".to_owned(), "3".to_owned()),
        ];
        let settings = Settings::load_from(CONFIG.as_ref(), variables)?;
        let pool = persistence::connect_for_workers(&database.url(), 4, "test")?;
        let notify = Arc::new(Notify::new());
        let sequencer = Sequencer::new(pool.clone(), &settings, Arc::clone(&notify));
        let worker = DistributionWorker::new(pool, &settings, notify);
        synced::open_gate(database.pool()).await?;
        synced::business_day(database.pool(), TODAY).await?;
        Ok(Self { database, settings, sequencer, worker })
    }

    /// Connections to them.
    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// The settings of the workers.
    pub(crate) fn settings(&self) -> &Settings {
        &self.settings
    }

    /// As `database.url`.
    pub(crate) fn variables(&self) -> Variables {
        vec![("CONTRIB__DATABASE__URL", self.database.url())]
    }

    /// R ← A ← B ← C adopt in the order A, B, C, B, one tree each at 22617.
    pub(crate) async fn worked_example(&mut self) -> anyhow::Result<()> {
        let pool = self.database.pool().clone();
        for (account, referrer) in [("R", None), ("A", Some("R")), ("B", Some("A")), ("C", Some("B"))] {
            synced::referral(&pool, account, referrer).await?;
        }
        for (nth, account) in (1..).zip(["A", "B", "C", "B"]) {
            synced::adoption(&pool, &Adoption::new(account, TODAY, nth)).await?;
        }
        self.keep().await
    }

    /// Everything that can happen to an adoption and a referral, with amounts that have to be cut.
    pub(crate) async fn eventful_life(&mut self) -> anyhow::Result<()> {
        let pool = self.database.pool().clone();
        let days_ago = |days| TODAY - Days::new(days);
        for (account, referrer) in [("D", Some("A")), ("E", Some("A")), ("F", None), ("G", Some("C"))] {
            synced::referral(&pool, account, referrer).await?;
        }
        let odd = Decimal::new(226_171_234_567_891, 10);
        let expired = Adoption { price: Some(odd), ..Adoption::new("D", days_ago(900), 10) };
        let mut cancelled = Adoption { trees: 7, ..Adoption::new("E", days_ago(40), 11) };
        let mut amended = Adoption { trees: 3, price: Some(odd), ..Adoption::new("G", days_ago(3), 12) };
        let mut priced = Adoption { trees: 1200, ..Adoption::new("C", days_ago(2), 13) };
        let tomorrow = Adoption::new("D", TODAY.succ_opt().unwrap_or(TODAY), 14);
        for adoption in [&expired, &cancelled, &amended, &priced, &tomorrow] {
            synced::adoption(&pool, adoption).await?;
        }
        self.keep().await?;

        cancelled.status = Some("CANCELLED".to_owned());
        amended.trees = 2;
        priced.price = Some(odd);
        for adoption in [&cancelled, &amended, &priced] {
            synced::adoption(&pool, adoption).await?;
        }
        synced::referral(&pool, "D", Some("F")).await?;
        self.keep().await?;

        cancelled.status = Some("ACTIVE".to_owned());
        synced::adoption(&pool, &cancelled).await?;
        synced::referral(&pool, "C", None).await?;
        synced::adoption(&pool, &Adoption::new("G", TODAY, 15)).await?;
        self.keep().await
    }

    /// Numbers and carries out all there is.
    pub(crate) async fn keep(&mut self) -> anyhow::Result<()> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        while self.worker.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// Numbers all there is and carries out nothing.
    pub(crate) async fn number(&mut self) -> anyhow::Result<()> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// Carries out one chunk, if there is one.
    pub(crate) async fn carry_out_one(&mut self) -> anyhow::Result<Progress> {
        Ok(self.worker.run_once().await?)
    }

    /// Drops them.
    pub(crate) async fn close(self) -> anyhow::Result<()> {
        drop((self.sequencer, self.worker));
        self.database.close().await
    }
}
