//! Every contest runs, at a hundredth of its size, and the report has the agreed shape.

#![allow(clippy::unwrap_used, missing_docs)]

use std::process::Command;

use serde_json::Value;

const AGREED: [&str; 8] = ["name", "value", "unit", "floor", "floor_value", "ratio", "runs", "spread"];

#[test]
fn every_contest_runs_and_reports() {
    let report = std::env::temp_dir().join(format!("bench-{}.json", std::process::id()));
    let bench = env!("CARGO_BIN_EXE_bench");
    let ran = Command::new(bench)
        .args(["--shrink", "100", "--runs", "1", "--report"])
        .arg(&report)
        .output()
        .unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let outcomes: Vec<Value> = serde_json::from_slice(&std::fs::read(&report).unwrap()).unwrap();
    std::fs::remove_file(&report).unwrap();

    let listed = Command::new(bench).arg("--list").output().unwrap();
    assert_eq!(outcomes.len(), String::from_utf8(listed.stdout).unwrap().lines().count());
    for outcome in outcomes {
        for key in AGREED {
            assert!(!outcome[key].is_null(), "{key} is missing in {outcome}");
        }
        assert!(outcome["value"].as_f64().unwrap() > 0.0 && outcome["floor_value"].as_f64().unwrap() > 0.0);
    }
}
