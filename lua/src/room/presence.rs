//! Who is present in a room, and what they do there for a moment.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{name_json, origin, roles, seat, tick};
use crate::commit::Commit;
use crate::due;
use crate::id::{RoomId, UserId};
use crate::key::{self, RoomKeys};
use crate::limit::TYPING_MS;
use crate::payload::{Cursor, Limit};
use crate::script::{ROOM_DROP, ROOM_EXPIRE, ROOM_MEMBERS, ROOM_STATUS, ROOM_TICK, ROOM_TYPING};
use crate::user::Status;

/// `get-members`: a page of who is present.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetMembers {
    /// The room.
    pub room_id: RoomId,
    /// `nextCursor` of the page before.
    pub cursor: Option<Cursor>,
    /// Most members.
    #[serde(default)]
    pub limit: Limit<200, 500>,
}

/// `typing-start` and `typing-stop`: tells the others.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// The room.
    pub room_id: RoomId,
}

/// `connection-closed`, from an edge: a connection that had joined the room ended.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionClosed {
    /// The room.
    pub room_id: RoomId,
}

/// `presence-expired`, from the partition's timer: the grace after the last connection is over.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceExpired {
    /// The room.
    pub room_id: RoomId,
}

/// `presence-tick`, from the partition's timer: tells a large room who came and went.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct PresenceTick {
    /// The room.
    pub room_id: RoomId,
}

/// `status-changed`, from a user to a room that the user is present in.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct StatusChanged {
    /// The room.
    pub room_id: RoomId,
    /// The user's status from now on.
    pub status: Status,
    /// The connection that set it and knows already.
    pub origin: Option<String>,
}

/// `room/members`: a page of who is present.
pub fn members(commit: &Commit<'_>, event: &GetMembers) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let (joined_at, user) = match &event.cursor {
        Some(cursor) => (cursor.score.to_string(), cursor.name.as_str()),
        None => (String::new(), ""),
    };
    commit.call(
        &ROOM_MEMBERS,
        &[keys.room(), keys.access(), keys.sanctions(), keys.members(), keys.presence()],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            &joined_at,
            user,
            &event.limit.0.to_string(),
        ],
    )
}

/// `room/typing`: the others learn that the user types, or stopped.
pub fn typing(commit: &Commit<'_>, room: &RoomId, typing: bool, batch_above: u64) -> Cmd {
    let keys = RoomKeys::new(room);
    let user = commit.record().user.as_str();
    let name = name_json(commit);
    let frame = |typing: bool| {
        format!(
            r#"["user-typing",{{"roomId":"{room}","user":{{"id":"{user}","name":{name}}},"isTyping":{typing}}}]"#
        )
    };
    let expire = if typing {
        format!(r#","expire":{{"afterMs":{TYPING_MS},"frame":{}}}"#, frame(false))
    } else {
        String::new()
    };
    let told = format!(
        r#"{{"origin":"{}","key":"typing:{user}","frames":[{{"to":"others","frame":{}}}]{expire}}}"#,
        commit.origin(),
        frame(typing),
    );
    commit.call(
        &ROOM_TYPING,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.connections(),
            keys.members(),
            keys.channel(),
        ],
        &[user, &roles(commit), &batch_above.to_string(), &told],
    )
}

/// `room/drop`: the connection is out; its user after `grace_ms`, unless one comes back.
pub fn drop_connection(commit: &Commit<'_>, room: &RoomId, grace_ms: u64) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_DROP,
        &[
            keys.members(),
            keys.connections(),
            key::due(commit.partition()),
            key::seats(commit.partition(), commit.edge()),
        ],
        &[
            &origin(commit),
            commit.record().user.as_str(),
            &grace_ms.to_string(),
            &grace_over(room, &commit.record().user),
            &seat(commit, room),
        ],
    )
}

/// `room/expire`: the user is out of the room, if no connection came back.
pub fn expire(commit: &Commit<'_>, room: &RoomId, log_max: usize, batch_above: u64) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_EXPIRE,
        &[
            keys.room(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.gathered(),
            key::due(commit.partition()),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            room.as_str(),
            &grace_over(room, &commit.record().user),
            &batch_above.to_string(),
            &tick(room),
            &log_max.to_string(),
        ],
    )
}

/// `room/tick`: a large room is told who came and went.
pub fn tell_crowd(commit: &Commit<'_>, room: &RoomId) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_TICK,
        &[keys.members(), keys.gathered(), key::due(commit.partition()), keys.channel()],
        &[room.as_str(), &tick(room)],
    )
}

/// `room/status`: a room is told how a user is who is present there.
pub fn change_status(commit: &Commit<'_>, event: &StatusChanged, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &ROOM_STATUS,
        &[keys.room(), keys.members(), keys.presence(), keys.log(), keys.channel()],
        &[
            commit.record().user.as_str(),
            event.room_id.as_str(),
            event.status.word(),
            event.origin.as_deref().unwrap_or_default(),
            &log_max.to_string(),
        ],
    )
}

/// The event that ends a user's grace in a room, as work.
fn grace_over(room: &RoomId, user: &UserId) -> String {
    let payload = serde_json::json!({ "roomId": room });
    due::work("presence-expired", room.as_str(), user.as_str(), &payload)
}
