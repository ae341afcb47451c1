//! Logs and metrics of a process.

use std::io::{self, IsTerminal};
use std::time::Duration;

use metrics_exporter_prometheus::{BuildError, Matcher, PrometheusBuilder, PrometheusHandle};
use tracing_subscriber::EnvFilter;
use tracing_subscriber::fmt::writer::BoxMakeWriter;

use crate::settings::{Log, SettingsError};

/// Upper bounds of the buckets of every histogram named `…_seconds`.
const SECONDS: [f64; 14] =
    [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
/// Upper bounds of the buckets of every histogram named `…_size`.
const SIZES: [f64; 12] = [1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1e3, 3e3, 1e4, 3e4, 1e5, 1e6];
/// How often the exporter drains what it has gathered for histograms.
const UPKEEP: Duration = Duration::from_secs(5);

/// Where logs go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    /// A worker's.
    Stdout,
    /// A command's, whose stdout is its answer.
    Stderr,
}

/// Starts logging: for people when stdout is a terminal, JSON otherwise. `RUST_LOG` goes before `log.filter`.
/// What libraries say through the `log` crate (librdkafka) comes too. To be called once.
pub fn init(log: &Log, output: Output) -> Result<(), SettingsError> {
    let (key, directives) = match std::env::var("RUST_LOG") {
        Ok(directives) if !directives.is_empty() => ("RUST_LOG", directives),
        _ => ("log.filter", log.filter.clone()),
    };
    let filter = EnvFilter::try_new(directives).map_err(|error| SettingsError::new(key, error))?;
    let terminal = io::stdout().is_terminal();
    let writer = match output {
        Output::Stdout => BoxMakeWriter::new(io::stdout),
        Output::Stderr => BoxMakeWriter::new(io::stderr),
    };
    let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(writer);
    let started = if terminal {
        lines.with_ansi(true).try_init()
    } else {
        lines.json().flatten_event(true).with_current_span(false).try_init()
    };
    started.map_err(|error| SettingsError::new("log", error))
}

/// Starts gathering metrics. To be called once, within a tokio runtime.
pub fn record_metrics() -> Result<PrometheusHandle, BuildError> {
    let handle = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Suffix("_seconds".into()), &SECONDS)?
        .set_buckets_for_metric(Matcher::Suffix("_size".into()), &SIZES)?
        .install_recorder()?;
    let upkeep = handle.clone();
    tokio::spawn(async move {
        loop {
            tokio::time::sleep(UPKEEP).await;
            upkeep.run_upkeep();
        }
    });
    Ok(handle)
}
