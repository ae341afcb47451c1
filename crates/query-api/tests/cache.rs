//! Hot accounts in Redis: never older than a version that was published more than a second ago, whatever is slow or gone.

mod common;

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use common::redis::Redis;
use common::{Api, settings};
use rand::seq::IndexedRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::producer::{FutureProducer, FutureRecord};
use testkit::database::TestDatabase;
use testkit::wait::{LIMIT, until};
use uuid::Uuid;

const BOUND: Duration = Duration::from_secs(1);

/// A database, a topic and a Redis of its own.
struct Stage {
    database: TestDatabase,
    redis: Redis,
    brokers: String,
    topic: String,
    producer: FutureProducer,
}

impl Stage {
    async fn set() -> anyhow::Result<Self> {
        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?;
        let topic = format!("cache_{}.account_events", Uuid::new_v4().simple());
        let producer =
            ClientConfig::new().set("bootstrap.servers", &brokers).set("linger.ms", "0").create()?;
        let stage = Self {
            database: TestDatabase::create().await?,
            redis: Redis::start().await?,
            brokers,
            topic,
            producer,
        };
        stage.create_topic().await?;
        Ok(stage)
    }

    fn admin(&self) -> anyhow::Result<AdminClient<DefaultClientContext>> {
        Ok(ClientConfig::new().set("bootstrap.servers", &self.brokers).create()?)
    }

    async fn create_topic(&self) -> anyhow::Result<()> {
        let topic = NewTopic::new(&self.topic, 3, TopicReplication::Fixed(1));
        for created in self.admin()?.create_topics([&topic], &AdminOptions::new()).await? {
            created.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
        }
        Ok(())
    }

    /// An API with this Redis, and with other settings over the stage's.
    async fn api(&self, more: &[(&str, &str)]) -> anyhow::Result<Api> {
        let redis = self.redis.url();
        let mut all = vec![
            ("CONTRIB__REDIS__URL", redis.as_str()),
            ("CONTRIB__KAFKA__BROKERS", &self.brokers),
            ("CONTRIB__KAFKA__ACCOUNT_EVENTS_TOPIC", &self.topic),
        ];
        all.extend(more);
        let api = Api::start(&settings(&self.database.url(), &all)?)?;
        api.ready().await?;
        Ok(api)
    }

    async fn insert(&self, account: &str) -> anyhow::Result<()> {
        insert(&self.database, account).await
    }

    /// A new version, committed.
    async fn change(&self, account: &str) -> anyhow::Result<i64> {
        let sql = "UPDATE contribution_accounts SET version = version + 1, total_contribution = total_contribution + 1
                   WHERE account_sequence = $1 RETURNING version";
        Ok(sqlx::query_scalar(sql).bind(account).fetch_one(self.database.pool()).await?)
    }

    /// What no event tells of, so that an answer shows whether it came from Redis.
    async fn change_in_secret(&self, account: &str, directs: i32) -> anyhow::Result<()> {
        sqlx::query(
            "UPDATE contribution_accounts SET direct_referral_adopted_count = $2 WHERE account_sequence = $1",
        )
        .bind(account)
        .bind(directs)
        .execute(self.database.pool())
        .await?;
        Ok(())
    }

    async fn publish(&self, account: &str, version: i64) -> anyhow::Result<()> {
        let event = format!(r#"{{"eventType":"ContributionCalculated","epoch":1,"version":{version}}}"#);
        let record = FutureRecord::to(&self.topic).key(account).payload(&event);
        self.producer.send(record, LIMIT).await.map_err(|(error, _)| error)?;
        Ok(())
    }

    /// Waits until the account is answered from Redis: an answer does not show what only the database knows.
    async fn is_cached(&self, api: &Api, account: &str) -> anyhow::Result<()> {
        let mut secret = 0;
        until("an answer from Redis", LIMIT, async || {
            let before = directs(api, account).await?;
            secret += 1;
            self.change_in_secret(account, secret).await?;
            Ok((before == directs(api, account).await?).then_some(()))
        })
        .await
    }

    async fn close(self) -> anyhow::Result<()> {
        self.admin()?.delete_topics(&[&self.topic], &AdminOptions::new()).await?;
        self.database.close().await
    }
}

async fn insert(database: &TestDatabase, account: &str) -> anyhow::Result<()> {
    sqlx::query("INSERT INTO contribution_accounts (account_sequence) VALUES ($1)")
        .bind(account)
        .execute(database.pool())
        .await?;
    Ok(())
}

async fn version(api: &Api, account: &str) -> anyhow::Result<i64> {
    api.json(&format!("/contributions/{account}")).await?["version"].as_i64().context("version")
}

async fn directs(api: &Api, account: &str) -> anyhow::Result<i64> {
    api.json(&format!("/contributions/{account}")).await?["directReferralAdoptedCount"]
        .as_i64()
        .context("count")
}

/// When each account's versions were published.
#[derive(Default)]
struct Published(Mutex<HashMap<String, Vec<(Instant, i64)>>>);

impl Published {
    fn note(&self, account: &str, version: i64) {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.entry(account.to_owned()).or_default().push((Instant::now(), version));
    }

