//! HTTP long-polling: a GET waits for what the session has to say, a POST brings what the client
//! says. One of each may be under way; a second is taken for a broken client and ends the session.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use bytes::{BufMut, Bytes, BytesMut};
use http_body_util::{BodyExt, Full, LengthLimitError, Limited};
use hyper::body::{Body, Incoming};
use hyper::header::CONTENT_TYPE;
use hyper::{Request, Response};
use tokio::time::{Instant, Sleep, sleep_until, timeout};

use super::answer::{self, Error};
use super::packet::{Packet, SEPARATOR};
use super::session::{Direction, Phase, Session};
use super::{Application, Engine, Transport};
use crate::close::Reason;
use crate::frame::Frame;
use crate::outbox::Taken;

/// The most packets in one response: Python clients refuse more and disconnect.
const RESPONSE_PACKETS_MAX: usize = 16;
/// How long a GET is held while an upgrade is under way. It gives the client's last upgrade packet
/// time to arrive first, and keeps a client that waits for the GET from waiting long.
const UPGRADE_HOLD: Duration = Duration::from_millis(100);

const CLOSE: &str = "1";
const NOOP: &str = "6";

/// A request under way. If it is dropped before it is done, the client went away in the middle,
/// and the session ends.
struct Underway<'a, A: Application> {
    engine: &'a Engine<A>,
    session: &'a Session<A>,
    direction: Direction,
    is_done: bool,
}

