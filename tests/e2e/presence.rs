//! Who is there: in a room, online, and how; of several devices, of many users.

use harness::{Client, Stack, Topology, on_each_topology, token, until};
use lua::batch::Batch;
use lua::topology::Settings;
use lua::{Cmd, Redis, Value as Reply, key};
use serde_json::{Value, json};

use crate::{options, start};

on_each_topology![
    a_status_is_shown_in_each_room_until_the_user_goes_offline,
    a_reload_is_seen_by_nobody,
    a_large_room_is_told_together_who_comes_and_goes,
    nobody_types_in_a_large_room,
    who_may_not_write_does_not_type,
    leaving_ends_the_presence_of_all_devices,
    back_ends_learn_when_rooms_and_users_come_and_go,
];

async fn a_status_is_shown_in_each_room_until_the_user_goes_offline(topology: Topology) {
    let stack = Stack::start(options(topology).with("PRESENCE_GRACE_MS", 300)).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let desk = stack.client(0, "ben").await;
    for room in ["graphs", "trees"] {
        ana.ok("join-room", json!({ "roomId": room })).await;
        ben.ok("join-room", json!({ "roomId": room })).await;
    }
    desk.ok("join-room", json!({ "roomId": "graphs" })).await;

    assert_eq!(ben.ok("set-status", json!({ "status": "idle" })).await["status"], "idle");
    let user = json!({ "id": "ben", "name": token::name("ben") });
    for _ in ["graphs", "trees"] {
        let told = ana.next("user-status-changed").await;
        assert_eq!(told, json!({ "user": user, "status": "idle" }));
    }
    assert_eq!(desk.next("user-status-changed").await["status"], "idle", "the own other device");
    assert_eq!(status_of(&ana, "trees", "ben").await, "idle");
    assert_eq!(ben.seen("user-status-changed"), Vec::<Value>::new(), "who set it knows");

    // Two quick changes keep their order; the same status again is no change.
    for status in ["busy", "active", "busy", "busy"] {
        ben.ok("set-status", json!({ "status": status })).await;
    }
    for status in ["busy", "busy", "active", "active", "busy", "busy"] {
        assert_eq!(ana.next("user-status-changed").await["status"], status);
    }
    let refused = ben.refused("set-status", json!({ "status": "gone" })).await;
    assert_eq!(refused["code"], "invalid-payload");
    assert_eq!(refused["details"]["field"], "status");

    // Who enters another room is as busy there.
    ana.ok("join-room", json!({ "roomId": "late" })).await;
    ben.ok("join-room", json!({ "roomId": "late" })).await;
    assert_eq!(ana.next("user-status-changed").await["status"], "busy");
    assert_eq!(status_of(&ana, "late", "ben").await, "busy");

    drop((ben, desk));
    ana.next_where("user-left-room", |left| left["roomId"] == "graphs").await;
    lifecycle(&stack, "user-offline ben").await;
    let ben = stack.client(1, "ben").await;
    ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(status_of(&ana, "graphs", "ben").await, "active", "until the user goes offline");
}

/// How a member is shown in a room.
async fn status_of(client: &Client, room: &str, user: &str) -> String {
    let page = client.ok("get-members", json!({ "roomId": room })).await;
    let members = page["members"].as_array().expect("a list");
    let member = members.iter().find(|member| member["id"] == user).expect("present");
    member["status"].as_str().expect("a status").to_owned()
}

async fn a_reload_is_seen_by_nobody(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    let mut ben = stack.client(1, "ben").await;
    ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    ana.next("user-joined-room").await;
    for edge in [0, 1, 0] {
        drop(ben);
        ben = stack.client(edge, "ben").await;
        let back = ben.ok("join-room", json!({ "roomId": "graphs" })).await;
        assert_eq!(back["memberCount"], 2);
    }
    ben.ok("send-message", json!({ "roomId": "graphs", "content": "still here" })).await;
    ana.next("message-received").await;
    assert_eq!(ana.seen("user-joined-room"), Vec::<Value>::new());
    assert_eq!(ana.seen("user-left-room"), Vec::<Value>::new());
}

async fn a_large_room_is_told_together_who_comes_and_goes(topology: Topology) {
    let stack = Stack::start(options(topology).with("PRESENCE_BATCH_ABOVE", 3)).await;
    let mut clients = Vec::new();
    for number in 0..10 {
        let client = stack.client(number % 2, &format!("u{number}")).await;
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
        clients.push(client);
    }
    let first = &clients[0];
    let mut joined = Vec::new();
    while joined.len() < 7 {
        let told = first.next("room-presence").await;
        assert_eq!(told["roomId"], "graphs");
        assert_eq!(told["left"], json!([]));
        joined.extend(ids(&told["joined"]));
        assert!(told["memberCount"].as_u64().is_some_and(|count| count >= joined.len() as u64));
    }
    joined.sort();
    assert_eq!(joined, ["u3", "u4", "u5", "u6", "u7", "u8", "u9"], "each once");
    let singles: Vec<Value> = first.seen("user-joined-room");
    assert_eq!(singles.len(), 2, "single events up to three members: {singles:?}");

    // Down to three again; what is told one by one and what is told together make one whole.
    for client in clients.drain(3..).rev() {
        client.ok("leave-room", json!({ "roomId": "graphs" })).await;
        client.next("room-left").await;
    }
    let first = &clients[0];
    assert_eq!(first.next("user-left-room").await["user"]["id"], "u3", "the last one, alone");
    let mut left = Vec::new();
    while left.len() < 6 {
        left.extend(ids(&first.next("room-presence").await["left"]));
    }
    left.sort();
    assert_eq!(left, ["u4", "u5", "u6", "u7", "u8", "u9"]);
    let page = first.ok("get-members", json!({ "roomId": "graphs" })).await;
    assert_eq!(page["memberCount"], 3);
}

