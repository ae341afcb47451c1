//! `query-api` as a program of its own, asked over HTTP with a token by a client on this machine.

pub(super) mod account;
pub(super) mod memory;
pub(super) mod million;

use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::time::Duration;

use chrono::{Days, Utc};
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;
use testkit::database::TestDatabase;

use crate::load::Load;
use crate::program::Program;

/// Connections of the client, and of the API's to PostgreSQL.
const CONNECTIONS: usize = 16;
/// Longer than this, something is broken.
const PATIENCE: Duration = Duration::from_secs(30);
const SECRET: &str = "a secret of more than thirty-two bytes";

/// A running API.
struct Served {
    program: Program,
    address: SocketAddr,
}

impl Served {
    async fn start(database: &TestDatabase, more: &[(&'static str, String)]) -> anyhow::Result<Self> {
        let free = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?.local_addr()?;
        let mut settings = vec![
            ("DATABASE__URL", database.url()),
            ("DATABASE__MAX_CONNECTIONS", CONNECTIONS.to_string()),
            ("HTTP__BIND", free.ip().to_string()),
            ("HTTP__PORT", free.port().to_string()),
            ("HTTP__SUBJECT_RATE", "0".to_owned()),
            ("AUTH__MODE", "jwt".to_owned()),
            ("AUTH__HS256_SECRET", SECRET.to_owned()),
        ];
        settings.extend_from_slice(more);
        let mut program = Program::start("query-api", &settings)?;
        let client = reqwest::Client::builder().no_proxy().build()?;
        let ready = format!("http://{free}/health/ready");
        testkit::wait::until("the API", PATIENCE, async || {
            program.ensure_runs()?;
            let answer = client.get(&ready).send().await;
            Ok(answer.is_ok_and(|answer| answer.status().is_success()).then_some(()))
        })
        .await?;
        Ok(Self { program, address: free })
    }

    /// Requests to paths under `/api/v1`.
    fn load(&self, paths: impl Iterator<Item = String>) -> anyhow::Result<Load> {
        Ok(Load::new(self.address, &token()?, paths.map(|path| format!("/api/v1{path}"))))
    }
}

fn token() -> anyhow::Result<String> {
    let claims =
        json!({ "sub": "bench", "roles": ["service"], "exp": (Utc::now() + Days::new(1)).timestamp() });
    Ok(encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}
