//! The product's namespace `/`: checks the token of a CONNECT and hands the connection to the core.
//! There is no other namespace, and no event with binary attachments.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::header::AUTHORIZATION;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;

use super::packet::ROOT;
use super::{Connect, Connection, Event, Namespaces, Refusal};
use crate::auth::{Rejected, Verifier};
use crate::close::Reason;
use crate::core::{self, Core, Refused};
use crate::frame::Frame;
use crate::outbox::Outbox;

/// What stands behind `/`.
pub struct Product {
    verifier: Arc<Verifier>,
    core: Arc<Core>,
}

/// The bearer token of the request that opened the session.
pub struct Bearer(Option<Box<str>>);

/// A connection of the core, and the way to answer it.
pub struct Member {
    connection: core::Connection,
    outbox: Arc<Outbox>,
}

impl Product {
    /// Lets in who has a token that `verifier` takes, and that the core has room for.
    pub fn new(verifier: Arc<Verifier>, core: Arc<Core>) -> Product {
        Product { verifier, core }
    }
}

impl Namespaces for Product {
    type Opening = Bearer;
    type Connection = Member;

    fn open(&self, request: &Parts, _peer: SocketAddr) -> Bearer {
        let header = request.headers.get(AUTHORIZATION).and_then(|header| header.to_str().ok());
        let token = header.and_then(|header| header.split_once(' ')).and_then(|(scheme, token)| {
            scheme.eq_ignore_ascii_case("bearer").then(|| token.trim().into())
        });
        Bearer(token)
    }

    fn connect(&self, request: Connect<'_, Bearer>) -> Result<Member, Refusal> {
        if request.namespace != ROOT {
            return Err(Refusal { message: "Invalid namespace".to_owned(), code: None });
        }
        let token = token(request.auth)?;
        let token = token.as_deref().or(request.opening.0.as_deref());
        let claims = self.verifier.verify(token)?;
        let outbox = request.outbox.clone();
        let connection = self.core.connect(claims, outbox.clone())?;
        Ok(Member { connection, outbox })
    }
}

/// The token in the payload of a CONNECT.
fn token(auth: Option<&RawValue>) -> Result<Option<Cow<'_, str>>, Rejected> {
    #[derive(Deserialize)]
    struct Auth<'a> {
        #[serde(borrow, default)]
        token: Option<Cow<'a, str>>,
    }
    let Some(auth) = auth else {
        return Ok(None);
    };
    serde_json::from_str::<Auth<'_>>(auth.get())
        .map(|auth| auth.token)
        .map_err(|_| Rejected::Invalid("auth.token is not a string"))
}

impl Connection for Member {
    fn sid(&self) -> &str {
        self.connection.sid()
    }

    fn event(&mut self, event: Event<'_>, attachments: &[Bytes]) {
        if attachments.is_empty() {
            self.connection.event(&event.name, &event.args, event.ack);
        } else {
            self.outbox.push(refuse_binary(&event));
        }
    }

    /// The product sends no event that asks for an answer.
    fn ack(&mut self, _id: u64, _args: &[&RawValue], _attachments: &[Bytes]) {}

    fn closed(self, reason: Reason) {
        self.connection.closed(reason.as_str());
    }
}

fn refuse_binary(event: &Event<'_>) -> Frame {
    let code = "invalid-payload";
    let message = "events take no binary attachments";
    match event.ack {
        Some(id) => {
            let answer = json!({ "ok": false, "error": { "code": code, "message": message } });
            Frame::ack(id, &answer.to_string())
        }
        None => {
            let error = json!({ "event": event.name, "code": code, "message": message });
            Frame::event(&json!(["error", error]).to_string())
        }
    }
}

impl From<Rejected> for Refusal {
    fn from(rejected: Rejected) -> Refusal {
        Refusal { message: rejected.message(), code: Some(rejected.code()) }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        let (message, code) = match refused {
            Refused::TooMany => ("too many connections of this user", "rate-limited"),
            Refused::Unavailable => ("the service is not available now", "unavailable"),
        };
        Refusal { message: message.to_owned(), code: Some(code) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn the_token_is_read_from_the_payload() {
        assert_eq!(token(Some(raw(r#"{"token":"abc","x":1}"#))).unwrap().as_deref(), Some("abc"));
        assert_eq!(token(Some(raw(r#"{"token":"a\u0062c"}"#))).unwrap().as_deref(), Some("abc"));
    }

    #[test]
    fn without_a_token_in_the_payload_the_header_counts() {
        assert!(matches!(token(None), Ok(None)));
        assert!(matches!(token(Some(raw("{}"))), Ok(None)));
        assert!(matches!(token(Some(raw(r#"{"token":null}"#))), Ok(None)));
    }

    #[test]
    fn a_token_that_is_no_string_is_invalid() {
        for auth in [r#"{"token":1}"#, r#"{"token":{}}"#, r#"{"token":"\ud800"}"#] {
            assert!(matches!(token(Some(raw(auth))), Err(Rejected::Invalid(_))), "{auth}");
        }
    }

    #[test]
    fn binary_is_refused_where_the_client_looks_for_it() {
        let event = |ack| Event { name: Cow::Borrowed("a\"b"), args: Vec::new(), ack };
        let error = r#"{"code":"invalid-payload","message":"events take no binary attachments"}"#;
        let acked = Frame::ack(7, &format!(r#"{{"error":{error},"ok":false}}"#));
        assert_eq!(refuse_binary(&event(Some(7))), acked);
        let expected = r#"["error",{"code":"invalid-payload","event":"a\"b","message":"events take no binary attachments"}]"#;
        assert_eq!(refuse_binary(&event(None)), Frame::event(expected));
    }
}
