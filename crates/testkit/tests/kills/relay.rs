//! The relay dies with events on their way: what it had not deleted comes again, the same and in order.

use crate::pipeline::{Pipeline, Worker};

use crate::run::{self, ENTRIES, Measure};

const PUBLISHED: Measure = |progress| progress.published;

/// It starts when everything has been carried out, so that all events wait for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_killed_relay_publishes_every_event_in_order() -> anyhow::Result<()> {
    Pipeline::with(async |pipeline| {
        let others = [Worker::Ingestor, Worker::Distributor, Worker::Scheduler];
        let history = run::history(pipeline, &others, async |pipeline| {
            let all = pipeline.reach("the history to be carried out", |p| p.carried_out >= ENTRIES).await?;
            pipeline.start(Worker::Relay)?;
            let mut kills = Vec::new();
            for percent in [20, 40, 60, 80] {
                let far = all.events * percent / 100;
                kills.push(run::kill_at(pipeline, Worker::Relay, PUBLISHED, far).await?);
                pipeline.start(Worker::Relay)?;
            }
            Ok(kills)
        })
        .await?;
        run::live(pipeline, &[Worker::Relay; 2], PUBLISHED, 50).await?;
        run::expect_whole(pipeline, &history).await
    })
    .await
}
