//! Long-polling: requests, their errors, and what the two locks do.

use edge::close::Reason;
use edge::engine::Settings;
use tokio::io::AsyncWriteExt;

use crate::client::{Host, answer};

async fn host() -> Host {
    Host::start(Settings { payload_bytes_max: 10_000, ..Settings::default() }).await
}

#[tokio::test]
async fn the_open_packet_has_exactly_its_five_keys() {
    let host = host().await;
    let answer = host.request("GET", "EIO=4&transport=polling", "", b"").await;
    assert_eq!(answer.status, 200);
    assert!(answer.head.contains("content-type: text/plain; charset=utf-8"), "{answer:?}");
    assert!(answer.head.contains("cache-control: no-store"), "{answer:?}");
    let open: serde_json::Value =
        serde_json::from_str(answer.body.strip_prefix('0').unwrap()).unwrap();
    let keys: Vec<_> = open.as_object().unwrap().keys().map(String::as_str).collect();
    assert_eq!(keys.len(), 5, "{keys:?}");
    assert_eq!(open["sid"].as_str().unwrap().len(), 20);
    assert_eq!(open["upgrades"], serde_json::json!(["websocket"]));
    assert_eq!(open["pingInterval"], 25_000);
    assert_eq!(open["pingTimeout"], 20_000);
    assert_eq!(open["maxPayload"], 10_000);
}

