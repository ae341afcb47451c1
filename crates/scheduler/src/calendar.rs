//! What the calendar asks for next: one bounded step of it at a time.
//!
//! A roll under way goes before everything. Then come the statistics of days that are over, the snapshot of the business
//! day, and only when that is sealed, or none is due, the roll to the next day.

use chrono::{NaiveDate, TimeDelta};
use persistence::operator_requests::{self, Action, OperatorRequest};
use persistence::roll::{self, Phase, State};
use persistence::snapshots::Sealed;
use persistence::views::snapshots;
use persistence::{PgConnection, chunks, due, team_stats};
use runtime::Progress;

use crate::due::Wait;
use crate::error::SchedulerError;
use crate::runs::Run;
use crate::{Scheduler, jobs};

impl Scheduler {
    /// The next step.
    pub(crate) async fn turn(&mut self) -> Result<Progress, SchedulerError> {
        let mut connection = self.pool.acquire().await?;
        let state = roll::state(&mut connection).await?;
        if state.phase != Phase::Idle {
            return self.roll_on(&state).await;
        }
        if let Some(day) = team_stats::next_day(&mut connection).await? {
            return self.add_team_stats(day).await;
        }
        if state.snapshots_from.is_none() {
            self.see_history(&mut connection, state.day).await?;
        } else if state.snapshots_from.is_some_and(|first| first <= state.day)
            && snapshots::header(&mut connection, state.day).await?.is_none()
        {
            return self.seal(&mut connection, state.day).await;
        }
        let Some(day) = self.next_day(&mut connection, &state).await? else { return Ok(Progress::Idle) };
        jobs::roll::begin(&self.pool, day, self.clocks.now()).await?;
        Ok(Progress::Worked)
    }

    async fn roll_on(&mut self, state: &State) -> Result<Progress, SchedulerError> {
        let mut run = match self.rolling.take() {
            Some(run) => run,
            None => Run::begin(&self.pool, jobs::roll::NAME, Some(state.day), self.clocks.now()).await?,
        };
        let settings = &self.settings;
        let now = self.now();
        match jobs::roll::step(&self.pool, state, &settings.roll, settings.relay.shards, now).await {
            Ok(step) => {
                run.add(step.rows);
                if step.complete {
                    run.end(&self.pool, now).await?;
                    tracing::info!(day = %state.day, "rolled");
                } else {
                    self.rolling = Some(run);
                }
                Ok(Progress::Worked)
            }
            Err(error) => {
                run.fail(&self.pool, &error, now).await;
                Err(error)
            }
        }
    }

    async fn add_team_stats(&self, day: NaiveDate) -> Result<Progress, SchedulerError> {
        let now = self.now();
        self.run(jobs::team_stats::NAME, Some(day), jobs::team_stats::run(&self.pool, day, now)).await?;
        Ok(Progress::Worked)
    }

    /// Until the history is carried out no day gets a snapshot; the first is of the day after.
    async fn see_history(&self, connection: &mut PgConnection, day: NaiveDate) -> Result<(), SchedulerError> {
        let Some(opened_at) = due::opened_at(connection).await? else { return Ok(()) };
        let Some(last) = due::numbered_through(connection, opened_at).await? else { return Ok(()) };
        if chunks::watermark(connection).await? >= last {
            due::begin_snapshots(connection, after(day)?).await?;
            tracing::info!(through = last, "the history is carried out: snapshots begin tomorrow");
        }
        Ok(())
    }

    async fn seal(
        &mut self,
        connection: &mut PgConnection,
        day: NaiveDate,
    ) -> Result<Progress, SchedulerError> {
        let now = self.now();
        let mut wait =
            self.wait.take().filter(|wait| wait.day() == day).unwrap_or_else(|| Wait::new(day, now));
        let order = wait.order(connection, &self.settings, self.began, now).await?;
        #[expect(clippy::cast_precision_loss, reason = "seconds, and no amount")]
        let waited = if order.is_none() { wait.lasts(now).num_seconds() as f64 } else { 0.0 };
        metrics::gauge!("contrib_snapshot_wait_seconds").set(waited);
        let Some(order) = order else {
            self.wait = Some(wait);
            return Ok(Progress::Idle);
        };
        let lines = async {
            let sealed = jobs::snapshot::seal(&self.pool, &order).await?;
            let (Sealed::Now(header) | Sealed::Before(header)) = sealed;
            Ok(header.account_count.unsigned_abs())
        };
        self.run(jobs::snapshot::NAME, Some(day), lines).await?;
        Ok(Progress::Worked)
    }

    /// The day to roll to; none while it has not begun, or while so many are missing that a person must agree.
    async fn next_day(
        &mut self,
        connection: &mut PgConnection,
        state: &State,
    ) -> Result<Option<NaiveDate>, SchedulerError> {
        let now = self.clocks.agreed(connection).await?;
        let today = due::day_of(connection, now).await?;
        let missing = (today - state.day).num_days();
        #[expect(clippy::cast_precision_loss, reason = "days, and no amount")]
        metrics::gauge!("contrib_roll_days_behind").set(missing.max(0) as f64);
        let agreed_through = self.agreed_through(connection, state.day, today).await?;
        if missing <= 0 {
            return Ok(None);
        }
        if missing > i64::from(self.settings.roll.max_unattended) && agreed_through <= Some(state.day) {
            self.ask_for_a_word(state.day, missing).await?;
            return Ok(None);
        }
        self.asked = None;
        Ok(Some(after(state.day)?))
    }

    /// Through which day a person agreed to roll; answers requests that there is nothing left to do about.
    async fn agreed_through(
        &self,
        connection: &mut PgConnection,
        day: NaiveDate,
        today: NaiveDate,
    ) -> Result<Option<NaiveDate>, SchedulerError> {
        loop {
            let request = operator_requests::first_open(connection, &Action::OF_SCHEDULER).await?;
            let Some(request) = request else { return Ok(None) };
            match request.action() {
                Some(Action::Roll { through }) if through > today => {
                    self.answer(
                        connection,
                        &request,
                        false,
                        format!("{through} has not begun: it is {today}"),
                    )
                    .await?;
                }
                Some(Action::Roll { through }) if through <= day => {
                    self.answer(connection, &request, true, format!("the business day is {day}")).await?;
                }
                Some(Action::Roll { through }) => return Ok(Some(through)),
                _ => self.answer(connection, &request, false, "not understood".to_owned()).await?,
            }
        }
    }

    async fn answer(
        &self,
        connection: &mut PgConnection,
        request: &OperatorRequest,
        succeeded: bool,
        outcome: String,
    ) -> Result<(), SchedulerError> {
        operator_requests::answer(connection, request.id, succeeded, &outcome, self.now()).await?;
        Ok(())
    }

    /// Shows once that a person must agree: in the log, and as a run that failed.
    async fn ask_for_a_word(&mut self, day: NaiveDate, missing: i64) -> Result<(), SchedulerError> {
        if self.asked == Some(day) {
            return Ok(());
        }
        let next = after(day)?;
        let error = SchedulerError::NeedsAWord { day, missing };
        tracing::warn!("{error}");
        let run = Run::begin(&self.pool, jobs::roll::NAME, Some(next), self.now()).await?;
        run.fail(&self.pool, &error, self.now()).await;
        self.asked = Some(day);
        Ok(())
    }
}

fn after(day: NaiveDate) -> Result<NaiveDate, SchedulerError> {
    day.checked_add_signed(TimeDelta::days(1)).ok_or(SchedulerError::EndOfCalendar(day))
}
