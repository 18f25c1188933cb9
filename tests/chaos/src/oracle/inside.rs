//! What must be so inside Redis when nothing happens: all is applied, nothing waits, nothing is dead.

use lua::batch::Batch;
use lua::id::Partition;
use lua::{Cmd, Redis, Value, key};

/// What is not as it must be, in words; empty when all is.
pub async fn left_over(redis: &Redis) -> anyhow::Result<Vec<String>> {
    let mut found = Vec::new();
    for state in lua::inspect::partitions(redis).await? {
        if state.lag > 0 {
            found.push(format!("partition {}: {} events not applied", state.partition, state.lag));
        }
    }
    for (partition, length) in lengths(redis, key::outbox).await? {
        if length > 0 {
            found.push(format!("partition {partition}: {length} entries in the outbox"));
        }
    }
    Ok(found)
}

/// Dead letters, as text; there must never be any.
pub async fn dead_letters(redis: &Redis) -> anyhow::Result<Vec<String>> {
    let dead = lengths(redis, key::dead).await?.into_iter().filter(|(_, length)| *length > 0);
    Ok(dead
        .map(|(partition, length)| format!("partition {partition}: {length} dead letters"))
        .collect())
}

async fn lengths(
    redis: &Redis,
    key: fn(Partition) -> String,
) -> anyhow::Result<Vec<(Partition, i64)>> {
    let mut found = Vec::new();
    for node in redis.nodes() {
        let here: Vec<_> = Partition::all().filter(|p| redis.node_of(*p) == node).collect();
        let mut batch = Batch::default();
        for partition in &here {
            let mut length = Cmd::new();
            length.arg("XLEN").arg(key(*partition));
            batch.add(length);
        }
        let replies = batch.run(redis, node).await?;
        found.extend(here.into_iter().zip(replies).map(|(partition, reply)| match reply {
            Value::Int(length) => (partition, length),
            _ => (partition, 0),
        }));
    }
    Ok(found)
}