#[tokio::test]
async fn errors_are_json_with_a_number() {
    let host = host().await;
    let cases = [
        (
            "GET",
            "EIO=3&transport=polling",
            r#"{"code":5,"message":"Unsupported protocol version"}"#,
        ),
        ("GET", "EIO=4&transport=abc", r#"{"code":0,"message":"Transport unknown"}"#),
        ("GET", "EIO=4&transport=polling&sid=x", r#"{"code":1,"message":"Session ID unknown"}"#),
        ("POST", "EIO=4&transport=polling", r#"{"code":2,"message":"Bad handshake method"}"#),
        ("GET", "EIO=4&transport=websocket", r#"{"code":3,"message":"Bad request"}"#),
    ];
    for (method, query, body) in cases {
        let answer = host.request(method, query, "", b"").await;
        assert_eq!((answer.status, answer.body.as_str()), (400, body));
    }
}

#[tokio::test]
async fn events_and_acks_pass_both_ways() {
    let host = host().await;
    let session = host.join().await;
    host.post(&session, "4212[\"message-with-ack\",{\"a\":1.50}]\x1e42[\"ask\"]").await;
    assert_eq!(host.get(&session).await.body, "4312[{\"a\":1.50}]\x1e425[\"question\"]");
    host.post(&session, "435[\"yes\",null]").await;
    assert_eq!(host.get(&session).await.body, "42[\"answered\",5,\"yes\",null]");
}

#[tokio::test]
async fn a_get_waits_for_what_comes() {
    let host = host().await;
    let session = host.join().await;
    let waiting = host.write("GET", &session, "", b"").await;
    host.post(&session, "42[\"message\",1]").await;
    assert_eq!(answer(waiting).await.body, "42[\"message-back\",1]");
}

#[tokio::test]
async fn a_response_has_at_most_sixteen_packets() {
    let host = host().await;
    let session = host.join().await;
    host.post(&session, "42[\"burst\",40]").await;
    let mut numbers = Vec::new();
    while numbers.len() < 40 {
        let body = host.get(&session).await.body;
        let packets: Vec<_> = body.split('\x1e').map(str::to_owned).collect();
        assert!(packets.len() <= 16);
        numbers.extend(packets);
    }
    let expected: Vec<_> = (0..40).map(|number| format!("42[\"number\",{number}]")).collect();
    assert_eq!(numbers, expected);
}

#[tokio::test]
async fn attachments_may_come_in_several_posts() {
    let host = host().await;
    let session = host.join().await;
    let header = "451-[\"message\",{\"_placeholder\":true,\"num\":0}]";
    host.post(&session, header).await;
    host.post(&session, "bAQID").await;
    let expected = "451-[\"message-back\",{\"_placeholder\":true,\"num\":0}]\x1ebAQID";
    assert_eq!(host.get(&session).await.body, expected);
}

#[tokio::test]
async fn an_oversized_post_is_refused_and_the_session_lives() {
    let mut host = host().await;
    let session = host.join().await;
    let body = "4".repeat(10_001);
    assert_eq!(host.post(&session, &body).await.status, 413);
    let chunked = format!("2711\r\n{body}\r\n0\r\n\r\n");
    let head = "Transfer-Encoding: chunked\r\n";
    let answer = host.request("POST", &session, head, chunked.as_bytes()).await;
    assert_eq!(answer.status, 413);
    host.post(&session, "42[\"message\",1]").await;
    assert_eq!(host.get(&session).await.body, "42[\"message-back\",1]");
    host.post(&session, "1").await;
    assert_eq!(host.closed().await, Reason::TransportClose);
}

#[tokio::test]
async fn a_body_of_octets_ends_the_session() {
    let mut host = host().await;
    let session = host.join().await;
    let head = "Content-Type: application/octet-stream\r\nContent-Length: 2\r\n";
    let answer = host.request("POST", &session, head, b"40").await;
    assert_eq!(answer.status, 400);
    assert_eq!(host.closed().await, Reason::ParseError);
    assert_eq!(host.get(&session).await.status, 400);
}

#[tokio::test]
async fn what_is_not_the_protocol_ends_the_session() {
    let mut host = host().await;
    for body in [&b""[..], b"abc", b"4\xff\xfe", b"b%%", b"2", b"4abc", b"42{}", b"bAQID", b"40"] {
        let session = host.join().await;
        let head = format!("Content-Length: {}\r\n", body.len());
        let answer = host.request("POST", &session, &head, body).await;
        assert_eq!(answer.status, 400, "{body:?}");
        assert_eq!(host.closed().await, Reason::ParseError, "{body:?}");
        assert_eq!(host.get(&session).await.status, 400, "{body:?}");
    }
}

#[tokio::test]
async fn a_second_get_ends_the_session() {
    let mut host = host().await;
    let session = host.join().await;
    let first = host.write("GET", &session, "", b"").await;
    // The server may see the two in any order: one is refused, the other told that it is over.
    let second = host.get(&session).await;
    let first = answer(first).await;
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 400]);
    assert!(first.body == "1" || second.body == "1");
    assert_eq!(host.closed().await, Reason::Overlap);
    assert_eq!(host.get(&session).await.status, 400);
}

#[tokio::test]
async fn a_second_post_ends_the_session() {
    let mut host = host().await;
    let session = host.join().await;
    let slow = host.write("POST", &session, "Content-Length: 10\r\n", b"4").await;
    // Until the first is known to be under way the second may be taken.
    while host.post(&session, "42[\"x\"]").await.status == 200 {}
    assert_eq!(host.closed().await, Reason::Overlap);
    drop(slow);
}

#[tokio::test]
async fn a_get_given_up_by_its_client_ends_the_session_at_once() {
    let mut host = host().await;
    let session = host.join().await;
    let waiting = host.write("GET", &session, "", b"").await;
    // Its answer comes only after the GET is known to wait.
    drop(waiting);
    let reason = host.closed().await;
    assert_eq!(reason, Reason::TransportError);
    assert_eq!(host.get(&session).await.status, 400);
}

#[tokio::test]
async fn a_post_cut_short_ends_the_session() {
    let mut host = host().await;
    let session = host.join().await;
    let mut stream = host.write("POST", &session, "Content-Length: 10\r\n", b"42").await;
    stream.shutdown().await.unwrap();
    assert_eq!(host.closed().await, Reason::TransportError);
}

#[tokio::test]
async fn a_get_that_crossed_the_clients_close_is_answered_once() {
    let host = host().await;
    let session = host.join().await;
    let (posted, got) = tokio::join!(host.post(&session, "1"), host.get(&session));
    assert_eq!((posted.status, posted.body.as_str()), (200, "ok"));
    assert_eq!((got.status, got.body.as_str()), (200, "6"));
    assert_eq!(host.get(&session).await.status, 400);
}

#[tokio::test]
async fn a_server_disconnect_waits_for_the_next_get() {
    let mut host = host().await;
    let session = host.join().await;
    host.post(&session, "42[\"message\",1]\x1e42[\"put-out\"]\x1e42[\"message\",2]").await;
    // What the client sent after it was put out is dropped; it is told so before the end.
    assert_eq!(host.closed().await, Reason::ServerDisconnect);
    assert_eq!(host.get(&session).await.body, "42[\"message-back\",1]\x1e41");
    assert_eq!(host.get(&session).await.body, "1");
    assert_eq!(host.get(&session).await.status, 400);
}

#[tokio::test]
async fn a_websockets_session_takes_no_polling() {
    let host = host().await;
    let mut socket = host.websocket("EIO=4&transport=websocket").await;
    let open: serde_json::Value = serde_json::from_str(&socket.text().await[1..]).unwrap();
    assert_eq!(open["upgrades"], serde_json::json!([]));
    let session = format!("EIO=4&transport=polling&sid={}", open["sid"].as_str().unwrap());
    let answer = host.get(&session).await;
    assert_eq!(
        (answer.status, answer.body.as_str()),
        (400, r#"{"code":3,"message":"Bad request"}"#)
    );
}
