//! What workers publish, as it arrives: publications for rooms, and for an edge's inbox answers and what
//! is for all connections of a user. Frames stay the JSON text that they are; they go out as they came.
//!
//! ```text
//! rt:{p17}:room:algorithms:out
//!   {"id":"1795…-0","prev":"1795…-3","term":1,"origin":"XyZ…","frames":[
//!     {"to":"all","frame":["message-received",{…}]},      everyone in the room
//!     {"to":"others","frame":[…]},                         all but the connection `origin`
//!     {"to":"user:ann","frame":[…]}, {"to":"moderators",…},
//!     {"to":"role:ann","frame":"moderator"},               ann is that in the room from here on
//!     {"exit":"ann"}]}                                     ann's connections are out from here on; all with "*"
//!   {"origin":"XyZ…","key":"typing:ann","frames":[…],"expire":{"afterMs":5000,"frame":[…]}}
//! rt:{p17}:edge:edge-3f2c
//!   {"connection":"XyZ…","ack":12,"event":"send-message","entity":"algorithms","result":{…}}
//!   {"user":"ann","frame":["notification",{…}],"except":"XyZ…"}    to ann's connections here, but for one
//!   {"user":"ann","disconnect":true}                               ends ann's connections here
//! ```
//!
//! `id` and `prev` are a log entry's and that of the one before; what has none is not logged. A recovery
//! offset goes in as a frame's last argument: the frame without its last byte, then `,"<offset>"]`.

use std::borrow::Cow;

use lua::id::{EventId, RoomId};
use lua::refusal::Code;
use serde::Deserialize;
use serde_json::value::RawValue;

/// What one event gave a room's members.
#[derive(Debug, Deserialize)]
pub struct Publication<'a> {
    /// The log entry's id; none where the event is not logged.
    pub id: Option<EventId>,
    /// The id of the room's log entry before it.
    pub prev: Option<EventId>,
    /// The term in which it was put into the log; that of now in what is published.
    pub term: Option<u64>,
    /// The connection that caused it.
    #[serde(borrow)]
    pub origin: Option<Cow<'a, str>>,
    /// Names a state that a later publication with the same key replaces.
    #[serde(borrow)]
    pub key: Option<Cow<'a, str>>,
    /// What to do, in order.
    #[serde(borrow)]
    pub frames: Vec<Step<'a>>,
    /// What ends the state by itself.
    #[serde(borrow)]
    pub expire: Option<Expire<'a>>,
}

impl<'a> Publication<'a> {
    /// Reads what arrived; nothing where it cannot be read, which is logged.
    pub fn read(raw: &'a [u8]) -> Option<Self> {
        read(raw)
    }
}

/// Reads JSON that arrived from Redis; nothing where it cannot be read, which is logged.
pub fn read<'a, T: Deserialize<'a>>(raw: &'a [u8]) -> Option<T> {
    let text = std::str::from_utf8(raw).ok()?;
    serde_json::from_str(text)
        .inspect_err(|problem| tracing::error!(%problem, "a publication cannot be read"))
        .ok()
}

/// One frame for its audience, or the exit of a user.
#[derive(Debug, Deserialize)]
pub struct Step<'a> {
    /// Who gets the frame.
    #[serde(borrow)]
    pub to: Option<Cow<'a, str>>,
    /// The Socket.IO EVENT's array.
    #[serde(borrow)]
    pub frame: Option<&'a RawValue>,
    /// The user whose connections leave the room.
    #[serde(borrow)]
    pub exit: Option<Cow<'a, str>>,
}

/// A frame that is due when a state was not renewed.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Expire<'a> {
    /// Milliseconds from its arrival.
    pub after_ms: u64,
    /// The frame, for the audience of the first step.
    #[serde(borrow)]
    pub frame: &'a RawValue,
}

/// What comes for one edge.
#[derive(Debug)]
pub enum Message<'a> {
    /// The answer to an event.
    Answer(Answer<'a>),
    /// Something for a user's connections.
    ToUser(ToUser<'a>),
}

impl<'a> Message<'a> {
    /// Reads what arrived in an inbox; nothing where it cannot be read, which is logged. Scripts write the
    /// address first, so it tells the kind.
    pub fn read(raw: &'a [u8]) -> Option<Self> {
        if raw.starts_with(br#"{"user":"#) {
            read(raw).map(Self::ToUser)
        } else {
            read(raw).map(Self::Answer)
        }
    }
}

/// Something for all connections that a user has at this edge.
#[derive(Debug, Deserialize)]
pub struct ToUser<'a> {
    /// The user.
    #[serde(borrow)]
    pub user: Cow<'a, str>,
    /// The Socket.IO EVENT's array.
    #[serde(borrow)]
    pub frame: Option<&'a RawValue>,
    /// The connection that does not get it.
    #[serde(borrow)]
    pub except: Option<Cow<'a, str>>,
    /// Whether the connections end.
    #[serde(default)]
    pub disconnect: bool,
}

