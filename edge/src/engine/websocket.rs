//! A websocket session: one task that reads, writes and keeps time. It sleeps unless the client
//! sent something, something waits in the outbox, or the heartbeat is due.

use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::header::{CONNECTION, HeaderValue, SEC_WEBSOCKET_ACCEPT, SEC_WEBSOCKET_KEY, UPGRADE};
use hyper::upgrade::Upgraded;
use hyper::{Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::{Instant, Sleep, sleep_until};
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;

use super::packet::Packet;
use super::session::Session;
use super::wire::Wire;
use super::{Application, Engine, Transport, answer};
use crate::close::Reason;
use crate::frame::Frame;
use crate::outbox::{Outbox, Taken};

/// What a websocket is for.
pub(super) enum Task<A: Application> {
    /// To carry a session of its own.
    Open { conversation: A::Conversation, outbox: Arc<Outbox> },
    /// To carry a session on that polling carries so far.
    Upgrade(Arc<Session<A>>),
}

/// A session on its websocket.
struct Pump<A: Application, S> {
    engine: Arc<Engine<A>>,
    session: Arc<Session<A>>,
    wire: Wire<S>,
    /// When the session has to be looked at again.
    due: Instant,
}

impl<A: Application> Engine<A> {
    pub(super) fn open_websocket(
        self: &Arc<Self>,
        mut request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Full<Bytes>> {
        let response = switching_protocols(&request);
        let upgrade = hyper::upgrade::on(&mut request);
        let outbox = self.new_outbox();
        let (parts, _) = request.into_parts();
        let conversation = match self.application.open(&parts, peer, &outbox) {
            Ok(conversation) => conversation,
            Err(flood) => return answer::flooded(flood),
        };
        self.start(upgrade, Task::Open { conversation, outbox });
        response
    }

    /// Answers nothing: the task runs once the client has the 101. The socket is taken out of
    /// hyper, so that hyper's part of the connection is freed.
    pub(super) fn start(self: &Arc<Self>, upgrade: hyper::upgrade::OnUpgrade, task: Task<A>) {
        let engine = self.clone();
        tokio::spawn(async move {
            let Ok(upgraded) = upgrade.await else {
                return;
            };
            match upgraded.downcast::<TokioIo<TcpStream>>() {
                Ok(parts) => {
                    engine.run(task, parts.io.into_inner(), parts.read_buf.to_vec()).await;
                }
                Err(upgraded) => Box::pin(engine.run_wrapped(task, upgraded)).await,
            }
        });
    }

    /// Any other transport below HTTP, such as TLS.
    async fn run_wrapped(self: Arc<Self>, task: Task<A>, upgraded: Upgraded) {
        self.run(task, TokioIo::new(upgraded), Vec::new()).await;
    }

    async fn run<S>(self: Arc<Self>, task: Task<A>, io: S, already_read: Vec<u8>)
    where
        S: AsyncRead + AsyncWrite + Unpin + Send,
    {
        let mut wire = Wire::new(io, already_read, self.settings.payload_bytes_max).await;
        let session = match task {
            Task::Open { conversation, outbox } => {
                let session =
                    Session::new(&self.settings, Transport::WebSocket, conversation, outbox);
                let session = Arc::new(session);
                self.admit(&session, Transport::WebSocket);
                wire.batch().push_back(Frame::packet(&self.handshake(&session, "")));
                session
            }
            Task::Upgrade(session) => {
                if let Err(reason) = Box::pin(self.probe(&session, &mut wire)).await {
                    return Box::pin(wire.close(reason.websocket_code())).await;
                }
                session
            }
        };
        let mut pump = Pump { engine: self, session, wire, due: Instant::now() };
        let mut alarm = pin!(sleep_until(pump.due));
        let reason = std::future::poll_fn(|context| pump.poll(alarm.as_mut(), context)).await;
        let Pump { engine, session, wire, .. } = pump;
        engine.end(&session, reason);
        drop((engine, session));
        Box::pin(wire.close(reason.websocket_code())).await;
    }
}

impl<A: Application, S: AsyncRead + AsyncWrite + Unpin> Pump<A, S> {
    /// Ready when the session is over. Time is looked at before the messages, so that a pong that
    /// comes too late finds the session ended; the messages before the outbox, so that what they
    /// cause leaves in the same turn.
    fn poll(&mut self, alarm: Pin<&mut Sleep>, context: &mut Context<'_>) -> Poll<Reason> {
        let turn = self
            .judge(Instant::now())
            .and_then(|()| self.read(context))
            .and_then(|()| self.write(context))
            .and_then(|()| self.wait(alarm, context));
        match turn {
            Ok(()) => Poll::Pending,
            Err(reason) => Poll::Ready(reason),
        }
    }

    fn judge(&mut self, now: Instant) -> Result<(), Reason> {
        if self.due <= now {
            self.due = self.session.due(now)?;
        }
        match self.wire.stalled_since() {
            Some(since) if since + self.engine.settings.stall_timeout <= now => Err(Reason::Slow),
            _ => Ok(()),
        }
    }

    fn read(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        while let Poll::Ready(message) = self.wire.poll_read(context) {
            self.engine.meters.received.increment(1);
            match message? {
                Message::Text(text) => self.receive(text.as_str())?,
                Message::Binary(data) => self.session.binary(data)?,
                _ => {}
            }
        }
        Ok(())
    }

    fn receive(&mut self, text: &str) -> Result<(), Reason> {
        match Packet::read(text).map_err(|_| Reason::ParseError)? {
            Packet::Message(text) => self.session.text(text),
            Packet::Pong => {
                self.due = self.due.min(self.session.pong());
                Ok(())
            }
            Packet::Close => Err(Reason::TransportClose),
            Packet::Ping(_) => Err(Reason::ParseError),
            Packet::Binary(_) | Packet::Upgrade | Packet::Noop => Ok(()),
        }
    }

    fn write(&mut self, context: &mut Context<'_>) -> Result<(), Reason> {
        loop {
            match self.wire.poll_write(context) {
                Poll::Ready(Ok(())) => {}
                Poll::Ready(Err(_)) => return Err(Reason::TransportError),
                Poll::Pending => {
                    return self.session.outbox.watch(context).map_or(Ok(()), Err);
                }
            }
            let batch = self.wire.batch();
            match self.session.outbox.poll_take(context, batch, usize::MAX) {
                Poll::Ready(Taken::Frames) => {
                    self.engine.meters.sent.increment(batch.len() as u64);
                }
                Poll::Ready(Taken::Closed(reason)) => return Err(reason),
                Poll::Pending => return Ok(()),
            }
        }
    }

    /// Sets the alarm. One that rings too early costs a look; it is moved only if it would be late.
    fn wait(
        &mut self,
        mut alarm: Pin<&mut Sleep>,
        context: &mut Context<'_>,
    ) -> Result<(), Reason> {
        loop {
            let stall = self.wire.stalled_since();
            let stall = stall.map(|since| since + self.engine.settings.stall_timeout);
            let wake = stall.map_or(self.due, |stall| stall.min(self.due));
            if wake < alarm.deadline() || alarm.is_elapsed() {
                alarm.as_mut().reset(wake);
            }
            if alarm.as_mut().poll(context).is_pending() {
                return Ok(());
            }
            self.judge(Instant::now())?;
        }
    }
}

/// The 101 for a request that was checked to be a websocket's.
pub(super) fn switching_protocols(request: &Request<Incoming>) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = StatusCode::SWITCHING_PROTOCOLS;
    let key = request.headers().get(SEC_WEBSOCKET_KEY).map_or(&[][..], HeaderValue::as_bytes);
    let accept =
        HeaderValue::from_str(&derive_accept_key(key)).expect("base64 is allowed in a header");
    let headers = response.headers_mut();
    headers.insert(UPGRADE, HeaderValue::from_static("websocket"));
    headers.insert(CONNECTION, HeaderValue::from_static("Upgrade"));
    headers.insert(SEC_WEBSOCKET_ACCEPT, accept);
    response
}
