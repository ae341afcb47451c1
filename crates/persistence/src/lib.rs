//! PostgreSQL: one module a noun, every SQL statement of the workspace.
//!
//! A function takes the connection of the caller's transaction; it neither begins nor commits one unless its
//! documentation says so. Amounts cross the border exactly: [`domain`] counts units of 10⁻¹⁰, the tables hold
//! `NUMERIC`, and what does not fit is [`Error::Corrupt`], never rounded.

pub mod accounts;
pub mod adoptions;
pub mod audit_log;
pub mod backlog;
pub mod bootstrap;
pub mod business_day;
pub mod calls;
pub mod cdc_offsets;
pub mod cdc_watermarks;
pub mod changes;
pub mod chunks;
pub mod copy;
pub mod dead_letters;
pub mod due;
pub mod epochs;
mod error;
pub mod job_runs;
pub mod journal;
pub mod leadership;
pub mod ledger;
pub mod locks;
pub mod migrations;
pub mod moves;
pub mod operator_requests;
pub mod outbox;
pub mod partitions;
pub mod plans;
mod pool;
pub mod queue;
pub mod rebuild;
pub mod reconcile;
pub mod referral_tree;
pub mod referrals;
pub mod report;
pub mod retention;
pub mod roll;
pub mod sequencer;
pub mod simulation;
pub mod single;
pub mod snapshots;
pub mod synced;
pub mod synced_adoptions;
pub mod synced_referrals;
pub mod synced_users;
pub mod system_accounts;
pub mod team_stats;
pub mod upstream;
pub mod upstream_rows;
pub mod verify;
pub mod views;

pub use error::{Error, Kind, Result};
pub use pool::{connect, connect_for_workers};
pub use sqlx::{PgConnection, PgPool};
