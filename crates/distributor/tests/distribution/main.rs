//! Sequencer and workers against a real PostgreSQL.

#![allow(clippy::unwrap_used, missing_docs)]

mod changes;
mod indifferent;
mod leadership;
mod random_histories;
mod readiness;
mod stage;
mod worked_example;
