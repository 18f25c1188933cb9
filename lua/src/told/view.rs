//! Things as clients see them.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::Deserialize;

use crate::id::{EventId, RoomId, UserId};
use crate::moderation::{Action, Reason, ReportStatus};
use crate::room::{Access, Role, RoomRole, RoomType, Visibility};
use crate::user::Status;

/// A user.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct User {
    /// The user's id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
}

/// A user who is present in a room.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Member {
    /// The user's id.
    pub id: UserId,
    /// The name that others see.
    pub name: String,
    /// What the user is in the room.
    pub room_role: RoomRole,
    /// How the user is.
    pub status: Status,
    /// Since when the user is present, milliseconds since the epoch.
    pub joined_at: u64,
}

/// Who may enter a room, as its owner and admins see it. To clients the same type as [`Access`].
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RoomAccess {
    /// Public or private.
    pub visibility: Visibility,
    /// Narrows a public room to holders of one of these.
    pub roles: Option<Vec<Role>>,
    /// Users with their role in the room.
    pub members: Option<BTreeMap<UserId, RoomRole>>,
}

/// A room.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Room {
    /// Its id.
    pub id: RoomId,
    /// What it is for.
    #[serde(rename = "type")]
    pub room_type: RoomType,
    /// Its name.
    pub name: String,
    /// When it was made, milliseconds since the epoch.
    pub created_at: u64,
    /// Who made it.
    pub created_by: UserId,
    /// Who may enter; only for its owner and admins.
    #[schemars(with = "Option<Access>")]
    pub access: Option<RoomAccess>,
    /// Most members present at a time.
    pub max_members: Option<u64>,
    /// The least time between two messages of a user, milliseconds; 0 where there is none.
    pub slow_mode_ms: u64,
}

/// What kind of message one is.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(rename = "MessageKind")]
pub enum ShownKind {
    /// Prose.
    Text,
    /// A program's text.
    Code,
    /// The system's own.
    System,
}

/// What an answer shows of the message that it answers.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Quote {
    /// The answered message.
    pub id: EventId,
    /// Who wrote it.
    pub sender: User,
    /// How it begins; empty where it was deleted or is no longer kept.
    pub excerpt: String,
}

/// Who reacted with one emoji.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reaction {
    /// How many users.
    pub count: u64,
    /// The first 20 of them.
    pub users: Vec<UserId>,
    /// Whether the one who asked is among all of them; only in answers.
    pub me: Option<bool>,
}

/// Reactions by emoji, at most 20.
pub type Reactions = BTreeMap<String, Reaction>;

/// A message in its current state.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Message {
    /// Its id, by which messages are ordered.
    pub id: EventId,
    /// Its room.
    pub room_id: RoomId,
    /// Who wrote it.
    pub sender: User,
    /// What it is.
    pub kind: ShownKind,
    /// What it says; empty where it was deleted.
    pub content: String,
    /// The language of code.
    pub language: Option<String>,
    /// What it answers.
    pub reply_to: Option<Quote>,
    /// The message that began its thread.
    pub thread_id: Option<EventId>,
    /// Users that it names, at most 10.
    pub mentions: Vec<UserId>,
    /// Reactions by emoji.
    pub reactions: Reactions,
    /// When it was sent, milliseconds since the epoch.
    pub created_at: u64,
    /// When it was edited last.
    pub edited_at: Option<u64>,
    /// When it was deleted.
    pub deleted_at: Option<u64>,
}

/// A report of a message.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Report {
    /// Its id.
    pub id: EventId,
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// The message as it was when it was reported.
    pub message: Message,
    /// Who reported it.
    pub reporter: User,
    /// What is wrong with it.
    pub reason: Reason,
    /// In the reporter's words.
    pub comment: Option<String>,
    /// How far it has come.
    pub status: ReportStatus,
    /// What was done.
    pub action: Option<Action>,
    /// Who decided.
    pub resolved_by: Option<User>,
    /// In the moderator's words.
    pub note: Option<String>,
    /// When it was reported, milliseconds since the epoch.
    pub created_at: u64,
    /// When it was resolved.
    pub resolved_at: Option<u64>,
}

/// A notification.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Notification {
    /// Its id.
    pub id: EventId,
    /// What it is about, in a word: `mention`, `invitation`, or another.
    pub kind: String,
    /// A line.
    pub title: String,
    /// More, or empty.
    pub body: String,
    /// For programs; what it holds depends on the kind.
    #[schemars(with = "serde_json::Map<String, serde_json::Value>")]
    pub data: serde_json::Value,
    /// When it was sent, milliseconds since the epoch.
    pub created_at: u64,
    /// When it was read.
    pub read_at: Option<u64>,
    /// When it is over.
    pub expires_at: Option<u64>,
}

/// Why an event was refused.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorBody {
    /// A word that programs decide by.
    pub code: crate::refusal::Code,
    /// A sentence for people.
    pub message: String,
    /// More about it.
    pub details: Option<ErrorDetails>,
    /// When a retry makes sense, milliseconds from now.
    pub retry_after_ms: Option<u64>,
}

/// More about a refusal.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct ErrorDetails {
    /// The payload's field that is at fault, as a path.
    pub field: Option<String>,
    /// `unknown` where the event may have been applied all the same.
    pub outcome: Option<String>,
    /// When the mute or ban ends that says no, milliseconds since the epoch; never where it is left out.
    pub until: Option<u64>,
}
