//! What one client saw of each room: spans of events without a gap, as far as it could know.
//!
//! A span begins where the client entered a room and goes on over reconnects for as long as the service
//! says that `missed` is complete. What can be judged at once is judged at once: that ids rise, and
//! that nothing comes from a room that the client is not in. The rest is the oracle's.

use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

use lua::id::EventId;
use serde_json::Value;

use crate::findings::{Findings, Promise};

/// An event that came with an id of its own.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Its place in the room's order.
    pub id: EventId,
    /// Its name.
    pub name: String,
}

/// A stretch of a room's history that a client followed.
#[derive(Debug, Clone)]
pub struct Span {
    /// What came after this id is part of it.
    pub base: EventId,
    /// What came, in order.
    pub seen: Vec<Seen>,
    /// The newest id that the client knows of.
    pub last: EventId,
    /// Whether it goes on.
    pub end: End,
}

/// How a span ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// It did not: whatever is in the log must come.
    Open,
    /// The client was told that it is out of the room: nothing is expected beyond that.
    Out,
    /// The client had to begin anew: what came until then must be without a gap.
    Anew,
}

/// What a client knows of one room.
#[derive(Debug, Default)]
pub struct View {
    /// Earlier stretches and the current one, which is last.
    pub spans: Vec<Span>,
    /// Whether the current connection is in the room.
    pub is_in: bool,
}

/// All that one client saw.
pub struct Sight {
    /// The client, for findings.
    pub name: String,
    /// Its Socket.IO ids so far.
    pub sids: HashSet<String>,
    /// Raised when it gives a connection up: what that one says later is not heard.
    pub life: u64,
    /// What it knows of rooms.
    pub rooms: BTreeMap<String, View>,
    findings: Arc<Findings>,
}

impl Sight {
    /// A client that saw nothing yet.
    pub fn new(name: &str, findings: Arc<Findings>) -> Self {
        let (sids, rooms) = (HashSet::new(), BTreeMap::new());
        Self { name: name.to_owned(), sids, life: 0, rooms, findings }
    }

    /// From where to ask for what was missed in a room.
    pub fn since(&self, room: &str) -> Option<EventId> {
        self.rooms
            .get(room)?
            .spans
            .last()
            .filter(|span| span.end == End::Open)
            .map(|span| span.last)
    }

    /// The connection is gone, and with it its part in every room.
    pub fn disconnected(&mut self) {
        self.life += 1;
        self.rooms.values_mut().for_each(|view| view.is_in = false);
    }

    /// Forgets a room that cannot be entered any more.
    pub fn forget(&mut self, room: &str) {
        if let Some(view) = self.rooms.get_mut(room) {
            view.is_in = false;
            view.spans.pop_if(|span| span.end == End::Open);
        }
    }

    /// Takes in an event.
    pub fn hear(&mut self, name: &str, payload: &Value) {
        let Some(room) = payload["roomId"].as_str() else { return };
        let id = payload["id"].as_str().and_then(|id| id.parse().ok());
        match (name, id) {
            ("room-joined", Some(id)) => self.joined(room, id, &payload["missed"]),
            // To the user, wherever the user is.
            ("messages-read" | "notification", _) => {}
            ("room-left", _) => self.out(room),
            (_, None) => {
                self.must_be_in(room, name, payload);
            }
            (_, Some(id)) => {
                if self.must_be_in(room, name, payload) {
                    self.follow(room, Seen { id, name: name.to_owned() });
                }
                if name == "room-closed" {
                    self.out(room);
                }
            }
        }
    }

    fn out(&mut self, room: &str) {
        let Some(view) = self.rooms.get_mut(room) else { return };
        view.is_in = false;
        if let Some(span) = view.spans.last_mut() {
            span.end = End::Out;
        }
    }

    fn must_be_in(&self, room: &str, name: &str, payload: &Value) -> bool {
        let is_in = self.rooms.get(room).is_some_and(|view| view.is_in);
        if !is_in {
            let (client, id) = (&self.name, &payload["id"]);
            self.findings.broken(
                Promise::Stray,
                format!("{client} got {name} {id} of {room}, where it is not"),
            );
        }
        is_in
    }

    fn joined(&mut self, room: &str, id: EventId, missed: &Value) {
        let view = self.rooms.entry(room.to_owned()).or_default();
        if view.is_in {
            // The late answer to a first try.
            return;
        }
        view.is_in = true;
        let goes_on = missed["complete"] == true
            && view.spans.last().is_some_and(|span| span.end == End::Open);
        if !goes_on {
            if view.spans.last().is_some_and(|span| span.end == End::Open) {
                self.findings.count("histories that began anew", 1);
                if let Some(span) = view.spans.last_mut() {
                    span.end = End::Anew;
                }
            }
            view.spans.push(Span { base: id, seen: Vec::new(), last: id, end: End::Open });
            return;
        }
        self.findings.count("histories that went on", 1);
        for event in missed["events"].as_array().into_iter().flatten() {
            let found = event["payload"]["id"].as_str().and_then(|id| id.parse().ok());
            if let (Some(id), Some(name)) = (found, event["event"].as_str()) {
                self.follow(room, Seen { id, name: name.to_owned() });
            }
        }
        if let Some(span) = self.rooms.get_mut(room).and_then(|view| view.spans.last_mut()) {
            span.last = span.last.max(id);
        }
    }

    fn follow(&mut self, room: &str, seen: Seen) {
        let Some(span) = self.rooms.get_mut(room).and_then(|view| view.spans.last_mut()) else {
            return;
        };
        // One event may tell of two things.
        let is_next = seen.id > span.last
            || span.seen.last().is_some_and(|last| last.id == seen.id && last.name != seen.name);
        if is_next {
            span.last = span.last.max(seen.id);
            span.seen.push(seen);
        } else {
            let twice = span.seen.contains(&seen);
            let promise = if twice { Promise::Doubled } else { Promise::Order };
            let (client, last) = (&self.name, span.last);
            self.findings.broken(
                promise,
                format!("{client} got {} {} of {room} after {last}", seen.name, seen.id),
            );
        }
    }
}
