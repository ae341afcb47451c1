//! The health port, over a real socket.

use std::net::SocketAddr;

use metrics_exporter_prometheus::PrometheusBuilder;
use runtime::{CancellationToken, Health, health};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

async fn get(address: SocketAddr, path: &str) -> std::io::Result<(u16, String)> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or_default();
    let body = answer.split_once("\r\n\r\n").map(|(_, body)| body.to_owned()).unwrap_or_default();
    Ok((status, body))
}

#[tokio::test]
async fn tells_who_lives_who_is_ready_and_the_metrics() -> anyhow::Result<()> {
    let recorder = PrometheusBuilder::new().build_recorder();
    let handle = recorder.handle();
    metrics::with_local_recorder(&recorder, || metrics::counter!("contrib_test_total").increment(3));
    let board = Health::default();
    let stop = CancellationToken::new();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    let address = health::serve(any, board.clone(), handle, stop.clone()).await?;

    assert_eq!(get(address, "/health/live").await?, (200, r#"{"live":true}"#.to_owned()));
    assert_eq!(get(address, "/health/ready").await?.0, 503, "nothing has said that it is ready");

    let (reader, writer) = (board.part("reader"), board.part("writer"));
    reader.set_ready();
    writer.set_not_ready("waiting for PostgreSQL");
    let (status, body) = get(address, "/health/ready").await?;
    assert_eq!(status, 503);
    assert_eq!(body, r#"{"ready":false,"waiting":{"writer":"waiting for PostgreSQL"}}"#);

    writer.set_ready();
    assert_eq!(get(address, "/health/ready").await?, (200, r#"{"ready":true,"waiting":{}}"#.to_owned()));

    let (status, body) = get(address, "/metrics").await?;
    assert_eq!(status, 200);
    assert!(body.contains("contrib_test_total 3"), "{body}");
    assert_eq!(get(address, "/").await?.0, 404);

    stop.cancel();
    Ok(())
}
