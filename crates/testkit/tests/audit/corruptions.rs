//! Every kind of error, planted one at a time into a copy of a healthy database, is found under its own name.

use testkit::audit::{Report, audit};
use testkit::database::TestDatabase;

use crate::history::History;

/// A DISTRIBUTE that is followed by a first-time one of the same pass.
const NEIGHBOURS: &str = "(SELECT min(a.distribution_seq) FROM distribution_journal a
    JOIN distribution_journal b ON b.distribution_seq = a.distribution_seq + 1 AND b.sequenced_at = a.sequenced_at
    WHERE a.kind = 'DISTRIBUTE' AND b.kind = 'DISTRIBUTE' AND a.adoption_date < b.adoption_date)";
/// The last adoption distributed.
const LAST: &str = "(SELECT max(distribution_seq) FROM distribution_journal WHERE kind = 'DISTRIBUTE')";

/// What is done to the database, and where it must be found.
pub(crate) struct Corruption {
    found_as: &'static str,
    statement: String,
}

pub(crate) fn planted(found_as: &'static str, statement: impl Into<String>) -> Corruption {
    Corruption { found_as, statement: statement.into() }
}

/// The id of the line of `table` that comes `nth` among those that are `such`.
fn line(table: &str, such: &str, nth: usize) -> String {
    format!("(SELECT id FROM {table} WHERE {such} ORDER BY id LIMIT 1 OFFSET {nth})")
}

fn change(found_as: &'static str, table: &str, such: &str, set: &str) -> Corruption {
    planted(found_as, format!("UPDATE {table} SET {set} WHERE id = {}", line(table, such, 3)))
}

const RECORDS: &str = "contribution_records";
const SYSTEM: &str = "system_contribution_records";
const UNALLOCATED: &str = "unallocated_contributions";
const UNIT: &str = "0.0000000001";

fn in_lines() -> Vec<Corruption> {
    let more = format!("amount = amount + {UNIT}");
    let mut planted_errors = vec![
        change("lines.amount", RECORDS, "true", &more),
        change("lines.amount", SYSTEM, "true", &more),
        change("lines.amount", UNALLOCATED, "true", &more),
        change("lines.amount", RECORDS, "slot = 0", "amount = 'NaN'"),
        change("lines.recipient", RECORDS, "slot = 4", "account_sequence = 'C00'"),
        change(
            "lines.recipient",
            UNALLOCATED,
            "would_be_account_sequence IS NOT NULL",
            "would_be_account_sequence = NULL",
        ),
        change("lines.level", RECORDS, "slot = 4", "level_depth = 2"),
        change("lines.level", RECORDS, "slot = 19", "bonus_tier = NULL"),
        change("lines.reason", UNALLOCATED, "reason LIKE 'LEVEL_LOCKED%'", "reason = reason || ' '"),
        change("lines.dates", RECORDS, "true", "expire_date = expire_date + 1"),
        change("lines.dates", SYSTEM, "slot = 1", "expire_date = '2030-01-01'"),
        change("lines.expired", RECORDS, "is_expired", "is_expired = FALSE"),
        change("lines.expired", RECORDS, "NOT is_expired", "is_expired = TRUE"),
        change("lines.allocated", UNALLOCATED, "true", "allocated_to_headquarters = FALSE"),
        change("lines.source", RECORDS, "true", "source_adoption_id = gen_random_uuid()"),
        change("lines.source", SYSTEM, "slot = 23", "distribution_rate = distribution_rate + 0.000001"),
    ];
    for table in [RECORDS, SYSTEM, UNALLOCATED] {
        let id = line(table, "true", 5);
        planted_errors.push(planted("lines.present", format!("DELETE FROM {table} WHERE id = {id}")));
        planted_errors.push(planted(
            "lines.once",
            format!(
                "CREATE TEMP TABLE copy AS SELECT * FROM {table} WHERE id = {id};
                UPDATE copy SET id = overlay(id::text PLACING 'fff' FROM 16)::uuid;
                INSERT INTO {table} SELECT * FROM copy"
            ),
        ));
    }
    planted_errors.push(planted(
        "lines.surplus",
        format!(
            "CREATE TEMP TABLE copy AS SELECT * FROM {UNALLOCATED} WHERE id = {};
            UPDATE copy SET id = ('0000000d-bba0' || substr(id::text, 14))::uuid, distribution_seq = 900000;
            INSERT INTO {UNALLOCATED} SELECT * FROM copy",
            line(UNALLOCATED, "true", 0)
        ),
    ));
    planted_errors.push(compensating_pair());
    planted_errors
}

