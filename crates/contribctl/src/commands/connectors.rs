//! `contribctl connectors`: registers the connectors that read upstream, and watches them.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use chrono::{DateTime, Utc};
use clap::{Args, Subcommand};
use persistence::PgPool;
use persistence::upstream::{self, SlotBlocker};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::connect::placeholders::Placeholders;
use crate::connect::{Connect, ConnectError, signals};
use crate::{Context, Error, Outcome, Progress, Result};

const PAUSE: Duration = Duration::from_millis(500);
/// What Debezium calls its slot where its configuration does not say.
const DEFAULT_SLOT: &str = "debezium";
/// Where a connector names the topic that it is told by what to do.
const SIGNAL_TOPIC: &str = "signal.kafka.topic";

/// What to do about connectors.
#[derive(Debug, Subcommand)]
pub enum Connectors {
    /// Register connectors, or change those that are registered, and wait until they run
    Apply(Apply),
    /// Show how the registered connectors do; exit code 1 when one does not run
    Status,
}

/// Registers connectors.
#[derive(Debug, Args)]
pub struct Apply {
    /// Files {"name": …, "config": {…}}; `${UPSTREAM_HOST}`, `…_PORT`, `…_USER`, `…_PASSWORD`, `…_DB` and
    /// `${KAFKA_BROKERS}` are filled in from the settings [default: all *.json of --dir]
    files: Vec<PathBuf>,
    /// Where the files are when none is named
    #[arg(long, value_name = "DIR", default_value = "deploy/debezium")]
    dir: PathBuf,
    /// How long to wait until connectors and tasks run and their slots are there, in seconds
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    timeout: u64,
}

/// A connector as a file describes it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Description {
    name: String,
    config: Map<String, Value>,
}

/// Carries out a subcommand.
pub async fn run(connectors: Connectors, context: &Context) -> Result<Outcome> {
    match connectors {
        Connectors::Apply(apply) => self::apply(apply, context).await,
        Connectors::Status => status(context).await,
    }
}

async fn status(context: &Context) -> Result<Outcome> {
    let connect = context.connect()?;
    let names = connect.names().await?;
    let mut outcome = Outcome::Good;
    for name in &names {
        let Some(status) = connect.status(name).await? else { continue };
        answer!("{status}");
        if let Some(failure) = status.failure() {
            answer!("  {failure}");
        }
        if !status.is_running() {
            outcome = Outcome::Bad;
        }
    }
    if names.is_empty() {
        answer!("no connector is registered: contribctl connectors apply");
        outcome = Outcome::Bad;
    }
    Ok(outcome)
}

async fn apply(apply: Apply, context: &Context) -> Result<Outcome> {
    let files = if apply.files.is_empty() { json_files(&apply.dir)? } else { apply.files };
    let placeholders = Placeholders::new(&context.settings)?;
    let descriptions =
        files.iter().map(|file| read(file, &placeholders)).collect::<Result<Vec<Description>>>()?;
    let connect = context.connect()?;
    for Description { name, config } in &descriptions {
        // one that listens to a topic that is not there yet may not hear what is said first
        if let Some(topic) = config.get(SIGNAL_TOPIC).and_then(Value::as_str) {
            signals::ensure_topic(&context.settings.kafka, topic).await?;
        }
        connect.put(name, config).await?;
        answer!("{name}: registered");
    }
    let upstream = context.upstream()?;
    let deadline = Instant::now() + Duration::from_secs(apply.timeout);
    for description in &descriptions {
        await_running(description, &connect, &upstream, deadline).await?;
    }
    Ok(Outcome::Good)
}

fn json_files(dir: &Path) -> Result<Vec<PathBuf>> {
    let unreadable = |error: std::io::Error| Error::File { path: dir.to_owned(), reason: error.to_string() };
    let mut files = Vec::new();
    for entry in fs::read_dir(dir).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            files.push(path);
        }
    }
    files.sort();
    if files.is_empty() {
        return Err(Error::File { path: dir.to_owned(), reason: "holds no *.json".to_owned() });
    }
    Ok(files)
}

