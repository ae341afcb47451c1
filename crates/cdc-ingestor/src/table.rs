//! The three tables, each as the fold and the transaction see it.

use std::future::Future;

use domain::AccountSequence;
use persistence::synced::Synced;
use persistence::synced_adoptions::{self, AdoptionFields};
use persistence::synced_referrals::{self, ReferralFields};
use persistence::synced_users::{self, UserFields};
use persistence::{PgConnection, Result};
use uuid::Uuid;

use crate::decode::{AdoptionRow, Cell, FromRow, ReferralRow, UserRow};
use crate::fold::Outcome;

/// A table that is copied.
pub trait Table: 'static {
    /// A row as it comes.
    type Row: FromRow + Send + Sync + 'static;
    /// A row as it is stored.
    type Fields: Clone + PartialEq + Send + Sync + 'static;
    /// One live row an account.
    const ACCOUNT_IS_UNIQUE: bool;
    /// Writers hold the lock of the referral tree.
    const IN_REFERRAL_TREE: bool = false;

    /// The account of a stored row.
    fn account(fields: &Self::Fields) -> &AccountSequence;
    /// The account that a row names, if it says so.
    fn named(row: &Self::Row) -> Option<&AccountSequence>;
    /// The row with what was left out as unchanged; None: it is not stored either.
    fn merge(row: &Self::Row, stored: Option<&Self::Fields>) -> Option<Self::Fields>;

    /// Locks and reads the rows of `ids` and the live holders of `accounts`.
    fn lock(
        connection: &mut PgConnection,
        ids: &[Uuid],
        accounts: &[&str],
    ) -> impl Future<Output = Result<Vec<Synced<Self::Fields>>>> + Send;
    /// At most `limit` of the live rows of `topic` that were read before the offset of their partition in `ends`, with that
    /// position.
    fn not_read_since(
        connection: &mut PgConnection,
        topic: &str,
        ends: &[(i32, i64)],
        limit: i64,
    ) -> impl Future<Output = Result<Vec<(Uuid, i32, i64)>>> + Send;
    /// The rows that lost one of `accounts` and wait for a change of their own.
    fn displaced(
        connection: &mut PgConnection,
        accounts: &[&str],
    ) -> impl Future<Output = Result<Vec<Uuid>>> + Send;
    /// Takes the account away from the rows of `ids`.
    fn release(connection: &mut PgConnection, ids: &[Uuid]) -> impl Future<Output = Result<()>> + Send;
    /// Writes rows.
    fn write(
        connection: &mut PgConnection,
        topic: &str,
        outcomes: Vec<Outcome<Self::Fields>>,
    ) -> impl Future<Output = Result<()>> + Send;
    /// What the sequencer must look at because of `outcomes`.
    fn changes(outcomes: &[Outcome<Self::Fields>]) -> Changes;
}

/// What the sequencer must look at.
#[derive(Debug, Default)]
pub struct Changes {
    /// Accounts whose referral came, changed or went.
    pub referrals: Vec<AccountSequence>,
    /// Adoptions by upstream id.
    pub adoptions: Vec<Uuid>,
}

/// The users.
#[derive(Debug)]
pub struct Users;

impl Table for Users {
    type Row = UserRow;
    type Fields = UserFields;
    const ACCOUNT_IS_UNIQUE: bool = true;

    fn account(fields: &UserFields) -> &AccountSequence {
        &fields.account
    }

    fn named(row: &UserRow) -> Option<&AccountSequence> {
        named(&row.account)
    }

    fn merge(row: &UserRow, stored: Option<&UserFields>) -> Option<UserFields> {
        Some(UserFields {
            account: row.account.clone().or(stored.map(|stored| stored.account.clone()))?,
            phone: row.phone.clone().or(stored.map(|stored| stored.phone.clone())).flatten(),
            status: row.status.clone().or(stored.map(|stored| stored.status.clone())).flatten(),
            created_at: row.created_at,
        })
    }

    async fn lock(
        connection: &mut PgConnection,
        ids: &[Uuid],
        accounts: &[&str],
    ) -> Result<Vec<Synced<UserFields>>> {
        synced_users::lock(connection, ids, accounts).await
    }

    async fn not_read_since(
        connection: &mut PgConnection,
        topic: &str,
        ends: &[(i32, i64)],
        limit: i64,
    ) -> Result<Vec<(Uuid, i32, i64)>> {
        synced_users::not_read_since(connection, topic, ends, limit).await
    }

    async fn displaced(connection: &mut PgConnection, accounts: &[&str]) -> Result<Vec<Uuid>> {
        synced_users::displaced(connection, accounts).await
    }

    async fn release(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
        synced_users::release(connection, ids).await
    }

    async fn write(
        connection: &mut PgConnection,
        topic: &str,
        outcomes: Vec<Outcome<UserFields>>,
    ) -> Result<()> {
        let rows: Vec<_> = outcomes.into_iter().map(|outcome| outcome.after).collect();
        synced_users::write(connection, topic, &rows).await
    }

    fn changes(_: &[Outcome<UserFields>]) -> Changes {
        Changes::default()
    }
}

/// The adoptions.
#[derive(Debug)]
pub struct Adoptions;

impl Table for Adoptions {
    type Row = AdoptionRow;
    type Fields = AdoptionFields;
    const ACCOUNT_IS_UNIQUE: bool = false;

    fn account(fields: &AdoptionFields) -> &AccountSequence {
        &fields.account
    }

