//! Whether the process lives and is ready, and its metrics, over HTTP: `/health/live`, `/health/ready` (200, or
//! 503 with the reasons), `/metrics` (Prometheus text).

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderValue};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use metrics_exporter_prometheus::PrometheusHandle;
use serde::Serialize;
use tokio::net::TcpListener;
use tokio_util::sync::CancellationToken;

/// How long a client may take to send its request's head.
const PATIENCE: Duration = Duration::from_secs(5);

/// The parts of a process and what keeps each from being ready. Clones share the same board.
#[derive(Debug, Clone, Default)]
pub struct Health {
    parts: Arc<Mutex<BTreeMap<String, Option<String>>>>,
}

/// Whether a process is ready, and if not, why: what `/health/ready` answers.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Report {
    /// Whether every part is ready (and there is one).
    pub ready: bool,
    /// The parts that are not, each with its reason.
    pub waiting: BTreeMap<String, String>,
}

impl Health {
    /// Adds a part, which is not ready before it says so.
    pub fn part(&self, name: impl Into<String>) -> Readiness {
        let readiness = Readiness { health: self.clone(), name: name.into() };
        readiness.set_not_ready("starting");
        readiness
    }

    /// How things stand.
    pub fn report(&self) -> Report {
        let parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        let waiting: BTreeMap<_, _> =
            parts.iter().filter_map(|(name, reason)| Some((name.clone(), reason.clone()?))).collect();
        Report { ready: !parts.is_empty() && waiting.is_empty(), waiting }
    }

    fn set(&self, name: &str, reason: Option<String>) {
        let mut parts = self.parts.lock().unwrap_or_else(PoisonError::into_inner);
        parts.insert(name.to_owned(), reason);
    }
}

/// One part's say in whether the process is ready.
#[derive(Debug, Clone)]
pub struct Readiness {
    health: Health,
    name: String,
}

impl Readiness {
    /// This part does its work.
    pub fn set_ready(&self) {
        self.health.set(&self.name, None);
    }

    /// This part cannot do its work for now.
    pub fn set_not_ready(&self, reason: &str) {
        self.health.set(&self.name, Some(reason.to_owned()));
    }
}

/// Serves until `shutdown` is cancelled; gives the address that was bound (port 0 takes a free one).
pub async fn serve(
    address: SocketAddr,
    health: Health,
    metrics: PrometheusHandle,
    shutdown: CancellationToken,
) -> io::Result<SocketAddr> {
    let listener = TcpListener::bind(address).await?;
    let bound = listener.local_addr()?;
    tokio::spawn(async move {
        let accepting = accept(listener, health, metrics);
        let _ = shutdown.run_until_cancelled(accepting).await;
    });
    Ok(bound)
}

async fn accept(listener: TcpListener, health: Health, metrics: PrometheusHandle) {
    loop {
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // out of file descriptors, most likely: that passes, and must not spin
                tracing::warn!(%error, "health port cannot accept");
                tokio::time::sleep(PATIENCE).await;
                continue;
            }
        };
        let (health, metrics) = (health.clone(), metrics.clone());
        tokio::spawn(async move {
            let service =
                service_fn(async |request| Ok::<_, Infallible>(answer(&request, &health, &metrics)));
            let connection = http1::Builder::new()
                .timer(TokioTimer::new())
                .header_read_timeout(PATIENCE)
                .serve_connection(TokioIo::new(stream), service);
            if let Err(error) = connection.await {
                tracing::debug!(%error, "health connection ended");
            }
        });
    }
}

fn answer(request: &Request<Incoming>, health: &Health, metrics: &PrometheusHandle) -> Response<Full<Bytes>> {
    const JSON: &str = "application/json";
    let (status, kind, body) = match (request.method(), request.uri().path()) {
        (&Method::GET, "/health/live") => (StatusCode::OK, JSON, r#"{"live":true}"#.to_owned()),
        (&Method::GET, "/health/ready") => {
            let report = health.report();
            let status = if report.ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
            (status, JSON, serde_json::to_string(&report).unwrap_or_default())
        }
        (&Method::GET, "/metrics") => (StatusCode::OK, "text/plain; version=0.0.4", metrics.render()),
        _ => (StatusCode::NOT_FOUND, "text/plain", "not found".to_owned()),
    };
    let mut response = Response::new(Full::new(Bytes::from(body)));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(kind));
    response
}
