//! HTTP requests over connections that stay open. What a client does for each is next to nothing, so that the machine is
//! the server's.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use tokio::time::sleep_until;

/// GET requests that are sent again and again, each connection beginning at another one.
#[derive(Debug, Clone)]
pub(crate) struct Load {
    address: SocketAddr,
    requests: Arc<[Vec<u8>]>,
}

/// A connection, and what was read of an answer.
struct Connection {
    stream: TcpStream,
    answer: Vec<u8>,
}

impl Load {
    /// To `paths`, with a bearer token.
    pub(crate) fn new(address: SocketAddr, token: &str, paths: impl Iterator<Item = String>) -> Self {
        let request = |path| {
            format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\n\r\n")
                .into_bytes()
        };
        Self { address, requests: paths.map(request).collect() }
    }

    /// As many as are answered in `time` over so many connections; says how many.
    pub(crate) async fn flood(&self, connections: usize, time: Duration) -> anyhow::Result<u64> {
        let until = Instant::now() + time;
        let mut asking = JoinSet::new();
        for place in 0..connections {
            let load = self.clone();
            asking.spawn(async move {
                let mut connection = Connection::open(load.address).await?;
                let mut asked = 0_u64;
                for request in load.from(place, connections) {
                    if Instant::now() >= until {
                        break;
                    }
                    connection.ask(request).await?;
                    asked += 1;
                }
                anyhow::Ok(asked)
            });
        }
        Ok(all(asking).await?.into_iter().sum())
    }

    /// So many a second for `time`, evenly; how long each took from when it was due, so that a request that waits for
    /// those before it counts as slow.
    pub(crate) async fn at_rate(
        &self,
        connections: usize,
        rate: f64,
        time: Duration,
    ) -> anyhow::Result<Vec<Duration>> {
        let every = Duration::from_secs_f64(connections as f64 / rate);
        let began = Instant::now();
        let mut asking = JoinSet::new();
        for place in 0..connections {
            let load = self.clone();
            asking.spawn(async move {
                let mut connection = Connection::open(load.address).await?;
                let mut took = Vec::new();
                let mut due = began + every.mul_f64(place as f64 / connections as f64);
                for request in load.from(place, connections) {
                    if due >= began + time {
                        break;
                    }
                    sleep_until(due.into()).await;
                    connection.ask(request).await?;
                    took.push(due.elapsed());
                    due += every;
                }
                anyhow::Ok(took)
            });
        }
        Ok(all(asking).await?.concat())
    }

    /// How long each took, one after the other over one connection.
    pub(crate) async fn one_by_one(&self, count: usize) -> anyhow::Result<Vec<Duration>> {
        let mut connection = Connection::open(self.address).await?;
        let mut took = Vec::with_capacity(count);
        for request in self.from(0, 1).take(count) {
            let began = Instant::now();
            connection.ask(request).await?;
            took.push(began.elapsed());
        }
        Ok(took)
    }

    /// The requests for ever, beginning with the part of `place` of `parts`.
    fn from(&self, place: usize, parts: usize) -> impl Iterator<Item = &Vec<u8>> {
        self.requests.iter().cycle().skip(self.requests.len() * place / parts)
    }
}

/// What each connection gave.
async fn all<T: 'static>(mut asking: JoinSet<anyhow::Result<T>>) -> anyhow::Result<Vec<T>> {
    let mut all = Vec::new();
    while let Some(given) = asking.join_next().await {
        all.push(given??);
    }
    Ok(all)
}

impl Connection {
    async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, answer: Vec::new() })
    }

    /// Sends a request and reads its answer, which must be 200.
    async fn ask(&mut self, request: &[u8]) -> anyhow::Result<()> {
        self.stream.write_all(request).await?;
        self.answer.clear();
        let mut length = None;
        while length.is_none_or(|length| self.answer.len() < length) {
            ensure!(self.stream.read_buf(&mut self.answer).await? > 0, "the server has hung up");
            if length.is_none() {
                length = whole_length(&self.answer)?;
            }
        }
        Ok(())
    }
}

/// Of head and body, once the head is there.
fn whole_length(answer: &[u8]) -> anyhow::Result<Option<usize>> {
    const END: &[u8] = b"\r\n\r\n";
    let Some(head) = answer.windows(END.len()).position(|window| window == END) else { return Ok(None) };
    let text = std::str::from_utf8(&answer[..head])?;
    ensure!(text.starts_with("HTTP/1.1 200 "), "{}", String::from_utf8_lossy(answer));
    let length = text.lines().find_map(|line| line.strip_prefix("content-length: "));
    Ok(Some(head + END.len() + length.context("an answer of no certain length")?.parse::<usize>()?))
}
