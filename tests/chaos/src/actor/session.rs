//! Being connected: to some edge, and in every room that the client wants to be in.

use std::sync::Arc;
use std::time::{Duration, Instant};

use harness::{Link, NotOpen, Outcome};
use serde_json::json;

use super::{Actor, PATIENCE, RETRIED};
use crate::findings::Promise;
use crate::world::lock;

/// What a client is told whose rooms are closed, or are not for it any more.
const SHUT: [&str; 3] = ["gone", "not-found", "banned"];

/// How long a client that left waits to be told so.
const OUT_MAX: Duration = Duration::from_secs(15);

/// How a try to enter a room ended.
enum Entered {
    Yes,
    Never(String),
    /// The connection is of no use any more.
    Lost,
}

impl Actor {
    /// Makes sure of a connection that is in all of its rooms.
    pub(super) async fn connected(&mut self) {
        while !self.link.as_ref().is_some_and(Link::is_open) && !self.world.over.is_cancelled() {
            self.hang_up();
            self.state().does("connecting");
            if self.dial().await {
                self.enter_all().await;
            } else {
                tokio::time::sleep(self.dice.ms(50, 250)).await;
            }
        }
    }

    /// Ends the connection, as a closed laptop does.
    pub(super) fn hang_up(&mut self) {
        self.link = None;
        self.with_sight(crate::sight::Sight::disconnected);
        let mut model = self.world.model();
        model.users.entry(self.user.clone()).or_default().status = None;
    }

    async fn dial(&mut self) -> bool {
        let edges = self.world.edges();
        let Some(url) = self.dice.pick(&edges) else { return false };
        let sight = Arc::clone(&self.state().sight);
        // What a connection says after the client has given it up is not heard.
        let life = lock(&sight).life;
        let hear = {
            let sight = Arc::clone(&sight);
            Box::new(move |name: &str, payload: &_| {
                let mut sight = lock(&sight);
                if sight.life == life {
                    sight.hear(name, payload);
                }
            })
        };
        match Link::open(url, self.transport, &self.state().token, hear).await {
            Ok(link) => {
                self.world.findings.count("connections", 1);
                lock(&sight).sids.insert(link.sid().to_owned());
                self.link = Some(link);
                true
            }
            Err(NotOpen::Refused(refusal)) => {
                let code = refusal["data"]["code"].as_str().unwrap_or_default();
                if !RETRIED.contains(&code) {
                    self.unexplained("CONNECT", "with a good token", &refusal.to_string());
                }
                false
            }
            Err(NotOpen::Failed(_)) => false,
        }
    }

    async fn enter_all(&mut self) {
        for room in self.rooms.clone() {
            match self.enter(&room).await {
                Entered::Yes => {}
                Entered::Never(code) => {
                    if !self.world.model().rooms.get(&room).is_some_and(|room| room.closing) {
                        self.unexplained("join-room", &room, &code);
                    }
                    self.rooms.remove(&room);
                    self.with_sight(|sight| sight.forget(&room));
                }
                Entered::Lost => return self.hang_up(),
            }
        }
    }

    /// Enters a room, with what was missed there. A first time is told anew by every try, so that the
    /// client knows from where on it sees everything.
    async fn enter(&mut self, room: &str) -> Entered {
        let since = self.with_sight(|sight| sight.since(room));
        let mut payload = json!({ "roomId": room });
        if let Some(since) = since {
            self.requests += 1;
            payload["since"] = since.to_string().into();
            payload["requestId"] = format!("{}-{}", self.user, self.requests).into();
        }
        loop {
            self.state().does(format!("join-room {room}"));
            let Some(link) = &self.link else { return Entered::Lost };
            match link.call("join-room", &payload, PATIENCE).await {
                Outcome::Answer(answer) if answer["ok"] == true => {
                    let is_first = !self.unsure.remove(room);
                    self.note_entered(room, &answer, is_first);
                    return Entered::Yes;
                }
                Outcome::Answer(answer) => {
                    let code = answer["error"]["code"].as_str().unwrap_or_default();
                    if SHUT.contains(&code) {
                        return Entered::Never(code.to_owned());
                    }
                    if !RETRIED.contains(&code) {
                        self.unexplained("join-room", room, &answer["error"].to_string());
                    }
                    self.unsure.insert(room.to_owned());
                    // As long as a client waits that may try again at any time.
                    tokio::time::sleep(Duration::from_millis(100)).await;
                }
                Outcome::Unknown => {
                    self.unsure.insert(room.to_owned());
                }
            }
            if self.world.over.is_cancelled() || !self.link.as_ref().is_some_and(Link::is_open) {
                return Entered::Lost;
            }
        }
    }

    fn note_entered(&self, room: &str, answer: &serde_json::Value, first_try: bool) {
        let Some(id) = answer["id"].as_str().and_then(|id| id.parse().ok()) else {
            return self.unexplained("join-room", room, "an answer without id");
        };
        self.world.findings.answer("join-room", |answers| answers.done += 1);
        let mut model = self.world.model();
        let known = model.rooms.entry(room.to_owned()).or_default();
        known.entered(&self.user, id, first_try);
    }

    /// Enters one more room. False where that was not possible.
    pub(super) async fn join(&mut self, room: &str) -> bool {
        self.rooms.insert(room.to_owned());
        match self.enter(room).await {
            Entered::Yes => true,
            Entered::Never(_) => {
                self.rooms.remove(room);
                false
            }
            Entered::Lost => {
                self.hang_up();
                self.connected().await;
                self.rooms.contains(room)
            }
        }
    }

    /// Is away for a while.
    pub(super) async fn be_away(&mut self) {
        self.hang_up();
        self.state().does("away");
        self.state().note(|doing| doing.is_away = true);
        // Away for as long as the seed says.
        tokio::time::sleep(self.dice.ms(100, 4_000)).await;
        self.state().note(|doing| doing.is_away = false);
        self.world.findings.count("absences", 1);
    }

    /// Leaves a room for good.
    pub(super) async fn leave(&mut self, room: &str) {
        // Before: if the connection is lost on the way, the room must not be entered again.
        self.rooms.remove(room);
        match self.settle("leave-room", json!({ "roomId": room })).await {
            super::Answer::Done(..) => {
                if let Some(known) = self.world.model().rooms.get_mut(room) {
                    known.left(&self.user);
                }
            }
            super::Answer::Refused(code) => {
                if !self.world.model().rooms.get(room).is_some_and(|room| room.closing) {
                    self.unexplained("leave-room", room, &code);
                }
            }
            super::Answer::Over => {}
        }
        self.until_out(room).await;
    }

    /// Waits for the word that the connection is out of a room. It comes before the answer, unless the
    /// edge is reading the room's log.
    async fn until_out(&self, room: &str) {
        let is_in =
            || self.with_sight(|sight| sight.rooms.get(room).is_some_and(|view| view.is_in));
        let begun = Instant::now();
        while is_in() && self.link.as_ref().is_some_and(Link::is_open) {
            if begun.elapsed() > OUT_MAX {
                let text = format!("{} left {room} and was never told that it is out", self.user);
                return self.world.findings.broken(Promise::Gap, text);
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        self.with_sight(|sight| sight.forget(room));
    }
}
