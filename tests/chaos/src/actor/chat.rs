//! Messages: each says something that no other says, so that the oracle can tell them apart.

use lua::id::EventId;
use serde_json::{Value, json};

use super::{Actor, Answer, RETRIED};
use crate::findings::Promise;
use crate::model::{Message, Room};

/// Messages among which one is chosen to be changed.
const RECENT: usize = 30;

/// Messages that are sent without waiting in between.
const BURST: usize = 8;

const EMOJI: [&str; 3] = ["👍", "🎉", "🤔"];

impl Actor {
    /// Sends a message, which may name somebody.
    pub(super) async fn say(&mut self) {
        let Some(room) = self.some_room() else { return };
        let content = self.words();
        let mut payload = json!({ "roomId": room, "content": content });
        let named = (self.dice.chance(5)).then(|| self.somebody_else()).flatten();
        if let Some(named) = &named {
            payload["mentions"] = json!([named]);
        }
        match self.settle("send-message", payload).await {
            Answer::Done(answer) => self.note_said(&room, &content, named, &answer),
            Answer::Refused(code) => self.unless_silenced("send-message", &room, &code),
            Answer::Over => {}
        }
    }

    /// Sends a message that nothing but its place in the order keeps from being applied twice: it has no
    /// `requestId`, and is not sent again.
    pub(super) async fn say_once(&mut self) {
        let Some(room) = self.some_room() else { return };
        let content = self.words();
        self.state().does(format!("one try of send-message in {room}"));
        let unsure = |is_so: bool| {
            if let Some(known) = self.world.model().rooms.get_mut(&room) {
                if is_so {
                    known.unsure.insert(content.clone())
                } else {
                    known.unsure.remove(&content)
                };
            }
        };
        unsure(true);
        match self.ask("send-message", &json!({ "roomId": room, "content": content })).await {
            Some(answer) if answer["ok"] == true => {
                unsure(false);
                self.world.findings.count("messages without a request, answered", 1);
                self.note_said(&room, &content, None, &answer);
            }
            Some(answer) => {
                let code = answer["error"]["code"].as_str().unwrap_or_default();
                if !RETRIED.contains(&code) {
                    self.unless_silenced("send-message", &room, code);
                }
            }
            None => self.world.findings.count("messages without a request, unanswered", 1),
        }
    }

    fn words(&mut self) -> String {
        self.requests += 1;
        format!("{}:{}", self.user, self.requests)
    }

    pub(super) fn somebody_else(&mut self) -> Option<String> {
        let others: Vec<&str> =
            self.world.clients.iter().map(|client| client.user.as_str()).collect();
        let chosen = self.dice.pick(&others).map(ToString::to_string);
        chosen.filter(|user| *user != self.user)
    }

    fn note_said(&self, room: &str, content: &str, named: Option<String>, answer: &Value) {
        let Some(id) = id_of(&answer["message"]["id"]) else {
            return self.unexplained("send-message", room, "an answer without id");
        };
        let mut model = self.world.model();
        if let Some(named) = named
            && !model.rooms.get(room).is_some_and(|room| room.is_private)
        {
            model.users.entry(named).or_default().mentions.insert(id);
        }
        let known = model.rooms.entry(room.to_owned()).or_default();
        let message = Message {
            author: self.user.clone(),
            content: content.to_owned(),
            ..Message::default()
        };
        known.expect("message-received", id);
        if let Some(other) = known.messages.insert(id, message) {
            let text = format!("{room}: {id} is {content:?} and {:?}", other.content);
            self.world.findings.broken(Promise::Doubled, text);
        }
    }

    /// Sends several messages at once, whose order must be kept.
    pub(super) async fn burst(&mut self) {
        let Some(room) = self.some_room() else { return };
        let mut ids: Vec<EventId> = Vec::new();
        let contents: Vec<String> = (0..BURST).map(|_| self.words()).collect();
        let mut at_once = true;
        for (content, first) in contents.iter().zip(self.start_all(&room, &contents).await) {
            // An answer that did not come is asked for like any other, with the same request.
            let answer = match first {
                Some(answer) if answer["ok"] == true => Answer::Done(answer),
                _ => {
                    at_once = false;
                    let payload = json!({ "roomId": room, "content": content });
                    self.settle_as("send-message", payload, content).await
                }
            };
            match answer {
                Answer::Done(answer) => {
                    self.note_said(&room, content, None, &answer);
                    ids.extend(id_of(&answer["message"]["id"]));
                }
                Answer::Refused(code) => self.unless_silenced("send-message", &room, &code),
                Answer::Over => return,
            }
        }
        if at_once && !ids.is_sorted() {
            let text = format!("{} said {contents:?} in {room}, which became {ids:?}", self.user);
            self.world.findings.broken(Promise::Order, text);
        }
    }

