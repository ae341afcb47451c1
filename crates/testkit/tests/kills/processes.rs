//! The workspace's programs as processes: started with settings of their own, killed, started again.

use std::collections::BTreeMap;
use std::env;
use std::fs::OpenOptions;
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::Context as _;
use testkit::servers::repository;
use tokio::process::{Child, Command};
use tokio::sync::OnceCell;

const SIGKILL: i32 = 9;

/// Settings as a process gets them: `CONTRIB__SECTION__KEY` and its value.
pub(crate) type Environment = BTreeMap<String, String>;

/// The programs of this build.
#[derive(Debug)]
pub(crate) struct Programs {
    repository: PathBuf,
    profile: PathBuf,
}

impl Programs {
    /// Has cargo build them beside the integration test that asks, once a process: `cargo test` itself builds the
    /// programs of only some packages, and one left over from an earlier state of the sources would be tested in their
    /// place.
    pub(crate) async fn built() -> anyhow::Result<&'static Self> {
        static BUILT: OnceCell<Programs> = OnceCell::const_new();
        BUILT.get_or_try_init(Self::build).await
    }

    async fn build() -> anyhow::Result<Self> {
        let repository = repository()?;
        // <target>/<profile>/deps/<test>-<hash>
        let test = env::current_exe()?;
        let test_name = test.file_name().and_then(|name| name.to_str()?.rsplit_once('-'));
        let (test_name, _) = test_name.context("a test is called <test>-<hash>")?;
        let profile = test.ancestors().nth(2).context("a test lies in <target>/<profile>/deps")?;
        let target = profile.parent().context("a profile lies in <target>")?;
        let profile_name = match profile.file_name().and_then(|name| name.to_str()) {
            Some("debug") => "dev",
            Some(name) => name,
            None => anyhow::bail!("{} is no profile's directory", profile.display()),
        };
        let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
        cargo.args(["build", "--workspace", "--locked", "--quiet", "--profile", profile_name]);
        // with the test, dependencies have the features that they have for `cargo test`: nothing is compiled twice
        cargo.args(["--bins", "--test", test_name]);
        cargo.arg("--target-dir").arg(target).current_dir(&repository);
        let status = cargo.status().await.context("cargo")?;
        anyhow::ensure!(status.success(), "the programs could not be built: {status}");
        Ok(Self { repository, profile: profile.to_owned() })
    }

    /// Where tests may leave files: below cargo's target directory.
    pub(crate) fn scratch(&self) -> PathBuf {
        self.profile.with_file_name("tmp")
    }

    /// A program with the shipped `config/base.toml` and these settings, and with none of the caller's own.
    pub(crate) fn command(&self, program: &str, settings: &Environment) -> Command {
        let mut command = Command::new(self.profile.join(program));
        for (name, _) in env::vars_os() {
            if name.to_str().is_some_and(|name| name.starts_with("CONTRIB__")) {
                command.env_remove(name);
            }
        }
        command.env_remove("APP_ENV").env_remove("RUST_LOG").envs(settings);
        command.arg("--config").arg(self.repository.join("config"));
        command.stdin(Stdio::null()).kill_on_drop(true);
        command
    }
}

/// A process that runs; killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Process {
    name: String,
    child: Child,
}

impl Process {
    /// Starts `command`; what it prints is added to `log`.
    pub(crate) fn start(name: &str, mut command: Command, log: &Path) -> anyhow::Result<Self> {
        let log = OpenOptions::new().create(true).append(true).open(log)?;
        command.stdout(log.try_clone()?).stderr(log);
        let child = command.spawn().with_context(|| name.to_owned())?;
        Ok(Self { name: name.to_owned(), child })
    }

    /// Fails if it has ended.
    pub(crate) fn expect_running(&mut self) -> anyhow::Result<()> {
        match self.child.try_wait()? {
            None => Ok(()),
            Some(status) => anyhow::bail!("{} ended by itself: {status}", self.name),
        }
    }

    /// SIGKILL, at once; fails if it had ended before.
    pub(crate) async fn kill(mut self) -> anyhow::Result<()> {
        self.child.start_kill().with_context(|| format!("{} had ended before", self.name))?;
        let status = self.child.wait().await?;
        anyhow::ensure!(status.signal() == Some(SIGKILL), "{} ended by itself: {status}", self.name);
        Ok(())
    }
}
