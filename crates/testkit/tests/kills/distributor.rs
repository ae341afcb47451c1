//! The distributor dies as it numbers and as it carries out: the next one takes up the journal where it ends, and every
//! chunk that is open.

use crate::pipeline::{Pipeline, Worker};

use crate::run::{self, ENTRIES, Measure};

const NUMBERED: Measure = |progress| progress.numbered;
const CARRIED_OUT: Measure = |progress| progress.carried_out;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_distributor_numbers_and_carries_out_once() -> anyhow::Result<()> {
    Pipeline::with(async |pipeline| {
        let history = run::history(pipeline, &Worker::WRITERS, async |pipeline| {
            let mut kills = Vec::new();
            for (measure, percent) in [(NUMBERED, 15), (NUMBERED, 45), (CARRIED_OUT, 60), (CARRIED_OUT, 80)] {
                let far = ENTRIES * percent / 100;
                kills.push(run::kill_at(pipeline, Worker::Distributor, measure, far).await?);
                pipeline.start(Worker::Distributor)?;
            }
            Ok(kills)
        })
        .await?;
        run::live(pipeline, &[Worker::Distributor; 2], CARRIED_OUT, 50).await?;
        run::expect_whole(pipeline, &history).await
    })
    .await
}
