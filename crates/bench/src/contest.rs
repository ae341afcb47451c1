//! A contest: product and floor, run in turn.

use std::time::{Duration, Instant};

use futures::future::LocalBoxFuture;

use crate::cpu::CpuClock;
use crate::report::Outcome;

/// One side's work, done once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Run {
    /// What is reported: units for each second, unless the contest says otherwise.
    pub(crate) value: f64,
    /// Units of work done: adoptions, messages, rows.
    pub(crate) units: u64,
    /// CPU seconds of this process.
    pub(crate) client_cpu: f64,
    /// CPU seconds of PostgreSQL, all of its processes.
    pub(crate) server_cpu: f64,
}

impl Run {
    /// Several, one after the other, as one.
    pub(crate) fn sum(runs: &[Self]) -> Self {
        let seconds: f64 = runs.iter().map(|run| run.units as f64 / run.value).sum();
        let units = runs.iter().map(|run| run.units).sum();
        Self {
            value: units as f64 / seconds,
            units,
            client_cpu: runs.iter().map(|run| run.client_cpu).sum(),
            server_cpu: runs.iter().map(|run| run.server_cpu).sum(),
        }
    }

    /// Milliseconds of CPU, client and server, for each unit.
    pub(crate) fn cpu_ms(&self) -> f64 {
        (self.client_cpu + self.server_cpu) * 1e3 / self.units as f64
    }

    /// This and then `next`, on the same units.
    pub(crate) fn then(self, next: Self) -> Self {
        Self {
            value: 1.0 / (1.0 / self.value + 1.0 / next.value),
            units: self.units,
            client_cpu: self.client_cpu + next.client_cpu,
            server_cpu: self.server_cpu + next.server_cpu,
        }
    }
}

/// What a product is measured against.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Floor {
    /// Of the row in the report: nothing is added for the floor that counts, `.suffix` for one reported beside it.
    suffix: &'static str,
    /// What it does.
    pub(crate) does: &'static str,
}

impl Floor {
    /// The floor that counts.
    pub(crate) const fn main(does: &'static str) -> Self {
        Self { suffix: "", does }
    }

    /// One reported beside it, in the row of the contest's name and `suffix`, which begins with a dot.
    pub(crate) const fn beside(suffix: &'static str, does: &'static str) -> Self {
        Self { suffix, does }
    }

    /// The row's name in the report.
    pub(crate) fn row(&self, contest: &str) -> String {
        format!("{contest}{}", self.suffix)
    }
}

/// Something that is measured, and what it is measured against.
pub(crate) trait Contest {
    /// Its name in the report, such as `distribute.workers_1`.
    fn name(&self) -> &'static str;
    /// Of the value, such as `adoptions/s`.
    fn unit(&self) -> &'static str;
    /// The floors: first the one that counts, then those reported beside it.
    fn floors(&self) -> &'static [Floor];
    /// Whether it takes so long that it runs only when it is named.
    fn only_when_named(&self) -> bool {
        false
    }
    /// Makes the data; not measured. `runs` of each side will follow.
    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>>;
    /// Runs the service's own code.
    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>>;
    /// Runs one of the floors, by its place in [`Contest::floors`], on what the product has just done.
    fn floor(&mut self, place: usize) -> LocalBoxFuture<'_, anyhow::Result<Run>>;
    /// Takes the data away again.
    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>>;
}

/// Product, each floor, product, each floor …: a result a floor.
pub(crate) async fn compare(contest: &mut dyn Contest, runs: u32) -> anyhow::Result<Vec<Outcome>> {
    let started = Instant::now();
    let name = contest.name();
    eprintln!("{name}: preparing");
    let measured = alternate(contest, runs).await;
    contest.clear().await?;
    let (products, floors) = measured?;
    eprintln!("{name}: done in {:.0} s", started.elapsed().as_secs_f64());
    let beside = contest.floors().iter().zip(&floors);
    Ok(beside
        .map(|(floor, runs)| Outcome::new(floor.row(name), contest.unit(), floor.does, &products, runs))
        .collect())
}

/// The product's runs, and each floor's.
async fn alternate(contest: &mut dyn Contest, runs: u32) -> anyhow::Result<(Vec<Run>, Vec<Vec<Run>>)> {
    let (name, unit) = (contest.name(), contest.unit());
    let mut products = Vec::new();
    let mut floors = vec![Vec::new(); contest.floors().len()];
    contest.prepare(runs).await?;
    for number in 1..=runs {
        let product = contest.product().await?;
        eprintln!("{name}: run {number} of {runs}: {:.0} {unit}", product.value);
        products.push(product);
        for (place, floor) in contest.floors().iter().enumerate() {
            let run = contest.floor(place).await?;
            eprintln!("{name}: run {number} of {runs}: {:.0}: {}", run.value, floor.does);
            floors[place].push(run);
        }
    }
    Ok((products, floors))
}

/// Measures `work`, which says how many units it did.
pub(crate) async fn measure(
    cpu: &CpuClock,
    work: impl Future<Output = anyhow::Result<u64>>,
) -> anyhow::Result<Run> {
    let before = cpu.read()?;
    let started = Instant::now();
    let units = work.await?;
    let seconds = started.elapsed().as_secs_f64();
    let after = cpu.read()?;
    Ok(Run {
        value: units as f64 / seconds,
        units,
        client_cpu: after.client - before.client,
        server_cpu: after.server - before.server,
    })
}

/// The time above which one in a hundred lies, in ms.
pub(crate) fn p99_ms(took: &mut [Duration]) -> f64 {
    took.sort_unstable();
    let place = (took.len() * 99).div_ceil(100).saturating_sub(1);
    took.get(place).map_or(f64::NAN, |took| took.as_secs_f64() * 1e3)
}
