//! Rooms and who is present in them.

use harness::{Topology, on_each_topology, token, within};
use serde_json::{Value, json};

use crate::{options, start};

on_each_topology![
    a_created_room_belongs_to_its_maker,
    a_room_is_made_only_by_who_may_make_its_type,
    joining_answers_with_the_room_and_tells_the_others,
    leaving_ends_presence_and_tells_the_others,
    a_user_with_two_connections_is_one_member,
    members_are_paged,
    a_private_room_does_not_exist_for_strangers,
    a_room_for_a_role_is_forbidden_to_others,
    a_full_room_is_a_conflict,
    coming_back_with_since_brings_what_was_missed,
    typing_is_shown_to_the_others_until_it_stops,
    a_creation_repeated_with_its_request_id_makes_one_room,
    who_comes_back_to_many_full_rooms_at_once_gets_them_all,
];

async fn a_created_room_belongs_to_its_maker(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let payload = json!({ "roomId": "graphs", "type": "discussion", "name": "Graphs & trees" });

    let room = ana.ok("create-room", payload.clone()).await["room"].clone();
    assert_eq!(room["id"], "graphs");
    assert_eq!(room["type"], "discussion");
    assert_eq!(room["name"], "Graphs & trees");
    assert_eq!(room["createdBy"], "ana");
    assert_eq!(room["slowModeMs"], 0);
    assert_eq!(room["access"]["visibility"], "public", "the owner sees who may enter");
    assert!(room["createdAt"].as_u64().is_some_and(|at| at > 1_600_000_000_000), "{room}");

    assert_eq!(ana.refused("create-room", payload.clone()).await["code"], "conflict");
    assert_eq!(ben.refused("create-room", payload).await["code"], "conflict");

    let seen = ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(seen["room"]["name"], "Graphs & trees");
    assert_eq!(seen["room"].get("access"), None, "only owner and admin see who may enter");
}

async fn a_room_is_made_only_by_who_may_make_its_type(topology: Topology) {
    let stack = start(topology).await;
    let plain = stack.client(0, "ana").await;
    for kind in ["interview", "contest"] {
        let payload = json!({ "roomId": format!("new-{kind}"), "type": kind });
        assert_eq!(plain.refused("create-room", payload.clone()).await["code"], "forbidden");
        assert_eq!(plain.refused("join-room", payload).await["code"], "forbidden");
    }
    for kind in ["discussion", "collaboration"] {
        plain.ok("create-room", json!({ "roomId": format!("new-{kind}"), "type": kind })).await;
    }
    for (role, kind) in [
        ("interviewer", "interview"),
        ("organizer", "contest"),
        ("admin", "interview"),
        ("service", "contest"),
    ] {
        let client = stack.client_with(1, role, &[role]).await;
        let payload = json!({ "roomId": format!("{role}-{kind}"), "type": kind });
        client.ok("create-room", payload).await;
    }
    let payload = json!({ "roomId": "x", "type": "party" });
    assert_eq!(plain.refused("create-room", payload).await["code"], "invalid-payload");
}

async fn joining_answers_with_the_room_and_tells_the_others(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;

    let first = ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(first["room"]["type"], "discussion", "the default type");
    assert_eq!(first["memberCount"], 1);
    assert_eq!(first["recentMessages"], json!([]));

    let mut second = ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(second["roomId"], "graphs");
    assert_eq!(second["memberCount"], 2);
    assert_eq!(ids(&second["members"]), ["ana", "ben"]);
    let member = &second["members"][0];
    assert_eq!(member["name"], token::name("ana"));
    assert_eq!(member["roomRole"], "member");
    assert_eq!(member["status"], "active");
    assert!(member["joinedAt"].is_u64(), "{member}");

    let event = ben.next("room-joined").await;
    second.as_object_mut().expect("an object").remove("ok");
    assert_eq!(event, second, "the event is the same object as the ack");

    let told = ana.next("user-joined-room").await;
    assert_eq!(told["id"], second["id"], "one event, one id");
    assert_eq!(told["roomId"], "graphs");
    assert_eq!(told["user"], json!({ "id": "ben", "name": token::name("ben") }));
    assert_eq!(told["memberCount"], 2);

    // Joining again changes nothing: the next that ana sees is the message, and no second joining.
    ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    ben.ok("send-message", json!({ "roomId": "graphs", "content": "hello" })).await;
    ana.next("message-received").await;
    assert_eq!(ana.seen("user-joined-room"), Vec::<Value>::new());
    assert_eq!(ben.seen("user-joined-room"), Vec::<Value>::new(), "told to the others only");
}

