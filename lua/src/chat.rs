//! Chat: the payloads of its events and the typed calls of its scripts.

use redis::Cmd;
use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::id::{EventId, RoomId, UserId};
use crate::key::RoomKeys;
use crate::limit::{MENTIONS_MAX, MESSAGE_LENGTH_MAX, PAGE_BYTES_MAX};
use crate::payload::{self, Limit, Name, RequestId, Text, words};
use crate::room::roles;
use crate::script::{CHAT_HISTORY, CHAT_SEND};

/// Longest quote of an answered message, in characters.
const EXCERPT_LENGTH_MAX: usize = 140;

words! {
    /// What a message is. `system` is ours to write.
    #[derive(Default)]
    pub enum MessageKind {
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
#[derive(Debug, Clone, Serialize, Deserialize)]
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

/// `get-messages`: a page of a room's messages.
#[derive(Debug, Clone, Serialize, Deserialize)]
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

/// The message as clients see it, in two parts: the answered message's quote goes between them.
fn message_parts(commit: &Commit<'_>, event: &SendMessage) -> (String, String) {
    let record = commit.record();
    let json = |text: &str| serde_json::to_string(text).expect("text is plain data");
    let kind = event.kind.word();
    let mut head = format!(
        r#"{{"id":"{}","roomId":"{}","sender":{{"id":"{}","name":{}}},"kind":"{kind}","content":{}"#,
        record.id,
        event.room_id,
        record.user,
        json(&record.name),
        json(event.content.as_str()),
    );
    if let Some(language) = &event.language {
        head += &format!(r#","language":{}"#, json(language.as_str()));
    }
    if let Some(thread) = &event.thread_id {
        head += &format!(r#","threadId":"{thread}""#);
    }
    let mentions = serde_json::to_string(&event.mentions).expect("ids are plain data");
    let tail = format!(r#","mentions":{mentions},"reactions":{{}},"createdAt":{}}}"#, record.id.ms);
    (head, tail)
}

/// `chat/send`: the message is in the room's history and log, and with everyone in the room.
pub fn send(commit: &Commit<'_>, event: &SendMessage, history_max: usize, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let (head, tail) = message_parts(commit, event);
    let id = |id: Option<EventId>| id.map(|id| id.to_string()).unwrap_or_default();
    commit.call(
        &CHAT_SEND,
        &[
            keys.room(),
            keys.access(),
            keys.messages(),
            keys.log(),
            keys.channel(),
            keys.thread(event.thread_id),
        ],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            &head,
            &tail,
            &id(event.reply_to),
            &id(event.thread_id),
            &history_max.to_string(),
            &log_max.to_string(),
            &EXCERPT_LENGTH_MAX.to_string(),
        ],
    )
}

/// `chat/history`: a page of messages.
pub fn history(commit: &Commit<'_>, event: &GetMessages) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let id = |id: Option<EventId>| id.map(|id| id.to_string()).unwrap_or_default();
    commit.call(
        &CHAT_HISTORY,
        &[keys.room(), keys.access(), keys.messages(), keys.thread(event.thread_id)],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            &id(event.before),
            &id(event.after),
            &event.limit.0.to_string(),
            &id(event.thread_id),
            &PAGE_BYTES_MAX.to_string(),
        ],
    )
}
