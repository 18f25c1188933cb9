//! What owners and those who moderate do with a room.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::make::{PUT_OUT_MAX, TOLD_MAX, access_args};
use super::{ACCESS_MEMBERS_MAX, Access, MEMBERS_MAX, RoomRole, roles, tick};
use crate::commit::Commit;
use crate::id::{RoomId, UserId};
use crate::key::{self, RoomKeys};
use crate::limit::{NAME_LENGTH_MAX, NOTE_LENGTH_MAX};
use crate::payload::{Limit, Name, RequestId, Text};
use crate::script::{ROOM_CLOSE, ROOM_IDLE, ROOM_INVITE, ROOM_REMOVE, ROOM_UPDATE};

/// `update-room`: changes what is given.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct UpdateRoom {
    /// The room.
    pub room_id: RoomId,
    /// Its new name.
    pub name: Option<Name<NAME_LENGTH_MAX>>,
    /// Who may enter from now on.
    pub access: Option<Access>,
    /// Most members present at a time.
    pub max_members: Option<Limit<MEMBERS_MAX, MEMBERS_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `invite-to-room`: puts a user on the room's access list and tells them.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct InviteToRoom {
    /// The room.
    pub room_id: RoomId,
    /// Who is invited.
    pub user_id: UserId,
    /// As what; `member` where it is left out.
    pub room_role: Option<RoomRole>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `remove-member`: puts a user out and ends their belonging.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RemoveMember {
    /// The room.
    pub room_id: RoomId,
    /// Who is removed.
    pub user_id: UserId,
    /// Why.
    pub reason: Option<Text<NOTE_LENGTH_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `close-room`: ends the room for everyone.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CloseRoom {
    /// The room.
    pub room_id: RoomId,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `room-idle`, from the partition's timer: the room may have been without anyone for long enough to be
/// forgotten.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomIdle {
    /// The room.
    pub room_id: RoomId,
}

/// What settings say about rooms that users are put out of.
#[derive(Debug, Clone, Copy)]
pub struct Bounds {
    /// Entries kept in the log.
    pub log_max: usize,
    /// Members of a room that is not large.
    pub batch_above: u64,
    /// How long a room without anyone is kept, milliseconds.
    pub idle_ms: u64,
}

/// `room/update`: the room has the name, access and size that are given.
pub fn update(commit: &Commit<'_>, event: &UpdateRoom, bounds: &Bounds) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let (narrow, listed) = access_args(event.access.as_ref());
    commit.call(
        &ROOM_UPDATE,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.log(),
            keys.channel(),
            keys.gathered(),
            key::due(commit.partition()),
        ],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            commit.origin(),
            event.name.as_ref().map_or("", Name::as_str),
            &event.max_members.map(|max| max.0.to_string()).unwrap_or_default(),
            event.access.as_ref().map_or("", |access| access.visibility.word()),
            &narrow,
            &listed,
            &bounds.log_max.to_string(),
            &PUT_OUT_MAX.to_string(),
            &TOLD_MAX.to_string(),
            &bounds.batch_above.to_string(),
            &tick(&event.room_id),
        ],
    )
}

/// `room/invite`: the user stands in the room's access list, and knows it.
pub fn invite(commit: &Commit<'_>, event: &InviteToRoom, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &ROOM_INVITE,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.presence(),
            keys.belongs(),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            &commit.record().name,
            &roles(commit),
            event.room_id.as_str(),
            event.user_id.as_str(),
            event.room_role.unwrap_or(RoomRole::Member).word(),
            &ACCESS_MEMBERS_MAX.to_string(),
            &log_max.to_string(),
        ],
    )
}

/// `room/remove`: the user is out of the room and its access list.
pub fn remove(commit: &Commit<'_>, event: &RemoveMember, bounds: &Bounds) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let message = event.reason.as_ref().map(|reason| serde_json::to_string(reason.as_str()));
    commit.call(
        &ROOM_REMOVE,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.log(),
            keys.channel(),
            key::due(commit.partition()),
            keys.gathered(),
        ],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            event.user_id.as_str(),
            &message.transpose().expect("text is plain data").unwrap_or_default(),
            &bounds.log_max.to_string(),
            &bounds.idle_ms.to_string(),
            &bounds.batch_above.to_string(),
            &tick(&event.room_id),
        ],
    )
}

/// `room/close`: the room has ended.
pub fn close(commit: &Commit<'_>, room: &RoomId, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_CLOSE,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.gathered(),
            keys.log(),
            keys.channel(),
            key::due(commit.partition()),
        ],
        &[commit.record().user.as_str(), &roles(commit), room.as_str(), &log_max.to_string()],
    )
}

/// `room/idle`: the room is forgotten, if nobody is in it and nothing happened for `idle_ms`.
pub fn idle(commit: &Commit<'_>, room: &RoomId, idle_ms: u64) -> Cmd {
    let mut keys = vec![key::due(commit.partition())];
    keys.extend(RoomKeys::new(room).all());
    let args = [room.as_str(), &idle_ms.to_string(), &TOLD_MAX.to_string()];
    commit.call(&ROOM_IDLE, &keys, &args)
}
