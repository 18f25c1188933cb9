//! What becomes of messages: edited, deleted, reacted to, read; and how fast they may come.

use harness::{Client, Topology, on_each_topology};
use serde_json::{Value, json};

use crate::{options, start};

on_each_topology![
    an_edit_reaches_everyone_and_history,
    a_deletion_leaves_a_tombstone_everywhere,
    reactions_are_shared_and_me_is_ones_own,
    replies_share_a_thread,
    what_is_read_on_one_device_is_read_on_the_other,
    unread_messages_are_counted_in_all_of_a_users_rooms,
    who_writes_too_fast_is_told_when_to_go_on,
];

async fn say(client: &Client, room: &str, content: &str) -> String {
    let payload = json!({ "roomId": room, "content": content });
    let said = client.ok("send-message", payload).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

async fn join(clients: &[&Client], room: &str) {
    for client in clients {
        client.ok("join-room", json!({ "roomId": room })).await;
    }
}

async fn history(client: &Client, room: &str) -> Vec<Value> {
    let page = client.ok("get-messages", json!({ "roomId": room })).await;
    page["messages"].as_array().expect("a list").clone()
}

async fn an_edit_reaches_everyone_and_history(topology: Topology) {
    let stack = start(topology).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(1, "ben").await);
    join(&[&ana, &ben], "graphs").await;
    let id = say(&ana, "graphs", "helo").await;
    let edit = json!({ "roomId": "graphs", "messageId": id, "content": "hello", "requestId": "1" });
    let edited = ana.ok("edit-message", edit.clone()).await["message"].clone();
    assert_eq!((&edited["id"], &edited["content"]), (&json!(id), &json!("hello")));
    assert!(edited["editedAt"].as_u64() >= edited["createdAt"].as_u64());
    for client in [&ana, &ben] {
        let told = client.next("message-edited").await;
        assert_eq!((&told["roomId"], &told["message"]), (&json!("graphs"), &edited));
    }
    assert_eq!(history(&ben, "graphs").await, std::slice::from_ref(&edited));
    assert_eq!(ana.ok("edit-message", edit.clone()).await["message"], edited, "the same again");
    let mut other = edit;
    other["requestId"] = Value::Null;
    assert_eq!(ben.refused("edit-message", other).await["code"], "forbidden");
    assert_eq!(ben.seen_count("message-edited"), 0, "it is told once");
}

async fn a_deletion_leaves_a_tombstone_everywhere(topology: Topology) {
    let stack = start(topology).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(1, "ben").await);
    join(&[&ana, &ben], "graphs").await;
    let since = say(&ana, "graphs", "first").await;
    let id = say(&ana, "graphs", "secret").await;
    let answer = json!({ "roomId": "graphs", "content": "really?", "replyTo": id });
    ben.ok("send-message", answer).await;
    let delete = json!({ "roomId": "graphs", "messageId": id });
    assert_eq!(ben.refused("delete-message", delete.clone()).await["code"], "forbidden");
    let moderator = stack.client_with(1, "max", &["moderator"]).await;
    assert_eq!(moderator.ok("delete-message", delete.clone()).await["messageId"], id);
    let told = ben.next("message-deleted").await;
    assert_eq!((&told["messageId"], &told["deletedBy"]["id"]), (&json!(id), &json!("max")));
    assert_eq!(ana.refused("delete-message", delete).await["code"], "gone");

    let late = stack.client(0, "cat").await;
    let joined = late.ok("join-room", json!({ "roomId": "graphs", "since": since })).await;
    for seen in [&joined["recentMessages"][1], &joined["missed"]["events"][0]["payload"]["message"]]
    {
        assert_eq!((&seen["id"], &seen["content"]), (&json!(id), &json!("")));
        assert!(seen["deletedAt"].is_u64(), "{seen}");
    }
    assert!(!joined.to_string().contains("secret"), "{joined}");
}

async fn reactions_are_shared_and_me_is_ones_own(topology: Topology) {
    let stack = start(topology).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(1, "ben").await);
    join(&[&ana, &ben], "graphs").await;
    let id = say(&ana, "graphs", "hello").await;
    let react = json!({ "roomId": "graphs", "messageId": id, "emoji": "👩‍💻", "on": true });
    let mine = json!({ "👩‍💻": { "count": 1, "users": ["ben"], "me": true } });
    assert_eq!(ben.ok("react", react.clone()).await["reactions"], mine);
    assert_eq!(ben.ok("react", react).await["reactions"], mine, "twice is once");
    let shared = json!({ "👩‍💻": { "count": 1, "users": ["ben"] } });
    for client in [&ana, &ben] {
        let told = client.next("message-reaction").await;
        assert_eq!((&told["messageId"], &told["reactions"]), (&json!(id), &shared));
    }
    assert_eq!(history(&ben, "graphs").await[0]["reactions"], mine);
    assert_eq!(history(&ana, "graphs").await[0]["reactions"], shared);
    let off = json!({ "roomId": "graphs", "messageId": id, "emoji": "👩‍💻", "on": false });
    assert_eq!(ben.ok("react", off).await["reactions"], json!({}));
    assert_eq!(ana.next("message-reaction").await["reactions"], json!({}));
}

