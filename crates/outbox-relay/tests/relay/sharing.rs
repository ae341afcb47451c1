//! Several relays share the shards.

use std::collections::BTreeSet;

use crate::stage::{Stage, step_until, write};
use outbox_relay::Relay;
use runtime::Worker;

fn shared_out(relays: &[&mut Relay], parts: &[usize]) -> bool {
    relays.iter().map(|relay| relay.owned().len()).eq(parts.iter().copied())
}

#[tokio::test]
async fn relays_share_the_shards_and_a_dead_ones_are_taken_over() -> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    let (mut first, mut second) = (stage.relay(), stage.relay());
    step_until("one relay owns all", &mut [&mut first], |relays| shared_out(relays, &[8])).await?;
    step_until("two relays own half each", &mut [&mut first, &mut second], |relays| {
        shared_out(relays, &[4, 4])
    })
    .await?;
    let both: BTreeSet<i16> = first.owned().into_iter().chain(second.owned()).collect();
    assert_eq!(both, (0..8).collect(), "each shard has one owner");

    let mut connection = stage.pool().acquire().await?;
    for shard in 0..8 {
        write(&mut connection, shard, &format!("D{shard}"), 1).await?;
    }
    first.run_once().await?;
    assert_eq!(stage.waiting().await?, 4, "those of the other relay's shards");

    // not closed: its connection breaks off, as when the process is killed
    drop(second);
    step_until("the other owns all", &mut [&mut first], |relays| shared_out(relays, &[8])).await?;
    stage.drain(&mut first).await?;
    let keys: BTreeSet<String> = stage.received(8).await?.into_iter().map(|record| record.key).collect();
    assert_eq!(keys.len(), 8);
    first.close().await;
    drop(connection);
    stage.strike().await
}

#[tokio::test]
async fn an_event_in_a_shard_beyond_the_configured_ones_is_published() -> anyhow::Result<()> {
    let stage = Stage::set(100).await?;
    write(&mut *stage.pool().acquire().await?, 11, "D1", 1).await?;
    let mut relay = stage.relay();
    stage.drain(&mut relay).await?;
    assert_eq!(stage.received(1).await?[0].key, "D1");
    relay.close().await;
    stage.strike().await
}
