//! The journal replayed from its first entry, each fact compared with the auditor's own state (RULES sections 3 and 5).

use std::collections::HashMap;

use chrono::NaiveDate;
use sqlx::types::Uuid;

use super::Options;
use super::accounts::{Accounts, Id, Referrer, Shown};
use super::amount::Amount;
use super::chunks::Carried;
use super::entry::{Adopted, Body, Effect, Entry};
use super::lines::reversal_effective;
use super::order::Order;
use super::plans::Plans;
use super::report::{Check, Findings};

/// An adoption with more than one entry.
#[derive(Debug, Default)]
pub(crate) struct Numbered {
    /// The number of its latest entry.
    pub(crate) last_seq: i64,
    pub(super) most_trees: i32,
    pub(super) first_price: Option<Amount>,
    pub(super) latest: Option<(i64, Adopted)>,
    pub(super) live: bool,
}

/// The state after the entries replayed.
pub(crate) struct Replay<'a> {
    pub(crate) plans: &'a Plans,
    pub(crate) options: &'a Options,
    pub(crate) accounts: Accounts,
    /// Adoptions with more than one entry; no other has state.
    pub(crate) numbered: HashMap<Uuid, Numbered>,
    pub(crate) last_seq: i64,
    pub(crate) network_trees: i64,
    /// Base of all DISTRIBUTE entries.
    pub(crate) gross_base: Amount,
    /// Base distributed less base reversed, of entries carried out.
    pub(crate) carried_base: Amount,
    pub(super) limit: Amount,
    pub(super) adoptions: i64,
    day: Option<NaiveDate>,
    order: Order,
}

impl<'a> Replay<'a> {
    pub(crate) fn new(plans: &'a Plans, options: &'a Options, numbered: HashMap<Uuid, Numbered>) -> Self {
        Self {
            plans,
            options,
            accounts: Accounts::default(),
            numbered,
            last_seq: 0,
            network_trees: 0,
            gross_base: Amount::default(),
            carried_base: Amount::default(),
            limit: Amount::new(1.into(), -18),
            adoptions: 0,
            day: None,
            order: Order::default(),
        }
    }

    /// The number follows the one before.
    pub(crate) fn number(&mut self, seq: i64, findings: &mut Findings) {
        let last = self.last_seq;
        findings.check(Check::JournalNumbers, seq == last + 1, || format!("entry {seq} follows {last}"));
        self.last_seq = seq;
    }

    /// Whether `seq` is the latest entry of its adoption.
    pub(crate) fn is_latest(&self, adoption: Uuid, seq: i64) -> bool {
        self.numbered.get(&adoption).is_none_or(|numbered| numbered.last_seq == seq)
    }

    /// How many adoptions the journal names.
    pub(crate) fn adoptions(&self) -> i64 {
        self.adoptions
    }

    /// Adoptions whose latest entry is a REVERSE.
    pub(crate) fn reversed(&self) -> impl Iterator<Item = Uuid> {
        self.numbered.iter().filter(|(_, numbered)| !numbered.live).map(|(id, _)| *id)
    }

    /// Whether its latest entry is a REVERSE.
    pub(crate) fn is_reversed(&self, adoption: Uuid) -> bool {
        self.numbered.get(&adoption).is_some_and(|numbered| !numbered.live)
    }

    /// The price that an adoption without one keeps.
    pub(crate) fn price_kept(&self, adoption: Uuid) -> Option<Amount> {
        let (_, latest) = self.numbered.get(&adoption)?.latest.as_ref()?;
        Some(latest.price.clone())
    }

    /// What an adoption of `day` without a price would cost if it were numbered now.
    pub(crate) fn price_of_today(&self, day: NaiveDate) -> Amount {
        self.plans.of_day(day, i64::MAX).map_or_else(Amount::default, |plan| plan.price(self.network_trees))
    }