async fn leaving_ends_presence_and_tells_the_others(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }

    let answer = ben.ok("leave-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(answer["roomId"], "graphs");
    let left = ben.next("room-left").await;
    assert_eq!(left["roomId"], "graphs");
    assert!(left["reason"].is_string(), "{left}");

    let told = ana.next("user-left-room").await;
    assert_eq!(told["roomId"], "graphs");
    assert_eq!(told["user"], json!({ "id": "ben", "name": token::name("ben") }));
    assert_eq!(told["memberCount"], 1);
    assert_eq!(told["reason"], left["reason"]);
    assert!(told["id"].is_string(), "{told}");

    // Who has left hears nothing more of the room; the answer to a later call comes after it would.
    ana.ok("send-message", json!({ "roomId": "graphs", "content": "gone?" })).await;
    let members = ben.ok("get-members", json!({ "roomId": "graphs" })).await;
    assert_eq!(ids(&members["members"]), ["ana"]);
    assert_eq!(ben.seen("message-received"), Vec::<Value>::new());
}

async fn a_user_with_two_connections_is_one_member(topology: Topology) {
    let stack = harness::Stack::start(options(topology).with("PRESENCE_GRACE_MS", 300)).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    let desk = stack.client(0, "ben").await;
    let phone = stack.client(1, "ben").await;
    desk.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(ana.next("user-joined-room").await["memberCount"], 2);
    let answer = phone.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(answer["memberCount"], 2);
    assert_eq!(ids(&answer["members"]), ["ana", "ben"]);

    drop(desk);
    phone.ok("send-message", json!({ "roomId": "graphs", "content": "still here" })).await;
    ana.next("message-received").await;
    drop(phone);
    let told = ana.next("user-left-room").await;
    assert_eq!(told["user"]["id"], "ben");
    assert_eq!(told["memberCount"], 1);
    assert_eq!(ana.seen("user-joined-room"), Vec::<Value>::new());
    assert_eq!(ana.seen("user-left-room"), Vec::<Value>::new());
}

async fn members_are_paged(topology: Topology) {
    let stack = start(topology).await;
    let mut clients = Vec::new();
    for (number, user) in ["u1", "u2", "u3", "u4", "u5"].into_iter().enumerate() {
        let client = stack.client(number % 2, user).await;
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
        clients.push(client);
    }
    let mut pages = Vec::new();
    let mut cursor = Value::Null;
    loop {
        let mut payload = json!({ "roomId": "graphs", "limit": 2 });
        if !cursor.is_null() {
            payload["cursor"] = cursor;
        }
        let page = clients[0].ok("get-members", payload).await;
        assert_eq!(page["memberCount"], 5);
        pages.push(ids(&page["members"]));
        cursor = page["nextCursor"].clone();
        if cursor.is_null() {
            break;
        }
        assert!(pages.len() < 5, "the cursor leads nowhere");
    }
    assert_eq!(pages.concat(), ["u1", "u2", "u3", "u4", "u5"]);
    assert!(pages.iter().all(|page| page.len() <= 2), "{pages:?}");
    for limit in [0, 501] {
        let payload = json!({ "roomId": "graphs", "limit": limit });
        let error = clients[0].refused("get-members", payload).await;
        assert_eq!(error["code"], "invalid-payload");
    }
}

