//! The life of a token on a connection: its end is announced, another one takes its place, and without
//! one the connection ends.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use harness::token::{now_s, sign};
use harness::{Client, Raw, Stack, Topology, http, until, within};
use serde_json::{Value, json};

use crate::{options, start};

/// How long after the end of its token a connection may last, on a busy machine.
const LATE_MS: u64 = 2_000;

/// A token of this user that ends in so many seconds, and when that is (ms).
fn ending_in(user: &str, seconds: u64) -> (String, u64) {
    let exp = now_s() + seconds;
    (sign(&json!({ "sub": user, "name": format!("{user} the first"), "exp": exp })), exp * 1000)
}

fn now_ms() -> u64 {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).expect("the clock stands after 1970");
    u64::try_from(now.as_millis()).expect("a time of this age")
}

fn assert_is_end(at_ms: u64) {
    let now = now_ms();
    assert!(now >= at_ms, "put out {} ms early", at_ms - now);
    assert!(now < at_ms + LATE_MS, "put out {} ms late", now - at_ms);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_is_told_of_the_end_of_its_token_and_put_out_then() {
    let stack = Stack::start(options(Topology::Single).with("PRESENCE_GRACE_MS", 50)).await;
    let watcher = stack.client(1, "bob").await;
    watcher.ok("join-room", json!({ "roomId": "algorithms" })).await;

    let (token, end_ms) = ending_in("ana", 3);
    let mut raw = Raw::open(stack.edge_url(0), &[]).await;
    raw.send(format!("40{}", json!({ "token": token }))).await;
    assert!(raw.next().await.is_some_and(|answer| answer.starts_with("40{")));
    raw.send("421[\"join-room\",{\"roomId\":\"algorithms\"}]").await;
    watcher.next_where("user-joined-room", |joined| joined["user"]["id"] == "ana").await;

    let mut told = Vec::new();
    loop {
        let packet = within("the end of a token", raw.next()).await.expect("a goodbye first");
        match packet.as_str() {
            "41" => break,
            "2" => raw.send("3").await,
            packet if packet.starts_with("42[\"auth-expiring\"") => {
                told.push(serde_json::from_str::<Value>(&packet[2..]).expect("JSON"));
            }
            _ => {}
        }
    }
    assert_is_end(end_ms);
    assert_eq!(told, [json!(["auth-expiring", { "expiresAt": end_ms }])], "once, at once");
    while within("the transport to close", raw.next()).await.is_some() {}
    let left = watcher.next_where("user-left-room", |left| left["user"]["id"] == "ana").await;
    assert_eq!(left["memberCount"], 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_polling_client_is_put_out_too() {
    let stack = start(Topology::Single).await;
    let url = stack.edge_url(0);
    let path = "/socket.io/?EIO=4&transport=polling";
    let open = http::get(url, path).await.body;
    let open: Value = serde_json::from_str(&open[1..]).expect("an open packet");
    let path = format!("{path}&sid={}", open["sid"].as_str().expect("a sid"));
    let (token, end_ms) = ending_in("ana", 2);
    http::post(url, &path, &format!("40{}", json!({ "token": token }))).await;

    let mut packets = Vec::new();
    let polling = async {
        while !packets.iter().any(|packet| packet == "41") {
            let reply = http::get(url, &path).await;
            assert_eq!(reply.status, 200, "{packets:?}");
            packets.extend(reply.body.split('\u{1e}').map(str::to_owned));
        }
    };
    within("a goodbye by polling", polling).await;
    assert_is_end(end_ms);
    let told = format!("42[\"auth-expiring\",{{\"expiresAt\":{end_ms}}}]");
    assert_eq!(packets.iter().filter(|packet| **packet == told).count(), 1, "{packets:?}");
    until("the session to be over", || async {
        (http::get(url, &path).await.status == 400).then_some(())
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_token_of_the_same_user_takes_over() {
    let stack = start(Topology::Single).await;
    let (token, end_ms) = ending_in("ana", 2);
    let client = Client::connect(stack.edge_url(0), &token).await;
    let contest = json!({ "roomId": "finals", "type": "contest" });
    assert_eq!(client.refused("create-room", contest.clone()).await["code"], "forbidden");

    let exp = now_s() + 3600;
    let claims = json!({ "sub": "ana", "name": "Ana", "roles": ["organizer"], "exp": exp });
    let answer = client.ok("refresh-token", json!({ "token": sign(&claims) })).await;
    assert_eq!(answer, json!({ "ok": true, "expiresAt": exp * 1000 }));

    client.ok("create-room", contest).await;
    let said = client.ok("send-message", json!({ "roomId": "finals", "content": "hi" })).await;
    assert_eq!(said["message"]["sender"], json!({ "id": "ana", "name": "Ana" }));

    // The end of the first token is the matter here.
    tokio::time::sleep(Duration::from_millis((end_ms + LATE_MS).saturating_sub(now_ms()))).await;
    client.ok("get-members", json!({ "roomId": "finals" })).await;
    assert!(client.is_open());

    // What ends sooner counts as well.
    let (short, end_ms) = ending_in("ana", 1);
    client.ok("refresh-token", json!({ "token": short })).await;
    client.next_where("auth-expiring", |told| told["expiresAt"] == end_ms).await;
    client.until_closed().await;
    assert_is_end(end_ms);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_token_that_would_not_be_let_in_changes_nothing() {
    let mut options = options(Topology::Single);
    // The edge decides alone.
    options.workers = 0;
    let stack = Stack::start(options).await;
    let client = stack.client(0, "ana").await;
    let expired = sign(&json!({ "sub": "ana", "exp": now_s() - 60 }));
    let others = stack.token("bob", &["admin"]);
    for (case, payload, code) in [
        ("of another user", json!({ "token": others }), "forbidden"),
        ("expired", json!({ "token": expired }), "invalid-payload"),
        ("no token", json!({ "token": "let me in" }), "invalid-payload"),
        ("empty", json!({ "token": "" }), "invalid-payload"),
        ("no text", json!({ "token": 7 }), "invalid-payload"),
        ("missing", json!({}), "invalid-payload"),
    ] {
        let error = client.refused("refresh-token", payload).await;
        assert_eq!(error["code"], code, "{case}: {error}");
        assert_eq!(error["details"]["field"], "token", "{case}: {error}");
    }
    client.emit("refresh-token", json!({ "token": others })).await;
    let error = client.next("error").await;
    assert_eq!((&error["event"], &error["code"]), (&json!("refresh-token"), &json!("forbidden")));
    client.ok("refresh-token", json!({ "token": stack.token("ana", &[]) })).await;
    assert_eq!(client.seen_count("auth-expiring"), 0, "an hour is left");
}
