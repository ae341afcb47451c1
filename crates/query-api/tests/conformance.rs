//! schemathesis against the running API, by its own document: nothing fails with 5xx, nothing answers otherwise than the
//! document says, for an operator and for somebody without a token.
//!
//! Needs Python with venv, which `make test` installs, and a package index. `SEEDS=n` lets it try n times as much.

mod common;

use std::env;
use std::path::{Path, PathBuf};

use common::commands::output;
use common::{SECRET, Stand, token};
use tokio::process::Command;

const REQUIREMENTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/requirements.txt");
const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/conformance/schemathesis.toml");
/// Requests that are made up for each operation.
const EXAMPLES: u32 = 5;

/// The program, installed below the target directory; at once where it is there.
async fn schemathesis() -> anyhow::Result<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join("schemathesis");
    output("python3 -m venv", Command::new("python3").args(["-m", "venv"]).arg(&venv)).await?;
    let mut pip = Command::new(venv.join("bin/pip"));
    pip.args(["--disable-pip-version-check", "install", "--requirement", REQUIREMENTS]);
    output("pip install schemathesis", &mut pip).await?;
    Ok(venv.join("bin/st"))
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
        output("schemathesis", &mut command).await.map(drop)
    };
    tokio::try_join!(check(Some(token("operator")?)), check(None))?;
    stand.close().await
}
