//! Rooms as operators see them.

use redis::{Cmd, RedisError, Value};
use serde::Serialize;

use super::{Fields, ask, command, pairs};
use crate::batch::Batch;
use crate::id::{EventId, Partition, RoomId};
use crate::key::{self, RoomKeys};
use crate::record::text;
use crate::topology::Redis;

/// Keys that one step of the search looks at.
const SCANNED: usize = 1_000;

/// Members of a room that are shown.
const MEMBERS_SHOWN: usize = 50;

/// One room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomState {
    /// Its id.
    pub id: String,
    /// Its partition.
    pub partition: usize,
    /// discussion, collaboration, interview or contest.
    #[serde(rename = "type")]
    pub room_type: String,
    /// public or private.
    pub visibility: String,
    /// Its owner; none for a room that was made by joining.
    pub owner: Option<String>,
    /// Users who are present.
    pub present: u64,
    /// Users who joined, were invited or own it, and did not leave.
    pub belong: u64,
    /// Messages that are kept.
    pub messages: u64,
    /// Reports that nobody has resolved.
    pub open_reports: u64,
    /// The newest entry of its log.
    pub last: EventId,
    /// When it was closed, milliseconds since the epoch.
    pub closed_at: Option<u64>,
}

/// One room with what is in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RoomDetails {
    /// The room in numbers.
    pub state: RoomState,
    /// The fields of its hash.
    pub fields: Fields,
    /// Users with their role in it.
    pub access: Fields,
    /// Mutes and bans.
    pub sanctions: Fields,
    /// Those present, by when they came: the first 50.
    pub members: Vec<serde_json::Value>,
    /// Entries in the log.
    pub log: u64,
}

/// Up to `limit` rooms, in no order. The second part says whether there are more.
pub async fn rooms(redis: &Redis, limit: usize) -> Result<(Vec<RoomState>, bool), RedisError> {
    let mut ids: Vec<RoomId> = Vec::new();
    for node in redis.nodes() {
        let mut connection = redis.connection(node).await?;
        let mut cursor = 0_u64;
        loop {
            let mut scan = redis::cmd("SCAN");
            scan.arg(cursor).arg("MATCH").arg("rt:{p*}:room:*").arg("COUNT").arg(SCANNED);
            scan.arg("TYPE").arg("hash");
            let (next, keys): (u64, Vec<String>) = scan.query_async(&mut connection).await?;
            ids.extend(keys.iter().filter_map(|key| key::room_of_key(key)?.parse().ok()));
            cursor = next;
            if cursor == 0 || ids.len() > limit {
                break;
            }
        }
    }
    // A search that runs while Redis rearranges its table may find a key twice.
    ids.sort_by(|a, b| a.as_str().cmp(b.as_str()));
    ids.dedup();
    let more = ids.len() > limit;
    ids.truncate(limit);
    Ok((states(redis, &ids).await?, more))
}

async fn states(redis: &Redis, ids: &[RoomId]) -> Result<Vec<RoomState>, RedisError> {
    let mut found = Vec::new();
    for node in redis.nodes() {
        let here = ids.iter().filter(|id| redis.node_of(Partition::of(id.as_str())) == node);
        let here: Vec<&RoomId> = here.collect();
        let mut batch = Batch::default();
        here.iter().for_each(|id| questions(id).into_iter().for_each(|cmd| batch.add(cmd)));
        let replies = batch.run(redis, node).await?;
        let answers = here.iter().zip(replies.chunks(QUESTIONS));
        found.extend(answers.filter_map(|(id, replies)| state(id, replies)));
    }
    found.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(found)
}

/// Commands in [`questions`].
const QUESTIONS: usize = 6;

fn questions(id: &RoomId) -> [Cmd; QUESTIONS] {
    let keys = RoomKeys::new(id);
    let hash = keys.room();
    [
        command("HMGET", &[&hash, "type", "visibility", "owner", "last", "closedAt"]),
        command("ZCARD", &[&keys.members()]),
        command("HLEN", &[&keys.belongs()]),
        command("XLEN", &[&keys.order()]),
        command("ZCARD", &[&keys.reports_open()]),
        command("XLEN", &[&keys.log()]),
    ]
}

fn state(id: &RoomId, replies: &[Value]) -> Option<RoomState> {
    let Value::Array(fields) = replies.first()? else { return None };
    let field = |n: usize| fields.get(n).cloned().and_then(text).filter(|text| !text.is_empty());
    let count = |n: usize| replies.get(n).cloned().and_then(text).and_then(|n| n.parse().ok());
    Some(RoomState {
        id: id.to_string(),
        partition: Partition::of(id.as_str()).index(),
        room_type: field(0)?,
        visibility: field(1).unwrap_or_default(),
        owner: field(2),
        present: count(1).unwrap_or(0),
        belong: count(2).unwrap_or(0),
        messages: count(3).unwrap_or(0),
        open_reports: count(4).unwrap_or(0),
        last: field(3).and_then(|id| id.parse().ok()).unwrap_or_default(),
        closed_at: field(4).and_then(|at| at.parse().ok()),
    })
}

/// One room, if there is one of this id.
pub async fn room(redis: &Redis, id: &RoomId) -> Result<Option<RoomDetails>, RedisError> {
    let (keys, partition) = (RoomKeys::new(id), Partition::of(id.as_str()));
    let node = redis.node_of(partition);
    let mut batch = Batch::default();
    questions(id).into_iter().for_each(|cmd| batch.add(cmd));
    batch.add(command("HGETALL", &[&keys.room()]));
    batch.add(command("HGETALL", &[&keys.access()]));
    batch.add(command("HGETALL", &[&keys.sanctions()]));
    let last = (MEMBERS_SHOWN - 1).to_string();
    batch.add(command("ZRANGE", &[&keys.members(), "0", &last]));
    let replies = batch.run(redis, node).await?;
    let Some(state) = state(id, &replies) else { return Ok(None) };
    let log = replies.get(5).cloned().and_then(text).and_then(|n| n.parse().ok()).unwrap_or(0);
    let hash = |n: usize| replies.get(n).cloned().map(fields).unwrap_or_default();
    let present = replies.get(9).cloned().map(list).unwrap_or_default();
    let mut members = Vec::new();
    if !present.is_empty() {
        let presence = keys.presence();
        let wanted: Vec<&str> =
            std::iter::once(presence.as_str()).chain(present.iter().map(String::as_str)).collect();
        let found = list(ask(redis, partition, command("HMGET", &wanted)).await?);
        members = found.iter().filter_map(|json| serde_json::from_str(json).ok()).collect();
    }
    Ok(Some(RoomDetails {
        state,
        fields: hash(6),
        access: hash(7),
        sanctions: hash(8),
        members,
        log,
    }))
}

/// A hash's fields, by name.
pub(super) fn fields(reply: Value) -> Fields {
    let mut fields = match reply {
        Value::Map(map) => {
            map.into_iter().filter_map(|(name, value)| Some((text(name)?, text(value)?))).collect()
        }
        other => pairs(list(other)),
    };
    fields.sort();
    fields
}

/// The texts of a list.
pub(super) fn list(reply: Value) -> Vec<String> {
    match reply {
        Value::Array(items) => items.into_iter().filter_map(text).collect(),
        _ => Vec::new(),
    }
}
