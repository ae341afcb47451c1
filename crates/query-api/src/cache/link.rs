//! The connection to Redis, and what is kept there: a hash for each account that was asked for lately.
//!
//! | field | |
//! |---|---|
//! | `i` | the key's incarnation: a random name, given when the key is made |
//! | `e`, `v` | epoch and version of the value, or the floor: what may be stored is at least as new |
//! | `s`, `t`, `j` | the value, if there is one: entry through which it holds, when its read began (Redis' clock, µs), JSON |
//!
//! A call takes [`PATIENCE`] at most. The first that fails breaks the connection for all who share it, and nobody waits
//! for Redis until there is a new one.

use std::fmt;
use std::sync::{Arc, LazyLock, PoisonError, RwLock};
use std::time::{Duration, Instant};

use backon::BackoffBuilder;
use domain::AccountSequence;
use persistence::views::account::Account;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, Script};
use runtime::{CancellationToken, ExposeSecret, SettingsError, settings};
use tokio::time::timeout;
use uuid::Uuid;

use crate::loader::{Loader, Source};

/// How long a call may take.
const PATIENCE: Duration = Duration::from_millis(100);
/// How long connecting may take.
const CONNECT: Duration = Duration::from_secs(1);
/// The longest pause after a connection broke.
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Who has lived for so long was in order: the pauses begin anew.
const IN_ORDER: Duration = Duration::from_secs(10);

/// How long a value is kept: its `asOf` and `effectiveOn` are at most so old.
const VALUE_LIVES: Duration = Duration::from_secs(30);
/// How long a key without a value lives …
const FLOOR_LIVES: Duration = Duration::from_secs(10);
/// … which is longer than a read may take whose outcome is stored.
const STORED_WITHIN: Duration = Duration::from_secs(5);

/// `KEYS`; `ARGV`: incarnation and life, in ms, of keys that are made here.
static LOOK_UP: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local now = redis.call('TIME')
        local rows = {}
        for place, key in ipairs(KEYS) do
            local row = redis.call('HMGET', key, 'i', 's', 't', 'j')
            if not row[1] then
                row[1] = ARGV[1]
                redis.call('HSET', key, 'i', ARGV[1])
                redis.call('PEXPIRE', key, ARGV[2])
            end
            rows[place] = row
        end
        return { now[1] * 1000000 + now[2], rows }",
    )
});

/// `KEYS[1]`; `ARGV`: incarnation, e, v, s, t, j, life in ms. Stores what is newer than the value, or not below the floor.
static STORE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local row = redis.call('HMGET', KEYS[1], 'i', 'e', 'v', 't')
        if row[1] ~= ARGV[1] then return 0 end
        for place = 2, 4 do
            local held, new = tonumber(row[place] or -1), tonumber(ARGV[place == 4 and 5 or place])
            if held > new then return 0 end
            if held < new then break end
        end
        redis.call('HSET', KEYS[1], 'e', ARGV[2], 'v', ARGV[3], 's', ARGV[4], 't', ARGV[5], 'j', ARGV[6])
        redis.call('PEXPIRE', KEYS[1], ARGV[7])
        return 1",
    )
});

/// `KEYS`; `ARGV`: life in ms, then e and v of each key. Takes older values away and leaves the floor. Where there is no
/// key nobody has asked, and nothing is needed: who asks from now on reads what the event tells of.
static RAISE: LazyLock<Script> = LazyLock::new(|| {
    Script::new(
        r"
        local raised = 0
        for place, key in ipairs(KEYS) do
            local row = redis.call('HMGET', key, 'i', 'e', 'v')
            local e, v = tonumber(ARGV[2 * place]), tonumber(ARGV[2 * place + 1])
            local held_e, held_v = tonumber(row[2] or -1), tonumber(row[3] or -1)
            if row[1] and (held_e < e or held_e == e and held_v < v) then
                redis.call('HDEL', key, 's', 't', 'j')
                redis.call('HSET', key, 'e', e, 'v', v)
                redis.call('PEXPIRE', key, ARGV[1])
                raised = raised + 1
            end
        end
        return raised",
    )
});

/// The connection of the moment, if there is one.
pub(super) struct Links {
    client: Client,
    prefix: String,
    current: RwLock<Option<Arc<Link>>>,
    loader: Loader<AccountSequence, Option<Kept>>,
}

