//! Socket.IO v5 packets, as clients send them, and those the server answers with.
//!
//! ```text
//! <type 0..6>[<attachments>-][<namespace>,][<ack id>][<JSON>]
//! attachments: types 5 and 6 only; namespace: absent for `/`; its comma is absent at the end
//! ```
//!
//! JSON is checked and cut into the items of its array, and otherwise left as the client wrote it.

use std::borrow::Cow;

use serde_json::Value;
use serde_json::value::RawValue;

use super::Refusal;
use crate::frame::Frame;

/// The most attachments of one packet. Each is held until the last has come.
const ATTACHMENTS_MAX: usize = 10;
/// The namespace that packets without one are for.
pub(crate) const ROOT: &str = "/";
/// Names of a client library's own events. A client that sends one is no such library.
const RESERVED: [&str; 6] =
    ["connect", "connect_error", "disconnect", "disconnecting", "newListener", "removeListener"];

/// One packet from a client.
#[derive(Debug)]
pub(crate) struct Packet<'a> {
    pub(crate) namespace: &'a str,
    pub(crate) kind: Kind<'a>,
}

/// What a packet says.
#[derive(Debug)]
pub(crate) enum Kind<'a> {
    /// The client wants to join; `auth` is a JSON object.
    Connect { auth: Option<&'a RawValue> },
    /// The client leaves.
    Disconnect,
    /// An event, of which `attachments` binary messages are still to come.
    Event { event: Event<'a>, attachments: usize },
    /// The answer to an event that the server sent.
    Ack { id: u64, args: Vec<&'a RawValue>, attachments: usize },
}

/// An event from a client.
#[derive(Debug)]
pub struct Event<'a> {
    /// Its name. One that is no valid Unicode has its faults replaced.
    pub name: Cow<'a, str>,
    /// The arguments after the name, as the client wrote them.
    pub args: Vec<&'a RawValue>,
    /// The id of the acknowledgement, if the client wants one.
    pub ack: Option<u64>,
}

/// The text was not a packet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Malformed;

impl<'a> Packet<'a> {
    /// Reads one packet.
    pub(crate) fn read(text: &'a str) -> Result<Packet<'a>, Malformed> {
        let digit = *text.as_bytes().first().ok_or(Malformed)?;
        if !digit.is_ascii_digit() {
            return Err(Malformed);
        }
        let rest = &text[1..];
        let (attachments, rest) = match digit {
            b'5' | b'6' => read_attachments(rest)?,
            _ => (0, rest),
        };
        let (namespace, rest) = read_namespace(rest);
        let (id, json) = read_id(rest)?;
        let kind = match (digit, id) {
            (b'0', None) => Kind::Connect { auth: read_auth(json)? },
            (b'1', None) if json.is_empty() => Kind::Disconnect,
            (b'2' | b'5', ack) => Kind::Event { event: read_event(json, ack)?, attachments },
            (b'3' | b'6', Some(id)) => Kind::Ack { id, args: read_items(json)?, attachments },
            _ => return Err(Malformed),
        };
        if attachments > 0 && !placeholders_fit(json, attachments) {
            return Err(Malformed);
        }
        Ok(Packet { namespace, kind })
    }
}

fn read_attachments(text: &str) -> Result<(usize, &str), Malformed> {
    let (count, rest) = text.split_once('-').ok_or(Malformed)?;
    if count.is_empty() || !count.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    match count.parse() {
        Ok(count @ 1..=ATTACHMENTS_MAX) => Ok((count, rest)),
        _ => Err(Malformed),
    }
}

fn read_namespace(text: &str) -> (&str, &str) {
    match text.starts_with('/') {
        true => text.split_once(',').unwrap_or((text, "")),
        false => (ROOT, text),
    }
}

fn read_id(text: &str) -> Result<(Option<u64>, &str), Malformed> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    if digits == 0 {
        return Ok((None, text));
    }
    let (id, json) = text.split_at(digits);
    Ok((Some(id.parse().map_err(|_| Malformed)?), json))
}

fn read_auth(json: &str) -> Result<Option<&RawValue>, Malformed> {
    if json.is_empty() {
        return Ok(None);
    }
    let auth: &RawValue = serde_json::from_str(json).map_err(|_| Malformed)?;
    match auth.get().starts_with('{') {
        true => Ok(Some(auth)),
        false => Err(Malformed),
    }
}

fn read_items(json: &str) -> Result<Vec<&RawValue>, Malformed> {
    serde_json::from_str(json).map_err(|_| Malformed)
}

fn read_event(json: &str, ack: Option<u64>) -> Result<Event<'_>, Malformed> {
    let mut args = read_items(json)?;
    if args.is_empty() {
        return Err(Malformed);
    }
    let name = read_name(args.remove(0).get())?;
    match RESERVED.contains(&name.as_ref()) {
        true => Err(Malformed),
        false => Ok(Event { name, args, ack }),
    }
}

