//! Where public keys come from, a file or an address, and how they change without a restart.
//!
//! Both are read again on an interval, and at once when a token names a key that is not known, though not for every such
//! token. What cannot be read, or has no key, leaves the old keys in place.

use std::fs;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, Url};
use runtime::settings::Auth;
use runtime::{Readiness, SettingsError};
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;
use tokio::time::{Instant, sleep};

use super::keys::Key;

/// How often a file is read.
const FILE_EVERY: Duration = Duration::from_secs(2);
/// How often an address is asked that has not given any key yet.
const FIRST_EVERY: Duration = Duration::from_secs(2);
/// Tokens that name unknown keys make it ask so often at most.
const UNKNOWN_EVERY: Duration = Duration::from_secs(5);
/// How long an address may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// A longer JWKS is none.
const LONGEST: usize = 256 * 1024;

/// A JWKS that is followed.
#[derive(Debug)]
pub(super) struct Jwks {
    place: Place,
    every: Duration,
    keys: RwLock<Arc<Vec<Key>>>,
    readings: Mutex<Readings>,
}

#[derive(Debug)]
enum Place {
    File(String),
    Address(Client, Url),
}

/// When it was read.
#[derive(Debug, Default)]
struct Readings {
    last: Option<Instant>,
    /// For a key that was not known.
    last_for_unknown: Option<Instant>,
    failed: bool,
}

impl Jwks {
    /// Those that are set. A file must be there; an address is asked by [`keep`](Self::keep).
    pub(super) fn all(settings: &Auth) -> Result<Vec<Self>, SettingsError> {
        let mut all = Vec::new();
        if let Some(path) = &settings.jwks_file {
            let refused = |why: String| SettingsError::new("auth.jwks_file", format_args!("{path}: {why}"));
            let text = fs::read_to_string(path).map_err(|error| refused(error.to_string()))?;
            let keys = Key::of_jwks(&text).map_err(refused)?;
            all.push(Self::new(Place::File(path.clone()), FILE_EVERY, keys));
        }
        if let Some(url) = &settings.jwks_url {
            let refused = |why: String| SettingsError::new("auth.jwks_url", why);
            let url: Url = url.parse().map_err(|_| refused("is not an address".to_owned()))?;
            let mut client = Client::builder().timeout(PATIENCE).redirect(Policy::none());
            if url.scheme() == "http" {
                // no certificates are needed, and a small machine may have none
                client = client.tls_certs_only([]);
            }
            let client = client.build().map_err(|error| refused(runtime::worker::describe(&error)))?;
            let every = Duration::from_secs(settings.jwks_refresh_seconds.max(1));
            all.push(Self::new(Place::Address(client, url), every, Vec::new()));
        }
        Ok(all)
    }

    fn new(place: Place, every: Duration, keys: Vec<Key>) -> Self {
        Self { place, every, keys: RwLock::new(Arc::new(keys)), readings: Mutex::default() }
    }

    /// The keys as they are now.
    pub(super) fn keys(&self) -> Arc<Vec<Key>> {
        Arc::clone(&self.keys.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Follows it, for ever. Ready once there is a key.
    pub(super) async fn keep(&self, readiness: &Readiness) {
        loop {
            if self.keys().is_empty() {
                readiness.set_not_ready("waiting for the keys of auth.jwks_url");
                self.read(&mut *self.readings.lock().await).await;
            }
            let known = !self.keys().is_empty();
            if known {
                readiness.set_ready();
            }
            sleep(if known { self.every } else { FIRST_EVERY }).await;
            if known {
                self.read(&mut *self.readings.lock().await).await;
            }
        }
    }

    /// Reads it because a token names a key that is not known, unless that was done a moment ago. Who waits meanwhile
    /// shares the outcome.
    pub(super) async fn look_for_unknown(&self) {
        let came = Instant::now();
        let mut readings = self.readings.lock().await;
        let read_meanwhile = readings.last.is_some_and(|last| last >= came);
        let too_soon = readings.last_for_unknown.is_some_and(|last| last.elapsed() < UNKNOWN_EVERY);
        if !read_meanwhile && !too_soon {
            readings.last_for_unknown = Some(came);
            self.read(&mut readings).await;
        }
    }

    async fn read(&self, readings: &mut Readings) {
        let found = match &self.place {
            Place::File(path) => read_file(path.clone()).await,
            Place::Address(client, url) => ask(client, url).await,
        };
        readings.last = Some(Instant::now());
        let from = if matches!(self.place, Place::File(_)) { "file" } else { "url" };
        let outcome = if found.is_ok() { "ok" } else { "failed" };
        metrics::counter!("contrib_auth_jwks_reads_total", "from" => from, "outcome" => outcome).increment(1);
        match found.and_then(|text| Key::of_jwks(&text)) {
            Ok(keys) => {
                readings.failed = false;
                *self.keys.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(keys);
            }
            Err(why) if !readings.failed => {
                readings.failed = true;
                tracing::warn!(from, why, "the JWKS cannot be read: the keys that were known stay");
            }
            Err(_) => {}
        }
    }
}

async fn read_file(path: String) -> Result<String, String> {
    let read = spawn_blocking(move || fs::read_to_string(path)).await;
    read.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}

async fn ask(client: &Client, url: &Url) -> Result<String, String> {
    // an address may hold a secret
    let failed = |error: reqwest::Error| runtime::worker::describe(&error.without_url());
    let mut answer = client.get(url.clone()).send().await.map_err(failed)?;
    if !answer.status().is_success() {
        return Err(format!("it answers {}", answer.status()));
    }
    let mut body = Vec::new();
    while let Some(chunk) = answer.chunk().await.map_err(failed)? {
        body.extend_from_slice(&chunk);
        if body.len() > LONGEST {
            return Err(format!("it is longer than {LONGEST} bytes"));
        }
    }
    String::from_utf8(body).map_err(|error| error.to_string())
}
