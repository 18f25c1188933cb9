//! One Engine.IO session: which transport carries it, when it is late, and what runs on top of it.
//!
//! ```text
//! polling --probe--> upgrading --5--> websocket
//!    ^-------failed------'
//! any of these --------------------> closed
//! ```
//!
//! A session has no task of its own. Its transport holds it: the websocket's task, or whichever
//! request of a polling client is there. What is due is judged whenever one of them looks.

use std::collections::VecDeque;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use parking_lot::Mutex;
use tokio::time::Instant;

use super::heartbeat::{Due, Heartbeat};
use super::registry::Sid;
use super::{Application, Conversation, Settings, Transport};
use crate::close::Reason;
use crate::frame::Frame;
use crate::outbox::{Outbox, Taken};

/// How long the answer to a GET that crossed the client's own close is kept.
const CROSSED_CLOSE: Duration = Duration::from_millis(100);
/// How long the server's goodbye waits for a polling client's next GET.
const FAREWELL: Duration = Duration::from_secs(30);

/// A session, shared by the registry and its transport.
pub(crate) struct Session<A: Application> {
    pub(crate) sid: Sid,
    pub(crate) outbox: Arc<Outbox>,
    state: Mutex<State<A::Conversation>>,
}

struct State<C> {
    phase: Phase,
    heartbeat: Heartbeat,
    /// Gone once the session has closed.
    conversation: Option<C>,
    getting: bool,
    posting: bool,
}

/// Where a session stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Carried by GETs and POSTs.
    Polling,
    /// Still carried by them, while a websocket is tried. `probed` is when the probe came.
    Upgrading { probed: Option<Instant> },
    /// Carried by a websocket.
    WebSocket,
    /// Over. Until then a late GET may still be told why.
    Closed { reason: Reason, until: Instant },
}

/// Which of a polling session's two locks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Direction {
    Get,
    Post,
}

/// What came of closing a session.
pub(crate) struct Closing<C> {
    pub(crate) conversation: C,
    pub(crate) transport: Transport,
    /// Whether a polling client may still come for the goodbye.
    pub(crate) lingers: bool,
}

impl<A: Application> Session<A> {
    pub(crate) fn new(
        settings: &Settings,
        transport: Transport,
        conversation: A::Conversation,
        outbox: Arc<Outbox>,
    ) -> Session<A> {
        let now = Instant::now();
        let phase = match transport {
            Transport::Polling => Phase::Polling,
            Transport::WebSocket => Phase::WebSocket,
        };
        Session {
            sid: Sid::random(),
            outbox,
            state: Mutex::new(State {
                phase,
                heartbeat: Heartbeat::new(settings.ping_interval, settings.ping_timeout, now),
                conversation: Some(conversation),
                getting: false,
                posting: false,
            }),
        }
    }

    pub(crate) fn phase(&self) -> Phase {
        self.state.lock().phase
    }

    /// Judges the session at `now` and queues a ping that is due. Returns when to look again, or why
    /// the session is over.
    pub(crate) fn due(&self, now: Instant) -> Result<Instant, Reason> {
        let mut state = self.state.lock();
        if let Phase::Closed { reason, .. } = state.phase {
            return Err(reason);
        }
        let held = matches!(state.phase, Phase::Upgrading { .. });
        let beat = loop {
            match state.heartbeat.check(now, held) {
                Due::Later(at) => break at,
                Due::Dead => return Err(Reason::PingTimeout),
                Due::Ping => {
                    self.outbox.push(Frame::packet("2"));
                }
            }
        };
        let deadline = state.conversation.as_ref().and_then(A::Conversation::deadline);
        match deadline {
            Some((at, reason)) if at <= now => Err(reason),
            Some((at, _)) => Ok(beat.min(at)),
            None => Ok(beat),
        }
    }

    /// The client answered a ping. Returns when the next is due.
    pub(crate) fn pong(&self) -> Instant {
        self.state.lock().heartbeat.pong(Instant::now())
    }

    /// Hands a text message up. An error ends the session.
    pub(crate) fn text(&self, text: &str) -> Result<(), Reason> {
        self.hand_up(|conversation, transport| conversation.text(text, transport))
    }