    /// Sends all and gives what was answered at once; each has its content as request.
    async fn start_all(&mut self, room: &str, contents: &[String]) -> Vec<Option<Value>> {
        self.state().does(format!("a burst in {room}"));
        let payloads: Vec<Value> = contents
            .iter()
            .map(|content| json!({ "roomId": room, "content": content, "requestId": content }))
            .collect();
        let asked = payloads.iter().map(|payload| self.ask("send-message", payload));
        let answers = futures_util::future::join_all(asked).await;
        let done = answers.iter().flatten().filter(|answer| answer["ok"] == true).count() as u64;
        self.world.findings.answer("send-message", |answers| answers.done += done);
        answers
    }

    /// Says a message of the client's own in other words.
    pub(super) async fn edit(&mut self) {
        let Some((room, id)) = self.recent(true) else { return };
        let content = self.words();
        let payload = json!({ "roomId": room, "messageId": id.to_string(), "content": content });
        match self.settle("edit-message", payload).await {
            Answer::Done(..) => self.change(&room, id, |known| {
                known.expect("message-edited", id);
                if let Some(message) = known.messages.get_mut(&id) {
                    message.content = content;
                }
            }),
            Answer::Refused(code) => self.unless_silenced("edit-message", &room, &code),
            Answer::Over => {}
        }
    }

    /// Takes a message of the client's own back.
    pub(super) async fn delete(&mut self) {
        let Some((room, id)) = self.recent(true) else { return };
        let deleting = |known: &mut Room, is_so: bool| {
            if let Some(message) = known.messages.get_mut(&id) {
                message.deleting = true;
                message.deleted = is_so;
            }
        };
        self.change(&room, id, |known| deleting(known, false));
        let payload = json!({ "roomId": room, "messageId": id.to_string() });
        match self.settle("delete-message", payload).await {
            Answer::Done(..) => self.change(&room, id, |known| {
                known.expect("message-deleted", id);
                deleting(known, true);
            }),
            Answer::Refused(code) => self.unless_closed("delete-message", &room, &code),
            Answer::Over => {}
        }
    }

    /// Sets a reaction, or takes it away.
    pub(super) async fn react(&mut self) {
        let Some((room, id)) = self.recent(false) else { return };
        let Some(emoji) = self.dice.pick(&EMOJI).copied() else { return };
        let is_on = self.dice.chance(70);
        let payload =
            json!({ "roomId": room, "messageId": id.to_string(), "emoji": emoji, "on": is_on });
        let user = self.user.clone();
        match self.settle("react", payload).await {
            Answer::Done(..) => self.change(&room, id, |known| {
                let Some(message) = known.messages.get_mut(&id) else { return };
                let users = message.reactions.entry(emoji).or_default();
                let changed = if is_on { users.insert(user) } else { users.remove(&user) };
                if changed {
                    known.expect("message-reaction", id);
                }
            }),
            Answer::Refused(code) => {
                let model = self.world.model();
                let message = model.rooms.get(&room).and_then(|room| room.messages.get(&id));
                let is_deleted = message.is_some_and(|message| message.deleting);
                drop(model);
                if !(is_deleted && code == "gone") {
                    self.unless_silenced("react", &room, &code);
                }
            }
            Answer::Over => {}
        }
    }

    /// Says up to where a room is read.
    pub(super) async fn mark(&mut self) {
        let Some((room, id)) = self.recent(false) else { return };
        let payload = json!({ "roomId": room, "messageId": id.to_string() });
        match self.settle("mark-read", payload).await {
            Answer::Done(..) => {
                if let Some(known) = self.world.model().rooms.get_mut(&room) {
                    known.marked(&self.user, id);
                }
            }
            Answer::Refused(code) => self.unless_closed("mark-read", &room, &code),
            Answer::Over => {}
        }
    }

    /// A room of the client's and a recent message there, of its own if `own`.
    fn recent(&mut self, own: bool) -> Option<(String, EventId)> {
        let room = self.some_room()?;
        let recent: Vec<EventId> = {
            let model = self.world.model();
            let known = model.rooms.get(&room)?;
            let is_meant = |id: &EventId| !own || known.messages[id].author == self.user;
            known.recent(RECENT).into_iter().filter(is_meant).collect()
        };
        self.dice.pick(&recent).map(|id| (room, *id))
    }

    fn change(&self, room: &str, id: EventId, change: impl FnOnce(&mut Room)) {
        if let Some(known) = self.world.model().rooms.get_mut(room) {
            known.touch(id);
            change(known);
        }
    }

    /// A refusal is explained by a mute, or by the room's being closed.
    fn unless_silenced(&self, event: &str, room: &str, code: &str) {
        let is_muted = {
            let model = self.world.model();
            model.rooms.get(room).is_some_and(|room| room.muted.contains(&self.user))
        };
        if !(is_muted && code == "muted") {
            self.unless_closed(event, room, code);
        }
    }
}

/// An id in an answer.
pub(super) fn id_of(value: &Value) -> Option<EventId> {
    value.as_str()?.parse().ok()
}
