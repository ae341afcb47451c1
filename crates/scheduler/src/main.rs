//! Runs the jobs of the business calendar.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run(&runtime::program!(), async |context| Ok(scheduler::run(context).await?))
}
