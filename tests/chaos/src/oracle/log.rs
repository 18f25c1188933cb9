//! A room's log in Redis: the order that every member must have seen, and what it adds up to.

use std::collections::{BTreeSet, HashMap};

use lua::Redis;
use lua::durability::Safety;
use lua::id::{EventId, RoomId};
use serde_json::Value;

use crate::findings::{Findings, Promise};

/// Entries read at a time.
const PAGE: usize = 500;

/// What is read of one room's log.
#[derive(Default)]
pub struct Log {
    /// The newest entry.
    pub last: EventId,
    /// Those since the last time that all members agreed with them.
    pub entries: Vec<Entry>,
    /// How many there were ever of each kind and about what.
    pub counts: HashMap<(String, String), u64>,
    /// Messages since then: id, author, content.
    pub said: Vec<(EventId, String, String)>,
    /// Who is present by what it says.
    pub present: BTreeSet<String>,
}

/// What one event told the room.
pub struct Entry {
    /// The event.
    pub id: EventId,
    /// The connection that it came from, where it is not told.
    pub origin: String,
    /// What was told, in order.
    pub steps: Vec<Step>,
}

/// A part of an entry.
pub enum Step {
    /// An event for an audience.
    Frame {
        /// all, others, moderators or `user:<id>`.
        to: String,
        /// The event's name.
        name: String,
        /// The id in its payload, if it has one.
        id: Option<EventId>,
    },
    /// From here on a user's connections are out of the room; `*`: everybody's.
    Exit(String),
}

impl Log {
    /// Reads on to the end.
    pub async fn read(
        &mut self,
        redis: &Redis,
        room: &RoomId,
        findings: &Findings,
    ) -> anyhow::Result<()> {
        loop {
            // Quiet by now: whatever is there may be told.
            let safety = Safety::default();
            let page = lua::room::log_after(redis, room, self.last, PAGE, &safety).await?.entries;
            for text in &page {
                self.take_in(room.as_str(), &serde_json::from_str(text)?, findings);
            }
            if page.len() < PAGE {
                return Ok(());
            }
        }
    }

    fn take_in(&mut self, room: &str, entry: &Value, findings: &Findings) {
        let id = |name: &str| entry[name].as_str().and_then(|id| id.parse::<EventId>().ok());
        let (Some(id), Some(prev)) = (id("id"), id("prev")) else {
            findings.broken(Promise::Order, format!("{room} has an entry without ids: {entry}"));
            return;
        };
        if prev != self.last || id <= self.last {
            let text = format!("{room}: entry {id} says it follows {prev}, but {} is", self.last);
            findings.broken(Promise::Order, text);
        }
        self.last = id;
        findings.count("log entries", 1);
        let frames = entry["frames"].as_array().map(Vec::as_slice).unwrap_or_default();
        let steps = frames.iter().filter_map(|step| self.step(room, step, findings)).collect();
        let origin = entry["origin"].as_str().unwrap_or_default().to_owned();
        self.entries.push(Entry { id, origin, steps });
    }

    fn step(&mut self, room: &str, step: &Value, findings: &Findings) -> Option<Step> {
        if let Some(user) = step["exit"].as_str() {
            if user == "*" {
                self.present.clear();
            }
            return Some(Step::Exit(user.to_owned()));
        }
        let (to, frame) = (step["to"].as_str()?, &step["frame"]);
        let (name, payload) = (frame[0].as_str()?, &frame[1]);
        self.add_up(room, name, payload, findings);
        let id = payload["id"].as_str().and_then(|id| id.parse().ok());
        Some(Step::Frame { to: to.to_owned(), name: name.to_owned(), id })
    }

    fn add_up(&mut self, room: &str, name: &str, payload: &Value, findings: &Findings) {
        let about = match name {
            "message-received" => &payload["id"],
            "message-edited" => &payload["message"]["id"],
            "message-deleted" | "message-reaction" => &payload["messageId"],
            "user-muted" => &payload["user"]["id"],
            "room-closed" => &Value::Null,
            "user-joined-room" | "user-left-room" => {
                return self.count_members(room, name, payload, findings);
            }
            _ => return,
        };
        if name == "message-received" {
            let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
            let message = &payload["message"];
            if let Ok(id) = text(&payload["id"]).parse() {
                self.said.push((id, text(&message["sender"]["id"]), text(&message["content"])));
            }
        }
        let about = about.as_str().unwrap_or_default().to_owned();
        *self.counts.entry((name.to_owned(), about)).or_default() += 1;
    }

    /// Who comes was not there, who goes was, and the count is what that makes it.
    fn count_members(&mut self, room: &str, name: &str, payload: &Value, findings: &Findings) {
        let user = payload["user"]["id"].as_str().unwrap_or_default().to_owned();
        let is_news = match name {
            "user-joined-room" => self.present.insert(user),
            _ => self.present.remove(&user),
        };
        let count = self.present.len();
        if !is_news || payload["memberCount"] != count {
            let text = format!("{room}: {name} {payload}, where {count} are present by its log");
            findings.broken(Promise::Presence, text);
        }
    }
}
