//! Another plan on everything the journal holds: what each account would have (RULES sections 3 to 6).
//!
//! Who adopted what and when, in which order and below whom is as it was; so are the prices that the source named. The
//! plan decides the formula's prices, how an adoption is cut up, what is unlocked and how long a share lives.
//!
//! An entry's outcome under the plan follows from the entry alone: its direct counts give the depths, and whether the
//! referrer had adopted shows in the tiers that were fixed, because having adopted is worth exactly one tier. Only one
//! thing comes from elsewhere: an adoption without a price of its own that is distributed again keeps the price of its
//! first DISTRIBUTE. So what is kept in memory is the sums of each account, and the price of each adoption that was
//! ever reversed and names none.

use std::cmp::{Ordering, Reverse};
use std::collections::HashMap;

use chrono::NaiveDate;
use uuid::Uuid;

use super::SimulationError;
use super::comparison::{
    AccountComparison, BaseComparison, Compared, Holding, JournalComparison, KindComparison,
};
use crate::account::AccountSequence;
use crate::amount::AmountError;
use crate::dates;
use crate::entry::{Distribution, Entry, Fact};
use crate::line::{Beneficiary, Line, SourceType, UnallocatedKind};
use crate::plan::Plan;
use crate::plans::Plans;
use crate::pricing::Price;
use crate::slots::write_lines;
use crate::system::SystemAccount;

/// Under way along the journal.
#[derive(Debug)]
pub struct JournalSimulation<'p> {
    plan: &'p Plan,
    plans: &'p Plans,
    from: Option<NaiveDate>,
    day: NaiveDate,
    entries: u64,
    simulated_entries: u64,
    repriced_entries: u64,
    base: BaseComparison,
    accounts: HashMap<AccountSequence, Compared>,
    /// In the order of [`SourceType::ALL`].
    by_source: [Compared; 3],
    /// In the order of [`SystemAccount::ALL`].
    by_system_account: [Compared; 4],
    /// In the order of [`UNALLOCATED`].
    by_unallocated: [Compared; 5],
    /// The simulated price of adoptions that were reversed and name none.
    kept_prices: HashMap<Uuid, Price>,
}

/// By which plans a line was written.
#[derive(Clone, Copy)]
enum Side {
    Used,
    Simulated,
}

const UNALLOCATED: [UnallocatedKind; 5] = [
    UnallocatedKind::LevelOverflow(1), // stands for every level
    UnallocatedKind::BonusTier(1),
    UnallocatedKind::BonusTier(2),
    UnallocatedKind::BonusTier(3),
    UnallocatedKind::Rounding,
];

impl<'p> JournalSimulation<'p> {
    /// Before the first entry. `plans` are those that were used; `plan` decides for adoptions of `from` and later, of
    /// any date without it; effective is as of `day`. A plan of a version that was used is taken for that plan.
    pub fn new(plan: &'p Plan, plans: &'p Plans, from: Option<NaiveDate>, day: NaiveDate) -> Self {
        Self {
            plan,
            plans,
            from,
            day,
            entries: 0,
            simulated_entries: 0,
            repriced_entries: 0,
            base: BaseComparison::default(),
            accounts: HashMap::new(),
            by_source: Default::default(),
            by_system_account: Default::default(),
            by_unallocated: Default::default(),
            kept_prices: HashMap::new(),
        }
    }

    /// Takes the next entry; entries come in their order, from the first.
    pub fn add(&mut self, entry: &Entry) -> Result<(), SimulationError> {
        let (Fact::Distribute(of) | Fact::Reverse { of, .. }) = &entry.fact else { return Ok(()) };
        let (seq, version) = (entry.seq, of.plan_version);
        let used = self.plans.version(version).ok_or(SimulationError::NoPlan { seq, version })?;
        let is_simulated = self.from.is_none_or(|from| of.adoption_date >= from);
        let deciding = if is_simulated { self.plan } else { used };
        let facts = self.under(deciding, used, entry, of)?;
        self.entries += 1;
        self.simulated_entries += u64::from(is_simulated);
        self.repriced_entries += u64::from(facts.price != of.price);
        let (used_base, base) = match &entry.fact {
            Fact::Reverse { .. } => (of.base.checked_neg()?, facts.base.checked_neg()?),
            _ => (of.base, facts.base),
        };
        self.base.used = self.base.used.checked_add(used_base)?;
        self.base.simulated = self.base.simulated.checked_add(base)?;
        let fact = match &entry.fact {
            Fact::Reverse { reverses, .. } => Fact::Reverse { reverses: *reverses, of: facts },
            _ => Fact::Distribute(facts),
        };
        let simulated = Entry { seq, numbered_day: entry.numbered_day, fact, effects: Vec::new() };
        self.count(entry, used, Side::Used)?;
        self.count(&simulated, deciding, Side::Simulated)
    }

