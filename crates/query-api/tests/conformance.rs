//! schemathesis against the running API, by its own document: nothing fails with 5xx, nothing answers otherwise than the
//! document says, for an operator and for somebody without a token.
//!
//! Needs Python with venv, which `make test` installs, and a package index. `SEEDS=n` lets it try n times as much.

mod common;

use std::env;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, ensure};
use chrono::{Days, Utc};
use common::Stand;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use tokio::process::Command;

const SECRET: &str = "a secret of more than thirty-two bytes";
const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/requirements.txt");
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/schemathesis.toml");
/// Requests that are made up for each operation.
const EXAMPLES: u32 = 5;
/// Far more than it takes on a busy machine.
const LIMIT: Duration = Duration::from_mins(20);

async fn run(what: &str, command: &mut Command) -> anyhow::Result<()> {
    let running = command.stdin(Stdio::null()).kill_on_drop(true).output();
    let ended = tokio::time::timeout(LIMIT, running).await;
    let ended = ended.with_context(|| format!("{what} has not ended"))?;
    let output = ended.with_context(|| format!("{what} cannot be run"))?;
    let said = [output.stdout, output.stderr].concat();
    ensure!(output.status.success(), "{what}: {}\n{}", output.status, String::from_utf8_lossy(&said));
    Ok(())
}

/// The program, installed below the target directory; at once where it is there.
async fn schemathesis() -> anyhow::Result<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    run("python3 -m venv", Command::new("python3").args(["-m", "venv"]).arg(&venv)).await?;
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args(["--disable-pip-version-check", "install", "--requirement", REQUIREMENTS]);
    run("pip install schemathesis", &mut pip).await?;
    Ok(venv.join("bin/st"))
}

fn operator() -> anyhow::Result<String> {
    let exp = (Utc::now() + Days::new(1)).timestamp();
    let claims = json!({ "sub": "conformance", "roles": ["operator"], "exp": exp });
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}

#[tokio::test]
async fn schemathesis_finds_nothing() -> anyhow::Result<()> {
    let program = schemathesis().await?;
    let settings = [
        ("CONTRIB__AUTH__MODE", "jwt"),
        ("CONTRIB__AUTH__HS256_SECRET", SECRET),
        ("CONTRIB__HTTP__SUBJECT_RATE", "0"),
    ];
    let mut stand = Stand::open(&settings).await?;
    stand.worked_example().await?;
    stand.seal().await?;
    let directory = tempfile::tempdir()?;
    let times: u32 = env::var("SEEDS").ok().map_or(Ok(1), |seeds| seeds.parse())?;
    let examples = EXAMPLES * times;
    let check = async |token: Option<String>| {
        let mut command = Command::new(&program);
        command.current_dir(directory.path()).args([
            "--config-file",
            CONFIG,
            "run",
            "--no-color",
            "--seed=1",
        ]);
        command.arg(format!("--max-examples={examples}"));
        if let Some(token) = token {
            command.args(["--header", &format!("Authorization: Bearer {token}")]);
        }
        command.arg(format!("{}/openapi.json", stand.api.base));
        run("schemathesis", &mut command).await
    };
    tokio::try_join!(check(Some(operator()?)), check(None))?;
    stand.close().await
}