async fn a_private_room_does_not_exist_for_strangers(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let access =
        json!({ "visibility": "private", "members": { "ben": "member", "eve": "viewer" } });
    let payload = json!({ "roomId": "duo", "type": "discussion", "access": access });
    ana.ok("create-room", payload).await;

    let ben = stack.client(1, "ben").await;
    ben.ok("join-room", json!({ "roomId": "duo" })).await;
    ben.ok("send-message", json!({ "roomId": "duo", "content": "psst" })).await;

    let carl = stack.client(1, "carl").await;
    for (event, payload) in [
        ("join-room", json!({ "roomId": "duo" })),
        ("get-members", json!({ "roomId": "duo" })),
        ("get-messages", json!({ "roomId": "duo" })),
        ("send-message", json!({ "roomId": "duo", "content": "hello?" })),
        ("typing-start", json!({ "roomId": "duo" })),
    ] {
        assert_eq!(carl.refused(event, payload).await["code"], "not-found", "{event}");
    }
    let eve = stack.client(0, "eve").await;
    eve.ok("join-room", json!({ "roomId": "duo" })).await;
    let error = eve.refused("send-message", json!({ "roomId": "duo", "content": "me too" })).await;
    assert_eq!(error["code"], "forbidden", "a viewer may read, not write");

    let admin = stack.client_with(1, "root", &["admin"]).await;
    let joined = admin.ok("join-room", json!({ "roomId": "duo" })).await;
    assert_eq!(joined["room"]["access"]["visibility"], "private");
    let unknown = admin.refused("get-members", json!({ "roomId": "no-such-room" })).await;
    assert_eq!(unknown["code"], "not-found");
}

async fn a_room_for_a_role_is_forbidden_to_others(topology: Topology) {
    let stack = start(topology).await;
    let owner = stack.client(0, "ana").await;
    let access = json!({ "visibility": "public", "roles": ["interviewer"] });
    let payload = json!({ "roomId": "staff", "type": "discussion", "access": access });
    owner.ok("create-room", payload).await;
    let plain = stack.client(1, "ben").await;
    assert_eq!(plain.refused("join-room", json!({ "roomId": "staff" })).await["code"], "forbidden");
    let holder = stack.client_with(1, "ida", &["interviewer"]).await;
    holder.ok("join-room", json!({ "roomId": "staff" })).await;
    owner.ok("join-room", json!({ "roomId": "staff" })).await;
}

async fn a_full_room_is_a_conflict(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let carl = stack.client(1, "carl").await;
    let payload = json!({ "roomId": "pair", "type": "discussion", "maxMembers": 2 });
    assert_eq!(ana.ok("create-room", payload).await["room"]["maxMembers"], 2);
    ana.ok("join-room", json!({ "roomId": "pair" })).await;
    ben.ok("join-room", json!({ "roomId": "pair" })).await;
    assert_eq!(carl.refused("join-room", json!({ "roomId": "pair" })).await["code"], "conflict");
    ben.ok("leave-room", json!({ "roomId": "pair" })).await;
    carl.ok("join-room", json!({ "roomId": "pair" })).await;
}

async fn coming_back_with_since_brings_what_was_missed(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    let joined = ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    drop(ben);
    let mut sent = Vec::new();
    for content in ["one", "two", "three"] {
        let answer =
            ana.ok("send-message", json!({ "roomId": "graphs", "content": content })).await;
        sent.push(answer["message"]["id"].clone());
    }

    let ben = stack.client(0, "ben").await;
    let back = ben.ok("join-room", json!({ "roomId": "graphs", "since": joined["id"] })).await;
    assert_eq!(back["missed"]["complete"], true, "{back}");
    let events = back["missed"]["events"].as_array().expect("a list");
    let messages: Vec<Value> = events
        .iter()
        .filter(|event| event["event"] == "message-received")
        .map(|event| event["payload"]["id"].clone())
        .collect();
    assert_eq!(messages, sent);

    let payload = json!({ "roomId": "graphs", "since": sent[1] });
    let again = ben.ok("join-room", payload).await;
    let later = again["missed"]["events"].as_array().expect("a list");
    assert_eq!(later.iter().filter(|event| event["event"] == "message-received").count(), 1);
    let bad = ben.refused("join-room", json!({ "roomId": "graphs", "since": "yesterday" })).await;
    assert_eq!(bad["code"], "invalid-payload");
}

