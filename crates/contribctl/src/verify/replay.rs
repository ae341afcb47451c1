//! Identity 9: numbers the journal's facts again, from nothing, and compares what follows from them.

use std::collections::HashMap;
use std::fmt::Debug;

use chrono::{DateTime, NaiveDate, Utc};
use domain::{Distribution, Entry, Fact, Prior, SequenceError, SequencerState, SourceAdoption, SourcePrice};
use persistence::verify::facts;
use persistence::{Error, PgConnection, Result, journal, sequencer};
use uuid::Uuid;

use super::Finding;
use super::ledger::Span;
use super::plans::PlanHistory;

/// The numbering, done once more.
#[derive(Debug)]
pub struct Replay {
    state: SequencerState,
    business_day: NaiveDate,
    /// Day and moment of the entry before.
    before: Option<(NaiveDate, DateTime<Utc>)>,
}

/// What is known of an adoption that was distributed before.
#[derive(Debug)]
struct Known {
    prior: Prior,
    live: bool,
}

impl Replay {
    /// Before the first entry.
    pub fn new(business_day: NaiveDate) -> Self {
        Self { state: SequencerState::default(), business_day, before: None }
    }

    /// Numbers the entries of a span again; the first that cannot be numbered again leaves the state as it was.
    pub async fn range(
        &mut self,
        connection: &mut PgConnection,
        entries: &[Entry],
        span: &Span,
        plans: &PlanHistory,
        finding: &mut Finding,
    ) -> Result<()> {
        let moments: HashMap<i64, DateTime<Utc>> =
            facts::sequenced_at(connection, span.first, span.last).await?.into_iter().collect();
        let mut known = known_before(connection, entries, span.first, finding).await?;
        finding.checked(entries.len());
        for entry in entries {
            let Some(&at) = moments.get(&entry.seq) else { continue };
            let mut wrong = self.wrong_day(entry, at);
            match self.again(entry, at, &known, plans, &mut wrong) {
                Ok(right) => compare(entry, &right, &mut wrong),
                Err(why) => wrong.push(why),
            }
            if !wrong.is_empty() {
                finding.wrong(format!("entry {}: {}", entry.seq, wrong.join("; ")));
            }
            learn(&mut known, entry);
            self.before = Some((entry.numbered_day, at));
        }
        // nothing is stored from here
        self.state.drain_touched();
        Ok(())
    }

    /// Compares the state after the last entry with the sequencer's own.
    pub async fn end(self, connection: &mut PgConnection, finding: &mut Finding) -> Result<()> {
        let stored = sequencer::load(connection).await?;
        let mut wrong = Vec::new();
        differ(&mut wrong, "last_seq", &stored.last_seq, &self.state.last_seq);
        differ(&mut wrong, "network_trees", &stored.network_trees, &self.state.network_trees);
        differ(&mut wrong, "gross_base", &stored.gross_base, &self.state.gross_base);
        if !wrong.is_empty() {
            finding.wrong(format!("sequencer_state: {}", wrong.join("; ")));
        }
        for (account, right) in self.state.accounts() {
            match stored.account(account) {
                Some(stored) if stored == right => {}
                Some(stored) => {
                    let mut wrong = Vec::new();
                    differ(&mut wrong, "referrer", &stored.referrer, &right.referrer);
                    differ(&mut wrong, "live_adoptions", &stored.live, &right.live);
                    differ(&mut wrong, "direct_adopted", &stored.directs, &right.directs);
                    differ(&mut wrong, "last_seq", &stored.last_seq, &right.last_seq);
                    finding.wrong(format!("sequencer_accounts {account}: {}", wrong.join("; ")));
                }
                None => finding.wrong(format!("sequencer_accounts has no {account}")),
            }
        }
        for (account, _) in stored.accounts().filter(|(account, _)| self.state.account(account).is_none()) {
            finding.wrong(format!("sequencer_accounts {account}: no entry names it"));
        }
        Ok(())
    }

    /// The business day only moves forward, and is one for all entries of a pass.
    fn wrong_day(&self, entry: &Entry, at: DateTime<Utc>) -> Vec<String> {
        let day = entry.numbered_day;
        let mut wrong = Vec::new();
        if day > self.business_day {
            wrong.push(format!("numbered_day {day} is still to come"));
        }
        if let Some((before, moment)) = self.before
            && (day < before || (day != before && at == moment))
        {
            wrong.push(format!("numbered_day is {day}, that of the entry before {before}"));
        }
        wrong
    }

    fn again(
        &mut self,
        entry: &Entry,
        at: DateTime<Utc>,
        known: &HashMap<Uuid, Known>,
        plans: &PlanHistory,
        wrong: &mut Vec<String>,
    ) -> std::result::Result<Entry, String> {
        // a gap is another identity's business
        self.state.last_seq = entry.seq - 1;
        let day = entry.numbered_day;
        let done = match &entry.fact {
            Fact::Distribute(of) => {
                let version = of.plan_version;
                let plan = plans.version(version).ok_or_else(|| format!("there is no plan {version}"))?;
                differ(wrong, "plan_version", &version, &plans.for_date(of.adoption_date, at).version);
                let before = known.get(&of.adoption_id);
                if let Some(before) = before.filter(|before| before.live) {
                    wrong.push(format!("its adoption is distributed already, by entry {}", before.prior.seq));
                }
                let upline: Vec<_> = of.upline.iter().map(|ancestor| ancestor.account.clone()).collect();
                self.state.distribute(&source(of), &upline, before.map(|before| &before.prior), plan, day)
            }
            Fact::Reverse { of, .. } => {
                let before = known.get(&of.adoption_id).filter(|before| before.live);
                let before = before.ok_or("it reverses an adoption that is not distributed")?;
                self.state.reverse(&before.prior, day)
            }
            Fact::ReferralMove { account, after, .. } => {
                let moved = self.state.refer_move(account, after.as_ref(), day);
                moved.and_then(|moved| moved.ok_or_else(|| SequenceError::Journaled(account.clone())))
            }
        };
        let done = done.map_err(|why| format!("cannot be numbered again: {why}"));
        self.state.last_seq = entry.seq;
        done
    }
}

