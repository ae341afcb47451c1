//! What follows from the referrals above an account: `upline`, `upline_complete`, `depth`, `ancestor_path`, `warning`.
//!
//! Guarantees that, once no task is left, every live row agrees with the row above it, which fixes all of them: a
//! depth exists exactly where a root is above. Part of the caller's transaction, which must hold
//! [`crate::locks::REFERRAL_TREE`] and so excludes every other writer of the table; no further lock.
//! One round trip a level, and two more a round; bounded by [`Budget`], the rest is left as `referral_tree_tasks`.

use std::collections::{BTreeSet, HashMap, HashSet};

use sqlx::PgConnection;

use crate::Result;

/// How many ancestors `upline` keeps.
const UPLINE: usize = 15;
/// How many accounts `ancestor_path` keeps; longer paths begin with `/…/`, or a deep chain would take quadratic space.
const PATH: usize = 64;

/// How much one transaction may do.
#[derive(Debug, Clone, Copy)]
pub struct Budget {
    /// Rows brought up to date.
    pub rows: usize,
    /// Levels gone down.
    pub levels: usize,
}

/// What a row has from the rows above it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lineage {
    /// The nearest 15 ancestors, nearest first.
    pub upline: Vec<String>,
    /// 15 reached, or an account without referrer.
    pub complete: bool,
    /// Ancestors up to the root. None: in or below a cycle, or below a missing row.
    pub depth: Option<i32>,
    /// `/` for a root; else from the top down to the direct referrer: `/top/…/direct/`. None as `depth`.
    pub path: Option<String>,
}

impl Lineage {
    /// Of an account without referrer.
    pub fn root() -> Self {
        Self { upline: Vec::new(), complete: true, depth: Some(0), path: Some("/".to_owned()) }
    }

    /// Of an account whose referrer is `referrer`; `above` is the referrer's own lineage, None if it has no live row.
    pub fn below(referrer: &str, above: Option<&Self>) -> Self {
        let Some(above) = above else {
            return Self { upline: vec![referrer.to_owned()], complete: false, depth: None, path: None };
        };
        let mut upline = Vec::with_capacity((above.upline.len() + 1).min(UPLINE));
        upline.push(referrer.to_owned());
        upline.extend(above.upline.iter().take(UPLINE - 1).cloned());
        let known = above.depth.zip(above.path.as_deref());
        Self {
            complete: above.complete || upline.len() == UPLINE,
            upline,
            depth: known.map(|(depth, _)| depth + 1),
            path: known.map(|(_, path)| extend_path(path, referrer)),
        }
    }

    /// The same, of an account with no root above it.
    fn unrooted(mut self) -> Self {
        self.depth = None;
        self.path = None;
        self
    }
}

/// Appends `referrer` to its own path and keeps the nearest 64 accounts.
fn extend_path(path: &str, referrer: &str) -> String {
    join_path(path.split('/').chain([referrer]))
}

/// The stored form of a path from the top down; empty and `…` segments do not count as accounts.
pub fn join_path<'a>(segments: impl Iterator<Item = &'a str>) -> String {
    let mut accounts: Vec<&str> = Vec::new();
    let mut cut = false;
    for segment in segments {
        match segment {
            "" => {}
            "…" => cut = true,
            account => accounts.push(account),
        }
    }
    let beyond = accounts.len().saturating_sub(PATH);
    let mut path = if cut || beyond > 0 { "/…/".to_owned() } else { "/".to_owned() };
    for account in &accounts[beyond..] {
        path.push_str(account);
        path.push('/');
    }
    path
}

/// A live row of the table.
#[derive(Debug)]
struct Row {
    account: String,
    referrer: Option<String>,
    stored: Lineage,
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
        let wave = Wave::run(connection, std::mem::take(&mut left), budget).await?;
        written += wave.write(connection).await?;
        left = wave.left;
        if wave.exhausted {
            break;
        }
    }
    queue(connection, left).await?;
    Ok(written)
}

