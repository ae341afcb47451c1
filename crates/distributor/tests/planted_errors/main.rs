//! Errors planted in `domain`, each of which the auditor has to find.
//!
//! The workspace is copied, all errors are planted in the copy's `domain`, each behind its number, and the test of random
//! histories is built once from it and run once for each number: the sequencer and the workers run with a wrong `domain`,
//! the auditor has none. The same test with no number passes, so what fails is the error.

#![allow(clippy::unwrap_used, missing_docs)]

mod copied;
mod errors;

use std::process::Command;

use crate::copied::CopiedWorkspace;
use crate::errors::ERRORS;

#[test]
fn the_auditor_finds_every_error_planted_in_the_domain() {
    let mut workspace = CopiedWorkspace::new();
    for (number, error) in (1..).zip(ERRORS) {
        workspace.plant(number, error);
    }
    let histories = workspace.build();

    let sound = judge(&histories, 0);
    assert!(sound.is_none(), "without an error the audit has to be clean: {sound:?}");
    let missed: Vec<&str> = (1..)
        .zip(ERRORS)
        .filter(|(number, error)| {
            let found = judge(&histories, *number);
            println!("{}: {}", error.what, found.as_deref().unwrap_or("NOT FOUND"));
            found.is_none()
        })
        .map(|(_, error)| error.what)
        .collect();
    assert!(missed.is_empty(), "the auditor missed: {missed:?}");
}

/// The first line with which the auditor finds fault, if it does.
fn judge(histories: &str, number: u32) -> Option<String> {
    let ran = Command::new(histories)
        .args(["every_identity_holds_and_chunks_do_not_matter", "--nocapture"])
        .env("PLANTED_ERROR", number.to_string())
        .env("SEEDS", "3")
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&ran.stdout) + String::from_utf8_lossy(&ran.stderr);
    let fault = said.lines().find(|line| line.contains("audit: ✗")).map(|line| line.trim().to_owned());
    assert_eq!(ran.status.success(), fault.is_none(), "it ended otherwise than by the audit: {said}");
    fault
}
