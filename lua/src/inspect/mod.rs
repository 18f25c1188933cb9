//! What operators look at: reads only, in pipelines of commands that cost Redis little.

mod rooms;
mod streams;
mod users;

pub use rooms::{RoomDetails, RoomState, room, rooms};
pub use streams::{Lag, StreamState, lag, streams};
pub use users::{EdgeState, UserState, edges, user};

use redis::{Cmd, RedisError, Value};
use serde::Serialize;

use crate::batch::Batch;
use crate::id::{EventId, Partition, RoomId};
use crate::key::{self, RoomKeys};
use crate::record::{entry, text};
use crate::topology::Redis;

/// Where a partition is and whose it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PartitionState {
    /// Its number.
    pub partition: usize,
    /// The worker that owns it; none where it is free or was never owned.
    pub owner: Option<String>,
    /// Whether the owner's lease is over: it is dead or cut off.
    pub expired: bool,
    /// The owner's fence.
    pub fence: u64,
    /// Raised when the history may have been cut off.
    pub term: u64,
    /// The newest applied event.
    pub applied: EventId,
    /// Events applied so far.
    pub seq: u64,
    /// Events that wait to be applied.
    pub lag: u64,
    /// Entries in the intake, applied ones that are kept included.
    pub intake: u64,
    /// Dead letters.
    pub dead: u64,
}

/// The state of every partition, in order.
pub async fn partitions(redis: &Redis) -> Result<Vec<PartitionState>, RedisError> {
    let mut states = Vec::new();
    for node in redis.nodes() {
        let partitions: Vec<_> =
            Partition::all().filter(|partition| redis.node_of(*partition) == node).collect();
        let mut batch = Batch::default();
        batch.add(redis::cmd("TIME"));
        for partition in &partitions {
            let mut position = redis::cmd("HMGET");
            position.arg(key::position(*partition));
            position.arg(&["owner", "lease_until", "fence", "term", "applied", "seq"]);
            batch.add(position);
            batch.add(command("XINFO", &["STREAM", &key::intake(*partition)]));
            batch.add(command("XLEN", &[&key::dead(*partition)]));
        }
        let mut replies = batch.run(redis, node).await?.into_iter();
        let now_ms = replies.next().map_or(0, time_ms);
        for partition in partitions {
            let three = [replies.next(), replies.next(), replies.next()];
            if let [Some(position), Some(stream), Some(dead)] = three {
                states.push(state(partition, now_ms, position, stream, dead));
            }
        }
    }
    states.sort_by_key(|state| state.partition);
    Ok(states)
}

fn state(
    partition: Partition,
    now_ms: u64,
    position: Value,
    stream: Value,
    dead: Value,
) -> PartitionState {
    let fields: Vec<Option<String>> = match position {
        Value::Array(fields) => fields.into_iter().map(text).collect(),
        _ => Vec::new(),
    };
    let field = |n: usize| fields.get(n).cloned().flatten();
    let number = |n: usize| field(n).and_then(|text| text.parse().ok()).unwrap_or(0);
    let seq = number(5);
    // A stream that was never written to does not exist: there is nothing in it.
    let (intake, added) = (info(&stream, "length"), info(&stream, "entries-added"));
    PartitionState {
        partition: partition.index(),
        owner: field(0).filter(|owner| !owner.is_empty()),
        expired: number(1) <= now_ms,
        fence: number(2),
        term: number(3),
        applied: field(4).and_then(|id| id.parse().ok()).unwrap_or_default(),
        seq,
        lag: added.saturating_sub(seq),
        intake,
        dead: text(dead).and_then(|count| count.parse().ok()).unwrap_or(0),
    }
}

fn time_ms(reply: Value) -> u64 {
    let Value::Array(parts) = reply else { return 0 };
    let mut parts = parts.into_iter().filter_map(|part| text(part)?.parse::<u64>().ok());
    parts.next().unwrap_or(0) * 1_000 + parts.next().unwrap_or(0) / 1_000
}

/// A number of `XINFO STREAM`, which is a map in RESP3.
fn info(reply: &Value, name: &str) -> u64 {
    let Value::Map(pairs) = reply else { return 0 };
    let found = pairs.iter().find(|(key, _)| text(key.clone()).as_deref() == Some(name));
    found.and_then(|(_, value)| text(value.clone())?.parse().ok()).unwrap_or(0)
}

/// Fields and values of an entry, in order.
pub type Fields = Vec<(String, String)>;

