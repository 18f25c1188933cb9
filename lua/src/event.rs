//! The event table: every event there is, with its payload, who may send it and how it counts.
//!
//! Validation, rate class, metrics label and documentation come from here. To add an event: a row
//! below, its payload and typed call in the feature's file, its script, and the match arm in `workers`
//! that the compiler then asks for.

use sha1_smol::Sha1;

use crate::id::{RoomId, UserId};
use crate::payload;
use crate::refusal::{Code, Refusal};
use crate::{chat, room};

/// Who sends an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Clients, over sockets; back ends, over HTTP and Redis.
    Client,
    /// The system itself: edges and timers. To clients there is no such event.
    System,
}

/// Which of a user's rate limits an event counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// All events that are kept.
    Kept,
    /// Typing and cursors, which come often and are over soon.
    Ephemeral,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// The event's name on the wire and its label in metrics.
    pub name: &'static str,
    /// Who sends it.
    pub source: Source,
    /// How it counts.
    pub rate: Rate,
    /// Whether the connection enters the entity by it, so that its edge must hear the room first.
    pub enters: bool,
    /// What it does, in a sentence.
    pub summary: &'static str,
}

/// What every payload can say about itself.
pub trait Payload {
    /// The entity that the event concerns, where the payload names it.
    fn entity(&self) -> Option<&str>;

    /// The caller's key for safe retries.
    fn request(&self) -> Option<&str> {
        None
    }
}

macro_rules! payload {
    ($type:ty, $room:ident) => {
        impl Payload for $type {
            fn entity(&self) -> Option<&str> {
                Some(self.$room.as_str())
            }
        }
    };
    ($type:ty, $room:ident, once) => {
        impl Payload for $type {
            fn entity(&self) -> Option<&str> {
                Some(self.$room.as_str())
            }

            fn request(&self) -> Option<&str> {
                self.request_id.as_ref().map(payload::RequestId::as_str)
            }
        }
    };
}

impl Payload for room::CreateRoom {
    fn entity(&self) -> Option<&str> {
        self.room_id.as_ref().map(RoomId::as_str)
    }

    fn request(&self) -> Option<&str> {
        self.request_id.as_ref().map(payload::RequestId::as_str)
    }
}

payload!(room::JoinRoom, room_id, once);
payload!(room::LeaveRoom, room_id, once);
payload!(room::GetMembers, room_id);
payload!(room::Typing, room_id);
payload!(room::ConnectionClosed, room_id);
payload!(room::PresenceExpired, room_id);
payload!(chat::SendMessage, room_id, once);
payload!(chat::GetMessages, room_id);

macro_rules! events {
    ($($summary:literal $name:ident($payload:ty) = $word:literal, $source:ident, $rate:ident $(, $enters:ident)?;)*) => {
        /// An event with its payload, read and valid.
        #[derive(Debug, Clone)]
        pub enum Event {
            $(#[doc = $summary] $name($payload),)*
        }

        /// All events.
        pub static TABLE: &[Row] = &[
            $(Row {
                name: $word,
                source: Source::$source,
                rate: Rate::$rate,
                enters: !stringify!($($enters)?).is_empty(),
                summary: $summary,
            },)*
        ];

        impl Event {
            /// Reads the payload of the event of this name.
            ///
            /// Refused with `unknown-event`, or as [`payload::read`] does.
            pub fn read(name: &str, json: &str) -> Result<Self, Refusal> {
                match name {
                    $($word => payload::read::<$payload>(json).map(Self::$name),)*
                    _ => Err(unknown(name)),
                }
            }

            fn payload(&self) -> &dyn Payload {
                match self {
                    $(Self::$name(payload) => payload,)*
                }
            }
        }
    };
}

events! {
    "Makes a room that the caller owns."
    CreateRoom(room::CreateRoom) = "create-room", Client, Kept;
    "Enters a room, which is made if there is none."
    JoinRoom(room::JoinRoom) = "join-room", Client, Kept, enters;
    "Leaves a room with all of the user's connections."
    LeaveRoom(room::LeaveRoom) = "leave-room", Client, Kept;
    "Gives a page of who is present in a room."
    GetMembers(room::GetMembers) = "get-members", Client, Kept;
    "Tells the others in a room that the user types; ends by itself after 5 s."
    TypingStart(room::Typing) = "typing-start", Client, Ephemeral;
    "Tells the others in a room that the user stopped typing."
    TypingStop(room::Typing) = "typing-stop", Client, Ephemeral;
    "Adds a message to a room."
    SendMessage(chat::SendMessage) = "send-message", Client, Kept;
    "Gives a page of a room's messages."
    GetMessages(chat::GetMessages) = "get-messages", Client, Kept;
    "A connection that had joined a room ended."
    ConnectionClosed(room::ConnectionClosed) = "connection-closed", System, Kept;
    "The grace after a user's last connection to a room is over."
    PresenceExpired(room::PresenceExpired) = "presence-expired", System, Kept;
}

impl Event {
    /// The entity that the event concerns. A new one is named after user and request, so that a retry
    /// finds it, or at random where there is no request.
    pub fn entity(&self, user: &UserId) -> String {
        let payload = self.payload();
        match (payload.entity(), payload.request()) {
            (Some(entity), _) => entity.to_owned(),
            (None, Some(request)) => {
                let digest = Sha1::from(format!("{user}\n{request}")).digest().to_string();
                format!("r-{}", &digest[..20])
            }
            (None, None) => format!("r-{:020x}", rand::random::<u128>() >> 48),
        }
    }

    /// The caller's key for safe retries.
    pub fn request(&self) -> Option<&str> {
        self.payload().request()
    }
}

/// The row of an event that clients may send.
///
/// Refused with `unknown-event`.
pub fn client_row(name: &str) -> Result<&'static Row, Refusal> {
    TABLE
        .iter()
        .find(|row| row.name == name && row.source == Source::Client)
        .ok_or_else(|| unknown(name))
}

