//! An upstream, and the copy of it that an ingestor would have made.

use std::process::Output;

use anyhow::Context as _;
use serde_json::Value;
use sqlx::Executor as _;
use testkit::database::TestDatabase;

use crate::support::{Upstream, Variables, all, contribctl};

/// As many rows of each table.
pub(crate) const ROWS: u64 = 1000;
/// Of row number `n` of a table.
pub(crate) fn id(table: &str, n: u64) -> String {
    format!("md5('{table}' || {n})::uuid")
}

pub(crate) struct Pair {
    pub(crate) upstream: Upstream,
    pub(crate) database: TestDatabase,
}

impl Pair {
    /// Both sides with the same rows, among them what is written otherwise and is the same, or is not kept.
    pub(crate) async fn alike() -> anyhow::Result<Self> {
        let pair = Self { upstream: Upstream::create().await?, database: TestDatabase::create().await? };
        pair.theirs(&format!(
            "INSERT INTO rwa_identity.users
             SELECT {}, 'D' || n, '138' || n, 'nick', CASE WHEN n % 3 > 0 THEN 'ACTIVE' END,
                    '2026-01-01 00:00:00.000001+00'::timestamptz + n * interval '1 second', now()
             FROM generate_series(1, {ROWS}) n;
             INSERT INTO rwa_planting.adoptions
             SELECT {}, 'D' || n, n, '2026-01-01', 'MINING',
                    CASE n % 3 WHEN 0 THEN 22617.5 WHEN 1 THEN 'NaN' END,
                    CASE WHEN n % 2 > 0 THEN timestamptz '2026-01-01+00' ELSE 'infinity' END
             FROM generate_series(1, {ROWS}) n;
             INSERT INTO rwa_referral.referral_relations
             SELECT {}, 'D' || n, CASE WHEN n > 1 THEN 'D' || n / 2 END, '/top/', 7, '2026-01-01+00'
             FROM generate_series(1, {ROWS}) n",
            "md5('users' || n)::uuid", "md5('adoptions' || n)::uuid", "md5('referrals' || n)::uuid"
        ))
        .await?;
        pair.ours(&format!(
            "INSERT INTO synced_users (original_user_id, account_sequence, phone, status, created_at, source_sequence_num)
             SELECT {}, 'D' || n, 'other', CASE WHEN n % 3 > 0 THEN 'ACTIVE' END,
                    '2026-01-01 00:00:00.000001+00'::timestamptz + n * interval '1 second', 1
             FROM generate_series(1, {ROWS}) n;
             INSERT INTO synced_adoptions (original_adoption_id, account_sequence, tree_count, adoption_date, status,
                 contribution_per_tree, unstorable_price, source_created_at, source_sequence_num)
             SELECT {}, 'D' || n, n, '2026-01-01', 'MINING', CASE n % 3 WHEN 0 THEN 22617.5000 END,
                    CASE n % 3 WHEN 1 THEN 'NAN' END, CASE WHEN n % 2 > 0 THEN timestamptz '2026-01-01+00' END, 1
             FROM generate_series(1, {ROWS}) n;
             INSERT INTO synced_referrals (original_referral_id, account_sequence, referrer_account_sequence,
                 ancestor_path, depth, source_ancestor_path, source_depth, source_created_at, source_sequence_num)
             SELECT {}, 'D' || n, CASE WHEN n > 1 THEN 'D' || n / 2 END, '/', 0, '/top/', 7, '2026-01-01+00', 1
             FROM generate_series(1, {ROWS}) n",
            "md5('users' || n)::uuid", "md5('adoptions' || n)::uuid", "md5('referrals' || n)::uuid"
        ))
        .await?;
        Ok(pair)
    }

    /// Statements upstream.
    pub(crate) async fn theirs(&self, statements: &str) -> anyhow::Result<()> {
        self.upstream.pool.execute(statements).await?;
        Ok(())
    }

    /// Statements in our own database.
    pub(crate) async fn ours(&self, statements: &str) -> anyhow::Result<()> {
        self.database.pool().execute(statements).await?;
        Ok(())
    }

    pub(crate) fn variables(&self) -> Variables {
        let mut variables = self.upstream.variables();
        variables.retain(|(name, _)| *name == "CONTRIB__UPSTREAM__URL");
        variables.push(("CONTRIB__DATABASE__URL", self.database.url()));
        variables
    }

    /// Reconciles without patience.
    pub(crate) fn reconcile(&self, arguments: &[&str], more: Variables) -> anyhow::Result<Output> {
        let variables = self.variables().into_iter().chain(more).collect();
        contribctl(&[&["reconcile", "--patience", "0"], arguments].concat(), &variables)
    }

    /// What it reports of each table, and the exit code.
    pub(crate) fn reports(&self, more: Variables) -> anyhow::Result<(Vec<Value>, Option<i32>)> {
        let output = self.reconcile(&["--json"], more)?;
        let reports = serde_json::from_slice(&output.stdout).with_context(|| all(&output))?;
        Ok((reports, output.status.code()))
    }

    pub(crate) async fn close(self) -> anyhow::Result<()> {
        self.upstream.close().await?;
        self.database.close().await
    }
}

/// Missing, extra, different, in dead letters.
pub(crate) fn counts(report: &Value) -> [u64; 4] {
    ["missing", "extra", "different", "inDeadLetters"].map(|name| report[name].as_u64().unwrap_or(u64::MAX))
}
