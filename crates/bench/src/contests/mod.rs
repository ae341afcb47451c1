//! What is measured.

mod distribute;
mod domain;
mod latency;
mod seed_tables;

use crate::contest::Contest;

/// How much data: 1 is the size that is reported.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scale {
    pub(crate) shrink: u32,
}

impl Scale {
    fn of(self, full: usize) -> usize {
        full / self.shrink as usize
    }
}

/// All contests, in the order of the report.
pub(crate) fn all(scale: Scale) -> Vec<Box<dyn Contest>> {
    vec![
        Box::new(domain::Slots::new(scale)),
        Box::new(distribute::Workers::new("distribute.workers_1", 1, scale)),
        Box::new(distribute::Workers::new("distribute.workers_2", 2, scale)),
        Box::new(distribute::Workers::new("distribute.workers_4", 4, scale)),
        Box::new(latency::Idle::new(scale)),
    ]
}
