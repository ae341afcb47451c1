//! The house in order: what `docs/ARCHITECTURE.md` promises of the workspace as a whole.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

/// Each crate, and which of the others it may name in its `[dependencies]`.
const ARROWS: [(&str, &[&str]); 11] = [
    ("domain", &[]),
    ("persistence", &["domain"]),
    ("runtime", &[]),
    ("cdc-ingestor", &["domain", "persistence", "runtime"]),
    ("distributor", &["domain", "persistence", "runtime"]),
    ("scheduler", &["domain", "persistence", "runtime"]),
    ("outbox-relay", &["persistence", "runtime"]),
    ("query-api", &["domain", "persistence", "runtime"]),
    ("contribctl", &["domain", "persistence", "runtime"]),
    ("testkit", &["persistence", "runtime"]),
    (
        "bench",
        &[
            "domain",
            "persistence",
            "runtime",
            "cdc-ingestor",
            "distributor",
            "outbox-relay",
            "scheduler",
            "contribctl",
            "testkit",
        ],
    ),
];
/// What would let a clock, chance, a socket or a floating point number into `domain`.
const DOMAIN_ALLOWS: [&str; 8] =
    ["chrono", "compact_str", "rust_decimal", "serde", "sha2", "thiserror", "utoipa", "uuid"];
/// Longer than this, a file is more than one thought.
const MOST_LINES: usize = 450;

fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Each crate with the names in its `[dependencies]`.
fn dependencies() -> Vec<(String, BTreeSet<String>)> {
    let told = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(repo())
        .output()
        .unwrap();
    let metadata: Value = serde_json::from_slice(&told.stdout).unwrap();
    let normal = |package: &Value| {
        let all = package["dependencies"].as_array().unwrap().iter();
        all.filter(|one| one["kind"].is_null()).map(|one| one["name"].as_str().unwrap().to_owned()).collect()
    };
    let packages = metadata["packages"].as_array().unwrap().iter();
    packages.map(|package| (package["name"].as_str().unwrap().to_owned(), normal(package))).collect()
}

#[test]
fn arrows_between_crates_go_one_way() {
    let ours: BTreeSet<&str> = ARROWS.iter().map(|(name, _)| *name).collect();
    for (name, dependencies) in dependencies() {
        let (_, allowed) = ARROWS.iter().find(|(known, _)| *known == name).expect(&name);
        let named = dependencies.iter().map(String::as_str).filter(|dependency| ours.contains(dependency));
        let wrong: Vec<&str> = named.filter(|dependency| !allowed.contains(dependency)).collect();
        assert!(wrong.is_empty(), "{name} must not depend on {wrong:?}");
    }
}

#[test]
fn domain_depends_on_nothing_that_waits_reads_or_draws() {
    let (_, dependencies) = dependencies().into_iter().find(|(name, _)| name == "domain").unwrap();
    let wrong: Vec<_> = dependencies.iter().filter(|name| !DOMAIN_ALLOWS.contains(&name.as_str())).collect();
    assert!(wrong.is_empty(), "domain depends on {wrong:?}");
}

#[test]
fn statements_stand_in_persistence_only() {
    for (path, text) in sources("src") {
        let may = ["persistence", "testkit", "bench"].iter().any(|name| is_of(&path, name));
        assert!(may || !text.contains("sqlx::query"), "{} has a statement of its own", path.display());
    }
}

#[test]
fn no_file_is_more_than_one_thought() {
    for directory in ["src", "tests"] {
        for (path, text) in sources(directory) {
            let lines = text.lines().count();
            assert!(lines <= MOST_LINES, "{} has {lines} lines", path.display());
        }
    }
}

#[test]
fn what_the_pages_point_at_is_there() {
    let mut checked = 0;
    for page in pages() {
        let text = fs::read_to_string(&page).unwrap();
        for target in text.split("](").skip(1).filter_map(|rest| rest.split(')').next()) {
            let path = target.split('#').next().unwrap();
            if path.is_empty() || path.contains("://") {
                continue;
            }
            assert!(page.with_file_name(path).exists(), "{} points at {path}", page.display());
            checked += 1;
        }
    }
    assert!(checked > 30, "only {checked} links were found");
}

#[test]
fn the_architecture_names_every_crate() {
    let page = fs::read_to_string(repo().join("docs/ARCHITECTURE.md")).unwrap();
    for (name, _) in ARROWS {
        assert!(page.contains(&format!("| [`{name}`]")), "docs/ARCHITECTURE.md does not name {name}");
    }
}

fn pages() -> Vec<PathBuf> {
    let mut pages = vec![repo().join("README.md"), repo().join("CHANGELOG.md")];
    for directory in ["docs", "deploy", "k8s"] {
        files(&repo().join(directory), "md", &mut pages);
    }
    pages
}

/// The Rust files below that directory of every crate, with their texts.
fn sources(directory: &str) -> Vec<(PathBuf, String)> {
    let mut paths = Vec::new();
    for (name, _) in ARROWS {
        files(&repo().join("crates").join(name).join(directory), "rs", &mut paths);
    }
    paths.into_iter().map(|path| (path.clone(), fs::read_to_string(path).unwrap())).collect()
}

fn files(directory: &Path, extension: &str, found: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(directory).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files(&path, extension, found);
        } else if path.extension().is_some_and(|its| its == extension) {
            found.push(path);
        }
    }
}

fn is_of(path: &Path, name: &str) -> bool {
    path.starts_with(repo().join("crates").join(name))
}