/// Of the adoptions of `entries`, what the entries before `first` say.
async fn known_before(
    connection: &mut PgConnection,
    entries: &[Entry],
    first: i64,
    finding: &mut Finding,
) -> Result<HashMap<Uuid, Known>> {
    let mut adoptions: Vec<Uuid> = entries.iter().filter_map(adoption).collect();
    adoptions.sort_unstable();
    adoptions.dedup();
    let mut known = HashMap::new();
    for adoption in facts::begun_before(connection, &adoptions, first).await? {
        match journal::of_adoption(connection, adoption).await {
            Ok(rows) => {
                rows.iter().filter(|row| row.entry.seq < first).for_each(|row| learn(&mut known, &row.entry));
            }
            Err(Error::Corrupt(what)) => finding.wrong(format!("entries of adoption {adoption}: {what}")),
            Err(error) => return Err(error),
        }
    }
    Ok(known)
}

fn adoption(entry: &Entry) -> Option<Uuid> {
    match &entry.fact {
        Fact::Distribute(of) | Fact::Reverse { of, .. } => Some(of.adoption_id),
        Fact::ReferralMove { .. } => None,
    }
}

fn learn(known: &mut HashMap<Uuid, Known>, entry: &Entry) {
    match &entry.fact {
        Fact::Distribute(of) => {
            let largest = known.get(&of.adoption_id).map_or(0, |before| before.prior.largest_trees);
            let largest_trees = largest.max(of.tree_count);
            let prior = Prior { seq: entry.seq, latest: of.clone(), largest_trees };
            known.insert(of.adoption_id, Known { prior, live: true });
        }
        Fact::Reverse { of, .. } => {
            if let Some(before) = known.get_mut(&of.adoption_id) {
                before.live = false;
            }
        }
        Fact::ReferralMove { .. } => {}
    }
}

/// The adoption as upstream must have described it.
fn source(of: &Distribution) -> SourceAdoption {
    SourceAdoption {
        id: of.adoption_id,
        account: of.account.clone(),
        tree_count: of.tree_count,
        adoption_date: of.adoption_date,
        status: None,
        price: of.source_price.map_or(SourcePrice::Unpriced, |price| SourcePrice::Priced(price.amount())),
        created_at: None,
        deleted: false,
    }
}

fn compare(stored: &Entry, right: &Entry, wrong: &mut Vec<String>) {
    match (&stored.fact, &right.fact) {
        (Fact::Distribute(stored), Fact::Distribute(right)) => compare_inputs(stored, right, wrong),
        (
            Fact::Reverse { reverses: stored_seq, of: stored },
            Fact::Reverse { reverses: right_seq, of: right },
        ) => {
            differ(wrong, "reverses_seq", stored_seq, right_seq);
            compare_inputs(stored, right, wrong);
        }
        (Fact::ReferralMove { before: stored, .. }, Fact::ReferralMove { before: right, .. }) => {
            differ(wrong, "referrer_before", stored, right);
        }
        _ => wrong.push("it is of another kind".to_owned()),
    }
    differ(wrong, "effects", &stored.effects, &right.effects);
}

fn compare_inputs(stored: &Distribution, right: &Distribution, wrong: &mut Vec<String>) {
    differ(wrong, "original_adoption_id", &stored.adoption_id, &right.adoption_id);
    differ(wrong, "account_sequence", &stored.account, &right.account);
    differ(wrong, "tree_count", &stored.tree_count, &right.tree_count);
    differ(wrong, "contribution_per_tree", &stored.price, &right.price);
    differ(wrong, "source_price", &stored.source_price, &right.source_price);
    differ(wrong, "base_amount", &stored.base, &right.base);
    differ(wrong, "adoption_date", &stored.adoption_date, &right.adoption_date);
    differ(wrong, "effective_date", &stored.effective_date, &right.effective_date);
    differ(wrong, "expire_date", &stored.expire_date, &right.expire_date);
    differ(wrong, "plan_version", &stored.plan_version, &right.plan_version);
    differ(wrong, "network_trees_before", &stored.network_trees_before, &right.network_trees_before);
    differ(wrong, "upline", &stored.upline, &right.upline);
    differ(wrong, "referrer_tiers", &stored.referrer_tiers, &right.referrer_tiers);
}

fn differ<T: PartialEq + Debug>(wrong: &mut Vec<String>, what: &str, stored: &T, right: &T) {
    if stored != right {
        wrong.push(format!("{what} is {stored:?} and should be {right:?}"));
    }
}