async fn typing_is_shown_to_the_others_until_it_stops(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let outside = ben.refused("typing-start", json!({ "roomId": "graphs" })).await;
    assert!(["forbidden", "not-found"].contains(&outside["code"].as_str().unwrap_or("")));
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }

    ben.ok("typing-start", json!({ "roomId": "graphs" })).await;
    let user = json!({ "id": "ben", "name": token::name("ben") });
    let shown = json!({ "roomId": "graphs", "user": user, "isTyping": true });
    let hidden = json!({ "roomId": "graphs", "user": user, "isTyping": false });
    assert_eq!(ana.next("user-typing").await, shown);
    ben.ok("typing-stop", json!({ "roomId": "graphs" })).await;
    assert_eq!(ana.next("user-typing").await, hidden);

    ben.ok("typing-start", json!({ "roomId": "graphs" })).await;
    assert_eq!(ana.next("user-typing").await, shown);
    assert_eq!(ana.next("user-typing").await, hidden, "it stops by itself");
    assert_eq!(ben.seen("user-typing"), Vec::<Value>::new());

    let carl = stack.client(0, "carl").await;
    let error = carl.refused("typing-start", json!({ "roomId": "graphs" })).await;
    assert_eq!(error["code"], "forbidden", "typing needs presence");
}

async fn a_creation_repeated_with_its_request_id_makes_one_room(topology: Topology) {
    let stack = start(topology).await;
    let desk = stack.client(0, "ana").await;
    let phone = stack.client(1, "ana").await;
    let payload = json!({ "type": "discussion", "name": "Trees", "requestId": "r-1" });
    let first = desk.ok("create-room", payload.clone()).await;
    assert_eq!(phone.ok("create-room", payload).await, first);
    let other = json!({ "type": "discussion", "name": "Forests", "requestId": "r-1" });
    assert_eq!(phone.refused("create-room", other).await["code"], "conflict");
    let next = json!({ "type": "discussion", "name": "Trees", "requestId": "r-2" });
    assert_ne!(phone.ok("create-room", next).await["room"]["id"], first["room"]["id"]);
}

/// The ids of a list of members.
fn ids(members: &Value) -> Vec<String> {
    let members = members.as_array().expect("a list of members");
    members.iter().map(|member| member["id"].as_str().expect("an id").to_owned()).collect()
}

/// Far more at once than may wait for a client that does not read: this one reads.
async fn who_comes_back_to_many_full_rooms_at_once_gets_them_all(topology: Topology) {
    const ROOMS: usize = 10;
    let stack = start(topology).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(1, "ben").await);
    let content = "x".repeat(2_000);
    for room in 0..ROOMS {
        let id = format!("full-{room}");
        let mut calls = vec![ana.start_call("join-room", &json!({ "roomId": id })).await];
        for _ in 0..50 {
            let payload = json!({ "roomId": id, "content": content });
            calls.push(ana.start_call("send-message", &payload).await);
        }
        for call in calls {
            assert_eq!(call.await["ok"], true);
        }
    }

    let mut joins = Vec::new();
    for room in 0..ROOMS {
        let payload = json!({ "roomId": format!("full-{room}"), "since": "1-0" });
        joins.push(ben.start_call("join-room", &payload).await);
    }
    for join in joins {
        let joined = within("a join's answer", join).await;
        assert_eq!(joined["recentMessages"].as_array().map(Vec::len), Some(50));
    }
    assert!(ben.is_open(), "who reads is not slow");
}