impl fmt::Debug for Links {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Links").field("connected", &self.current().is_some()).finish_non_exhaustive()
    }
}

/// A connection that has not failed yet.
pub(super) struct Link {
    connection: MultiplexedConnection,
    prefix: String,
    /// When it was made, by Redis' clock, in µs: what is stamped earlier may have missed what this process could not say
    /// to Redis.
    since: u64,
    broken: CancellationToken,
}

/// What a reader has seen of a key before it reads the database.
pub(super) struct Ticket {
    link: Arc<Link>,
    key: String,
    incarnation: String,
    stamp: u64,
    began: Instant,
}

/// A value that is kept.
#[derive(Debug)]
pub(super) struct Value {
    pub(super) distribution_seq: i64,
    /// When its read began, by Redis' clock, in µs.
    pub(super) stamp: u64,
    pub(super) json: String,
}

/// What a look-up finds.
pub(super) type Kept = (Ticket, Option<Value>);

/// Incarnation, s, t and j of a key.
type Row = (String, Option<i64>, Option<u64>, Option<String>);

/// An account's newest epoch and version.
pub(super) type Floor = (String, i64, i64);

impl Links {
    /// None where there is no `redis.url`.
    pub(super) fn new(settings: &settings::Redis) -> Result<Option<Self>, SettingsError> {
        let Some(url) = &settings.url else { return Ok(None) };
        let client = Client::open(url.expose_secret())
            // the error may repeat the address, and with it the password
            .map_err(|_| {
                SettingsError::new("redis.url", "is not redis://user:password@host:port/database")
            })?;
        let prefix = settings.prefix.clone();
        Ok(Some(Self { client, prefix, current: RwLock::default(), loader: Loader::default() }))
    }

    /// The connection, if there is one.
    pub(super) fn current(&self) -> Option<Arc<Link>> {
        self.current.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set(&self, link: Option<Arc<Link>>) {
        metrics::gauge!("contrib_cache_connected").set(if link.is_some() { 1.0 } else { 0.0 });
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = link;
    }

    /// What is kept of the account; none where Redis does not answer.
    pub(super) async fn look_up(&self, account: AccountSequence) -> Option<Kept> {
        self.loader.load(account).await.flatten()
    }

    /// Keeps the connection and looks accounts up, for ever.
    pub(super) async fn run(&self) {
        tokio::join!(self.keep(), self.loader.run(self));
    }

    /// Connects, and again after a break, for ever.
    async fn keep(&self) {
        let pauses = super::pauses(LONGEST_PAUSE);
        let mut pause = pauses.build();
        let mut told = false;
        self.set(None);
        loop {
            match self.connect().await {
                Ok(link) => {
                    tracing::info!("Redis answers");
                    told = false;
                    let began = Instant::now();
                    let link = Arc::new(link);
                    self.set(Some(Arc::clone(&link)));
                    link.broken.cancelled().await;
                    self.set(None);
                    if began.elapsed() > IN_ORDER {
                        pause = pauses.build();
                    }
                }
                Err(error) if !told => {
                    tracing::warn!(kind = ?error.kind(), "Redis does not answer: PostgreSQL answers alone");
                    told = true;
                }
                Err(_) => {}
            }
            tokio::time::sleep(pause.next().unwrap_or(LONGEST_PAUSE)).await;
        }
    }

    async fn connect(&self) -> RedisResult<Link> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(CONNECT))
            .set_response_timeout(Some(CONNECT));
        let connecting = async {
            let mut connection = self.client.get_multiplexed_async_connection_with_config(&config).await?;
            let (seconds, micros): (u64, u64) = redis::cmd("TIME").query_async(&mut connection).await?;
            let since = seconds * 1_000_000 + micros;
            let prefix = self.prefix.clone();
            Ok(Link { connection, prefix, since, broken: CancellationToken::new() })
        };
        within(CONNECT, connecting).await
    }
}

impl Source for Links {
    type Key = AccountSequence;
    type Value = Option<Kept>;

