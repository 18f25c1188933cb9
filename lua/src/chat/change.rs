//! What becomes of a message: edited, deleted, reacted to.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::id::{EventId, RoomId};
use crate::key::RoomKeys;
use crate::limit::{EDIT_MS, EMOJI_MAX, MESSAGE_LENGTH_MAX};
use crate::payload::{Emoji, RequestId, Text};
use crate::room::{roles, user_json};
use crate::script::{CHAT_DELETE, CHAT_EDIT, CHAT_REACT};

/// `edit-message`: the author writes it anew, within 24 hours.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct EditMessage {
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// What it says from now on.
    pub content: Text<MESSAGE_LENGTH_MAX>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `delete-message`: a tombstone stays.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct DeleteMessage {
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `react`: sets a reaction of the user to a message, or takes it away.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct React {
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// With what.
    pub emoji: Emoji,
    /// Whether it is set or taken away.
    pub on: bool,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// The keys of the scripts that change a message.
fn keys(room: &RoomId) -> [String; 8] {
    let keys = RoomKeys::new(room);
    [
        keys.room(),
        keys.access(),
        keys.sanctions(),
        keys.messages(),
        keys.index(),
        keys.lists(),
        keys.log(),
        keys.channel(),
    ]
}

/// `chat/edit`: the message says something else.
pub fn edit(commit: &Commit<'_>, event: &EditMessage, log_max: usize) -> Cmd {
    commit.call(
        &CHAT_EDIT,
        &keys(&event.room_id),
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            &event.message_id.to_string(),
            &serde_json::to_string(&event.content).expect("text is plain data"),
            &log_max.to_string(),
            &EDIT_MS.to_string(),
        ],
    )
}

/// `chat/delete`: the message is a tombstone.
pub fn delete(commit: &Commit<'_>, event: &DeleteMessage, log_max: usize) -> Cmd {
    commit.call(
        &CHAT_DELETE,
        &keys(&event.room_id),
        &[
            commit.record().user.as_str(),
            &user_json(commit),
            &roles(commit),
            event.room_id.as_str(),
            &event.message_id.to_string(),
            &log_max.to_string(),
        ],
    )
}

/// `chat/react`: the user has reacted, or not.
pub fn react(commit: &Commit<'_>, event: &React, log_max: usize) -> Cmd {
    commit.call(
        &CHAT_REACT,
        &keys(&event.room_id),
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            &event.message_id.to_string(),
            &serde_json::to_string(&event.emoji).expect("text is plain data"),
            if event.on { "1" } else { "0" },
            &log_max.to_string(),
            &EMOJI_MAX.to_string(),
        ],
    )
}
