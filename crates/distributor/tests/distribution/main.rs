//! Sequencer and workers against a real PostgreSQL.

#![allow(clippy::unwrap_used, missing_docs)]

mod bench;
mod changes;
mod leadership;
mod random_histories;
mod readiness;
mod worked_example;