    /// Whether one more adoption would lift the books over what they hold.
    pub(crate) fn exceeds_limit(&self, base: &Amount) -> bool {
        &self.gross_base + base >= self.limit
    }

    /// Takes the next entry, of an adoption made upstream at `created_at`.
    pub(crate) fn take(
        &mut self,
        entry: &Entry,
        created_at: i64,
        carried: Option<Carried>,
        findings: &mut Findings,
    ) {
        let seq = entry.seq;
        let order = self.in_order(entry, created_at);
        findings.check(Check::JournalOrder, order.is_ok(), || example(seq, order.err()));
        let day = entry.numbered_day;
        findings.check(Check::JournalDates, self.day.is_none_or(|last| last <= day), || {
            format!("entry {seq}: numbered_day goes back to {day}")
        });
        self.day = Some(day);
        let mut touched = match &entry.body {
            Body::Distribute(adopted) => self.distribute(entry, adopted, findings),
            Body::Reverse { of, copy } => self.reverse(entry, *of, copy, findings),
            Body::Move { account, before, after } => self.refer(seq, *account, (*before, *after), findings),
        };
        touched.sort_by(|one, other| self.accounts.name(*one).cmp(self.accounts.name(*other)));
        self.compare_effects(entry, &touched, findings);
        self.show(entry, &touched, carried);
    }

    fn in_order(&mut self, entry: &Entry, created_at: i64) -> Result<(), String> {
        self.order.enter(entry.sequenced_at)?;
        match &entry.body {
            Body::Move { account, after, .. } => self.order.a_move(*account, *after, &self.accounts),
            Body::Reverse { copy, .. } => self.order.change(copy.adoption, true),
            Body::Distribute(adopted) => {
                let id = adopted.adoption;
                if self.numbered.get(&id).is_some_and(|numbered| numbered.latest.is_some()) {
                    self.order.change(id, false)
                } else {
                    self.order.first((adopted.adoption_date, created_at, id))
                }
            }
        }
    }

    /// A reversal of the adoption's latest, live DISTRIBUTE, with its inputs.
    fn reverse(&mut self, entry: &Entry, of: i64, copy: &Adopted, findings: &mut Findings) -> Vec<Id> {
        let seq = entry.seq;
        let numbered = self.numbered.get_mut(&copy.adoption);
        let latest = numbered.and_then(|numbered| {
            let was_live = std::mem::replace(&mut numbered.live, false);
            numbered.latest.as_ref().filter(|(latest, _)| was_live && *latest == of)
        });
        let expected = latest.map(|(_, original)| {
            let effective_date = reversal_effective(original.effective_date, entry.numbered_day);
            Adopted { effective_date, ..original.clone() }
        });
        findings.check(Check::JournalReverse, expected.as_ref() == Some(copy), || match &expected {
            None => format!("entry {seq} reverses {of}, which is no live DISTRIBUTE of {}", copy.adoption),
            Some(_) => format!("entry {seq} differs from entry {of}, which it reverses"),
        });
        let account = expected.map_or(copy.account, |original| original.account);
        self.count(account, -1, seq)
    }

    /// A referral moved.
    fn refer(
        &mut self,
        seq: i64,
        account: Id,
        (before, after): (Option<Id>, Option<Id>),
        findings: &mut Findings,
    ) -> Vec<Id> {
        let (journaled, live) = (self.accounts.get(account).referrer, self.accounts.get(account).live);
        let closes_cycle = self.is_above(account, after);
        let holds = journaled == Referrer::from(before) && before != after && !closes_cycle;
        findings.check(Check::JournalMove, holds, || {
            let name = |id: Option<Id>| id.map_or("none", |id| self.accounts.name(id));
            format!(
                "entry {seq} moves {} from {} to {}; journaled {journaled:?}, closes a cycle: {closes_cycle}",
                self.accounts.name(account),
                name(before),
                name(after)
            )
        });
        let moved = self.accounts.get_mut(account);
        moved.referrer = Referrer::from(after);
        moved.changed_seq = seq;
        let mut touched = Vec::new();
        if live > 0 {
            let old = if let Referrer::Known(old) = journaled { Some(old) } else { None };
            for (referrer, change) in [(old, -1), (after, 1)] {
                touched.extend(referrer.map(|referrer| self.add_direct(referrer, change, seq)));
            }
            if old == after {
                touched.clear();
            }
        }
        touched
    }