/// One line has more, another as much less, and both balances agree with that.
fn compensating_pair() -> Corruption {
    let (one, other) =
        (line(RECORDS, "account_sequence = 'C18'", 0), line(RECORDS, "account_sequence = 'C19'", 0));
    let by = |sign: char, id: &str| {
        format!(
            "UPDATE contribution_accounts a SET total_contribution = total_contribution {sign} 7,
                effective_contribution = effective_contribution
                    {sign} CASE WHEN r.effective_date <= d.current_day AND d.current_day < r.expire_date THEN 7 ELSE 0 END,
                personal_contribution = personal_contribution
                    {sign} CASE r.source_type WHEN 'PERSONAL' THEN 7 ELSE 0 END,
                team_level_contribution = team_level_contribution
                    {sign} CASE r.source_type WHEN 'TEAM_LEVEL' THEN 7 ELSE 0 END,
                team_bonus_contribution = team_bonus_contribution
                    {sign} CASE r.source_type WHEN 'TEAM_BONUS' THEN 7 ELSE 0 END
            FROM contribution_records r, business_day d
            WHERE r.id = {id} AND a.account_sequence = r.account_sequence;
            UPDATE contribution_records SET amount = amount {sign} 7 WHERE id = {id};"
        )
    };
    planted("lines.amount", by('+', &one) + &by('-', &other))
}

fn in_summaries() -> Vec<Corruption> {
    let account = |found_as, set: &str| {
        planted(found_as, format!("UPDATE contribution_accounts SET {set} WHERE account_sequence = 'C18'"))
    };
    let system = |found_as, set: &str| {
        planted(found_as, format!("UPDATE system_accounts SET {set} WHERE account_type = 'CITY'"))
    };
    vec![
        account("accounts.balance", "team_level_contribution = team_level_contribution + 1"),
        account("accounts.balance", &format!("total_contribution = total_contribution - {UNIT}")),
        account("conservation", &format!("total_contribution = total_contribution - {UNIT}")),
        account("accounts.effective", &format!("effective_contribution = effective_contribution + {UNIT}")),
        account("accounts.counts", "direct_referral_adopted_count = direct_referral_adopted_count + 1"),
        account("accounts.counts", "has_adopted = NOT has_adopted"),
        account("accounts.unlock", "unlocked_level_depth = 4"),
        account("accounts.unlock", "unlocked_bonus_tiers = unlocked_bonus_tiers + 1"),
        account("accounts.unlock_seq", "unlock_seq = unlock_seq - 1"),
        planted("accounts.rows", "DELETE FROM contribution_accounts WHERE account_sequence = 'C18'"),
        planted("accounts.rows", "INSERT INTO contribution_accounts (account_sequence) VALUES ('C01x')"),
        system("system.balance", &format!("contribution_balance = contribution_balance + {UNIT}")),
        system("system.effective", &format!("effective_balance = effective_balance + {UNIT}")),
        planted("system.rows", "DELETE FROM system_accounts WHERE account_type = 'CITY'"),
        planted(
            "sequencer.accounts",
            "UPDATE sequencer_accounts SET direct_adopted = direct_adopted + 1
            WHERE account_sequence = 'C18'",
        ),
        planted(
            "sequencer.accounts",
            "UPDATE sequencer_accounts SET referrer = 'C01' WHERE account_sequence = 'C18'",
        ),
        planted("sequencer.accounts", "DELETE FROM sequencer_accounts WHERE account_sequence = 'C18'"),
        planted("sequencer.state", format!("UPDATE sequencer_state SET gross_base = gross_base + {UNIT}")),
        planted("sequencer.state", "UPDATE sequencer_state SET network_trees = network_trees - 1"),
        planted(
            "users.calculated",
            "UPDATE synced_users SET contribution_calculated = NOT contribution_calculated
            WHERE account_sequence = 'C18'",
        ),
    ]
}

