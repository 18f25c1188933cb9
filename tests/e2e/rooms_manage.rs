//! What owners and those who moderate do with rooms, and lists of rooms.

use harness::{Client, Topology, on_each_topology, token, until};
use serde_json::{Value, json};

use crate::{options, start};

on_each_topology![
    an_update_is_told_and_narrowing_puts_out,
    an_invitation_lets_in_and_notifies,
    a_moderator_who_was_made_one_sees_reports_at_once,
    a_removed_member_is_out_on_all_connections,
    a_closed_room_is_gone,
    public_rooms_are_listed_while_they_are_public,
    own_rooms_are_listed_wherever_they_are,
    a_user_owns_so_many_rooms_and_no_more,
    a_room_without_anyone_is_forgotten,
];

async fn an_update_is_told_and_narrowing_puts_out(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let cem = stack.client(1, "cem").await;
    ana.ok("create-room", json!({ "roomId": "graphs", "type": "discussion" })).await;
    for client in [&ana, &ben, &cem] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    let access = json!({ "visibility": "private", "members": { "cem": "viewer" } });
    let payload = json!({ "roomId": "graphs", "name": "Ours", "access": access });
    let answer = ana.ok("update-room", payload).await;
    assert_eq!(answer["room"]["access"], access);

    assert_eq!(ben.next("room-left").await, json!({ "roomId": "graphs", "reason": "removed" }));
    let left = cem.next("user-left-room").await;
    assert_eq!((&left["user"]["id"], &left["reason"]), (&json!("ben"), &json!("removed")));
    let updated = cem.next("room-updated").await;
    assert_eq!((&updated["room"]["name"], updated["room"].get("access")), (&json!("Ours"), None));
    assert_eq!(updated["id"], left["id"], "one event, one id");
    let refused = ben.refused("send-message", json!({ "roomId": "graphs", "content": "x" })).await;
    assert_eq!(refused["code"], "not-found");
    let refused = cem.refused("send-message", json!({ "roomId": "graphs", "content": "x" })).await;
    assert_eq!(refused["code"], "forbidden", "a viewer now");
    ana.ok("send-message", json!({ "roomId": "graphs", "content": "to cem" })).await;
    cem.next("message-received").await;
    assert!(ben.seen("message-received").is_empty() && ben.seen("room-updated").is_empty());
}

async fn an_invitation_lets_in_and_notifies(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    ana.ok("create-room", json!({ "roomId": "secret", "type": "collaboration", "name": "Secret" }))
        .await;
    let join = json!({ "roomId": "secret" });
    assert_eq!(ben.refused("join-room", join.clone()).await["code"], "not-found");
    let payload = json!({ "roomId": "secret", "userId": "ben" });
    let answer = ana.ok("invite-to-room", payload).await;
    assert_eq!(answer, json!({ "ok": true, "roomId": "secret", "userId": "ben" }));

    let notification = ben.next("notification").await;
    assert_eq!(notification["kind"], "invitation");
    assert_eq!(notification["title"], format!("{} invited you to Secret", token::name("ana")));
    let by = json!({ "id": "ana", "name": token::name("ana") });
    let data = json!({ "roomId": "secret", "roomName": "Secret", "roomRole": "member", "by": by });
    assert_eq!(notification["data"], data);
    let joined = ben.ok("join-room", join).await;
    assert_eq!(joined["members"][0]["roomRole"], "member");
}

async fn a_moderator_who_was_made_one_sees_reports_at_once(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    ana.ok("create-room", json!({ "roomId": "graphs", "type": "discussion" })).await;
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    let said = ana.ok("send-message", json!({ "roomId": "graphs", "content": "x" })).await;
    let report =
        json!({ "roomId": "graphs", "messageId": said["message"]["id"], "reason": "other" });
    let role = |role: &str| json!({ "roomId": "graphs", "userId": "ben", "roomRole": role });
    ana.ok("invite-to-room", role("moderator")).await;
    ana.ok("report-message", report.clone()).await;
    ben.next("message-reported").await;
    ana.ok("invite-to-room", role("member")).await;
    let cem = stack.client(1, "cem").await;
    cem.ok("report-message", report).await;
    ana.next_where("message-reported", |told| told["report"]["reporter"]["id"] == "cem").await;
    ana.ok("send-message", json!({ "roomId": "graphs", "content": "last" })).await;
    ben.next_where("message-received", |told| told["message"]["content"] == "last").await;
    assert!(ben.seen("message-reported").is_empty(), "he does not moderate any more");
}

