//! The TypeScript package and the Rust example, built where they stand, and run.

use std::env;
use std::path::{Path, PathBuf};

use anyhow::{Context, ensure};
use tokio::process::Command;
use tokio::sync::OnceCell;

use crate::common::commands::output;
use crate::events::Topic;

const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../clients/typescript");
/// The TypeScript package, installed, built and tested by itself.
pub(crate) struct Package;

impl Package {
    pub(crate) async fn built() -> anyhow::Result<&'static Self> {
        static BUILT: OnceCell<Package> = OnceCell::const_new();
        BUILT.get_or_try_init(Self::build).await
    }

    async fn build() -> anyhow::Result<Self> {
        let npm = async |arguments: &[&str]| {
            let what = format!("npm {} in clients/typescript", arguments.join(" "));
            output(&what, Command::new("npm").args(arguments).current_dir(PACKAGE)).await
        };
        npm(&["ci", "--ignore-scripts", "--prefer-offline", "--no-audit", "--no-fund"]).await?;
        npm(&["test"]).await?;
        Ok(Self)
    }

    /// The package's tests against a running service.
    pub(crate) async fn live_tests(&self, environment: &[(&str, String)]) -> anyhow::Result<()> {
        let mut node = Command::new("node");
        node.arg("--test").current_dir(PACKAGE).envs(environment.iter().map(|(name, value)| (name, value)));
        for test in ["reads", "snapshots"] {
            node.arg(format!("dist/test/live/{test}.test.js"));
        }
        let told = output("the live tests", &mut node).await?;
        ensure!(told.contains("pass 9"), "{told}");
        Ok(())
    }
}

/// A program that keeps the newest event of each account in a file.
pub(crate) struct Reader {
    pub(crate) name: &'static str,
    program: PathBuf,
    arguments: Vec<PathBuf>,
}

impl Reader {
    pub(crate) async fn typescript() -> anyhow::Result<Self> {
        Package::built().await?;
        let script = Path::new(PACKAGE).join("dist/examples/account-events.js");
        Ok(Self { name: "typescript", program: "node".into(), arguments: vec![script] })
    }

    /// The example of the relay's crate: built with this test, where cargo has not built it already, so that nothing is
    /// compiled with other features than for `cargo test`.
    pub(crate) async fn rust() -> anyhow::Result<Self> {
        // <target>/<profile>/deps/<test>-<hash>
        let test = env::current_exe()?;
        let profile = test.ancestors().nth(2).context("a test lies in <target>/<profile>/deps")?;
        let target = profile.parent().context("a profile lies in <target>")?;
        let release = profile.ends_with("release");
        let mut cargo = Command::new(env!("CARGO"));
        cargo.args(["build", "--workspace", "--locked", "--quiet", "--test", "client"]);
        cargo.args(["--example", "account_events", "--profile", if release { "release" } else { "dev" }]);
        cargo.arg("--target-dir").arg(target).current_dir(env!("CARGO_MANIFEST_DIR"));
        output("cargo build of the example", &mut cargo).await?;
        Ok(Self { name: "rust", program: profile.join("examples/account_events"), arguments: Vec::new() })
    }

    /// Reads what is there into `file`, on from where `group` was; gives how many events came.
    pub(crate) async fn read(
        &self,
        topic: &Topic,
        file: &Path,
        group: Option<&str>,
    ) -> anyhow::Result<usize> {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).args([&topic.brokers, &topic.name]).arg(file).args(group);
        let told = output(self.name, &mut command).await?;
        let numbers = told.split_whitespace().filter_map(|word| word.parse::<usize>().ok());
        Ok(numbers.sum())
    }
}
