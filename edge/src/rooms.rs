//! Rooms as an edge knows them: which of its connections are in which, and how far each has been told.
//!
//! Every logged publication names the entry before it. One that does not follow on what the room has
//! handed over shows that something was missed: the room then gathers what arrives while `repair`
//! reads the log, and goes on. A seat remembers the newest entry that it was given, so that nothing is
//! given twice, whatever the log and the subscription both bring.
//!
//! Where Redis lost the end of what it held, a new term begins (`lua::term`). Nothing is handed over in it
//! before the room's log was read, which also says where the history was cut: the connections that were
//! told what is lost start afresh, and the others go on from where they are.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use dashmap::DashMap;
use lua::id::{EventId, Partition, RoomId};
use lua::key::RoomKeys;
use lua::room::Stretch;
use lua::term::{History, Mark};
use parking_lot::Mutex;
use serde_json::value::RawValue;

use crate::ephemeral::{Endings, Shown};
use crate::frame::Frame;
use crate::member::Member;
use crate::publication::{Enter, Publication, Step};

/// How long a room without connections is still heard: who reloads comes back to it.
const LINGER: Duration = Duration::from_secs(15);

/// Publications that a room gathers while its log is read; more than that are read from the log.
const GATHERED_MAX: usize = 1_000;

/// Stands for all users where a room ends; no user's id has this character.
const EVERYONE: &str = "*";

/// The rooms that this edge hears.
#[derive(Default)]
pub struct Rooms {
    rooms: DashMap<String, Arc<Mutex<Room>>>,
    /// Keeps a room's place in the table and its subscription in step.
    gate: Mutex<()>,
}

/// One room.
pub struct Room {
    pub id: RoomId,
    seats: Vec<Seat>,
    /// The newest entry that was handed over; none before the first connection entered.
    last: Option<Mark>,
    repair: Option<Repair>,
    shown: Shown,
    touched: Instant,
}

/// A connection in a room.
struct Seat {
    member: Arc<Member>,
    /// Whether the user's role in the room is one that keeps order.
    moderates: bool,
    /// The newest entry that the connection was given, or the event by which it entered.
    sent: Mark,
    /// The event by which it entered: exits before that do not concern it.
    entered: Mark,
}

/// A gap that is being read from the log.
struct Repair {
    from: EventId,
    gathered: Vec<Bytes>,
    /// From where the log must be read once more, since something may have been missed meanwhile.
    again: Option<EventId>,
}

/// What a publication or an entry asks for.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub enum Next {
    /// Nothing.
    Go,
    /// Start reading the log.
    Repair,
}

/// What is left to do after a stretch of the log was read.
#[derive(Debug, PartialEq, Eq)]
pub enum Mended {
    /// Nothing: the room goes on.
    Whole,
    /// Read on from here.
    From(EventId),
}

impl Rooms {
    /// Keeps a room heard for a while; `subscribe` is called for one that was not.
    pub fn hold(&self, room: &RoomId, subscribe: impl FnOnce(String)) {
        let _gate = self.gate.lock();
        let mut is_new = false;
        let found = self.rooms.entry(room.to_string()).or_insert_with(|| {
            is_new = true;
            Arc::new(Mutex::new(Room::new(room.clone())))
        });
        found.lock().touched = Instant::now();
        drop(found);
        if is_new {
            subscribe(RoomKeys::new(room).channel());
        }
    }

    /// The room of this id, if it is heard.
    pub fn get(&self, id: &str) -> Option<Arc<Mutex<Room>>> {
        self.rooms.get(id).map(|found| Arc::clone(found.value()))
    }

    /// The rooms of a partition.
    pub fn of(&self, partition: Partition) -> Vec<RoomId> {
        let ids = self.rooms.iter().filter(|found| Partition::of(found.key()) == partition);
        ids.map(|found| found.value().lock().id.clone()).collect()
    }

    /// Takes a connection that ended out of a room.
    pub fn drop_connection(&self, room: &RoomId, sid: &str) {
        if let Some(room) = self.get(room.as_str()) {
            let mut room = room.lock();
            room.seats.retain(|seat| seat.member.sid != sid);
            room.touched = Instant::now();
        }
    }

