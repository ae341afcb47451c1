//! A network of accounts and their adoptions, the same for the same numbers, written as the ingestor leaves it.

use chrono::{DateTime, Days, NaiveDate, Utc};
use persistence::copy::CopyBuffer;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sqlx::{Executor, PgConnection, PgPool};
use uuid::Uuid;

/// Trees of accounts, each below a root.
#[derive(Debug)]
pub(crate) struct Network {
    /// For each account the index of its referrer; `None` for a root.
    referrers: Vec<Option<usize>>,
}

/// One adoption; account and date, trees and price.
#[derive(Debug, Clone)]
pub(crate) struct Adoption {
    pub(crate) id: Uuid,
    pub(crate) account: String,
    pub(crate) trees: i32,
    /// In units of 10^-10, such that every share has to be cut.
    pub(crate) price_units: i128,
    pub(crate) date: NaiveDate,
}

impl Network {
    /// `accounts` accounts under `roots` roots, with a mean depth above 15: each is referred by one of the newer
    /// accounts of its tree. Fewer accounts a tree need a narrower choice to become as deep.
    pub(crate) fn new(accounts: usize, roots: usize) -> Self {
        let mut random = ChaCha8Rng::seed_from_u64(1);
        let oldest_percent = if accounts / roots > 10_000 { 20 } else { 50 };
        let referrers = (0..accounts)
            .map(|account| {
                let nth = account / roots; // within its tree
                let first = nth * oldest_percent / 100;
                (nth > 0).then(|| random.random_range(first..nth) * roots + account % roots)
            })
            .collect();
        Self { referrers }
    }

    /// The names of an account's upline, nearest first, at most 15.
    pub(crate) fn upline(&self, account: usize) -> Vec<String> {
        std::iter::successors(self.referrers[account], |&above| self.referrers[above])
            .take(domain::MAX_UPLINE)
            .map(name)
            .collect()
    }

    /// Accounts above an account, on the average.
    pub(crate) fn mean_depth(&self) -> f64 {
        let mut depths = Vec::with_capacity(self.referrers.len());
        for referrer in &self.referrers {
            // a referrer stands before whom it refers
            depths.push(referrer.map_or(0_u32, |referrer| depths[referrer] + 1));
        }
        depths.iter().copied().map(f64::from).sum::<f64>() / depths.len() as f64
    }

    /// The first `total` adoptions of the network's history, by anybody, in the order of their dates.
    pub(crate) fn history(&self, total: usize, today: NaiveDate) -> History {
        History {
            random: ChaCha8Rng::seed_from_u64(2),
            accounts: self.referrers.len(),
            total,
            today,
            next: 0,
        }
    }

    /// Writes the referrals.
    pub(crate) async fn write(&self, connection: &mut PgConnection) -> anyhow::Result<()> {
        let mut rows = CopyBuffer::default();
        for (account, referrer) in self.referrers.iter().enumerate() {
            rows.row(6);
            rows.uuid(Uuid::from_u128(account as u128 + 1));
            rows.text(&name(account));
            rows.option(*referrer, |rows, referrer| rows.text(&name(referrer)));
            rows.int8(1);
            rows.text_array(self.upline(account).iter().map(String::as_str));
            rows.bool(true);
        }
        rows.send(
            connection,
            "COPY synced_referrals (original_referral_id, account_sequence, referrer_account_sequence,
                 source_sequence_num, upline, upline_complete) FROM STDIN BINARY",
        )
        .await?;
        Ok(())
    }
}

/// Adoptions, made when they are asked for.
#[derive(Debug)]
pub(crate) struct History {
    random: ChaCha8Rng,
    accounts: usize,
    total: usize,
    today: NaiveDate,
    next: usize,
}

impl Iterator for History {
    /// The adopter, and what it adopts.
    type Item = (usize, Adoption);

    fn next(&mut self) -> Option<Self::Item> {
        if self.next == self.total {
            return None;
        }
        let account = self.random.random_range(0..self.accounts);
        let days_ago = (self.total - self.next) as u64 * 500 / self.total as u64;
        self.next += 1;
        let adoption = Adoption {
            id: Uuid::from_u128(self.random.random()),
            account: name(account),
            trees: self.random.random_range(1..5),
            price_units: 226_170_000_000_000 + i128::from(self.random.random_range(0..1_000_000)),
            date: self.today - Days::new(days_ago),
        };
        Some((account, adoption))
    }
}

/// Writes adoptions, and queues them for the sequencer.
pub(crate) async fn write_adoptions(
    connection: &mut PgConnection,
    adoptions: &[(usize, Adoption)],
) -> anyhow::Result<()> {
    let (mut rows, mut queue) = (CopyBuffer::default(), CopyBuffer::default());
    for (nth, (_, adoption)) in adoptions.iter().enumerate() {
        rows.row(7);
        rows.uuid(adoption.id);
        rows.text(&adoption.account);
        rows.int4(adoption.trees);
        rows.date(adoption.date);
        rows.numeric(adoption.price_units, 10);
        rows.timestamptz(DateTime::<Utc>::UNIX_EPOCH + chrono::Duration::seconds(nth.try_into()?));
        rows.int8(1);
        queue.row(2);
        queue.int2(1);
        queue.uuid(adoption.id);
    }
    rows.send(
        connection,
        "COPY synced_adoptions (original_adoption_id, account_sequence, tree_count, adoption_date,
             contribution_per_tree, source_created_at, source_sequence_num) FROM STDIN BINARY",
    )
    .await?;
    queue.send(connection, "COPY sequencer_queue (kind, original_adoption_id) FROM STDIN BINARY").await?;
    Ok(())
}

/// Accounts that have contribution and no lines, named as [`name`] does.
pub(crate) async fn write_accounts(pool: &PgPool, accounts: usize) -> anyhow::Result<()> {
    sqlx::query(
        "INSERT INTO contribution_accounts (account_sequence, effective_contribution)
         SELECT 'D' || lpad(n::text, 11, '0'), (mod(n * 7919, 100003) + 1) * 1.1308500001
         FROM generate_series(0, $1::bigint - 1) n",
    )
    .bind(i64::try_from(accounts)?)
    .execute(pool)
    .await?;
    pool.execute("VACUUM ANALYZE contribution_accounts").await?;
    Ok(())
}

/// `D…`, as names are where the service runs.
pub(crate) fn name(account: usize) -> String {
    format!("D{account:011}")
}
