//! `contribctl verify`: right books hold, and no changed value goes unseen.

mod support;

use sqlx::Executor;
use support::books::Books;
use support::{all, contribctl, failed, stdout};
use testkit::synced::{self, Adoption};

/// All that need no Kafka.
const WITHOUT_EVENTS: &str = "1,2,3,4,5,6,8,9";

#[tokio::test]
async fn the_worked_example_holds() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    let output = contribctl(&["verify", "--only", WITHOUT_EVENTS], &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    assert_eq!(stdout(&output).matches('✓').count(), 8, "{}", all(&output));
    books.close().await
}

#[tokio::test]
async fn empty_books_hold() -> anyhow::Result<()> {
    let books = Books::open().await?;
    let output = contribctl(&["verify", "--only", WITHOUT_EVENTS], &books.variables())?;
    assert_eq!(output.status.code(), Some(0), "{}", all(&output));
    books.close().await
}

#[tokio::test]
async fn entries_that_are_not_carried_out_are_no_discrepancy() -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    books.eventful_life().await?;
    synced::adoption(books.pool(), &Adoption::new("R", support::books::TODAY, 99)).await?;
    books.number().await?;
    let output = contribctl(&["verify", "--json", "--only", WITHOUT_EVENTS], &books.variables())?;
    assert_eq!((failed(&output)?, output.status.code()), (vec![], Some(0)), "{}", all(&output));
    books.close().await
}

/// A change to one table, with the identities that must find it (others may too).
struct Tampering {
    table: &'static str,
    change: &'static str,
    found_by: &'static [u64],
}

const fn tampering(table: &'static str, change: &'static str, found_by: &'static [u64]) -> Tampering {
    Tampering { table, change, found_by }
}

/// A line of an account, one of a system account, one of nobody.
const LINES: &[Tampering] = &[
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET amount = amount + 0.0000000001 WHERE distribution_seq = 2 AND slot = 4",
        &[1, 2, 8],
    ),
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET account_sequence = 'Z' WHERE distribution_seq = 2 AND slot = 4",
        &[2, 8],
    ),
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET expire_date = expire_date + 1 WHERE distribution_seq = 1 AND slot = 0",
        &[8],
    ),
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET distribution_rate = 0.006 WHERE distribution_seq = 2 AND slot = 4",
        &[8],
    ),
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET level_depth = NULL WHERE distribution_seq = 2 AND slot = 4",
        &[8],
    ),
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET source_type = 'TEAM_BONUS' WHERE distribution_seq = 2 AND slot = 4",
        &[2, 8],
    ),
    tampering(
        "contribution_records",
        "UPDATE contribution_records SET source_adoption_id = gen_random_uuid() WHERE distribution_seq = 3 AND slot = 0",
        &[8],
    ),
    tampering(
        "contribution_records",
        "DELETE FROM contribution_records WHERE distribution_seq = 3 AND slot = 5",
        &[1, 2, 8],
    ),
    tampering(
        "system_contribution_records",
        "UPDATE system_contribution_records SET amount = amount - 1 WHERE distribution_seq = 4 AND slot = 23",
        &[1, 3, 8],
    ),
    tampering(
        "system_contribution_records",
        "UPDATE system_contribution_records SET system_account_id = '00000000-0000-8000-8000-000000000001'
         WHERE distribution_seq = 4 AND slot = 2",
        &[3, 8],
    ),
    tampering(
        "unallocated_contributions",
        "UPDATE unallocated_contributions SET reason = 'NO_ANCESTOR: level 7, ancestors 2'
         WHERE distribution_seq = 1 AND slot = 10",
        &[8],
    ),
    tampering(
        "unallocated_contributions",
        "UPDATE unallocated_contributions SET would_be_account_sequence = 'C' WHERE distribution_seq = 1 AND slot = 19",
        &[8],
    ),
    tampering(
        "unallocated_contributions",
        "UPDATE unallocated_contributions SET allocated_to_headquarters = FALSE WHERE distribution_seq = 1 AND slot = 19",
        &[8],
    ),
    tampering(
        "unallocated_contributions",
        "DELETE FROM unallocated_contributions WHERE distribution_seq = 1 AND slot = 12",
        &[1, 8],
    ),
    tampering(
        "unallocated_contributions",
        "INSERT INTO unallocated_contributions SELECT ledger_id_floor(77), source_adoption_id, source_account_sequence,
             unalloc_type, would_be_account_sequence, level_depth, amount, reason, allocated_to_headquarters,
             allocated_at, effective_date, expire_date, created_at, 77, slot
         FROM unallocated_contributions WHERE distribution_seq = 1 AND slot = 12",
        &[1, 8],
    ),
];

