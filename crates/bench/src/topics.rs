//! Topics of a contest's own for the ingestor to read.

use rdkafka::ClientConfig;
use rdkafka::admin::{AdminClient, AdminOptions, NewTopic, TopicReplication};
use rdkafka::client::DefaultClientContext;
use rdkafka::error::RDKafkaErrorCode;
use rdkafka::producer::{BaseProducer, BaseRecord, Producer};
use sqlx::PgPool;
use uuid::Uuid;

const PARTITIONS: i32 = 3;
const PATIENCE: std::time::Duration = std::time::Duration::from_secs(30);

/// One of users, one of adoptions, one of referrals.
pub(crate) struct Topics {
    pub(crate) brokers: String,
    prefix: String,
}

impl Topics {
    pub(crate) async fn create() -> anyhow::Result<Self> {
        let brokers = testkit::required("CONTRIB_TEST_KAFKA_BROKERS")?;
        let topics = Self { brokers, prefix: format!("bench{}", Uuid::new_v4().simple()) };
        let names = topics.names();
        let new = names.each_ref().map(|name| NewTopic::new(name, PARTITIONS, TopicReplication::Fixed(1)));
        for created in topics.admin()?.create_topics(&new, &AdminOptions::new()).await? {
            created.map_err(|(topic, code)| anyhow::anyhow!("{topic}: {code}"))?;
        }
        Ok(topics)
    }

    pub(crate) async fn remove(&self) -> anyhow::Result<()> {
        let names = self.names();
        self.admin()?.delete_topics(&names.each_ref().map(String::as_str), &AdminOptions::new()).await?;
        Ok(())
    }

    pub(crate) fn users(&self) -> String {
        format!("{}.users", self.prefix)
    }

    pub(crate) fn adoptions(&self) -> String {
        format!("{}.adoptions", self.prefix)
    }

    fn names(&self) -> [String; 3] {
        [self.users(), self.adoptions(), format!("{}.referrals", self.prefix)]
    }

    /// What an ingestor has to know, in a consumer group that is new each time.
    pub(crate) fn settings(&self) -> [(&'static str, String); 6] {
        let [users, adoptions, referrals] = self.names();
        [
            ("KAFKA__BROKERS", self.brokers.clone()),
            ("KAFKA__GROUP_ID", Uuid::new_v4().to_string()),
            ("CDC__TOPICS__USERS", users),
            ("CDC__TOPICS__ADOPTIONS", adoptions),
            ("CDC__TOPICS__REFERRALS", referrals),
            ("CDC__HEARTBEATS__UPSTREAM", String::new()),
        ]
    }

    fn admin(&self) -> anyhow::Result<AdminClient<DefaultClientContext>> {
        Ok(ClientConfig::new().set("bootstrap.servers", &self.brokers).create()?)
    }

    /// Writes messages, each a key and a value.
    pub(crate) fn produce(
        &self,
        topic: &str,
        messages: impl Iterator<Item = (String, String)>,
    ) -> anyhow::Result<()> {
        let producer: BaseProducer = ClientConfig::new()
            .set("bootstrap.servers", &self.brokers)
            .set("linger.ms", "50")
            .set("queue.buffering.max.messages", "100000")
            .create()?;
        for (key, value) in messages {
            let mut record = BaseRecord::to(topic).key(&key).payload(&value);
            while let Err((error, again)) = producer.send(record) {
                let full = error.rdkafka_error_code() == Some(RDKafkaErrorCode::QueueFull);
                anyhow::ensure!(full, "{error}");
                producer.poll(std::time::Duration::from_millis(50));
                record = again;
            }
        }
        Ok(producer.flush(PATIENCE)?)
    }
}

/// Messages written so far.
pub(crate) async fn read(pool: &PgPool) -> anyhow::Result<u64> {
    let query = "SELECT coalesce(sum(next_offset), 0)::bigint FROM cdc_offsets";
    let read: i64 = sqlx::query_scalar(query).fetch_one(pool).await?;
    Ok(u64::try_from(read)?)
}