async fn replies_share_a_thread(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    join(&[&ana], "graphs").await;
    let root = say(&ana, "graphs", "root").await;
    let mut last = root.clone();
    for n in 0..3 {
        let reply = json!({ "roomId": "graphs", "content": n.to_string(), "threadId": last });
        let reply = ana.ok("send-message", reply).await["message"].clone();
        assert_eq!(reply["threadId"], root);
        last = reply["id"].as_str().expect("an id").to_owned();
    }
    let asked = json!({ "roomId": "graphs", "threadId": root, "limit": 2 });
    let page = ana.ok("get-messages", asked).await;
    let contents: Vec<&Value> =
        page["messages"].as_array().expect("a list").iter().map(|m| &m["content"]).collect();
    assert_eq!((contents, &page["hasMore"]), (vec![&json!("1"), &json!("2")], &json!(true)));
}

async fn what_is_read_on_one_device_is_read_on_the_other(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let (desk, phone) = (stack.client(0, "ben").await, stack.client(1, "ben").await);
    join(&[&ana, &desk], "graphs").await;
    let first = say(&ana, "graphs", "1").await;
    say(&ana, "graphs", "2").await;
    let mark = json!({ "roomId": "graphs", "messageId": first });
    let marked = desk.ok("mark-read", mark.clone()).await;
    assert_eq!((&marked["roomId"], &marked["unread"]), (&json!("graphs"), &json!(1)));
    let told = phone.next("messages-read").await;
    let user = json!({ "id": "ben", "name": harness::token::name("ben") });
    assert_eq!(told, json!({ "roomId": "graphs", "user": user, "messageId": first }));
    let unread = phone.ok("get-unread", json!({})).await;
    assert_eq!(unread["rooms"], json!({ "graphs": 1 }));
    assert_eq!(desk.seen_count("messages-read"), 0, "it knows already");
    assert_eq!(ana.seen_count("messages-read"), 0, "nobody else is told");
    assert_eq!(
        ana.refused("mark-read", json!({ "roomId": "graphs", "messageId": "1-1" })).await["code"],
        "not-found"
    );
}

async fn unread_messages_are_counted_in_all_of_a_users_rooms(topology: Topology) {
    let stack = start(topology).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(1, "ben").await);
    let rooms: Vec<String> = (0..8).map(|n| format!("room-{n}")).collect();
    for (n, room) in rooms.iter().enumerate() {
        join(&[&ben, &ana], room).await;
        for _ in 0..n {
            say(&ana, room, "x").await;
        }
        say(&ben, room, "own").await;
    }
    let counts: Value =
        rooms.iter().enumerate().map(|(n, room)| (room.clone(), json!(n))).collect();
    assert_eq!(ben.ok("get-unread", json!({})).await["rooms"], counts);
    let some = json!({ "roomIds": ["room-7", "room-0", "nowhere"] });
    let some = ben.ok("get-unread", some).await;
    assert_eq!(some["rooms"], json!({ "room-7": 7, "room-0": 0 }));
    ben.ok("leave-room", json!({ "roomId": "room-7" })).await;
    let left = ben.ok("get-unread", json!({})).await;
    assert_eq!(left["rooms"].as_object().map(serde_json::Map::len), Some(7), "{left}");
    let many: Vec<String> = (0..101).map(|n| format!("r{n}")).collect();
    let refused = ben.refused("get-unread", json!({ "roomIds": many })).await;
    assert_eq!(refused["code"], "invalid-payload");
}

async fn who_writes_too_fast_is_told_when_to_go_on(topology: Topology) {
    let options = options(topology).with("RATE_MESSAGES", 3).with("RATE_MESSAGES_WINDOW_MS", 1_000);
    let stack = harness::Stack::start(options).await;
    let ana = stack.client(0, "ana").await;
    join(&[&ana], "graphs").await;
    let payload = json!({ "roomId": "graphs", "content": "x" });
    let mut answers = Vec::new();
    for _ in 0..4 {
        answers.push(ana.start_call("send-message", &payload).await);
    }
    let mut last = Value::Null;
    for answer in answers {
        last = answer.await;
    }
    let refusal = &last["error"];
    assert_eq!(refusal["code"], "rate-limited", "{last}");
    let wait = refusal["retryAfterMs"].as_u64().expect("a time");
    assert!((1..=1_000).contains(&wait), "{wait}");
    // The time is part of what is promised: nothing else says when it is over.
    tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
    ana.ok("send-message", payload).await;
}
