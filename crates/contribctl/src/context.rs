use persistence::PgPool;
use runtime::{ExposeSecret, Settings};

use crate::connect::Connect;
use crate::{Error, Result};

/// Connections of one command: it does one thing at a time.
const CONNECTIONS: u32 = 4;
const APPLICATION: &str = "contribctl";

/// The settings, and the clients that a command makes from them when it needs them.
#[derive(Debug, Clone)]
pub struct Context {
    /// All settings.
    pub settings: Settings,
}

impl Context {
    /// From settings; connects to nothing.
    pub fn new(settings: Settings) -> Self {
        Self { settings }
    }

    /// Our own database, connected to with the first statement.
    pub fn database(&self) -> Result<PgPool> {
        let url = self.settings.database.url.expose_secret();
        persistence::connect(url, CONNECTIONS, APPLICATION).map_err(|_| unreadable("database.url"))
    }

    /// The upstream database, connected to with the first statement.
    pub fn upstream(&self) -> Result<PgPool> {
        let url = self.settings.upstream.url()?.expose_secret();
        persistence::connect(url, CONNECTIONS, APPLICATION).map_err(|_| unreadable("upstream.url"))
    }

    /// Kafka Connect.
    pub fn connect(&self) -> Result<Connect> {
        Connect::new(self.settings.connect.url()?)
    }
}

/// A parser's own words could hold the password.
fn unreadable(key: &str) -> Error {
    runtime::SettingsError::new(key, "is no postgres://user:password@host:port/database").into()
}
