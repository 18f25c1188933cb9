//! Users as entities: which connections they have, how they are, which rooms they are in. The entity is
//! `user:<id>`.

use redis::{Cmd, RedisError};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Redis;
use crate::commit::Commit;
use crate::due;
use crate::id::{Partition, RoomId, UserId};
use crate::key::{self, UserKeys};
use crate::payload::{RequestId, words};
use crate::script::{
    USER_CONNECTED, USER_DISCONNECT, USER_DISCONNECTED, USER_ENTERED, USER_EXITED, USER_EXPIRED,
    USER_STATUS, USER_TELL,
};

words! {
    /// How a user is, by the user's own word.
    pub enum Status {
        /// There.
        Active = "active",
        /// Away from the keyboard.
        Idle = "idle",
        /// Not to be disturbed.
        Busy = "busy",
    }
}

/// `set-status`: tells the rooms that the user is in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetStatus {
    /// The status from now on.
    pub status: Status,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `refresh-token`: the connection goes on with this token. The edge answers it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RefreshToken {
    /// A JWT of the same user.
    pub token: String,
}

/// `user-connected`, from an edge: one more connection of the user, which was taken in already.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserConnected {
    /// The user.
    pub user_id: UserId,
}

/// `user-disconnected`, from an edge or for one that was lost: the origin's connection is no more.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserDisconnected {
    /// The user.
    pub user_id: UserId,
}

/// `user-expired`, from the partition's timer: the grace after the last connection is over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UserExpired {
    /// The user.
    pub user_id: UserId,
}

/// `disconnect-user`, from an edge's HTTP API: ends all connections of a user.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DisconnectUser {
    /// The user.
    pub user_id: UserId,
}

/// `room-entered`, from a room: the user is present there, or belongs to it, or both.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomEntered {
    /// The user.
    pub user_id: UserId,
    /// The room.
    pub room_id: RoomId,
    /// Whether the user is present.
    pub present: bool,
    /// Whether the user belongs to the room.
    pub belongs: bool,
    /// Whether the user owns it.
    pub owns: bool,
}

/// `room-exited`, from a room: what is said ended.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomExited {
    /// The user.
    pub user_id: UserId,
    /// The room.
    pub room_id: RoomId,
    /// Whether the user is present no more.
    pub present: bool,
    /// Whether the user belongs to the room no more.
    pub belongs: bool,
    /// Whether the user owns it no more, or did not get it.
    pub owns: bool,
}

/// `tell-user`, from a room: an event for the user's own connections, in the room or not.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct TellUser {
    /// The user.
    pub user_id: UserId,
    /// The connection that knows already.
    pub except: Option<String>,
    /// `["event",payload]`
    pub frame: serde_json::Value,
}

/// `user/connected`: the user is online.
pub fn connected(commit: &Commit<'_>, user: &UserId) -> Cmd {
    let keys = UserKeys::new(user);
    commit.call(
        &USER_CONNECTED,
        &[keys.user(), keys.connections(), keys.present()],
        &[user.as_str(), commit.origin()],
    )
}

/// `user/disconnected`: the connection is no more; after the last one the user is offline in `grace_ms`.
pub fn disconnected(commit: &Commit<'_>, user: &UserId, grace_ms: u64) -> Cmd {
    let keys = UserKeys::new(user);
    commit.call(
        &USER_DISCONNECTED,
        &[
            keys.user(),
            keys.connections(),
            key::seats(commit.partition(), commit.edge()),
            key::due(commit.partition()),
        ],
        &[
            commit.origin(),
            commit.edge(),
            // As they are taken in (`lua::admission`): in no room.
            &format!("{} {user} ", commit.origin()),
            &grace_ms.to_string(),
            &grace_over(user),
        ],
    )
}

