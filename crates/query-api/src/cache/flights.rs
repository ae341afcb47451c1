//! One read of the database at a time for each key; whoever comes while it is under way shares the next one, so that
//! nobody is given what was read before it asked.

use std::collections::HashMap;
use std::fmt;
use std::hash::Hash;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use futures::FutureExt as _;
use futures::future::Shared;

type Landing<T> = Shared<Pin<Box<dyn Future<Output = Option<T>> + Send>>>;

/// The reads that are under way or about to be.
pub(super) struct Flights<K, T>(Arc<Mutex<HashMap<K, Flight<T>>>>);

struct Flight<T> {
    departure: Departure,
    landing: Landing<T>,
}

/// Whether a read can still be shared.
#[derive(Debug, Clone, Default)]
pub(super) struct Departure(Arc<AtomicBool>);

impl Departure {
    /// To be called right before the read: who comes from now on shares the next one.
    pub(super) fn leave(&self) {
        self.0.store(true, Ordering::SeqCst);
    }

    fn has_left(&self) -> bool {
        self.0.load(Ordering::SeqCst)
    }
}

impl<K, T> Default for Flights<K, T> {
    fn default() -> Self {
        Self(Arc::default())
    }
}

impl<K, T> fmt::Debug for Flights<K, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Flights").finish_non_exhaustive()
    }
}

impl<K, T> Flights<K, T>
where
    K: Clone + Eq + Hash + Send + 'static,
    T: Clone + Send + Sync + 'static,
{
    /// What the read finds that all share who have come before it began. It goes on without them. None where it was
    /// dropped with its runtime.
    pub(super) async fn join<R>(&self, key: &K, read: impl FnOnce(Departure) -> R) -> Option<T>
    where
        R: Future<Output = T> + Send + 'static,
    {
        let landing = {
            let mut flights = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            match flights.get(key) {
                Some(flight) if !flight.departure.has_left() => flight.landing.clone(),
                before => {
                    let before = before.map(|flight| flight.landing.clone());
                    let departure = Departure::default();
                    let landing =
                        self.take_off(key.clone(), before, departure.clone(), read(departure.clone()));
                    flights.insert(key.clone(), Flight { departure, landing: landing.clone() });
                    landing
                }
            }
        };
        landing.await
    }

    fn take_off(
        &self,
        key: K,
        before: Option<Landing<T>>,
        departure: Departure,
        read: impl Future<Output = T> + Send + 'static,
    ) -> Landing<T> {
        let flights = Arc::clone(&self.0);
        let flight = tokio::spawn(async move {
            if let Some(before) = before {
                before.await;
            }
            let found = read.await;
            let mut flights = flights.lock().unwrap_or_else(PoisonError::into_inner);
            if flights.get(&key).is_some_and(|last| Arc::ptr_eq(&last.departure.0, &departure.0)) {
                flights.remove(&key);
            }
            found
        });
        flight.map(Result::ok).boxed().shared()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicU32, Ordering};

    use futures::FutureExt as _;
    use tokio::sync::oneshot;

    use super::Flights;

    #[tokio::test]
    async fn who_comes_while_a_read_is_under_way_shares_the_next() {
        let flights = Flights::<u8, u32>::default();
        let reads = Arc::new(AtomicU32::new(0));
        let (land, landing) = oneshot::channel::<()>();
        let counted = Arc::clone(&reads);
        let mut first = Box::pin(flights.join(&1, move |departure| async move {
            departure.leave();
            let _ = landing.await;
            counted.fetch_add(1, Ordering::SeqCst) + 1
        }));
        assert_eq!(first.as_mut().now_or_never(), None);
        tokio::task::yield_now().await;
        let mut others: Vec<_> = (0..3)
            .map(|_| {
                let counted = Arc::clone(&reads);
                Box::pin(flights.join(&1, move |departure| async move {
                    departure.leave();
                    counted.fetch_add(1, Ordering::SeqCst) + 1
                }))
            })
            .collect();
        for other in &mut others {
            assert_eq!(other.as_mut().now_or_never(), None);
        }
        assert_eq!(land.send(()), Ok(()));
        assert_eq!(first.await, Some(1));
        for other in others {
            assert_eq!(other.await, Some(2));
        }
        assert_eq!(reads.load(Ordering::SeqCst), 2);
        let after = flights.join(&1, |_| async { 9 }).await;
        assert_eq!(after, Some(9), "nothing is kept");
    }
}
