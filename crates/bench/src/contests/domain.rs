//! `domain`: adoptions cut into their lines by one core, all 22 slots and what follows from them; no I/O.
//!
//! The floor is the arithmetic alone: 22 products and cuts of an i128, and their sum.

use std::hint::black_box;

use chrono::NaiveDate;
use domain::{
    AccountSequence, Amount, Entry, Plan, SequencerState, SourceAdoption, SourcePrice, write_lines,
};
use futures::future::LocalBoxFuture;

use super::Scale;
use crate::contest::{Contest, Floor, Run, measure};
use crate::cpu::CpuClock;
use crate::network::Network;

const ENTRIES: usize = 50_000;
/// How often all entries are cut up in one run.
const ROUNDS: usize = 40;

const FLOORS: [Floor; 1] = [Floor::main("22 bare products in i128")];

#[derive(Debug)]
pub(crate) struct Slots {
    scale: Scale,
    plan: Plan,
    entries: Vec<Entry>,
}

impl Slots {
    pub(crate) fn new(scale: Scale) -> Self {
        Self { scale, plan: Plan::seed(), entries: Vec::new() }
    }

    fn number(&mut self) -> anyhow::Result<()> {
        let today = NaiveDate::from_ymd_opt(2026, 11, 22).unwrap_or_default();
        let network = Network::new(self.scale.of(100_000), 100.min(self.scale.of(100_000)));
        let mut state = SequencerState::default();
        for (account, adoption) in network.history(self.scale.of(ENTRIES), today) {
            let source = SourceAdoption {
                id: adoption.id,
                account: AccountSequence::parse(&adoption.account)?,
                tree_count: adoption.trees,
                adoption_date: adoption.date,
                status: None,
                price: SourcePrice::Priced(Amount::from_units(adoption.price_units)),
                created_at: None,
                deleted: false,
            };
            let upline: Result<Vec<_>, _> =
                network.upline(account).iter().map(|name| AccountSequence::parse(name)).collect();
            self.entries.push(state.distribute(&source, &upline?, None, &self.plan, today)?);
        }
        Ok(())
    }

    fn cut_up(&self) -> anyhow::Result<u64> {
        let mut lines = Vec::with_capacity(24);
        for _ in 0..ROUNDS {
            for entry in &self.entries {
                lines.clear();
                write_lines(black_box(entry), &self.plan, &mut lines)?;
                black_box(&lines);
            }
        }
        Ok((ROUNDS * self.entries.len()) as u64)
    }

    fn multiply(&self) -> u64 {
        let rates = &self.plan.rates;
        let shares = [rates.personal, rates.operation, rates.province, rates.city];
        let all: Vec<i128> = shares
            .iter()
            .chain(std::iter::repeat_n(&rates.level_per, 15))
            .chain(std::iter::repeat_n(&rates.bonus_per, 3))
            .map(|rate| i128::from(rate.units()))
            .collect();
        let bases: Vec<i128> = self.entries.iter().filter_map(base_units).collect();
        for _ in 0..ROUNDS {
            for base in &bases {
                let base = black_box(*base);
                black_box(all.iter().map(|rate| base * rate / 1_000_000).sum::<i128>());
            }
        }
        (ROUNDS * bases.len()) as u64
    }
}

fn base_units(entry: &Entry) -> Option<i128> {
    match &entry.fact {
        domain::Fact::Distribute(distribution) => Some(distribution.base.units()),
        domain::Fact::Reverse { .. } | domain::Fact::ReferralMove { .. } => None,
    }
}

impl Contest for Slots {
    fn name(&self) -> &'static str {
        "domain"
    }

    fn unit(&self) -> &'static str {
        "adoptions/s"
    }

    fn floors(&self) -> &'static [Floor] {
        &FLOORS
    }

    fn prepare(&mut self, _runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async { self.number() })
    }

    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { measure(&CpuClock::without_server(), async { self.cut_up() }).await })
    }

    fn floor(&mut self, _place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>> {
        Box::pin(async { measure(&CpuClock::without_server(), async { Ok(self.multiply()) }).await })
    }

    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>> {
        Box::pin(async {
            self.entries.clear();
            Ok(())
        })
    }
}
