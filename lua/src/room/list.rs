//! Lists of rooms: the directory of public ones, and a user's own.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{RoomType, roles};
use crate::commit::Commit;
use crate::id::RoomId;
use crate::key::{RoomKeys, UserKeys, directory_list, directory_views};
use crate::payload::{Cursor, Limit, words};
use crate::record::Record;
use crate::script::{DIRECTORY_LIST, DIRECTORY_ROOMS, DIRECTORY_UNLIST, ROOM_GLANCE, USER_ROOMS};

/// Most rooms that are looked at for one page of the directory: many may be for others.
const LOOKED_AT_MAX: usize = 500;

words! {
    /// Which rooms are listed.
    pub enum Scope as "RoomScope" {
        /// Public rooms that the caller may enter.
        Public = "public",
        /// Rooms that the caller belongs to.
        Mine = "mine",
    }
}

/// `list-rooms`: a page of rooms, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ListRooms {
    /// Which rooms.
    pub scope: Scope,
    /// Only rooms of this type.
    #[serde(rename = "type")]
    pub room_type: Option<RoomType>,
    /// `nextCursor` of the page before.
    pub cursor: Option<Cursor>,
    /// Most rooms.
    #[serde(default)]
    pub limit: Limit<50, 100>,
}

/// `room-listed`, from a room to the directory: the room is public, and this is how it looks now.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomListed {
    /// The room.
    pub room_id: RoomId,
    /// Its type.
    #[serde(rename = "type")]
    pub room_type: RoomType,
    /// Comma separated roles that narrow it, or empty.
    pub roles: String,
    /// When it was made, milliseconds since the epoch: its place in the list.
    pub created_at: u64,
    /// The room as clients see it.
    #[schemars(with = "serde_json::Value")]
    pub room: Box<RawValue>,
}

/// `room-unlisted`, from a room to the directory: it is not public any more, or not there.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct RoomUnlisted {
    /// The room.
    pub room_id: RoomId,
}

/// `directory/list`: the room is among the public ones.
pub fn listed(commit: &Commit<'_>, event: &RoomListed) -> Cmd {
    let own = RoomType::ALL.iter().position(|kind| *kind == event.room_type).unwrap_or_default();
    commit.call(
        &DIRECTORY_LIST,
        &directory(),
        &[
            event.room_id.as_str(),
            event.room.get(),
            &event.roles,
            &event.created_at.to_string(),
            &(own + 1).to_string(),
        ],
    )
}

/// `directory/unlist`: the room is not among the public ones.
pub fn unlisted(commit: &Commit<'_>, event: &RoomUnlisted) -> Cmd {
    commit.call(&DIRECTORY_UNLIST, &directory(), &[event.room_id.as_str()])
}

fn directory() -> Vec<String> {
    let types = RoomType::ALL.iter().map(|kind| directory_list(Some(*kind)));
    [directory_views(), directory_list(None)].into_iter().chain(types).collect()
}

/// `directory/rooms`: a page of the public rooms.
pub fn public(commit: &Commit<'_>, event: &ListRooms) -> Cmd {
    let (score, name) = place(event);
    commit.call(
        &DIRECTORY_ROOMS,
        &[directory_views(), directory_list(event.room_type)],
        &[&roles(commit), &score, name, &event.limit.0.to_string(), &LOOKED_AT_MAX.to_string()],
    )
}

/// `user/rooms`: which rooms a page of the user's own is made of, as `<score>:<room>`.
pub fn own(commit: &Commit<'_>, event: &ListRooms) -> Cmd {
    let (score, name) = place(event);
    commit.call(
        &USER_ROOMS,
        &[UserKeys::new(&commit.record().user).rooms()],
        &[&score, name, &event.limit.0.to_string()],
    )
}

/// Where the page before ended.
fn place(event: &ListRooms) -> (String, &str) {
    match &event.cursor {
        Some(cursor) => (cursor.score.to_string(), &cursor.name),
        None => (String::new(), ""),
    }
}

/// `room/glance`: a room of this type, or of any, as the record's user sees it who belongs to it. The time
/// is the record's own, as in all scripts.
pub fn glance(room: &RoomId, record: &Record, room_type: Option<RoomType>) -> Cmd {
    let keys = RoomKeys::new(room);
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(ROOM_GLANCE.script.get_hash())
        .arg(4)
        .arg(&[keys.room(), keys.access(), keys.sanctions(), keys.belongs()])
        .arg(room.as_str())
        .arg(record.user.as_str())
        .arg(format!(",{},", record.roles))
        .arg(room_type.map_or("", RoomType::word))
        .arg(record.id.ms);
    cmd
}
