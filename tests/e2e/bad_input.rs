//! What bad input gets: an answer that says what is wrong, a connection that goes on, and nothing
//! lost; only what is not the protocol ends the connection.

use harness::{Client, Raw, Topology, http, on_each_topology};
use serde_json::{Value, json};

use crate::start;

on_each_topology![
    a_bad_payload_is_answered_and_the_connection_goes_on,
    what_is_not_the_protocol_ends_that_connection_alone,
];

/// Event, payload, code, and the word that the answer must name in its details.
type Case = (&'static str, Value, &'static str, &'static str);

fn cases() -> Vec<Case> {
    let bad = "invalid-payload";
    let room = "graphs";
    let users: Vec<String> = (0..11).map(|number| format!("u{number}")).collect();
    vec![
        ("no-such-event", json!({}), "unknown-event", ""),
        ("constructor", json!({}), "unknown-event", ""),
        ("send-message", json!("text"), bad, ""),
        ("send-message", json!(null), bad, ""),
        ("send-message", json!([room, "hi"]), bad, ""),
        ("send-message", json!(42), bad, ""),
        ("send-message", json!({ "roomId": room }), bad, "content"),
        ("send-message", json!({ "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": room, "content": 7 }), bad, "content"),
        ("send-message", json!({ "roomId": room, "content": null }), bad, "content"),
        ("send-message", json!({ "roomId": [room], "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": "a b", "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": "a/b", "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": "{p1}", "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": "", "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": "x".repeat(129), "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": "ra\u{308}um", "content": "hi" }), bad, "roomId"),
        ("send-message", json!({ "roomId": room, "content": "" }), bad, "content"),
        ("send-message", json!({ "roomId": room, "content": "nul\u{0}" }), bad, "content"),
        ("send-message", json!({ "roomId": room, "content": "bell\u{7}" }), bad, "content"),
        ("send-message", json!({ "roomId": room, "content": "del\u{7f}" }), bad, "content"),
        ("send-message", json!({ "roomId": room, "content": "x".repeat(4_001) }), "too-large", ""),
        ("send-message", json!({ "roomId": room, "content": "𝒳".repeat(4_001) }), "too-large", ""),
        ("send-message", json!({ "roomId": room, "content": "hi", "kind": "system" }), bad, "kind"),
        (
            "send-message",
            json!({ "roomId": room, "content": "hi", "replyTo": "1" }),
            bad,
            "replyTo",
        ),
        (
            "send-message",
            json!({ "roomId": room, "content": "hi", "mentions": users }),
            bad,
            "mentions",
        ),
        (
            "send-message",
            json!({ "roomId": room, "content": "hi", "requestId": "x".repeat(65) }),
            bad,
            "requestId",
        ),
        (
            "send-message",
            json!({ "roomId": room, "content": "hi", "requestId": 1 }),
            bad,
            "requestId",
        ),
        ("get-messages", json!({ "roomId": room, "limit": 0 }), bad, "limit"),
        ("get-messages", json!({ "roomId": room, "limit": -1 }), bad, "limit"),
        ("get-messages", json!({ "roomId": room, "limit": 10_000 }), bad, "limit"),
        ("get-messages", json!({ "roomId": room, "limit": 1.5 }), bad, "limit"),
        ("get-messages", json!({ "roomId": room, "limit": "50" }), bad, "limit"),
        ("get-messages", json!({ "roomId": room, "before": "yesterday" }), bad, "before"),
        ("get-messages", json!({ "roomId": room, "after": 17 }), bad, "after"),
        ("join-room", json!({}), bad, "roomId"),
        ("join-room", json!({ "roomId": room, "since": "now" }), bad, "since"),
        ("join-room", json!({ "roomId": room, "type": "party" }), bad, "type"),
        ("create-room", json!({ "roomId": "r" }), bad, "type"),
        ("create-room", json!({ "type": "discussion", "name": "a\u{202e}b" }), bad, "name"),
        ("create-room", json!({ "type": "discussion", "maxMembers": 0 }), bad, "maxMembers"),
        ("create-room", json!({ "type": "discussion", "access": "public" }), bad, "access"),
        ("leave-room", json!({ "room": room }), bad, "roomId"),
        ("get-members", json!({ "roomId": room, "limit": 501 }), bad, "limit"),
        ("typing-start", json!({}), bad, "roomId"),
    ]
}

async fn a_bad_payload_is_answered_and_the_connection_goes_on(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    let mut sent = Vec::new();
    for (event, payload, code, named) in cases() {
        let shown: String = payload.to_string().chars().take(120).collect();
        let error = ana.refused(event, payload).await;
        assert_eq!(error["code"], code, "{event} {shown}: {error}");
        assert!(error["message"].as_str().is_some_and(|text| !text.is_empty()), "{error}");
        let details = error["details"].to_string();
        assert!(named.is_empty() || details.contains(named), "{event} {shown}: {error}");
        sent.push(good_message(&ana, sent.len()).await);
    }
    for arguments in [vec![], vec![json!("graphs"), json!({ "content": "hi" })]] {
        let error = ana.call_with("send-message", &arguments).await["error"].clone();
        assert_eq!(error["code"], "invalid-payload", "{arguments:?}");
    }
    for text in ["\"\\ud800\"", "\"\\udc00\\ud800\"", "\"ok \\udfff\""] {
        lone_surrogate_is_refused(&ana, text).await;
        sent.push(good_message(&ana, sent.len()).await);
    }
    binary_is_refused(stack.edge_url(0), &stack.token("carl", &[])).await;

    for content in &sent {
        assert_eq!(ben.next("message-received").await["message"]["content"], *content);
    }
    assert_eq!(ben.seen("message-received"), Vec::<Value>::new(), "nothing but the good ones");
    assert!(ana.is_open());
}

/// A message that is taken in spite of what came before it; gives its text.
async fn good_message(client: &Client, number: usize) -> String {
    let content = format!("good {number}");
    client.ok("send-message", json!({ "roomId": "graphs", "content": content })).await;
    content
}

/// serde_json cannot hold half a surrogate pair, so this packet is written by hand. The refusal
/// comes as an event, since there is no ack.
async fn lone_surrogate_is_refused(client: &Client, json_text: &str) {
    let packet = format!(r#"42["send-message",{{"roomId":"graphs","content":{json_text}}}]"#);
    client.send_raw(packet).await;
    let error = client.next("error").await;
    assert_eq!(error["event"], "send-message");
    assert_eq!(error["code"], "invalid-payload", "{json_text}: {error}");
}

/// An event with an attachment is parsed whole and refused; the connection goes on.
async fn binary_is_refused(url: &str, token: &str) {
    let mut raw = Raw::open(url, &[]).await;
    raw.send(format!("40{}", json!({ "token": token }))).await;
    raw.next().await.expect("the answer to CONNECT");
    let placeholder = json!({ "_placeholder": true, "num": 0 });
    let payload = json!({ "roomId": "graphs", "content": placeholder });
    raw.send(format!("451-7{}", json!(["send-message", payload]))).await;
    raw.send_binary(b"attachment").await;
    let answer = raw.next().await.expect("an ack");
    let body = answer.strip_prefix("437").expect("the ack of packet 7");
    let body: Value = serde_json::from_str(body).expect("JSON");
    assert_eq!(body[0]["ok"], false);
    assert_eq!(body[0]["error"]["code"], "invalid-payload");
    raw.send(r#"428["no-such-event",{}]"#).await;
    assert!(raw.next().await.is_some_and(|answer| answer.starts_with("438")), "still open");
}

async fn what_is_not_the_protocol_ends_that_connection_alone(topology: Topology) {
    let stack = start(topology).await;
    let url = stack.edge_url(0);
    let neighbour = stack.client(0, "ana").await;
    neighbour.ok("join-room", json!({ "roomId": "graphs" })).await;
    let over_the_limit = "x".repeat(1_000_001);
    let frames = [
        "",
        "9",
        "hello",
        "4x",
        "49[]",
        "42",
        "42{}",
        "42[",
        "42[]",
        "42[\"send-message\",{]",
        "42[{\"event\":\"send-message\"}]",
        "45[\"send-message\"]",
        "4599999999999-[\"send-message\"]",
        &format!("42[\"send-message\",{{\"content\":\"{over_the_limit}\"}}]"),
    ];
    for frame in frames {
        let mut raw = Raw::open(url, &[]).await;
        raw.send(format!("40{}", json!({ "token": stack.token("carl", &[]) }))).await;
        raw.next().await.expect("the answer to CONNECT");
        raw.send(frame).await;
        let before = raw.until_closed().await;
        let shown: String = frame.chars().take(60).collect();
        assert!(before.iter().all(|frame| !frame.starts_with("42")), "{shown}: {before:?}");
    }
    let mut raw = Raw::open(url, &[]).await;
    raw.send_binary(b"an attachment of nothing").await;
    raw.until_closed().await;
    let mut raw = Raw::open(url, &[]).await;
    raw.send(r#"42["send-message",{"roomId":"graphs","content":"no CONNECT before"}]"#).await;
    raw.until_closed().await;

    polling_has_the_same_limits(url).await;
    neighbour.ok("send-message", json!({ "roomId": "graphs", "content": "unharmed" })).await;
    neighbour.next("message-received").await;
    assert_eq!(neighbour.seen("message-received"), Vec::<Value>::new());
}

/// Over polling the answer is an HTTP status, and the session is over.
async fn polling_has_the_same_limits(url: &str) {
    for (body, status) in [("hello".to_owned(), 400), ("4".repeat(1_000_001), 413)] {
        let opened = http::get(url, "/socket.io/?EIO=4&transport=polling").await;
        assert_eq!(opened.status, 200);
        let open = opened.body.strip_prefix('0').expect("an open packet");
        let open: Value = serde_json::from_str(open).expect("JSON");
        let sid = open["sid"].as_str().expect("a sid");
        let path = format!("/socket.io/?EIO=4&transport=polling&sid={sid}");
        let reply = http::post(url, &path, &body).await;
        assert_eq!(reply.status, status, "{}", reply.body);
        if status == 400 {
            assert_eq!(http::get(url, &path).await.status, 400, "the session is over");
        }
    }
}
