//! Programs beside the test.

use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::{Context, ensure};
use tokio::process::Command;

/// Far more than any of them takes, a compiler on a busy machine among them.
const LIMIT: Duration = Duration::from_mins(20);

/// What a command that must succeed prints.
pub(crate) async fn output(what: &str, command: &mut Command) -> anyhow::Result<String> {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let ended = tokio::time::timeout(LIMIT, running).await;
    let ended = ended.with_context(|| format!("{what} has not ended"))?;
    let Output { status, stdout, stderr } = ended.with_context(|| format!("{what} cannot be run"))?;
    let (stdout, stderr) = (String::from_utf8_lossy(&stdout), String::from_utf8_lossy(&stderr));
    ensure!(status.success(), "{what}: {status}\n{stdout}\n{stderr}");
    Ok(stdout.into_owned())
}