async fn a_removed_member_is_out_on_all_connections(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = [stack.client(0, "ben").await, stack.client(1, "ben").await];
    ana.ok("create-room", json!({ "roomId": "graphs", "type": "discussion" })).await;
    for client in [&ana, &ben[0], &ben[1]] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    let payload = json!({ "roomId": "graphs", "userId": "ben", "reason": "loud" });
    ana.ok("remove-member", payload.clone()).await;
    for client in &ben {
        let left = client.next("room-left").await;
        assert_eq!(left, json!({ "roomId": "graphs", "reason": "removed", "message": "loud" }));
    }
    let left = ana.next("user-left-room").await;
    assert_eq!((&left["reason"], &left["memberCount"]), (&json!("removed"), &json!(1)));
    assert!(!left.to_string().contains("loud"), "why is for him alone");
    let refused = ana.refused("remove-member", payload).await;
    assert_eq!(
        (&refused["code"], &refused["details"]["field"]),
        (&json!("not-found"), &json!("userId"))
    );
    assert_eq!(mine(&ben[0]).await, [""; 0], "he belongs to it no more");
    ben[0].ok("join-room", json!({ "roomId": "graphs" })).await;
}

async fn a_closed_room_is_gone(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    ana.ok("create-room", json!({ "roomId": "graphs", "type": "discussion" })).await;
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    assert_eq!(ben.refused("close-room", json!({ "roomId": "graphs" })).await["code"], "forbidden");
    ana.ok("close-room", json!({ "roomId": "graphs" })).await;
    let closed = ben.next("room-closed").await;
    assert_eq!(closed["roomId"], "graphs");
    for (event, payload) in [
        ("join-room", json!({ "roomId": "graphs" })),
        ("send-message", json!({ "roomId": "graphs", "content": "x" })),
        ("close-room", json!({ "roomId": "graphs" })),
    ] {
        assert_eq!(ana.refused(event, payload).await["code"], "gone", "{event}");
    }
    assert_eq!(listed(&ben, json!({})).await, [""; 0]);
    assert_eq!(mine(&ana).await, [""; 0]);
    until("ben's list is rid of it", async || mine(&ben).await.is_empty().then_some(())).await;
}

/// Rooms of one millisecond stand by their ids: waits until the clock has moved on.
async fn next_millisecond() {
    let now = || std::time::SystemTime::UNIX_EPOCH.elapsed().expect("after 1970").as_millis();
    let begun = now();
    while now() <= begun + 1 {
        tokio::task::yield_now().await;
    }
}

async fn public_rooms_are_listed_while_they_are_public(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client_with(1, "ben", &["student"]).await;
    for (room, kind, access) in [
        ("one", "discussion", json!({ "visibility": "public" })),
        ("two", "collaboration", json!({ "visibility": "public", "roles": ["student"] })),
        ("three", "discussion", json!({ "visibility": "private", "members": { "ben": "member" } })),
        ("four", "discussion", json!({ "visibility": "public" })),
    ] {
        ana.ok("create-room", json!({ "roomId": room, "type": kind, "access": access })).await;
        next_millisecond().await;
    }
    ana.ok("join-room", json!({ "roomId": "five" })).await;
    assert_eq!(listed(&ben, json!({})).await, ["five", "four", "two", "one"]);
    assert_eq!(listed(&ana, json!({})).await, ["five", "four", "one"], "two is for students");
    assert_eq!(listed(&ben, json!({ "type": "collaboration" })).await, ["two"]);

    let page = ben.ok("list-rooms", json!({ "scope": "public", "limit": 2 })).await;
    assert_eq!(ids(&page), ["five", "four"]);
    assert_eq!(listed(&ben, json!({ "cursor": page["nextCursor"] })).await, ["two", "one"]);

    ana.ok("update-room", json!({ "roomId": "one", "name": "One" })).await;
    let rooms = ben.ok("list-rooms", json!({ "scope": "public" })).await["rooms"].clone();
    assert_eq!((&rooms[3]["name"], rooms[3].get("access")), (&json!("One"), None));
    let private = json!({ "roomId": "four", "access": { "visibility": "private" } });
    ana.ok("update-room", private).await;
    ana.ok("close-room", json!({ "roomId": "one" })).await;
    assert_eq!(listed(&ben, json!({})).await, ["five", "two"]);
}

