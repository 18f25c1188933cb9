//! The answers to clients' events: what an ack holds beside `ok: true`.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use super::{Member, Message, Notification, Reactions, Report, Room};
use crate::id::{EventId, RoomId, UserId};
use crate::user::Status;

/// An answer that says nothing but that it is done.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Done {}

/// A room.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheRoom {
    /// The room.
    pub room: Room,
}

/// The room that the event concerned.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct InRoom {
    /// The room.
    pub room_id: RoomId,
}

/// The room and the user that the event concerned.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnUser {
    /// The room.
    pub room_id: RoomId,
    /// The user.
    pub user_id: UserId,
}

/// A page of who is present.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Members {
    /// Those present, by when they came.
    pub members: Vec<Member>,
    /// How many are present.
    pub member_count: u64,
    /// Where the next page begins; left out on the last.
    pub next_cursor: Option<String>,
}

/// A page of rooms.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Rooms {
    /// The rooms, the newest first.
    pub rooms: Vec<Room>,
    /// Where the next page begins; left out on the last.
    pub next_cursor: Option<String>,
}

/// The user's status.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheStatus {
    /// How the user is now.
    pub status: Status,
}

/// A message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheMessage {
    /// The message.
    pub message: Message,
}

/// The message that the event concerned.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnMessage {
    /// The message.
    pub message_id: EventId,
}

/// A message's reactions.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheReactions {
    /// All of them.
    pub reactions: Reactions,
}

/// A page of messages.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Messages {
    /// The messages, the oldest first.
    pub messages: Vec<Message>,
    /// Whether there are more in the direction of the question.
    pub has_more: bool,
}

/// How much of a room is not read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Unread {
    /// The room.
    pub room_id: RoomId,
    /// Messages that are not read, up to 999.
    pub unread: u64,
}

/// How much is not read, by room.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct UnreadByRoom {
    /// Messages that are not read, up to 999, in each room that the user belongs to.
    pub rooms: BTreeMap<RoomId, u64>,
}

/// The report that the event made, or that there was.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct OnReport {
    /// The report.
    pub report_id: EventId,
}

/// A page of reports.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Reports {
    /// The reports, the newest first.
    pub reports: Vec<Report>,
    /// Where the next page begins; left out on the last.
    pub next_cursor: Option<String>,
}

/// A report.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TheReport {
    /// The report.
    pub report: Report,
}

/// A mute or ban, or its end.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Sanctioned {
    /// The room.
    pub room_id: RoomId,
    /// Whom it concerns.
    pub user_id: UserId,
    /// When it is over, milliseconds since the epoch; never where it is left out.
    pub until: Option<u64>,
}

/// A page of notifications.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notifications {
    /// The notifications, the newest first.
    pub notifications: Vec<Notification>,
    /// How many are not read.
    pub unread_count: u64,
    /// Whether there are older ones.
    pub has_more: bool,
}

/// How many notifications are not read.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct UnreadCount {
    /// How many.
    pub unread_count: u64,
}

/// When the connection's token expires.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TokenLife {
    /// Milliseconds since the epoch.
    pub expires_at: u64,
}
