//! The ingestor dies between batches and within them. Its group misses it for the session's six seconds; then the next
//! one reads on from the positions in `PostgreSQL`.

use crate::pipeline::{Pipeline, Worker};

use crate::run::{self, MESSAGES, Measure};

const READ: Measure = |progress| progress.read;

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_ingestor_reads_every_message_once() -> anyhow::Result<()> {
    Pipeline::with(async |pipeline| {
        let history = run::history(pipeline, &Worker::WRITERS, async |pipeline| {
            let mut kills = Vec::new();
            for percent in [30, 60] {
                let far = MESSAGES * percent / 100;
                kills.push(run::kill_at(pipeline, Worker::Ingestor, READ, far).await?);
                pipeline.start(Worker::Ingestor)?;
            }
            Ok(kills)
        })
        .await?;
        run::live(pipeline, &[Worker::Ingestor; 2], READ, 50).await?;
        run::expect_whole(pipeline, &history).await
    })
    .await
}
