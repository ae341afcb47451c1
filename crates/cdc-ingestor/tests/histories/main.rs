//! What upstream may do to the ingestor, at random: histories through a model of Debezium, which is itself held against
//! the captures of a real one.
//!
//! | module | |
//! |---|---|
//! | [`captures`], [`replay`], [`captured_rows`], [`comparison`] | the steps that made the captures, through the model, message for message |
//! | [`random`] | histories from a seed (`SEEDS=n` for so many, `SEED=n` for one) |
//! | [`connector`] | histories told to a real upstream with a real connector, both killed in the middle |
//! | [`life`] | what upstream and the connector do in them |
//! | [`consumer`] | what the ingestor does, and how it dies |
//! | [`outcome`], [`tree`] | what the synced tables must hold in the end |
#![allow(clippy::unwrap_used, unreachable_pub, missing_docs)]

#[path = "../common/mod.rs"]
mod common;
#[path = "../traps/upstream.rs"]
#[allow(dead_code)]
mod upstream;

mod captured_rows;
mod captures;
mod comparison;
mod connector;
mod consumer;
mod life;
mod outcome;
mod random;
mod replay;
mod tree;
