//! RULES.md as tests, by theme: its tables and examples word for word, and properties that must hold for
//! whatever upstream comes up with.

mod accounts;
mod amounts;
mod apportioning;
mod changes;
mod dates;
mod lines;
mod merkle;
mod moves;
mod network;
mod numbering;
mod plans;
mod pricing;
mod properties;
mod readiness;
mod simulations;
mod support;
mod unlocking;
mod walks;
mod worked_example;
