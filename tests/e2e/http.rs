//! The HTTP API: the same events with the same answers as over a socket, and the connections of a user.

use harness::http::{self, Reply};
use harness::token::{now_s, sign};
use harness::{Client, Stack, Topology, on_each_topology, until, within};
use serde_json::{Value, json};

use crate::{options, start};

/// Calls the API with this token.
async fn call(url: &str, method: &str, path: &str, token: &str, body: &str) -> Reply {
    let bearer = format!("Bearer {token}");
    let headers = [("Authorization", bearer.as_str())];
    within(path, http::request(url, method, path, &headers, body)).await.expect("an answer")
}

fn json_of(reply: &Reply) -> Value {
    serde_json::from_str(&reply.body).unwrap_or_else(|_| panic!("no JSON: {reply:?}"))
}

/// Sends one event; gives the status and the acknowledgement.
async fn send(url: &str, token: &str, event: &str, payload: &Value) -> (u16, Value) {
    let path = format!("/api/v1/events/{event}");
    let reply = call(url, "POST", &path, token, &payload.to_string()).await;
    (reply.status, json_of(&reply))
}

/// Sends one event that must be refused with this status; gives the code.
async fn refused(url: &str, token: &str, event: &str, payload: Value, status: u16) -> String {
    let (got, answer) = send(url, token, event, &payload).await;
    assert_eq!(got, status, "{event} {payload}: {answer}");
    assert_eq!(answer["ok"], false, "{event} {payload}: {answer}");
    answer["error"]["code"].as_str().expect("a code").to_owned()
}

/// Sends a list that must be answered by a list of acknowledgements.
async fn send_list(url: &str, token: &str, list: &Value) -> Vec<Value> {
    let reply = call(url, "POST", "/api/v1/events", token, &list.to_string()).await;
    assert_eq!(reply.status, 200, "{reply:?}");
    json_of(&reply).as_array().expect("a list").clone()
}

on_each_topology!(a_back_end_posts_without_a_connection, lists_are_answered_in_their_order);

