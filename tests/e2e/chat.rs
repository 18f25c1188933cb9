//! Messages: sent, delivered, paged, retried.

use harness::{Client, Topology, on_each_topology, token};
use serde_json::{Value, json};

use crate::start;

on_each_topology![
    a_message_reaches_every_member_on_every_edge,
    text_is_kept_as_it_was_written,
    the_longest_text_is_taken,
    history_pages_both_ways,
    a_retry_sends_nothing_twice,
    a_script_may_post_without_joining,
    many_senders_are_seen_in_one_order,
    a_reply_quotes_what_it_answers,
    a_failure_without_an_ack_arrives_as_an_event,
];

async fn a_message_reaches_every_member_on_every_edge(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    let message = send(&ana, "graphs", "hello").await;
    let id = message["id"].as_str().expect("an id");
    let (ms, _) = id.split_once('-').expect("<ms>-<seq>");
    assert_eq!(message["createdAt"].to_string(), ms, "the time of the event is its id's");
    assert_eq!(message["roomId"], "graphs");
    assert_eq!(message["sender"], json!({ "id": "ana", "name": token::name("ana") }));
    assert_eq!(message["kind"], "text");
    assert_eq!(message["content"], "hello");
    assert_eq!(message["mentions"], json!([]));
    assert_eq!(message["reactions"], json!({}));

    let delivered = json!({ "id": id, "roomId": "graphs", "message": message });
    for client in [&ana, &ben] {
        assert_eq!(client.next("message-received").await, delivered);
    }
    let code = json!({
        "roomId": "graphs", "content": "fn main() {}", "kind": "code", "language": "rust",
        "mentions": ["ben"],
    });
    ana.ok("send-message", code).await;
    let message = ben.next("message-received").await["message"].clone();
    assert_eq!(message["kind"], "code");
    assert_eq!(message["language"], "rust");
    assert_eq!(message["mentions"], json!(["ben"]));
}

async fn text_is_kept_as_it_was_written(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    for (written, kept) in [
        ("<b>&amp;</b> \"x\" \\ /", "<b>&amp;</b> \"x\" \\ /"),
        ("tab\there\nand line", "tab\there\nand line"),
        ("a\r\nb", "a\nb"),
        ("cafe\u{301}", "caf\u{e9}"),
        ("👩‍💻 🇪🇺 𝒳", "👩‍💻 🇪🇺 𝒳"),
        ("\u{2028}line separator", "\u{2028}line separator"),
    ] {
        assert_eq!(send(&ana, "graphs", written).await["content"], kept);
        assert_eq!(ana.next("message-received").await["message"]["content"], kept);
    }
}

async fn the_longest_text_is_taken(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    // Lengths count code points, so four bytes each are as good as one; and after NFC, so that
    // 4,000 letters that are written as 8,000 code points are taken.
    for text in ["x".repeat(4_000), "𝒳".repeat(4_000), "e\u{301}".repeat(4_000)] {
        send(&ana, "graphs", &text).await;
    }
}

async fn history_pages_both_ways(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    let mut sent = Vec::new();
    for number in 0..120 {
        sent.push(send(&ana, "graphs", &format!("message {number}")).await);
    }

    let newest = ben.ok("get-messages", json!({ "roomId": "graphs" })).await;
    assert_eq!(newest["messages"], json!(sent[70..]), "50 by default, the oldest first");
    assert_eq!(newest["hasMore"], true);
    let before = json!({ "roomId": "graphs", "before": sent[70]["id"], "limit": 100 });
    let older = ben.ok("get-messages", before).await;
    assert_eq!(older["messages"], json!(sent[..70]));
    assert_eq!(older["hasMore"], false);
    let after = json!({ "roomId": "graphs", "after": sent[9]["id"], "limit": 3 });
    let newer = ben.ok("get-messages", after).await;
    assert_eq!(newer["messages"], json!(sent[10..13]));
    assert_eq!(newer["hasMore"], true);
    let after = json!({ "roomId": "graphs", "after": sent[119]["id"] });
    let none = ben.ok("get-messages", after).await;
    assert_eq!(none["messages"], json!([]));
    assert_eq!(none["hasMore"], false);
    let joined = ben.ok("join-room", json!({ "roomId": "graphs" })).await;
    assert_eq!(joined["recentMessages"], json!(sent[70..]));
}