/// Every balance and count.
const BALANCES: &[Tampering] = &[
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET personal_contribution = personal_contribution + 1 WHERE account_sequence = 'A'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET team_level_contribution = 0 WHERE account_sequence = 'R'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET team_bonus_contribution = 0 WHERE account_sequence = 'A'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET total_contribution = total_contribution + 1 WHERE account_sequence = 'B'",
        &[2, 4],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET effective_contribution = effective_contribution + 0.0000000001
         WHERE account_sequence = 'E'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET has_adopted = NOT has_adopted WHERE account_sequence = 'R'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET direct_referral_adopted_count = 9 WHERE account_sequence = 'A'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET unlocked_level_depth = 15 WHERE account_sequence = 'A'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET unlocked_bonus_tiers = 0 WHERE account_sequence = 'A'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "UPDATE contribution_accounts SET unlock_seq = unlock_seq - 1 WHERE account_sequence = 'A'",
        &[2],
    ),
    tampering(
        "contribution_accounts",
        "DELETE FROM contribution_accounts WHERE account_sequence = 'R'",
        &[2, 4],
    ),
    tampering(
        "system_accounts",
        "UPDATE system_accounts SET contribution_balance = contribution_balance + 1 WHERE account_type = 'CITY'",
        &[3, 4],
    ),
    tampering(
        "system_accounts",
        "UPDATE system_accounts SET effective_balance = 0 WHERE account_type = 'HEADQUARTERS'",
        &[3],
    ),
];

