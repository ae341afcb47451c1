//! What is asked for at the same time is read at once.
//!
//! One read is under way at a time. Keys that come meanwhile share the next one: nobody is given what was read before it
//! asked, and the busier it is the less a key costs.

use tokio::sync::{Mutex, mpsc, oneshot};

/// Keys of a read at most.
const AT_ONCE: usize = 500;
/// Keys that wait at most.
const WAITING: usize = 4_096;

/// What is read.
pub(crate) trait Source {
    type Key;
    type Value;

    /// What there is for each of the keys, in their order.
    fn read(&self, keys: Vec<Self::Key>) -> impl Future<Output = Vec<Self::Value>> + Send;
}

/// Keys that wait to be read.
#[derive(Debug)]
pub(crate) struct Loader<K, V> {
    queue: mpsc::Sender<Request<K, V>>,
    requests: Mutex<mpsc::Receiver<Request<K, V>>>,
}

#[derive(Debug)]
struct Request<K, V> {
    key: K,
    answer: oneshot::Sender<V>,
}

impl<K, V> Default for Loader<K, V> {
    fn default() -> Self {
        let (queue, requests) = mpsc::channel(WAITING);
        Self { queue, requests: Mutex::new(requests) }
    }
}

impl<K, V> Loader<K, V> {
    /// What a read finds that begins after the call; none where too many wait already.
    pub(crate) async fn load(&self, key: K) -> Option<V> {
        let (answer, answered) = oneshot::channel();
        self.queue.try_send(Request { key, answer }).ok()?;
        answered.await.ok()
    }

    /// Reads from `source`, for ever.
    pub(crate) async fn run(&self, source: &impl Source<Key = K, Value = V>) {
        let mut queue = self.requests.lock().await;
        let mut requests = Vec::with_capacity(AT_ONCE);
        while queue.recv_many(&mut requests, AT_ONCE).await > 0 {
            let (keys, answers): (Vec<_>, Vec<_>) =
                requests.drain(..).map(|Request { key, answer }| (key, answer)).unzip();
            for (answer, value) in answers.into_iter().zip(source.read(keys).await) {
                // who has gone need not be answered
                let _ = answer.send(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Mutex, PoisonError};

    use futures::FutureExt as _;
    use tokio::sync::Semaphore;

    use super::{AT_ONCE, Loader, Source, WAITING};

    /// Doubles; each read ends when it is let through.
    struct Doubles {
        begun: Mutex<Vec<usize>>,
        gate: Semaphore,
    }

    impl Source for Doubles {
        type Key = usize;
        type Value = usize;

        async fn read(&self, keys: Vec<usize>) -> Vec<usize> {
            self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(keys.len());
            if let Ok(permit) = self.gate.acquire().await {
                permit.forget();
            }
            keys.into_iter().map(|key| key * 2).collect()
        }
    }

    impl Doubles {
        /// How many keys each read has.
        fn begun(&self) -> Vec<usize> {
            self.begun.lock().unwrap_or_else(PoisonError::into_inner).clone()
        }
    }

    #[tokio::test]
    async fn who_comes_while_a_read_is_under_way_shares_the_next() {
        let loader = Loader::default();
        let doubles = Doubles { begun: Mutex::default(), gate: Semaphore::new(0) };
        let mut running = Box::pin(loader.run(&doubles));
        let mut asked: Vec<_> = (0..=WAITING).map(|key| Box::pin(loader.load(key))).collect();
        assert_eq!(asked[0].as_mut().now_or_never(), None);
        assert_eq!(running.as_mut().now_or_never(), None);
        assert_eq!(doubles.begun(), [1]);
        for asked in &mut asked[1..] {
            assert_eq!(asked.as_mut().now_or_never(), None);
        }
        assert_eq!(loader.load(0).await, None, "too many wait");
        doubles.gate.add_permits(1);
        assert_eq!(running.as_mut().now_or_never(), None);
        assert_eq!(doubles.begun(), [1, AT_ONCE], "as many as one read takes");
        doubles.gate.add_permits(WAITING);
        assert_eq!(running.as_mut().now_or_never(), None);
        for (key, asked) in asked.into_iter().enumerate() {
            assert_eq!(asked.await, Some(key * 2), "each its own");
        }
    }
}
