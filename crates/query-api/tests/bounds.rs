//! What is slow, too much or no request at all does not keep others from being answered.

mod common;

use std::fs;
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, ensure};
use common::{Stand, problem_of};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rand::{Rng as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use serde_json::json;
use testkit::database::TestDatabase;
use testkit::wait::{LIMIT, until};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::process::Command;
use tokio::time::timeout;

const SECRET: &str = "a secret of more than thirty-two bytes";

fn token(subject: &str) -> anyhow::Result<String> {
    let exp = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() + 300;
    let claims = json!({ "sub": subject, "roles": ["service"], "exp": exp });
    Ok(encode(&Header::new(Algorithm::HS256), &claims, &EncodingKey::from_secret(SECRET.as_bytes()))?)
}

#[tokio::test]
async fn who_asks_too_often_is_told_to_wait() -> anyhow::Result<()> {
    let stand = Stand::open(&[
        ("CONTRIB__AUTH__MODE", "jwt"),
        ("CONTRIB__AUTH__HS256_SECRET", SECRET),
        ("CONTRIB__HTTP__SUBJECT_RATE", "1"),
        ("CONTRIB__HTTP__SUBJECT_BURST", "3"),
    ])
    .await?;
    let ask = async |subject: &str| {
        let request = stand.api.client.get(format!("{}/api/v1/unallocated", stand.api.base));
        anyhow::Ok(request.bearer_auth(token(subject)?).send().await?)
    };
    let mut refused = None;
    for _ in 0..20 {
        let answer = ask("mining").await?;
        if answer.status() == 429 {
            refused = Some(answer);
            break;
        }
    }
    let refused = refused.context("twenty requests at once were taken")?;
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(problem_of(refused).await?.1["code"], "too_many_requests");
    assert_eq!(ask("wallet").await?.status(), 200, "another one's rate is its own");
    until("its turn comes again", LIMIT, async || Ok((ask("mining").await?.status() == 200).then_some(())))
        .await?;
    stand.close().await
}

/// Requests that wait for an entry which never comes stand for slow ones.
#[tokio::test]
async fn what_is_too_much_is_refused_at_once() -> anyhow::Result<()> {
    let stand =
        Stand::open(&[("CONTRIB__HTTP__IN_HAND", "2"), ("CONTRIB__HTTP__REQUEST_SECONDS", "1")]).await?;
    let done = Arc::new(AtomicBool::new(false));
    let slow = || {
        let (client, base, done) = (stand.api.client.clone(), stand.api.base.clone(), Arc::clone(&done));
        tokio::spawn(async move {
            let mut given_up = 0;
            while !done.load(Ordering::SeqCst) {
                let answer = client.get(format!("{base}/api/v1/unallocated?minSeq=9")).send().await?;
                let (status, problem) = problem_of(answer).await?;
                let code = if status == 504 { "request_timeout" } else { "overloaded" };
                ensure!(problem["code"] == code, "{problem}");
                given_up += u32::from(status == 504);
            }
            anyhow::Ok(given_up)
        })
    };
    let slow: Vec<_> = (0..4).map(|_| slow()).collect();
    let refused = until("a refusal", LIMIT, async || {
        let answer = stand.api.get("/unallocated").await?;
        Ok((answer.status() != 200).then_some(answer))
    })
    .await?;
    assert_eq!(refused.headers()["retry-after"], "1");
    assert_eq!(refused.headers()["x-content-type-options"], "nosniff");
    let (status, problem) = problem_of(refused).await?;
    assert_eq!((status, &problem["code"]), (503, &"overloaded".into()));
    let live = stand.api.client.get(format!("{}/health/live", stand.api.base)).send().await?;
    assert_eq!(live.status(), 200, "whoever watches is not refused");
    done.store(true, Ordering::SeqCst);
    let mut given_up = 0;
    for slow in slow {
        given_up += slow.await??;
    }
    assert!(given_up > 0, "none was taken on");
    assert_eq!(stand.api.get("/unallocated").await?.status(), 200);
    stand.close().await
}

#[tokio::test]
async fn pages_of_other_origins_ask_where_they_are_named() -> anyhow::Result<()> {
    for (origins, allowed) in
        [("", None), ("https://one.example,https://two.example", Some("https://two.example"))]
    {
        let stand = Stand::open(&[("CONTRIB__HTTP__CORS_ORIGINS", origins)]).await?;
        let url = format!("{}/api/v1/unallocated", stand.api.base);
        for (origin, allowed) in [("https://two.example", allowed), ("https://evil.example", None)] {
            let answer = stand.api.client.get(&url).header("origin", origin).send().await?;
            let header = answer.headers().get("access-control-allow-origin");
            assert_eq!(header.and_then(|header| header.to_str().ok()), allowed, "{origins} {origin}");
            assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        }
        stand.close().await?;
    }
    Ok(())
}

#[tokio::test]
async fn slow_and_senseless_clients_harm_nobody() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    let address: SocketAddr = stand.api.base.trim_start_matches("http://").parse()?;
    // heads that never end, bodies that never come
    let mut slow = Vec::new();
    for place in 0..200 {
        let mut stream = TcpStream::connect(address).await?;
        let head: &[u8] = if place % 2 == 0 {
            b"GET /api/v1/unallocated HTTP/1.1\r\nhost: a\r\nx-slow: "
        } else {
            b"POST /api/v1/unallocated HTTP/1.1\r\nhost: a\r\ncontent-length: 1000\r\n\r\n{"
        };
        stream.write_all(head).await?;
        slow.push(stream);
    }
    // a head as large as it gets
    let mut bomb = TcpStream::connect(address).await?;
    let mut head = b"GET /health/live HTTP/1.1\r\nhost: a\r\n".to_vec();
    for place in 0..5_000 {
        head.extend_from_slice(format!("x-{place}: {}\r\n", "a".repeat(200)).as_bytes());
    }
    let _ = bomb.write_all(&head).await;
    // what is no request
    let mut random = ChaCha8Rng::seed_from_u64(5);
    for _ in 0..500 {
        let mut stream = TcpStream::connect(address).await?;
        let mut garbage = vec![0_u8; random.random_range(1..400)];
        random.fill(garbage.as_mut_slice());
        let _ = stream.write_all(&garbage).await;
    }
    let began = Instant::now();
    for _ in 0..50 {
        assert_eq!(stand.api.get("/unallocated").await?.status(), 200);
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    for stream in slow.iter_mut().chain([&mut bomb]) {
        // answered or not, it is closed
        let mut rest = Vec::new();
        let _ = timeout(LIMIT, stream.read_to_end(&mut rest)).await.context("a slow client was kept")?;
        assert!(!rest.starts_with(b"HTTP/1.1 200"));
    }
    stand.close().await
}

/// Ten thousand, or as many as this process may open.
#[tokio::test]
async fn idle_connections_harm_nobody() -> anyhow::Result<()> {
    let database = TestDatabase::create().await?;
    let port = std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port();
    let config = concat!(env!("CARGO_MANIFEST_DIR"), "/../../config");
    let mut command = Command::new(env!("CARGO_BIN_EXE_query-api"));
    command
        .args(["--config", config])
        .env("CONTRIB__DATABASE__URL", database.url())
        .env("CONTRIB__AUTH__MODE", "off")
        .env("CONTRIB__HTTP__BIND", "127.0.0.1")
        .env("CONTRIB__HTTP__PORT", port.to_string())
        .stdout(std::process::Stdio::null())
        .kill_on_drop(true);
    let mut server = command.spawn()?;
    let client = reqwest::Client::builder().no_proxy().build()?;
    let ready = format!("http://127.0.0.1:{port}/health/ready");
    let is_ready =
        async || Ok(client.get(&ready).send().await.is_ok_and(|answer| answer.status() == 200).then_some(()));
    until("the API is ready", LIMIT, is_ready).await?;
    let mut idle = Vec::new();
    for _ in 0..open_files()?.saturating_sub(500).min(10_000) {
        idle.push(TcpStream::connect(("127.0.0.1", port)).await?);
    }
    let began = Instant::now();
    for _ in 0..50 {
        let answer = client.get(format!("http://127.0.0.1:{port}/api/v1/unallocated")).send().await?;
        assert_eq!(answer.status(), 200, "with {} idle connections", idle.len());
    }
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
    server.kill().await?;
    database.close().await
}

/// Files that this process may have open, and the server that it starts.
fn open_files() -> anyhow::Result<usize> {
    let limits = fs::read_to_string("/proc/self/limits")?;
    let line = limits.lines().find(|line| line.starts_with("Max open files")).context("open files")?;
    Ok(line.split_whitespace().nth(3).context("a number")?.parse()?)
}
