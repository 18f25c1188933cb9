//! Chat: the payloads of its events and the typed calls of its scripts. Here: sending.

mod change;
mod read;

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::id::{EventId, RoomId, UserId};
use crate::key::RoomKeys;
use crate::limit::{MENTIONS_MAX, MESSAGE_LENGTH_MAX};
use crate::payload::{self, Name, RequestId, Text, words};
use crate::room::{roles, user_json};
use crate::script::CHAT_SEND;

pub use change::*;
pub use read::*;

/// Longest quote of an answered message, in characters.
const EXCERPT_LENGTH_MAX: usize = 140;

words! {
    /// What a message is. `system` is ours to write.
    #[derive(Default)]
    pub enum MessageKind as "WrittenKind" {
        /// Prose.
        #[default]
        Text = "text",
        /// A program's text, in `language`.
        Code = "code",
    }
}

/// Users that a message names, each once, at most 10.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "Vec<UserId>")]
pub struct Mentions(Vec<UserId>);

impl TryFrom<Vec<UserId>> for Mentions {
    type Error = String;

    fn try_from(users: Vec<UserId>) -> Result<Self, String> {
        let mut once: Vec<UserId> = Vec::with_capacity(users.len().min(MENTIONS_MAX));
        for user in users {
            if !once.contains(&user) {
                if once.len() == MENTIONS_MAX {
                    return Err(format!("names more than {MENTIONS_MAX} users"));
                }
                once.push(user);
            }
        }
        Ok(Self(once))
    }
}

/// `send-message`: adds a message to a room.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SendMessage {
    /// The room.
    pub room_id: RoomId,
    /// What is said.
    pub content: Text<MESSAGE_LENGTH_MAX>,
    /// Prose or code.
    #[serde(default, deserialize_with = "payload::or_default")]
    pub kind: MessageKind,
    /// The language of code.
    pub language: Option<Name<64>>,
    /// The message that is answered.
    pub reply_to: Option<EventId>,
    /// The message that began the thread.
    pub thread_id: Option<EventId>,
    /// Users to be told.
    #[serde(default, deserialize_with = "payload::or_default")]
    pub mentions: Mentions,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// What an operator sets for messages.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Messages that a room keeps.
    pub history_max: usize,
    /// Entries of a room's log.
    pub log_max: usize,
    /// Messages of one user in one room in `rate_window_ms`; 0: any number.
    pub rate_max: u64,
    /// The time in which they count.
    pub rate_window_ms: u64,
}

/// The message as it is kept, in the five lines of `lib/lines`, cut where the script puts in what only it
/// knows: `threadId` after the first part, `replyTo` after the second.
fn message_parts(commit: &Commit<'_>, event: &SendMessage) -> [String; 3] {
    let record = commit.record();
    let json = |text: &str| serde_json::to_string(text).expect("text is plain data");
    let head = format!(
        r#"{{"id":"{}","roomId":"{}","sender":{},"kind":"{}""#,
        record.id,
        event.room_id,
        user_json(commit),
        event.kind.word(),
    );
    let content = json(event.content.as_str());
    let language = event.language.as_ref().map(|language| json(language.as_str()));
    let language = language.map(|json| format!(r#","language":{json}"#)).unwrap_or_default();
    let mentions = serde_json::to_string(&event.mentions).expect("ids are plain data");
    let body = format!(",\"content\":\n{content}\n{language},\"mentions\":{mentions}");
    let tail = format!(",\"reactions\":\n{{}}\n,\"createdAt\":{}}}", record.id.ms);
    [head, body, tail]
}

/// `chat/send`: the message is in the room's history and log, and with everyone in the room.
pub fn send(commit: &Commit<'_>, event: &SendMessage, limits: Limits) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let user = &commit.record().user;
    let [head, body, tail] = message_parts(commit, event);
    let mentioned: Vec<&str> = event.mentions.0.iter().map(UserId::as_str).collect();
    commit.call(
        &CHAT_SEND,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.belongs(),
            keys.order(),
            keys.messages(),
            keys.index(),
            keys.lists(),
            keys.log(),
            keys.channel(),
            keys.pace(user),
        ],
        &[
            user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            &head,
            &body,
            &tail,
            &id_or_empty(event.reply_to),
            &id_or_empty(event.thread_id),
            &mentioned.join(","),
            &limits.history_max.to_string(),
            &limits.log_max.to_string(),
            &EXCERPT_LENGTH_MAX.to_string(),
            &limits.rate_max.to_string(),
            &limits.rate_window_ms.to_string(),
        ],
    )
}

fn id_or_empty(id: Option<EventId>) -> String {
    id.map(|id| id.to_string()).unwrap_or_default()
}