fn read(file: &Path, placeholders: &Placeholders) -> Result<Description> {
    let wrong = |reason: String| Error::File { path: file.to_owned(), reason };
    let text = fs::read_to_string(file).map_err(|error| wrong(error.to_string()))?;
    let mut description: Description =
        serde_json::from_str(&text).map_err(|error| wrong(error.to_string()))?;
    for (key, value) in &mut description.config {
        if let Value::String(text) = value {
            *text = placeholders.fill(text).map_err(|unknown| {
                wrong(format!("config.{key}: nothing is known to put in for ${{{unknown}}}"))
            })?;
        }
    }
    Ok(description)
}

/// A task runs, as Connect sees it, while it waits for its slot: the slot is looked for too.
async fn await_running(
    description: &Description,
    connect: &Connect,
    upstream: &PgPool,
    deadline: Instant,
) -> Result<()> {
    let name = &description.name;
    let slot = description.config.get("slot.name").and_then(Value::as_str).unwrap_or(DEFAULT_SLOT);
    let progress = Progress::endless("connectors");
    let mut restarted = false;
    let mut told: Vec<i32> = Vec::new();
    loop {
        let status = connect.status(name).await?;
        if let Some(failure) = status.as_ref().and_then(|status| status.failure()) {
            if restarted {
                progress.done();
                return Err(ConnectError::Failed { name: name.clone(), reason: failure.to_owned() }.into());
            }
            // it may have failed long ago, and the same configuration does not start it again
            connect.restart_failed(name).await?;
            restarted = true;
        }
        let mut connection = upstream.acquire().await.map_err(persistence::Error::from)?;
        let ready = upstream::slot_is_ready(&mut connection, slot).await?;
        if let Some(running) = status.as_ref().filter(|status| status.is_running() && ready) {
            progress.done();
            answer!("{running}, slot {slot} is there");
            return Ok(());
        }
        let blockers = upstream::slot_blockers(&mut connection).await?;
        drop(connection);
        for blocker in blockers.iter().filter(|blocker| !told.contains(&blocker.pid)) {
            progress
                .tell(&format!("{name}: slot {slot} waits for an open transaction: {}", describe(blocker)));
        }
        told.extend(blockers.iter().map(|blocker| blocker.pid));
        let state = status.map_or_else(|| format!("{name}: not known yet"), |status| status.to_string());
        if Instant::now() >= deadline {
            progress.done();
            return Err(Error::TimedOut(in_vain(&state, slot, ready, &blockers)));
        }
        progress.say(state);
        tokio::time::sleep(PAUSE).await;
    }
}

fn describe(blocker: &SlotBlocker) -> String {
    if blocker.pid == 0 {
        return "a prepared transaction (see pg_prepared_xacts)".to_owned();
    }
    let application = blocker.application.as_deref().filter(|name| !name.is_empty()).unwrap_or("unnamed");
    let mut parts = vec![format!("pid {}, application {application}", blocker.pid)];
    parts.extend(blocker.state.clone());
    parts.extend(blocker.age_seconds.map(|age| format!("open for {age} s")));
    let begun = |at: DateTime<Utc>| format!("last statement began {}", at.format("%Y-%m-%d %H:%M:%S UTC"));
    parts.extend(blocker.query_start.map(begun));
    parts.join(", ")
}

fn in_vain(state: &str, slot: &str, ready: bool, blockers: &[SlotBlocker]) -> String {
    let mut parts = vec![format!("waited in vain: {state}")];
    if !ready {
        parts.push(format!("slot {slot} is not there"));
    }
    parts.extend(
        blockers.iter().map(|blocker| format!("an open transaction holds it up: {}", describe(blocker))),
    );
    parts.join("; ")
}
