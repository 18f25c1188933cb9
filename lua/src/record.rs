//! Records: an event as it stands in the intake stream, with the fields that an operator reads.
//!
//! ```text
//! rt:{p17}:in  1795413580067-0
//!   event    send-message            what the client asked for
//!   entity   algorithms              the room, user or role that it concerns; decides the partition
//!   user     ann                     who asked
//!   name     Ann                     as shown to others
//!   roles    moderator,organizer     in the whole platform
//!   origin   edge-3f2c/XyZ…          edge and connection that wait for the answer; may be empty
//!   ack      12                      the client's acknowledgement id, if it wants one
//!   request  0f8c…                   the client's requestId, if it gave one
//!   payload  {"roomId":"algorithms"} the client's JSON, untouched
//!   source   42 1795413000 1795413580061-0   where it was relayed from: a partition's outbox, or `ingress`;
//!                                    the term there, and the id
//! ```

use std::collections::HashMap;

use redis::Value;

use crate::id::{EventId, UserId};

/// An event as read from the intake.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// The entry's id: the event's id everywhere.
    pub id: EventId,
    /// Name of the event.
    pub event: String,
    /// What it concerns.
    pub entity: String,
    /// Who asked.
    pub user: UserId,
    /// Their name as shown to others.
    pub name: String,
    /// Their roles in the whole platform, comma separated.
    pub roles: String,
    /// Where the answer goes, if anybody waits for one.
    pub origin: Option<Origin>,
    /// The client's acknowledgement id, if it wants one.
    pub ack: Option<u64>,
    /// The client's JSON.
    pub payload: String,
    /// Where it was relayed from, if it was.
    pub source: Option<Source>,
}

/// The stream that an event was relayed from, and its entry's place there: the term in which the entry was
/// put there, and its id. Places in one stream only grow, so that one that is not after the last is one that
/// was relayed twice. Ids alone may be lower in a later term.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Source {
    /// `ingress`, or the number of the partition whose outbox it was.
    pub stream: String,
    /// The term there.
    pub term: u64,
    /// The id there.
    pub id: EventId,
}

impl Source {
    /// Stands for the stream that back ends write.
    pub const INGRESS: &str = "ingress";

    /// `<stream> <term> <id>`, as in the field `source`.
    pub fn text(&self) -> String {
        format!("{} {}", self.stream, self.place())
    }

    /// `<term> <id>`, as scripts compare places (`lib/further`); without a term where it is from before
    /// there were terms.
    pub fn place(&self) -> String {
        if self.term == 0 { self.id.to_string() } else { format!("{} {}", self.term, self.id) }
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let (stream, place) = text.split_once(' ')?;
        let (term, id) = place.split_once(' ').unwrap_or(("0", place));
        Some(Self { stream: stream.to_owned(), term: term.parse().ok()?, id: id.parse().ok()? })
    }
}

impl Record {
    /// The id in the ingress of an event that came in there, now or before it was relayed on.
    pub fn ingress(&self) -> Option<EventId> {
        match (&self.source, &self.origin) {
            (Some(source), _) if source.stream == Source::INGRESS => Some(source.id),
            (_, Some(origin)) if origin.edge == Source::INGRESS => origin.connection.parse().ok(),
            _ => None,
        }
    }

    /// Whether the event comes from another partition, which has checked what is its to check.
    pub fn is_relayed(&self) -> bool {
        self.source.as_ref().is_some_and(|source| source.stream != Source::INGRESS)
    }
}

/// The edge and the connection that an event came from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The edge's incarnation.
    pub edge: String,
    /// The public Socket.IO id.
    pub connection: String,
}

impl Origin {
    /// `<edge>/<connection>`, as in the field `origin`.
    pub fn text(edge: &str, connection: &str) -> String {
        format!("{edge}/{connection}")
    }

    pub(crate) fn read(text: &str) -> Option<Self> {
        let (edge, connection) = text.split_once('/')?;
        Some(Self { edge: edge.to_owned(), connection: connection.to_owned() })
    }
}

/// An entry that is no record: a defect of who wrote it, or a foreign hand.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("entry {id}: field `{field}` is missing or malformed")]
pub struct BadRecord {
    /// The entry's id.
    pub id: EventId,
    /// The field at fault.
    pub field: &'static str,
    /// All fields and values, flat, for the dead letters.
    pub fields: Vec<String>,
}

impl Record {
    /// Reads an entry's fields. Values that are no UTF-8 are malformed.
    pub fn read(id: EventId, fields: Vec<String>) -> Result<Self, BadRecord> {
        let by_name: HashMap<&str, &str> =
            fields.chunks_exact(2).map(|pair| (pair[0].as_str(), pair[1].as_str())).collect();
        let bad = |field| BadRecord { id, field, fields: fields.clone() };
        let text =
            |field| by_name.get(field).map(|text| (*text).to_owned()).ok_or_else(|| bad(field));
        let source = by_name.get("source").map(|source| Source::read(source));
        Ok(Self {
            id,
            event: text("event")?,
            entity: text("entity")?,
            user: text("user")?.parse().map_err(|_| bad("user"))?,
            name: text("name")?,
            roles: text("roles")?,
            origin: Origin::read(&text("origin")?),
            ack: by_name.get("ack").and_then(|ack| ack.parse().ok()),
            payload: text("payload")?,
            source: source.map(|source| source.ok_or_else(|| bad("source"))).transpose()?,
        })
    }

    /// The record's fields, flat, as they stand in the stream.
    pub fn fields(&self) -> Vec<String> {
        let origin = self.origin.as_ref().map(|o| Origin::text(&o.edge, &o.connection));
        let mut fields = vec![
            ("event", self.event.clone()),
            ("entity", self.entity.clone()),
            ("user", self.user.to_string()),
            ("name", self.name.clone()),
            ("roles", self.roles.clone()),
            ("origin", origin.unwrap_or_default()),
        ];
        fields.extend(self.ack.map(|ack| ("ack", ack.to_string())));
        fields.push(("payload", self.payload.clone()));
        let source = self.source.as_ref().map(Source::text);
        fields.extend(source.map(|source| ("source", source)));
        fields.into_iter().flat_map(|(name, value)| [name.to_owned(), value]).collect()
    }
}

/// Entries of one stream out of the reply to `XREAD` (a map in RESP3, a list in RESP2) or `XRANGE`.
pub(crate) fn entries(reply: Value) -> Vec<(EventId, Vec<String>)> {
    let list = match reply {
        Value::Map(mut streams) => streams.pop().map(|(_, list)| list),
        Value::Array(mut streams) => match streams.pop() {
            Some(Value::Array(mut pair)) if pair.len() == 2 => pair.pop(),
            _ => None,
        },
        _ => None,
    };
    let Some(Value::Array(list)) = list else { return Vec::new() };
    list.into_iter().filter_map(entry).collect()
}

/// One entry `[id, [field, value, …]]`.
pub(crate) fn entry(value: Value) -> Option<(EventId, Vec<String>)> {
    let Value::Array(pair) = value else { return None };
    let [id, Value::Array(fields)] = <[Value; 2]>::try_from(pair).ok()? else { return None };
    let id = text(id)?.parse().ok()?;
    Some((id, fields.into_iter().map(|field| text(field).unwrap_or_default()).collect()))
}

/// A string out of a reply; nothing where it is no text.
pub(crate) fn text(value: Value) -> Option<String> {
    match value {
        Value::BulkString(bytes) => String::from_utf8(bytes).ok(),
        Value::SimpleString(text) => Some(text),
        Value::Int(number) => Some(number.to_string()),
        _ => None,
    }
}