    /// Forgets rooms that have had no connection for a while, and has them unsubscribed.
    pub fn forget_empty(&self, unsubscribe: impl Fn(Partition, String)) {
        let empty = |room: &Room| room.seats.is_empty() && room.touched.elapsed() >= LINGER;
        let found: Vec<RoomId> = self
            .rooms
            .iter()
            .filter_map(|found| {
                Some(found.value().lock()).filter(|room| empty(room)).map(|room| room.id.clone())
            })
            .collect();
        for id in found {
            let _gate = self.gate.lock();
            if self.rooms.remove_if(id.as_str(), |_, room| empty(&room.lock())).is_some() {
                unsubscribe(Partition::of(id.as_str()), RoomKeys::new(&id).channel());
            }
        }
    }
}

impl Repair {
    fn read_again(&mut self, from: EventId) {
        self.again = Some(self.again.map_or(from, |known| known.min(from)));
    }
}

impl Room {
    fn new(id: RoomId) -> Self {
        Self {
            id,
            seats: Vec::new(),
            last: None,
            repair: None,
            shown: Shown::default(),
            touched: Instant::now(),
        }
    }

    /// Seats a connection, which is to be given what comes after `enter.last`.
    pub fn enter(&mut self, member: &Arc<Member>, enter: &Enter) -> Next {
        if !member.entered(&self.id) {
            return Next::Go;
        }
        let moderates = matches!(enter.role.as_str(), "owner" | "moderator");
        if let Some(seat) = self.seats.iter_mut().find(|seat| seat.member.sid == member.sid) {
            // It may have left in between, and the room be behind.
            (seat.moderates, seat.entered) = (moderates, Mark { id: enter.at, term: enter.term });
            return Next::Go;
        }
        let mark = |id| Mark { id, term: enter.term };
        let entered = mark(enter.at);
        self.seats.push(Seat { member: Arc::clone(member), moderates, sent: entered, entered });
        let last = *self.last.get_or_insert(mark(enter.last));
        if last == mark(enter.last) { Next::Go } else { self.begin_repair(last.id.min(enter.last)) }
    }

    /// Takes in a publication of a log entry; `raw` is its text.
    pub fn receive(&mut self, publication: &Publication<'_>, raw: &Bytes) -> Next {
        let (Some(id), Some(prev)) = (publication.id, publication.prev) else { return Next::Go };
        let Some(last) = self.last else { return Next::Go };
        let term = publication.term.unwrap_or(last.term);
        if let Some(repair) = &mut self.repair {
            if repair.gathered.len() < GATHERED_MAX {
                repair.gathered.push(raw.clone());
            } else {
                repair.read_again(last.id);
            }
            return Next::Go;
        }
        // What is left of an earlier term is in the log.
        if term < last.term || (term == last.term && id <= last.id) {
            return Next::Go;
        }
        if term > last.term || prev != last.id {
            let next = self.begin_repair(last.id);
            if let Some(repair) = &mut self.repair {
                repair.gathered.push(raw.clone());
            }
            return next;
        }
        self.hand_over(Mark { id, term }, prev, publication);
        Next::Go
    }

    /// The log has this entry: is it one that was missed?
    pub fn should_have(&mut self, entry: Mark) -> Next {
        match self.last {
            Some(last) if last.term == entry.term && last.id < entry.id => {
                self.begin_repair(last.id)
            }
            _ => Next::Go,
        }
    }

    /// This is the history of now, and the newest entry of the log: was something missed, or lost?
    pub fn check(&mut self, history: &History, newest: Option<EventId>) -> Next {
        let Some(last) = self.last else { return Next::Go };
        if !history.holds(last) || self.seats.iter().any(|seat| !history.holds(seat.sent)) {
            return self.begin_repair(last.id);
        }
        self.confirm(history.term);
        if newest.is_some_and(|newest| newest > last.id) {
            return self.begin_repair(last.id);
        }
        Next::Go
    }

