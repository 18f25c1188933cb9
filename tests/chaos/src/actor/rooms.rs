//! Rooms that come and go, who may be in them, and what users are told personally.

use std::time::{Duration, Instant};

use serde_json::json;

use super::chat::id_of;
use super::{Actor, Answer};

/// Rooms that a client is in at most.
const ROOMS_MAX: usize = 8;

/// Rooms that a client keeps open at most.
const OWNED_MAX: usize = 2;

/// The client that is an admin.
pub const HERALD: usize = 0;

/// A user may invite ten in a minute.
const INVITE_EVERY: Duration = Duration::from_secs(7);

/// How long a mute lasts, milliseconds.
const MUTE_MS: u64 = 1_500;

const STATUSES: [&str; 3] = ["active", "idle", "busy"];

impl Actor {
    /// Enters a room that the client is not in, if one lets it in.
    pub(super) async fn enter_another(&mut self) {
        if self.rooms.len() >= ROOMS_MAX {
            return;
        }
        let open: Vec<String> = {
            let model = self.world.model();
            let may = model.rooms.iter().filter(|(_, room)| room.lets_in(&self.user));
            may.map(|(id, _)| id.clone()).filter(|id| !self.rooms.contains(id)).collect()
        };
        if let Some(room) = self.dice.pick(&open).cloned()
            && !self.join(&room).await
        {
            self.unless_closed("join-room", &room, "gone");
        }
    }

    /// Leaves a room, now and then to come back at once.
    pub(super) async fn leave_one(&mut self) {
        let Some(room) = self.some_room() else { return };
        if self.rooms.len() > 1 {
            self.leave(&room).await;
            if self.dice.chance(30) && !self.join(&room).await {
                self.unless_closed("join-room", &room, "gone");
            }
        }
    }

    /// Makes a room of the client's own and enters it.
    pub(super) async fn make_room(&mut self) {
        if self.owned.len() >= OWNED_MAX || self.rooms.len() >= ROOMS_MAX {
            return;
        }
        self.requests += 1;
        let room = format!("den-{}-{}", self.user, self.requests);
        let is_private = self.dice.chance(50);
        let visibility = if is_private { "private" } else { "public" };
        let payload = json!({
            "roomId": room, "type": "discussion", "access": { "visibility": visibility },
        });
        match self.settle("create-room", payload).await {
            Answer::Done(..) => {
                let mut model = self.world.model();
                let known = model.rooms.entry(room.clone()).or_default();
                known.owner = Some(self.user.clone());
                known.is_private = is_private;
            }
            Answer::Refused(code) => return self.unexplained("create-room", &room, &code),
            Answer::Over => return,
        }
        self.owned.insert(room.clone());
        if !self.join(&room).await {
            self.unexplained("join-room", &room, "not even its owner may enter");
        }
    }

    /// Closes a room of the client's own.
    pub(super) async fn close_room(&mut self) {
        let owned: Vec<String> = self.owned.iter().cloned().collect();
        let Some(room) = self.dice.pick(&owned).cloned() else { return };
        self.owned.remove(&room);
        self.rooms.remove(&room);
        if let Some(known) = self.world.model().rooms.get_mut(&room) {
            known.closing = true;
        }
        match self.settle("close-room", json!({ "roomId": room })).await {
            Answer::Done(..) => {
                if let Some(known) = self.world.model().rooms.get_mut(&room) {
                    known.expect("room-closed", "");
                }
            }
            Answer::Refused(code) => self.unexplained("close-room", &room, &code),
            Answer::Over => {}
        }
    }

    /// Invites somebody into a room of the client's own, once.
    pub(super) async fn invite(&mut self) {
        let owned: Vec<String> = self.owned.iter().cloned().collect();
        let (Some(room), Some(user)) = (self.dice.pick(&owned).cloned(), self.somebody_else())
        else {
            return;
        };
        if self.invited.is_some_and(|last| last.elapsed() < INVITE_EVERY) {
            return;
        }
        let is_new = {
            let mut model = self.world.model();
            let known = model.rooms.get_mut(&room);
            // Noted before: who is invited may know it before the one who invites does.
            known.is_some_and(|known| known.invited.insert(user.clone()))
        };
        if !is_new {
            return;
        }
        self.invited = Some(Instant::now());
        match self.settle("invite-to-room", json!({ "roomId": room, "userId": user })).await {
            Answer::Done(..) => {
                let mut model = self.world.model();
                model.users.entry(user).or_default().invitations.insert(room);
            }
            Answer::Refused(code) => self.unexplained("invite-to-room", &room, &code),
            Answer::Over => {}
        }
    }

    /// Silences somebody in a room of the client's own for a moment.
    pub(super) async fn mute(&mut self) {
        let owned: Vec<String> = self.owned.iter().cloned().collect();
        let (Some(room), Some(user)) = (self.dice.pick(&owned).cloned(), self.somebody_else())
        else {
            return;
        };
        if user == self.world.clients[HERALD].user {
            // An admin, whom nobody silences.
            return;
        }
        if let Some(known) = self.world.model().rooms.get_mut(&room) {
            known.muted.insert(user.clone());
        }
        let payload = json!({ "roomId": room, "userId": user, "durationMs": MUTE_MS });
        match self.settle("mute-user", payload).await {
            Answer::Done(..) => {
                if let Some(known) = self.world.model().rooms.get_mut(&room) {
                    known.expect("user-muted", &user);
                }
            }
            Answer::Refused(code) => self.unexplained("mute-user", &room, &code),
            Answer::Over => {}
        }
    }

    /// Says how the user is.
    pub(super) async fn set_status(&mut self) {
        let Some(status) = self.dice.pick(&STATUSES).copied() else { return };
        let connection = self.link.as_ref().map(|link| link.sid().to_owned());
        match self.settle("set-status", json!({ "status": status })).await {
            Answer::Done(..) => {
                let still = self.link.as_ref().map(|link| link.sid().to_owned());
                let mut model = self.world.model();
                let known = model.users.entry(self.user.clone()).or_default();
                // The status ends with the user's last connection, which may have been another.
                known.status = (still == connection).then_some(status);
            }
            Answer::Refused(code) => self.unexplained("set-status", status, &code),
            Answer::Over => {}
        }
    }

    /// Reads a notification of the user.
    pub(super) async fn read_notification(&mut self) {
        let asked = json!({ "unreadOnly": true });
        let Answer::Done(page) = self.settle("get-notifications", asked).await else { return };
        let listed = page["notifications"].as_array().into_iter().flatten();
        let unread: Vec<_> = listed.filter_map(|listed| id_of(&listed["id"])).collect();
        let Some(id) = self.dice.pick(&unread).copied() else { return };
        let payload = json!({ "notificationId": id.to_string() });
        match self.settle("mark-notification-read", payload).await {
            Answer::Done(_) => {
                let mut model = self.world.model();
                model.users.entry(self.user.clone()).or_default().read.insert(id);
            }
            Answer::Refused(code) => {
                self.unexplained("mark-notification-read", &id.to_string(), &code);
            }
            Answer::Over => {}
        }
    }
}
