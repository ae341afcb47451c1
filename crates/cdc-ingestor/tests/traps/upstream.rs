//! An upstream of the test's own with a real connector, and an ingestor that reads it.

use cdc_ingestor::Ingestor;
use sqlx::{Connection as _, Executor as _, PgConnection, PgPool};
use testkit::database::TestDatabase;
use testkit::servers::Servers;

use crate::common::stack::{Environment, LIMIT, Stack, start, step};

/// Each table as upstream has it, and as it is synced: the live rows as text, in one order.
const TABLES: [(&str, &str); 3] = [
    (
        "SELECT string_agg(concat_ws('|', id, account_sequence, phone, status), E'\\n' ORDER BY id)
         FROM rwa_identity.users",
        "SELECT string_agg(concat_ws('|', original_user_id, account_sequence, phone, status), E'\\n'
                           ORDER BY original_user_id)
         FROM synced_users WHERE source_deleted_at IS NULL AND NOT displaced",
    ),
    (
        "SELECT string_agg(concat_ws('|', id, account_sequence, tree_count, adoption_date, status,
                                     contribution_per_tree), E'\\n' ORDER BY id)
         FROM rwa_planting.adoptions",
        "SELECT string_agg(concat_ws('|', original_adoption_id, account_sequence, tree_count, adoption_date, status,
                                     contribution_per_tree), E'\\n' ORDER BY original_adoption_id)
         FROM synced_adoptions WHERE source_deleted_at IS NULL",
    ),
    (
        "SELECT string_agg(concat_ws('|', id, account_sequence, coalesce(referrer_account_sequence, 'none'), depth),
                           E'\\n' ORDER BY id)
         FROM rwa_referral.referral_relations",
        "SELECT string_agg(concat_ws('|', original_referral_id, account_sequence,
                                     coalesce(referrer_account_sequence, 'none'), source_depth),
                           E'\\n' ORDER BY original_referral_id)
         FROM synced_referrals WHERE source_deleted_at IS NULL AND NOT displaced",
    ),
];

pub(crate) struct Upstream {
    pub(crate) servers: Servers,
    pub(crate) name: String,
    pub(crate) stack: Stack,
    pub(crate) database: TestDatabase,
    connection: PgConnection,
}

impl Upstream {
    /// Makes an upstream with `rows` accounts, each with a user, an adoption and a referral below the account of half its
    /// number, and registers the connector, with some settings of its own; gives it to `body` and removes it all.
    pub(crate) async fn with(
        rows: i32,
        settings: &[(&str, &str)],
        body: impl AsyncFnOnce(&mut Self) -> anyhow::Result<()>,
    ) {
        let mut upstream = Self::create(rows).await.unwrap();
        let outcome = async {
            upstream.servers.put_connector(&upstream.name, settings).await?;
            upstream.servers.wait_running(&upstream.name).await?;
            body(&mut upstream).await
        }
        .await;
        let Self { servers, name, database, connection, .. } = upstream;
        connection.close().await.unwrap();
        servers.remove(&name).await.unwrap();
        database.close().await.unwrap();
        outcome.unwrap();
    }

    async fn create(rows: i32) -> anyhow::Result<Self> {
        let servers = Servers::from_environment()?;
        servers.sweep().await?;
        let name = Servers::name();
        servers.create_upstream(&name).await?;
        let connection = PgConnection::connect(&servers.upstream_url(&name)).await?;
        let (stack, database) = (Stack::with_prefix(&name), TestDatabase::create().await?);
        let mut upstream = Self { servers, name, stack, database, connection };
        upstream.insert(1, rows).await?;
        Ok(upstream)
    }

    /// Accounts with the numbers `from` to `to`.
    pub(crate) async fn insert(&mut self, from: i32, to: i32) -> anyhow::Result<()> {
        self.run(&format!(
            "INSERT INTO rwa_identity.users (id, account_sequence, phone, nickname, status, created_at)
             SELECT gen_random_uuid(), 'D' || n, n::text, 'nick', 'ACTIVE', now() FROM generate_series({from}, {to}) n;
             INSERT INTO rwa_planting.adoptions
             SELECT gen_random_uuid(), 'D' || n, n, '2026-01-01', 'MINING', 22617, now()
             FROM generate_series({from}, {to}) n;
             INSERT INTO rwa_referral.referral_relations
             SELECT gen_random_uuid(), 'D' || n, CASE WHEN n > 1 THEN 'D' || n / 2 END, NULL, 1, now()
             FROM generate_series({from}, {to}) n"
        ))
        .await
    }

    /// Runs statements upstream, in one transaction.
    pub(crate) async fn run(&mut self, statements: &str) -> anyhow::Result<()> {
        self.connection.execute(statements).await?;
        Ok(())
    }

    pub(crate) async fn another_connection(&self) -> anyhow::Result<PgConnection> {
        Ok(PgConnection::connect(&self.servers.upstream_url(&self.name)).await?)
    }

    pub(crate) fn pool(&self) -> &PgPool {
        self.database.pool()
    }

    /// The ingestor's settings; upstream's heartbeat table is read too.
    pub(crate) fn environment(&self) -> Environment {
        let mut environment = self.stack.environment(&self.database.url());
        let heartbeat = format!("{}.rwa_cdc.heartbeat", self.name);
        environment.insert("CONTRIB__CDC__HEARTBEATS__UPSTREAM".to_owned(), heartbeat);
        environment
    }

    pub(crate) fn ingestor(&self) -> Ingestor {
        start(&self.environment(), self.pool())
    }

    /// The first table that differs from upstream's, as it is synced.
    pub(crate) async fn difference(&mut self) -> anyhow::Result<Option<String>> {
        for (theirs, ours) in TABLES {
            let theirs: Option<String> = sqlx::query_scalar(theirs).fetch_one(&mut self.connection).await?;
            let ours: Option<String> = sqlx::query_scalar(ours).fetch_one(self.database.pool()).await?;
            if theirs != ours {
                return Ok(Some(format!("upstream:\n{theirs:?}\nsynced:\n{ours:?}")));
            }
        }
        Ok(None)
    }

    /// Steps until the synced tables are upstream's.
    pub(crate) async fn step_until_same(&mut self, ingestor: &mut Ingestor) -> anyhow::Result<()> {
        let started = std::time::Instant::now();
        while let Some(difference) = self.difference().await? {
            anyhow::ensure!(started.elapsed() < LIMIT, "{difference}");
            step(ingestor).await;
        }
        Ok(())
    }
}