    /// The subscription begins (again) here: what was published before may have been missed.
    pub fn resubscribed(&mut self) -> Next {
        match self.last {
            Some(last) => self.begin_repair(last.id),
            None => Next::Go,
        }
    }

    /// Begins reading the log after `from`, after the reading that is under way if there is one.
    fn begin_repair(&mut self, from: EventId) -> Next {
        match &mut self.repair {
            Some(repair) => {
                repair.read_again(from);
                Next::Go
            }
            None => {
                self.repair = Some(Repair { from, gathered: Vec::new(), again: None });
                Next::Repair
            }
        }
    }

    /// Where the log is to be read from, while a repair is under way.
    pub fn repair_from(&self) -> Option<EventId> {
        self.repair.as_ref().map(|repair| repair.from)
    }

    /// Hands over a stretch of the log that was read after [`Room::repair_from`]. `more`: the log
    /// holds more than that.
    pub fn mend(&mut self, stretch: &Stretch, more: bool) -> Mended {
        if let Some(elsewhere) = self.settle(&stretch.history) {
            return elsewhere;
        }
        for text in &stretch.entries {
            let Ok(entry) = serde_json::from_str::<Publication<'_>>(text) else {
                tracing::error!(room = %self.id, "an entry of the log cannot be read");
                continue;
            };
            let (Some(id), Some(prev)) = (entry.id, entry.prev) else { continue };
            if let Some(repair) = &mut self.repair {
                if prev > repair.from {
                    // The log no longer reaches back. Who was told less must start afresh.
                    self.seats
                        .iter()
                        .filter(|seat| seat.sent.id < prev)
                        .for_each(|seat| seat.member.reset());
                }
                repair.from = id;
            }
            // In this term it is known to be there, whichever it is from.
            self.hand_over(Mark { id, term: stretch.history.term }, prev, &entry);
        }
        let Some(repair) = &mut self.repair else { return Mended::Whole };
        if more {
            return Mended::From(repair.from);
        }
        if let Some(from) = repair.again.take() {
            repair.from = from;
            return Mended::From(from);
        }
        self.go_on()
    }

    /// Ends the connections that were told what is not in this history. Gives where the log is to be read
    /// instead, where the entry after which it was read is lost.
    fn settle(&mut self, history: &History) -> Option<Mended> {
        let before = self.seats.len();
        self.seats.retain(|seat| {
            let is_whole = history.holds(seat.sent);
            if !is_whole {
                seat.member.reset();
            }
            is_whole
        });
        let lost = before - self.seats.len();
        if lost > 0 {
            let room = &self.id;
            tracing::warn!(%room, connections = lost, "told what Redis lost since; they start afresh");
            metrics::counter!("rt_lost_tail_closed_total").increment(lost as u64);
            self.touched = Instant::now();
        }
        let is_whole = self.last.is_none_or(|last| history.holds(last));
        self.confirm(history.term);
        if is_whole {
            return None;
        }
        self.last = self.seats.iter().map(|seat| seat.sent).min_by_key(|sent| sent.id);
        let Some(from) = self.last else {
            // As new: whoever enters next says where the room is.
            self.repair = None;
            return Some(Mended::Whole);
        };
        if let Some(repair) = &mut self.repair {
            repair.from = from.id;
        }
        Some(Mended::From(from.id))
    }

    /// What was told is in the history of this term.
    fn confirm(&mut self, term: u64) {
        let told = self.seats.iter_mut().map(|seat| &mut seat.sent).chain(&mut self.last);
        told.for_each(|mark| mark.term = mark.term.max(term));
    }

    /// Takes in what was gathered meanwhile.
    fn go_on(&mut self) -> Mended {
        let Some(repair) = self.repair.take() else { return Mended::Whole };
        for raw in repair.gathered {
            let Some(publication) = Publication::read(&raw) else { continue };
            if self.receive(&publication, &raw) == Next::Repair {
                metrics::counter!("rt_room_gaps_total").increment(1);
            }
        }
        self.repair_from().map_or(Mended::Whole, Mended::From)
    }

    /// Gives an entry to everyone whose next one it is.
    fn hand_over(&mut self, entry: Mark, prev: EventId, publication: &Publication<'_>) {
        let is_next = |seat: &Seat| prev <= seat.sent.id && seat.sent.id < entry.id;
        let mut delivered = 0;
        for step in &publication.frames {
            if let Some(user) = &step.exit {
                self.exit(user, entry.id, is_next);
            } else if let Some(user) = step.to.as_deref().and_then(|to| to.strip_prefix("role:")) {
                self.recast(user, step.frame.map(RawValue::get), is_next);
            } else {
                delivered += self.send(step, publication.origin.as_deref(), is_next);
            }
        }
        for seat in self.seats.iter_mut().filter(|seat| is_next(seat)) {
            seat.sent = entry;
        }
        if self.last.is_none_or(|last| last.id < entry.id) {
            self.last = Some(entry);
        }
        crate::metrics::count_deliveries(delivered, entry.id.ms);
    }

    /// Shows a state that is not logged, such as who types.
    pub fn show(&mut self, publication: &Publication<'_>, endings: &Endings) {
        if self.shown.renew(&self.id, publication, endings) {
            return;
        }
        for step in &publication.frames {
            self.send(step, publication.origin.as_deref(), |_| true);
        }
    }

    /// Ends a state that was not renewed since `version`.
    pub fn expire(&mut self, key: &str, version: u64) {
        if let Some((origin, frame)) = self.shown.expire(key, version) {
            for seat in self.seats.iter().filter(|seat| seat.member.sid != origin) {
                seat.member.send(frame.clone());
            }
        }
    }

    /// The user is something else in the room from here on; `role` is JSON text.
    fn recast(&mut self, user: &str, role: Option<&str>, is_due: impl Fn(&Seat) -> bool) {
        let moderates = matches!(role, Some(r#""owner""# | r#""moderator""#));
        let seats = self.seats.iter_mut().filter(|seat| seat.member.user.as_str() == user);
        seats.filter(|seat| is_due(seat)).for_each(|seat| seat.moderates = moderates);
    }

    /// Takes a user's connections out by the event `at`. One that has entered again since is given what
    /// comes after that.
    fn exit(&mut self, user: &str, at: EventId, is_due: impl Fn(&Seat) -> bool) {
        let room = &self.id;
        self.seats.retain_mut(|seat| {
            let leaves = (user == EVERYONE || seat.member.user.as_str() == user) && is_due(seat);
            if leaves && seat.entered.id > at {
                seat.sent = seat.entered;
                return true;
            }
            if leaves {
                seat.member.left(room);
            }
            !leaves
        });
        self.shown.forget(user);
        self.touched = Instant::now();
    }

    /// Sends a step's frame, encoded once, to the seats of its audience. Gives their number.
    fn send(&self, step: &Step<'_>, origin: Option<&str>, is_due: impl Fn(&Seat) -> bool) -> u64 {
        let (Some(to), Some(frame)) = (step.to.as_deref(), step.frame) else { return 0 };
        let is_meant: Box<dyn Fn(&Seat) -> bool> = match to {
            "all" => Box::new(|_| true),
            "others" => Box::new(|seat| Some(seat.member.sid.as_str()) != origin),
            "moderators" => Box::new(|seat| seat.moderates || seat.member.moderates()),
            _ => match to.strip_prefix("user:") {
                Some(user) => Box::new(move |seat| seat.member.user.as_str() == user),
                None => {
                    tracing::error!(
                        audience = to,
                        "an audience of another version; the frame is dropped"
                    );
                    return 0;
                }
            },
        };
        let frame = Frame::event(frame.get());
        let seats = self.seats.iter().filter(|seat| is_due(seat) && is_meant(seat));
        seats.map(|seat| u64::from(seat.member.send(frame.clone()))).sum()
    }
}

#[cfg(test)]
mod lost_tests;
#[cfg(test)]
mod tests;