    async fn read(&self, accounts: Vec<AccountSequence>) -> Vec<Option<Kept>> {
        let kept = match self.current() {
            Some(link) => link.look_up(&accounts).await,
            None => None,
        };
        match kept {
            Some(kept) => kept.into_iter().map(Some).collect(),
            None => accounts.iter().map(|_| None).collect(),
        }
    }
}

impl Link {
    /// Redis' clock now, in µs; none where it does not answer.
    pub(super) async fn time(&self) -> Option<u64> {
        let mut connection = self.connection.clone();
        let asking = async move { redis::cmd("TIME").query_async::<(u64, u64)>(&mut connection).await };
        let (seconds, micros) = self.hear(within(PATIENCE, asking).await)?;
        Some(seconds * 1_000_000 + micros)
    }

    /// What is kept of each account, and what is needed to store something newer; nothing where Redis does not answer.
    async fn look_up(self: &Arc<Self>, accounts: &[AccountSequence]) -> Option<Vec<Kept>> {
        let began = Instant::now();
        let keys: Vec<_> = accounts.iter().map(|account| self.key(account.as_str())).collect();
        let mut call = LOOK_UP.prepare_invoke();
        call.arg(Uuid::new_v4().simple().to_string()).arg(millis(FLOOR_LIVES));
        for key in &keys {
            call.key(key);
        }
        let (stamp, rows): (u64, Vec<Row>) = self.call(&call).await?;
        let kept = |(key, (incarnation, distribution_seq, stamped, json))| {
            let ticket = Ticket { link: Arc::clone(self), key, incarnation, stamp, began };
            let value = match (distribution_seq, stamped, json) {
                (Some(distribution_seq), Some(stamp), Some(json)) => {
                    Some(Value { distribution_seq, stamp, json })
                }
                _ => None,
            };
            (ticket, value)
        };
        Some(keys.into_iter().zip(rows).map(kept).collect())
    }

    /// Takes what is below the floors away. Whether it failed need not be known: then the connection is broken, and
    /// nothing that is there now is trusted through the next one.
    pub(super) async fn raise(&self, floors: &[Floor]) {
        const AT_A_TIME: usize = 500;
        for floors in floors.chunks(AT_A_TIME) {
            let mut call = RAISE.prepare_invoke();
            call.arg(millis(FLOOR_LIVES));
            for (account, epoch, version) in floors {
                call.key(self.key(account)).arg(epoch).arg(version);
            }
            let Some(raised) = self.call::<u64>(&call).await else { return };
            metrics::counter!("contrib_cache_floors_raised_total").increment(raised);
        }
    }

    fn key(&self, account: &str) -> String {
        format!("{}:account:{account}", self.prefix)
    }

    async fn call<T: redis::FromRedisValue>(&self, call: &redis::ScriptInvocation<'_>) -> Option<T> {
        let mut connection = self.connection.clone();
        self.hear(within(PATIENCE, call.invoke_async(&mut connection)).await)
    }

    fn hear<T>(&self, answer: RedisResult<T>) -> Option<T> {
        match answer {
            Ok(answer) => Some(answer),
            Err(error) => {
                if !self.broken.is_cancelled() {
                    tracing::warn!(kind = ?error.kind(), "Redis failed: its connection is given up");
                    metrics::counter!("contrib_cache_breaks_total").increment(1);
                }
                self.broken.cancel();
                None
            }
        }
    }
}

impl Ticket {
    /// When the connection was made that it came through.
    pub(super) fn link_since(&self) -> u64 {
        self.link.since
    }

    /// Keeps what was read from the primary since the ticket was drawn, unless something newer is there.
    pub(super) async fn store(&self, row: &Account, json: &str) {
        if self.began.elapsed() > STORED_WITHIN || self.link.broken.is_cancelled() {
            return;
        }
        let mut call = STORE.key(&self.key);
        call.arg(&self.incarnation)
            .arg(row.as_of.epoch)
            .arg(row.version)
            .arg(row.as_of.distribution_seq)
            .arg(self.stamp)
            .arg(json)
            .arg(millis(VALUE_LIVES));
        let _: Option<u64> = self.link.call(&call).await;
    }
}