impl<A: Application> Engine<A> {
    pub(super) fn open_polling(
        self: &Arc<Self>,
        request: Request<Incoming>,
        peer: SocketAddr,
    ) -> Response<Full<Bytes>> {
        let outbox = self.new_outbox();
        let (parts, _) = request.into_parts();
        let conversation = match self.application.open(&parts, peer, &outbox) {
            Ok(conversation) => conversation,
            Err(flood) => return answer::flooded(flood),
        };
        let session = Session::new(&self.settings, Transport::Polling, conversation, outbox);
        let session = Arc::new(session);
        let handshake = self.handshake(&session, r#""websocket""#);
        self.admit(&session, Transport::Polling);
        answer::payload(handshake)
    }

    pub(super) async fn get(&self, session: Arc<Session<A>>) -> Response<Full<Bytes>> {
        if let Phase::Closed { reason, .. } = session.phase() {
            return self.late(&session, reason);
        }
        if !self.is_alive(&session) {
            return answer::error(Error::UnknownSession);
        }
        let Some(underway) = Underway::begin(self, &session, Direction::Get) else {
            self.end(&session, Reason::Overlap);
            return answer::error(Error::BadRequest);
        };
        let since = Instant::now();
        let mut alarm = pin!(sleep_until(since));
        let mut batch = VecDeque::new();
        let answer = std::future::poll_fn(|context| {
            self.poll_get(&session, since, alarm.as_mut(), &mut batch, context)
        })
        .await;
        underway.done();
        answer
    }

    fn poll_get(
        &self,
        session: &Session<A>,
        since: Instant,
        mut alarm: Pin<&mut Sleep>,
        batch: &mut VecDeque<Frame>,
        context: &mut Context<'_>,
    ) -> Poll<Response<Full<Bytes>>> {
        loop {
            let now = Instant::now();
            let mut look_again = session.due(now).unwrap_or_else(|reason| {
                self.end(session, reason);
                now
            });
            let (phase, taken) = session.poll_take(context, batch, RESPONSE_PACKETS_MAX);
            match (phase, taken) {
                (Phase::WebSocket, _) => return Poll::Ready(answer::error(Error::BadRequest)),
                (Phase::Closed { reason: Reason::TransportClose, .. }, _) => {
                    self.sessions.remove(&session.sid);
                    return Poll::Ready(answer::payload(NOOP));
                }
                (_, Poll::Ready(Taken::Frames)) => return Poll::Ready(self.payload(batch)),
                (_, Poll::Ready(Taken::Closed(reason))) => {
                    self.end(session, reason);
                    self.sessions.remove(&session.sid);
                    return Poll::Ready(answer::payload(CLOSE));
                }
                (_, Poll::Pending) => {}
            }
            if let Phase::Upgrading { probed: Some(probed) } = phase {
                // A client that sent its probe waits for the GET it had before.
                let hold = if since < probed { now } else { since + UPGRADE_HOLD };
                if hold <= now {
                    return Poll::Ready(answer::payload(NOOP));
                }
                look_again = look_again.min(hold);
            }
            alarm.as_mut().reset(look_again);
            ready!(alarm.as_mut().poll(context));
        }
    }

    /// A GET of a session that is over: what it still has to say, once.
    fn late(&self, session: &Session<A>, reason: Reason) -> Response<Full<Bytes>> {
        let mut batch = VecDeque::new();
        let mut context = Context::from_waker(std::task::Waker::noop());
        let (_, taken) = session.poll_take(&mut context, &mut batch, RESPONSE_PACKETS_MAX);
        if let Poll::Ready(Taken::Frames) = taken {
            return self.payload(&batch);
        }
        match (self.sessions.remove(&session.sid), reason) {
            (false, _) => answer::error(Error::UnknownSession),
            (true, Reason::TransportClose) => answer::payload(NOOP),
            (true, _) => answer::payload(CLOSE),
        }
    }

    fn payload(&self, batch: &VecDeque<Frame>) -> Response<Full<Bytes>> {
        self.meters.sent.increment(batch.len() as u64);
        let size: usize = batch.iter().map(Frame::size).sum();
        let mut body = BytesMut::with_capacity(size);
        for (index, frame) in batch.iter().enumerate() {
            if index > 0 {
                body.put_u8(SEPARATOR);
            }
            frame.write_polling(&mut body);
        }
        answer::payload(body)
    }

    pub(super) async fn post(
        &self,
        session: Arc<Session<A>>,
        request: Request<Incoming>,
    ) -> Response<Full<Bytes>> {
        if !self.is_alive(&session) {
            return answer::error(Error::UnknownSession);
        }
        let Some(underway) = Underway::begin(self, &session, Direction::Post) else {
            self.end(&session, Reason::Overlap);
            return answer::error(Error::BadRequest);
        };
        let is_octets = request
            .headers()
            .get(CONTENT_TYPE)
            .is_some_and(|kind| kind == "application/octet-stream");
        if is_octets {
            self.end(&session, Reason::ParseError);
            return answer::error(Error::BadRequest);
        }
        let limit = self.settings.payload_bytes_max;
        if request.body().size_hint().lower() > limit as u64 {
            underway.done();
            return answer::too_large();
        }
        let body = Limited::new(request.into_body(), limit).collect();
        let body = match timeout(self.settings.stall_timeout, body).await {
            Ok(Ok(body)) => body.to_bytes(),
            Ok(Err(error)) if error.is::<LengthLimitError>() => {
                underway.done();
                return answer::too_large();
            }
            Ok(Err(_)) | Err(_) => {
                self.end(&session, Reason::TransportError);
                return answer::error(Error::BadRequest);
            }
        };
        let result = self.receive_payload(&session, &body);
        underway.done();
        match result {
            Ok(()) => answer::taken(),
            Err(reason) => {
                self.end(&session, reason);
                match reason {
                    Reason::TransportClose => answer::taken(),
                    _ => answer::error(Error::BadRequest),
                }
            }
        }
    }

    fn receive_payload(&self, session: &Session<A>, body: &[u8]) -> Result<(), Reason> {
        let text = std::str::from_utf8(body).map_err(|_| Reason::ParseError)?;
        for packet in text.split(char::from(SEPARATOR)) {
            self.meters.received.increment(1);
            match Packet::read_polled(packet).map_err(|_| Reason::ParseError)? {
                Packet::Message(text) => session.text(text)?,
                Packet::Binary(data) => session.binary(data)?,
                Packet::Pong => drop(session.pong()),
                Packet::Close => return Err(Reason::TransportClose),
                Packet::Ping(_) => return Err(Reason::ParseError),
                Packet::Upgrade | Packet::Noop => {}
            }
        }
        Ok(())
    }
}

impl<'a, A: Application> Underway<'a, A> {
    fn begin(
        engine: &'a Engine<A>,
        session: &'a Session<A>,
        direction: Direction,
    ) -> Option<Underway<'a, A>> {
        session.lock(direction).then(|| Underway { engine, session, direction, is_done: false })
    }

    fn done(mut self) {
        self.is_done = true;
    }
}

impl<A: Application> Drop for Underway<'_, A> {
    fn drop(&mut self) {
        self.session.unlock(self.direction);
        if !self.is_done {
            self.engine.end(self.session, Reason::TransportError);
        }
    }
}