fn in_adoptions() -> Vec<Corruption> {
    let latest = "WHERE entry_seq = ".to_owned() + LAST;
    vec![
        planted(
            "adoptions.marks",
            format!("UPDATE synced_adoptions SET contribution_distributed = FALSE {latest}"),
        ),
        planted("adoptions.marks", format!("UPDATE synced_adoptions SET entry_seq = entry_seq - 1 {latest}")),
        planted(
            "adoptions.marks",
            "UPDATE synced_adoptions SET contribution_distributed = TRUE
            WHERE account_sequence = 'nobody'",
        ),
        planted(
            "adoptions.state",
            format!("UPDATE synced_adoptions SET distribution_state = 'sequenced' {latest}"),
        ),
        planted(
            "adoptions.state",
            "UPDATE synced_adoptions SET distribution_state = 'waiting'
            WHERE adoption_date = '1999-12-31'",
        ),
        planted(
            "adoptions.source",
            format!("UPDATE synced_adoptions SET tree_count = tree_count + 1 {latest}"),
        ),
        planted("adoptions.source", format!("UPDATE synced_adoptions SET status = 'Refunded' {latest}")),
        planted(
            "adoptions.numbered",
            "UPDATE synced_adoptions SET account_sequence = 'C03'
            WHERE account_sequence = 'nobody'",
        ),
        planted(
            "referrals.journaled",
            "UPDATE synced_referrals SET referrer_account_sequence = 'C02'
            WHERE account_sequence = 'C18'",
        ),
        planted(
            "chunks.cover",
            "DELETE FROM distribution_chunks WHERE first_seq =
            (SELECT first_seq FROM distribution_chunks ORDER BY first_seq LIMIT 1 OFFSET 2)",
        ),
        planted("chunks.cover", "UPDATE distribution_chunks SET last_seq = last_seq + 1 WHERE first_seq = 1"),
        planted(
            "chunks.booked",
            "UPDATE distribution_chunks SET booked_day = booked_day + 1 WHERE first_seq = 1",
        ),
        planted("chunks.booked", "UPDATE distribution_chunks SET distributed_at = NULL WHERE first_seq = 1"),
    ]
}

