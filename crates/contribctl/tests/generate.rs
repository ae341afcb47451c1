//! `contribctl generate` against an upstream database of its own.

mod support;

use std::collections::HashMap;

use chrono::NaiveDate;
use contribctl::load::History;
use contribctl::load::history::Size;
use support::{Upstream, all, contribctl, stdout};

const TODAY: NaiveDate = NaiveDate::from_ymd_opt(2026, 11, 22).expect("a day of the calendar");
const SIZE: Size = Size { users: 800, adoptions: 2_000 };

fn history(seed: u64) -> History {
    History::generate(SIZE, seed, TODAY, chrono_tz::Asia::Shanghai)
}

#[test]
fn the_same_seed_gives_the_same_rows() {
    assert_eq!(history(1), history(1));
    assert_ne!(history(1), history(2));
}

#[test]
fn paths_and_depths_are_those_of_the_referrers() {
    let history = history(1);
    let by_account: HashMap<_, _> =
        history.referrals.iter().map(|referral| (referral.account.as_str(), referral)).collect();
    for referral in &history.referrals {
        let (path, depth) = referral.referrer.as_deref().map_or_else(
            || ("/".to_owned(), 0),
            |referrer| (format!("{}{referrer}/", by_account[referrer].path), by_account[referrer].depth + 1),
        );
        assert_eq!((&referral.path, referral.depth), (&path, depth), "{}", referral.account);
    }
    let mut names: Vec<_> = history.users.iter().map(|user| &user.account).collect();
    assert!(names.is_sorted());
    names.dedup();
    assert_eq!(names.len(), SIZE.users);
}

#[test]
fn a_history_has_all_that_can_go_wrong() {
    let History { referrals, adoptions, .. } = history(1);
    assert!(referrals.iter().any(|referral| referral.depth > 20));
    assert!(referrals.iter().filter(|referral| referral.referrer.is_none()).count() > 10);
    let mut directs: HashMap<_, usize> = HashMap::new();
    referrals.iter().filter_map(|referral| referral.referrer.as_ref()).for_each(|referrer| {
        *directs.entry(referrer).or_default() += 1;
    });
    assert!(directs.values().any(|&directs| directs > 40));

    let count = |fits: &dyn Fn(&persistence::upstream::Adoption) -> bool| {
        adoptions.iter().filter(|adoption| fits(adoption)).count()
    };
    assert!((300..500).contains(&count(&|adoption| adoption.price.is_none())));
    assert!(count(&|adoption| adoption.date == TODAY) > 0);
    assert!(count(&|adoption| adoption.date > TODAY) > 0);
    assert!(count(&|adoption| adoption.date < TODAY - chrono::Days::new(2 * 366)) > 400);
    assert!(count(&|adoption| adoption.trees == 0) > 0);
    assert!(count(&|adoption| adoption.price.is_some_and(|price| price.is_sign_negative())) > 0);
    assert!(count(&|adoption| adoption.status.as_deref() == Some("CANCELLED")) > 0);
    // what is created later than today's midnight is live load, not history
    let midnight =
        TODAY.and_hms_opt(0, 0, 0).and_then(|at| at.and_local_timezone(chrono_tz::Asia::Shanghai).single());
    assert!(adoptions.iter().all(|adoption| midnight.is_some_and(|midnight| adoption.created_at < midnight)));
}

#[tokio::test]
async fn history_fills_an_empty_upstream_once() -> anyhow::Result<()> {
    let (one, other) = (Upstream::create().await?, Upstream::create().await?);
    let fill = ["generate", "history", "--users", "300", "--adoptions", "700", "--seed", "5"];
    for upstream in [&one, &other] {
        let output = contribctl(&fill, &upstream.variables())?;
        assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    }
    let fingerprint = one.fingerprint().await?;
    assert_eq!(fingerprint, other.fingerprint().await?);
    assert_eq!(one.count("SELECT count(*) FROM rwa_planting.adoptions").await?, 700);

    let output = contribctl(&fill, &one.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert!(stdout(&output).contains("300 users already"), "{}", all(&output));
    assert_eq!(one.fingerprint().await?, fingerprint);
    one.close().await?;
    other.close().await
}

#[tokio::test]
async fn live_load_changes_what_is_there() -> anyhow::Result<()> {
    let upstream = Upstream::create().await?;
    let live = ["generate", "live", "--adoptions", "1500", "--seed", "6"];
    let output = contribctl(&live, &upstream.variables())?;
    assert_eq!(output.status.code(), Some(2), "nobody is registered: {}", all(&output));

    let fill = ["generate", "history", "--users", "300", "--adoptions", "700", "--seed", "5"];
    contribctl(&fill, &upstream.variables())?;
    let output = contribctl(&live, &upstream.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    let none =
        ["0 cancelled", "0 active again", "0 amended", "0 priced", "0 deleted", "0 people", "0 changed"];
    assert!(!none.iter().any(|none| stdout(&output).contains(&format!(" {none}"))), "{}", all(&output));
    assert!(upstream.count("SELECT count(*) FROM rwa_planting.adoptions").await? > 1_700);
    assert!(upstream.count("SELECT count(*) FROM rwa_identity.users").await? > 300);
    let again = contribctl(&["generate", "live", "--adoptions", "40", "--seed", "6"], &upstream.variables())?;
    assert_eq!(again.status.code(), Some(0), "the same seed goes on: {}", all(&again));
    let misplaced = upstream
        .count(
            "SELECT count(*) FROM rwa_referral.referral_relations c
             LEFT JOIN rwa_referral.referral_relations p ON p.account_sequence = c.referrer_account_sequence
             WHERE c.ancestor_path <> coalesce(p.ancestor_path || p.account_sequence || '/', '/')
                 OR c.depth <> coalesce(p.depth + 1, 0)",
        )
        .await?;
    assert_eq!(misplaced, 0, "moves bring paths and depths of the whole subtree along");
    upstream.close().await
}
