//! The process: it listens at once, answers 503 until the schema was found to be its own, watches the database, and
//! lets requests in hand end when it is told to stop.

use std::net::{SocketAddr, TcpListener};
use std::time::Duration;

use actix_web::middleware::{Compress, from_fn};
use actix_web::{App, HttpServer, web};
use anyhow::Context as _;
use metrics_exporter_prometheus::PrometheusHandle;
use persistence::{Kind, migrations};
use runtime::{CancellationToken, Health, Readiness, Settings};
use tokio::task::JoinSet;
use tokio::time::{interval, sleep};

use crate::handlers::conservation;
use crate::state::Api;
use crate::{console, handlers, layers, openapi, reads, routes};

/// How long requests in hand may take after a stop; the process as a whole has 8 seconds.
const GRACE_SECONDS: u64 = 6;
/// How often the database is looked at.
const WATCH: Duration = Duration::from_secs(2);
/// How often the books are checked even when nobody asks, for the metrics.
const CHECK_BOOKS: Duration = Duration::from_secs(15);
/// How long a client may take to send a request's head; a slow body falls under the request's own limit.
const HEAD: Duration = Duration::from_secs(5);
/// How long a connection may be idle: a little longer than proxies keep theirs, who would else meet a closed one.
const IDLE: Duration = Duration::from_secs(75);
/// How long a client may take to close its side.
const GOODBYE: Duration = Duration::from_secs(1);
/// Connections that a thread holds at most; there is one for each core.
const CONNECTIONS: usize = 10_000;

/// A server that listens.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    address: SocketAddr,
    api: web::Data<Api>,
    origins: Vec<String>,
    time_zone: String,
    readiness: Readiness,
}

/// Serves until the context says stop.
pub async fn run(context: runtime::Context) -> anyhow::Result<()> {
    let server = Server::bind(&context.settings, context.health, context.metrics)?;
    tracing::info!(address = %server.address(), "listening");
    server.run_until_stopped(context.shutdown).await
}

impl Server {
    /// Listens on `http.bind` and `http.port` (0 takes a free one). Errs with a [`runtime::SettingsError`] where the
    /// settings are refused.
    pub fn bind(settings: &Settings, health: Health, metrics: PrometheusHandle) -> anyhow::Result<Self> {
        let readiness = health.part("database");
        let api = web::Data::new(Api::new(settings, health, metrics)?);
        let address = settings.http.address();
        let listener =
            TcpListener::bind(address).with_context(|| format!("cannot listen on {address} (http.port)"))?;
        let address = listener.local_addr()?;
        let (origins, time_zone) =
            (settings.http.cors_origins.clone(), settings.business.time_zone.to_string());
        Ok(Self { listener, address, api, origins, time_zone, readiness })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Serves until `shutdown` is cancelled, then until the requests in hand have ended. Errs where the schema is not
    /// this build's.
    pub async fn run_until_stopped(self, shutdown: CancellationToken) -> anyhow::Result<()> {
        let Self { listener, api, origins, time_zone, readiness, .. } = self;
        let watched = api.clone();
        let server = HttpServer::new(move || app!(api, origins))
            .disable_signals()
            .shutdown_timeout(GRACE_SECONDS)
            .max_connections(CONNECTIONS)
            .client_request_timeout(HEAD)
            .client_disconnect_timeout(GOODBYE)
            .keep_alive(IDLE)
            .listen(listener)?
            .run();
        let handle = server.handle();
        let serving = tokio::spawn(server);
        // ends with this function
        let mut beside = JoinSet::new();
        let reading = watched.clone().into_inner();
        beside.spawn(async move { reading.accounts.run().await });
        let keeping = watched.clone().into_inner();
        beside.spawn(async move {
            let caching = async {
                if let Some(cache) = &keeping.cache {
                    cache.run().await;
                }
            };
            tokio::join!(caching, keeping.authenticator.keep(&keeping.health), keeping.limits.forget());
        });
        let watching = async {
            watch_schema(&watched, &time_zone, &readiness).await?;
            tokio::join!(watch_database(&watched, &readiness), check_books(&watched));
            anyhow::Ok(())
        };
        let ended = tokio::select! {
            ended = watching => ended,
            () = shutdown.cancelled() => Ok(()),
        };
        readiness.set_not_ready("stopping");
        handle.stop(ended.is_ok()).await;
        serving.await??;
        ended
    }
}

/// The routes with all that stands around them. A macro, because the type of an `App` has no name.
macro_rules! app {
    ($api:ident, $origins:ident) => {
        App::new()
            .app_data($api.clone())
            .wrap(from_fn(reads::note))
            .wrap(from_fn(layers::bounds))
            .wrap(Compress::default())
            .wrap(layers::cors(&$origins))
            .wrap(from_fn(layers::measure))
            .wrap(layers::headers())
            .service(routes::scope())
            .configure(handlers::process::configure)
            .configure(openapi::configure)
            .configure(console::configure)
            .default_service(web::to(routes::route_unknown))
    };
}
use app;

/// Returns once the schema was found to be this build's; waits while the database is away.
async fn watch_schema(api: &Api, time_zone: &str, readiness: &Readiness) -> anyhow::Result<()> {
    loop {
        match migrations::check(&api.pool, time_zone).await {
            Ok(()) => break,
            Err(error) if error.kind() == Kind::Unavailable => {
                readiness.set_not_ready("waiting for PostgreSQL");
                tracing::warn!("waiting for PostgreSQL: {}", runtime::worker::describe(&error));
                sleep(WATCH).await;
            }
            Err(error) => return Err(error.into()),
        }
    }
    // Nobody else sets it.
    let _ = api.schema_checked.set(());
    readiness.set_ready();
    Ok(())
}

/// Ready means that the database answered a moment ago.
async fn watch_database(api: &Api, readiness: &Readiness) {
    let mut ticks = interval(WATCH);
    loop {
        ticks.tick().await;
        match persistence::views::ping(&api.pool).await {
            Ok(()) => readiness.set_ready(),
            Err(error) => readiness.set_not_ready(&format!("PostgreSQL: {:?}", error.kind())),
        }
    }
}

/// Checks the books for the metrics, so that an alarm does not wait for somebody to look.
async fn check_books(api: &Api) {
    let mut ticks = interval(CHECK_BOOKS);
    loop {
        ticks.tick().await;
        conservation::publish(api).await;
    }
}
