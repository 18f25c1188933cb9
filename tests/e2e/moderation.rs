//! Moderation as moderators and the moderated meet it.

use harness::{Client, Stack, Topology, on_each_topology};
use serde_json::{Value, json};

use crate::start;

on_each_topology![
    of_two_moderators_who_resolve_at_once_one_is_too_late,
    what_is_sent_after_a_mute_reaches_nobody,
    who_is_banned_is_out_with_all_connections_and_stays_out,
];

/// A member, and two who moderate everywhere, on both edges.
async fn people(stack: &Stack) -> (Client, Client, Client) {
    let ana = stack.client(0, "ana").await;
    let mia = stack.client_with(0, "mia", &["moderator"]).await;
    let max = stack.client_with(1, "max", &["moderator"]).await;
    for client in [&ana, &mia, &max] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    (ana, mia, max)
}

async fn of_two_moderators_who_resolve_at_once_one_is_too_late(topology: Topology) {
    let stack = start(topology).await;
    let (ana, mia, max) = people(&stack).await;
    let said = json!({ "roomId": "graphs", "content": "buy this" });
    let message = ana.ok("send-message", said).await["message"]["id"].clone();
    let report = json!({ "roomId": "graphs", "messageId": message, "reason": "spam" });
    let report = ana.ok("report-message", report).await["reportId"].clone();
    for client in [&mia, &max] {
        let told = client.next("message-reported").await;
        assert_eq!(told["report"]["message"]["content"], "buy this");
    }
    let mute = json!({ "roomId": "graphs", "reportId": report, "action": "mute" });
    let delete = json!({ "roomId": "graphs", "reportId": report, "action": "delete-message" });
    let (one, other) =
        (mia.start_call("resolve-report", &mute).await, max.start_call("resolve-report", &delete));
    let (one, other) = tokio::join!(one, other.await);
    let (won, lost): (Vec<&Value>, Vec<&Value>) =
        [&one, &other].into_iter().partition(|answer| answer["ok"] == true);
    assert_eq!((won.len(), lost.len()), (1, 1), "{one} {other}");
    assert_eq!(lost[0]["error"]["code"], "conflict");

    // Only what the first decided has happened.
    let muted = won[0]["report"]["action"] == "mute";
    let again = ana.call("send-message", json!({ "roomId": "graphs", "content": "x" })).await;
    assert_eq!(again["error"]["code"] == "muted", muted, "{again}");
    let history = ana.ok("get-messages", json!({ "roomId": "graphs" })).await;
    assert_eq!(history["messages"][0]["content"] == "", !muted, "{history}");
    assert_eq!(ana.seen_count("message-reported"), 0, "that is for moderators");
}

async fn what_is_sent_after_a_mute_reaches_nobody(topology: Topology) {
    let stack = start(topology).await;
    let (ana, mia, max) = people(&stack).await;
    let mut sending = Vec::new();
    let mut muting = None;
    for number in 0..60 {
        if number == 30 {
            let mute = json!({ "roomId": "graphs", "userId": "ana", "durationMs": 600_000 });
            muting = Some(mia.start_call("mute-user", &mute).await);
        }
        let said = json!({ "roomId": "graphs", "content": format!("line {number}") });
        sending.push(ana.start_call("send-message", &said).await);
    }
    assert_eq!(muting.expect("one of 60").await["ok"], true);
    let mut accepted = Vec::new();
    for answer in sending {
        let answer = answer.await;
        match answer["ok"].as_bool() {
            Some(true) => accepted.push(answer["message"]["id"].clone()),
            _ => assert_eq!(answer["error"]["code"], "muted", "{answer}"),
        }
    }
    let muted = max.next("user-muted").await;
    for id in &accepted {
        let told = max.next("message-received").await;
        assert_eq!(&told["id"], id, "in the order in which they were said");
        assert!(before(id, &muted["id"]), "{id} after {}", muted["id"]);
    }
    ana.refused("send-message", json!({ "roomId": "graphs", "content": "still" })).await;
    assert_eq!(max.seen_count("message-received"), 0);
}

/// Whether one id is before another, both parts as integers.
fn before(one: &Value, other: &Value) -> bool {
    let parts = |id: &Value| -> Vec<u64> {
        let id = id.as_str().expect("an id");
        id.split('-').map(|part| part.parse().expect("a number")).collect()
    };
    parts(one) < parts(other)
}

async fn who_is_banned_is_out_with_all_connections_and_stays_out(topology: Topology) {
    let stack = start(topology).await;
    let (ana, mia, max) = people(&stack).await;
    let phone = stack.client(1, "ana").await;
    phone.ok("join-room", json!({ "roomId": "graphs" })).await;

    mia.ok("ban-user", json!({ "roomId": "graphs", "userId": "ana", "reason": "noise" })).await;
    for connection in [&ana, &phone] {
        assert_eq!(connection.next("room-left").await["reason"], "banned");
    }
    let banned = max.next("user-banned").await;
    assert_eq!((&banned["user"]["id"], &banned["by"]["id"]), (&json!("ana"), &json!("mia")));
    assert_eq!(max.next("user-left-room").await["memberCount"], 2);

    max.ok("send-message", json!({ "roomId": "graphs", "content": "quiet" })).await;
    for event in ["join-room", "get-messages", "get-members"] {
        let refused = phone.refused(event, json!({ "roomId": "graphs" })).await;
        assert_eq!(refused["code"], "banned", "{event}");
    }
    for connection in [&ana, &phone] {
        assert_eq!(connection.seen_count("message-received"), 0, "they hear nothing any more");
    }
    max.ok("unban-user", json!({ "roomId": "graphs", "userId": "ana" })).await;
    let back = phone.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(back["memberCount"], 3);
}
