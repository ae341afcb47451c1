//! Team statistics, worked out again from the journal, one booked day after the other (RULES section 7).

use std::collections::{HashMap, HashSet};

use futures::TryStreamExt;
use sqlx::PgConnection;

use super::AuditError;
use super::accounts::{Accounts, Id};
use super::clock::Clock;
use super::report::{Check, Findings};

const LEVELS: usize = 15;

/// Days on which something was booked or that have rows, as far as rows go and the day is over.
const DAYS: &str = "SELECT day::text FROM (SELECT booked_day AS day FROM distribution_chunks
        WHERE booked_day IS NOT NULL UNION SELECT stats_date FROM user_team_stats) AS days
    WHERE day < $1::date AND day <= (SELECT max(stats_date) FROM user_team_stats) ORDER BY day";
/// The entries booked on a day, in their order; of a REVERSE also the day on which its original was booked.
const BOOKED: &str = "SELECT j.distribution_seq, j.kind, j.tree_count, j.upline, j.reverses_seq,
        o.booked_day IS NOT NULL AND o.booked_day <= c.booked_day AS original_booked,
        j.effect_accounts, j.effect_directs
    FROM distribution_chunks c
    JOIN distribution_journal j ON j.distribution_seq BETWEEN c.first_seq AND c.last_seq
    LEFT JOIN LATERAL (SELECT booked_day FROM distribution_chunks WHERE first_seq <= j.reverses_seq
        ORDER BY first_seq DESC LIMIT 1) o ON TRUE
    WHERE c.booked_day = $1::date ORDER BY j.distribution_seq";
const ROWS: &str = "SELECT account_sequence, ARRAY[level_1_trees, level_2_trees, level_3_trees, level_4_trees,
        level_5_trees, level_6_trees, level_7_trees, level_8_trees, level_9_trees, level_10_trees, level_11_trees,
        level_12_trees, level_13_trees, level_14_trees, level_15_trees] AS levels, total_team_trees,
        direct_adopted_referrals
    FROM user_team_stats WHERE stats_date = $1::date";

#[derive(sqlx::FromRow)]
struct EntryRow {
    distribution_seq: i64,
    kind: String,
    tree_count: Option<i32>,
    upline: Option<Vec<Option<String>>>,
    reverses_seq: Option<i64>,
    original_booked: bool,
    effect_accounts: Vec<Option<String>>,
    effect_directs: Vec<Option<i32>>,
}

#[derive(sqlx::FromRow)]
struct StatsRow {
    account_sequence: String,
    levels: Vec<Option<i32>>,
    total_team_trees: Option<i32>,
    direct_adopted_referrals: Option<i32>,
}

/// What is known of an account's team at the end of a day.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
struct Team {
    levels: [i64; LEVELS],
    directs: i64,
    /// The newest entry that changed `directs`.
    directs_seq: i64,
}

/// Every team, and what the day under way has touched.
#[derive(Default)]
struct Teams {
    all: HashMap<Id, Team>,
    /// As they were when the day began.
    touched: HashMap<Id, Team>,
    /// DISTRIBUTE entries whose reversal was booked on an earlier day: they never count.
    reversed_ahead: HashSet<i64>,
}

/// Compares every row there is, and that none is missing.
pub(crate) async fn compare(
    connection: &mut PgConnection,
    accounts: &mut Accounts,
    clock: &Clock,
    findings: &mut Findings,
) -> Result<(), AuditError> {
    let days: Vec<String> =
        sqlx::query_scalar(DAYS).bind(clock.today.to_string()).fetch_all(&mut *connection).await?;
    let mut teams = Teams::default();
    for day in days {
        let mut entries = sqlx::query_as::<_, EntryRow>(BOOKED).bind(&day).fetch(&mut *connection);
        while let Some(entry) = entries.try_next().await? {
            teams.take(&entry, accounts);
        }
        drop(entries);
        let mut rows = sqlx::query_as::<_, StatsRow>(ROWS).bind(&day).fetch(&mut *connection);
        while let Some(row) = rows.try_next().await? {
            teams.judge(&day, &row, accounts, findings);
        }
        drop(rows);
        teams.end_day(&day, accounts, findings);
    }
    Ok(())
}

impl Teams {
    /// The team of an account, which the day touches.
    fn touch(&mut self, id: Id) -> &mut Team {
        let team = self.all.entry(id).or_default();
        self.touched.entry(id).or_insert_with(|| team.clone());
        team
    }

    fn take(&mut self, entry: &EntryRow, accounts: &mut Accounts) {
        let seq = entry.distribution_seq;
        let sign = match (entry.kind.as_str(), entry.reverses_seq) {
            ("DISTRIBUTE", _) => i64::from(!self.reversed_ahead.remove(&seq)),
            ("REVERSE", Some(_)) if entry.original_booked => -1,
            ("REVERSE", Some(original)) => {
                self.reversed_ahead.insert(original);
                0
            }
            _ => 0,
        };
        let trees = sign * i64::from(entry.tree_count.unwrap_or(0));
        if trees != 0 {
            for (level, name) in entry.upline.iter().flatten().take(LEVELS).enumerate() {
                let Some(name) = name else { continue };
                self.touch(accounts.intern(name)).levels[level] += trees;
            }
        }
        for (name, directs) in entry.effect_accounts.iter().zip(&entry.effect_directs) {
            let (Some(name), Some(directs)) = (name, directs) else { continue };
            let team = self.touch(accounts.intern(name));
            if team.directs_seq < seq {
                (team.directs, team.directs_seq) = (i64::from(*directs), seq);
            }
        }
    }

    fn judge(&mut self, day: &str, row: &StatsRow, accounts: &Accounts, findings: &mut Findings) {
        let id = accounts.find(&row.account_sequence);
        let touched = id.is_some_and(|id| self.touched.remove(&id).is_some());
        let team = id.and_then(|id| self.all.get(&id)).cloned().unwrap_or_default();
        let levels: Option<Vec<i64>> = row.levels.iter().map(|trees| trees.map(i64::from)).collect();
        let holds = touched
            && levels.as_deref() == Some(&team.levels[..])
            && row.total_team_trees.map(i64::from) == Some(team.levels.iter().sum())
            && row.direct_adopted_referrals.map(i64::from) == Some(team.directs);
        findings.check(Check::Team, holds, || {
            format!(
                "{} on {day}: levels {levels:?}, total {:?}, directs {:?}, expected {:?}, {}; changed that day: {touched}",
                row.account_sequence, row.total_team_trees, row.direct_adopted_referrals, team.levels, team.directs
            )
        });
    }

    /// Those whose figures changed have a row.
    fn end_day(&mut self, day: &str, accounts: &Accounts, findings: &mut Findings) {
        for (id, before) in std::mem::take(&mut self.touched) {
            let now = self.all.get(&id);
            let changed = now.is_some_and(|now| (now.levels, now.directs) != (before.levels, before.directs));
            if changed {
                findings.check(Check::Team, false, || format!("{} has no row on {day}", accounts.name(id)));
            }
        }
    }
}
