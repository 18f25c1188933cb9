//! The product's namespace `/`: checks the token of a CONNECT and hands the connection to the core,
//! unless its address or its user has too many. There is no other namespace, and no event with binary
//! attachments.

use std::borrow::Cow;
use std::net::SocketAddr;
use std::sync::Arc;

use bytes::Bytes;
use hyper::http::request::Parts;
use serde::Deserialize;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Mutex;

use super::packet::ROOT;
use super::{Connect, Connection, Event, Joining, Namespaces, Refusal};
use crate::auth::{Rejected, bearer};
use crate::close::Reason;
use crate::core::{self, Core, Refused};
use crate::engine::{Flood, Transport};
use crate::frame::Frame;
use crate::limits::{Limited, Pending};
use crate::outbox::Outbox;

/// What stands behind `/`.
pub struct Product {
    door: Arc<Door>,
}

struct Door {
    core: Arc<Core>,
}

/// What is kept of the request that opened the session.
pub struct Opening {
    bearer: Option<Box<str>>,
    visitor: Arc<Visitor>,
}

/// Where a session comes from.
struct Visitor {
    address: Box<str>,
    /// The verdict on its handshake, until that was let through.
    handshake: Mutex<Handshake>,
}

enum Handshake {
    Judged(Pending),
    Refused,
    Passed,
}

/// A connection of the core, and the way to answer it.
pub struct Member {
    connection: core::Connection,
    outbox: Arc<Outbox>,
}

impl Product {
    /// Lets in who has a token that the core takes, and that it has room for.
    pub fn new(core: Arc<Core>) -> Product {
        Product { door: Arc::new(Door { core }) }
    }
}

impl Namespaces for Product {
    type Opening = Opening;
    type Connection = Member;

    fn open(&self, request: &Parts, peer: SocketAddr) -> Result<Opening, Flood> {
        let limits = &self.door.core.limits;
        let address = limits.address(peer, &request.headers);
        let handshake = limits.handshake(&address);
        let handshake = handshake
            .map_err(|limited| Flood { retry_after_ms: limited.retry_after_ms })
            .map(|pending| Mutex::new(Handshake::Judged(pending)))?;
        let bearer = bearer(&request.headers).map(Into::into);
        Ok(Opening { bearer, visitor: Arc::new(Visitor { address, handshake }) })
    }

    fn connect(&self, request: Connect<'_, Opening>) -> Joining<Member> {
        if request.namespace != ROOT {
            let message = "Invalid namespace".to_owned();
            return Joining::Now(Err(Refusal { message, code: None, retry_after_ms: None }));
        }
        let token = token(request.auth).map(|token| {
            token
                .map(Cow::into_owned)
                .or_else(|| request.opening.bearer.as_deref().map(str::to_owned))
        });
        let (door, visitor) = (Arc::clone(&self.door), Arc::clone(&request.opening.visitor));
        let (outbox, transport) = (Arc::clone(request.outbox), request.transport);
        Joining::Later(Box::pin(
            async move { door.enter(&visitor, token, outbox, transport).await },
        ))
    }
}

impl Door {
    async fn enter(
        &self,
        visitor: &Visitor,
        token: Result<Option<String>, Rejected>,
        outbox: Arc<Outbox>,
        transport: Transport,
    ) -> Result<Member, Refusal> {
        let limits = &self.core.limits;
        {
            let mut handshake = visitor.handshake.lock().await;
            let verdict = match std::mem::replace(&mut *handshake, Handshake::Refused) {
                Handshake::Passed => Ok(()),
                Handshake::Judged(pending) => pending.verdict().await,
                Handshake::Refused => limits.handshake_again(&visitor.address).verdict().await,
            };
            verdict.map_err(too_many_connections)?;
            *handshake = Handshake::Passed;
        }
        let claims = match token.and_then(|token| self.core.verifier.verify(token.as_deref())) {
            Ok(claims) => claims,
            Err(rejected) => {
                // A good token is let in all the same: others may share the address.
                let told = limits.refused(&visitor.address).verdict().await;
                return Err(told.map_or_else(too_many_refused, |()| rejected.into()));
            }
        };
        let connection = self.core.connect(claims, transport, Arc::clone(&outbox)).await?;
        Ok(Member { connection, outbox })
    }
}

fn too_many_connections(limited: Limited) -> Refusal {
    rate_limited("too many connections from this address", Some(limited.retry_after_ms))
}

fn too_many_refused(limited: Limited) -> Refusal {
    rate_limited("too many refused connections from this address", Some(limited.retry_after_ms))
}

fn rate_limited(message: &str, retry_after_ms: Option<u64>) -> Refusal {
    Refusal { message: message.to_owned(), code: Some("rate-limited"), retry_after_ms }
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
        let (message, code) = (rejected.message(), Some(rejected.code()));
        Refusal { message, code, retry_after_ms: None }
    }
}

impl From<Refused> for Refusal {
    fn from(refused: Refused) -> Refusal {
        match refused {
            Refused::TooMany => rate_limited("too many connections of this user", None),
            Refused::Unavailable { retry_after_ms } => Refusal {
                message: "the service is not available now".to_owned(),
                code: Some("unavailable"),
                retry_after_ms: Some(retry_after_ms),
            },
        }
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
