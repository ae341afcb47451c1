//! What was seen to go wrong with Debezium, Kafka and `PostgreSQL`, by the numbers of `docs/TESTING.md`.
//!
//! Messages are captures of a real Debezium, or differ from them by what it does too: another offset, another lsn of the
//! same shape. Where a server's own behaviour matters there is a real one.
//!
//! | module | |
//! |---|---|
//! | [`reading`] | 16-20: what a message says |
//! | [`rows`] | 1, 3-9, 12, 23: what becomes of a row |
//! | [`consumers`] | 2, 10, 22: several ingestors, and servers that are away |
//! | [`connector`] | 11, 12, 21, 23, 24, 25: a real connector on an upstream of the test's own |
#![allow(clippy::unwrap_used)]

#[path = "../common/mod.rs"]
mod common;

mod connector;
mod consumers;
mod outage;
mod reading;
mod rows;
mod upstream;
