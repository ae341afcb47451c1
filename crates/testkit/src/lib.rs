//! For tests only: what a test needs of real servers. Nothing here is ever part of a deployment.
//!
//! Tests read `CONTRIB_TEST_DATABASE_URL`, `CONTRIB_TEST_KAFKA_BROKERS` and so on, which `make test` sets, and fail
//! with these names when they are missing: a test that cannot reach its server has not passed.

pub mod audit;
pub mod database;
pub mod debezium;
pub mod history;
pub mod identities;
pub mod servers;
pub mod synced;
pub mod wait;

use anyhow::Context;

/// A setting of the tests' stack.
pub fn required(variable: &str) -> anyhow::Result<String> {
    std::env::var(variable).with_context(|| format!("{variable} is not set: run the tests with `make test`"))
}
