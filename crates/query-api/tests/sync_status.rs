//! `GET /sync-status` tells how far behind each partition is by what the ingestor noted in PostgreSQL.

mod common;

use chrono::{TimeDelta, Utc};
use serde_json::Value;

use crate::common::Stand;

#[tokio::test]
async fn lag_is_told_in_messages_and_seconds() -> anyhow::Result<()> {
    let stand = Stand::open(&[]).await?;
    let hour_ago = Utc::now() - TimeDelta::hours(1);
    for (partition, next, end) in [(0, 10, Some(10)), (1, 10, Some(17)), (2, 10, Some(9)), (3, 10, None)] {
        sqlx::query(
            "INSERT INTO cdc_offsets (topic, partition, next_offset, source_ts) VALUES ('t', $1, $2, $3)",
        )
        .bind(partition)
        .bind(next)
        .bind(hour_ago)
        .execute(stand.database.pool())
        .await?;
        let Some(end) = end else { continue };
        sqlx::query(
            "INSERT INTO cdc_end_offsets (topic, partition, end_offset, seen_at) VALUES ('t', $1, $2, $3)",
        )
        .bind(partition)
        .bind(end)
        .bind(hour_ago)
        .execute(stand.database.pool())
        .await?;
    }
    let status = stand.api.json("/sync-status").await?;
    let topics = status["topics"].as_array().map(Vec::as_slice).unwrap_or_default();
    let partitions = topics.iter().find(|topic| topic["topic"] == "t").map(|topic| &topic["partitions"]);
    let partition = |number: usize| partitions.map_or(&Value::Null, |all| &all[number]);
    assert_eq!((&partition(0)["lag"], &partition(0)["lagSeconds"]), (&0.into(), &0.into()));
    assert_eq!((&partition(1)["lag"], &partition(1)["endOffset"]), (&7.into(), &17.into()));
    assert!(partition(1)["lagSeconds"].as_i64().is_some_and(|seconds| (3600..3660).contains(&seconds)));
    assert!(partition(1)["endSeenAt"].is_string());
    // the end was seen before the last batch
    assert_eq!((&partition(2)["lag"], &partition(2)["lagSeconds"]), (&0.into(), &0.into()));
    for field in ["lag", "lagSeconds", "endOffset", "endSeenAt"] {
        assert_eq!(partition(3)[field], Value::Null, "{field}");
    }
    stand.close().await
}