async fn within<T>(limit: Duration, call: impl Future<Output = RedisResult<T>>) -> RedisResult<T> {
    let late = |_| RedisError::from((ErrorKind::Io, "it took too long"));
    timeout(limit, call).await.map_err(late)?
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use domain::AccountSequence;
    use persistence::views::account::Account;
    use persistence::views::as_of::AsOf;
    use runtime::SecretString;
    use runtime::settings::Redis;
    use uuid::Uuid;

    use super::{Kept, Link, Links};

    async fn link() -> anyhow::Result<Arc<Link>> {
        let url = testkit::required("CONTRIB_TEST_REDIS_URL")?;
        let prefix = Uuid::new_v4().simple().to_string();
        let links = Links::new(&Redis { url: Some(SecretString::from(url)), prefix })?;
        let links = links.ok_or_else(|| anyhow::anyhow!("no address"))?;
        Ok(Arc::new(links.connect().await?))
    }

    async fn looked_up(link: &Arc<Link>, account: &AccountSequence) -> anyhow::Result<Kept> {
        let other = AccountSequence::parse("another")?;
        let kept = link.look_up(&[other, account.clone()]).await;
        kept.and_then(|mut kept| kept.pop()).ok_or_else(|| anyhow::anyhow!("no answer"))
    }

    fn row(account: &AccountSequence, epoch: i32, version: i64) -> Account {
        let zero = domain::Amount::ZERO;
        Account {
            account_sequence: account.clone(),
            personal_contribution: zero,
            team_level_contribution: zero,
            team_bonus_contribution: zero,
            total_contribution: zero,
            effective_contribution: zero,
            has_adopted: false,
            direct_referral_adopted_count: 0,
            unlocked_level_depth: 0,
            unlocked_bonus_tiers: 0,
            version,
            effective_on: chrono::NaiveDate::default(),
            as_of: AsOf { epoch, source_time: None, distribution_seq: version },
        }
    }

    /// What is kept after each step, as the entry through which it holds.
    #[tokio::test]
    async fn only_what_is_new_enough_is_stored() -> anyhow::Result<()> {
        let link = link().await?;
        let account = AccountSequence::parse("A")?;
        let kept = async || {
            let (_, value) = looked_up(&link, &account).await?;
            anyhow::Ok(value.map(|value| value.distribution_seq))
        };
        let ticket = async || looked_up(&link, &account).await.map(|(ticket, _)| ticket);
        let raise = async |epoch, version| link.raise(&[("A".to_owned(), epoch, version)]).await;

        let (early, late) = (ticket().await?, ticket().await?);
        late.store(&row(&account, 1, 6), "6").await;
        early.store(&row(&account, 1, 5), "5").await;
        assert_eq!(kept().await?, Some(6), "a read that was overtaken");
        early.store(&row(&account, 1, 6), "6").await;
        let (_, again) = looked_up(&link, &account).await?;
        assert_eq!(again.map(|value| value.stamp), Some(late.stamp), "the same version, read earlier");

        let slow = ticket().await?;
        raise(1, 7).await;
        assert_eq!(kept().await?, None, "a newer one was published");
        slow.store(&row(&account, 1, 6), "6").await;
        assert_eq!(kept().await?, None, "below the floor");
        raise(1, 4).await;
        ticket().await?.store(&row(&account, 1, 7), "7").await;
        raise(1, 7).await;
        raise(1, 6).await;
        assert_eq!(kept().await?, Some(7), "at the floor");
        raise(2, 1).await;
        ticket().await?.store(&row(&account, 1, 900), "900").await;
        assert_eq!(kept().await?, None, "an epoch outweighs every version");

        // the floor is lost with its key, and who has seen the other incarnation cannot know of it
        let slow = ticket().await?;
        let mut connection = link.connection.clone();
        let _: i64 = redis::cmd("DEL").arg(link.key("A")).query_async(&mut connection).await?;
        slow.store(&row(&account, 1, 6), "6").await;
        assert_eq!(kept().await?, None, "there is no key");
        slow.store(&row(&account, 1, 6), "6").await;
        assert_eq!(kept().await?, None, "the key is another one");
        raise(3, 1).await;
        let _: i64 = redis::cmd("DEL").arg(link.key("A")).query_async(&mut connection).await?;
        raise(3, 2).await;
        let there: i64 = redis::cmd("EXISTS").arg(link.key("A")).query_async(&mut connection).await?;
        assert_eq!(there, 0, "nobody has asked");
        Ok(())
    }
}
