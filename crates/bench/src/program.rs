//! A program of the service beside this one, as it is deployed.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::Context;

const CONFIG: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");

/// A running program, killed when it is dropped.
#[derive(Debug)]
pub(crate) struct Program {
    name: &'static str,
    child: Child,
}

impl Program {
    /// From where this program lies, with settings such as `("DATABASE__URL", …)`.
    pub(crate) fn start(name: &'static str, settings: &[(&str, String)]) -> anyhow::Result<Self> {
        let path = std::env::current_exe()?.with_file_name(name);
        let mut command = Command::new(&path);
        for (key, value) in settings {
            command.env(format!("CONTRIB__{key}"), value);
        }
        command.arg("--config").arg(Path::new(CONFIG)).stdin(Stdio::null()).stdout(Stdio::null());
        let how = || format!("{}: to be built with  cargo build --release -p {name}", path.display());
        Ok(Self { name, child: command.spawn().with_context(how)? })
    }

    /// Its process.
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// Errs when it has ended.
    pub(crate) fn ensure_runs(&mut self) -> anyhow::Result<()> {
        anyhow::ensure!(self.child.try_wait()?.is_none(), "{} ended", self.name);
        Ok(())
    }
}

impl Drop for Program {
    fn drop(&mut self) {
        // one that has ended is as good
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
