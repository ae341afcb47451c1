//! A whole network on the domain's own functions: upstream rows, walk, numbering. What the workers do with
//! a database, this does in memory, one pass after the other.

use std::collections::HashMap;

use chrono::NaiveDate;
use domain::{
    AccountSequence, AccountState, Anomaly, Change, Eligibility, Entry, Fact, MissingReferral, Plan, Plans,
    Prior, Referrer, SequenceError, SequencerState, SourceAdoption, SourcePrice, Standing, Upstream, Waiting,
    change, move_order, standing, walk,
};
use uuid::Uuid;

use crate::support::{TODAY, account, adoption, amount, day};

pub(crate) struct Network {
    pub(crate) state: SequencerState,
    pub(crate) entries: Vec<Entry>,
    /// What the database would hold of the state.
    pub(crate) stored: HashMap<AccountSequence, AccountState>,
    pub(crate) adoptions: Vec<SourceAdoption>,
    referrers: HashMap<AccountSequence, Option<AccountSequence>>,
    priors: HashMap<Uuid, Known>,
    plans: Plans,
    day: NaiveDate,
}

/// What is known of an adoption that has been distributed.
#[derive(Clone)]
struct Known {
    prior: Prior,
    is_live: bool,
}

impl Network {
    /// Upstream rows as (account, referrer), "" for none; plan 1 decides.
    pub(crate) fn of(rows: &[(&str, &str)]) -> Self {
        Self::with_plan(rows, Plan::seed())
    }

    /// The same with a plan that decides from the beginning of time.
    pub(crate) fn with_plan(rows: &[(&str, &str)], plan: Plan) -> Self {
        let mut network = Self {
            state: SequencerState::default(),
            entries: Vec::new(),
            stored: HashMap::new(),
            adoptions: Vec::new(),
            referrers: HashMap::new(),
            priors: HashMap::new(),
            plans: Plans::new(vec![plan]).expect("a valid plan"),
            day: day(TODAY),
        };
        for (account, referrer) in rows {
            network.refer(account, referrer);
        }
        network
    }

    pub(crate) fn plan(&self) -> &Plan {
        self.plans.for_date(self.day)
    }

    pub(crate) fn plans(&self) -> &Plans {
        &self.plans
    }

    pub(crate) fn day(&self) -> NaiveDate {
        self.day
    }

    /// Writes the upstream row of an account; "" for no referrer.
    pub(crate) fn refer(&mut self, of: &str, referrer: &str) {
        let referrer = (!referrer.is_empty()).then(|| account(referrer));
        self.referrers.insert(account(of), referrer);
    }

    /// Adds an adoption upstream and numbers what can be.
    pub(crate) fn adopt(&mut self, adopter: &str, trees: i32) {
        self.adoptions.push(adoption(self.adoptions.len() as u128, adopter, trees));
        self.pass();
    }

    /// Changes an adoption upstream, and numbers what can be.
    pub(crate) fn edit(&mut self, place: usize, edit: impl FnOnce(&mut SourceAdoption)) {
        edit(&mut self.adoptions[place]);
        self.pass();
    }

    pub(crate) fn price(&mut self, place: usize, price: Option<&str>) {
        let price = price.map_or(SourcePrice::Unpriced, |text| SourcePrice::Priced(amount(text)));
        self.edit(place, |row| row.price = price);
    }

    pub(crate) fn next_day(&mut self) {
        self.day = self.day.succ_opt().expect("within the calendar");
    }

    /// One pass: moves, then changes, then ready adoptions.
    pub(crate) fn pass(&mut self) {
        self.number_moves();
        let mut sources = self.adoptions.clone();
        sources.sort_by_key(|source| source.id);
        for source in &sources {
            self.judge_change(source);
        }
        sources.sort_by_key(SourceAdoption::pass_order);
        for source in &sources {
            let is_live = self.priors.get(&source.id).is_some_and(|known| known.is_live);
            if let (false, Standing::Ready(upline)) = (is_live, self.standing(source)) {
                self.distribute(source, &upline);
            }
        }
        self.stored.extend(self.state.drain_touched());
    }

