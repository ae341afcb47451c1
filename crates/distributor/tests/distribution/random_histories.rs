//! Random histories in random sizes of pass and chunk: every identity holds, and the ledger does not depend on how it
//! was cut up.

use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use rust_decimal::Decimal;
use testkit::synced::{self, Adoption};

use crate::bench::{Bench, day};

/// How many histories to try: `SEEDS=n`, or so many.
fn seeds() -> u64 {
    std::env::var("SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(6)
}

const LEDGER: &str = "SELECT md5(string_agg(line, '|' ORDER BY line)) FROM (
    SELECT concat_ws(',', id, account_sequence, source_type, amount, effective_date, expire_date, level_depth,
        bonus_tier, source_adoption_id) AS line FROM contribution_records
    UNION ALL SELECT concat_ws(',', id, system_account_id, amount, effective_date, expire_date)
        FROM system_contribution_records
    UNION ALL SELECT concat_ws(',', id, unalloc_type, would_be_account_sequence, level_depth, amount, reason)
        FROM unallocated_contributions) AS lines";
const SUMMARY: &str = "SELECT md5(string_agg(concat_ws(',', account_sequence, personal_contribution,
    team_level_contribution, team_bonus_contribution, effective_contribution, has_adopted,
    direct_referral_adopted_count, unlocked_level_depth, unlocked_bonus_tiers, unlock_seq), '|'
    ORDER BY account_sequence)) FROM contribution_accounts";

#[tokio::test]
async fn every_identity_holds_and_chunks_do_not_matter() -> anyhow::Result<()> {
    for seed in 0..seeds() {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let chunk = random.random_range(1..40).to_string();
        let mut bench =
            Bench::with(&[("DISTRIBUTOR__PASS_SIZE", "17"), ("DISTRIBUTOR__CHUNK_SIZE", &chunk)]).await?;
        let mut history = History::new(seed);
        for _ in 0..4 {
            history.go_on(&bench, 25).await?;
            bench.settle().await?;
            bench.check_identities().await.map_err(|error| error.context(format!("seed {seed}")))?;
        }
        let kinds = bench.text("SELECT count(DISTINCT kind)::text FROM distribution_journal").await?;
        assert!(kinds != "0", "seed {seed} numbers nothing");
        let cut = (bench.text(LEDGER).await?, bench.text(SUMMARY).await?);
        carry_out_again(&bench, &mut random).await?;
        assert_eq!(
            (bench.text(LEDGER).await?, bench.text(SUMMARY).await?),
            cut,
            "seed {seed}, chunks of {chunk}"
        );
        bench.check_identities().await?;
        bench.close().await?;
    }
    Ok(())
}

/// Empties what follows from the journal and carries it out again in other chunks, the last ones first.
async fn carry_out_again(bench: &Bench, random: &mut ChaCha8Rng) -> anyhow::Result<()> {
    for statement in [
        "TRUNCATE contribution_records, system_contribution_records, unallocated_contributions, contribution_accounts,
            distribution_chunks, outbox_events",
        "UPDATE system_accounts SET contribution_balance = 0, effective_balance = 0",
        "UPDATE synced_adoptions SET contribution_distributed = FALSE",
    ] {
        sqlx::query(statement).execute(bench.pool()).await?;
    }
    let last: i64 =
        sqlx::query_scalar("SELECT last_seq FROM sequencer_state").fetch_one(bench.pool()).await?;
    let (_, mut worker) = bench.others()?;
    let mut ends = vec![last];
    while let Some(end) = ends.last().copied().filter(|end| *end > 0) {
        let first = (end - random.random_range(0..30)).max(1);
        sqlx::query("INSERT INTO distribution_chunks (first_seq, last_seq) VALUES ($1, $2)")
            .bind(first)
            .bind(end)
            .execute(bench.pool())
            .await?;
        // One at a time, so that they are carried out in this order.
        runtime::Worker::run_once(&mut worker).await?;
        ends.push(first - 1);
    }
    Ok(())
}

/// Upstream's people: they refer, adopt, cancel, amend and move.
struct History {
    random: ChaCha8Rng,
    accounts: Vec<String>,
    adoptions: Vec<Adoption>,
}

impl History {
    fn new(seed: u64) -> Self {
        Self {
            random: ChaCha8Rng::seed_from_u64(seed ^ 0x00A1_1CE5),
            accounts: Vec::new(),
            adoptions: Vec::new(),
        }
    }

    async fn go_on(&mut self, bench: &Bench, steps: usize) -> anyhow::Result<()> {
        for _ in 0..steps {
            match self.random.random_range(0..10) {
                0..=2 => self.refer(bench).await?,
                3..=6 => self.adopt(bench).await?,
                7..=8 => self.change(bench).await?,
                _ => self.shift(bench).await?,
            }
        }
        Ok(())
    }

    /// A new account below an old one, mostly the newest: deep trees.
    async fn refer(&mut self, bench: &Bench) -> anyhow::Result<()> {
        let account = format!("U{:03}", self.accounts.len());
        let referrer = if self.random.random_bool(0.6) {
            self.accounts.last().cloned()
        } else {
            self.accounts.choose(&mut self.random).cloned()
        };
        synced::referral(bench.pool(), &account, referrer.as_deref()).await?;
        self.accounts.push(account);
        Ok(())
    }

    async fn adopt(&mut self, bench: &Bench) -> anyhow::Result<()> {
        let Some(account) = self.accounts.choose(&mut self.random).cloned() else { return Ok(()) };
        let nth = i64::try_from(self.adoptions.len())?;
        let date = day(2026, 11, 23) - chrono::Days::new(self.random.random_range(0..1_100));
        let mut adoption = Adoption::new(&account, date, nth);
        adoption.trees = self.random.random_range(0..700);
        adoption.price = self.price();
        synced::adoption(bench.pool(), &adoption).await?;
        self.adoptions.push(adoption);
        Ok(())
    }

    /// Prices that leave something over at the tenth place, or none.
    fn price(&mut self) -> Option<Decimal> {
        self.random
            .random_bool(0.5)
            .then(|| Decimal::new(self.random.random_range(1..400_000_000_000_000), 10))
    }

    async fn change(&mut self, bench: &Bench) -> anyhow::Result<()> {
        let price = self.price();
        let trees = self.random.random_range(0..50);
        let what = self.random.random_range(0..4);
        let other = self.accounts.choose(&mut self.random).cloned();
        let (Some(adoption), Some(other)) = (self.adoptions.choose_mut(&mut self.random), other) else {
            return Ok(());
        };
        match what {
            0 => {
                let cancelled = adoption.status.as_deref() == Some("CANCELLED");
                adoption.status = (!cancelled).then(|| "CANCELLED".to_owned());
            }
            1 => adoption.trees = trees,
            2 => adoption.price = price,
            _ => adoption.account = other,
        }
        synced::adoption(bench.pool(), adoption).await
    }

    /// Mostly below somebody older; now and then below anybody, which may close a cycle until a later shift.
    async fn shift(&mut self, bench: &Bench) -> anyhow::Result<()> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let place = self.random.random_range(0..self.accounts.len());
        let eligible =
            if self.random.random_bool(0.9) { &self.accounts[..place] } else { &self.accounts[..] };
        let referrer = eligible.choose(&mut self.random).cloned();
        synced::referral(bench.pool(), &self.accounts[place], referrer.as_deref()).await
    }
}
