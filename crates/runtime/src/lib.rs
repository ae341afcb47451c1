//! What every worker is wrapped in: settings, tracing, metrics, health, shutdown, error classes.
//!
//! A worker is a library with `run_once`, wrapped by [`run_until_stopped`], and a thin `main` around [`run`]:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     runtime::run(&runtime::program!(), async |context| {
//!         context.shutdown.cancelled().await;
//!         Ok(())
//!     })
//! }
//! ```
//!
//! There is no SQL and no Kafka client here.

pub mod errors;
pub mod health;
pub mod run;
pub mod settings;
pub mod shutdown;
pub mod telemetry;
pub mod worker;

pub use errors::{Disposed, Disposition};
pub use health::{Health, Readiness};
pub use run::{Context, Program, run};
pub use secrecy::{ExposeSecret, SecretString};
pub use settings::{Settings, SettingsError};
pub use tokio_util::sync::CancellationToken;
pub use worker::{Idle, Progress, Worker, run_until_stopped};
