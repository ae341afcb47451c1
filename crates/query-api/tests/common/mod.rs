//! A database with upstream's rows, the sequencer and a worker that carry them out, and the API on a free port.

#![allow(dead_code, reason = "each test file uses its own part")]

pub(crate) mod commands;
pub(crate) mod redis;

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context, ensure};
use chrono::{Days, NaiveDate, SubsecRound, Utc};
use distributor::{DistributionWorker, Sequencer};
use jsonwebtoken::{EncodingKey, encode};
use metrics_exporter_prometheus::PrometheusBuilder;
use persistence::snapshots::{self, Order, Sealed};
use persistence::views::snapshots::Header;
use reqwest::{Client, Response};
use runtime::{CancellationToken, Health, Progress, Settings, Worker};
use serde_json::{Value, json};
use testkit::database::TestDatabase;
use tokio::sync::Notify;
use tokio::task::JoinHandle;
use uuid::Uuid;

/// `auth.hs256_secret` of tests whose callers have tokens.
pub(crate) const SECRET: &str = "a secret of more than thirty-two bytes";

/// A token of somebody with `role`, good for a day.
pub(crate) fn token(role: &str) -> anyhow::Result<String> {
    let claims = json!({ "sub": role, "roles": [role], "exp": (Utc::now() + Days::new(1)).timestamp() });
    Ok(encode(&jsonwebtoken::Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}

/// An API on a database of its own.
pub(crate) struct Stand {
    pub(crate) database: TestDatabase,
    pub(crate) api: Api,
    sequencer: Sequencer,
    worker: DistributionWorker,
}

/// A running API.
pub(crate) struct Api {
    pub(crate) base: String,
    pub(crate) client: Client,
    shutdown: CancellationToken,
    serving: JoinHandle<anyhow::Result<()>>,
}

/// Settings of a test: `base.toml`, this database, a free port, and `more` as `(variable, value)`.
pub(crate) fn settings(database_url: &str, more: &[(&str, &str)]) -> anyhow::Result<Settings> {
    let config = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../config");
    let own = [
        ("CONTRIB__DATABASE__URL", database_url),
        ("CONTRIB__HTTP__PORT", "0"),
        ("CONTRIB__HTTP__BIND", "127.0.0.1"),
        ("CONTRIB__AUTH__MODE", "off"),
    ];
    let all = own.iter().chain(more).map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
    Ok(Settings::load_from(&config, all)?)
}

impl Api {
    pub(crate) fn start(settings: &Settings) -> anyhow::Result<Self> {
        let metrics = PrometheusBuilder::new().build_recorder().handle();
        let server = query_api::Server::bind(settings, Health::default(), metrics)?;
        let base = format!("http://{}", server.address());
        let shutdown = CancellationToken::new();
        let serving = tokio::spawn(server.run_until_stopped(shutdown.clone()));
        let client = Client::builder().no_proxy().build()?;
        Ok(Self { base, client, shutdown, serving })
    }

    /// Waits until it says that it is ready.
    pub(crate) async fn ready(&self) -> anyhow::Result<()> {
        let limit = std::time::Duration::from_secs(30);
        testkit::wait::until("the API is ready", limit, async || {
            let answer = self.client.get(format!("{}/health/ready", self.base)).send().await?;
            Ok(answer.status().is_success().then_some(()))
        })
        .await
    }

    pub(crate) async fn get(&self, path: &str) -> anyhow::Result<Response> {
        Ok(self.client.get(format!("{}/api/v1{path}", self.base)).send().await?)
    }

    /// The JSON of an answer that must be 200.
    pub(crate) async fn json(&self, path: &str) -> anyhow::Result<Value> {
        let answer = self.get(path).await?;
        let status = answer.status();
        let body: Value = answer.json().await?;
        ensure!(status == 200, "{path}: {status} {body}");
        Ok(body)
    }

    /// Status and body of an answer that must be a problem.
    pub(crate) async fn problem(&self, path: &str) -> anyhow::Result<(u16, Value)> {
        problem_of(self.get(path).await?).await
    }

    /// Every item of a listing, page by page.
    pub(crate) async fn walk(&self, path: &str, limit: usize) -> anyhow::Result<Vec<Value>> {
        let mut all = Vec::new();
        let mut cursor = String::new();
        loop {
            let join = if path.contains('?') { '&' } else { '?' };
            let page = self.json(&format!("{path}{join}limit={limit}&cursor={cursor}")).await?;
            let items = page["items"].as_array().context("items")?;
            ensure!(items.len() <= limit, "{path}: a page of {}", items.len());
            all.extend(items.iter().cloned());
            match page["nextCursor"].as_str() {
                Some(next) => next.clone_into(&mut cursor),
                None => return Ok(all),
            }
        }
    }

    pub(crate) async fn stop(self) -> anyhow::Result<()> {
        self.shutdown.cancel();
        self.serving.await?
    }
}

/// Checks that an answer is a problem in the shape of RFC 9457.
pub(crate) async fn problem_of(answer: Response) -> anyhow::Result<(u16, Value)> {
    let status = answer.status().as_u16();
    let kind = answer.headers()["content-type"].to_str()?.to_owned();
    let body: Value = answer.json().await?;
    ensure!(kind == "application/problem+json", "{kind}: {body}");
    ensure!(body["status"] == status, "{body}");
    for member in ["type", "title", "detail", "code"] {
        ensure!(body[member].is_string(), "no {member} in {body}");
    }
    Ok((status, body))
}

impl Stand {
    pub(crate) async fn open(more: &[(&str, &str)]) -> anyhow::Result<Self> {
        let database = TestDatabase::create().await?;
        let settings = settings(&database.url(), more)?;
        sqlx::query(
            "INSERT INTO cdc_bootstrap (topic, source, state) VALUES ('adoptions', 'upstream', 'complete')",
        )
        .execute(database.pool())
        .await?;
        let numbered = Arc::new(Notify::new());
        let sequencer = Sequencer::new(database.pool().clone(), &settings, Arc::clone(&numbered));
        let worker = DistributionWorker::new(database.pool().clone(), &settings, numbered);
        let api = Api::start(&settings)?;
        api.ready().await?;
        Ok(Self { database, api, sequencer, worker })
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.api.stop().await?;
        drop(self.sequencer);
        self.database.close().await
    }

    /// Seals the business day as it stands.
    pub(crate) async fn seal(&self) -> anyhow::Result<Header> {
        let mut transaction = snapshots::begin(self.database.pool()).await?;
        let order = Order {
            day: self.business_day().await?,
            watermark: persistence::chunks::watermark(&mut transaction).await?,
            complete: true,
            system_accounts: true,
            shards: 8,
            at: Utc::now().trunc_subsecs(6),
        };
        let sealed = snapshots::seal(&mut transaction, &order).await?;
        transaction.commit().await?;
        let Sealed::Now(header) = sealed else { anyhow::bail!("sealed before: {sealed:?}") };
        Ok(header)
    }

    pub(crate) async fn business_day(&self) -> anyhow::Result<NaiveDate> {
        Ok(sqlx::query_scalar("SELECT current_day FROM business_day").fetch_one(self.database.pool()).await?)
    }

    /// The day on which tests adopt: ten days ago.
    pub(crate) async fn adoption_date(&self) -> anyhow::Result<NaiveDate> {
        Ok(self.business_day().await? - Days::new(10))
    }

    /// Upstream says who referred `account`.
    pub(crate) async fn refer(&self, account: &str, referrer: Option<&str>) -> anyhow::Result<()> {
        sqlx::query(
            "INSERT INTO synced_referrals (account_sequence, referrer_account_sequence, original_referral_id,
                 source_sequence_num) VALUES ($1, $2, $3, 1)",
        )
        .bind(account)
        .bind(referrer)
        .bind(Uuid::new_v4())
        .execute(self.database.pool())
        .await?;
        self.queue_referral(account).await
    }

    pub(crate) async fn queue_referral(&self, account: &str) -> anyhow::Result<()> {
        sqlx::query("INSERT INTO sequencer_queue (kind, account_sequence) VALUES (0, $1)")
            .bind(account)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Upstream says that `account` adopted one tree at 22617. Adoptions of one test come in the order of the calls.
    pub(crate) async fn adopt(&self, account: &str) -> anyhow::Result<Uuid> {
        let id = Uuid::new_v4();
        sqlx::query(
            "INSERT INTO synced_adoptions (original_adoption_id, account_sequence, tree_count, adoption_date, status,
                 contribution_per_tree, source_created_at, source_sequence_num, source_topic, source_partition,
                 source_offset)
             VALUES ($1, $2, 1, $3, 'ACTIVE', 22617, clock_timestamp(), 7, 'adoptions', 0, 41)",
        )
        .bind(id)
        .bind(account)
        .bind(self.adoption_date().await?)
        .execute(self.database.pool())
        .await?;
        self.queue_adoption(id).await?;
        Ok(id)
    }

    /// Upstream says that the adoption has this status now.
    pub(crate) async fn set_status(&self, id: Uuid, status: &str) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE synced_adoptions SET status = $2, changed_version = changed_version + 1
             WHERE original_adoption_id = $1",
        )
        .bind(id)
        .bind(status)
        .execute(self.database.pool())
        .await?;
        self.queue_adoption(id).await
    }

    async fn queue_adoption(&self, id: Uuid) -> anyhow::Result<()> {
        sqlx::query("INSERT INTO sequencer_queue (kind, original_adoption_id) VALUES (1, $1)")
            .bind(id)
            .execute(self.database.pool())
            .await?;
        Ok(())
    }

    /// Numbers whatever is ready.
    pub(crate) async fn number(&mut self) -> anyhow::Result<()> {
        while self.sequencer.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// Numbers whatever is ready and carries it out.
    pub(crate) async fn settle(&mut self) -> anyhow::Result<()> {
        self.number().await?;
        while self.worker.run_once().await? == Progress::Worked {}
        Ok(())
    }

    /// The referrals and adoptions of RULES section 9, carried out; gives the adoptions in their order.
    pub(crate) async fn worked_example(&mut self) -> anyhow::Result<[Uuid; 4]> {
        for (account, referrer) in [("R", None), ("A", Some("R")), ("B", Some("A")), ("C", Some("B"))] {
            self.refer(account, referrer).await?;
        }
        let mut adoptions = [Uuid::nil(); 4];
        for (adoption, account) in adoptions.iter_mut().zip(["A", "B", "C", "B"]) {
            *adoption = self.adopt(account).await?;
        }
        self.settle().await?;
        Ok(adoptions)
    }
}
