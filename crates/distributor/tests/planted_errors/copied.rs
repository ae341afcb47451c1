//! A copy of the workspace in which errors can be planted; what was copied before and has not changed is left alone, so
//! that building it again is quick.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::errors::PlantedError;

/// What a build needs of the workspace.
const PARTS: [&str; 7] =
    ["Cargo.toml", "Cargo.lock", "rust-toolchain.toml", ".sqlx", "config", "crates", "migrations"];

/// Added to the copy's `domain`.
const SWITCH: &str = r#"
/// Whether the error of this number is switched on.
pub(crate) fn planted(number: u32) -> bool {
    static CHOSEN: std::sync::OnceLock<Option<u32>> = std::sync::OnceLock::new();
    *CHOSEN.get_or_init(|| std::env::var("PLANTED_ERROR").ok()?.parse().ok()) == Some(number)
}
"#;

pub(crate) struct CopiedWorkspace {
    root: PathBuf,
    /// `domain`'s sources with what has been planted so far.
    sources: BTreeMap<&'static str, String>,
}

impl CopiedWorkspace {
    pub(crate) fn new() -> Self {
        let original = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
        let root = Path::new(env!("CARGO_TARGET_TMPDIR")).join("planted_errors");
        for part in PARTS {
            copy(&original.join(part), &root.join(part));
        }
        rename_version(&root.join("Cargo.toml"));
        let library = fs::read_to_string(original.join("crates/domain/src/lib.rs")).unwrap();
        Self { root, sources: [("lib.rs", library + SWITCH)].into() }
    }

    /// Replaces the one place that `error` names by one that errs when `number` is switched on.
    pub(crate) fn plant(&mut self, number: u32, error: &PlantedError) {
        let text = self.sources.entry(error.file).or_insert_with(|| {
            fs::read_to_string(self.root.join("crates/domain/src").join(error.file)).unwrap()
        });
        assert_eq!(
            text.matches(error.right).count(),
            1,
            "{}: the place is not there: {}",
            error.what,
            error.right
        );
        let wrong = error.wrong.replace("PLANTED", &format!("crate::planted({number})"));
        *text = text.replace(error.right, &wrong);
    }

    /// Builds the test of random histories and says where it is.
    pub(crate) fn build(&self) -> String {
        for (file, text) in &self.sources {
            write_if_changed(&self.root.join("crates/domain/src").join(file), text.as_bytes());
        }
        // Beside the temporary directory of this test: what comes from elsewhere has been compiled there already, and with
        // the same features where those of the whole workspace are asked for.
        let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().unwrap();
        let built = Command::new(env!("CARGO"))
            .args(["test", "--offline", "--workspace", "--test", "distribution", "--no-run"])
            .args(["--message-format", "json"])
            .current_dir(&self.root)
            .env("CARGO_TARGET_DIR", target)
            .env("SQLX_OFFLINE", "true")
            .stderr(Stdio::inherit())
            .output()
            .unwrap();
        assert!(built.status.success(), "the copy does not build");
        executable(&String::from_utf8_lossy(&built.stdout))
    }
}

/// Cargo tells packages of two workspaces apart by name and version, not by place: under the version of the original, the
/// copy's crates would be taken for the original's.
fn rename_version(manifest: &Path) {
    let mut text = fs::read_to_string(manifest).unwrap();
    let named = text.find("\nversion = \"").expect("the workspace's manifest names a version")
        + "\nversion = \"".len();
    let end = named + text[named..].find('"').unwrap();
    text.insert_str(end, "-planted");
    fs::write(manifest, text).unwrap();
}

fn executable(messages: &str) -> String {
    let mut executables = messages.lines().filter_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_ours = message["target"]["name"] == "distribution";
        is_ours.then(|| message["executable"].as_str().map(str::to_owned)).flatten()
    });
    executables.next_back().expect("the build names the test's executable")
}

/// Copies a file or a directory; what is not there any more goes.
fn copy(from: &Path, to: &Path) {
    if from.is_file() {
        write_if_changed(to, &fs::read(from).unwrap());
        return;
    }
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(to).unwrap() {
        let name = entry.unwrap().file_name();
        if !from.join(&name).exists() {
            let gone = to.join(&name);
            if gone.is_dir() { fs::remove_dir_all(gone).unwrap() } else { fs::remove_file(gone).unwrap() }
        }
    }
    for entry in fs::read_dir(from).unwrap() {
        let name = entry.unwrap().file_name();
        copy(&from.join(&name), &to.join(&name));
    }
}

fn write_if_changed(path: &Path, content: &[u8]) {
    if fs::read(path).is_ok_and(|there| there == content) {
        return;
    }
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    fs::write(path, content).unwrap();
}