    pub(crate) fn standing(&self, source: &SourceAdoption) -> Standing {
        let walk_from = |adopter: &AccountSequence| {
            walk(adopter, |of| self.upstream(of), |of| self.state.referrer(of), MissingReferral::Wait)
        };
        standing(source, &Eligibility::default(), self.day, walk_from)
    }

    fn upstream(&self, of: &AccountSequence) -> Upstream {
        match self.referrers.get(of) {
            None => Upstream::Missing,
            Some(None) => Upstream::Root,
            Some(Some(referrer)) => Upstream::Referrer(referrer.clone()),
        }
    }

    fn number_moves(&mut self) {
        let differs = |(of, named): &(&AccountSequence, &Option<AccountSequence>)| {
            let journaled = self.state.referrer(of);
            journaled != Referrer::Unknown && journaled.account() != named.as_ref()
        };
        let movers: Vec<_> = self.referrers.iter().filter(differs).map(|(of, _)| of.clone()).collect();
        for mover in move_order(movers, |of| self.upstream(of)) {
            let after = self.referrers[&mover].clone();
            let moved = self.state.refer_move(&mover, after.as_ref(), self.day).expect("a legal move");
            self.entries.extend(moved);
        }
    }

    fn judge_change(&mut self, source: &SourceAdoption) {
        let Some(Known { prior, is_live: true }) = self.priors.get(&source.id).cloned() else { return };
        let change = change(&prior.latest, source, &Eligibility::default());
        if change == Change::None {
            return;
        }
        let entry = self.state.reverse(&prior, self.day).expect("a live adoption");
        self.entries.push(entry);
        self.priors.get_mut(&source.id).expect("known").is_live = false;
        if let (Change::Replace, Standing::Ready(upline)) = (change, self.standing(source)) {
            self.distribute(source, &upline);
        }
    }

    fn distribute(&mut self, source: &SourceAdoption, upline: &[AccountSequence]) {
        let prior = self.priors.get(&source.id).map(|known| known.prior.clone());
        let plan = self.plans.for_date(source.adoption_date);
        let entry = self.state.distribute(source, upline, prior.as_ref(), plan, self.day).expect("ready");
        let Fact::Distribute(latest) = entry.fact.clone() else { panic!("a distribution") };
        let largest_trees = prior.map_or(0, |prior| prior.largest_trees).max(latest.tree_count);
        let prior = Prior { seq: entry.seq, latest, largest_trees };
        self.priors.insert(source.id, Known { prior, is_live: true });
        self.entries.push(entry);
    }

    /// How many adoptions of an account are live, by this network's own books.
    pub(crate) fn live_adoptions(&self, of: &AccountSequence) -> u32 {
        let live = self.priors.values().filter(|known| known.is_live && known.prior.latest.account == *of);
        u32::try_from(live.count()).expect("few")
    }
}

#[test]
fn an_adoption_waits_until_its_upline_is_known_and_then_history_is_in_order() {
    let mut network = Network::of(&[("A", "B")]);
    network.adopt("A", 1);
    assert!(network.entries.is_empty());
    let standing = network.standing(&network.adoptions[0]);
    assert_eq!(standing, Standing::Waiting(Waiting::MissingReferral(account("B"))));
    network.refer("B", "");
    network.pass();
    assert_eq!(network.entries.len(), 1);
}

#[test]
fn a_cycle_upstream_stops_nothing_else() {
    let mut network = Network::of(&[("A", "B"), ("B", "A"), ("C", "")]);
    network.adopt("A", 1);
    network.adopt("C", 1);
    assert_eq!(network.entries.len(), 1);
    let standing = network.standing(&network.adoptions[0]);
    assert_eq!(standing, Standing::Anomaly(Anomaly::Cycle(account("A"))));
}

#[test]
fn a_reversal_must_have_something_to_reverse() {
    let mut network = Network::of(&[("A", "")]);
    network.adopt("A", 1);
    let prior = network.priors[&network.adoptions[0].id].prior.clone();
    network.edit(0, |row| row.deleted = true);
    let again = network.state.reverse(&prior, day(TODAY));
    assert_eq!(again, Err(SequenceError::Counts(account("A"))));
    assert_eq!(network.state.last_seq, 2);
}