/// Where one event has come to, in the order of its way. What is not there any more, or was never,
/// is left out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct EventPath {
    /// The event.
    pub id: EventId,
    /// Its partition.
    pub partition: usize,
    /// The entry in the intake: fields and values, in order.
    pub intake: Option<Fields>,
    /// Whether the partition is past it.
    pub applied: bool,
    /// The partition's owner, who applied it or is going to.
    pub owner: Option<String>,
    /// The entry in the room's log: term, entry before, origin, then audience and frame.
    pub log: Option<Fields>,
    /// The message that it made, in its current state.
    pub message: Option<String>,
    /// The dead letter that it became, its own id first.
    pub dead: Option<Fields>,
}

/// Finds an event by its id: in every partition's intake, or in a room, whose log keeps it longer.
/// Two events of different partitions can have one id.
pub async fn event(
    redis: &Redis,
    id: EventId,
    room: Option<&RoomId>,
) -> Result<Vec<EventPath>, RedisError> {
    let candidates: Vec<Partition> = match room {
        Some(room) => vec![Partition::of(room.as_str())],
        None => Partition::all().collect(),
    };
    let states = partitions(redis).await?;
    let mut paths = Vec::new();
    for (partition, intake) in in_intakes(redis, candidates, id).await? {
        if intake.is_none() && room.is_none() {
            continue;
        }
        let state = &states[partition.index()];
        let mut path = EventPath {
            id,
            partition: partition.index(),
            applied: id <= state.applied,
            owner: state.owner.clone(),
            intake,
            log: None,
            message: None,
            dead: None,
        };
        look_in_room(redis, partition, room, &mut path).await?;
        look_among_dead(redis, partition, &mut path).await?;
        if path.intake.is_some() || path.log.is_some() {
            paths.push(path);
        }
    }
    Ok(paths)
}

/// The entry of this id in each partition's intake, asked for in one pipeline per node.
async fn in_intakes(
    redis: &Redis,
    partitions: Vec<Partition>,
    id: EventId,
) -> Result<Vec<(Partition, Option<Fields>)>, RedisError> {
    let at = id.to_string();
    let mut found = Vec::new();
    for node in redis.nodes() {
        let here: Vec<_> = partitions
            .iter()
            .copied()
            .filter(|partition| redis.node_of(*partition) == node)
            .collect();
        let mut batch = Batch::default();
        for partition in &here {
            batch.add(command("XRANGE", &[&key::intake(*partition), &at, &at]));
        }
        let replies = batch.run(redis, node).await?;
        found.extend(here.into_iter().zip(replies.into_iter().map(first_entry)));
    }
    Ok(found)
}

async fn look_in_room(
    redis: &Redis,
    partition: Partition,
    room: Option<&RoomId>,
    path: &mut EventPath,
) -> Result<(), RedisError> {
    let entity = path.intake.iter().flatten().find(|(name, _)| name == "entity");
    let named = room.cloned().or_else(|| entity.and_then(|(_, value)| value.parse().ok()));
    let Some(room) = named else { return Ok(()) };
    let (keys, at) = (RoomKeys::new(&room), path.id.to_string());
    let log = ask(redis, partition, command("XRANGE", &[&keys.log(), &at, &at])).await?;
    path.log = first_entry(log);
    let message = ask(redis, partition, command("HGET", &[&keys.messages(), &at])).await?;
    path.message = text(message);
    Ok(())
}

/// Dead letters are few: the newest are looked through.
async fn look_among_dead(
    redis: &Redis,
    partition: Partition,
    path: &mut EventPath,
) -> Result<(), RedisError> {
    let newest = command("XREVRANGE", &[&key::dead(partition), "+", "-", "COUNT", "1000"]);
    let Value::Array(list) = ask(redis, partition, newest).await? else { return Ok(()) };
    let id = path.id.to_string();
    let is_it = |(_, fields): &(EventId, Vec<String>)| {
        fields.first().is_some_and(|name| name == "source") && fields.get(1) == Some(&id)
    };
    path.dead = list.into_iter().filter_map(entry).find(is_it).map(|(letter, fields)| {
        let letter = ("id".to_owned(), letter.to_string());
        std::iter::once(letter).chain(pairs(fields)).collect()
    });
    Ok(())
}

async fn ask(redis: &Redis, partition: Partition, cmd: Cmd) -> Result<Value, RedisError> {
    let mut connection = redis.connection(redis.node_of(partition)).await?;
    cmd.query_async(&mut connection).await
}

fn command(name: &str, arguments: &[&str]) -> Cmd {
    let mut cmd = redis::cmd(name);
    cmd.arg(arguments);
    cmd
}

fn first_entry(reply: Value) -> Option<Fields> {
    let Value::Array(list) = reply else { return None };
    list.into_iter().find_map(entry).map(|(_, fields)| pairs(fields))
}

fn pairs(fields: Vec<String>) -> Fields {
    let mut fields = fields.into_iter();
    std::iter::from_fn(|| Some((fields.next()?, fields.next()?))).collect()
}