    /// Whether `account` is `below` or one of its journaled ancestors.
    pub(crate) fn is_above(&self, account: Id, mut below: Option<Id>) -> bool {
        // As many steps as there are accounts: a tampered tree may hold a cycle.
        for _ in 0..=self.accounts.len() {
            let Some(id) = below else { return false };
            if id == account {
                return true;
            }
            below = match self.accounts.get(id).referrer {
                Referrer::Known(referrer) => Some(referrer),
                Referrer::Unknown | Referrer::None => None,
            };
        }
        false
    }

    /// An account's live adoptions become more or fewer; gives the accounts whose counts changed.
    pub(super) fn count(&mut self, account: Id, change: i64, seq: i64) -> Vec<Id> {
        let changed = self.accounts.get_mut(account);
        let before = changed.live;
        changed.live += change;
        changed.changed_seq = seq;
        let mut touched = vec![account];
        if (before > 0) != (changed.live > 0)
            && let Referrer::Known(referrer) = changed.referrer
        {
            touched.push(self.add_direct(referrer, change, seq));
        }
        touched
    }

    fn add_direct(&mut self, referrer: Id, change: i64, seq: i64) -> Id {
        let account = self.accounts.get_mut(referrer);
        account.directs += change;
        account.changed_seq = seq;
        referrer
    }

    fn compare_effects(&self, entry: &Entry, touched: &[Id], findings: &mut Findings) {
        let effect = |id: &Id| {
            let account = self.accounts.get(*id);
            Effect { account: *id, live: account.live, directs: account.directs }
        };
        let expected: Vec<Effect> = touched.iter().map(effect).collect();
        findings.check(Check::JournalEffects, entry.effects == expected, || {
            let list = |effects: &[Effect]| {
                let one = |e: &Effect| format!("{} {} {}", self.accounts.name(e.account), e.live, e.directs);
                effects.iter().map(one).collect::<Vec<_>>().join(", ")
            };
            format!("entry {}: effects [{}], expected [{}]", entry.seq, list(&entry.effects), list(&expected))
        });
    }

    /// What the accounts' rows show once the entry is carried out.
    fn show(&mut self, entry: &Entry, touched: &[Id], carried: Option<Carried>) {
        let Some(carried) = carried else { return };
        let account = match &entry.body {
            Body::Distribute(adopted) => {
                self.carried_base += &adopted.base;
                adopted.account
            }
            Body::Reverse { copy, .. } => {
                self.carried_base -= &copy.base;
                copy.account
            }
            Body::Move { account, .. } => *account,
        };
        self.accounts.get_mut(account).carried_out = true;
        let plan = self.plans.of_day(carried.booked, carried.at);
        for id in touched {
            let account = self.accounts.get_mut(*id);
            let (adopted, directs) = (account.live > 0, account.directs);
            account.shown = Shown {
                seq: entry.seq,
                adopted,
                directs,
                depth: plan.map_or(0, |plan| plan.depth(directs)),
                tiers: plan.map_or(0, |plan| plan.tiers(adopted, directs)),
            };
        }
    }
}

impl Numbered {
    /// Of an adoption whose latest entry is `last_seq`; none of them replayed yet.
    pub(crate) fn new(last_seq: i64) -> Self {
        Self { last_seq, ..Self::default() }
    }
}

fn example(seq: i64, why: Option<String>) -> String {
    format!("entry {seq}: {}", why.unwrap_or_default())
}
