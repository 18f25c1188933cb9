//! From polling to a websocket, and the ways in which that goes wrong.

use std::time::Duration;

use edge::close::Reason;
use edge::engine::Settings;

use crate::client::{Host, WebSocket, answer};

async fn host() -> Host {
    Host::start(Settings::default()).await
}

async fn probe(host: &Host, session: &str) -> WebSocket {
    let mut socket = host.websocket(session).await;
    socket.send("2probe").await;
    assert_eq!(socket.text().await, "3probe");
    socket
}

#[tokio::test]
async fn what_waited_goes_out_on_the_websocket_in_order() {
    let host = host().await;
    let session = host.join().await;
    let mut socket = probe(&host, &session).await;
    host.post(&session, "42[\"burst\",50]").await;
    socket.send("5").await;
    for number in 0..50 {
        assert_eq!(socket.text().await, format!("42[\"number\",{number}]"));
    }
    socket.send("42[\"message\",1]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
    let late = host.get(&session).await;
    assert_eq!((late.status, late.body.as_str()), (400, r#"{"code":3,"message":"Bad request"}"#));
}

#[tokio::test]
async fn the_get_that_waits_and_every_later_one_are_ended() {
    let host = host().await;
    let session = host.join().await;
    let waiting = host.write("GET", &session, "", b"").await;
    let mut socket = probe(&host, &session).await;
    assert_eq!(answer(waiting).await.body, "6");
    assert_eq!(host.get(&session).await.body, "6");
    assert_eq!(host.get(&session).await.body, "6");
    socket.send("5").await;
    socket.send("42[\"message\",1]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
}

#[tokio::test]
async fn a_get_held_while_the_upgrade_ends_is_refused() {
    let host = host().await;
    let session = host.join().await;
    let mut socket = probe(&host, &session).await;
    let held = host.write("GET", &session, "", b"").await;
    socket.send("5").await;
    // Held, or too late: what it must not get is a packet that the websocket carries.
    socket.send("42[\"message\",1]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
    assert_eq!(answer(held).await.status, 400);
}

#[tokio::test]
async fn a_second_websocket_is_opened_and_closed() {
    let host = host().await;
    let session = host.join().await;
    let mut first = probe(&host, &session).await;
    let mut second = host.websocket(&session).await;
    assert_eq!(second.close_code().await, 1000);
    first.send("5").await;
    let mut third = host.websocket(&session).await;
    assert_eq!(third.close_code().await, 1000);
    first.send("42[\"message\",1]").await;
    assert_eq!(first.text().await, "42[\"message-back\",1]");
}

#[tokio::test]
async fn an_upgrade_that_fails_leaves_polling_as_it_was() {
    let settings = Settings { upgrade_timeout: Duration::from_millis(50), ..Settings::default() };
    let host = Host::start(settings).await;
    let session = host.join().await;
    for text in ["2", "4x", "5", "abc"] {
        let mut socket = host.websocket(&session).await;
        socket.send(text).await;
        assert_eq!(socket.close_code().await, 1002, "{text:?}");
    }
    let mut too_slow = probe(&host, &session).await;
    assert_eq!(too_slow.close_code().await, 1000);
    host.post(&session, "42[\"message\",1]").await;
    assert_eq!(host.get(&session).await.body, "42[\"message-back\",1]");
    let mut socket = probe(&host, &session).await;
    socket.send("5").await;
    socket.send("42[\"message\",2]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",2]");
}

#[tokio::test]
async fn pings_are_held_back_while_the_upgrade_is_under_way() {
    let settings = Settings {
        ping_interval: Duration::from_millis(30),
        ping_timeout: Duration::from_secs(5),
        ..Settings::default()
    };
    let host = Host::start(settings).await;
    let session = host.open().await;
    let mut socket = probe(&host, &session).await;
    // Two GETs are held for longer than the interval, and get no ping.
    assert_eq!(host.get(&session).await.body, "6");
    assert_eq!(host.get(&session).await.body, "6");
    socket.send("5").await;
    assert_eq!(socket.text().await, "2");
}

#[tokio::test]
async fn draining_closes_transports_and_disconnects_nobody() {
    let mut host = host().await;
    let session = host.join().await;
    let away = host.join().await;
    let waiting = host.write("GET", &session, "", b"").await;
    let mut socket = host.join_websocket().await;
    let engine = host.server.socket.clone();
    assert_eq!(engine.connections(), 3);
    engine.drain(Duration::from_millis(200)).await;
    assert_eq!(engine.connections(), 0);
    for _ in 0..3 {
        assert_eq!(host.closed().await, Reason::Drain);
    }
    assert_eq!(answer(waiting).await.body, "1");
    assert_eq!(host.get(&away).await.body, "1");
    assert_eq!(socket.close_code().await, 1001);
    let answer = host.request("GET", "EIO=4&transport=polling", "", b"").await;
    assert_eq!(answer.status, 503);
}
