//! Chat: what its scripts do, refuse and leave alone.

#[path = "../common/mod.rs"]
mod common;
#[path = "../stage/mod.rs"]
mod stage;

mod delete;
mod edit;
mod history;
mod mention;
mod pace;
mod react;
mod send;
mod thread;
mod unread;

use serde_json::{Value as Json, json};
use stage::{Applied, Stage, Who, who};

/// Sends a message by Ann; its id.
async fn say(stage: &mut Stage, text: &str) -> String {
    say_as(stage, &who("ann"), json!({ "content": text })).await
}

/// Sends a message; its id.
async fn say_as(stage: &mut Stage, who: &Who, payload: Json) -> String {
    let said = stage.ok(who, "send-message", payload).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

/// Sends an event on the stage's room.
async fn act(stage: &mut Stage, who: &Who, event: &str, mut payload: Json) -> Applied {
    payload["roomId"] = stage.room.as_str().into();
    stage.event(who, event, payload).await
}

/// The room's messages as Ann sees them.
async fn messages(stage: &mut Stage) -> Vec<Json> {
    let page = stage.ok(&who("ann"), "get-messages", json!({ "limit": 100 })).await;
    page["messages"].as_array().expect("a list").clone()
}

/// What a user who comes back is told of after an id: events by name and payload, and whether that is all.
async fn missed(stage: &mut Stage, who: &Who, since: &str) -> (Vec<(String, Json)>, bool) {
    let missed = stage.ok(who, "join-room", json!({ "since": since })).await["missed"].clone();
    let events = missed["events"].as_array().expect("a list").iter();
    let events = events
        .map(|event| {
            (event["event"].as_str().expect("a name").to_owned(), event["payload"].clone())
        })
        .collect();
    (events, missed["complete"].as_bool().expect("a boolean"))
}

/// A room that Olga owns, with a moderator, two members and a viewer, and a message of Ann; its id.
async fn room_with_roles(stage: &mut Stage) -> String {
    let members = json!({ "max": "moderator", "ann": "member", "bob": "member", "vic": "viewer" });
    let access = json!({ "visibility": "private", "members": members });
    let id = stage.room.to_string();
    for (field, value) in [
        ("type", "discussion"),
        ("name", "Graphs"),
        ("createdAt", "1"),
        ("createdBy", "olga"),
        ("owner", "olga"),
        ("visibility", access["visibility"].as_str().expect("a word")),
        ("roles", ""),
        ("listed", "1"),
        ("maxMembers", ""),
        ("slowModeMs", "0"),
        ("last", "0-0"),
    ] {
        let _: i64 = stage.command(&["HSET", &stage.keys().room(), field, value]).await;
    }
    for (user, role) in members.as_object().expect("a map") {
        let role = role.as_str().expect("a word");
        let _: i64 = stage.command(&["HSET", &stage.keys().access(), user, role]).await;
        let _: i64 = stage.command(&["HSET", &stage.keys().belongs(), user, "1-0"]).await;
    }
    let _: i64 = stage.command(&["HSET", &stage.keys().belongs(), "olga", "1-0"]).await;
    assert_eq!(stage.keys().room(), format!("rt:{}:room:{id}", stage.partition.tag()));
    say(stage, "hello").await
}

/// Mutes or bans a user, as the moderation's scripts do.
async fn sanction(stage: &Stage, kind: &str, user: &str) {
    let keys = stage.keys();
    let _: i64 = stage.command(&["HSET", &keys.room(), "sanctioned", "1"]).await;
    let (field, held) = (format!("{kind} {user}"), r#"{"by":{"id":"max","name":"MAX"}}"#);
    let _: i64 = stage.command(&["HSET", &keys.sanctions(), &field, held]).await;
}
