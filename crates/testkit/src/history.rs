//! Upstream's people: they refer, adopt, cancel, amend and move, from a seed. What they do reaches the synced tables in
//! any order, a referral row may be late, and now and then one is taken away or closes a circle.

use chrono::{Days, NaiveDate};
use rand::seq::{IndexedMutRandom, IndexedRandom};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::PgPool;
use sqlx::types::Decimal;

use crate::synced::{self, Adoption};

/// A history that can be gone on with.
#[derive(Debug)]
pub struct History {
    random: ChaCha8Rng,
    today: NaiveDate,
    /// How often, in percent, a new account is referred by the newest one: 0 makes bushes, 100 a chain.
    chain_percent: u32,
    accounts: Vec<String>,
    /// Accounts whose referral row has not come yet, or was taken away.
    rowless: Vec<(String, Option<String>)>,
    adoptions: Vec<Adoption>,
}

impl History {
    /// The history of `seed`, around `today`.
    pub fn new(seed: u64, today: NaiveDate) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(seed ^ 0x00A1_1CE5);
        let chain_percent = [0, 30, 60, 95][random.random_range(0..4)];
        Self {
            random,
            today,
            chain_percent,
            accounts: Vec::new(),
            rowless: Vec::new(),
            adoptions: Vec::new(),
        }
    }

    /// What comes next is around another day.
    pub fn set_today(&mut self, today: NaiveDate) {
        self.today = today;
    }

    /// So many more steps.
    pub async fn go_on(&mut self, pool: &PgPool, steps: usize) -> anyhow::Result<()> {
        for _ in 0..steps {
            match self.random.random_range(0..20) {
                0..=5 => self.refer(pool).await?,
                6..=12 => self.adopt(pool).await?,
                13..=16 => self.change(pool).await?,
                17..=18 => self.shift(pool).await?,
                _ => self.lose(pool).await?,
            }
        }
        Ok(())
    }

    /// What is late comes.
    pub async fn end(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        for (account, referrer) in std::mem::take(&mut self.rowless) {
            synced::referral(pool, &account, referrer.as_deref()).await?;
        }
        Ok(())
    }

    /// A new account; one in ten has no referral row yet, though others may be referred by it.
    async fn refer(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        let account = format!("U{:03}", self.accounts.len());
        let referrer = if self.random.random_ratio(self.chain_percent, 100) {
            self.accounts.last().cloned()
        } else {
            self.accounts.choose(&mut self.random).cloned()
        };
        if self.random.random_ratio(1, 10) {
            self.rowless.push((account.clone(), referrer));
        } else {
            synced::referral(pool, &account, referrer.as_deref()).await?;
        }
        self.accounts.push(account);
        Ok(())
    }

    async fn adopt(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        let Some(account) = self.accounts.choose(&mut self.random).cloned() else { return Ok(()) };
        let nth = i64::try_from(self.adoptions.len())?;
        let tomorrow = self.today + Days::new(1);
        let mut adoption =
            Adoption::new(&account, tomorrow - Days::new(self.random.random_range(0..1_100)), nth);
        adoption.trees = self.random.random_range(0..700);
        adoption.price = self.price();
        if self.random.random_ratio(1, 8) {
            adoption.created_at = None;
        }
        synced::adoption(pool, &adoption).await?;
        self.adoptions.push(adoption);
        Ok(())
    }

    /// Prices that leave something over at the tenth place, or none.
    fn price(&mut self) -> Option<Decimal> {
        let units = self.random.random_range(1..400_000_000_000_000);
        self.random.random_bool(0.5).then(|| Decimal::new(units, 10))
    }

    async fn change(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        let price = self.price();
        let trees = self.random.random_range(0..50);
        let days = Days::new(self.random.random_range(0..1_100));
        let what = self.random.random_range(0..5);
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
            3 => adoption.date = self.today - days,
            _ => adoption.account = other,
        }
        synced::adoption(pool, adoption).await
    }

    /// Mostly below somebody older; now and then below anybody, which may close a circle until a later shift.
    async fn shift(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        if self.accounts.is_empty() {
            return Ok(());
        }
        let place = self.random.random_range(0..self.accounts.len());
        let eligible =
            if self.random.random_bool(0.9) { &self.accounts[..place] } else { &self.accounts[..] };
        let referrer = eligible.choose(&mut self.random).cloned();
        self.rowless.retain(|(account, _)| *account != self.accounts[place]);
        synced::referral(pool, &self.accounts[place], referrer.as_deref()).await
    }

    /// A referral row is taken away, or a late one comes.
    async fn lose(&mut self, pool: &PgPool) -> anyhow::Result<()> {
        if let Some((account, referrer)) = self.rowless.pop() {
            return synced::referral(pool, &account, referrer.as_deref()).await;
        }
        let Some(account) = self.accounts.choose(&mut self.random).cloned() else { return Ok(()) };
        let referrer = self.accounts.first().filter(|first| **first != account).cloned();
        synced::delete_referral(pool, &account).await?;
        self.rowless.push((account, referrer));
        Ok(())
    }
}
