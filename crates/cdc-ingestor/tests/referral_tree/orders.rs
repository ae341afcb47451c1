//! Every order of arrival, and random moves.

use rand::seq::SliceRandom as _;
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use testkit::database::TestDatabase;

use crate::support::{Budget, Forest, NARROW, WIDE, check, clear, settle_all, write};

fn permutations(
    items: &[(&'static str, Option<&'static str>)],
) -> Vec<Vec<(&'static str, Option<&'static str>)>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for at in 0..items.len() {
        let mut rest = items.to_vec();
        let first = rest.remove(at);
        for mut tail in permutations(&rest) {
            tail.insert(0, first);
            all.push(tail);
        }
    }
    all
}

#[tokio::test]
async fn every_order_of_arrival_gives_the_same_tree() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    // a tree, a pair on a ring with one below, and one below a row that never comes: 5! orders of each half
    let halves = [
        [("R", None), ("A", Some("R")), ("B", Some("A")), ("C", Some("B")), ("D", Some("A"))],
        [("X", Some("Y")), ("Y", Some("X")), ("Z", Some("Y")), ("S", Some("S")), ("M", Some("gone"))],
    ];
    for half in halves {
        let forest: Forest = half
            .iter()
            .map(|(account, referrer)| ((*account).to_owned(), referrer.map(str::to_owned)))
            .collect();
        for order in permutations(&half) {
            for (account, referrer) in &order {
                write(pool, &[(account, Some(*referrer))], NARROW).await;
            }
            settle_all(pool).await;
            check(pool, &forest, &format!("{order:?}")).await;
            clear(pool).await;
        }
        let whole: Vec<_> = half.iter().map(|(account, referrer)| (*account, Some(*referrer))).collect();
        write(pool, &whole, WIDE).await;
        settle_all(pool).await;
        check(pool, &forest, "at once").await;
        clear(pool).await;
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn random_moves_rings_and_deletes_end_in_the_naive_tree() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    for seed in 0..8_u64 {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let names: Vec<String> = (0..12).map(|n| format!("D{n}")).collect();
        let mut forest = Forest::new();
        for turn in 0..40 {
            let mut changing = names.clone();
            changing.shuffle(&mut random);
            changing.truncate(random.random_range(1..4));
            let mut changes = Vec::new();
            for account in &changing {
                let referrer = &names[random.random_range(0..names.len())];
                let row = match random.random_range(0..10) {
                    0 if forest.contains_key(account) => None,
                    0..=2 => Some(None),
                    _ => Some(Some(referrer.as_str())),
                };
                match row {
                    None => forest.remove(account),
                    Some(referrer) => forest.insert(account.clone(), referrer.map(str::to_owned)),
                };
                changes.push((account.as_str(), row));
            }
            let budget = if random.random() { WIDE } else { NARROW };
            write(pool, &changes, budget).await;
            if random.random_ratio(1, 3) {
                settle_all(pool).await;
                check(pool, &forest, &format!("seed {seed}, turn {turn}")).await;
            }
        }
        settle_all(pool).await;
        check(pool, &forest, &format!("seed {seed}")).await;
        clear(pool).await;
    }
    database.close().await.unwrap();
}

#[tokio::test]
async fn a_long_chain_and_a_wide_team_wait_for_their_parent() {
    let database = TestDatabase::create().await.unwrap();
    let pool = database.pool();
    let chain: Vec<String> = (0..150).map(|n| format!("C{n:03}")).collect();
    let team: Vec<String> = (0..200).map(|n| format!("T{n:03}")).collect();
    let mut forest = Forest::new();
    let mut changes: Vec<(&str, Option<Option<&str>>)> = Vec::new();
    for (n, account) in chain.iter().enumerate().skip(1) {
        changes.push((account, Some(Some(&chain[n - 1]))));
    }
    changes.extend(team.iter().map(|account| (account.as_str(), Some(Some(chain[149].as_str())))));
    for (account, row) in &changes {
        forest.insert((*account).to_owned(), row.flatten().map(str::to_owned));
    }
    changes.reverse();
    for part in changes.chunks(30) {
        write(pool, part, WIDE).await;
    }
    settle_all(pool).await;
    check(pool, &forest, "without the top").await;
    write(pool, &[("C000", Some(None))], Budget { rows: 50, levels: 20 }).await;
    forest.insert("C000".to_owned(), None);
    settle_all(pool).await;
    check(pool, &forest, "with the top").await;
    database.close().await.unwrap();
}