    /// Hands a binary message up. An error ends the session.
    pub(crate) fn binary(&self, data: Bytes) -> Result<(), Reason> {
        self.hand_up(|conversation, transport| conversation.binary(data, transport))
    }

    /// A message that comes while the session is closing crossed the close on its way: it is dropped.
    fn hand_up(
        &self,
        receive: impl FnOnce(&mut A::Conversation, Transport) -> Result<(), Reason>,
    ) -> Result<(), Reason> {
        let mut state = self.state.lock();
        if self.outbox.closing().is_some() {
            return Ok(());
        }
        let transport = state.phase.transport();
        match &mut state.conversation {
            Some(conversation) => receive(conversation, transport),
            None => Ok(()),
        }
    }

    /// Takes what waits for a GET, if polling has a say in it. The phase is read under the same lock:
    /// a GET must not take, or wait in the place of, what a websocket has taken over.
    pub(crate) fn poll_take(
        &self,
        context: &mut Context<'_>,
        batch: &mut VecDeque<Frame>,
        count: usize,
    ) -> (Phase, Poll<Taken>) {
        let state = self.state.lock();
        let taken = match state.phase {
            Phase::WebSocket | Phase::Closed { reason: Reason::TransportClose, .. } => {
                Poll::Pending
            }
            _ => self.outbox.poll_take(context, batch, count),
        };
        (state.phase, taken)
    }

    /// Takes the lock of a GET or POST; false if another request has it.
    pub(crate) fn lock(&self, direction: Direction) -> bool {
        let mut state = self.state.lock();
        !std::mem::replace(state.lock_of(direction), true)
    }

    pub(crate) fn unlock(&self, direction: Direction) {
        *self.state.lock().lock_of(direction) = false;
    }

    /// Begins an upgrade; false if the session is not carried by polling alone.
    pub(crate) fn begin_upgrade(&self) -> bool {
        let mut state = self.state.lock();
        let free = state.phase == Phase::Polling;
        if free {
            state.phase = Phase::Upgrading { probed: None };
        }
        free
    }

    /// The probe came: GETs are from now on ended soon.
    pub(crate) fn probed(&self) {
        let mut state = self.state.lock();
        if let Phase::Upgrading { probed } = &mut state.phase {
            *probed = Some(Instant::now());
        }
        drop(state);
        self.outbox.wake();
    }

    /// Ends an upgrade: the session goes on over `transport`. False if it closed meanwhile.
    pub(crate) fn end_upgrade(&self, transport: Transport) -> bool {
        let mut state = self.state.lock();
        let open = matches!(state.phase, Phase::Upgrading { .. });
        if open {
            state.phase = match transport {
                Transport::Polling => Phase::Polling,
                Transport::WebSocket => Phase::WebSocket,
            };
            state.heartbeat.resume(Instant::now());
        }
        drop(state);
        self.outbox.wake();
        open
    }

    /// Closes the session. None if it was closed before.
    pub(crate) fn close(&self, reason: Reason) -> Option<Closing<A::Conversation>> {
        let mut state = self.state.lock();
        let conversation = state.conversation.take()?;
        let transport = state.phase.transport();
        let keep = match (transport, reason) {
            (Transport::WebSocket, _) => Duration::ZERO,
            (Transport::Polling, Reason::TransportClose) => CROSSED_CLOSE,
            (Transport::Polling, reason) if reason.is_orderly() => FAREWELL,
            (Transport::Polling, _) => Duration::ZERO,
        };
        state.phase = Phase::Closed { reason, until: Instant::now() + keep };
        drop(state);
        self.outbox.close(reason);
        self.outbox.wake();
        Some(Closing { conversation, transport, lingers: !keep.is_zero() })
    }
}

impl<C> State<C> {
    fn lock_of(&mut self, direction: Direction) -> &mut bool {
        match direction {
            Direction::Get => &mut self.getting,
            Direction::Post => &mut self.posting,
        }
    }
}

impl Phase {
    fn transport(self) -> Transport {
        match self {
            Phase::WebSocket => Transport::WebSocket,
            _ => Transport::Polling,
        }
    }
}