/// The answer to a connection's event.
#[derive(Debug, Deserialize)]
pub struct Answer<'a> {
    /// The connection's public id.
    #[serde(borrow)]
    pub connection: Cow<'a, str>,
    /// The client's acknowledgement id.
    pub ack: Option<u64>,
    /// Name of the event.
    #[serde(borrow)]
    pub event: Cow<'a, str>,
    /// What it concerned.
    #[serde(borrow)]
    pub entity: Cow<'a, str>,
    /// What the event came to.
    #[serde(borrow)]
    pub result: Option<&'a RawValue>,
    /// Why it was refused.
    #[serde(borrow)]
    pub error: Option<&'a RawValue>,
    /// An event to be sent with the result, too.
    #[serde(borrow)]
    pub emit: Option<Cow<'a, str>>,
    /// The room that the connection is in from here on.
    pub enter: Option<Enter>,
}

/// A connection's entry into a room.
#[derive(Debug, Deserialize)]
pub struct Enter {
    /// The room.
    pub room: RoomId,
    /// The newest entry of the room's log: what comes after is for the connection.
    pub last: EventId,
    /// The event by which it entered.
    pub at: EventId,
    /// The term of that.
    pub term: u64,
    /// What the user is in the room.
    pub role: String,
}

/// The code in a refusal's JSON, and when a retry makes sense (milliseconds from now).
pub fn refused_as(error: &RawValue) -> (Code, Option<u64>) {
    #[derive(Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Refused<'a> {
        #[serde(borrow)]
        code: Cow<'a, str>,
        retry_after_ms: Option<u64>,
    }
    let refused = serde_json::from_str::<Refused<'_>>(error.get()).ok();
    let code = refused.as_ref().and_then(|refused| {
        Code::ALL.iter().copied().find(|code| code.word() == refused.code.as_ref())
    });
    (code.unwrap_or(Code::Internal), refused.and_then(|refused| refused.retry_after_ms))
}

/// The acknowledgement of an event that was applied, as JSON.
pub fn ok(result: &RawValue) -> String {
    let fields = result.get().trim_start().strip_prefix('{').unwrap_or("}");
    let comma = if fields.trim_start().starts_with('}') { "" } else { "," };
    format!(r#"{{"ok":true{comma}{fields}"#)
}

/// The acknowledgement of an event that was refused, as JSON. `error` is the refusal's.
pub fn refused(error: &str) -> String {
    format!(r#"{{"ok":false,"error":{error}}}"#)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).expect("JSON")
    }

    #[test]
    fn an_inbox_tells_what_is_for_a_user_from_an_answer() {
        let read = |text: &'static str| Message::read(text.as_bytes()).expect(text);
        let text = r#"{"user":"ann","frame":["a",{}],"except":"c1"}"#;
        let Message::ToUser(told) = read(text) else { panic!("{text}") };
        assert_eq!((told.user.as_ref(), told.except.as_deref()), ("ann", Some("c1")));
        assert_eq!(told.frame.map(RawValue::get), Some(r#"["a",{}]"#));
        assert!(!told.disconnect);
        let text = r#"{"user":"ann","disconnect":true}"#;
        let Message::ToUser(told) = read(text) else { panic!("{text}") };
        assert!(told.disconnect && told.frame.is_none() && told.except.is_none());
        let text = r#"{"connection":"c1","event":"e","entity":"r","result":{"user":"ann"}}"#;
        let Message::Answer(answer) = read(text) else { panic!("{text}") };
        assert_eq!(answer.connection, "c1");
    }

    #[test]
    fn an_acknowledgement_is_what_the_event_gave_with_ok_before_it() {
        assert_eq!(ok(raw("{}")), r#"{"ok":true}"#);
        assert_eq!(ok(raw(r#"{"a":1}"#)), r#"{"ok":true,"a":1}"#);
        assert_eq!(refused(r#"{"code":"gone"}"#), r#"{"ok":false,"error":{"code":"gone"}}"#);
    }

    #[test]
    fn a_refusal_tells_its_code_and_when_to_try_again() {
        let limited = raw(r#"{"code":"rate-limited","message":"m","retryAfterMs":7}"#);
        assert_eq!(refused_as(limited), (Code::RateLimited, Some(7)));
        assert_eq!(refused_as(raw(r#"{"code":"gone"}"#)), (Code::Gone, None));
        assert_eq!(refused_as(raw(r#"{"code":"of another version"}"#)), (Code::Internal, None));
    }
}
