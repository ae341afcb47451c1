//! The sequencer's own state of every account as of the journal, and the three ways in which an entry
//! changes it (RULES sections 3 and 5).
//!
//! Invariant, at every seq: an account's `directs` is the number of accounts whose journaled referrer it is
//! and that have a live adoption.

use std::collections::HashMap;
use std::iter::once;

use chrono::NaiveDate;
use thiserror::Error;

use crate::MAX_UPLINE;
use crate::account::AccountSequence;
use crate::account_state::{AccountState, Referrer};
use crate::adoption::{Anomaly, SourceAdoption, anomaly, source_price};
use crate::amount::{Amount, AmountError};
use crate::dates::{self, DateError};
use crate::entry::{Ancestor, Distribution, Effect, Entry, Fact};
use crate::line_id::MAX_SEQ;
use crate::plan::Plan;
use crate::pricing::Price;

/// The base of all DISTRIBUTE entries together stays below this, so that no sum can overflow.
const GROSS_LIMIT: Amount = Amount::from_whole(1_000_000_000_000_000_000);

/// What is known of an adoption that was distributed before, whether that is reversed or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prior {
    /// The seq of its latest DISTRIBUTE.
    pub seq: i64,
    /// That entry's inputs.
    pub latest: Distribution,
    /// The largest tree count of all its DISTRIBUTE entries.
    pub largest_trees: i32,
}

/// The state of the numbering.
#[derive(Debug, Clone, Default)]
pub struct SequencerState {
    accounts: HashMap<AccountSequence, AccountState>,
    /// The last number given; 0 before the first.
    pub last_seq: i64,
    /// Trees of the network, `B` of RULES section 3: reversals lower nothing, and an adoption distributed
    /// again adds only what exceeds its largest earlier count.
    pub network_trees: i64,
    /// The base of all DISTRIBUTE entries; reversals lower nothing.
    pub gross_base: Amount,
    /// Accounts changed since they were last drained, with repetitions.
    touched: Vec<AccountSequence>,
}

