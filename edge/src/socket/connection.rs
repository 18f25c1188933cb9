//! The client's side of a Socket.IO session: reads packets, keeps the list of joined namespaces, and
//! puts binary packets together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::http::request::Parts;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::packet::{self, Kind, Packet};
use super::{Connect, Connection, Namespaces};
use crate::close::Reason;
use crate::engine::{Application, Conversation, Settings, Transport};
use crate::outbox::Outbox;

/// How long the attachments of a packet may take to arrive.
const ATTACHMENTS_TIMEOUT: Duration = Duration::from_secs(30);

/// Socket.IO as an application of Engine.IO.
pub struct SocketIo<N> {
    namespaces: Arc<N>,
    connect_timeout: Duration,
    attachment_bytes_max: usize,
}

/// One session's part of it.
pub struct Client<N: Namespaces> {
    namespaces: Arc<N>,
    outbox: Arc<Outbox>,
    opening: N::Opening,
    /// Mostly one, so a list beats a map.
    joined: Vec<Joined<N::Connection>>,
    /// Until when the first namespace has to be joined; none once that was done.
    connect_by: Option<Instant>,
    partial: Option<Box<Partial>>,
    attachment_bytes_max: usize,
}

struct Joined<C> {
    namespace: Box<str>,
    connection: C,
}

/// A binary packet whose attachments are still coming. Nothing else may come between.
struct Partial {
    text: Box<str>,
    count: usize,
    attachments: Vec<Bytes>,
    size: usize,
    by: Instant,
}

impl<N: Namespaces> SocketIo<N> {
    /// Puts these namespaces on Engine.IO with these settings.
    pub fn new(namespaces: N, settings: &Settings) -> SocketIo<N> {
        SocketIo {
            namespaces: Arc::new(namespaces),
            connect_timeout: settings.connect_timeout,
            attachment_bytes_max: settings.payload_bytes_max,
        }
    }
}

impl<N: Namespaces> Application for SocketIo<N> {
    type Conversation = Client<N>;

    fn open(&self, request: &Parts, peer: SocketAddr, outbox: &Arc<Outbox>) -> Client<N> {
        Client {
            namespaces: self.namespaces.clone(),
            outbox: outbox.clone(),
            opening: self.namespaces.open(request, peer),
            joined: Vec::new(),
            connect_by: Some(Instant::now() + self.connect_timeout),
            partial: None,
            attachment_bytes_max: self.attachment_bytes_max,
        }
    }
}

impl<N: Namespaces> Conversation for Client<N> {
    fn text(&mut self, text: &str, transport: Transport) -> Result<(), Reason> {
        if self.partial.is_some() {
            return Err(Reason::ParseError);
        }
        let packet = Packet::read(text).map_err(|_| Reason::ParseError)?;
        match packet.kind {
            Kind::Event { attachments: 1.., .. } | Kind::Ack { attachments: 1.., .. } => {
                self.begin_binary(text, &packet);
                Ok(())
            }
            _ => self.packet(packet, &[], transport),
        }
    }

    fn binary(&mut self, data: Bytes, transport: Transport) -> Result<(), Reason> {
        let partial = self.partial.as_mut().ok_or(Reason::ParseError)?;
        partial.size += data.len();
        if partial.size > self.attachment_bytes_max {
            return Err(Reason::TooLarge);
        }
        // A copy: what arrived is a slice that would keep the whole read buffer alive.
        partial.attachments.push(Bytes::copy_from_slice(&data));
        if partial.attachments.len() < partial.count {
            return Ok(());
        }
        let Some(partial) = self.partial.take() else {
            return Ok(());
        };
        let packet = Packet::read(&partial.text).map_err(|_| Reason::ParseError)?;
        self.packet(packet, &partial.attachments, transport)
    }

    fn deadline(&self) -> Option<(Instant, Reason)> {
        match &self.partial {
            Some(partial) => Some((partial.by, Reason::ParseError)),
            None => self.connect_by.map(|by| (by, Reason::ConnectTimeout)),
        }
    }

    fn closed(self, reason: Reason) {
        for joined in self.joined {
            joined.connection.closed(reason);
        }
    }
}

impl<N: Namespaces> Client<N> {
    fn begin_binary(&mut self, text: &str, packet: &Packet<'_>) {
        let (Kind::Event { attachments, .. } | Kind::Ack { attachments, .. }) = &packet.kind else {
            return;
        };
        self.partial = Some(Box::new(Partial {
            text: text.into(),
            count: *attachments,
            attachments: Vec::with_capacity(*attachments),
            size: 0,
            by: Instant::now() + ATTACHMENTS_TIMEOUT,
        }));
    }

    fn packet(
        &mut self,
        packet: Packet<'_>,
        attachments: &[Bytes],
        transport: Transport,
    ) -> Result<(), Reason> {
        let namespace = packet.namespace;
        match packet.kind {
            Kind::Connect { auth } => {
                if self.find(namespace).is_some() {
                    return Err(Reason::ParseError);
                }
                self.join(namespace, auth, transport);
            }
            Kind::Disconnect => {
                let place = self.find(namespace).ok_or(Reason::ParseError)?;
                self.joined.swap_remove(place).connection.closed(Reason::ClientDisconnect);
            }
            Kind::Event { event, .. } => {
                let place = self.find(namespace).ok_or(Reason::ParseError)?;
                self.joined[place].connection.event(event, attachments);
            }
            Kind::Ack { id, args, .. } => {
                let place = self.find(namespace).ok_or(Reason::ParseError)?;
                self.joined[place].connection.ack(id, &args, attachments);
            }
        }
        Ok(())
    }

    /// Asks the namespace, which may make the connection known to others before it returns. The
    /// answer is to reach the client before anything that those others send.
    fn join(&mut self, namespace: &str, auth: Option<&RawValue>, transport: Transport) {
        self.outbox.hold();
        let (opening, outbox) = (&self.opening, &self.outbox);
        let request = Connect { namespace, auth, opening, outbox, transport };
        let answer = match self.namespaces.connect(request) {
            Ok(connection) => {
                let answer = packet::connected(namespace, connection.sid());
                self.joined.push(Joined { namespace: namespace.into(), connection });
                self.connect_by = None;
                answer
            }
            Err(refusal) => packet::refused(namespace, &refusal.message, refusal.code),
        };
        self.outbox.release(answer);
    }

    fn find(&self, namespace: &str) -> Option<usize> {
        self.joined.iter().position(|joined| &*joined.namespace == namespace)
    }
}