    fn named(row: &AdoptionRow) -> Option<&AccountSequence> {
        named(&row.account)
    }

    fn merge(row: &AdoptionRow, stored: Option<&AdoptionFields>) -> Option<AdoptionFields> {
        Some(AdoptionFields {
            account: row.account.clone().or(stored.map(|stored| stored.account.clone()))?,
            tree_count: row.tree_count,
            adoption_date: row.adoption_date,
            status: row.status.clone().or(stored.map(|stored| stored.status.clone()))?,
            price: row.price.clone().or(stored.map(|stored| stored.price.clone()))?,
            created_at: row.created_at,
        })
    }

    async fn lock(
        connection: &mut PgConnection,
        ids: &[Uuid],
        _: &[&str],
    ) -> Result<Vec<Synced<AdoptionFields>>> {
        synced_adoptions::lock(connection, ids).await
    }

    async fn not_read_since(
        connection: &mut PgConnection,
        topic: &str,
        ends: &[(i32, i64)],
        limit: i64,
    ) -> Result<Vec<(Uuid, i32, i64)>> {
        synced_adoptions::not_read_since(connection, topic, ends, limit).await
    }

    async fn displaced(_: &mut PgConnection, _: &[&str]) -> Result<Vec<Uuid>> {
        Ok(Vec::new())
    }

    async fn release(_: &mut PgConnection, _: &[Uuid]) -> Result<()> {
        Ok(())
    }

    async fn write(
        connection: &mut PgConnection,
        topic: &str,
        outcomes: Vec<Outcome<AdoptionFields>>,
    ) -> Result<()> {
        let changed: Vec<bool> = outcomes.iter().map(Outcome::is_changed).collect();
        let rows: Vec<_> = outcomes.into_iter().map(|outcome| outcome.after).collect();
        synced_adoptions::write(connection, topic, &rows, &changed).await
    }

    fn changes(outcomes: &[Outcome<AdoptionFields>]) -> Changes {
        let changed = outcomes.iter().filter(|outcome| outcome.is_changed());
        Changes { adoptions: changed.map(|outcome| outcome.after.id).collect(), ..Changes::default() }
    }
}

/// The referrals.
#[derive(Debug)]
pub struct Referrals;

impl Table for Referrals {
    type Row = ReferralRow;
    type Fields = ReferralFields;
    const ACCOUNT_IS_UNIQUE: bool = true;
    const IN_REFERRAL_TREE: bool = true;

    fn account(fields: &ReferralFields) -> &AccountSequence {
        &fields.account
    }

    fn named(row: &ReferralRow) -> Option<&AccountSequence> {
        named(&row.account)
    }

    fn merge(row: &ReferralRow, stored: Option<&ReferralFields>) -> Option<ReferralFields> {
        let path = row.ancestor_path.clone().or(stored.map(|stored| stored.ancestor_path.clone()));
        Some(ReferralFields {
            account: row.account.clone().or(stored.map(|stored| stored.account.clone()))?,
            referrer: row.referrer.clone().or(stored.map(|stored| stored.referrer.clone()))?,
            ancestor_path: path.flatten(),
            depth: row.depth,
            created_at: row.created_at,
        })
    }

    async fn lock(
        connection: &mut PgConnection,
        ids: &[Uuid],
        accounts: &[&str],
    ) -> Result<Vec<Synced<ReferralFields>>> {
        synced_referrals::lock(connection, ids, accounts).await
    }

    async fn not_read_since(
        connection: &mut PgConnection,
        topic: &str,
        ends: &[(i32, i64)],
        limit: i64,
    ) -> Result<Vec<(Uuid, i32, i64)>> {
        synced_referrals::not_read_since(connection, topic, ends, limit).await
    }

    async fn displaced(connection: &mut PgConnection, accounts: &[&str]) -> Result<Vec<Uuid>> {
        synced_referrals::displaced(connection, accounts).await
    }

    async fn release(connection: &mut PgConnection, ids: &[Uuid]) -> Result<()> {
        synced_referrals::release(connection, ids).await
    }

    async fn write(
        connection: &mut PgConnection,
        topic: &str,
        outcomes: Vec<Outcome<ReferralFields>>,
    ) -> Result<()> {
        let rows: Vec<_> = outcomes.into_iter().map(|outcome| outcome.after).collect();
        synced_referrals::write(connection, topic, &rows).await
    }

    fn changes(outcomes: &[Outcome<ReferralFields>]) -> Changes {
        let mut referrals: Vec<AccountSequence> = outcomes.iter().flat_map(accounts_that_moved).collect();
        referrals.sort();
        referrals.dedup();
        Changes { referrals, ..Changes::default() }
    }
}

/// The accounts for which the row says something else than before.
fn accounts_that_moved(outcome: &Outcome<ReferralFields>) -> Vec<AccountSequence> {
    let said = |row: &Synced<ReferralFields>| {
        row.is_live().then(|| (row.fields.account.clone(), row.fields.referrer.clone()))
    };
    let before = outcome.before.as_ref().and_then(said);
    let after = said(&outcome.after);
    if before == after {
        return Vec::new();
    }
    before.into_iter().chain(after).map(|(account, _)| account).collect()
}

fn named(account: &Cell<AccountSequence>) -> Option<&AccountSequence> {
    match account {
        Cell::Is(account) => Some(account),
        Cell::Unchanged => None,
    }
}
