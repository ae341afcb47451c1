//! Publishes the outbox to Kafka.

use std::process::ExitCode;

fn main() -> ExitCode {
    runtime::run(&runtime::program!(), async |context| Ok(outbox_relay::run(context).await?))
}
