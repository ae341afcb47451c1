//! A Redis of its own, which a test may stop and kill.

use std::net::TcpListener;
use std::process::Stdio;

use anyhow::Context as _;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};

/// A running server; it ends with the test.
pub(crate) struct Redis {
    port: u16,
    directory: TempDir,
    process: Child,
}

impl Redis {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let port = TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
        let directory = tempfile::tempdir()?;
        let process = launch(port, &directory)?;
        let redis = Self { port, directory, process };
        redis.answers().await?;
        Ok(redis)
    }

    pub(crate) fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// It takes connections and answers none.
    pub(crate) async fn hang(&self) -> anyhow::Result<()> {
        self.signal("STOP").await
    }

    /// It goes on after it hung.
    pub(crate) async fn go_on(&self) -> anyhow::Result<()> {
        self.signal("CONT").await
    }

    pub(crate) async fn kill(&mut self) -> anyhow::Result<()> {
        Ok(self.process.kill().await?)
    }

    /// Empty, at the same place.
    pub(crate) async fn restart(&mut self) -> anyhow::Result<()> {
        self.process = launch(self.port, &self.directory)?;
        self.answers().await
    }

    async fn signal(&self, signal: &str) -> anyhow::Result<()> {
        let process = self.process.id().context("Redis has ended")?;
        // a shell has kill built in
        let status = Command::new("sh").args(["-c", &format!("kill -{signal} {process}")]).status().await?;
        anyhow::ensure!(status.success(), "{signal}: {status}");
        Ok(())
    }

    async fn answers(&self) -> anyhow::Result<()> {
        testkit::wait::until("Redis answers", testkit::wait::LIMIT, async || {
            let Ok(mut stream) = TcpStream::connect(("127.0.0.1", self.port)).await else { return Ok(None) };
            stream.write_all(b"PING\r\n").await?;
            let mut answer = [0; 7];
            Ok(stream.read_exact(&mut answer).await.is_ok_and(|_| &answer == b"+PONG\r\n").then_some(()))
        })
        .await
    }
}

fn launch(port: u16, directory: &TempDir) -> anyhow::Result<Child> {
    let mut command = Command::new("redis-server");
    command.args(["--port", &port.to_string(), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
    command.arg("--dir").arg(directory.path()).stdout(Stdio::null()).kill_on_drop(true);
    command.spawn().context("redis-server")
}
