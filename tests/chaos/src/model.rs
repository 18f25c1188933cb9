//! What must be so, by what was acknowledged: rooms, their messages, who belongs and how far each has
//! read, who has which notifications. Every answer is written down here; the oracle compares.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use lua::id::EventId;

/// A kind of log entry and what it is about: `message-edited` and a message's id.
pub type Entry = (&'static str, String);

/// Everything.
#[derive(Default)]
pub struct Model {
    /// By id.
    pub rooms: BTreeMap<String, Room>,
    /// By id.
    pub users: BTreeMap<String, User>,
}

/// A room.
#[derive(Default)]
pub struct Room {
    /// Who made it and may close it; none for one that everybody may enter at any time.
    pub owner: Option<String>,
    /// Whether only those whom the owner invited may enter.
    pub is_private: bool,
    /// Whom the owner invited.
    pub invited: BTreeSet<String>,
    /// Whether it was closed, or is about to be.
    pub closing: bool,
    /// Messages by id, in their current state.
    pub messages: BTreeMap<EventId, Message>,
    /// What was said once, without a request to repeat it by, and not answered: it may be there, once.
    pub unsure: BTreeSet<String>,
    /// Below this all messages were compared and are as they stay until touched again.
    pub settled: EventId,
    /// How often each entry must be in the log.
    pub expected: HashMap<Entry, u64>,
    /// How far who belongs has read.
    pub marks: HashMap<String, Mark>,
    /// Who was ever muted here: their refusals are explained.
    pub muted: BTreeSet<String>,
}

/// How far a user has read a room.
#[derive(Debug, Clone, Copy)]
pub struct Mark {
    /// The newest id that is read.
    pub at: EventId,
    /// Whether that is known: who was not told when belonging began does not know.
    pub is_known: bool,
}

/// A message.
#[derive(Debug, Clone, Default)]
pub struct Message {
    /// Who wrote it.
    pub author: String,
    /// What it says.
    pub content: String,
    /// Whether it was deleted, or is about to be.
    pub deleting: bool,
    /// Whether that is so.
    pub deleted: bool,
    /// Who reacted with what.
    pub reactions: BTreeMap<&'static str, BTreeSet<String>>,
}

/// A user.
#[derive(Default)]
pub struct User {
    /// Messages that mention the user.
    pub mentions: BTreeSet<EventId>,
    /// Rooms that the user was invited to.
    pub invitations: BTreeSet<String>,
    /// Notifications that the user has read.
    pub read: BTreeSet<EventId>,
    /// The status that the user set with the connection that is still there.
    pub status: Option<&'static str>,
}

impl Room {
    /// One more such entry must be in the log.
    pub fn expect(&mut self, name: &'static str, about: impl ToString) {
        *self.expected.entry((name, about.to_string())).or_default() += 1;
    }

    /// A message is in the log that was not acknowledged. If it may be, it is one like all others.
    pub fn adopt(&mut self, id: EventId, author: &str, content: &str) {
        if !self.messages.contains_key(&id) && self.unsure.remove(content) {
            let (author, content) = (author.to_owned(), content.to_owned());
            self.messages.insert(id, Message { author, content, ..Message::default() });
            self.expect("message-received", id);
            self.touch(id);
        }
    }

    /// The message changes, so it is compared again.
    pub fn touch(&mut self, id: EventId) {
        let before = EventId { ms: id.ms.saturating_sub(1), seq: 0 };
        self.settled = self.settled.min(before);
    }

    /// The newest `count` messages that may be acted on.
    pub fn recent(&self, count: usize) -> Vec<EventId> {
        let alive = self.messages.iter().rev().filter(|(_, message)| !message.deleting);
        alive.take(count).map(|(id, _)| *id).collect()
    }

    /// Messages that a user has not read.
    pub fn unread(&self, user: &str, after: EventId) -> u64 {
        let later = self.messages.range(after..).filter(|(id, _)| **id > after);
        later.filter(|(_, message)| message.author != user && !message.deleted).count() as u64
    }

    /// Whether a user may be in it, as far as is known.
    pub fn lets_in(&self, user: &str) -> bool {
        let is_named = self.invited.contains(user) || self.owner.as_deref() == Some(user);
        !self.closing && (!self.is_private || is_named)
    }

    /// A user came in, at the latest with the event of this id.
    pub fn entered(&mut self, user: &str, id: EventId, first_try: bool) {
        // Who is on the access list belonged before.
        let is_known =
            first_try && !self.invited.contains(user) && self.owner.as_deref() != Some(user);
        self.marks.entry(user.to_owned()).or_insert(Mark { at: id, is_known });
    }

    /// A user has read up to a message.
    pub fn marked(&mut self, user: &str, id: EventId) {
        let Some(mark) = self.marks.get_mut(user) else { return };
        // Beyond the latest moment at which belonging may have begun the mark is certain.
        mark.is_known |= id >= mark.at;
        mark.at = mark.at.max(id);
    }

    /// A user left; whoever owns it or is on its list belongs on.
    pub fn left(&mut self, user: &str) {
        if !self.invited.contains(user) && self.owner.as_deref() != Some(user) {
            self.marks.remove(user);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(ms: u64) -> EventId {
        EventId { ms, seq: 0 }
    }

    #[test]
    fn unread_is_what_others_wrote_after_the_mark_and_did_not_delete() {
        let mut room = Room::default();
        let message = |author: &str, deleted| Message {
            author: author.to_owned(),
            deleted,
            ..Message::default()
        };
        for (ms, author, deleted) in
            [(1, "b", false), (2, "b", false), (3, "a", false), (4, "b", true)]
        {
            room.messages.insert(id(ms), message(author, deleted));
        }
        assert_eq!(room.unread("a", id(0)), 2);
        assert_eq!(room.unread("a", id(1)), 1);
        assert_eq!(room.unread("b", id(0)), 1);
    }

    #[test]
    fn a_mark_is_known_once_it_is_beyond_every_moment_that_belonging_may_have_begun() {
        let mut room = Room::default();
        room.entered("a", id(10), false);
        room.marked("a", id(5));
        assert!(!room.marks["a"].is_known);
        room.marked("a", id(12));
        assert!(room.marks["a"].is_known);
        room.left("a");
        assert!(room.marks.is_empty());
    }
}
