//! Uplines, paths and depths against a naive walk.
//!
//! | module | |
//! |---|---|
//! | [`orders`] | every order of arrival, and random moves, rings and deletes |
//! | [`concurrent`] | transactions that are open at the same time |
//! | [`large`] | 100,000 descendants and a chain of 10,000, in bounded transactions |
#![allow(clippy::unwrap_used, clippy::option_option)]

#[path = "../common/mod.rs"]
mod common;

mod concurrent;
mod large;
mod orders;
mod support;
