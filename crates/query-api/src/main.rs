//! The HTTP API.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run(&runtime::program!(), query_api::run)
}
