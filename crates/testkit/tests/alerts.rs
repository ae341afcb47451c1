//! The alert rules speak of metrics that there are, by settings that hold, and point at pages that are there.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

fn repo() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn rules() -> String {
    fs::read_to_string(repo().join("deploy/alerts/contribution.yml")).unwrap()
}

/// Names of metrics in a text; those that a histogram is scraped under are the histogram's.
fn metrics(text: &str) -> BTreeSet<String> {
    let is_part = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let words = text.split(|letter| !is_part(letter)).filter(|word| word.starts_with("contrib_"));
    let suffixes = ["_bucket", "_sum", "_count"];
    words
        .map(|word| suffixes.iter().find_map(|suffix| word.strip_suffix(suffix)).unwrap_or(word).to_owned())
        .collect()
}

/// Names of metrics that the programs set.
fn set_by_programs(directory: &Path, found: &mut BTreeSet<String>) {
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            set_by_programs(&path, found);
        } else if path.extension().is_some_and(|its| its == "rs") {
            let text = fs::read_to_string(path).unwrap();
            for setting in ["gauge!(\"", "counter!(\"", "histogram!(\""] {
                let names = text.split(setting).skip(1).filter_map(|rest| rest.split('"').next());
                found.extend(names.map(str::to_owned));
            }
        }
    }
}

#[test]
fn every_metric_of_an_alert_is_set_somewhere() {
    let mut set = BTreeSet::new();
    for one in fs::read_dir(repo().join("crates")).unwrap() {
        set_by_programs(&one.unwrap().path().join("src"), &mut set);
    }
    let named = metrics(&rules());
    let unknown: Vec<_> = named.difference(&set).collect();
    assert!(unknown.is_empty() && named.len() > 10, "{unknown:?} of {named:?}");
}

#[test]
fn every_alert_says_how_long_how_grave_what_and_what_to_do() {
    let rules = rules();
    let mut names = BTreeSet::new();
    for alert in rules.split("- alert: ").skip(1) {
        let name = alert.lines().next().unwrap();
        assert!(names.insert(name), "{name} twice");
        for needed in ["expr: ", "for: ", "severity: ", "summary: ", "runbook: "] {
            assert!(alert.contains(needed), "{name} has no {needed}");
        }
        let page = alert.split("runbook: ").nth(1).unwrap().lines().next().unwrap();
        let text = fs::read_to_string(repo().join(page)).expect(page);
        assert!(text.contains(&format!("`{name}`")), "{page} does not say that {name} leads there");
    }
}

#[test]
fn numbers_that_are_settings_are_the_settings() {
    let settings = fs::read_to_string(repo().join("config/base.toml")).unwrap();
    let is = |key: &str, value: u32| {
        settings.lines().any(|line| line.split('#').next().unwrap().trim() == format!("{key} = {value}"))
    };
    assert!(is("shards", 8) && rules().contains("contrib_relay_owned_shards) < 8"));
    assert!(is("max_wait_minutes", 30) && rules().contains("# snapshot.max_wait_minutes is 30"));
}