    /// The newest version that was published before then.
    fn before(&self, account: &str, then: Option<Instant>) -> i64 {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let published = all.get(account).into_iter().flatten();
        let old =
            published.filter(|(at, _)| then.is_some_and(|then| *at <= then)).map(|(_, version)| *version);
        old.max().unwrap_or(1)
    }
}

/// Two processes of the API, writers, and readers who go from one to the other.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn versions_only_rise_and_are_never_old() -> anyhow::Result<()> {
    const ACCOUNTS: [&str; 3] = ["A", "B", "C"];
    const CHANGES: u64 = 400;
    let stage = Stage::set().await?;
    for account in ACCOUNTS {
        stage.insert(account).await?;
    }
    let apis = [stage.api(&[]).await?, stage.api(&[]).await?];
    for api in &apis {
        stage.is_cached(api, "A").await?;
    }
    let (published, changes, done) = (Published::default(), AtomicU64::new(0), AtomicBool::new(false));
    let write = async |seed: u64| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        while changes.fetch_add(1, Ordering::SeqCst) < CHANGES {
            let account = ACCOUNTS.choose(&mut random).context("an account")?;
            let version = stage.change(account).await?;
            stage.publish(account, version).await?;
            published.note(account, version);
        }
        done.store(true, Ordering::SeqCst);
        anyhow::Ok(())
    };
    let read = async |seed: u64| {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let mut seen: HashMap<&str, i64> = HashMap::new();
        let mut answers = 0_u32;
        while !done.load(Ordering::SeqCst) || answers < 100 {
            let account = *ACCOUNTS.choose(&mut random).context("an account")?;
            let oldest = published.before(account, Instant::now().checked_sub(BOUND));
            let found = version(&apis[random.random_range(0..2)], account).await?;
            ensure!(
                found >= oldest,
                "seed {seed}: {account} at {found}, and {oldest} was published a second ago"
            );
            let last = seen.insert(account, found).unwrap_or_default();
            ensure!(found >= last, "seed {seed}: {account} fell from {last} to {found}");
            answers += 1;
        }
        anyhow::Ok(())
    };
    let writing = futures::future::try_join_all((0..2).map(&write));
    let reading = futures::future::try_join_all((10..16).map(&read));
    futures::future::try_join(writing, reading).await?;
    for account in ACCOUNTS {
        let last = published.before(account, Some(Instant::now()));
        until("the last version", BOUND, async || {
            Ok((version(&apis[0], account).await? == last).then_some(()))
        })
        .await?;
    }
    for api in apis {
        api.stop().await?;
    }
    stage.close().await
}

#[tokio::test]
async fn an_event_ends_what_is_kept() -> anyhow::Result<()> {
    let stage = Stage::set().await?;
    stage.insert("A").await?;
    let api = stage.api(&[]).await?;
    stage.is_cached(&api, "A").await?;
    let changed = stage.change("A").await?;
    assert_eq!(version(&api, "A").await?, changed - 1, "nobody knows yet");
    stage.publish("A", changed).await?;
    until("the new version", BOUND, async || Ok((version(&api, "A").await? == changed).then_some(())))
        .await?;
    // what the caller knows to be carried out is not answered from before it
    stage.is_cached(&api, "A").await?;
    stage.change_in_secret("A", 77).await?;
    sqlx::query("UPDATE sequencer_state SET last_seq = 5").execute(stage.database.pool()).await?;
    let row = api.json("/contributions/A?minSeq=5").await?;
    assert_eq!(
        (&row["directReferralAdoptedCount"], &row["asOf"]["distributionSeq"]),
        (&77.into(), &5.into())
    );
    assert_eq!(directs(&api, "A").await?, 77, "it was kept");
    assert_eq!(api.problem("/contributions/unknown").await?.0, 404);
    api.stop().await?;
    stage.close().await
}

