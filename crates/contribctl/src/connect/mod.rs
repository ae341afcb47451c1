//! Kafka Connect's REST interface, as far as connectors are registered and watched.

pub mod placeholders;
pub(crate) mod signals;

use std::fmt;
use std::time::Duration;

use reqwest::{Client, RequestBuilder, StatusCode, Url};
use runtime::{ExposeSecret, SecretString, SettingsError};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::Result;

/// Connect validates a connector against the database before it answers.
const PATIENCE: Duration = Duration::from_secs(30);

/// Why Connect did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// It cannot be reached, or what answers is not Connect.
    #[error("Kafka Connect does not answer (connect.url): {0}")]
    Away(String),
    /// It refused.
    #[error("Kafka Connect refused ({status}): {message}")]
    Refused {
        /// The HTTP status.
        status: StatusCode,
        /// Its own words.
        message: String,
    },
    /// A connector or one of its tasks has failed, also after a restart.
    #[error("connector {name} failed: {reason}")]
    Failed {
        /// Which.
        name: String,
        /// The first line of its trace.
        reason: String,
    },
}

/// A connector and its tasks.
#[derive(Debug, Clone, Deserialize)]
pub struct Status {
    /// Its name.
    pub name: String,
    /// The connector itself.
    pub connector: Part,
    /// Its tasks.
    pub tasks: Vec<Part>,
}

/// A connector or a task.
#[derive(Debug, Clone, Deserialize)]
pub struct Part {
    /// `RUNNING`, `FAILED`, `PAUSED`, `UNASSIGNED`, …
    pub state: String,
    /// Why it failed.
    #[serde(default)]
    pub trace: Option<String>,
}

impl Status {
    /// Whether the connector and at least one task run, and none does not.
    pub fn is_running(&self) -> bool {
        !self.tasks.is_empty() && self.parts().all(|part| part.state == "RUNNING")
    }

    /// The first failure's first line.
    pub fn failure(&self) -> Option<&str> {
        let failed = self.parts().find(|part| part.state == "FAILED")?;
        Some(failed.trace.as_deref().and_then(|trace| trace.lines().next()).unwrap_or("no reason given"))
    }

    fn parts(&self) -> impl Iterator<Item = &Part> {
        std::iter::once(&self.connector).chain(&self.tasks)
    }
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}, tasks", self.name, self.connector.state)?;
        for task in &self.tasks {
            write!(f, " {}", task.state)?;
        }
        if self.tasks.is_empty() { f.write_str(" none yet") } else { Ok(()) }
    }
}

/// A client of Kafka Connect.
#[derive(Debug)]
pub struct Connect {
    client: Client,
    url: Url,
}

impl Connect {
    /// From its address; connects to nothing yet.
    pub fn new(url: &SecretString) -> Result<Self> {
        let bad = |reason: &str| SettingsError::new("connect.url", reason);
        let url = Url::parse(url.expose_secret()).map_err(|_| bad("is no http://host:port"))?;
        let client =
            Client::builder().timeout(PATIENCE).build().map_err(|_| bad("no HTTP client can be made"))?;
        Ok(Self { client, url })
    }

    /// The names of all connectors.
    pub async fn names(&self) -> Result<Vec<String>, ConnectError> {
        let answer = send(self.client.get(self.url(&["connectors"]))).await?;
        answer.json().await.map_err(away)
    }

    /// Registers a connector, or changes it where it is registered.
    pub async fn put(&self, name: &str, config: &Map<String, Value>) -> Result<(), ConnectError> {
        send(self.client.put(self.url(&["connectors", name, "config"])).json(config)).await?;
        Ok(())
    }

    /// Starts again what of a connector has failed.
    pub async fn restart_failed(&self, name: &str) -> Result<(), ConnectError> {
        let mut url = self.url(&["connectors", name, "restart"]);
        url.set_query(Some("includeTasks=true&onlyFailed=true"));
        send(self.client.post(url)).await?;
        Ok(())
    }

    /// How a connector does; none while Connect is still spreading the news of it.
    pub async fn status(&self, name: &str) -> Result<Option<Status>, ConnectError> {
        match send(self.client.get(self.url(&["connectors", name, "status"]))).await {
            Ok(answer) => answer.json().await.map(Some).map_err(away),
            Err(ConnectError::Refused { status, .. })
                if status == StatusCode::NOT_FOUND || status == StatusCode::CONFLICT =>
            {
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn url(&self, path: &[&str]) -> Url {
        let mut url = self.url.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        url
    }
}

async fn send(request: RequestBuilder) -> Result<reqwest::Response, ConnectError> {
    let answer = request.send().await.map_err(away)?;
    let status = answer.status();
    if status.is_success() {
        return Ok(answer);
    }
    let text = answer.text().await.unwrap_or_default();
    let message = serde_json::from_str::<Value>(&text)
        .ok()
        .and_then(|body| Some(body.get("message")?.as_str()?.to_owned()))
        .unwrap_or(text);
    Err(ConnectError::Refused { status, message })
}

/// Without the address, which may hold a password.
fn away(error: reqwest::Error) -> ConnectError {
    let error = error.without_url();
    let causes = std::iter::successors(Some(&error as &dyn std::error::Error), |error| error.source());
    ConnectError::Away(causes.map(ToString::to_string).collect::<Vec<_>>().join(": "))
}