/// One bounded step of the work left over; gives whether there was any.
pub async fn settle_some_tasks(connection: &mut PgConnection, tasks: i64, budget: Budget) -> Result<bool> {
    let accounts = sqlx::query_scalar!(
        "DELETE FROM referral_tree_tasks
         WHERE id IN (SELECT id FROM referral_tree_tasks ORDER BY id LIMIT $1)
         RETURNING account_sequence",
        tasks
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
        let names: Vec<String> = seeds.iter().cloned().collect();
        let mut rows: HashMap<String, Row> =
            live_rows(connection, &names).await?.into_iter().map(|row| (row.account.clone(), row)).collect();
        let starts = starts(&seeds, &rows);
        let mut wave = Self::default();
        wave.start(connection, &starts, &mut rows).await?;

        let mut front: Vec<String> = starts.iter().cloned().collect();
        for level in 0.. {
            if front.is_empty() {
                break;
            }
            if level >= budget.levels || wave.changed.len() >= budget.rows {
                wave.exhausted = true;
                wave.left.extend(front);
                break;
            }
            let children = children(connection, &front).await?;
            front = wave.descend(children, &seeds, &starts);
        }
        Ok(wave)
    }

    /// The starts' own lineage, from what is stored above them.
    async fn start(
        &mut self,
        connection: &mut PgConnection,
        starts: &BTreeSet<String>,
        rows: &mut HashMap<String, Row>,
    ) -> Result<()> {
        let above: Vec<String> = starts
            .iter()
            .filter_map(|account| rows.get(account)?.referrer.clone())
            .collect::<BTreeSet<_>>()
            .into_iter()
            .collect();
        let above: HashMap<String, Lineage> =
            live_rows(connection, &above).await?.into_iter().map(|row| (row.account, row.stored)).collect();
        let mut computed: HashMap<String, (Row, Lineage)> = HashMap::new();
        for account in starts {
            let Some(row) = rows.remove(account) else {
                self.passed.insert(account.clone(), None);
                continue;
            };
            let lineage = lineage(&row, |referrer| above.get(referrer));
            computed.insert(account.clone(), (row, lineage));
        }
        let doubtful: Vec<String> = computed
            .iter()
            .filter(|(_, (row, lineage))| row.referrer.is_some() && lineage.depth.is_some())
            .map(|(account, _)| account.clone())
            .collect();
        let unrooted = unrooted_parents(connection, &doubtful).await?;
        for (account, (row, lineage)) in computed {
            let lineage = if unrooted.contains(&account) { lineage.unrooted() } else { lineage };
            self.pass(row, lineage);
        }
        Ok(())
    }

    /// One level down; gives the accounts whose children come next. Seeds are always entered, other rows only where
    /// they change.
    fn descend(
        &mut self,
        children: Vec<Row>,
        seeds: &BTreeSet<String>,
        starts: &BTreeSet<String>,
    ) -> Vec<String> {
        let mut front = Vec::new();
        for child in children {
            let computed = lineage(&child, |referrer| self.passed.get(referrer)?.as_ref());
            if starts.contains(&child.account) {
                if self.passed.get(&child.account) != Some(&Some(computed)) {
                    self.left.insert(child.account);
                }
            } else if seeds.contains(&child.account) || computed != child.stored {
                front.push(child.account.clone());
                self.pass(child, computed);
            }
        }
        front
    }

    fn pass(&mut self, row: Row, lineage: Lineage) {
        if lineage != row.stored {
            self.changed.push(row.account.clone());
        }
        self.passed.insert(row.account, Some(lineage));
    }

    async fn write(&self, connection: &mut PgConnection) -> Result<usize> {
        if self.changed.is_empty() {
            return Ok(0);
        }
        let mut uplines: Vec<String> = Vec::with_capacity(self.changed.len());
        let mut completes: Vec<bool> = Vec::with_capacity(self.changed.len());
        let mut depths: Vec<Option<i32>> = Vec::with_capacity(self.changed.len());
        let mut paths: Vec<Option<&str>> = Vec::with_capacity(self.changed.len());
        for lineage in self.changed.iter().filter_map(|account| self.passed[account].as_ref()) {
            uplines.push(lineage.upline.join("/"));
            completes.push(lineage.complete);
            depths.push(lineage.depth);
            paths.push(lineage.path.as_deref());
        }
        sqlx::query!(
            r#"UPDATE synced_referrals s
               SET upline = string_to_array(r.upline, '/'), upline_complete = r.complete, depth = r.depth,
                   ancestor_path = r.path,
                   warning = CASE
                       WHEN s.source_ancestor_path <> r.path THEN 'upstream''s path is not that of the referrers'
                       WHEN s.source_depth <> r.depth THEN 'upstream''s depth is not that of the referrers'
                   END
               FROM UNNEST($1::text[], $2::text[], $3::bool[], $4::int[], $5::text[])
                    AS r(account, upline, complete, depth, path)
               WHERE s.account_sequence = r.account AND s.source_deleted_at IS NULL AND NOT s.displaced"#,
            &self.changed,
            &uplines,
            &completes,
            &depths as &[Option<i32>],
            &paths as &[Option<&str>],
        )
        .execute(connection)
        .await?;
        Ok(self.changed.len())
    }
}

