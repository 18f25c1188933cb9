//! Entering and leaving a room.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{RoomType, Visibility, name_json, origin, roles, seat, tick};
use crate::commit::Commit;
use crate::id::{EventId, RoomId};
use crate::key::{self, RoomKeys};
use crate::limit::{JOINED_BYTES_MAX, MEMBERS_LISTED, MISSED_MAX, RECENT_MESSAGES};
use crate::payload::RequestId;
use crate::script::{ROOM_JOIN, ROOM_LEAVE};

/// `join-room`: enters a room with this connection.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct JoinRoom {
    /// The room.
    pub room_id: RoomId,
    /// The type of a room that is made by this.
    #[serde(rename = "type")]
    pub room_type: Option<RoomType>,
    /// The newest event of the room that the client has; it gets what came after.
    pub since: Option<EventId>,
    /// Accepted for safe retries; joining twice is joining once.
    pub request_id: Option<RequestId>,
}

/// `leave-room`: leaves a room with all connections.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct LeaveRoom {
    /// The room.
    pub room_id: RoomId,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `room/join`: the connection is in the room; the answer hands over what it needs to know.
pub fn join(commit: &Commit<'_>, event: &JoinRoom, log_max: usize, batch_above: u64) -> Cmd {
    let room = &event.room_id;
    let keys = RoomKeys::new(room);
    let made = event.room_type.unwrap_or_default();
    let may_create = made.may_create(&commit.record().roles);
    commit.call(
        &ROOM_JOIN,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.gathered(),
            key::due(commit.partition()),
            key::seats(commit.partition(), commit.edge()),
            keys.order(),
            keys.messages(),
            keys.index(),
            keys.lists(),
            keys.log(),
            keys.channel(),
            key::intake(commit.partition()),
        ],
        &[
            &origin(commit),
            commit.record().user.as_str(),
            &name_json(commit),
            &roles(commit),
            room.as_str(),
            if may_create { made.word() } else { "" },
            if made.visibility() == Visibility::Private { "1" } else { "0" },
            &event.since.map(|id| id.to_string()).unwrap_or_default(),
            &seat(commit, room),
            &batch_above.to_string(),
            &tick(room),
            &log_max.to_string(),
            &MEMBERS_LISTED.to_string(),
            &RECENT_MESSAGES.to_string(),
            &MISSED_MAX.to_string(),
            &JOINED_BYTES_MAX.to_string(),
        ],
    )
}

/// `room/leave`: the user is out of the room and, unless it is the user's in another way, belongs to it
/// no more.
pub fn leave(
    commit: &Commit<'_>,
    room: &RoomId,
    log_max: usize,
    batch_above: u64,
    idle_ms: u64,
) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_LEAVE,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.gathered(),
            key::due(commit.partition()),
            key::seats(commit.partition(), commit.edge()),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            &name_json(commit),
            &roles(commit),
            room.as_str(),
            &seat(commit, room),
            &batch_above.to_string(),
            &tick(room),
            &log_max.to_string(),
            &idle_ms.to_string(),
        ],
    )
}
