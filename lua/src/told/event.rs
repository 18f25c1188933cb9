//! The events that the server sends.

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Member, Message, Notification, Reactions, Report, Room, Told, User, check};
use crate::id::{EventId, RoomId};
use crate::user::Status;

macro_rules! told {
    ($($summary:literal $type:ty = $name:literal;)*) => {
        /// All events that the server sends.
        pub static TOLD: &[Told] = &[
            $(Told {
                name: $name,
                summary: $summary,
                schema: |generator| generator.subschema_for::<$type>(),
                check: check::<$type>,
            },)*
        ];
    };
}

told! {
    "The connection is in a room; the same object as the answer to `join-room`."
    RoomJoined = "room-joined";
    "The user is out of a room with all connections."
    RoomLeft = "room-left";
    "Somebody else came into a room of up to 200 members."
    UserJoinedRoom = "user-joined-room";
    "Somebody else left a room of up to 200 members."
    UserLeftRoom = "user-left-room";
    "Who came into a larger room and who left it, once per second at most."
    RoomPresence = "room-presence";
    "A room looks otherwise than before."
    RoomUpdated = "room-updated";
    "A room was closed for everyone."
    RoomClosed = "room-closed";
    "Somebody in one of the user's rooms is in another way than before."
    UserStatusChanged = "user-status-changed";
    "Somebody else in a room types, or stopped."
    UserTyping = "user-typing";
    "A new message."
    MessageChanged = "message-received";
    "A message says something else."
    MessageChanged = "message-edited";
    "A message's content is gone; its tombstone stays."
    MessageDeleted = "message-deleted";
    "The reactions to a message are others."
    MessageReaction = "message-reaction";
    "The user has read a room up to a message, with another connection."
    MessagesRead = "messages-read";
    "Somebody reported a message; for those who moderate."
    MessageReported = "message-reported";
    "A colleague resolved a report; for those who moderate."
    MessageReported = "report-resolved";
    "Somebody may not write in a room."
    UserSanctioned = "user-muted";
    "Somebody may write in a room again."
    UserSanctioned = "user-unmuted";
    "Somebody may not be in a room."
    UserSanctioned = "user-banned";
    "Somebody may be in a room again."
    UserSanctioned = "user-unbanned";
    "The user has a new notification."
    Notified = "notification";
    "The user has read notifications, with another connection."
    NotificationRead = "notification-read";
    "The connection's token expires soon: send `refresh-token`."
    AuthExpiring = "auth-expiring";
    "An event that was sent without an ack callback was refused."
    Failed = "error";
}

/// An event with the payload that it had.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct MissedEvent {
    /// The event's name.
    pub event: String,
    /// Its payload.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub payload: serde_json::Value,
}

/// What happened in a room after an event.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Missed {
    /// False where the log does not reach back, or there is more.
    pub complete: bool,
    /// The oldest events of it, at most 500.
    pub events: Vec<MissedEvent>,
}

/// A room as it is handed over to who enters it.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomJoined {
    /// The event's id.
    pub id: EventId,
    /// The room's id.
    pub room_id: RoomId,
    /// The room.
    pub room: Room,
    /// Those present, at most 200.
    pub members: Vec<Member>,
    /// How many are present.
    pub member_count: u64,
    /// The last 50 messages, the oldest first.
    pub recent_messages: Vec<Message>,
    /// What was missed, where the request said `since`.
    pub missed: Option<Missed>,
}

/// The payload of `room-left`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomLeft {
    /// The room.
    pub room_id: RoomId,
    /// `left`, `removed` or `banned`.
    pub reason: String,
    /// What the one who removed the user says about it.
    pub message: Option<String>,
}

/// The payload of `user-joined-room`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserJoinedRoom {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// Who came.
    pub user: User,
    /// How many are present now.
    pub member_count: u64,
}

/// The payload of `user-left-room`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserLeftRoom {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// Who left.
    pub user: User,
    /// How many are present now.
    pub member_count: u64,
    /// `left`, `disconnected`, `removed` or `banned`.
    pub reason: String,
}

/// The payload of `room-presence`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomPresence {
    /// The room.
    pub room_id: RoomId,
    /// How many are present now.
    pub member_count: u64,
    /// Who came, at most 50 of them.
    pub joined: Vec<User>,
    /// Who left, at most 50 of them.
    pub left: Vec<User>,
}

/// The payload of `room-updated`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomUpdated {
    /// The event's id.
    pub id: EventId,
    /// The room's id.
    pub room_id: RoomId,
    /// The room.
    pub room: Room,
}

/// The payload of `room-closed`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomClosed {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
}

/// The payload of `user-status-changed`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserStatusChanged {
    /// Who.
    pub user: User,
    /// How they are now.
    pub status: Status,
}

/// The payload of `user-typing`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserTyping {
    /// The room.
    pub room_id: RoomId,
    /// Who.
    pub user: User,
    /// Whether they type.
    pub is_typing: bool,
}

/// The payload of `message-received` and `message-edited`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageChanged {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message: Message,
}

/// The payload of `message-deleted`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageDeleted {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// Who deleted it.
    pub deleted_by: User,
}

/// The payload of `message-reaction`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageReaction {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// All of its reactions.
    pub reactions: Reactions,
}

/// The payload of `messages-read`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessagesRead {
    /// The room.
    pub room_id: RoomId,
    /// Who read: the user of the connection.
    pub user: User,
    /// The newest message that was read.
    pub message_id: EventId,
}

/// The payload of `message-reported` and `report-resolved`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct MessageReported {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// The report.
    pub report: Report,
}

/// The payload of `user-muted`, `user-unmuted`, `user-banned` and `user-unbanned`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UserSanctioned {
    /// The event's id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// Whom it concerns.
    pub user: User,
    /// Who did it.
    pub by: User,
    /// When it is over, milliseconds since the epoch; never where it is left out.
    pub until: Option<u64>,
    /// Why.
    pub reason: Option<String>,
}

/// The payload of `notification`: the notification and a count.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notified {
    /// The notification.
    #[serde(flatten)]
    pub notification: Notification,
    /// How many of the user's notifications are not read now.
    pub unread_count: u64,
}

/// The payload of `notification-read`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct NotificationRead {
    /// Which were read.
    pub notification_ids: Option<Vec<EventId>>,
    /// Whether all were.
    pub all: Option<bool>,
    /// All up to this one.
    pub up_to: Option<EventId>,
    /// How many are not read now.
    pub unread_count: u64,
}

/// The payload of `auth-expiring`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AuthExpiring {
    /// When the token expires, milliseconds since the epoch.
    pub expires_at: u64,
}

/// The payload of `error`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Failed {
    /// The event that was refused.
    pub event: String,
    /// A word that programs decide by.
    pub code: crate::refusal::Code,
    /// A sentence for people.
    pub message: String,
    /// More about it.
    pub details: Option<super::ErrorDetails>,
    /// When a retry makes sense, milliseconds from now.
    pub retry_after_ms: Option<u64>,
}
