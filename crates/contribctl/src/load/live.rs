//! An upstream that lives: adoptions come, change and go, people join and change their referrer, one transaction each.

use std::collections::HashMap;
use std::fmt;

use chrono::{NaiveDate, Utc};
use persistence::upstream::{self, Adoption, KnownAdoption, Referral, User};
use persistence::{PgConnection, PgPool, Result};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use uuid::Uuid;

use super::{names, prices};

/// What can happen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Kind {
    Adoption,
    Cancellation,
    Reactivation,
    Amendment,
    Pricing,
    Deletion,
    Registration,
    Move,
}

/// How often each kind happens, of a thousand.
const WEIGHTS: [(Kind, u32); 8] = [
    (Kind::Adoption, 807),
    (Kind::Cancellation, 50),
    (Kind::Reactivation, 25),
    (Kind::Amendment, 50),
    (Kind::Pricing, 20),
    (Kind::Deletion, 5),
    (Kind::Registration, 25),
    (Kind::Move, 18),
];

/// How many of each kind were done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tally(HashMap<Kind, u64>);

impl fmt::Display for Tally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let of = |kind| self.0.get(&kind).copied().unwrap_or(0);
        write!(
            f,
            "{} new adoptions, {} cancelled, {} active again, {} amended, {} priced, {} deleted, \
             {} people joined, {} changed their referrer",
            of(Kind::Adoption),
            of(Kind::Cancellation),
            of(Kind::Reactivation),
            of(Kind::Amendment),
            of(Kind::Pricing),
            of(Kind::Deletion),
            of(Kind::Registration),
            of(Kind::Move)
        )
    }
}

/// An upstream database and what is known of it.
#[derive(Debug)]
pub struct Live {
    rng: ChaCha8Rng,
    today: NaiveDate,
    people: People,
    adoptions: Vec<KnownAdoption>,
    tally: Tally,
}

#[derive(Debug, Default)]
struct People {
    names: Vec<String>,
    referrers: HashMap<String, Option<String>>,
}

impl Live {
    /// Reads what there is; none where nobody is registered.
    pub async fn open(pool: &PgPool, seed: u64, today: NaiveDate) -> Result<Option<Self>> {
        let mut connection = pool.acquire().await?;
        let tree = upstream::tree(&mut connection).await?;
        if tree.is_empty() {
            return Ok(None);
        }
        let names = tree.iter().map(|(name, _)| name.clone()).collect();
        let people = People { names, referrers: tree.into_iter().collect() };
        let adoptions = upstream::adoptions(&mut connection).await?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        // The same seed goes on, where an earlier run has left something, with other ids than that run's.
        rng.set_stream((people.names.len() + adoptions.len()) as u64);
        Ok(Some(Self { rng, today, people, adoptions, tally: Tally::default() }))
    }

    /// What was done so far.
    pub fn tally(&self) -> &Tally {
        &self.tally
    }

    /// Does one thing, in one transaction. What cannot be done (nothing is cancelled yet) gives way to an adoption.
    pub async fn step(&mut self, pool: &PgPool) -> Result<()> {
        let mut transaction = pool.begin().await?;
        let wanted = self.kind();
        let done = match wanted {
            Kind::Adoption => false,
            Kind::Cancellation => self.cancel(&mut transaction).await?,
            Kind::Reactivation => self.reactivate(&mut transaction).await?,
            Kind::Amendment => self.amend(&mut transaction).await?,
            Kind::Pricing => self.price(&mut transaction).await?,
            Kind::Deletion => self.delete(&mut transaction).await?,
            Kind::Registration => self.register(&mut transaction).await?,
            Kind::Move => self.change_referrer(&mut transaction).await?,
        };
        if !done {
            self.adopt(&mut transaction).await?;
        }
        transaction.commit().await?;
        *self.tally.0.entry(if done { wanted } else { Kind::Adoption }).or_default() += 1;
        Ok(())
    }

    fn kind(&mut self) -> Kind {
        let mut left = self.rng.random_range(0..WEIGHTS.iter().map(|(_, weight)| weight).sum());
        for (kind, weight) in WEIGHTS {
            if left < weight {
                return kind;
            }
            left -= weight;
        }
        Kind::Adoption
    }

    async fn adopt(&mut self, connection: &mut PgConnection) -> Result<()> {
        let account = self.people.names[self.rng.random_range(0..self.people.names.len())].clone();
        let adoption = Adoption {
            id: names::id(&mut self.rng),
            account,
            trees: prices::trees(&mut self.rng),
            date: self.today,
            status: Some("ACTIVE".to_owned()),
            price: prices::maybe_price(&mut self.rng),
            created_at: Utc::now(),
        };
        upstream::insert_adoption(connection, &adoption).await?;
        let unpriced = adoption.price.is_none();
        self.adoptions.push(KnownAdoption { id: adoption.id, status: adoption.status, unpriced });
        Ok(())
    }

