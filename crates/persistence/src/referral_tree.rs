//! What follows from the referrals above an account: `upline`, `upline_complete`, `depth`, `ancestor_path`, `warning`.
//!
//! Guarantees that, once no task is left, every live row agrees with the row above it, which fixes all of them: a
//! depth exists exactly where a root is above. Part of the caller's transaction, which must hold
//! [`crate::locks::REFERRAL_TREE`] and so excludes every other writer of the table; no further lock.
//! One round trip a level, and a few more a round; bounded by [`Budget`], the rest is left as `referral_tree_tasks`.

mod lineage;
mod rows;

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;

use self::rows::Row;
use crate::Result;

pub use self::lineage::{Lineage, join_path};

/// How much one transaction may do.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Rows brought up to date beside those that the transaction starts from.
    pub rows: usize,
    /// Levels gone down.
    pub levels: usize,
}

/// Brings the rows of `accounts` and all that is below them up to date, as far as the budget goes; gives the number of
/// rows written. To be called with every account whose live row came, changed or went.
pub async fn settle(
    connection: &mut PgConnection,
    accounts: impl IntoIterator<Item = String>,
    budget: Budget,
) -> Result<usize> {
    let mut left: BTreeSet<String> = accounts.into_iter().collect();
    let mut written = 0;
    while !left.is_empty() && written < budget.rows {
        let rest = Budget { rows: budget.rows - written, ..budget };
        let wave = Wave::run(connection, std::mem::take(&mut left), rest).await?;
        written += wave.write(connection).await?;
        left = wave.left;
        if wave.exhausted {
            break;
        }
    }
    queue(connection, left).await?;
    Ok(written)
}

/// One bounded step of the work left over, from at most `tasks` accounts; gives whether there was any.
pub async fn settle_some_tasks(connection: &mut PgConnection, tasks: usize, budget: Budget) -> Result<bool> {
    let accounts = sqlx::query_scalar!(
        "DELETE FROM referral_tree_tasks
         WHERE id IN (SELECT id FROM referral_tree_tasks ORDER BY id LIMIT $1)
         RETURNING account_sequence",
        i64::try_from(tasks).unwrap_or(i64::MAX)
    )
    .fetch_all(&mut *connection)
    .await?;
    if accounts.is_empty() {
        return Ok(false);
    }
    settle(connection, accounts, budget).await?;
    Ok(true)
}

