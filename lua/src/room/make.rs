//! Making a room that the caller owns.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::{Access, Bounds, Role, RoomType, roles, tick};
use crate::commit::Commit;
use crate::id::RoomId;
use crate::key::{self, RoomKeys, UserKeys};
use crate::limit::NAME_LENGTH_MAX;
use crate::payload::{Limit, Name, RequestId};
use crate::script::{ROOM_CREATE, USER_CLAIM};

/// Most users that narrowing a room puts out at once.
pub(super) const PUT_OUT_MAX: usize = 500;

/// Most users that are told at once that they belong to a room no more, though they are away.
pub(super) const TOLD_MAX: usize = 1_000;

/// Most members that a room may be limited to.
pub const MEMBERS_MAX: usize = 1_000_000;

/// `create-room`: makes a room that the caller owns.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct CreateRoom {
    /// Chosen by the caller, else derived from user and request.
    pub room_id: Option<RoomId>,
    /// What it is for.
    #[serde(rename = "type")]
    pub room_type: RoomType,
    /// Shown to others; the id where there is none.
    pub name: Option<Name<NAME_LENGTH_MAX>>,
    /// Who may enter; the type's default where it is left out.
    pub access: Option<Access>,
    /// Most members present at a time.
    #[serde(default)]
    pub max_members: Option<Limit<MEMBERS_MAX, MEMBERS_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `user/claim`: the room counts as one that the caller owns, and the event goes on to the room.
pub fn claim(commit: &Commit<'_>, room: &RoomId, owned_max: u64) -> Cmd {
    let record = commit.record();
    let (owned_max, fields) = (owned_max.to_string(), record.fields());
    let mut args = vec![room.as_str(), owned_max.as_str()];
    args.extend(fields.iter().map(String::as_str));
    commit.call(&USER_CLAIM, &[UserKeys::new(&record.user).owned()], &args)
}

/// `room/create`: the room of this id is the caller's, or there is a conflict.
pub fn create(commit: &Commit<'_>, room: &RoomId, event: &CreateRoom, bounds: &Bounds) -> Cmd {
    let keys = RoomKeys::new(room);
    let visibility = event.access.as_ref().map_or(event.room_type.visibility(), |a| a.visibility);
    let (narrow, listed) = access_args(event.access.as_ref());
    let types: String = RoomType::ALL
        .iter()
        .filter(|kind| kind.may_create(&commit.record().roles))
        .fold(",".to_owned(), |types, kind| types + kind.word() + ",");
    commit.call(
        &ROOM_CREATE,
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
            room.as_str(),
            event.room_type.word(),
            event.name.as_ref().map_or(room.as_str(), Name::as_str),
            visibility.word(),
            &narrow,
            &event.max_members.map(|max| max.0.to_string()).unwrap_or_default(),
            &listed,
            &types,
            &bounds.log_max.to_string(),
            &PUT_OUT_MAX.to_string(),
            &TOLD_MAX.to_string(),
            &bounds.batch_above.to_string(),
            &tick(room),
        ],
    )
}

/// Access as scripts take it: roles separated by commas, and users with their roles line by line.
pub(super) fn access_args(access: Option<&Access>) -> (String, String) {
    let Some(access) = access else { return <_>::default() };
    let roles: Vec<_> = access.roles.iter().map(Role::as_str).collect();
    let members: Vec<_> =
        access.members.iter().map(|(user, role)| format!("{user}\n{}", role.word())).collect();
    (roles.join(","), members.join("\n"))
}