/// `user/expired`: the user is offline, if no connection came back.
pub fn expired(commit: &Commit<'_>, user: &UserId) -> Cmd {
    let keys = UserKeys::new(user);
    commit.call(
        &USER_EXPIRED,
        &[keys.user(), keys.connections(), key::due(commit.partition())],
        &[user.as_str(), &grace_over(user)],
    )
}

/// `user/status`: the rooms that the user is in are told.
pub fn set_status(commit: &Commit<'_>, event: &SetStatus) -> Cmd {
    let user = &commit.record().user;
    let keys = UserKeys::new(user);
    commit.call(
        &USER_STATUS,
        &[keys.user(), keys.connections(), keys.present()],
        &[user.as_str(), event.status.word(), commit.origin()],
    )
}

/// `user/entered`: what the user is in a room is noted with the user.
pub fn entered(commit: &Commit<'_>, event: &RoomEntered) -> Cmd {
    let keys = UserKeys::new(&event.user_id);
    commit.call(
        &USER_ENTERED,
        &[keys.user(), keys.rooms(), keys.present(), keys.owned()],
        &[
            event.user_id.as_str(),
            event.room_id.as_str(),
            flag(event.present),
            flag(event.belongs),
            flag(event.owns),
        ],
    )
}

/// `user/exited`: what the user is no more in a room is struck out with the user.
pub fn exited(commit: &Commit<'_>, event: &RoomExited) -> Cmd {
    let keys = UserKeys::new(&event.user_id);
    commit.call(
        &USER_EXITED,
        &[keys.rooms(), keys.present(), keys.owned()],
        &[event.room_id.as_str(), flag(event.present), flag(event.belongs), flag(event.owns)],
    )
}

/// `user/tell`: the user's own connections get an event.
pub fn tell(commit: &Commit<'_>, event: &TellUser) -> Cmd {
    let keys = UserKeys::new(&event.user_id);
    let except = event.except.as_ref().map(|connection| {
        format!(r#","except":{}"#, serde_json::to_string(connection).expect("text is plain data"))
    });
    let message = format!(r#""frame":{}{}"#, event.frame, except.unwrap_or_default());
    commit.call(
        &USER_TELL,
        &[keys.connections()],
        &[event.user_id.as_str(), &message, &key::inboxes(commit.partition())],
    )
}

/// `user/disconnect`: all connections of a user are to end.
pub fn disconnect(commit: &Commit<'_>, user: &UserId) -> Cmd {
    commit.call(
        &USER_DISCONNECT,
        &[UserKeys::new(user).connections()],
        &[user.as_str(), &key::inboxes(commit.partition())],
    )
}

fn flag(holds: bool) -> &'static str {
    if holds { "1" } else { "0" }
}

/// The event that ends a user's grace, as work.
fn grace_over(user: &UserId) -> String {
    let payload = serde_json::json!({ "userId": user });
    due::work("user-expired", &key::user_entity(user), user.as_str(), &payload)
}

/// One of a user's connections, as back ends see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Connection {
    /// Its public id.
    pub connection_id: String,
    /// The edge that has it.
    pub edge: String,
    /// What carried it when it came: `polling` or `websocket`.
    pub transport: String,
    /// When it was taken in, in milliseconds since the epoch.
    pub connected_at: u64,
}

/// A user's connections on all edges, oldest first. What is no such thing is passed over.
pub async fn connections(redis: &Redis, user: &UserId) -> Result<Vec<Connection>, RedisError> {
    let partition = Partition::of(&key::user_entity(user));
    let mut connection = redis.connection(redis.node_of(partition)).await?;
    let mut call = redis::cmd("HVALS");
    call.arg(UserKeys::new(user).connections());
    let values: Vec<Vec<u8>> = call.query_async(&mut connection).await?;
    let mut connections: Vec<Connection> =
        values.iter().filter_map(|value| serde_json::from_slice(value).ok()).collect();
    connections.sort_by(|a, b| {
        (a.connected_at, &a.connection_id).cmp(&(b.connected_at, &b.connection_id))
    });
    Ok(connections)
}