/// Whether work is left over.
pub async fn has_tasks(connection: &mut PgConnection) -> Result<bool> {
    let there = sqlx::query_scalar!(r#"SELECT EXISTS (SELECT FROM referral_tree_tasks) AS "there!""#)
        .fetch_one(connection)
        .await?;
    Ok(there)
}

async fn queue(connection: &mut PgConnection, accounts: BTreeSet<String>) -> Result<()> {
    if accounts.is_empty() {
        return Ok(());
    }
    let accounts: Vec<String> = accounts.into_iter().collect();
    sqlx::query!("INSERT INTO referral_tree_tasks (account_sequence) SELECT unnest($1::text[])", &accounts)
        .execute(connection)
        .await?;
    Ok(())
}

/// One way down from some accounts. Every account below is visited once: it has one row above, and the accounts that
/// the wave starts from are not entered a second time but looked at again in the next round.
#[derive(Default)]
struct Wave {
    /// The accounts to begin with.
    seeds: Vec<String>,
    /// Their live rows, by referrer.
    seeds_below: HashMap<String, Vec<Row>>,
    /// Lineage of every account passed; None: it has no live row.
    passed: HashMap<String, Option<Lineage>>,
    /// Accounts whose stored lineage is another.
    changed: Vec<String>,
    /// What is still to be brought up to date.
    left: BTreeSet<String>,
    /// The budget is used up.
    exhausted: bool,
}

impl Wave {
    async fn run(connection: &mut PgConnection, seeds: BTreeSet<String>, budget: Budget) -> Result<Self> {
        let mut wave = Self { seeds: seeds.iter().cloned().collect(), ..Self::default() };
        let rows = rows::live(connection, &wave.seeds).await?;
        let rows: HashMap<String, Row> = rows.into_iter().map(|row| (row.account.clone(), row)).collect();
        let mut front: Vec<String> = starts(&seeds, &rows).into_iter().collect();
        wave.start(connection, &front, &rows).await?;
        for row in rows.into_values() {
            if let Some(referrer) = &row.referrer {
                wave.seeds_below.entry(referrer.clone()).or_default().push(row);
            }
        }
        for level in 0.. {
            if front.is_empty() {
                break;
            }
            let room = budget.rows.saturating_sub(wave.changed.len());
            wave.exhausted = level >= budget.levels || room == 0;
            if !wave.exhausted {
                front = wave.descend(connection, front, room).await?;
            }
            if wave.exhausted {
                wave.leave(connection, &front).await?;
                break;
            }
        }
        Ok(wave)
    }

    /// The starts' own lineage, from what is stored above them.
    async fn start(
        &mut self,
        connection: &mut PgConnection,
        starts: &[String],
        rows: &HashMap<String, Row>,
    ) -> Result<()> {
        let above: BTreeSet<&String> =
            starts.iter().filter_map(|account| rows.get(account)?.referrer.as_ref()).collect();
        let above: Vec<String> = above.into_iter().cloned().collect();
        let above = rows::live(connection, &above).await?;
        let above: HashMap<String, Lineage> =
            above.into_iter().map(|row| (row.account, row.stored)).collect();
        let mut computed: Vec<(&Row, Lineage)> = Vec::with_capacity(starts.len());
        for account in starts {
            match rows.get(account) {
                None => _ = self.passed.insert(account.clone(), None),
                Some(row) => computed.push((row, row.lineage(|referrer| above.get(referrer)))),
            }
        }
        let moved = computed.iter().filter(|(row, lineage)| {
            row.referrer.is_some() && lineage.depth.is_some() && *lineage != row.stored
        });
        let moved: Vec<String> = moved.map(|(row, _)| row.account.clone()).collect();
        let unrooted = unrooted(connection, &moved).await?;
        for (row, lineage) in computed {
            let lineage = if unrooted.contains(&row.account) { lineage.unrooted() } else { lineage };
            self.pass(row, lineage);
        }
        Ok(())
    }

    /// One level down, at most `room` rows of it; gives the accounts whose children come next. Seeds are always entered,
    /// other rows only where they change. Exhausted where there may be more: then it gives the level above too.
    async fn descend(
        &mut self,
        connection: &mut PgConnection,
        front: Vec<String>,
        room: usize,
    ) -> Result<Vec<String>> {
        let mut next = Vec::new();
        let mut lineages: Vec<(String, Lineage)> = Vec::with_capacity(front.len());
        for account in front {
            let below = Lineage::below(&account, self.passed.get(&account).and_then(Option::as_ref));
            for seed in self.seeds_below.remove(&account).into_iter().flatten() {
                if !self.passed.contains_key(&seed.account) {
                    self.pass(&seed, below.clone());
                    next.push(seed.account);
                } else if self.passed[&seed.account].as_ref() != Some(&below) {
                    self.left.insert(seed.account);
                }
            }
            lineages.push((account, below));
        }
        let children = rows::outdated_children(connection, &lineages, &self.seeds, room).await?;
        self.exhausted = children.len() == room;
        let below: HashMap<&str, &Lineage> =
            lineages.iter().map(|(account, below)| (account.as_str(), below)).collect();
        for child in &children {
            if let Some(below) = child.referrer.as_deref().and_then(|referrer| below.get(referrer)) {
                self.pass(child, (*below).clone());
                next.push(child.account.clone());
            }
        }
        if self.exhausted {
            next.extend(lineages.into_iter().map(|(account, _)| account));
        }
        Ok(next)
    }

    fn pass(&mut self, row: &Row, lineage: Lineage) {
        if lineage != row.stored {
            self.changed.push(row.account.clone());
        }
        self.passed.insert(row.account.clone(), Some(lineage));
    }

    /// Leaves what is below `front` for another transaction, and the seeds that were not come to.
    async fn leave(&mut self, connection: &mut PgConnection, front: &[String]) -> Result<()> {
        self.left.extend(rows::with_children(connection, front).await?);
        let passed = &self.passed;
        self.left.extend(self.seeds.iter().filter(|seed| !passed.contains_key(*seed)).cloned());
        Ok(())
    }

    async fn write(&self, connection: &mut PgConnection) -> Result<usize> {
        if self.changed.is_empty() {
            return Ok(0);
        }
        let lineages = self.changed.iter().filter_map(|account| self.passed[account].as_ref());
        rows::write(connection, &self.changed, &lineages.collect::<Vec<_>>()).await?;
        Ok(self.changed.len())
    }
}

/// The seeds that the wave does not reach from another seed: those at the top, and those of a ring of seeds.
fn starts(seeds: &BTreeSet<String>, rows: &HashMap<String, Row>) -> BTreeSet<String> {
    let mut below: HashMap<&str, Vec<&str>> = HashMap::new();
    let mut tops: Vec<&str> = Vec::new();
    for seed in seeds {
        let referrer = rows.get(seed).and_then(|row| row.referrer.as_deref());
        match referrer.filter(|referrer| seeds.contains(*referrer)) {
            Some(referrer) => below.entry(referrer).or_default().push(seed),
            None => tops.push(seed),
        }
    }
    let mut reached: HashSet<&str> = HashSet::new();
    let mut todo = tops.clone();
    while let Some(seed) = todo.pop() {
        reached.insert(seed);
        todo.extend(below.get(seed).into_iter().flatten());
    }
    let rings = seeds.iter().map(String::as_str).filter(|seed| !reached.contains(seed));
    tops.iter().copied().chain(rings).map(str::to_owned).collect()
}

/// Those of `accounts` that have a row below them and no root above them: only these could close a ring, and carry a
/// depth round it for ever. Leaves are not walked.
async fn unrooted(connection: &mut PgConnection, accounts: &[String]) -> Result<HashSet<String>> {
    if accounts.is_empty() {
        return Ok(HashSet::new());
    }
    let parents = rows::with_children(connection, accounts).await?;
    let referrers = rows::up_to_the_top(connection, &parents).await?;
    let mut is_rooted: HashMap<&str, bool> = HashMap::new();
    for parent in &parents {
        let (mut way, mut at) = (HashSet::new(), parent.as_str());
        let rooted = loop {
            if let Some(known) = is_rooted.get(at) {
                break *known;
            }
            match referrers.get(at) {
                Some(Some(referrer)) if way.insert(at) => at = referrer,
                // a ring, or a row that is missing
                Some(Some(_)) | None => break false,
                Some(None) => break true,
            }
        };
        is_rooted.extend(way.into_iter().map(|account| (account, rooted)));
    }
    Ok(parents.iter().filter(|parent| is_rooted.get(parent.as_str()) == Some(&false)).cloned().collect())
}
