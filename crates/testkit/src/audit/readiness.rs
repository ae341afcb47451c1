//! Adoptions that are not distributed: why not, and that nothing that is ready was left (RULES section 2).

use std::fmt;

use futures::TryStreamExt;
use sqlx::PgConnection;
use sqlx::types::Uuid;

use super::amount::{Amount, is_positive};
use super::calendar;
use super::clock::Clock;
use super::referrals::{Referrals, Walk};
use super::replay::Replay;
use super::report::{Check, Findings};
use super::source::{SourceRow, Unsettled};
use super::{AuditError, Options};

/// Rows that no entry names, and those of the adoptions in `$1`, whose latest entry is a REVERSE.
const ROWS: &str = "SELECT a.original_adoption_id AS row_id, a.account_sequence AS row_account,
        a.tree_count AS row_trees, a.adoption_date::text AS row_date, a.status AS row_status,
        a.contribution_per_tree::text AS row_price, a.unstorable_price IS NOT NULL AS row_unstorable,
        extract(epoch FROM a.source_created_at)::text AS row_created_at,
        a.source_deleted_at IS NOT NULL AS row_deleted, a.contribution_distributed AS row_distributed,
        a.entry_seq AS row_entry_seq, a.distribution_state AS row_state, b.state AS row_backlog
    FROM synced_adoptions a LEFT JOIN sequencer_backlog b ON b.original_adoption_id = a.original_adoption_id
    WHERE a.entry_seq IS NULL OR a.original_adoption_id = ANY($1)";

#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    Ineligible,
    Anomaly,
    Waiting,
    Ready,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Ineligible => "ineligible",
            Self::Anomaly => "anomaly",
            Self::Waiting => "waiting",
            Self::Ready => "ready",
        })
    }
}

/// What the verdicts are given by.
pub(crate) struct Judge<'a> {
    pub(crate) clock: &'a Clock,
    pub(crate) unsettled: &'a Unsettled,
    pub(crate) options: &'a Options,
    pub(crate) referrals: &'a Referrals,
}

impl Judge<'_> {
    /// Judges every adoption that has no live DISTRIBUTE.
    pub(crate) async fn compare(
        &self,
        connection: &mut PgConnection,
        replay: &mut Replay<'_>,
        findings: &mut Findings,
    ) -> Result<(), AuditError> {
        const STATE: &str = "SELECT coalesce(bool_or(bootstrap_open), FALSE) FROM sequencer_state";
        const NAMED: &str = "SELECT count(*) FROM synced_adoptions WHERE entry_seq IS NOT NULL";
        let open: bool = sqlx::query_scalar(STATE).fetch_one(&mut *connection).await?;
        findings.check(Check::AdoptionsNumbered, open || replay.last_seq == 0, || {
            "entries were numbered before the initial snapshots were read".to_owned()
        });
        let named: i64 = sqlx::query_scalar(NAMED).fetch_one(&mut *connection).await?;
        findings.check(Check::AdoptionsMarks, named <= replay.adoptions(), || {
            format!("{named} adoptions name an entry, the journal names {}", replay.adoptions())
        });
        let reversed: Vec<Uuid> = replay.reversed().collect();
        let mut rows = sqlx::query_as::<_, SourceRow>(ROWS).bind(&reversed).fetch(connection);
        while let Some(row) = rows.try_next().await? {
            self.judge(&row, open, replay, findings);
        }
        Ok(())
    }

    fn judge(&self, row: &SourceRow, open: bool, replay: &mut Replay<'_>, findings: &mut Findings) {
        let (Some(id), true) = (row.id, self.unsettled.at_rest(row)) else { return };
        let reversed = replay.is_reversed(id);
        if !reversed {
            findings.check(Check::AdoptionsMarks, row.distributed == Some(false), || {
                format!("{id}: contribution_distributed is {:?}, and no entry names it", row.distributed)
            });
        }
        if !open || self.referrals.changing {
            return;
        }
        let verdict = match self.verdict(row, replay) {
            Ok(verdict) => verdict,
            Err(why) => return findings.check(Check::AdoptionsNumbered, false, || format!("{id}: {why}")),
        };
        findings.check(Check::AdoptionsNumbered, verdict != Verdict::Ready, || {
            format!("{id} of {} is ready and not numbered", row.account.as_deref().unwrap_or_default())
        });
        let expected = match verdict {
            Verdict::Ineligible | Verdict::Anomaly if reversed => "reversed".to_owned(),
            verdict => verdict.to_string(),
        };
        findings.check(Check::AdoptionsState, row.state.as_ref() == Some(&expected), || {
            format!("{id}: distribution_state is {:?}, expected {expected}", row.state)
        });
    }

    /// Where several states apply: ineligible, then anomaly, then waiting.
    fn verdict(&self, row: &SourceRow, replay: &mut Replay<'_>) -> Result<Verdict, String> {
        if !row.eligible(self.options) {
            return Ok(Verdict::Ineligible);
        }
        let (date, price) = (row.date()?, row.price()?);
        let trees = row.trees.ok_or("tree_count is NULL")?;
        let adopter = replay.accounts.intern(row.account.as_deref().ok_or("account_sequence is NULL")?);
        let walk = self.referrals.walk(adopter, &replay.accounts, self.options.missing_referral_is_root);
        let refused = price.as_ref().is_some_and(|price| !is_positive(price)) || row.unstorable;
        if trees <= 0 || refused || date < self.options.first_day || walk == Walk::Cycle {
            return Ok(Verdict::Anomaly);
        }
        let price = price.or_else(|| row.id.and_then(|id| replay.price_kept(id)));
        let price = price.unwrap_or_else(|| replay.price_of_today(date));
        if replay.exceeds_limit(&(price * Amount::from(trees))) {
            return Ok(Verdict::Anomaly);
        }
        let mut last_day = self.clock.today;
        for _ in 0..self.options.max_future_days {
            last_day = calendar::next(last_day);
        }
        let ready = walk == Walk::Complete && date <= last_day;
        Ok(if ready { Verdict::Ready } else { Verdict::Waiting })
    }
}