/// Why an entry is not numbered. The state is as it was.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum SequenceError {
    /// Something is wrong with the adoption: it is set aside with this reason, and numbering goes on.
    #[error(transparent)]
    Anomaly(#[from] Anomaly),
    /// The upline given is longer than 15 or contains the adopter: the caller walked wrongly.
    #[error("not an upline of {0}")]
    Upline(AccountSequence),
    /// The upline given contradicts the journaled referrer of this account, whose move comes first: the
    /// caller walked wrongly.
    #[error("the upline contradicts the journaled referrer of {0}")]
    Journaled(AccountSequence),
    /// The counts of this account would leave their range: the state contradicts the journal.
    #[error("the counts of {0} contradict the journal")]
    Counts(AccountSequence),
    /// There is no number left, or the network's trees cannot be counted any more.
    #[error("the numbering is exhausted")]
    Exhausted,
    /// A date leaves the calendar.
    #[error(transparent)]
    Date(#[from] DateError),
    /// A sum or product does not fit.
    #[error(transparent)]
    Amount(#[from] AmountError),
}

impl SequencerState {
    /// The state as it was stored, for a leader that takes over.
    pub fn restore(
        last_seq: i64,
        network_trees: i64,
        gross_base: Amount,
        accounts: impl IntoIterator<Item = (AccountSequence, AccountState)>,
    ) -> Self {
        let accounts = accounts.into_iter().collect();
        Self { accounts, last_seq, network_trees, gross_base, touched: Vec::new() }
    }

    /// What the journal knows of an account, if anything.
    pub fn account(&self, account: &AccountSequence) -> Option<&AccountState> {
        self.accounts.get(account)
    }

    /// All accounts the journal knows, in no order.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = (&AccountSequence, &AccountState)> {
        self.accounts.iter()
    }

    /// An account's journaled referrer.
    pub fn referrer(&self, account: &AccountSequence) -> Referrer {
        self.account(account).map_or(Referrer::Unknown, |state| state.referrer.clone())
    }

    /// Numbers a ready adoption. `upline` is that of [`Walk::Complete`](crate::Walk::Complete), `prior` what
    /// is known if it was distributed before, `plan` the one for its adoption date, `day` the business day.
    ///
    /// First the referrers of adopter and upline are journaled and the adoption's own effect is applied;
    /// what the entry then fixes is the state after it.
    pub fn distribute(
        &mut self,
        source: &SourceAdoption,
        upline: &[AccountSequence],
        prior: Option<&Prior>,
        plan: &Plan,
        day: NaiveDate,
    ) -> Result<Entry, SequenceError> {
        let account = &source.account;
        if let Some(anomaly) = anomaly(source) {
            return Err(anomaly.into());
        }
        let (price, source_price) = self.price(source, prior, plan)?;
        let base = price.times(source.tree_count)?;
        let gross_base = self.gross_with(base)?;
        let network_trees = self.network_with(source.tree_count, prior)?;
        let effective_date = dates::effective_date(source.adoption_date)?;
        let expire_date = dates::expire_date(effective_date, plan.term_years)?;
        self.check_upline(account, upline)?;
        let effects = self.effects_of_adoption(account, upline.first(), Turn::Begins)?;
        let seq = self.next_seq()?;

        // From here on nothing fails.
        let network_trees_before = self.network_trees;
        self.last_seq = seq;
        self.network_trees = network_trees;
        self.gross_base = gross_base;
        self.journal_referrers(account, upline);
        self.apply(&effects);
        let referrer_tiers = upline.first().map_or(0, |referrer| self.unlocked_tiers(referrer, plan));
        let upline = upline.iter().map(|ancestor| self.ancestor(ancestor, plan)).collect();
        let distribution = Distribution {
            adoption_id: source.id,
            account: account.clone(),
            tree_count: source.tree_count,
            price,
            source_price,
            base,
            adoption_date: source.adoption_date,
            effective_date,
            expire_date,
            plan_version: plan.version,
            network_trees_before,
            upline,
            referrer_tiers,
        };
        Ok(Entry { seq, numbered_day: day, fact: Fact::Distribute(distribution), effects })
    }

    /// Numbers the reversal of an adoption's latest DISTRIBUTE, which must be live.
    pub fn reverse(&mut self, prior: &Prior, day: NaiveDate) -> Result<Entry, SequenceError> {
        let account = &prior.latest.account;
        let mut of = prior.latest.clone();
        of.effective_date = dates::reversal_date(of.effective_date, day)?;
        let referrer = self.referrer(account);
        let effects = self.effects_of_adoption(account, referrer.account(), Turn::Ends)?;
        self.last_seq = self.next_seq()?;
        self.apply(&effects);
        let fact = Fact::Reverse { reverses: prior.seq, of };
        Ok(Entry { seq: self.last_seq, numbered_day: day, fact, effects })
    }

    /// Numbers the move of an account to another referrer, or to none. `None` where there is nothing to
    /// number now: its referrer is not journaled yet, or the same, or the move would close a cycle in the
    /// journaled tree (then it is tried again in every pass).
    pub fn refer_move(
        &mut self,
        account: &AccountSequence,
        after: Option<&AccountSequence>,
        day: NaiveDate,
    ) -> Result<Option<Entry>, SequenceError> {
        let before = self.referrer(account);
        let is_move = before != Referrer::Unknown && before != Referrer::from(after);
        if !is_move || after.is_some_and(|after| self.is_at_or_below(after, account)) {
            return Ok(None);
        }
        let before = before.account().cloned();
        let effects = self.effects_of_move(account, before.as_ref(), after)?;
        self.last_seq = self.next_seq()?;
        self.set_referrer(account, Referrer::from(after));
        self.apply(&effects);
        let fact = Fact::ReferralMove { account: account.clone(), before, after: after.cloned() };
        Ok(Some(Entry { seq: self.last_seq, numbered_day: day, fact, effects }))
    }

    /// The accounts changed since this was last called, with their state now, in byte order: what the
    /// numbering transaction has to store.
    pub fn drain_touched(&mut self) -> Vec<(AccountSequence, AccountState)> {
        let mut touched = std::mem::take(&mut self.touched);
        touched.sort_unstable();
        touched.dedup();
        touched
            .into_iter()
            .map(|account| {
                let state = self.state(&account);
                (account, state)
            })
            .collect()
    }

    /// The price of one tree, and the price the source names. An adoption without a price that was
    /// distributed before keeps what its latest DISTRIBUTE had: either the source had named a price, which
    /// was taken away, or it never had, and then that is the formula's price of its first DISTRIBUTE.
    fn price(
        &self,
        source: &SourceAdoption,
        prior: Option<&Prior>,
        plan: &Plan,
    ) -> Result<(Price, Option<Price>), Anomaly> {
        if let Some(price) = source_price(source)? {
            return Ok((price, Some(price)));
        }
        if let Some(Prior { latest, .. }) = prior {
            return Ok((latest.price, latest.source_price));
        }
        let price = plan.pricing.price(self.network_trees);
        price
            .map(|price| (price, None))
            .map_err(|_| Anomaly::PriceByFormula { network_trees: self.network_trees })
    }

    fn gross_with(&self, base: Amount) -> Result<Amount, SequenceError> {
        let gross = self.gross_base.checked_add(base)?;
        if gross < GROSS_LIMIT {
            Ok(gross)
        } else {
            Err(Anomaly::GrossLimit { distributed: self.gross_base, base }.into())
        }
    }

    fn network_with(&self, tree_count: i32, prior: Option<&Prior>) -> Result<i64, SequenceError> {
        let counted = prior.map_or(0, |prior| i64::from(prior.largest_trees));
        let added = (i64::from(tree_count) - counted).max(0);
        self.network_trees.checked_add(added).ok_or(SequenceError::Exhausted)
    }

    fn next_seq(&self) -> Result<i64, SequenceError> {
        if self.last_seq < MAX_SEQ { Ok(self.last_seq + 1) } else { Err(SequenceError::Exhausted) }
    }

    fn check_upline(
        &self,
        account: &AccountSequence,
        upline: &[AccountSequence],
    ) -> Result<(), SequenceError> {
        if upline.len() > MAX_UPLINE || upline.contains(account) {
            return Err(SequenceError::Upline(account.clone()));
        }
        let contradicts = |&(account, referrer): &(&AccountSequence, Option<&AccountSequence>)| {
            self.account(account).is_some_and(|state| match &state.referrer {
                Referrer::Unknown => false,
                known => known.account() != referrer,
            })
        };
        match links(account, upline).find(contradicts) {
            Some((account, _)) => Err(SequenceError::Journaled(account.clone())),
            None => Ok(()),
        }
    }

    /// Journals the referrers of adopter and upline that are not known yet.
    fn journal_referrers(&mut self, account: &AccountSequence, upline: &[AccountSequence]) {
        for (account, referrer) in links(account, upline) {
            if self.account(account).is_none_or(|state| state.referrer == Referrer::Unknown) {
                self.set_referrer(account, Referrer::from(referrer));
            }
        }
    }

    /// The counts an adoption's beginning or end leads to. The referrer's direct count changes only with
    /// the account's first live adoption and with its last.
    fn effects_of_adoption(
        &self,
        account: &AccountSequence,
        referrer: Option<&AccountSequence>,
        turn: Turn,
    ) -> Result<Vec<Effect>, SequenceError> {
        let adopter = self.state(account);
        let live = turn.count(account, adopter.live)?;
        let mut effects = Vec::with_capacity(2);
        effects.push(Effect { account: account.clone(), live, directs: adopter.directs });
        if (adopter.live == 0) != (live == 0) {
            effects.extend(referrer.map(|referrer| self.effect_on_referrer(referrer, turn)).transpose()?);
        }
        effects.sort_unstable_by(|a, b| a.account.cmp(&b.account));
        Ok(effects)
    }

    /// The counts a move leads to: an account with a live adoption takes its one with it.
    fn effects_of_move(
        &self,
        account: &AccountSequence,
        before: Option<&AccountSequence>,
        after: Option<&AccountSequence>,
    ) -> Result<Vec<Effect>, SequenceError> {
        if !self.state(account).has_adopted() {
            return Ok(Vec::new());
        }
        let leaves = before.map(|referrer| self.effect_on_referrer(referrer, Turn::Ends));
        let joins = after.map(|referrer| self.effect_on_referrer(referrer, Turn::Begins));
        let mut effects = leaves.into_iter().chain(joins).collect::<Result<Vec<_>, _>>()?;
        effects.sort_unstable_by(|a, b| a.account.cmp(&b.account));
        Ok(effects)
    }

    fn effect_on_referrer(&self, referrer: &AccountSequence, turn: Turn) -> Result<Effect, SequenceError> {
        let state = self.state(referrer);
        let directs = turn.count(referrer, state.directs)?;
        Ok(Effect { account: referrer.clone(), live: state.live, directs })
    }

    fn apply(&mut self, effects: &[Effect]) {
        for Effect { account, live, directs } in effects {
            let state = self.touch(account);
            (state.live, state.directs) = (*live, *directs);
        }
    }

    fn set_referrer(&mut self, account: &AccountSequence, referrer: Referrer) {
        self.touch(account).referrer = referrer;
    }

    /// The account's state, to be changed by the entry `last_seq`.
    fn touch(&mut self, account: &AccountSequence) -> &mut AccountState {
        self.touched.push(account.clone());
        let state = self.accounts.entry(account.clone()).or_default();
        state.last_seq = self.last_seq;
        state
    }

    fn state(&self, account: &AccountSequence) -> AccountState {
        self.account(account).cloned().unwrap_or_default()
    }

    fn ancestor(&self, account: &AccountSequence, plan: &Plan) -> Ancestor {
        let directs = self.account(account).map_or(0, |state| state.directs);
        Ancestor { account: account.clone(), depth: plan.unlock.level_depth(directs), directs }
    }

    fn unlocked_tiers(&self, account: &AccountSequence, plan: &Plan) -> u8 {
        let state = self.state(account);
        plan.unlock.bonus_tiers(state.has_adopted(), state.directs)
    }

    /// Whether `account` is `ancestor` or stands below it in the journaled tree. An upstream cycle longer
    /// than 15 is met by no walk and may have been journaled, so the climb is bounded by the number of
    /// accounts there are.
    fn is_at_or_below(&self, account: &AccountSequence, ancestor: &AccountSequence) -> bool {
        let parent = |account: &&AccountSequence| self.account(account)?.referrer.account();
        std::iter::successors(Some(account), parent)
            .take(self.accounts.len() + 1)
            .any(|account| account == ancestor)
    }
}

/// Each account whose referrer an upline tells, with that referrer: the adopter's is the first of the
/// upline, the last of the upline has none. The 15th of a full upline may have one that was not looked at.
fn links<'a>(
    account: &'a AccountSequence,
    upline: &'a [AccountSequence],
) -> impl Iterator<Item = (&'a AccountSequence, Option<&'a AccountSequence>)> {
    let accounts = once(account).chain(upline);
    let referrers = upline.iter().map(Some).chain(once(None));
    accounts.zip(referrers).take(MAX_UPLINE)
}

/// Whether a count goes up by one or down.
#[derive(Clone, Copy)]
enum Turn {
    Begins,
    Ends,
}

impl Turn {
    fn count(self, account: &AccountSequence, count: u32) -> Result<u32, SequenceError> {
        match self {
            Self::Begins => count.checked_add(1),
            Self::Ends => count.checked_sub(1),
        }
        .ok_or_else(|| SequenceError::Counts(account.clone()))
    }
}
