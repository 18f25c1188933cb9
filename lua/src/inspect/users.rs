//! Users and connections as operators see them.

use std::collections::BTreeMap;

use redis::{RedisError, Value};
use serde::Serialize;

use super::rooms::{fields, list};
use super::{Fields, command, time_ms};
use crate::batch::Batch;
use crate::id::{Partition, UserId};
use crate::key::{self, UserKeys};
use crate::record::text;
use crate::topology::Redis;

/// Rooms of each kind that are shown of a user.
const ROOMS_SHOWN: usize = 100;

/// One user.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct UserState {
    /// The user's id.
    pub id: String,
    /// The user's partition.
    pub partition: usize,
    /// What is known of the user: `online` since when, `status`.
    pub fields: Fields,
    /// The user's connections.
    pub connections: Vec<serde_json::Value>,
    /// Rooms that the user is present in: the newest 100.
    pub present: Vec<String>,
    /// Rooms that the user belongs to: the newest 100.
    pub belongs: Vec<String>,
    /// Rooms that the user owns: the newest 100.
    pub owns: Vec<String>,
    /// Notifications that are kept.
    pub notifications: u64,
}

/// What is known of a user. Nothing is known of one who was never seen.
pub async fn user(redis: &Redis, id: &UserId) -> Result<UserState, RedisError> {
    let keys = UserKeys::new(id);
    let partition = Partition::of(&key::user_entity(id));
    let last = (ROOMS_SHOWN - 1).to_string();
    let newest = |key: &str| command("ZRANGE", &[key, "0", &last, "REV"]);
    let mut batch = Batch::default();
    batch.add(command("HGETALL", &[&keys.user()]));
    batch.add(command("HVALS", &[&keys.connections()]));
    batch.add(newest(&keys.present()));
    batch.add(newest(&keys.rooms()));
    batch.add(newest(&keys.owned()));
    batch.add(command("XLEN", &[&keys.inbox()]));
    let mut replies = batch.run(redis, redis.node_of(partition)).await?.into_iter();
    let mut next = || replies.next().unwrap_or(Value::Nil);
    Ok(UserState {
        id: id.to_string(),
        partition: partition.index(),
        fields: fields(next()),
        connections: list(next())
            .iter()
            .filter_map(|json| serde_json::from_str(json).ok())
            .collect(),
        present: list(next()),
        belongs: list(next()),
        owns: list(next()),
        notifications: text(next()).and_then(|count| count.parse().ok()).unwrap_or(0),
    })
}

/// One edge.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EdgeState {
    /// Its incarnation's name.
    pub id: String,
    /// How long ago it said that it lives, milliseconds; none where it is not registered any more.
    pub beat_ms_ago: Option<u64>,
    /// Connections.
    pub connections: u64,
    /// Their places in rooms.
    pub seats: u64,
}

/// All edges that live, or still have connections in the books.
pub async fn edges(redis: &Redis) -> Result<Vec<EdgeState>, RedisError> {
    let mut edges = living(redis).await?;
    for node in redis.nodes() {
        let partitions: Vec<_> =
            Partition::all().filter(|partition| redis.node_of(*partition) == node).collect();
        let names: Vec<String> = edges.keys().cloned().collect();
        let mut batch = Batch::default();
        for partition in &partitions {
            for edge in &names {
                batch.add(command("ZRANGE", &[&key::seats(*partition, edge), "0", "-1"]));
            }
        }
        let replies = batch.run(redis, node).await?;
        for (edge, reply) in names.iter().cycle().zip(replies) {
            let Some(state) = edges.get_mut(edge) else { continue };
            for seat in list(reply) {
                // `<connection> <user> <room, or nothing>`
                if seat.ends_with(' ') {
                    state.connections += 1;
                } else {
                    state.seats += 1;
                }
            }
        }
    }
    Ok(edges.into_values().collect())
}

async fn living(redis: &Redis) -> Result<BTreeMap<String, EdgeState>, RedisError> {
    let mut batch = Batch::default();
    batch.add(command("ZRANGE", &[key::EDGES, "0", "-1", "WITHSCORES"]));
    batch.add(command("TIME", &[]));
    let mut replies = batch.run(redis, redis.node_of_key(key::EDGES)).await?.into_iter();
    let beats: Vec<(String, f64)> =
        replies.next().and_then(|reply| redis::from_redis_value(reply).ok()).unwrap_or_default();
    let now = replies.next().map_or(0, time_ms);
    let state = |(id, at): (String, f64)| {
        let ago = now.saturating_sub(at as u64);
        (id.clone(), EdgeState { id, beat_ms_ago: Some(ago), connections: 0, seats: 0 })
    };
    Ok(beats.into_iter().map(state).collect())
}
