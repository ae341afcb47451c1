//! The loop around a step, with tokio's clock standing still.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use runtime::{CancellationToken, Disposed, Disposition, Health, Idle, Progress, Worker, run_until_stopped};
use tokio::sync::Notify;
use tokio::time::Instant;

#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
#[error("the server said {0:?}")]
struct Failure(Disposition);

impl Disposed for Failure {
    fn disposition(&self) -> Disposition {
        self.0
    }

    fn waits_for(&self) -> &'static str {
        "the server"
    }
}

/// Does what it is told, then stops the loop; notes when each step began.
struct Script {
    steps: VecDeque<Result<Progress, Failure>>,
    began: Vec<Instant>,
    stop: CancellationToken,
}

impl Script {
    fn new(steps: impl IntoIterator<Item = Result<Progress, Failure>>) -> Self {
        Self { steps: steps.into_iter().collect(), began: Vec::new(), stop: CancellationToken::new() }
    }

    async fn run(&mut self, idle: Idle, health: &Health) -> Result<(), Failure> {
        let stop = self.stop.clone();
        run_until_stopped(self, idle, &health.part("script"), &stop).await
    }

    fn pauses(&self) -> Vec<Duration> {
        self.began.windows(2).map(|pair| pair[1] - pair[0]).collect()
    }
}

impl Worker for Script {
    type Error = Failure;
    const NAME: &'static str = "script";

    async fn run_once(&mut self) -> Result<Progress, Failure> {
        self.began.push(Instant::now());
        let step = self.steps.pop_front().unwrap_or(Ok(Progress::Worked));
        if self.steps.is_empty() {
            self.stop.cancel();
        }
        step
    }
}

const POLL: Duration = Duration::from_millis(200);
const WORKED: Result<Progress, Failure> = Ok(Progress::Worked);
const IDLE: Result<Progress, Failure> = Ok(Progress::Idle);
const RETRY: Result<Progress, Failure> = Err(Failure(Disposition::Retry));

#[tokio::test(start_paused = true)]
async fn goes_on_at_once_while_there_is_work_and_polls_when_there_is_none() -> anyhow::Result<()> {
    let mut script = Script::new([WORKED, WORKED, IDLE, WORKED]);
    script.run(Idle::poll(POLL), &Health::default()).await?;
    assert_eq!(script.pauses(), [Duration::ZERO, Duration::ZERO, POLL]);
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_the_pause() -> anyhow::Result<()> {
    let call = Arc::new(Notify::new());
    call.notify_one();
    let mut script = Script::new([IDLE, IDLE, WORKED]);
    script.run(Idle::poll_or(POLL, call), &Health::default()).await?;
    assert_eq!(script.pauses(), [Duration::ZERO, POLL], "one call, remembered, ends one pause");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn pauses_grow_to_two_seconds_and_start_small_again_after_a_success() -> anyhow::Result<()> {
    let mut steps = vec![RETRY; 20];
    steps.extend([WORKED, RETRY, WORKED]);
    let mut script = Script::new(steps);
    let health = Health::default();
    script.run(Idle::poll(POLL), &health).await?;

    let pauses = script.pauses();
    let milliseconds = Duration::from_millis;
    assert!((milliseconds(50)..=milliseconds(101)).contains(&pauses[0]), "{pauses:?}");
    assert!(
        pauses[8..20].iter().all(|pause| (milliseconds(1000)..=milliseconds(2001)).contains(pause)),
        "{pauses:?}"
    );
    assert!((milliseconds(50)..=milliseconds(101)).contains(&pauses[21]), "{pauses:?}");
    assert!(health.report().ready, "the last step ended well");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn while_it_waits_it_says_for_what_and_is_not_ready() -> anyhow::Result<()> {
    let mut script = Script::new([WORKED, RETRY]);
    let health = Health::default();
    script.run(Idle::poll(POLL), &health).await?;
    let report = health.report();
    assert!(!report.ready);
    assert_eq!(report.waiting["script"], "waiting for the server: the server said Retry");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn a_halt_ends_the_loop_and_a_parked_item_does_not() {
    let halt = Failure(Disposition::Halt);
    let mut script = Script::new([Err(Failure(Disposition::Park)), Err(halt), WORKED]);
    assert_eq!(script.run(Idle::poll(POLL), &Health::default()).await, Err(halt));
    assert_eq!(script.pauses(), [POLL]);
}

#[tokio::test(start_paused = true)]
async fn a_stop_ends_a_pause() -> anyhow::Result<()> {
    let mut script = Script::new([RETRY, IDLE, WORKED]);
    script.stop.cancel();
    script.run(Idle::poll(POLL), &Health::default()).await?;
    assert!(script.began.is_empty(), "a stop before the first step");

    let mut script = Script::new([IDLE]);
    let began = Instant::now();
    script.run(Idle::poll(Duration::from_hours(1)), &Health::default()).await?;
    assert_eq!(began.elapsed(), Duration::ZERO);
    Ok(())
}
