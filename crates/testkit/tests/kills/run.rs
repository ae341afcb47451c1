//! What all runs have in common.

use std::sync::Arc;
use std::time::Instant;

use crate::pipeline::{Pipeline, Progress, Worker};
use chrono::{NaiveDate, Utc};
use testkit::audit::audit;
use tokio::sync::Mutex;

use crate::books::Books;
use crate::topic;

pub(crate) use testkit::wait::LIMIT;

/// The history: so many users with a referral each, and so many adoptions.
const USERS: i64 = 600;
const ADOPTIONS: i64 = 2000;
/// Messages of its snapshot.
pub(crate) const MESSAGES: i64 = 2 * USERS + ADOPTIONS;
/// Fewer entries than follow from it.
pub(crate) const ENTRIES: i64 = ADOPTIONS * 9 / 10;
/// More live changes than any test waits for, 100 a second.
const LIVE: [&str; 8] = ["generate", "live", "--adoptions", "1000000", "--rate", "100", "--seed", "2"];

/// A worker's progress, as one number.
pub(crate) type Measure = fn(&Progress) -> i64;

/// A kill, and how far the worker had come in the history at that moment.
#[derive(Debug)]
pub(crate) struct Kill {
    worker: Worker,
    measure: Measure,
    at: i64,
}

/// Kills `worker` once `measure` has come to `far`.
pub(crate) async fn kill_at(
    pipeline: &mut Pipeline,
    worker: Worker,
    measure: Measure,
    far: i64,
) -> anyhow::Result<Kill> {
    let what = format!("{} to be in the middle", worker.program());
    pipeline.reach(&what, |progress| measure(progress) >= far).await?;
    pipeline.kill(worker).await?;
    let at = measure(&pipeline.progress().await?);
    Ok(Kill { worker, measure, at })
}

/// Takes the history through a pipeline, with what `kills` does to it meanwhile; checks that each kill hit in the middle
/// and that the books are those of a run without one, which it gives.
///
/// `first` are the workers to start with; `kills` starts the others, and sees to it that all run in the end.
pub(crate) async fn history(
    pipeline: &mut Pipeline,
    first: &[Worker],
    kills: impl AsyncFnOnce(&mut Pipeline) -> anyhow::Result<Vec<Kill>>,
) -> anyhow::Result<Arc<Books>> {
    let day = generate(pipeline).await?;
    for worker in first {
        pipeline.start(*worker)?;
    }
    pipeline.connect().await?;
    let kills = kills(pipeline).await?;
    pipeline.settle().await?;
    let done = pipeline.progress().await?;
    for Kill { worker, measure, at } in kills {
        let (program, all) = (worker.program(), measure(&done));
        anyhow::ensure!(0 < at && at < all, "{program} was killed at {at} of {all}, not in the middle");
    }
    let reference = reference(day).await?;
    let last_seq = reference.last_seq();
    anyhow::ensure!(done.numbered == last_seq, "{} entries, without a kill {last_seq}", done.numbered);
    expect_same_history(pipeline, &reference).await?;
    Ok(reference)
}

/// Lets upstream live on while one of `workers` after the other is killed, each time after `measure` has got on by `step`
/// since the last; the load ends once it has got on so far again.
pub(crate) async fn live(
    pipeline: &mut Pipeline,
    workers: &[Worker],
    measure: Measure,
    step: i64,
) -> anyhow::Result<()> {
    let mut load = pipeline.contribctl_beside(&LIVE)?;
    let mut last = measure(&pipeline.progress().await?);
    for worker in workers {
        last = kill_at(pipeline, *worker, measure, last + step).await?.at;
        load.expect_running()?;
        pipeline.start(*worker)?;
    }
    pipeline.reach("to get on after the last kill", |progress| measure(progress) >= last + step).await?;
    load.kill().await
}

/// Waits until all is at rest and checks everything: the history's part of the books, all of them by
/// the independent auditor and by the service's own identities, and the topic.
pub(crate) async fn expect_whole(pipeline: &mut Pipeline, history: &Books) -> anyhow::Result<()> {
    pipeline.settle().await?;
    expect_same_history(pipeline, history).await?;
    let report = audit(pipeline.pool()).await?;
    anyhow::ensure!(report.is_clean(), "the auditor's report:\n{report}");
    pipeline.contribctl(&["verify"]).await?;
    let redelivered = topic::expect_complete(pipeline).await?;
    let Progress { read, numbered, published, .. } = pipeline.progress().await?;
    println!("read {read}, numbered {numbered}, published {published}, redelivered {redelivered}");
    Ok(())
}

/// The books of a run of the history of `day` in which nothing was killed.
async fn reference(day: NaiveDate) -> anyhow::Result<Arc<Books>> {
    static REFERENCE: Mutex<Option<(NaiveDate, Arc<Books>)>> = Mutex::const_new(None);
    let mut reference = REFERENCE.lock().await;
    // a test that begins at midnight has a history of its own
    if let Some((of_day, books)) = &*reference
        && *of_day == day
    {
        return Ok(Arc::clone(books));
    }
    let (of_day, books) = Pipeline::with(async |pipeline| {
        let of_day = generate(pipeline).await?;
        for worker in Worker::WRITERS {
            pipeline.start(worker)?;
        }
        pipeline.connect().await?;
        pipeline.settle().await?;
        pipeline.contribctl(&["verify"]).await?;
        let last_seq = pipeline.progress().await?.numbered;
        Ok((of_day, Arc::new(Books::read(pipeline.pool(), last_seq).await?)))
    })
    .await?;
    anyhow::ensure!(of_day == day, "midnight passed: there is no history of {day} to compare with any more");
    println!("without a kill: {} entries, {} rows", books.last_seq(), books.count());
    *reference = Some((of_day, Arc::clone(&books)));
    Ok(books)
}

async fn expect_same_history(pipeline: &Pipeline, reference: &Books) -> anyhow::Result<()> {
    reference.expect_same(&Books::read(pipeline.pool(), reference.last_seq()).await?)
}

/// Fills upstream and begins the books on the day for which the history was made.
async fn generate(pipeline: &Pipeline) -> anyhow::Result<NaiveDate> {
    let started = Instant::now();
    let day = today();
    let (users, adoptions) = (USERS.to_string(), ADOPTIONS.to_string());
    let arguments = ["generate", "history", "--users", &users, "--adoptions", &adoptions, "--seed", "1"];
    pipeline.contribctl(&arguments).await?;
    anyhow::ensure!(day == today(), "midnight passed within {:?}", started.elapsed());
    pipeline.begin_on(day).await?;
    Ok(day)
}

/// In the zone of the books.
fn today() -> NaiveDate {
    Utc::now().with_timezone(&chrono_tz::Asia::Shanghai).date_naive()
}
