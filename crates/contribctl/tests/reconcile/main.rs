//! `contribctl reconcile`: what differs between upstream and what is kept of it is found, named, and mended.

#[path = "../support/mod.rs"]
mod support;

mod connector;
mod differences;
mod pair;
