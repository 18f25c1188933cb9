//! Rate limits and admission, each counted over both edges.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use harness::{Client, Raw, Stack, Topology, http, until};
use serde_json::{Value, json};

use crate::options;

harness::on_each_topology!(
    events_of_a_user_share_one_allowance,
    a_user_invites_ten_times_a_minute,
    connections_of_a_user_are_counted_together,
    handshakes_of_an_address_are_counted_together,
);

/// How many of these answers are no refusals for coming too often.
fn passed(answers: &[Value]) -> usize {
    let limited = |answer: &&Value| answer["error"]["code"] == "rate-limited";
    answers.len() - answers.iter().filter(limited).count()
}

/// Sends an event `count` times at once, by all clients in turn.
async fn send(clients: &[&Client], count: usize, event: &str) -> Vec<Value> {
    let mut calls = Vec::new();
    for number in 0..count {
        let client = clients[number % clients.len()];
        calls.push(client.start_call(event, &json!({ "roomId": "nowhere" })).await);
    }
    join_all(calls).await
}

/// Lets as much time pass as a refusal asks for.
async fn wait(retry_after_ms: &Value) {
    let wait_ms = retry_after_ms.as_u64().expect("retryAfterMs is a number");
    assert!((1..=10_000).contains(&wait_ms), "{wait_ms}");
    // The time itself is the matter.
    tokio::time::sleep(Duration::from_millis(wait_ms)).await;
}

/// The harness limits no events: what is left is the limit of invitations alone.
async fn a_user_invites_ten_times_a_minute(topology: Topology) {
    let stack = Stack::start(options(topology)).await;
    let (one, two) = (stack.client(0, "ann").await, stack.client(1, "ann").await);
    for room in ["graphs", "trees"] {
        one.ok("create-room", json!({ "roomId": room, "type": "discussion" })).await;
    }
    let mut calls = Vec::new();
    for number in 0..12 {
        let (client, room) = if number % 2 == 0 { (&one, "graphs") } else { (&two, "trees") };
        let invitation = json!({ "roomId": room, "userId": format!("guest-{number}") });
        calls.push(client.start_call("invite-to-room", &invitation).await);
    }
    let answers = join_all(calls).await;
    assert_eq!(passed(&answers), 10, "in all rooms and over both edges: {answers:?}");
    let limited = answers.iter().find(|answer| answer["ok"] == false).expect("one of two");
    let retry_ms = limited["error"]["retryAfterMs"].as_u64().expect("a time");
    assert!((1..=60_000).contains(&retry_ms), "{retry_ms}");
    one.ok("send-message", json!({ "roomId": "graphs", "content": "other events pass" })).await;
    let bob = stack.client(1, "bob").await;
    bob.ok("create-room", json!({ "roomId": "heaps", "type": "discussion" })).await;
    bob.ok("invite-to-room", json!({ "roomId": "heaps", "userId": "ann" })).await;
}

async fn events_of_a_user_share_one_allowance(topology: Topology) {
    let options = options(topology).with("RATE_EVENTS_PER_SECOND", 1).with("RATE_EVENTS_BURST", 10);
    let stack = Stack::start(options).await;
    let (one, two) = (stack.client(0, "ann").await, stack.client(1, "ann").await);
    let begun = Instant::now();
    let answers = send(&[&one, &two], 18, "get-members").await;
    let most = 10 + begun.elapsed().as_secs() as usize;
    assert!((10..=most).contains(&passed(&answers)), "{answers:?}");

    // Not long after, both edges know that nothing is left, without asking.
    let refused = one.refused("get-members", json!({ "roomId": "nowhere" })).await;
    assert_eq!(refused["code"], "rate-limited");
    wait(&refused["retryAfterMs"]).await;
    assert_eq!(passed(&send(&[&one], 1, "get-members").await), 1);

    // Typing has an allowance of its own, and so has everybody else.
    let begun = Instant::now();
    let answers = send(&[&one, &two], 18, "typing-start").await;
    let most = 10 + begun.elapsed().as_secs() as usize;
    assert!((10..=most).contains(&passed(&answers)), "{answers:?}");
    let bob = stack.client(1, "bob").await;
    assert_eq!(passed(&send(&[&bob], 10, "get-members").await), 10);
    let service = stack.client_with(0, "judge", &["service"]).await;
    assert_eq!(passed(&send(&[&service], 100, "get-members").await), 100);
}

#[tokio::test]
async fn events_wait_for_their_turn_in_order() {
    let options =
        options(Topology::Single).with("RATE_EVENTS_PER_SECOND", 1).with("RATE_EVENTS_BURST", 10);
    let stack = Stack::start(options).await;
    let ann = stack.client(0, "ann").await;
    let mut calls = vec![ann.start_call("join-room", &json!({ "roomId": "r" })).await];
    for content in 0..9 {
        let message = json!({ "roomId": "r", "content": content.to_string() });
        calls.push(ann.start_call("send-message", &message).await);
    }
    let answers = join_all(calls).await;
    assert!(answers.iter().all(|answer| answer["ok"] == true), "{answers:?}");
    for content in 0..9 {
        let received = ann.next("message-received").await;
        assert_eq!(received["message"]["content"], content.to_string());
    }
}