fn in_journal() -> Vec<Corruption> {
    let last = |found_as, set: &str| {
        planted(found_as, format!("UPDATE distribution_journal SET {set} WHERE distribution_seq = {LAST}"))
    };
    let one = |found_as, such: &str, set: &str| {
        planted(
            found_as,
            format!(
                "UPDATE distribution_journal SET {set} WHERE distribution_seq =
                    (SELECT max(distribution_seq) FROM distribution_journal WHERE {such})"
            ),
        )
    };
    let full = "cardinality(upline) = 15 AND kind = 'DISTRIBUTE'";
    vec![
        one("journal.upline", full, "upline = upline[2:2] || upline[1:1] || upline[3:15]"),
        one("journal.upline", full, "upline = upline[1:14] || upline[1:1]"),
        one("journal.fields", full, "upline_directs = upline_directs[1:14]"),
        one("journal.unlock", full, "upline_directs[3] = upline_directs[3] + 1"),
        one("journal.unlock", full, "upline_depths[15] = 14"),
        one("journal.unlock", full, "referrer_tiers = (referrer_tiers + 1) % 3"),
        last("journal.price", "source_price = contribution_per_tree + 1"),
        one(
            "journal.price",
            "source_price IS NULL AND kind = 'DISTRIBUTE'",
            "contribution_per_tree = contribution_per_tree + 1, base_amount = base_amount + tree_count",
        ),
        last("journal.fields", "contribution_per_tree = 'NaN'"),
        last("journal.base", &format!("base_amount = base_amount + {UNIT}")),
        last("journal.plan", "plan_version = 3 - plan_version"),
        last("journal.trees_before", "network_trees_before = network_trees_before + 1"),
        last("journal.dates", "expire_date = expire_date + 1"),
        last("journal.dates", "numbered_day = numbered_day - 365"),
        last("journal.fields", "adoption_date = 'infinity'"),
        last("journal.fields", "base_amount = NULL"),
        one("journal.effects", "effect_live[1] > 0", "effect_live[1] = effect_live[1] + 1"),
        one("journal.effects", "cardinality(effect_live) = 2", "effect_accounts = effect_accounts[2:2] || effect_accounts[1:1]"),
        one("journal.reverse", "kind = 'REVERSE'", "tree_count = tree_count + 1"),
        one("journal.reverse", "kind = 'REVERSE'", "reverses_seq = 1000"),
        one("journal.move", "kind = 'REFERRAL_MOVE'", "referrer_before = 'C01'"),
        one("journal.move", "kind = 'REFERRAL_MOVE'", "referrer_after = referrer_before"),
        planted("journal.numbers", format!("DELETE FROM distribution_journal WHERE distribution_seq = {LAST} - 2")),
        planted(
            "journal.order",
            format!(
                "CREATE TEMP TABLE swapped AS SELECT {NEIGHBOURS} AS low;
                UPDATE distribution_journal SET distribution_seq = 100000 WHERE distribution_seq = (SELECT low FROM swapped);
                UPDATE distribution_journal SET distribution_seq = distribution_seq - 1
                    WHERE distribution_seq = (SELECT low + 1 FROM swapped);
                UPDATE distribution_journal SET distribution_seq = (SELECT low + 1 FROM swapped)
                    WHERE distribution_seq = 100000"
            ),
        ),
        planted(
            "journal.order",
            "UPDATE distribution_journal SET sequenced_at = sequenced_at - interval '1 hour' WHERE distribution_seq =
                (SELECT min(distribution_seq) + 1 FROM distribution_journal WHERE kind = 'REFERRAL_MOVE')",
        ),
    ]
}

fn failing(report: &Report) -> Vec<&'static str> {
    report
        .identities
        .iter()
        .filter(|identity| identity.discrepancies > 0)
        .map(|identity| identity.name)
        .collect()
}

/// Each error, planted alone into a copy of `healthy`, is found under its name.
pub(crate) async fn each_is_found(
    healthy: &TestDatabase,
    corruptions: impl IntoIterator<Item = Corruption>,
) -> anyhow::Result<()> {
    let mut missed = Vec::new();
    for Corruption { found_as, statement } in corruptions {
        let copy = healthy.copy().await?;
        sqlx::raw_sql(&statement).execute(copy.pool()).await?;
        let found = failing(&audit(copy.pool()).await?);
        if !found.contains(&found_as) {
            missed.push(format!("{found_as}: {statement}\n    found: {found:?}"));
        }
        copy.close().await?;
    }
    anyhow::ensure!(missed.is_empty(), "not found:\n{}", missed.join("\n"));
    Ok(())
}

#[tokio::test]
async fn each_planted_error_is_found_and_a_healthy_database_is_clean() -> anyhow::Result<()> {
    let healthy = History::settled().await?;
    let report = audit(healthy.pool()).await?;
    assert!(report.is_clean(), "a healthy database:\n{report}");
    let nothing: Vec<_> = report
        .identities
        .iter()
        .filter(|identity| identity.checked == 0)
        .map(|identity| identity.name)
        .collect();
    assert!(
        !nothing.iter().any(|name| name.starts_with("journal") || name.starts_with("lines")),
        "{nothing:?}"
    );
    each_is_found(&healthy, [in_lines(), in_summaries(), in_adoptions(), in_journal()].into_iter().flatten())
        .await?;
    healthy.close().await
}

#[tokio::test]
async fn what_is_only_numbered_or_still_queued_is_clean() -> anyhow::Result<()> {
    let unfinished = History::unfinished().await?;
    let report = audit(unfinished.pool()).await?;
    assert!(report.is_clean(), "an unfinished database:\n{report}");
    unfinished.close().await
}
