//! An answer that costs a look at many rows: made by one request at a time, and kept for a multiple of what it cost.
//!
//! So the database spends a bounded share of its time on it however often it is asked for, and a small network, where
//! it costs next to nothing, always gets a fresh one.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::problem::Problem;

/// An answer is kept so many times as long as it took to make …
const TIMES: u32 = 20;
/// … but never longer than this.
const LONGEST: Duration = Duration::from_mins(1);
/// After a failure nobody tries again for so long: those who waited for it share it.
const AFTER_FAILURE: Duration = Duration::from_millis(500);

/// The newest answer, if it is fresh enough.
#[derive(Debug)]
pub struct Kept<T>(Mutex<Option<Made<T>>>);

#[derive(Debug)]
struct Made<T> {
    answer: Result<Arc<T>, Problem>,
    until: Instant,
}

impl<T> Default for Kept<T> {
    fn default() -> Self {
        Self(Mutex::new(None))
    }
}

impl<T> Kept<T> {
    /// The answer that is kept, or a new one. Whoever comes while it is being made waits for it.
    pub async fn get(&self, make: impl AsyncFnOnce() -> Result<T, Problem>) -> Result<Arc<T>, Problem> {
        self.get_if(|_| true, make).await
    }

    /// The same, with a new one where the one that is kept will not `do`.
    pub async fn get_if(
        &self,
        will_do: impl FnOnce(&T) -> bool,
        make: impl AsyncFnOnce() -> Result<T, Problem>,
    ) -> Result<Arc<T>, Problem> {
        let mut kept = self.0.lock().await;
        if let Some(made) = kept.as_ref().filter(|made| Instant::now() < made.until)
            && made.answer.as_ref().map_or(true, |answer| will_do(answer))
        {
            return made.answer.clone();
        }
        let began = Instant::now();
        let answer = make().await.map(Arc::new);
        let now = Instant::now();
        let keep = match answer {
            Ok(_) => (now - began).saturating_mul(TIMES).min(LONGEST),
            Err(_) => AFTER_FAILURE,
        };
        *kept = Some(Made { answer: answer.clone(), until: now + keep });
        answer
    }
}
