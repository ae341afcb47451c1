//! `cdc-ingestor`: Debezium's change events from Kafka into the synced tables.

use std::process::ExitCode;
use std::time::Duration;

use cdc_ingestor::Ingestor;
use runtime::{ExposeSecret, Idle, run_until_stopped};

/// The worker waits for messages itself.
const NO_PAUSE: Duration = Duration::ZERO;

fn main() -> ExitCode {
    runtime::run(&runtime::program!(), async |context| {
        let database = &context.settings.database;
        let pool =
            persistence::connect(database.url.expose_secret(), database.max_connections, "cdc-ingestor")?;
        let mut ingestor = Ingestor::start(&context.settings.kafka, &context.settings.cdc, pool)?;
        let readiness = context.health.part("ingestor");
        run_until_stopped(&mut ingestor, Idle::poll(NO_PAUSE), &readiness, &context.shutdown).await?;
        Ok(())
    })
}
