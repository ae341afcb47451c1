//! What is measured.

mod api;
mod calendar;
mod decoder;
mod distribute;
mod domain;
mod during;
mod growth;
mod ingest;
mod ingest_memory;
mod ingest_sink;
mod latency;
mod recalculate;
mod sequencer;
mod snapshot;

use crate::contest::Contest;

/// Accounts of the network that the distributor's contests work on.
const ACCOUNTS: usize = 100_000;
/// Trees that they form, unless there is but one.
const ROOTS: usize = 100;

/// How much data.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    /// Divides everything; 1 is what is reported.
    pub(crate) shrink: u32,
    /// Entries that are carried out again.
    pub(crate) recalculate: u32,
    /// Adoptions that `growth` distributes.
    pub(crate) growth: u32,
}

impl Scale {
    fn of(self, full: usize) -> usize {
        full / self.shrink as usize
    }
}

/// All contests, in the order of the report.
pub(crate) fn all(scale: Scale) -> Vec<Box<dyn Contest>> {
    let workers = |name, roots, count| Box::new(distribute::Workers::new(name, roots, count, scale));
    vec![
        Box::new(decoder::Decoding::without_schemas(scale)),
        Box::new(decoder::Decoding::with_schemas(scale)),
        Box::new(ingest::Ingest::users(scale)),
        Box::new(ingest::Ingest::adoptions(scale)),
        Box::new(domain::Slots::new(scale)),
        Box::new(sequencer::Numbering::as_they_come(scale)),
        Box::new(sequencer::Numbering::history(scale)),
        workers("distribute.workers_1", ROOTS, 1),
        workers("distribute.workers_2", ROOTS, 2),
        workers("distribute.workers_4", ROOTS, 4),
        workers("distribute.single_root.workers_1", 1, 1),
        workers("distribute.single_root.workers_2", 1, 2),
        workers("distribute.single_root.workers_4", 1, 4),
        Box::new(recalculate::Again::new(scale)),
        Box::new(snapshot::Sealing::new(scale)),
        Box::new(calendar::Rolling::new(scale)),
        Box::new(calendar::TeamStats::new(scale)),
        Box::new(during::During::new(during::Job::Roll, scale)),
        Box::new(during::During::new(during::Job::Snapshot, scale)),
        Box::new(during::During::new(during::Job::TeamStats, scale)),
        Box::new(latency::Idle::new(scale)),
        Box::new(api::account::Accounts::from_database(scale)),
        Box::new(api::account::Accounts::by_redis(scale)),
        Box::new(api::million::Million::new(scale)),
        Box::new(growth::Growth::new(scale)),
        Box::new(ingest_memory::Memory::new(scale)),
        Box::new(api::memory::Memory::new(scale)),
        Box::new(ingest_sink::Sink::new(scale)),
    ]
}
