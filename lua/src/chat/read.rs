//! Reading: history, and how far users have read.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::id_or_empty;
use crate::commit::Commit;
use crate::id::{EventId, RoomId, UserId};
use crate::key::{RoomKeys, UserKeys};
use crate::limit::{PAGE_BYTES_MAX, UNREAD_READ_MAX, UNREAD_ROOMS_MAX, UNREAD_SHOWN_MAX};
use crate::payload::{Few, Limit, RequestId};
use crate::room::roles;
use crate::script::{CHAT_HISTORY, CHAT_MARK, CHAT_UNREAD, USER_UNREAD};
use crate::user::TellUser;

/// `get-messages`: a page of a room's messages.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetMessages {
    /// The room.
    pub room_id: RoomId,
    /// Only messages before this one.
    pub before: Option<EventId>,
    /// Only messages after this one, from the oldest.
    pub after: Option<EventId>,
    /// Most messages.
    #[serde(default)]
    pub limit: Limit<50, 100>,
    /// Only this thread's messages.
    pub thread_id: Option<EventId>,
}

/// `mark-read`: the user has read the room up to a message.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct MarkRead {
    /// The room.
    pub room_id: RoomId,
    /// The newest message that was read.
    pub message_id: EventId,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `get-unread`: how many messages wait in rooms that the user belongs to.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetUnread {
    /// These rooms, at most 100; the user's newest where none is named.
    pub room_ids: Option<Few<RoomId>>,
}

/// `chat/history`: a page of messages.
pub fn history(commit: &Commit<'_>, event: &GetMessages) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &CHAT_HISTORY,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.order(),
            keys.messages(),
            keys.index(),
            keys.lists(),
        ],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            &id_or_empty(event.before),
            &id_or_empty(event.after),
            &event.limit.0.to_string(),
            &id_or_empty(event.thread_id),
            &PAGE_BYTES_MAX.to_string(),
        ],
    )
}

/// `chat/mark`: the user's mark is at the message, if it was not further already.
pub fn mark(commit: &Commit<'_>, event: &MarkRead) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let record = commit.record();
    let told = TellUser {
        user_id: record.user.clone(),
        except: Some(commit.origin().to_owned()).filter(|origin| !origin.is_empty()),
        frame: serde_json::json!(["messages-read", {
            "roomId": event.room_id,
            "user": { "id": record.user, "name": record.name },
            "messageId": event.message_id,
        }]),
    };
    commit.call(
        &CHAT_MARK,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.belongs(),
            keys.order(),
            keys.messages(),
            keys.index(),
        ],
        &[
            record.user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            &event.message_id.to_string(),
            &serde_json::to_string(&told).expect("plain data"),
            &UNREAD_SHOWN_MAX.to_string(),
            &UNREAD_READ_MAX.to_string(),
        ],
    )
}

/// `user/unread`: asks the worker to count in the rooms that are named, or in the user's newest.
pub fn unread(commit: &Commit<'_>, event: &GetUnread) -> Cmd {
    let keys = UserKeys::new(&commit.record().user);
    let most = UNREAD_ROOMS_MAX.to_string();
    let mut args = vec![most.as_str(), if event.room_ids.is_some() { "1" } else { "0" }];
    args.extend(event.room_ids.iter().flat_map(|rooms| &rooms.0).map(RoomId::as_str));
    commit.call(&USER_UNREAD, &[keys.rooms()], &args)
}

/// `chat/unread`: how many messages wait for a user in a room, read at the time of the event that asks
/// (ms); nothing where the user does not belong to it.
pub fn unread_of(room: &RoomId, user: &UserId, platform_roles: &str, now_ms: u64) -> Cmd {
    let keys = RoomKeys::new(room);
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(CHAT_UNREAD.script.get_hash())
        .arg(6)
        .arg(keys.room())
        .arg(keys.access())
        .arg(keys.sanctions())
        .arg(keys.belongs())
        .arg(keys.order())
        .arg(keys.index())
        .arg(user.as_str())
        .arg(format!(",{platform_roles},"))
        .arg(now_ms)
        .arg(UNREAD_SHOWN_MAX)
        .arg(UNREAD_READ_MAX);
    cmd
}