    async fn cancel(&mut self, connection: &mut PgConnection) -> Result<bool> {
        self.set_status(connection, |adoption| adoption.status.as_deref() == Some("ACTIVE"), "CANCELLED")
            .await
    }

    async fn reactivate(&mut self, connection: &mut PgConnection) -> Result<bool> {
        self.set_status(connection, |adoption| adoption.status.as_deref() == Some("CANCELLED"), "ACTIVE")
            .await
    }

    async fn set_status(
        &mut self,
        connection: &mut PgConnection,
        fits: impl Fn(&KnownAdoption) -> bool,
        status: &str,
    ) -> Result<bool> {
        let Some(place) = self.find(fits) else { return Ok(false) };
        upstream::set_status(connection, self.adoptions[place].id, status).await?;
        self.adoptions[place].status = Some(status.to_owned());
        Ok(true)
    }

    async fn amend(&mut self, connection: &mut PgConnection) -> Result<bool> {
        let Some(place) = self.find(|adoption| adoption.status.as_deref() == Some("ACTIVE")) else {
            return Ok(false);
        };
        let price = prices::maybe_price(&mut self.rng);
        let days_ago = self.rng.random_range(0..30);
        let date = self.today.checked_sub_days(chrono::Days::new(days_ago)).unwrap_or(self.today);
        let trees = prices::trees(&mut self.rng);
        upstream::amend(connection, self.adoptions[place].id, trees, date, price).await?;
        self.adoptions[place].unpriced &= price.is_none();
        Ok(true)
    }

    async fn price(&mut self, connection: &mut PgConnection) -> Result<bool> {
        let Some(place) = self.find(|adoption| adoption.unpriced) else { return Ok(false) };
        let price = prices::price(&mut self.rng);
        upstream::set_price(connection, self.adoptions[place].id, price).await?;
        self.adoptions[place].unpriced = false;
        Ok(true)
    }

    async fn delete(&mut self, connection: &mut PgConnection) -> Result<bool> {
        let Some(place) = self.find(|_| true) else { return Ok(false) };
        let KnownAdoption { id, .. } = self.adoptions.swap_remove(place);
        upstream::delete_adoption(connection, id).await?;
        Ok(true)
    }

    async fn register(&mut self, connection: &mut PgConnection) -> Result<bool> {
        let account = names::account(self.today, self.people.names.len() + 1);
        let referrer = self.somebody();
        let (path, depth) = upstream::place_below(connection, Some(&referrer)).await?;
        let created_at = Utc::now();
        let user = User {
            id: names::id(&mut self.rng),
            account: account.clone(),
            phone: names::phone(&mut self.rng),
            nickname: names::nickname(&mut self.rng),
            status: "ACTIVE",
            created_at,
        };
        let referral = Referral {
            id: self.next_id(),
            account: account.clone(),
            referrer: Some(referrer.clone()),
            path,
            depth,
            created_at,
        };
        upstream::copy_users(connection, &[user]).await?;
        upstream::copy_referrals(connection, &[referral]).await?;
        self.people.names.push(account.clone());
        self.people.referrers.insert(account, Some(referrer));
        Ok(true)
    }

    async fn change_referrer(&mut self, connection: &mut PgConnection) -> Result<bool> {
        let account = self.somebody();
        // one of ten becomes a root
        let referrer = (!self.rng.random_ratio(1, 10)).then(|| self.somebody());
        let same = self.people.referrers.get(&account) == Some(&referrer);
        if same || referrer.as_deref().is_some_and(|referrer| self.people.is_at_or_below(referrer, &account))
        {
            return Ok(false);
        }
        upstream::move_referral(connection, &account, referrer.as_deref()).await?;
        self.people.referrers.insert(account, referrer);
        Ok(true)
    }

    /// An adoption that fits, if one is found among as many as it takes for a person to give up looking.
    fn find(&mut self, fits: impl Fn(&KnownAdoption) -> bool) -> Option<usize> {
        if self.adoptions.is_empty() {
            return None;
        }
        let mut place = || self.rng.random_range(0..self.adoptions.len());
        std::iter::repeat_with(&mut place).take(500).find(|&place| fits(&self.adoptions[place]))
    }

    fn somebody(&mut self) -> String {
        self.people.names[self.rng.random_range(0..self.people.names.len())].clone()
    }

    fn next_id(&mut self) -> Uuid {
        names::id(&mut self.rng)
    }
}

impl People {
    fn is_at_or_below(&self, account: &str, ancestor: &str) -> bool {
        let referrer = |account: &&str| self.referrers.get(*account)?.as_deref();
        std::iter::successors(Some(account), referrer)
            .take(self.names.len() + 1)
            .any(|account| account == ancestor)
    }
}