async fn a_retry_sends_nothing_twice(topology: Topology) {
    let stack = start(topology).await;
    let desk = stack.client(0, "ana").await;
    let phone = stack.client(1, "ana").await;
    desk.ok("join-room", json!({ "roomId": "graphs" })).await;

    let payload = json!({ "roomId": "graphs", "content": "once", "requestId": "r-1" });
    let first = desk.ok("send-message", payload.clone()).await;
    assert_eq!(desk.ok("send-message", payload.clone()).await, first);
    assert_eq!(phone.ok("send-message", payload.clone()).await, first, "on any edge");
    let other = json!({ "roomId": "graphs", "content": "twice", "requestId": "r-1" });
    assert_eq!(phone.refused("send-message", other).await["code"], "conflict");

    // The same requestId of another user, or for another room, is another request.
    let ben = stack.client(1, "ben").await;
    assert_ne!(ben.ok("send-message", payload).await["message"]["id"], first["message"]["id"]);
    let elsewhere = json!({ "roomId": "trees", "content": "once", "requestId": "r-1" });
    desk.ok("join-room", json!({ "roomId": "trees" })).await;
    desk.ok("send-message", elsewhere).await;

    let history = desk.ok("get-messages", json!({ "roomId": "graphs" })).await;
    assert_eq!(history["messages"].as_array().map(Vec::len), Some(2), "{history}");
    desk.next_where("message-received", |event| event["roomId"] == "trees").await;
    assert_eq!(desk.seen_count("message-received"), 2);

    // A refusal by a rule is remembered like a success.
    let access = json!({ "visibility": "public", "members": { "ben": "viewer" } });
    let payload = json!({ "roomId": "lecture", "type": "discussion", "access": access });
    desk.ok("create-room", payload).await;
    let question = json!({ "roomId": "lecture", "content": "may I?", "requestId": "r-2" });
    let refusal = ben.refused("send-message", question.clone()).await;
    assert_eq!(refusal["code"], "forbidden");
    assert_eq!(ben.refused("send-message", question).await, refusal);
}

async fn a_script_may_post_without_joining(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    let judge = stack.client_with(1, "judge", &["service"]).await;
    send(&judge, "graphs", "round two starts").await;
    assert_eq!(ana.next("message-received").await["message"]["sender"]["id"], "judge");
    let members = judge.ok("get-members", json!({ "roomId": "graphs" })).await;
    assert_eq!(members["memberCount"], 1, "posting is no presence");
    assert_eq!(judge.seen("message-received"), Vec::<Value>::new());
    let nowhere = json!({ "roomId": "nowhere", "content": "anyone?" });
    assert_eq!(judge.refused("send-message", nowhere).await["code"], "not-found");
}

async fn many_senders_are_seen_in_one_order(topology: Topology) {
    const EACH: usize = 50;
    let stack = start(topology).await;
    let mut clients = Vec::new();
    for number in 0..4 {
        let client = stack.client(number % 2, &format!("u{number}")).await;
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
        clients.push(client);
    }
    let mut answers = Vec::new();
    for number in 0..EACH {
        for client in &clients {
            let payload = json!({ "roomId": "graphs", "content": number.to_string() });
            answers.push(client.start_call("send-message", &payload).await);
        }
    }
    for answer in answers {
        assert_eq!(answer.await["ok"], true);
    }
    let mut orders = Vec::new();
    for client in &clients {
        let mut order = Vec::new();
        for _ in 0..EACH * clients.len() {
            let message = client.next("message-received").await["message"].clone();
            order.push((position(&message), message));
        }
        assert!(order.windows(2).all(|pair| pair[0].0 < pair[1].0), "ids grow");
        for sender in 0..clients.len() {
            let of_sender = |message: &&Value| message["sender"]["id"] == format!("u{sender}");
            let own: Vec<&Value> = order.iter().map(|(_, m)| m).filter(of_sender).collect();
            let contents: Vec<String> = (0..EACH).map(|number| number.to_string()).collect();
            let seen: Vec<&Value> = own.iter().map(|message| &message["content"]).collect();
            assert_eq!(json!(seen), json!(contents), "one sender's messages keep their order");
        }
        orders.push(order);
    }
    assert!(orders.iter().all(|order| *order == orders[0]), "everyone saw the same");
}

async fn a_reply_quotes_what_it_answers(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    let first = send(&ana, "graphs", "is it a tree?").await;
    let payload = json!({ "roomId": "graphs", "content": "no", "replyTo": first["id"] });
    let reply = ben.ok("send-message", payload).await["message"].clone();
    assert_eq!(reply["replyTo"]["id"], first["id"]);
    assert_eq!(reply["replyTo"]["sender"], first["sender"]);
    assert_eq!(reply["replyTo"]["excerpt"], "is it a tree?");
    let payload = json!({ "roomId": "graphs", "content": "no", "replyTo": "1-1" });
    assert_eq!(ben.refused("send-message", payload).await["code"], "not-found");
}

async fn a_failure_without_an_ack_arrives_as_an_event(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    ana.emit("send-message", json!({ "roomId": "nowhere", "content": "hello" })).await;
    let error = ana.next("error").await;
    assert_eq!(error["event"], "send-message");
    assert_eq!(error["code"], "not-found");
    assert!(error["message"].is_string(), "{error}");
    ana.emit("send-message", json!({ "roomId": "nowhere" })).await;
    let error = ana.next("error").await;
    assert_eq!(error["event"], "send-message");
    assert_eq!(error["code"], "invalid-payload");
}

/// Sends a message that must be taken, into a room that is made if there is none; gives it.
async fn send(client: &Client, room: &str, content: &str) -> Value {
    let payload = json!({ "roomId": room, "content": content });
    let answer = client.call("send-message", payload.clone()).await;
    if answer["error"]["code"] == "not-found" {
        client.ok("join-room", json!({ "roomId": room })).await;
        return client.ok("send-message", payload).await["message"].clone();
    }
    assert_eq!(answer["ok"], true, "{answer}");
    answer["message"].clone()
}

/// A message's place in its room's order.
fn position(message: &Value) -> (u64, u64) {
    let id = message["id"].as_str().expect("an id");
    let (ms, seq) = id.split_once('-').expect("<ms>-<seq>");
    (ms.parse().expect("a number"), seq.parse().expect("a number"))
}