fn lineage<'a>(row: &Row, above: impl FnOnce(&str) -> Option<&'a Lineage>) -> Lineage {
    match &row.referrer {
        None => Lineage::root(),
        Some(referrer) => Lineage::below(referrer, above(referrer)),
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

/// The live rows of `accounts`.
async fn live_rows(connection: &mut PgConnection, accounts: &[String]) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        StoredRow,
        r#"SELECT account_sequence, referrer_account_sequence, upline, upline_complete, depth, ancestor_path
           FROM synced_referrals
           WHERE account_sequence = ANY($1) AND source_deleted_at IS NULL AND NOT displaced"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// The live rows whose referrer is one of `accounts`.
async fn children(connection: &mut PgConnection, accounts: &[String]) -> Result<Vec<Row>> {
    let rows = sqlx::query_as!(
        StoredRow,
        r#"SELECT account_sequence, referrer_account_sequence, upline, upline_complete, depth, ancestor_path
           FROM synced_referrals
           WHERE referrer_account_sequence = ANY($1) AND source_deleted_at IS NULL AND NOT displaced"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(Row::from).collect())
}

/// Those of `accounts` that have a row below them and no root above them: only these could close a ring, and carry a
/// depth round it for ever. Leaves are not walked.
async fn unrooted_parents(connection: &mut PgConnection, accounts: &[String]) -> Result<HashSet<String>> {
    if accounts.is_empty() {
        return Ok(HashSet::new());
    }
    let unrooted = sqlx::query_scalar!(
        r#"WITH RECURSIVE parent AS (
               SELECT a.account FROM unnest($1::text[]) AS a(account)
               WHERE EXISTS (SELECT FROM synced_referrals c WHERE c.referrer_account_sequence = a.account
                             AND c.source_deleted_at IS NULL AND NOT c.displaced)
           ), walk (start, account) AS (
               SELECT account, account COLLATE "C" FROM parent
               UNION
               SELECT w.start, r.referrer_account_sequence
               FROM walk w JOIN synced_referrals r ON r.account_sequence = w.account
                   AND r.source_deleted_at IS NULL AND NOT r.displaced
               WHERE r.referrer_account_sequence IS NOT NULL)
           SELECT account AS "account!" FROM parent
           EXCEPT
           SELECT w.start FROM walk w JOIN synced_referrals r ON r.account_sequence = w.account
               AND r.source_deleted_at IS NULL AND NOT r.displaced
           WHERE r.referrer_account_sequence IS NULL"#,
        accounts
    )
    .fetch_all(connection)
    .await?;
    Ok(unrooted.into_iter().collect())
}

struct StoredRow {
    account_sequence: String,
    referrer_account_sequence: Option<String>,
    upline: Vec<String>,
    upline_complete: bool,
    depth: Option<i32>,
    ancestor_path: Option<String>,
}

impl From<StoredRow> for Row {
    fn from(row: StoredRow) -> Self {
        Self {
            account: row.account_sequence,
            referrer: row.referrer_account_sequence,
            stored: Lineage {
                upline: row.upline,
                complete: row.upline_complete,
                depth: row.depth,
                path: row.ancestor_path,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_has_an_empty_upline_and_the_path_of_one_slash() {
        let child = Lineage::below("A", Some(&Lineage::root()));
        assert_eq!(child.upline, ["A"]);
        assert_eq!((child.complete, child.depth, child.path.as_deref()), (true, Some(1), Some("/A/")));
    }

    #[test]
    fn below_a_missing_row_nothing_is_known_but_the_referrer() {
        let child = Lineage::below("A", None);
        assert_eq!(child, Lineage { upline: vec!["A".into()], complete: false, depth: None, path: None });
        let grandchild = Lineage::below("B", Some(&child));
        assert_eq!(grandchild.upline, ["B", "A"]);
        assert_eq!((grandchild.complete, grandchild.depth), (false, None));
    }

    #[test]
    fn fifteen_ancestors_are_enough_and_sixty_four_are_shown() {
        let mut lineage = Lineage::root();
        for n in 0..70 {
            lineage = Lineage::below(&format!("D{n}"), Some(&lineage));
            assert_eq!(lineage.depth, Some(n + 1));
            let path = lineage.path.as_deref().expect("rooted");
            let shown = path.split('/').filter(|segment| !segment.is_empty() && *segment != "…").count();
            assert_eq!(shown, usize::try_from(n + 1).expect("small").min(PATH));
            assert_eq!(path.starts_with("/…/"), n + 1 > 64);
            assert!(path.ends_with(&format!("/D{n}/")));
        }
        assert_eq!(lineage.upline.len(), UPLINE);
        assert_eq!(lineage.upline[14], "D55");
    }
}