/// A name is a string, or a number, which stands for its text.
fn read_name(json: &str) -> Result<Cow<'_, str>, Malformed> {
    let first = *json.as_bytes().first().ok_or(Malformed)?;
    if first == b'-' || first.is_ascii_digit() {
        return Ok(Cow::Borrowed(json));
    }
    if first != b'"' {
        return Err(Malformed);
    }
    let inner = &json[1..json.len() - 1];
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    // JSON may hold half of a surrogate pair, a Rust string may not: read it as bytes.
    let bytes: Bytes = serde_json::from_str(json).map_err(|_| Malformed)?;
    Ok(Cow::Owned(String::from_utf8_lossy(&bytes.0).into_owned()))
}

/// The bytes of a JSON string, in which lone surrogates stand as if they were characters.
struct Bytes(Vec<u8>);

impl<'de> serde::Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Bytes, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = Bytes;
            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string")
            }
            fn visit_bytes<E>(self, bytes: &[u8]) -> Result<Bytes, E> {
                Ok(Bytes(bytes.to_vec()))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// Whether each placeholder, however deep, names one of the attachments.
fn placeholders_fit(json: &str, attachments: usize) -> bool {
    fn fits(value: &Value, attachments: u64) -> bool {
        match value {
            Value::Array(items) => items.iter().all(|item| fits(item, attachments)),
            Value::Object(fields) if fields.get("_placeholder") == Some(&Value::Bool(true)) => {
                fields.get("num").and_then(Value::as_u64).is_some_and(|num| num < attachments)
            }
            Value::Object(fields) => fields.values().all(|field| fits(field, attachments)),
            _ => true,
        }
    }
    // The reader refuses what is nested too deeply to be walked.
    serde_json::from_str(json).is_ok_and(|value| fits(&value, attachments as u64))
}

/// The prefix of a packet: its type and namespace.
fn prefix(digit: char, namespace: &str) -> String {
    match namespace {
        ROOT => format!("4{digit}"),
        _ => format!("4{digit}{namespace},"),
    }
}

/// The answer to a CONNECT that was taken.
pub(crate) fn connected(namespace: &str, sid: &str) -> Frame {
    Frame::packet(&format!(r#"{}{{"sid":"{sid}"}}"#, prefix('0', namespace)))
}

/// The answer to a CONNECT that was refused: CONNECT_ERROR with the message, and what there is for
/// programs in `data`.
pub(crate) fn refused(namespace: &str, refusal: &Refusal) -> Frame {
    let message = Value::from(refusal.message.as_str());
    let retry = refusal.retry_after_ms.map(|ms| format!(r#","retryAfterMs":{ms}"#));
    let data = match refusal.code {
        Some(code) => {
            let code = Value::from(code);
            format!(r#","data":{{"code":{code}{}}}"#, retry.unwrap_or_default())
        }
        None => String::new(),
    };
    Frame::packet(&format!(r#"{}{{"message":{message}{data}}}"#, prefix('4', namespace)))
}

#[cfg(test)]
#[path = "packet_tests.rs"]
mod tests;
