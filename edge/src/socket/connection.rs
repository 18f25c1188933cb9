//! The client's side of a Socket.IO session: reads packets, keeps the list of joined namespaces, and
//! puts binary packets together.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use hyper::http::request::Parts;
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::time::Instant;

use super::packet::{self, Kind, Packet};
use super::{Connect, Connection, Joining, Namespaces, Refusal};
use crate::close::Reason;
use crate::engine::{Application, Conversation, Flood, Settings, Transport};
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
    /// Some of them may not be answered yet.
    asking: bool,
    /// Until when the first namespace has to be joined; none once that was done.
    connect_by: Option<Instant>,
    partial: Option<Box<Partial>>,
    attachment_bytes_max: usize,
}

struct Joined<C> {
    namespace: Box<str>,
    seat: Arc<Mutex<Seat<C>>>,
}

/// What became of a CONNECT.
enum Seat<C> {
    /// It is not answered yet.
    Asked,
    /// It was taken.
    Taken(C),
    /// It was refused; the client may try again.
    Refused,
    /// The client was gone before it was answered.
    Over(Reason),
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

    fn open(
        &self,
        request: &Parts,
        peer: SocketAddr,
        outbox: &Arc<Outbox>,
    ) -> Result<Client<N>, Flood> {
        Ok(Client {
            namespaces: self.namespaces.clone(),
            outbox: outbox.clone(),
            opening: self.namespaces.open(request, peer)?,
            joined: Vec::new(),
            asking: false,
            connect_by: Some(Instant::now() + self.connect_timeout),
            partial: None,
            attachment_bytes_max: self.attachment_bytes_max,
        })
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
            None => {
                let by = self.connect_by.filter(|_| !self.has_joined());
                by.map(|by| (by, Reason::ConnectTimeout))
            }
        }
    }

    fn closed(self, reason: Reason) {
        self.joined.into_iter().for_each(|joined| joined.end(reason));
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
        if self.asking {
            self.look_at_answers();
        }
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
                self.joined.swap_remove(place).end(Reason::ClientDisconnect);
            }
            Kind::Event { event, .. } => {
                self.with(namespace, |connection| connection.event(event, attachments))?;
            }
            Kind::Ack { id, args, .. } => {
                self.with(namespace, |connection| connection.ack(id, &args, attachments))?;
            }
        }
        Ok(())
    }

    /// Asks the namespace, which may make the connection known to others before it answers. The
    /// answer is to reach the client before anything that those others send.
    fn join(&mut self, namespace: &str, auth: Option<&RawValue>, transport: Transport) {
        let hold = self.outbox.hold();
        let (opening, outbox) = (&self.opening, &self.outbox);
        let joining =
            self.namespaces.connect(Connect { namespace, auth, opening, outbox, transport });
        let seat = Arc::new(Mutex::new(Seat::Asked));
        self.joined.push(Joined { namespace: namespace.into(), seat: Arc::clone(&seat) });
        let (outbox, namespace) = (Arc::clone(outbox), Box::<str>::from(namespace));
        match joining {
            Joining::Now(answer) => settle(&seat, &outbox, hold, &namespace, answer),
            Joining::Later(answer) => drop(tokio::spawn(async move {
                settle(&seat, &outbox, hold, &namespace, answer.await);
            })),
        }
        self.asking = true;
    }

    /// Takes note of what became of CONNECTs.
    fn look_at_answers(&mut self) {
        self.joined.retain(|joined| !matches!(*joined.seat.lock(), Seat::Refused));
        self.asking = self.joined.iter().any(|joined| matches!(*joined.seat.lock(), Seat::Asked));
        if self.has_joined() {
            self.connect_by = None;
        }
    }

    fn has_joined(&self) -> bool {
        self.joined.iter().any(|joined| matches!(*joined.seat.lock(), Seat::Taken(_)))
    }

    fn find(&self, namespace: &str) -> Option<usize> {
        self.joined.iter().position(|joined| &*joined.namespace == namespace)
    }

    /// Whoever sends more before the CONNECT is answered does not speak the protocol.
    fn with(
        &self,
        namespace: &str,
        receive: impl FnOnce(&mut N::Connection),
    ) -> Result<(), Reason> {
        let place = self.find(namespace).ok_or(Reason::ParseError)?;
        match &mut *self.joined[place].seat.lock() {
            Seat::Taken(connection) => {
                receive(connection);
                Ok(())
            }
            _ => Err(Reason::ParseError),
        }
    }
}

impl<C: Connection> Joined<C> {
    /// Ends the connection, at once or when its CONNECT is answered.
    fn end(self, reason: Reason) {
        let before = std::mem::replace(&mut *self.seat.lock(), Seat::Over(reason));
        if let Seat::Taken(connection) = before {
            connection.closed(reason);
        }
    }
}

/// Puts the answer to a CONNECT where it belongs, if anybody still waits for it. A client that is told of
/// its connection finds it there.
fn settle<C: Connection>(
    seat: &Mutex<Seat<C>>,
    outbox: &Outbox,
    hold: u64,
    namespace: &str,
    answer: Result<C, Refusal>,
) {
    let mut seat = seat.lock();
    if let Seat::Over(reason) = *seat {
        outbox.release(hold, None);
        drop(seat);
        if let Ok(connection) = answer {
            connection.closed(reason);
        }
        return;
    }
    let frame = match answer {
        Ok(connection) => {
            let frame = packet::connected(namespace, connection.sid());
            *seat = Seat::Taken(connection);
            frame
        }
        Err(refusal) => {
            *seat = Seat::Refused;
            packet::refused(namespace, &refusal)
        }
    };
    outbox.release(hold, Some(frame));
}
