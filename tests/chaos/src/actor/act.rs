//! What a client does next.

use serde_json::json;

use super::Actor;

/// Something to do.
#[derive(Debug, Clone, Copy)]
enum Act {
    Say,
    SayOnce,
    Burst,
    Edit,
    Delete,
    React,
    Mark,
    Unread,
    History,
    Typing,
    Status,
    Enter,
    Leave,
    Away,
    Make,
    Close,
    Invite,
    Mute,
    ReadNotification,
}

/// How often each is done, among all.
const ACTS: [(u32, Act); 19] = [
    (30, Act::Say),
    (10, Act::SayOnce),
    (4, Act::Burst),
    (8, Act::Edit),
    (3, Act::Delete),
    (12, Act::React),
    (8, Act::Mark),
    (3, Act::Unread),
    (3, Act::History),
    (5, Act::Typing),
    (3, Act::Status),
    (5, Act::Enter),
    (3, Act::Leave),
    (2, Act::Away),
    (1, Act::Make),
    (1, Act::Close),
    (2, Act::Invite),
    (2, Act::Mute),
    (2, Act::ReadNotification),
];

impl Actor {
    pub(super) async fn act(&mut self) {
        match self.dice.weighed(&ACTS) {
            Act::Say => self.say().await,
            Act::SayOnce => self.say_once().await,
            Act::Burst => self.burst().await,
            Act::Edit => self.edit().await,
            Act::Delete => self.delete().await,
            Act::React => self.react().await,
            Act::Mark => self.mark().await,
            Act::Unread => self.ask_of_rooms("get-unread").await,
            Act::History => self.ask_of_rooms("get-messages").await,
            Act::Typing => self.typing().await,
            Act::Status => self.set_status().await,
            Act::Enter => self.enter_another().await,
            Act::Leave => self.leave_one().await,
            Act::Away => self.be_away().await,
            Act::Make => self.make_room().await,
            Act::Close => self.close_room().await,
            Act::Invite => self.invite().await,
            Act::Mute => self.mute().await,
            Act::ReadNotification => self.read_notification().await,
        }
    }

    /// One of the rooms that the client is in.
    pub(super) fn some_room(&mut self) -> Option<String> {
        let rooms: Vec<String> = self.rooms.iter().cloned().collect();
        self.dice.pick(&rooms).cloned()
    }

    /// Reads that are checked for being answered; what they say is compared at quiet points.
    async fn ask_of_rooms(&mut self, event: &str) {
        let Some(room) = self.some_room() else { return };
        let payload = match event {
            "get-unread" => json!({ "roomIds": [room] }),
            _ => json!({ "roomId": room }),
        };
        if let super::Answer::Refused(code) = self.settle(event, payload).await {
            self.unless_closed(event, &room, &code);
        }
    }

    async fn typing(&mut self) {
        let Some(room) = self.some_room() else { return };
        let event = if self.dice.chance(60) { "typing-start" } else { "typing-stop" };
        if let Some(link) = &self.link {
            link.emit(event, &json!({ "roomId": room })).await;
        }
    }

    /// A refusal in a room is explained by its being closed.
    pub(super) fn unless_closed(&self, event: &str, room: &str, code: &str) {
        let is_closing = self.world.model().rooms.get(room).is_some_and(|room| room.closing);
        if !(is_closing && matches!(code, "gone" | "not-found" | "forbidden")) {
            self.unexplained(event, room, code);
        }
    }
}
