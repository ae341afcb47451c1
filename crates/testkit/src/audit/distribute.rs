//! A DISTRIBUTE entry against the state before it (RULES sections 3 and 5).

use chrono::Days;

use super::accounts::{Id, Referrer};
use super::amount::{Amount, is_positive};
use super::calendar::{next, years_later};
use super::entry::{Adopted, Entry};
use super::plans::Plan;
use super::replay::Replay;
use super::report::{Check, Findings};

impl Replay<'_> {
    /// Takes it; gives the accounts whose counts it changed.
    pub(super) fn distribute(
        &mut self,
        entry: &Entry,
        adopted: &Adopted,
        findings: &mut Findings,
    ) -> Vec<Id> {
        let seq = entry.seq;
        if self.numbered.get(&adopted.adoption).is_none_or(|numbered| numbered.latest.is_none()) {
            self.adoptions += 1;
        }
        let expected = self.plans.of_day(adopted.adoption_date, entry.sequenced_at).map(|plan| plan.version);
        findings.check(Check::JournalPlan, expected == Some(adopted.plan), || {
            format!("entry {seq}: plan {}, expected {expected:?}", adopted.plan)
        });
        let known = self.plans.find(adopted.plan);
        if let Some(plan) = known {
            self.check_dates(entry, adopted, plan, findings);
            self.check_price(seq, adopted, plan, findings);
        }
        self.check_base(seq, adopted, findings);
        self.check_trees_before(seq, adopted, findings);
        if let Some(numbered) = self.numbered.get_mut(&adopted.adoption) {
            findings.check(Check::JournalReverse, !numbered.live, || {
                format!("entry {seq} distributes {} a second time", adopted.adoption)
            });
            numbered.first_price.get_or_insert_with(|| adopted.price.clone());
            numbered.most_trees = numbered.most_trees.max(adopted.trees);
            numbered.latest = Some((seq, adopted.clone()));
            numbered.live = true;
        }
        self.check_upline(seq, adopted, findings);
        let touched = self.count(adopted.account, 1, seq);
        if let Some(plan) = known {
            self.check_unlock(seq, adopted, plan, findings);
        }
        touched
    }

    fn check_dates(&self, entry: &Entry, adopted: &Adopted, plan: &Plan, findings: &mut Findings) {
        let effective = next(adopted.adoption_date);
        let expire = years_later(effective, plan.term_years);
        let limit = entry.numbered_day.checked_add_days(Days::new(self.options.max_future_days));
        let in_time = limit.is_none_or(|limit| adopted.adoption_date <= limit)
            && adopted.adoption_date >= self.options.first_day;
        let holds = in_time && adopted.effective_date == effective && adopted.expire_date == expire;
        findings.check(Check::JournalDates, holds, || {
            format!(
                "entry {}: adopted {}, numbered {}, {} to {}, expected {effective} to {expire}",
                entry.seq,
                adopted.adoption_date,
                entry.numbered_day,
                adopted.effective_date,
                adopted.expire_date
            )
        });
    }

    /// The source's price; without one, that of the adoption's first DISTRIBUTE, or the formula's.
    fn check_price(&self, seq: i64, adopted: &Adopted, plan: &Plan, findings: &mut Findings) {
        let numbered = self.numbered.get(&adopted.adoption);
        let latest = numbered.and_then(|numbered| numbered.latest.as_ref());
        let kept =
            latest.is_none_or(|(_, latest)| latest.source_price.is_none() || adopted.source_price.is_some());
        let expected =
            match (&adopted.source_price, numbered.and_then(|numbered| numbered.first_price.as_ref())) {
                (Some(price), _) | (None, Some(price)) => price.clone(),
                (None, None) => plan.price(self.network_trees),
            };
        let holds = kept && adopted.price == expected && is_positive(&adopted.price);
        findings.check(Check::JournalPrice, holds, || {
            let source = adopted.source_price.as_ref().map(Amount::to_plain_string);
            format!(
                "entry {seq}: price {}, expected {}; source_price {source:?}{}",
                adopted.price.to_plain_string(),
                expected.to_plain_string(),
                if kept { "" } else { ", though the latest DISTRIBUTE has one" }
            )
        });
    }

    fn check_base(&mut self, seq: i64, adopted: &Adopted, findings: &mut Findings) {
        let expected = &adopted.price * Amount::from(adopted.trees);
        self.gross_base += &adopted.base;
        let holds = adopted.base == expected && adopted.trees > 0 && self.gross_base < self.limit;
        findings.check(Check::JournalBase, holds, || {
            format!(
                "entry {seq}: base {}, expected {} of {} trees",
                adopted.base.to_plain_string(),
                expected.to_plain_string(),
                adopted.trees
            )
        });
    }

    fn check_trees_before(&mut self, seq: i64, adopted: &Adopted, findings: &mut Findings) {
        let before = self.network_trees;
        findings.check(Check::JournalTreesBefore, adopted.trees_before == before, || {
            format!("entry {seq}: network_trees_before {}, expected {before}", adopted.trees_before)
        });
        let most = self.numbered.get(&adopted.adoption).map_or(0, |numbered| numbered.most_trees);
        self.network_trees += i64::from(adopted.trees.saturating_sub(most).max(0));
    }

    /// The upline follows the journaled referrers; what it says of accounts not journaled before is journaled now.
    fn check_upline(&mut self, seq: i64, adopted: &Adopted, findings: &mut Findings) {
        let mut wrong = None;
        let mut walk = vec![adopted.account];
        for (place, ancestor) in adopted.upline.iter().copied().map(Some).chain([None]).enumerate() {
            if place == 15 {
                break;
            }
            let below = walk[place];
            let account = self.accounts.get_mut(below);
            let said = Referrer::from(ancestor);
            if account.referrer == Referrer::Unknown {
                account.referrer = said;
                account.changed_seq = seq;
            } else if account.referrer != said {
                wrong.get_or_insert(format!("the journal knows another referrer of {}", account.name));
            }
            let Some(ancestor) = ancestor else { break };
            if walk.contains(&ancestor) {
                wrong.get_or_insert(format!("{} stands in it twice", self.accounts.name(ancestor)));
            }
            walk.push(ancestor);
        }
        findings.check(Check::JournalUpline, wrong.is_none(), || {
            let names = self.accounts.names(&adopted.upline);
            format!("entry {seq}: upline [{names}]: {}", wrong.unwrap_or_default())
        });
    }

    fn check_unlock(&self, seq: i64, adopted: &Adopted, plan: &Plan, findings: &mut Findings) {
        let counts: Vec<i64> = adopted.upline.iter().map(|id| self.accounts.get(*id).directs).collect();
        let depths: Vec<i64> = counts.iter().map(|directs| plan.depth(*directs)).collect();
        let referrer = adopted.upline.first().map(|id| self.accounts.get(*id));
        let tiers = referrer.map_or(0, |referrer| plan.tiers(referrer.live > 0, referrer.directs));
        let holds = adopted.directs == counts && adopted.depths == depths && adopted.tiers == tiers;
        findings.check(Check::JournalUnlock, holds, || {
            format!(
                "entry {seq}: directs {:?}, depths {:?}, tiers {}, expected {counts:?}, {depths:?}, {tiers}",
                adopted.directs, adopted.depths, adopted.tiers
            )
        });
    }
}