/// Facts of the journal, the sequencer's state, marks and numbers.
const FACTS: &[Tampering] = &[
    tampering("distribution_journal", "UPDATE distribution_journal SET tree_count = 2 WHERE distribution_seq = 1", &[8, 9]),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET contribution_per_tree = 22618 WHERE distribution_seq = 1",
        &[8, 9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET contribution_per_tree = 0 WHERE distribution_seq = 1",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET base_amount = base_amount + 1 WHERE distribution_seq = 1",
        &[1, 4, 8, 9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET source_price = NULL WHERE distribution_seq =
             (SELECT max(distribution_seq) FROM distribution_journal WHERE kind = 'DISTRIBUTE' AND account_sequence = 'C')",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET network_trees_before = 7 WHERE distribution_seq = 3",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET effective_date = effective_date + 1 WHERE distribution_seq = 2",
        &[8, 9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET adoption_date = adoption_date - 1 WHERE distribution_seq = 2",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET expire_date = expire_date - 1 WHERE distribution_seq = 2",
        &[8, 9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET upline[1] = 'R', upline[2] = 'A' WHERE distribution_seq = 2",
        &[8, 9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET upline_depths[1] = 10 WHERE distribution_seq = 2",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET upline_directs[2] = 2 WHERE distribution_seq = 2",
        &[9],
    ),
    tampering("distribution_journal", "UPDATE distribution_journal SET referrer_tiers = 2 WHERE distribution_seq = 2", &[8, 9]),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET effect_directs[1] = 5 WHERE distribution_seq = 1",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET effect_accounts = '{}', effect_live = '{}', effect_directs = '{}'
         WHERE distribution_seq = 1",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET numbered_day = numbered_day - 1 WHERE distribution_seq = 3",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET account_sequence = 'R' WHERE distribution_seq = 4",
        &[8, 9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET original_adoption_id = gen_random_uuid() WHERE distribution_seq = 1",
        &[5, 8],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET reverses_seq = 1 WHERE distribution_seq =
             (SELECT min(distribution_seq) FROM distribution_journal WHERE kind = 'REVERSE')",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET referrer_before = 'B' WHERE kind = 'REFERRAL_MOVE' AND account_sequence = 'D'",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET referrer_after = 'R' WHERE kind = 'REFERRAL_MOVE' AND account_sequence = 'D'",
        &[9],
    ),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET kind = 'DISTRIBUTE', reverses_seq = NULL WHERE distribution_seq =
             (SELECT min(distribution_seq) FROM distribution_journal WHERE kind = 'REVERSE')",
        &[1, 8, 9],
    ),
    tampering("distribution_journal", "DELETE FROM distribution_journal WHERE distribution_seq = 3", &[1, 5, 8]),
    tampering(
        "distribution_journal",
        "UPDATE distribution_journal SET distribution_seq = 1000 WHERE distribution_seq = 3",
        &[5, 8],
    ),
    tampering("distribution_chunks", "DELETE FROM distribution_chunks WHERE first_seq = 1", &[5]),
    tampering("sequencer_state", "UPDATE sequencer_state SET network_trees = network_trees + 1", &[9]),
    tampering("sequencer_state", "UPDATE sequencer_state SET gross_base = gross_base + 1", &[9]),
    tampering("sequencer_state", "UPDATE sequencer_state SET last_seq = last_seq + 1", &[5]),
    tampering(
        "sequencer_accounts",
        "UPDATE sequencer_accounts SET referrer = 'F' WHERE account_sequence = 'B'",
        &[9],
    ),
    tampering(
        "sequencer_accounts",
        "UPDATE sequencer_accounts SET direct_adopted = direct_adopted + 1 WHERE account_sequence = 'A'",
        &[9],
    ),
    tampering("sequencer_accounts", "DELETE FROM sequencer_accounts WHERE account_sequence = 'A'", &[9]),
    tampering(
        "synced_adoptions",
        "UPDATE synced_adoptions SET contribution_distributed = FALSE WHERE entry_seq = 4",
        &[5],
    ),
    tampering("synced_adoptions", "UPDATE synced_adoptions SET entry_seq = NULL WHERE entry_seq = 4", &[5]),
    tampering(
        "synced_adoptions",
        "UPDATE synced_adoptions SET tree_count = tree_count + 1 WHERE entry_seq = 4",
        &[9],
    ),
];

#[tokio::test]
async fn a_changed_line_is_found() -> anyhow::Result<()> {
    find_all(LINES).await
}

#[tokio::test]
async fn a_changed_balance_is_found() -> anyhow::Result<()> {
    find_all(BALANCES).await
}

#[tokio::test]
async fn a_changed_fact_is_found() -> anyhow::Result<()> {
    find_all(FACTS).await
}

/// Books that hold, changed one value at a time.
async fn find_all(tamperings: &[Tampering]) -> anyhow::Result<()> {
    let mut books = Books::open().await?;
    books.worked_example().await?;
    books.eventful_life().await?;
    let verify = ["verify", "--json", "--only", WITHOUT_EVENTS];
    let output = contribctl(&verify, &books.variables())?;
    assert_eq!((failed(&output)?, output.status.code()), (vec![], Some(0)), "{}", all(&output));
    for Tampering { table, change, found_by } in tamperings {
        books.pool().execute(&*format!("CREATE TABLE kept AS TABLE {table}")).await?;
        let changed = books.pool().execute(*change).await?.rows_affected();
        assert_eq!(changed, 1, "{change}");
        let output = contribctl(&verify, &books.variables())?;
        let failed = failed(&output)?;
        assert!(found_by.iter().all(|identity| failed.contains(identity)), "{change}: {}", all(&output));
        assert_eq!(output.status.code(), Some(1), "{change}: {}", all(&output));
        let restore = format!("TRUNCATE {table}; INSERT INTO {table} TABLE kept; DROP TABLE kept");
        books.pool().execute(&*restore).await?;
    }
    let output = contribctl(&verify, &books.variables())?;
    assert_eq!(failed(&output)?, Vec::<u64>::new(), "restored: {}", all(&output));
    books.close().await
}