async fn a_back_end_posts_without_a_connection(topology: Topology) {
    let stack = start(topology).await;
    let reader = stack.client(1, "bob").await;
    reader.ok("join-room", json!({ "roomId": "algorithms" })).await;
    let (url, token) = (stack.edge_url(0), stack.token("judge", &["service"]));
    let payload = json!({ "roomId": "algorithms", "content": "Results are in" });
    let (status, answer) = send(url, &token, "send-message", &payload).await;
    assert_eq!((status, &answer["ok"]), (200, &json!(true)), "{answer}");
    let received = reader.next("message-received").await;
    assert_eq!(received["message"], answer["message"]);
    assert_eq!(received["message"]["sender"], json!({ "id": "judge", "name": "judge the tester" }));
    let members = reader.ok("get-members", json!({ "roomId": "algorithms" })).await;
    assert_eq!(members["memberCount"], 1, "who posts is not present");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_code_has_its_status() {
    let stack = start(Topology::Single).await;
    let url = stack.edge_url(0);
    let (ann, bob) = (stack.token("ann", &[]), stack.token("bob", &[]));
    let private = json!({ "roomId": "ours", "type": "discussion",
        "access": { "visibility": "private" } });
    assert_eq!(send(url, &ann, "create-room", &private).await.0, 200);

    let say = |room: &str, content: &str| json!({ "roomId": room, "content": content });
    let (contest, long) = (json!({ "type": "contest" }), "x".repeat(4_001));
    for (case, token, event, payload, status, code) in [
        ("a bad field", &ann, "send-message", say("o urs", "a"), 400, "invalid-payload"),
        ("no such event", &ann, "send-money", json!({}), 404, "unknown-event"),
        ("one of the system", &ann, "disconnect-user", json!({}), 404, "unknown-event"),
        ("no right to", &ann, "create-room", contest, 403, "forbidden"),
        ("hidden", &bob, "get-messages", json!({ "roomId": "ours" }), 404, "not-found"),
        (
            "owned",
            &bob,
            "create-room",
            json!({ "roomId": "ours", "type": "discussion" }),
            409,
            "conflict",
        ),
        ("too long", &ann, "send-message", say("ours", &long), 413, "too-large"),
        (
            "a connection is needed",
            &ann,
            "join-room",
            json!({ "roomId": "ours" }),
            403,
            "forbidden",
        ),
        ("presence is needed", &ann, "typing-start", json!({ "roomId": "ours" }), 403, "forbidden"),
        ("no connection has it", &ann, "refresh-token", json!({ "token": bob }), 403, "forbidden"),
    ] {
        assert_eq!(refused(url, token, event, payload, status).await, code, "{case}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn who_is_kept_out_is_told_so_by_the_status() {
    let stack = start(Topology::Single).await;
    let url = stack.edge_url(0);
    let (ann, bob) = (stack.token("ann", &[]), stack.token("bob", &[]));
    let room = json!({ "roomId": "ours", "type": "discussion" });
    assert_eq!(send(url, &ann, "create-room", &room).await.0, 200);
    let say = || json!({ "roomId": "ours", "content": "a" });
    let bobs = json!({ "roomId": "ours", "userId": "bob" });
    assert_eq!(send(url, &bob, "send-message", &say()).await.0, 200);
    for (event, code) in [("mute-user", "muted"), ("ban-user", "banned")] {
        let (status, answer) = send(url, &ann, event, &bobs).await;
        assert_eq!(status, 200, "{event}: {answer}");
        assert_eq!(refused(url, &bob, "send-message", say(), 403).await, code);
    }
    assert_eq!(send(url, &ann, "close-room", &json!({ "roomId": "ours" })).await.0, 200);
    assert_eq!(refused(url, &ann, "send-message", say(), 410).await, "gone");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_a_user_does_is_told_to_the_users_other_connections() {
    let stack = start(Topology::Single).await;
    let (first, second) = (stack.client(0, "ann").await, stack.client(1, "ann").await);
    let third = stack.client(0, "ann").await;
    let other = stack.client(0, "bob").await;
    for client in [&first, &other] {
        client.ok("join-room", json!({ "roomId": "algorithms" })).await;
    }
    let mut ids = Vec::new();
    for content in ["a", "b"] {
        let say = json!({ "roomId": "algorithms", "content": content });
        ids.push(other.ok("send-message", say).await["message"]["id"].clone());
    }
    let read = |id: &Value| json!({ "roomId": "algorithms", "messageId": id });

    first.ok("mark-read", read(&ids[0])).await;
    for client in [&second, &third] {
        assert_eq!(client.next("messages-read").await["messageId"], ids[0]);
    }
    // Over HTTP there is no connection that knows already.
    let ann = stack.token("ann", &[]);
    let (status, answer) = send(stack.edge_url(1), &ann, "mark-read", &read(&ids[1])).await;
    assert_eq!(status, 200, "{answer}");
    for client in [&first, &second, &third] {
        assert_eq!(client.next("messages-read").await["messageId"], ids[1], "the next of each");
    }
    assert_eq!(other.seen_count("messages-read"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_request_is_checked_before_its_event_is() {
    let stack = Stack::start(options(Topology::Single).with("MAX_PAYLOAD_BYTES", 10_000)).await;
    let (url, ann) = (stack.edge_url(0), stack.token("ann", &[]));
    let path = "/api/v1/events/send-message";

    let expired = sign(&json!({ "sub": "ann", "exp": now_s() - 60 }));
    for (token, code) in
        [("", "missing-token"), ("let me in", "invalid-token"), (&expired, "expired-token")]
    {
        let reply = call(url, "POST", path, token, "{}").await;
        assert_eq!((reply.status, reply.header("www-authenticate")), (401, Some("Bearer")));
        assert_eq!(json_of(&reply)["ok"], false);
        assert_eq!(json_of(&reply)["error"]["code"], code);
    }
    assert_eq!(http::post(url, path, "{}").await.status, 401, "without a header");

    for (body, status, code) in [
        ("", 400, "invalid-payload"),
        ("{", 400, "invalid-payload"),
        ("{} {}", 400, "invalid-payload"),
        ("[]", 400, "invalid-payload"),
    ] {
        let reply = call(url, "POST", path, &ann, body).await;
        assert_eq!(reply.status, status, "{body}: {reply:?}");
        assert_eq!(json_of(&reply)["error"]["code"], code, "{body}");
    }
    let empty = json_of(&call(url, "POST", path, &ann, "").await);
    assert_eq!(empty["error"]["details"]["field"], "roomId", "an empty body is an empty object");

    let large = json!({ "roomId": "a", "content": "a", "more": "x".repeat(10_000) });
    assert_eq!(refused(url, &ann, "send-message", large, 413).await, "too-large");

    for (method, path, allow) in [
        ("GET", path, "POST"),
        ("HEAD", "/api/v1/events", "POST"),
        ("GET", "/api/v1/users/ann/disconnect", "POST"),
        ("POST", "/api/v1/users/ann/connections", "GET"),
    ] {
        let reply = call(url, method, path, &ann, "").await;
        assert_eq!((reply.status, reply.header("allow")), (405, Some(allow)), "{method} {path}");
    }
    assert_eq!(call(url, "POST", "/api/v1/nothing", &ann, "").await.status, 404);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_may_be_tried_again_says_when() {
    let mut options = options(Topology::Single)
        .with("RATE_EVENTS_PER_SECOND", 1)
        .with("RATE_EVENTS_BURST", 2)
        .with("ACK_TIMEOUT_MS", 300);
    // Nobody applies anything.
    options.workers = 0;
    let stack = Stack::start(options).await;
    let (url, ann) = (stack.edge_url(0), stack.token("ann", &[]));
    let path = "/api/v1/events/get-members";
    let ask = || call(url, "POST", path, &ann, r#"{"roomId":"algorithms"}"#);

    let reply = ask().await;
    assert_eq!(reply.status, 503, "{reply:?}");
    assert!(reply.header("retry-after").is_some(), "{reply:?}");
    let error = &json_of(&reply)["error"];
    assert_eq!(error["code"], "unavailable");
    assert_eq!(error["details"], json!({ "outcome": "unknown" }));

    let limited = until("the rate limit", || async {
        let reply = ask().await;
        (reply.status == 429).then_some(reply)
    })
    .await;
    assert!(limited.header("retry-after").is_some(), "{limited:?}");
    let error = &json_of(&limited)["error"];
    assert_eq!(error["code"], "rate-limited");
    assert!(error["retryAfterMs"].as_u64().is_some(), "{error}");
}

async fn lists_are_answered_in_their_order(topology: Topology) {
    let stack = start(topology).await;
    let (url, ann) = (stack.edge_url(0), stack.token("ann", &[]));
    let say = |room: &str, content: &str| json!({ "event": "send-message", "payload": { "roomId": room, "content": content } });
    // Rooms of several partitions, each used as soon as it is made.
    let make = |room: &str| {
        let access = json!({ "visibility": "private" });
        json!({ "event": "create-room",
            "payload": { "roomId": room, "type": "discussion", "access": access } })
    };
    let mut list = Vec::new();
    for room in ["a", "b", "c"] {
        list.push(make(room));
        list.extend((0..5).map(|number| say(room, &number.to_string())));
    }
    let acks = send_list(url, &ann, &json!(list)).await;
    assert_eq!(acks.len(), list.len());
    for (ack, item) in acks.iter().zip(&list) {
        assert_eq!(ack["ok"], true, "{item}: {ack}");
        let (said, asked) = (&ack["message"]["content"], &item["payload"]["content"]);
        assert_eq!(said, asked, "each has its own acknowledgement");
    }
    for room in ["a", "b", "c"] {
        let (_, page) = send(url, &ann, "get-messages", &json!({ "roomId": room })).await;
        let messages = page["messages"].as_array().expect("messages").iter();
        let contents: Vec<_> = messages.map(|message| message["content"].clone()).collect();
        assert_eq!(contents, ["0", "1", "2", "3", "4"]);
    }

    // What is refused has its place like the rest, and stops nothing.
    let list = json!([say("a", "5"), 7, ["send-message", {}], {}, { "event": "no" },
        { "event": "send-message" }, say("nowhere else", ""), say("a", "6")]);
    let acks = send_list(url, &ann, &list).await;
    let codes: Vec<_> = acks.iter().map(|ack| ack["error"]["code"].as_str()).collect();
    let invalid = Some("invalid-payload");
    let expected = [None, invalid, invalid, invalid, Some("unknown-event"), invalid, invalid, None];
    assert_eq!(codes, expected, "{acks:?}");

    assert_eq!(send_list(url, &ann, &json!([])).await, [Value::Null; 0]);
    for (body, status) in [
        (json!(vec![7; 500]), 200),
        (json!(vec![7; 501]), 413),
        (json!({ "event": "get-members" }), 400),
    ] {
        let reply = call(url, "POST", "/api/v1/events", &ann, &body.to_string()).await;
        assert_eq!(reply.status, status, "{reply:?}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn behind_an_event_that_was_not_answered_nothing_is_sent() {
    let mut options = options(Topology::Single).with("ACK_TIMEOUT_MS", 300);
    options.workers = 0;
    let stack = Stack::start(options).await;
    let ask = json!({ "event": "get-members", "payload": { "roomId": "a" } });
    let ann = stack.token("ann", &[]);
    let acks = send_list(stack.edge_url(0), &ann, &json!([ask, ask, ask])).await;
    let codes: Vec<_> = acks.iter().map(|ack| ack["error"]["code"].as_str()).collect();
    assert_eq!(codes, [Some("unavailable"); 3], "{acks:?}");
    let outcomes: Vec<_> = acks.iter().map(|ack| &ack["error"]["details"]["outcome"]).collect();
    assert_eq!(outcomes, [&json!("unknown"), &Value::Null, &Value::Null], "{acks:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn one_request_over_both_ways_has_its_effect_once() {
    let stack = start(Topology::Single).await;
    let client = stack.client(0, "ann").await;
    client.ok("join-room", json!({ "roomId": "algorithms" })).await;
    let say = json!({ "roomId": "algorithms", "content": "once", "requestId": "r1" });
    let first = client.ok("send-message", say.clone()).await;
    let ann = stack.token("ann", &[]);
    let (status, second) = send(stack.edge_url(1), &ann, "send-message", &say).await;
    assert_eq!((status, &second), (200, &first));
    let other = json!({ "roomId": "algorithms", "content": "twice", "requestId": "r1" });
    assert_eq!(refused(stack.edge_url(1), &ann, "send-message", other, 409).await, "conflict");
    let page = client.ok("get-messages", json!({ "roomId": "algorithms" })).await;
    assert_eq!(page["messages"].as_array().map(Vec::len), Some(1));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn pages_of_the_allowed_origins_may_call() {
    let allowed = "https://app.example";
    let stack = Stack::start(options(Topology::Single).with("CORS_ORIGIN", allowed)).await;
    let (url, path) = (stack.edge_url(0), "/api/v1/events/get-members");
    let from = |origin| {
        [
            ("Origin", origin),
            ("Access-Control-Request-Method", "POST"),
            ("Access-Control-Request-Headers", "authorization,content-type"),
        ]
    };
    let preflight = http::request(url, "OPTIONS", path, &from(allowed), "").await.expect("one");
    assert_eq!(preflight.status, 204);
    assert_eq!(preflight.header("access-control-allow-origin"), Some(allowed));
    let header = |name| preflight.header(name).unwrap_or_default().to_owned();
    assert!(header("access-control-allow-methods").contains("POST"));
    assert_eq!(header("access-control-allow-headers"), "authorization,content-type");
    let stranger =
        http::request(url, "OPTIONS", path, &from("https://evil.example"), "").await.expect("one");
    assert_eq!(stranger.header("access-control-allow-origin"), None);

    // A page must be able to read a refusal, too.
    let bearer = format!("Bearer {}", stack.token("ann", &[]));
    for (token, status) in [(bearer.as_str(), 200), ("", 401)] {
        let headers = [("Origin", allowed), ("Authorization", token)];
        let body = r#"{"roomId":"algorithms","limit":5}"#;
        send(
            url,
            &stack.token("ann", &[]),
            "create-room",
            &json!({ "roomId": "algorithms",
            "type": "discussion" }),
        )
        .await;
        let reply = http::request(url, "POST", path, &headers, body).await.expect("an answer");
        assert_eq!(reply.status, status, "{reply:?}");
        assert_eq!(reply.header("access-control-allow-origin"), Some(allowed));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_draining_edge_answers_what_is_under_way() {
    let mut options = options(Topology::Single);
    options.workers = 1;
    let mut stack = Stack::start(options).await;
    let ann = stack.token("ann", &[]);
    let room = json!({ "roomId": "algorithms", "type": "discussion" });
    assert_eq!(send(stack.edge_url(0), &ann, "create-room", &room).await.0, 200);
    let appended = appended(&stack).await;

    stack.worker(0).signal("STOP");
    let (url, token) = (stack.edge_url(0).to_owned(), ann);
    let say = json!({ "roomId": "algorithms", "content": "wait for me" });
    let waiting = tokio::spawn(async move { send(&url, &token, "send-message", &say).await });
    until("the event to be taken in", || async {
        (self::appended(&stack).await > appended).then_some(())
    })
    .await;
    stack.edge(0).signal("TERM");
    let admin = stack.admin_url(0).to_owned();
    until("the edge to drain", || async {
        let ready = http::request(&admin, "GET", "/ready", &[], "").await.ok()?;
        (ready.status == 503).then_some(())
    })
    .await;
    stack.worker(0).signal("CONT");
    let (status, answer) = within("the answer", waiting).await.expect("it is not cut off");
    assert_eq!((status, &answer["message"]["content"]), (200, &json!("wait for me")), "{answer}");
}

/// Events that the first edge has put into the intake.
async fn appended(stack: &Stack) -> u64 {
    let metrics = http::get(stack.admin_url(0), "/metrics").await.body;
    let count = metrics.lines().find_map(|line| line.strip_prefix("rt_intake_appended_total "));
    count.and_then(|count| count.parse().ok()).unwrap_or(0)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_back_end_ends_all_connections_of_a_user() {
    let stack = start(Topology::Single).await;
    let user = "auth0|a+b=c/d";
    let encoded = "auth0%7Ca%2Bb=c%2Fd";
    let mine = [stack.client(0, user).await, stack.client(1, user).await];
    let other = stack.client(0, "bob").await;
    let (url, service) = (stack.edge_url(0), stack.token("backend", &["service"]));
    let (list, disconnect) = (
        format!("/api/v1/users/{encoded}/connections"),
        format!("/api/v1/users/{encoded}/disconnect"),
    );
    for (method, path) in [("GET", &list), ("POST", &disconnect)] {
        let reply = call(url, method, path, &stack.token("bob", &["moderator"]), "").await;
        assert_eq!(reply.status, 403, "{reply:?}");
        assert_eq!(json_of(&reply)["error"]["code"], "forbidden");
    }

    let connections = connections(url, &list, &service).await;
    let ids = |connections: &[Value]| {
        let mut ids: Vec<_> = connections
            .iter()
            .map(|c| c["connectionId"].as_str().expect("id").to_owned())
            .collect();
        ids.sort();
        ids
    };
    let mut expected: Vec<_> = mine.iter().map(|client| client.sid().to_owned()).collect();
    expected.sort();
    assert_eq!(ids(&connections), expected);
    assert_ne!(connections[0]["edge"], connections[1]["edge"]);
    for connection in &connections {
        assert_eq!(connection["transport"], "websocket");
        assert!(connection["connectedAt"].as_u64().is_some(), "{connection}");
    }

    let reply = call(url, "POST", &disconnect, &service, "").await;
    assert_eq!((reply.status, json_of(&reply)), (200, json!({ "ok": true, "disconnected": 2 })));
    for client in &mine {
        client.until_closed().await;
    }
    assert!(other.is_open());
    until("the connections to be gone", || async {
        self::connections(url, &list, &service).await.is_empty().then_some(())
    })
    .await;
    let reply = call(url, "POST", &disconnect, &service, "").await;
    assert_eq!(json_of(&reply), json!({ "ok": true, "disconnected": 0 }));
    let _back = Client::connect(url, &stack.token(user, &[])).await;
}

async fn connections(url: &str, path: &str, token: &str) -> Vec<Value> {
    let reply = call(url, "GET", path, token, "").await;
    assert_eq!(reply.status, 200, "{reply:?}");
    json_of(&reply)["connections"].as_array().expect("a list").clone()
}