async fn own_rooms_are_listed_wherever_they_are(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let access = json!({ "visibility": "private", "members": { "ben": "viewer" } });
    let made = json!({ "roomId": "listed", "type": "discussion", "access": access });
    ana.ok("create-room", made).await;
    next_millisecond().await;
    ben.ok("join-room", json!({ "roomId": "joined" })).await;
    next_millisecond().await;
    ben.ok("create-room", json!({ "roomId": "owned", "type": "collaboration" })).await;
    next_millisecond().await;
    assert_eq!(mine(&ben).await, ["owned", "joined", "listed"], "the newest first");
    let page = ben.ok("list-rooms", json!({ "scope": "mine", "limit": 2 })).await;
    assert_eq!(ids(&page), ["owned", "joined"]);
    let payload = json!({ "scope": "mine", "limit": 2, "cursor": page["nextCursor"] });
    let page = ben.ok("list-rooms", payload).await;
    assert_eq!((ids(&page), page.get("nextCursor")), (vec!["listed".to_owned()], None));
    let page = ben.ok("list-rooms", json!({ "scope": "mine", "type": "collaboration" })).await;
    assert_eq!(ids(&page), ["owned"]);
    assert!(page["rooms"][0]["access"].is_object(), "it is his");
    ben.ok("leave-room", json!({ "roomId": "joined" })).await;
    assert_eq!(mine(&ben).await, ["owned", "listed"]);
}

async fn a_user_owns_so_many_rooms_and_no_more(topology: Topology) {
    let stack = harness::Stack::start(options(topology).with("ROOMS_OWNED_MAX", 2)).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let made = |room: &str| json!({ "roomId": room, "type": "discussion" });
    ben.ok("create-room", made("taken")).await;
    assert_eq!(ana.refused("create-room", made("taken")).await["code"], "conflict");
    for room in ["one", "two"] {
        ana.ok("create-room", made(room)).await;
    }
    assert_eq!(ana.refused("create-room", made("three")).await["code"], "conflict");
    ana.ok("close-room", json!({ "roomId": "one" })).await;
    ana.ok("create-room", made("three")).await;
}

async fn a_room_without_anyone_is_forgotten(topology: Topology) {
    let stack = harness::Stack::start(options(topology).with("ROOM_IDLE_TTL_MS", 300)).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    ana.ok("leave-room", json!({ "roomId": "graphs" })).await;
    let get = json!({ "roomId": "graphs" });
    until("the room is forgotten", async || {
        (ana.call("get-messages", get.clone()).await["ok"] == false).then_some(())
    })
    .await;
    assert_eq!(ana.refused("get-messages", get).await["code"], "not-found");
    until("the directory is rid of it", async || {
        listed(&ana, json!({})).await.is_empty().then_some(())
    })
    .await;
}

fn ids(page: &Value) -> Vec<String> {
    let rooms = page["rooms"].as_array().expect("rooms");
    rooms.iter().map(|room| room["id"].as_str().expect("an id").to_owned()).collect()
}

async fn listed(client: &Client, mut payload: Value) -> Vec<String> {
    payload["scope"] = "public".into();
    ids(&client.ok("list-rooms", payload).await)
}

async fn mine(client: &Client) -> Vec<String> {
    ids(&client.ok("list-rooms", json!({ "scope": "mine" })).await)
}
