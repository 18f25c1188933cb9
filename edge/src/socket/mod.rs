//! Socket.IO v5: namespaces, events and acknowledgements on top of an Engine.IO session. What a
//! namespace is for is the business of [`Namespaces`]; the product's is [`Product`].

mod connection;
mod packet;
mod product;

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;
use hyper::http::request::Parts;
use serde_json::value::RawValue;

pub use self::connection::SocketIo;
pub use self::packet::Event;
pub use self::product::Product;
use crate::close::Reason;
use crate::engine::{Flood, Transport};
use crate::outbox::Outbox;

/// What stands behind the namespaces of a server.
pub trait Namespaces: Send + Sync + 'static {
    /// What is kept of the request that opened the session, for each later CONNECT.
    type Opening: Send + 'static;
    /// A connection: one client in one namespace.
    type Connection: Connection;

    /// A session opens, unless too many do.
    fn open(&self, request: &Parts, peer: SocketAddr) -> Result<Self::Opening, Flood>;

    /// A client wants to join. A refusal leaves the transport as it is, and the client may try again.
    /// Frames that anyone pushes to the outbox from here on reach the client after the answer to its
    /// CONNECT.
    fn connect(&self, request: Connect<'_, Self::Opening>) -> Joining<Self::Connection>;
}

/// The answer to a CONNECT.
pub enum Joining<C> {
    /// It is there.
    Now(Result<C, Refusal>),
    /// It comes later. It is waited for to the end, whatever becomes of the session meanwhile.
    Later(Pin<Box<dyn Future<Output = Result<C, Refusal>> + Send>>),
}

/// One connection. Dropping it without [`Connection::closed`] happens only if the process ends.
pub trait Connection: Send + 'static {
    /// The public id, which the client is told.
    fn sid(&self) -> &str;

    /// An event. `attachments` is empty unless it came as a binary packet.
    fn event(&mut self, event: Event<'_>, attachments: &[Bytes]);

    /// The answer to an event that the server sent. Unknown and repeated ids are to be ignored.
    fn ack(&mut self, id: u64, args: &[&RawValue], attachments: &[Bytes]);

    /// The connection ended.
    fn closed(self, reason: Reason);
}

/// A CONNECT packet.
pub struct Connect<'a, O> {
    /// The namespace, with its leading slash.
    pub namespace: &'a str,
    /// The packet's payload: a JSON object.
    pub auth: Option<&'a RawValue>,
    /// What was kept of the request that opened the session.
    pub opening: &'a O,
    /// Leads to the client.
    pub outbox: &'a Arc<Outbox>,
    /// What carries the session now.
    pub transport: Transport,
}

/// Why a client may not join; it sees both parts.
#[derive(Debug)]
pub struct Refusal {
    /// A sentence.
    pub message: String,
    /// A word for programs, sent as `data.code`.
    pub code: Option<&'static str>,
    /// When another try makes sense, sent as `data.retryAfterMs`.
    pub retry_after_ms: Option<u64>,
}