fn unknown(name: &str) -> Refusal {
    // The name comes from outside: it is shown only as far as an event's name could reach.
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    Refusal::new(Code::UnknownEvent, format!("there is no event {shown:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rooms_id_follows_from_user_and_request() {
        let read = |json: &str| Event::read("create-room", json).expect("valid");
        let ann: UserId = "ann".parse().expect("an id");
        let bob: UserId = "bob".parse().expect("an id");
        let asked = read(r#"{"type":"discussion","requestId":"1"}"#);
        assert_eq!(asked.entity(&ann), asked.entity(&ann));
        assert_ne!(asked.entity(&ann), asked.entity(&bob));
        let unasked = read(r#"{"type":"discussion"}"#);
        assert_ne!(unasked.entity(&ann), unasked.entity(&ann));
        assert!(unasked.entity(&ann).parse::<RoomId>().is_ok());
    }

    #[test]
    fn clients_cannot_send_the_systems_events() {
        assert!(client_row("send-message").is_ok());
        assert_eq!(client_row("presence-expired").expect_err("system").code, Code::UnknownEvent);
        assert_eq!(client_row("nothing").expect_err("none").code, Code::UnknownEvent);
    }

    #[test]
    fn only_joining_enters() {
        let enters: Vec<_> = TABLE.iter().filter(|row| row.enters).map(|row| row.name).collect();
        assert_eq!(enters, ["join-room"]);
    }

    #[test]
    fn objects_are_not_read_from_lists_nor_words_from_objects() {
        let field = |json: &str| Event::read("create-room", json).expect_err(json).field;
        let listed = r#"{"type":"discussion","access":["public",[],{}]}"#;
        assert_eq!(field(listed).as_deref(), Some("access"));
        assert_eq!(field(r#"{"type":{"discussion":null}}"#).as_deref(), Some("type"));
        let role =
            r#"{"type":"discussion","access":{"visibility":"public","members":{"a":"king"}}}"#;
        assert_eq!(field(role).as_deref(), Some("access.members.a"));
    }

    #[test]
    fn a_default_that_is_said_is_the_same_request_as_one_that_is_not() {
        let same = |json: &str| {
            let payload: chat::SendMessage = payload::read(json).expect(json);
            serde_json::to_string(&payload).expect("plain data")
        };
        let silent = same(r#"{"roomId":"r","content":"a"}"#);
        assert_eq!(same(r#"{"content":"a","kind":"text","mentions":[],"roomId":"r"}"#), silent);
        assert_eq!(
            same(r#"{"roomId":"r","content":"a","kind":null,"mentions":null,"x":1}"#),
            silent
        );
        assert_ne!(same(r#"{"roomId":"r","content":"a","kind":"code"}"#), silent);
    }
}