    /// The sums of all accounts, in no order.
    pub fn accounts(&self) -> impl ExactSizeIterator<Item = (&AccountSequence, &Compared)> {
        self.accounts.iter()
    }

    /// After the last entry: all sums, and of those who gain and who lose the first `top`.
    pub fn finish(self, top: usize) -> Result<JournalComparison, SimulationError> {
        let Ranked { mut gainers, mut losers, unchanged } = Ranked::of(self.accounts)?;
        let (gaining, losing) = (gainers.len() as u64, losers.len() as u64);
        gainers.truncate(top);
        losers.truncate(top);
        let kinds = |names: &[&'static str], sums: &[Compared]| {
            let named = names.iter().zip(sums);
            named.map(|(kind, sums)| KindComparison { kind, sums: *sums }).collect()
        };
        Ok(JournalComparison {
            plan_version: self.plan.version,
            from: self.from,
            day: self.day,
            entries: self.entries,
            simulated_entries: self.simulated_entries,
            repriced_entries: self.repriced_entries,
            base: self.base,
            accounts: kinds(&SourceType::ALL.map(SourceType::as_str), &self.by_source),
            system_accounts: kinds(&SystemAccount::ALL.map(SystemAccount::as_str), &self.by_system_account),
            unallocated: kinds(&UNALLOCATED.map(UnallocatedKind::as_str), &self.by_unallocated),
            gaining,
            losing,
            unchanged,
            gainers,
            losers,
        })
    }

    /// What the entry would have fixed, had the plan `deciding` decided instead of `used`.
    fn under(
        &mut self,
        deciding: &Plan,
        used: &Plan,
        entry: &Entry,
        of: &Distribution,
    ) -> Result<Distribution, SimulationError> {
        let price = self.price(deciding, used, entry, of)?;
        let mut simulated = of.clone();
        simulated.plan_version = deciding.version;
        simulated.price = price;
        simulated.base = price.times(of.tree_count)?;
        simulated.expire_date =
            dates::expire_date(dates::effective_date(of.adoption_date)?, deciding.term_years)?;
        if deciding.version != used.version {
            for ancestor in &mut simulated.upline {
                ancestor.depth = deciding.unlock.level_depth(ancestor.directs);
            }
            simulated.referrer_tiers = tiers(deciding, used, of).ok_or(SimulationError::Tiers(entry.seq))?;
        }
        Ok(simulated)
    }

    /// The simulated price of one tree. A named price stays.
    fn price(
        &mut self,
        deciding: &Plan,
        used: &Plan,
        entry: &Entry,
        of: &Distribution,
    ) -> Result<Price, SimulationError> {
        if of.source_price.is_some() {
            return Ok(of.price);
        }
        let kept = self.kept_prices.get(&of.adoption_id).copied();
        let price = match kept {
            Some(price) => price,
            None if deciding.version == used.version => of.price,
            None => {
                let (seq, network_trees) = (entry.seq, of.network_trees_before);
                let price = deciding.pricing.price(network_trees);
                price.map_err(|error| SimulationError::Price { seq, network_trees, error })?
            }
        };
        if let Fact::Reverse { .. } = entry.fact {
            self.kept_prices.insert(of.adoption_id, price);
        }
        Ok(price)
    }

