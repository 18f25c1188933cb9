//! Edges as the workers see them: alive, or lost with all their connections.
//!
//! An edge says every while that it lives. One that said nothing for too long is given up: that is noted,
//! every partition is told, and then it is forgotten. An edge that finds itself given up or forgotten
//! has lost its connections, whether it still holds them or not.

use redis::{Cmd, RedisError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Redis;
use crate::commit::Commit;
use crate::id::{EventId, Partition};
use crate::ingress::service;
use crate::key;
use crate::lease::call;
use crate::limit::EDGE_LOST_MAX;
use crate::record::Record;
use crate::relay::{Parcel, Target};
use crate::script::{EDGE_BEAT, EDGE_FORGET, EDGE_LATE, EDGE_LOST, Source};

/// `edge-lost`, to every partition: the connections of an edge that said nothing for too long end.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EdgeLost {
    /// The edge's incarnation.
    pub edge: String,
    /// Connections that were taken in up to this time (ms) end; where it is not said, up to this event.
    pub until: Option<u64>,
}

/// Says that `edge` lives. False where it is not known, or was given up meanwhile: then it has to
/// [`begin`] anew.
pub async fn beat(redis: &Redis, edge: &str) -> Result<bool, RedisError> {
    ask(redis, list_call(&EDGE_BEAT, edge)).await
}

/// Puts `edge` on the list of those that live: a new one, or one that was given up and ends what
/// connections it has.
pub async fn begin(redis: &Redis, edge: &str) -> Result<(), RedisError> {
    let mut cmd = list_call(&EDGE_BEAT, edge);
    cmd.arg(1);
    ask(redis, cmd).await
}

/// Takes an edge off the list that ended in order, with all its connections.
pub async fn leave(redis: &Redis, edge: &str) -> Result<(), RedisError> {
    let mut cmd = redis::cmd("ZREM");
    cmd.arg(key::EDGES).arg(edge);
    ask(redis, cmd).await
}

/// Gives up the edges that said nothing for `lease_ms`. Gives these and those whose partitions were not
/// told before.
pub async fn late(redis: &Redis, lease_ms: u64) -> Result<Vec<String>, RedisError> {
    ask(redis, list_call(&EDGE_LATE, &lease_ms.to_string())).await
}

/// Forgets an edge that was given up, once every partition knows.
pub async fn forget(redis: &Redis, edge: &str) -> Result<(), RedisError> {
    ask(redis, list_call(&EDGE_FORGET, edge)).await
}

fn list_call(script: &Source, arg: &str) -> Cmd {
    let mut cmd = call(script.script.get_hash(), &[key::EDGES.to_owned()]);
    cmd.arg(arg);
    cmd
}

async fn ask<T: redis::FromRedisValue>(redis: &Redis, cmd: Cmd) -> Result<T, RedisError> {
    let mut connection = redis.connection(redis.node_of_key(key::EDGES)).await?;
    cmd.query_async(&mut connection).await.inspect_err(|problem| redis.mend(problem))
}

/// The event `edge-lost` for every partition. A repeat changes nothing.
pub fn lost_everywhere(edge: &str) -> impl Iterator<Item = Parcel> {
    let payload = EdgeLost { edge: edge.to_owned(), until: None };
    let record = Record {
        id: EventId::default(),
        event: "edge-lost".to_owned(),
        entity: String::new(),
        user: service(),
        name: String::new(),
        roles: String::new(),
        origin: None,
        ack: None,
        payload: serde_json::to_string(&payload).expect("a payload is plain data"),
        source: None,
    };
    let fields = record.fields();
    Partition::all().map(move |partition| Parcel {
        target: Target::Intake(partition),
        source: None,
        fields: fields.clone(),
    })
}

/// `edge/lost`: the connections that the edge had in this partition end, so many at a time.
pub fn lost(commit: &Commit<'_>, event: &EdgeLost) -> Cmd {
    let until = event.until.map(|until| until.to_string()).unwrap_or_default();
    let partition = commit.partition();
    commit.call(
        &EDGE_LOST,
        &[key::seats(partition, &event.edge), key::intake(partition)],
        &[&event.edge, &until, &EDGE_LOST_MAX.to_string()],
    )
}
