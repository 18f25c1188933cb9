//! What workers publish, as it arrives: publications for rooms and answers for connections. Frames
//! stay the JSON text that they are; they go out as they came.
//!
//! ```text
//! rt:{p17}:room:algorithms:out
//!   {"id":"1795…-0","prev":"1795…-3","term":1,"origin":"XyZ…","frames":[
//!     {"to":"all","frame":["message-received",{…}]},      everyone in the room
//!     {"to":"others","frame":[…]},                         all but the connection `origin`
//!     {"to":"user:ann","frame":[…]}, {"to":"moderators",…},
//!     {"exit":"ann"}]}                                     ann's connections are out from here on
//!   {"origin":"XyZ…","key":"typing:ann","frames":[…],"expire":{"afterMs":5000,"frame":[…]}}
//! rt:{p17}:edge:edge-3f2c
//!   {"connection":"XyZ…","ack":12,"event":"send-message","entity":"algorithms","result":{…}}
//! ```
//!
//! `id` and `prev` are a log entry's and that of the one before; what has none is not logged. A recovery
//! offset goes in as a frame's last argument: the frame without its last byte, then `,"<offset>"]`.

use std::borrow::Cow;

use lua::id::{EventId, RoomId};
use serde::Deserialize;
use serde_json::value::RawValue;

/// What one event gave a room's members.
#[derive(Debug, Deserialize)]
pub struct Publication<'a> {
    /// The log entry's id; none where the event is not logged.
    pub id: Option<EventId>,
    /// The id of the room's log entry before it.
    pub prev: Option<EventId>,
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
    /// What the user is in the room.
    pub role: String,
}

/// The code in a refusal's JSON, for metrics.
pub fn code_of(error: &RawValue) -> String {
    #[derive(Deserialize)]
    struct Code<'a> {
        #[serde(borrow)]
        code: Cow<'a, str>,
    }
    serde_json::from_str::<Code<'_>>(error.get())
        .map_or_else(|_| "internal".to_owned(), |e| e.code.into_owned())
}