    /// Adds the lines of an entry.
    fn count(&mut self, entry: &Entry, plan: &Plan, side: Side) -> Result<(), SimulationError> {
        let mut lines = Vec::with_capacity(24);
        write_lines(entry, plan, &mut lines)
            .map_err(|error| SimulationError::Distribute { seq: entry.seq, error })?;
        let day = self.day;
        for line in &lines {
            if let Some(account) = line.beneficiary.account() {
                match self.accounts.get_mut(account) {
                    Some(sums) => sums.add(line, day, side)?,
                    None => self.accounts.entry(account.clone()).or_default().add(line, day, side)?,
                }
            }
            self.sums(&line.beneficiary).add(line, day, side)?;
        }
        Ok(())
    }

    /// The sums of a line's kind.
    fn sums(&mut self, beneficiary: &Beneficiary<'_>) -> &mut Compared {
        match beneficiary {
            Beneficiary::Personal(_) => &mut self.by_source[0],
            Beneficiary::TeamLevel { .. } => &mut self.by_source[1],
            Beneficiary::TeamBonus { .. } => &mut self.by_source[2],
            Beneficiary::System(SystemAccount::Operation) => &mut self.by_system_account[0],
            Beneficiary::System(SystemAccount::Province) => &mut self.by_system_account[1],
            Beneficiary::System(SystemAccount::City) => &mut self.by_system_account[2],
            Beneficiary::System(SystemAccount::Headquarters) => &mut self.by_system_account[3],
            Beneficiary::Unallocated { kind, .. } => match kind {
                UnallocatedKind::LevelOverflow(_) => &mut self.by_unallocated[0],
                UnallocatedKind::BonusTier(1) => &mut self.by_unallocated[1],
                UnallocatedKind::BonusTier(2) => &mut self.by_unallocated[2],
                UnallocatedKind::BonusTier(_) => &mut self.by_unallocated[3],
                UnallocatedKind::Rounding => &mut self.by_unallocated[4],
            },
        }
    }
}

/// The accounts by what they gain.
struct Ranked {
    /// Most first.
    gainers: Vec<AccountComparison>,
    /// Most first.
    losers: Vec<AccountComparison>,
    unchanged: u64,
}

impl Ranked {
    /// Accounts with the same difference stand in byte order.
    fn of(accounts: HashMap<AccountSequence, Compared>) -> Result<Self, AmountError> {
        let mut ranked = Self { gainers: Vec::new(), losers: Vec::new(), unchanged: 0 };
        for (account_sequence, sums) in accounts {
            let difference = sums.difference()?;
            let account = AccountComparison { account_sequence, sums, difference };
            match difference.order().cmp(&Holding::default().order()) {
                Ordering::Greater => ranked.gainers.push(account),
                Ordering::Less => ranked.losers.push(account),
                Ordering::Equal => ranked.unchanged += 1,
            }
        }
        let name = |account: &AccountComparison| account.account_sequence.clone();
        ranked.gainers.sort_by_cached_key(|gainer| (Reverse(gainer.difference.order()), name(gainer)));
        ranked.losers.sort_by_cached_key(|loser| (loser.difference.order(), name(loser)));
        Ok(ranked)
    }
}

/// The bonus tiers that the direct referrer would have unlocked. Whether it had adopted is what the fixed tiers have
/// beyond those for its direct count; `None` where that is neither nothing nor one.
fn tiers(deciding: &Plan, used: &Plan, of: &Distribution) -> Option<u8> {
    let Some(referrer) = of.upline.first() else { return Some(0) };
    let by_directs = used.unlock.bonus_tiers(false, referrer.directs);
    let has_adopted = match of.referrer_tiers.checked_sub(by_directs)? {
        0 => false,
        1 => true,
        _ => return None,
    };
    Some(deciding.unlock.bonus_tiers(has_adopted, referrer.directs))
}

impl Compared {
    fn add(&mut self, line: &Line<'_>, day: NaiveDate, side: Side) -> Result<(), AmountError> {
        let holding = match side {
            Side::Used => &mut self.used,
            Side::Simulated => &mut self.simulated,
        };
        holding.total = holding.total.checked_add(line.amount)?;
        if line.live_on(day) {
            holding.effective = holding.effective.checked_add(line.amount)?;
        }
        Ok(())
    }
}
