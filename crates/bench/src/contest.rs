//! A contest: product and floor, run in turn.

use std::time::Instant;

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
    /// Milliseconds of CPU, client and server, for each unit.
    pub(crate) fn cpu_ms(&self) -> f64 {
        (self.client_cpu + self.server_cpu) * 1e3 / self.units as f64
    }
}

/// Something that is measured, and what it is measured against.
pub(crate) trait Contest {
    /// Its name in the report, such as `distribute.workers_1`.
    fn name(&self) -> &'static str;
    /// Of the value, such as `adoptions/s`.
    fn unit(&self) -> &'static str;
    /// What the floor does.
    fn floor_name(&self) -> &'static str;
    /// Makes the data; not measured. `runs` of each side will follow.
    fn prepare(&mut self, runs: u32) -> LocalBoxFuture<'_, anyhow::Result<()>>;
    /// Runs the service's own code.
    fn product(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>>;
    /// Runs the floor on what the product has just done.
    fn floor(&mut self) -> LocalBoxFuture<'_, anyhow::Result<Run>>;
    /// Takes the data away again.
    fn clear(&mut self) -> LocalBoxFuture<'_, anyhow::Result<()>>;
}

/// Product, floor, product, floor …
pub(crate) async fn compare(contest: &mut dyn Contest, runs: u32) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    let name = contest.name();
    eprintln!("{name}: preparing");
    let measured = alternate(contest, runs).await;
    contest.clear().await?;
    let (products, floors) = measured?;
    eprintln!("{name}: done in {:.0} s", started.elapsed().as_secs_f64());
    Ok(Outcome::new(name, contest.unit(), contest.floor_name(), &products, &floors))
}

async fn alternate(contest: &mut dyn Contest, runs: u32) -> anyhow::Result<(Vec<Run>, Vec<Run>)> {
    let name = contest.name();
    let (mut products, mut floors) = (Vec::new(), Vec::new());
    contest.prepare(runs).await?;
    for number in 1..=runs {
        let product = contest.product().await?;
        let floor = contest.floor().await?;
        eprintln!(
            "{name}: run {number} of {runs}: {:.0} {}, floor {:.0}",
            product.value,
            contest.unit(),
            floor.value
        );
        products.push(product);
        floors.push(floor);
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
