//! One connection as rooms and answers know it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use lua::door::Sender;
use lua::id::{RoomId, UserId};
use parking_lot::{Mutex, RwLock};

use crate::auth::Claims;
use crate::close::Reason;
use crate::frame::Frame;
use crate::outbox::Outbox;

/// Answers that one connection may wait for at a time.
const PENDING_MAX: usize = 1_000;

/// One Socket.IO connection.
pub struct Member {
    /// Its public id.
    pub sid: String,
    /// Whose it is.
    pub user: UserId,
    /// What the newest token says of the user.
    about: RwLock<About>,
    outbox: Arc<Outbox>,
    state: Mutex<State>,
}

/// What a token says of its user besides who it is.
struct About {
    /// Their name as shown to others.
    name: String,
    /// Their roles, comma separated.
    roles: String,
}

#[derive(Default)]
struct State {
    /// Rooms that the connection is in, or is about to enter.
    rooms: HashMap<RoomId, Standing>,
    /// Answers that it waits for, by acknowledgement id.
    pending: HashMap<u64, Pending>,
    closed: bool,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Standing {
    Entering,
    In,
}

/// An answer that a connection waits for.
#[derive(Debug, Clone, Copy)]
pub struct Pending {
    /// Name of the event.
    pub event: &'static str,
    /// When it came.
    pub since: Instant,
}

/// The connection waits for too many answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooMany;

impl Member {
    /// A connection in no room.
    pub fn new(sid: String, claims: Claims, outbox: Arc<Outbox>) -> Self {
        let about = RwLock::new(About { name: claims.name, roles: claims.roles.join(",") });
        Self { sid, user: claims.user, about, outbox, state: Mutex::default() }
    }

    /// Takes over what a newer token of the same user says, for what comes from now on.
    pub fn renew(&self, claims: Claims) {
        *self.about.write() = About { name: claims.name, roles: claims.roles.join(",") };
    }

    /// Gives `make` the user as the sender of an event.
    pub fn as_sender<T>(&self, make: impl FnOnce(Sender<'_>) -> T) -> T {
        let about = self.about.read();
        make(Sender { user: &self.user, name: &about.name, roles: &about.roles })
    }

    /// Queues a frame for the client. False where the connection is closing.
    pub fn send(&self, frame: Frame) -> bool {
        self.outbox.push(frame)
    }

    /// Ends the connection; its client comes back by itself.
    pub fn reset(&self) {
        self.outbox.close(Reason::Gap);
    }

    /// Ends the connection for good: its client is told not to come back by itself.
    pub fn dismiss(&self, reason: Reason) {
        self.outbox.close(reason);
    }

    /// Whether the user keeps order everywhere.
    pub fn moderates(&self) -> bool {
        self.about.read().roles.split(',').any(|role| matches!(role, "moderator" | "admin"))
    }

    /// Notes that an answer is awaited.
    pub fn await_answer(&self, ack: u64, event: &'static str) -> Result<(), TooMany> {
        let mut state = self.state.lock();
        if state.pending.len() >= PENDING_MAX {
            return Err(TooMany);
        }
        state.pending.insert(ack, Pending { event, since: Instant::now() });
        Ok(())
    }

    /// Takes what is known about an awaited answer: only the first answer counts.
    pub fn answered(&self, ack: u64) -> Option<Pending> {
        self.state.lock().pending.remove(&ack)
    }

    /// Notes that the connection is about to enter a room. False where it is in `max` rooms already,
    /// or at its end.
    pub fn entering(&self, room: &RoomId, max: usize) -> bool {
        let mut state = self.state.lock();
        if state.closed || (state.rooms.len() >= max && !state.rooms.contains_key(room)) {
            return false;
        }
        state.rooms.entry(room.clone()).or_insert(Standing::Entering);
        true
    }

    /// Notes that the connection is in a room. False where it is at its end.
    pub fn entered(&self, room: &RoomId) -> bool {
        let mut state = self.state.lock();
        if !state.closed {
            state.rooms.insert(room.clone(), Standing::In);
        }
        !state.closed
    }

    /// Notes that entering was refused. A room that the connection was in already stays.
    pub fn not_entered(&self, room: &RoomId) {
        let mut state = self.state.lock();
        if state.rooms.get(room) == Some(&Standing::Entering) {
            state.rooms.remove(room);
        }
    }

    /// Notes that the connection left a room.
    pub fn left(&self, room: &RoomId) {
        self.state.lock().rooms.remove(room);
    }

    /// Ends the connection's state: the rooms that it was in or about to enter.
    pub fn close(&self) -> Vec<RoomId> {
        let mut state = self.state.lock();
        state.closed = true;
        state.pending.clear();
        state.rooms.drain().map(|(room, _)| room).collect()
    }
}
