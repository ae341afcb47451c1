//! Sequencers and workers that are killed and started again. A kill is a panic at a failpoint: everything the process
//! held goes, its transaction is rolled back, its leadership ends with its session, and the next one begins from what
//! PostgreSQL has. Connections are used again: making them was most of what a history took.

use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use distributor::{DistributionWorker, DistributorError, Sequencer};
use fail::FailScenario;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use runtime::{CancellationToken, Disposed, Disposition, Progress, Settings, Worker};
use sqlx::PgPool;
use testkit::database::TestDatabase;
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// Around every commit of the distributor, and in the middle of its longest transaction.
const POINTS: [&str; 5] = [
    "pass-before-commit",
    "pass-after-commit",
    "worker-after-copy",
    "worker-before-commit",
    "worker-after-commit",
];

/// What still has to be done, in rows; 0 at rest.
const LEFT: &str = "SELECT (SELECT count(*) FROM sequencer_queue)
    + (SELECT count(*) FROM sequencer_backlog WHERE state IN ('changed', 'ready'))
    + (SELECT count(*) FROM distribution_chunks WHERE distributed_at IS NULL)";

/// How often an idle process looks again.
const POLL: Duration = Duration::from_millis(5);

tokio::task_local! {
    static FATE: RefCell<Fate>;
}

/// When the process of this task is killed.
struct Fate {
    random: ChaCha8Rng,
    /// Once in so many points, on the average.
    one_in: u32,
}

/// Makes every failpoint ask the fate of the task that comes by.
pub(crate) fn arm() -> FailScenario<'static> {
    let scenario = FailScenario::setup();
    for point in POINTS {
        fail::cfg_callback(point, meet_fate).unwrap();
    }
    scenario
}

fn meet_fate() {
    let killed = FATE.try_with(|fate| {
        let Fate { random, one_in } = &mut *fate.borrow_mut();
        random.random_ratio(1, *one_in)
    });
    if killed == Ok(true) {
        // as a panic, but nobody is told
        std::panic::resume_unwind(Box::new("killed"));
    }
}

/// The processes of one history.
pub(crate) struct Processes {
    database: PgPool,
    /// Theirs.
    pool: PgPool,
    tasks: JoinSet<anyhow::Result<()>>,
    stopping: CancellationToken,
    kills: Arc<AtomicU64>,
}

impl Processes {
    /// One or two sequencers and up to four workers, passes and chunks of any size.
    pub(crate) fn start(seed: u64, database: &TestDatabase, pool: &PgPool) -> anyhow::Result<Self> {
        let mut random = ChaCha8Rng::seed_from_u64(seed);
        let pass_size = random.random_range(1..30).to_string();
        let chunk_size = random.random_range(1..40).to_string();
        let sizes = [
            ("DISTRIBUTOR__PASS_SIZE", pass_size.as_str()),
            ("DISTRIBUTOR__CHUNK_SIZE", chunk_size.as_str()),
        ];
        let settings = Arc::new(database.settings(&sizes)?);
        let mut processes = Self {
            database: database.pool().clone(),
            pool: pool.clone(),
            tasks: JoinSet::new(),
            stopping: CancellationToken::new(),
            kills: Arc::default(),
        };
        for _ in 0..random.random_range(1..=2) {
            processes.keep(&settings, &mut random, sequencer);
        }
        for _ in 0..random.random_range(1..=4) {
            processes.keep(&settings, &mut random, worker);
        }
        Ok(processes)
    }

    /// Keeps a process running: whenever it is killed, another takes its place.
    fn keep<W>(&mut self, settings: &Arc<Settings>, random: &mut ChaCha8Rng, make: fn(PgPool, &Settings) -> W)
    where
        W: Worker<Error = DistributorError> + Send + 'static,
    {
        let (settings, stopping, kills) =
            (Arc::clone(settings), self.stopping.clone(), Arc::clone(&self.kills));
        let pool = self.pool.clone();
        let mut random = ChaCha8Rng::seed_from_u64(random.random());
        let one_in = random.random_range(5..40);
        self.tasks.spawn(async move {
            while !stopping.is_cancelled() {
                let fate = Fate { random: ChaCha8Rng::seed_from_u64(random.random()), one_in };
                let process = run(make(pool.clone(), &settings), stopping.clone());
                match tokio::spawn(FATE.scope(RefCell::new(fate), process)).await {
                    Ok(ended) => ended?,
                    Err(_) => _ = kills.fetch_add(1, Ordering::Relaxed),
                }
            }
            Ok(())
        });
    }

    /// Waits until nothing is left to do.
    pub(crate) async fn until_at_rest(&self) -> anyhow::Result<()> {
        testkit::wait::until("rest", Duration::from_mins(1), async || {
            let left: i64 = sqlx::query_scalar(LEFT).fetch_one(&self.database).await?;
            Ok((left == 0).then_some(()))
        })
        .await
    }

    /// Stops them all; says how many kills there were.
    pub(crate) async fn stop(mut self) -> anyhow::Result<u64> {
        self.stopping.cancel();
        while let Some(task) = self.tasks.join_next().await {
            task??;
        }
        Ok(self.kills.load(Ordering::Relaxed))
    }
}

/// Steps until told to stop. What the service would try again is tried again; what would halt it fails the test.
async fn run<W: Worker<Error = DistributorError>>(
    mut process: W,
    stopping: CancellationToken,
) -> anyhow::Result<()> {
    while !stopping.is_cancelled() {
        match process.run_once().await {
            Ok(Progress::Worked) => {}
            Ok(Progress::Idle) => _ = tokio::time::timeout(POLL, stopping.cancelled()).await,
            Err(error) if error.disposition() == Disposition::Retry => {}
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}

fn sequencer(pool: PgPool, settings: &Settings) -> Sequencer {
    Sequencer::new(pool, settings, Arc::new(Notify::new()))
}

fn worker(pool: PgPool, settings: &Settings) -> DistributionWorker {
    DistributionWorker::new(pool, settings, Arc::new(Notify::new()))
}
