//! Every contest runs, at a hundredth of its size, and the report has the agreed shape.

#![allow(clippy::unwrap_used, missing_docs)]

use std::collections::BTreeSet;
use std::process::Command;

use serde_json::Value;

const AGREED: [&str; 8] = ["name", "value", "unit", "floor", "floor_value", "ratio", "runs", "spread"];

/// The report of a run with these arguments.
fn report(arguments: &[&str]) -> Vec<Value> {
    let report = std::env::temp_dir().join(format!("bench-{}.json", std::process::id()));
    let ran = Command::new(env!("CARGO_BIN_EXE_bench"))
        .args(["--shrink", "100", "--runs", "1", "--report"])
        .arg(&report)
        .args(arguments)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let outcomes = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    std::fs::remove_file(&report).unwrap();
    outcomes
}

#[test]
fn every_contest_runs_and_reports() {
    let mut outcomes = report(&[]);
    for named in ["growth", "ingest.memory", "api.memory"] {
        outcomes.extend(report(&["--only", named]));
    }

    let listed = Command::new(env!("CARGO_BIN_EXE_bench")).arg("--list").output().unwrap();
    let listed = String::from_utf8(listed.stdout).unwrap();
    let listed: Vec<&str> = listed.lines().filter_map(|line| line.split_whitespace().next()).collect();
    // needs a Connect that knows the sink
    let listed = listed.into_iter().filter(|name| *name != "ingest.users.jdbc_sink");
    let names: BTreeSet<&str> = outcomes.iter().filter_map(|outcome| outcome["name"].as_str()).collect();
    assert_eq!(names, listed.collect());
    assert_eq!(names.len(), outcomes.len(), "a name stands twice");
    for outcome in &outcomes {
        for key in AGREED {
            assert!(!outcome[key].is_null(), "{key} is missing in {outcome}");
        }
        assert!(outcome["value"].as_f64().unwrap() > 0.0 && outcome["floor_value"].as_f64().unwrap() > 0.0);
    }
}