fn ids(users: &Value) -> Vec<String> {
    let users = users.as_array().expect("a list");
    users.iter().map(|user| user["id"].as_str().expect("an id").to_owned()).collect()
}

async fn nobody_types_in_a_large_room(topology: Topology) {
    let stack = Stack::start(options(topology).with("PRESENCE_BATCH_ABOVE", 2)).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    ben.ok("typing-start", json!({ "roomId": "graphs" })).await;
    assert_eq!(ana.next("user-typing").await["isTyping"], true);
    ben.ok("typing-stop", json!({ "roomId": "graphs" })).await;
    assert_eq!(ana.next("user-typing").await["isTyping"], false);
    let cai = stack.client(0, "cai").await;
    cai.ok("join-room", json!({ "roomId": "graphs" })).await;
    cai.ok("typing-start", json!({ "roomId": "graphs" })).await;
    cai.ok("send-message", json!({ "roomId": "graphs", "content": "typed" })).await;
    ana.next("message-received").await;
    assert_eq!(ana.seen("user-typing"), Vec::<Value>::new());
}

async fn who_may_not_write_does_not_type(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let access = json!({ "visibility": "public", "members": { "vic": "viewer" } });
    let payload = json!({ "roomId": "graphs", "type": "discussion", "access": access });
    ana.ok("create-room", payload).await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    for (user, code) in [("vic", "forbidden"), ("ben", "muted")] {
        let client = stack.client(1, user).await;
        let room = json!({ "roomId": "graphs" });
        assert_eq!(client.refused("typing-start", room.clone()).await["code"], "forbidden", "away");
        client.ok("join-room", room.clone()).await;
        if code == "muted" {
            ana.ok("mute-user", json!({ "roomId": "graphs", "userId": user })).await;
        }
        assert_eq!(client.refused("typing-start", room).await["code"], code);
    }
    assert_eq!(ana.seen("user-typing"), Vec::<Value>::new());
}

async fn leaving_ends_the_presence_of_all_devices(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let desk = stack.client(0, "ben").await;
    let phone = stack.client(1, "ben").await;
    for client in [&ana, &desk, &phone] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    desk.ok("leave-room", json!({ "roomId": "graphs" })).await;
    for client in [&desk, &phone] {
        assert_eq!(client.next("room-left").await, json!({ "roomId": "graphs", "reason": "left" }));
    }
    assert_eq!(ana.next("user-left-room").await["memberCount"], 1);
    ana.ok("send-message", json!({ "roomId": "graphs", "content": "gone?" })).await;
    phone.ok("get-members", json!({ "roomId": "graphs" })).await;
    assert_eq!(phone.seen("message-received"), Vec::<Value>::new());
}

async fn back_ends_learn_when_rooms_and_users_come_and_go(topology: Topology) {
    let stack = Stack::start(options(topology).with("PRESENCE_GRACE_MS", 300)).await;
    let desk = stack.client(0, "ana").await;
    let phone = stack.client(1, "ana").await;
    let ben = stack.client(1, "ben").await;
    for client in [&desk, &phone, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    drop((desk, phone));
    ben.next("user-left-room").await;
    ben.ok("leave-room", json!({ "roomId": "graphs" })).await;
    lifecycle(&stack, "user-offline ana").await;
    let mut told = lifecycle(&stack, "room-vacated graphs").await;
    told.sort();
    assert_eq!(
        told,
        [
            "room-occupied graphs",
            "room-vacated graphs",
            "user-offline ana",
            "user-online ana",
            "user-online ben"
        ],
        "each once"
    );
}

/// Waits until back ends are told of an event, `<event> <whom it is about>`; all that they were told.
async fn lifecycle(stack: &Stack, wanted: &str) -> Vec<String> {
    let redis = Redis::connect(&Settings::new(stack.redis_url())).await.expect("Redis is up");
    until(wanted, async || {
        let mut read = Cmd::new();
        read.arg(&["XRANGE", key::LIFECYCLE, "-", "+"]);
        let mut batch = Batch::default();
        batch.add(read);
        let node = redis.node_of_key(key::LIFECYCLE);
        let reply = batch.run(&redis, node).await.expect("Redis answers").remove(0);
        let told = entries(reply);
        told.iter().any(|told| told == wanted).then_some(told)
    })
    .await
}

/// Each entry's event and whom it is about.
fn entries(reply: Reply) -> Vec<String> {
    let list = |value: &Reply| match value {
        Reply::Array(list) => list.clone(),
        other => panic!("not a list: {other:?}"),
    };
    let text = |value: &Reply| match value {
        Reply::BulkString(bytes) => String::from_utf8_lossy(bytes).into_owned(),
        other => panic!("not text: {other:?}"),
    };
    let fields = list(&reply).into_iter().map(|entry| list(&list(&entry)[1]));
    fields.map(|fields| format!("{} {}", text(&fields[1]), text(&fields[3]))).collect()
}
