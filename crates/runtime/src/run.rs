//! What stands around every worker's `main`: arguments, settings, logs, metrics, health port, signals, exit code.

use std::net::SocketAddr;
use std::panic::{self, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::Duration;

use anyhow::Context as _;
use clap::{Arg, Command, value_parser};
use tokio_util::sync::CancellationToken;

use crate::health::{self, Health};
use crate::settings::{Settings, SettingsError};
use crate::worker::describe;
use crate::{shutdown, telemetry};

/// How long the step in hand may take after a stop; then it is dropped, which rolls its transaction back.
const GRACE: Duration = Duration::from_secs(8);
/// How long threads that block may take after that.
const LAST_GRACE: Duration = Duration::from_secs(1);

const FAILED: u8 = 1;
const BAD_SETTINGS: u8 = 2;

/// A program's name, version and purpose: [`program!`](crate::program) takes them from its `Cargo.toml`.
#[derive(Debug, Clone, Copy)]
pub struct Program {
    /// Name of the binary.
    pub name: &'static str,
    /// Its version.
    pub version: &'static str,
    /// What it does, in one line.
    pub about: &'static str,
}

/// The [`Program`] of the crate that calls it.
#[macro_export]
macro_rules! program {
    () => {
        $crate::Program {
            name: env!("CARGO_PKG_NAME"),
            version: env!("CARGO_PKG_VERSION"),
            about: env!("CARGO_PKG_DESCRIPTION"),
        }
    };
}

/// What a worker is given.
#[derive(Debug, Clone)]
pub struct Context {
    /// The settings.
    pub settings: Settings,
    /// Cancelled when the process shall stop.
    pub shutdown: CancellationToken,
    /// Where the worker says whether it is ready.
    pub health: Health,
    /// For a worker that serves `/metrics` on a port of its own.
    pub metrics: metrics_exporter_prometheus::PrometheusHandle,
}

/// Runs `worker` until it ends or is told to stop by SIGTERM or SIGINT.
///
/// Exit codes: 0 stopped as asked, 1 failed (one line says why), 2 bad usage or settings (the key is named).
pub fn run<W>(program: &Program, worker: W) -> ExitCode
where
    W: AsyncFnOnce(Context) -> anyhow::Result<()>,
{
    let settings = Settings::load(&config_dir(program)).and_then(|settings| {
        telemetry::init(&settings.log, telemetry::Output::Stdout)?;
        Ok(settings)
    });
    let settings = match settings {
        Ok(settings) => settings,
        Err(error) => {
            eprintln!("{}: {error}", program.name);
            return ExitCode::from(BAD_SETTINGS);
        }
    };
    panic::set_hook(Box::new(|info| tracing::error!("{info}")));
    match panic::catch_unwind(AssertUnwindSafe(|| supervise(program, settings, worker))) {
        Ok(Ok(())) => ExitCode::SUCCESS,
        Ok(Err(error)) => {
            tracing::error!("{} failed: {}", program.name, describe(&*error));
            // a worker may find out only when it starts that a setting will not do
            ExitCode::from(if error.is::<SettingsError>() { BAD_SETTINGS } else { FAILED })
        }
        Err(_) => ExitCode::from(FAILED),
    }
}

fn config_dir(program: &Program) -> PathBuf {
    let config = Arg::new("config")
        .long("config")
        .value_name("DIR")
        .help("Where base.toml is")
        .default_value("config")
        .value_parser(value_parser!(PathBuf));
    let command =
        Command::new(program.name).version(program.version).about(program.about).arg(config).after_help(
            "Settings: DIR/base.toml, then DIR/$APP_ENV.toml, then the variables CONTRIB__SECTION__KEY\n\
             (a secret's CONTRIB__SECTION__KEY_FILE names the file that holds it).\n\
             Exit codes: 0 stopped as asked, 1 failed, 2 bad usage or settings.",
        );
    let mut arguments = command.get_matches();
    arguments.remove_one("config").unwrap_or_else(|| Path::new("config").to_owned())
}

fn supervise<W>(program: &Program, settings: Settings, worker: W) -> anyhow::Result<()>
where
    W: AsyncFnOnce(Context) -> anyhow::Result<()>,
{
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("cannot start the runtime")?;
    let ended = runtime.block_on(async {
        let context = prepare(settings).await?;
        let shutdown = context.shutdown.clone();
        tracing::info!(version = program.version, "{} starts", program.name);
        let out_of_patience = async {
            shutdown.cancelled().await;
            tokio::time::sleep(GRACE).await;
        };
        tokio::select! {
            ended = worker(context) => ended,
            () = out_of_patience => {
                tracing::warn!("the step in hand took too long and was dropped");
                Ok(())
            }
        }
    });
    runtime.shutdown_timeout(LAST_GRACE);
    if ended.is_ok() {
        tracing::info!("{} stopped", program.name);
    }
    ended
}

async fn prepare(settings: Settings) -> anyhow::Result<Context> {
    let shutdown = shutdown::on_signal().context("cannot listen for signals")?;
    let metrics = telemetry::record_metrics().context("cannot record metrics")?;
    let health = Health::default();
    if settings.health.port != 0 {
        let address = SocketAddr::new(settings.health.bind, settings.health.port);
        let bound = health::serve(address, health.clone(), metrics.clone(), CancellationToken::new())
            .await
            .with_context(|| format!("cannot listen on {address} (health.port)"))?;
        tracing::info!(address = %bound, "health and metrics");
    }
    Ok(Context { settings, shutdown, health, metrics })
}
