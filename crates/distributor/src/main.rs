//! Numbers adoptions and carries the numbers out.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run(&runtime::program!(), async |context| Ok(distributor::run(context).await?))
}
