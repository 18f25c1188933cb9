//! Streams and how far behind their readers are.

use redis::{RedisError, Value};
use serde::Serialize;

use super::{command, info, partitions};
use crate::batch::Batch;
use crate::id::{EventId, Partition};
use crate::key;
use crate::record::{entry, text};
use crate::topology::Redis;

/// One stream, or all of one kind together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct StreamState {
    /// Its key; `*` stands for the number of a partition.
    pub key: String,
    /// What it holds.
    pub about: &'static str,
    /// Entries.
    pub entries: u64,
    /// Entries that wait for their reader.
    pub waiting: u64,
}

/// The streams that are not a room's or a user's.
pub async fn streams(redis: &Redis) -> Result<Vec<StreamState>, RedisError> {
    let states = partitions(redis).await?;
    let sum = |count: fn(&super::PartitionState) -> u64| states.iter().map(count).sum();
    let mut found = vec![
        StreamState {
            key: "rt:{p*}:in".to_owned(),
            about: "events, applied ones that are kept included",
            entries: sum(|state| state.intake),
            waiting: sum(|state| state.lag),
        },
        StreamState {
            key: "rt:{p*}:dead".to_owned(),
            about: "events that could not be applied",
            entries: sum(|state| state.dead),
            waiting: sum(|state| state.dead),
        },
    ];
    let backlog = outboxes(redis).await?;
    found.push(StreamState {
        key: "rt:{p*}:outbox".to_owned(),
        about: "what events caused in other partitions",
        entries: backlog,
        waiting: backlog,
    });
    found.push(ingress(redis).await?);
    for (key, about) in [
        (key::REFUSED, "what was refused of the ingress"),
        (key::LIFECYCLE, "what happens to rooms and users"),
    ] {
        let entries = length(redis, key).await?;
        found.push(StreamState { key: key.to_owned(), about, entries, waiting: 0 });
    }
    Ok(found)
}

async fn outboxes(redis: &Redis) -> Result<u64, RedisError> {
    let mut total = 0;
    for node in redis.nodes() {
        let mut batch = Batch::default();
        for partition in Partition::all().filter(|partition| redis.node_of(*partition) == node) {
            batch.add(command("XLEN", &[&key::outbox(partition)]));
        }
        total += batch.run(redis, node).await?.into_iter().map(number).sum::<u64>();
    }
    Ok(total)
}

async fn ingress(redis: &Redis) -> Result<StreamState, RedisError> {
    let mut batch = Batch::default();
    batch.add(command("XINFO", &["STREAM", key::INGRESS]));
    batch.add(command("XINFO", &["GROUPS", key::INGRESS]));
    let mut replies = batch.run(redis, redis.node_of_key(key::INGRESS)).await?.into_iter();
    let entries = replies.next().map_or(0, |stream| info(&stream, "length"));
    let waiting = match replies.next() {
        Some(Value::Array(groups)) => groups.first().map_or(0, |group| info(group, "lag")),
        _ => 0,
    };
    let about = "events of back ends";
    Ok(StreamState { key: key::INGRESS.to_owned(), about, entries, waiting })
}

async fn length(redis: &Redis, key: &str) -> Result<u64, RedisError> {
    let mut batch = Batch::default();
    batch.add(command("XLEN", &[key]));
    Ok(batch.run(redis, redis.node_of_key(key)).await?.into_iter().map(number).sum())
}

fn number(reply: Value) -> u64 {
    text(reply).and_then(|count| count.parse().ok()).unwrap_or(0)
}

/// One partition with events that wait.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Lag {
    /// Its number.
    pub partition: usize,
    /// The worker that owns it.
    pub owner: Option<String>,
    /// Events that wait.
    pub waiting: u64,
    /// The oldest of them.
    pub oldest: Option<EventId>,
}

/// Partitions with events that wait, the most first.
pub async fn lag(redis: &Redis) -> Result<Vec<Lag>, RedisError> {
    let mut found = Vec::new();
    for state in partitions(redis).await?.into_iter().filter(|state| state.lag > 0) {
        let Some(partition) = Partition::new(state.partition as u16) else { continue };
        let after = format!("({}", state.applied);
        let read = command("XRANGE", &[&key::intake(partition), &after, "+", "COUNT", "1"]);
        let oldest = match super::ask(redis, partition, read).await? {
            Value::Array(list) => list.into_iter().find_map(entry).map(|(id, _)| id),
            _ => None,
        };
        let owner = state.owner.filter(|_| !state.expired);
        found.push(Lag { partition: state.partition, owner, waiting: state.lag, oldest });
    }
    found.sort_by_key(|lag| std::cmp::Reverse(lag.waiting));
    Ok(found)
}