#[tokio::test]
async fn a_replica_that_lags_is_not_read() -> anyhow::Result<()> {
    let stage = Stage::set().await?;
    let replica = TestDatabase::create().await?;
    stage.insert("A").await?;
    insert(&replica, "A").await?;
    let api = stage.api(&[("CONTRIB__DATABASE__READ_URL", &replica.url())]).await?;
    stage.is_cached(&api, "A").await?;
    let changed = stage.change("A").await?;
    stage.publish("A", changed).await?;
    until("the new version", BOUND, async || Ok((version(&api, "A").await? == changed).then_some(())))
        .await?;
    api.stop().await?;
    replica.close().await?;
    stage.close().await
}

#[tokio::test]
async fn without_redis_the_database_answers() -> anyhow::Result<()> {
    let mut stage = Stage::set().await?;
    stage.insert("A").await?;
    let api = stage.api(&[]).await?;
    let plain = stage.api(&[("CONTRIB__REDIS__URL", "")]).await?;
    stage.is_cached(&api, "A").await?;
    for death in [false, true] {
        if death {
            stage.redis.kill().await?;
        } else {
            stage.redis.hang().await?;
        }
        let changed = stage.change("A").await?;
        let began = Instant::now();
        assert_eq!(version(&api, "A").await?, changed);
        // a limit for Redis and a read; much more where the machine is busy
        let first = began.elapsed();
        assert!(first < Duration::from_secs(3), "the first answer took {first:?}");
        let (mut with, mut without) = (Duration::ZERO, Duration::ZERO);
        for _ in 0..30 {
            let changed = stage.change("A").await?;
            for (api, took) in [(&api, &mut with), (&plain, &mut without)] {
                let began = Instant::now();
                assert_eq!(version(api, "A").await?, changed);
                *took += began.elapsed();
            }
        }
        // had each waited for Redis, they would have taken three seconds more
        assert!(with < without * 2 + Duration::from_secs(1), "{with:?}, and {without:?} without a Redis");
        if death {
            stage.redis.restart().await?;
        } else {
            stage.redis.go_on().await?;
        }
        stage.is_cached(&api, "A").await?;
    }
    plain.stop().await?;
    api.stop().await?;
    stage.close().await
}

#[tokio::test]
async fn without_the_events_redis_is_not_trusted() -> anyhow::Result<()> {
    let stage = Stage::set().await?;
    stage.insert("A").await?;
    let api = stage.api(&[]).await?;
    stage.is_cached(&api, "A").await?;
    // another process hears nothing, and what is in Redis is of no use to it
    let deaf = stage.api(&[("CONTRIB__KAFKA__BROKERS", "127.0.0.1:1")]).await?;
    for secret in 1000..1010 {
        stage.change_in_secret("A", secret).await?;
        assert_eq!(directs(&deaf, "A").await?, i64::from(secret));
    }
    // the topic goes away, and comes back with nothing in it
    stage.admin()?.delete_topics(&[&stage.topic], &AdminOptions::new()).await?;
    let mut secret = 2000;
    until("the database's own answer", LIMIT, async || {
        secret += 1;
        stage.change_in_secret("A", secret).await?;
        Ok((directs(&api, "A").await? == i64::from(secret)).then_some(()))
    })
    .await?;
    until("the topic is made anew", LIMIT, async || Ok(stage.create_topic().await.ok())).await?;
    stage.is_cached(&api, "A").await?;
    deaf.stop().await?;
    api.stop().await?;
    stage.close().await
}

/// What a process finds in Redis when it starts may have missed events that nobody heard.
#[tokio::test]
async fn what_was_kept_before_a_start_counts_for_nothing() -> anyhow::Result<()> {
    let stage = Stage::set().await?;
    stage.insert("A").await?;
    let api = stage.api(&[]).await?;
    stage.is_cached(&api, "A").await?;
    api.stop().await?;
    let changed = stage.change("A").await?;
    stage.publish("A", changed).await?;
    let api = stage.api(&[]).await?;
    let began = Instant::now();
    while began.elapsed() < 2 * BOUND {
        assert_eq!(version(&api, "A").await?, changed);
    }
    api.stop().await?;
    stage.close().await
}
