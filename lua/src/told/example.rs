//! One payload of each event that clients send, for the document.

use serde_json::Value;

macro_rules! examples {
    ($($name:literal: $payload:tt)*) => {
        /// An example of this event's payload.
        pub fn example(name: &str) -> Option<Value> {
            match name {
                $($name => Some(serde_json::json!($payload)),)*
                _ => None,
            }
        }
    };
}

examples! {
    "create-room": { "type": "discussion", "name": "Graphs", "requestId": "8f14e45f" }
    "join-room": { "roomId": "graphs", "since": "1733011200000-4" }
    "leave-room": { "roomId": "graphs" }
    "get-members": { "roomId": "graphs", "limit": 100 }
    "list-rooms": { "scope": "public", "type": "discussion" }
    "update-room": { "roomId": "graphs", "name": "Graphs and trees", "access": {
        "visibility": "private", "members": { "ben": "moderator" }
    } }
    "invite-to-room": { "roomId": "graphs", "userId": "cleo", "roomRole": "member" }
    "remove-member": { "roomId": "graphs", "userId": "cleo", "reason": "left the course" }
    "close-room": { "roomId": "graphs" }
    "set-status": { "status": "busy" }
    "typing-start": { "roomId": "graphs" }
    "typing-stop": { "roomId": "graphs" }
    "send-message": { "roomId": "graphs", "content": "is it a tree?", "mentions": ["ben"],
        "requestId": "c9f0f895" }
    "edit-message": { "roomId": "graphs", "messageId": "1733011200000-5", "content": "Is it a tree?" }
    "delete-message": { "roomId": "graphs", "messageId": "1733011200000-5" }
    "react": { "roomId": "graphs", "messageId": "1733011200000-5", "emoji": "\u{1F44D}", "on": true }
    "get-messages": { "roomId": "graphs", "before": "1733011200000-5", "limit": 50 }
    "mark-read": { "roomId": "graphs", "messageId": "1733011200000-5" }
    "get-unread": { "roomIds": ["graphs"] }
    "report-message": { "roomId": "graphs", "messageId": "1733011200000-5", "reason": "spam" }
    "get-reports": { "roomId": "graphs", "status": "open" }
    "resolve-report": { "roomId": "graphs", "reportId": "1733011200000-6", "action": "mute",
        "durationMs": 600_000 }
    "mute-user": { "roomId": "graphs", "userId": "ben", "durationMs": 600_000, "reason": "cool down" }
    "unmute-user": { "roomId": "graphs", "userId": "ben" }
    "ban-user": { "roomId": "graphs", "userId": "ben" }
    "unban-user": { "roomId": "graphs", "userId": "ben" }
    "set-slow-mode": { "roomId": "graphs", "intervalMs": 5_000 }
    "get-notifications": { "limit": 20, "unreadOnly": true }
    "mark-notification-read": { "notificationIds": ["1733011200000-7"] }
    "refresh-token": { "token": "eyJhbGciOi…" }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Source, TABLE};

    #[test]
    fn every_event_of_clients_has_an_example_that_is_valid() {
        for row in TABLE.iter().filter(|row| row.source == Source::Client) {
            let payload = example(row.name).unwrap_or_else(|| panic!("no example: {}", row.name));
            if let Err(refusal) = Event::read(row.name, &payload.to_string()) {
                panic!("{}: {refusal}", row.name);
            }
        }
    }
}