async fn connections_of_a_user_are_counted_together(topology: Topology) {
    let stack = Stack::start(options(topology).with("CONNECTIONS_PER_USER", 3)).await;
    let auth = json!({ "token": stack.token("ann", &[]) });
    let first = stack.client(0, "ann").await;
    let _rest = (stack.client(0, "ann").await, stack.client(1, "ann").await);
    for edge in [0, 1] {
        let refusal = Client::try_connect(stack.edge_url(edge), &auth, &[]).await.err();
        let refusal = refusal.expect("one too many");
        assert_eq!(refusal["data"]["code"], "rate-limited", "{refusal}");
    }
    stack.client(1, "bob").await;
    drop(first);
    until("the place of a connection that ended", || async {
        Client::try_connect(stack.edge_url(1), &auth, &[]).await.ok()
    })
    .await;
}

async fn handshakes_of_an_address_are_counted_together(topology: Topology) {
    // So few that none passes ahead of its debit; one more comes after three seconds.
    let stack = Stack::start(options(topology).with("CONNECTIONS_PER_MINUTE", 19)).await;
    let auth = json!({ "token": stack.token("ann", &["service"]) });
    let begun = Instant::now();
    let mut passed = 0;
    for number in 0..24 {
        let url = stack.edge_url(number % 2);
        match Client::try_connect(url, &auth, &[]).await {
            Ok(_) => passed += 1,
            Err(refusal) => assert_eq!(refusal["data"]["code"], "rate-limited", "{refusal}"),
        }
    }
    let most = 19 + begun.elapsed().as_secs() as usize / 3;
    assert!((19..=most).contains(&passed), "{passed} of {most}");

    // The session is open, and its next CONNECT is heard when the time has come.
    let mut raw = Raw::open(stack.edge_url(0), &[]).await;
    raw.send(format!("40{auth}")).await;
    let refusal = raw.next().await.expect("an answer");
    let refusal: Value = serde_json::from_str(refusal.strip_prefix("44").expect("it is refused"))
        .expect("the answer carries JSON");
    wait(&refusal["data"]["retryAfterMs"]).await;
    raw.send(format!("40{auth}")).await;
    assert!(raw.next().await.expect("an answer").starts_with("40{\"sid\":"));
}

#[tokio::test]
async fn a_flood_of_handshakes_opens_no_sessions() {
    let stack = Stack::start(options(Topology::Single).with("CONNECTIONS_PER_MINUTE", 5)).await;
    let mut opened = 0;
    let refusal = loop {
        let path = "/socket.io/?EIO=4&transport=polling";
        let reply = http::get(stack.edge_url(0), path).await;
        if reply.status != 200 {
            break reply;
        }
        opened += 1;
        assert!(opened < 100, "no end of sessions");
    };
    assert_eq!(refusal.status, 429);
    assert!(opened >= 20, "four times the limit: {opened}");
    let seconds = refusal.header("retry-after").and_then(|seconds| seconds.parse().ok());
    assert!(seconds.is_some_and(|seconds: u64| (1..=60).contains(&seconds)), "{refusal:?}");
}

/// The code that a bad token gets at an edge, for a client that says where it comes from.
async fn bad_token(stack: &Stack, edge: usize, forwarded_for: &str) -> Value {
    let auth = json!({ "token": "bad" });
    let headers = [("x-forwarded-for", forwarded_for)];
    let refusal = Client::try_connect(stack.edge_url(edge), &auth, &headers).await.err();
    let refusal = refusal.expect("a bad token is refused");
    let limited = refusal["data"]["code"] == "rate-limited";
    assert_eq!(limited, refusal["data"]["retryAfterMs"].is_u64(), "{refusal}");
    refusal["data"]["code"].clone()
}

#[tokio::test]
async fn bad_tokens_of_an_address_are_counted_together() {
    let stack = start_with_refusals(4, "").await;
    for edge in [0, 1, 0, 1] {
        // What somebody says of himself does not count.
        assert_eq!(bad_token(&stack, edge, &format!("198.51.100.{edge}")).await, "invalid-token");
    }
    for edge in [0, 1] {
        assert_eq!(bad_token(&stack, edge, "198.51.100.7").await, "rate-limited");
    }
    // Who has a good token comes in all the same.
    stack.client(0, "ann").await;
}

#[tokio::test]
async fn a_trusted_proxy_says_where_clients_come_from() {
    let stack = start_with_refusals(2, "127.0.0.0/8").await;
    for edge in [0, 1] {
        assert_eq!(bad_token(&stack, edge, "198.51.100.1").await, "invalid-token");
    }
    assert_eq!(bad_token(&stack, 0, "198.51.100.1").await, "rate-limited");
    assert_eq!(bad_token(&stack, 1, "203.0.113.9, 198.51.100.1").await, "rate-limited");
    assert_eq!(bad_token(&stack, 0, "198.51.100.2").await, "invalid-token");
}

async fn start_with_refusals(per_minute: u32, proxies: &str) -> Stack {
    let options = options(Topology::Single)
        .with("REFUSED_CONNECTIONS_PER_MINUTE", per_minute)
        .with("TRUSTED_PROXIES", proxies);
    Stack::start(options).await
}
