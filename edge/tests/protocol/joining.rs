//! CONNECTs whose answer takes a while: nothing overtakes it, and whoever goes meanwhile leaves nothing
//! behind.

use edge::close::Reason;
use edge::engine::Settings;

use crate::client::{Host, WebSocket};

async fn host() -> Host {
    Host::start(Settings::default()).await
}

/// Joins `/`, and waits at the door.
async fn at_the_door(host: &Host) -> WebSocket {
    let mut socket = host.join_websocket().await;
    socket.send("40/door,").await;
    socket
}

#[tokio::test]
async fn the_answer_comes_before_what_others_send_meanwhile() {
    let host = host().await;
    let mut socket = at_the_door(&host).await;
    // Its answer goes out after that of the CONNECT, though it was there before.
    socket.send("42[\"message\",1]").await;
    socket.send("42[\"door\",true]").await;
    assert!(socket.text().await.starts_with("40/door,{\"sid\":"));
    assert_eq!(socket.text().await, "42/door,[\"auth\",{}]");
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
    socket.send("42/door,[\"message\",2]").await;
    assert_eq!(socket.text().await, "42/door,[\"message-back\",2]");
}

#[tokio::test]
async fn each_of_several_answers_has_its_place() {
    let host = host().await;
    let mut socket = at_the_door(&host).await;
    socket.send("40/random").await;
    socket.send("40/custom,").await;
    socket.send("42[\"door\",false]").await;
    assert_eq!(socket.text().await, "44/door,{\"message\":\"not now\"}");
    // What the one that was refused sent first; a namespace that refuses sends nothing.
    assert_eq!(socket.text().await, "42/door,[\"auth\",{}]");
    assert_eq!(socket.text().await, "44/random,{\"message\":\"Invalid namespace\"}");
    assert!(socket.text().await.starts_with("40/custom,{\"sid\":"));
}

#[tokio::test]
async fn who_was_refused_may_try_again() {
    let host = host().await;
    let mut socket = at_the_door(&host).await;
    for _ in 0..2 {
        socket.send("42[\"door\",false]").await;
        assert_eq!(socket.text().await, "44/door,{\"message\":\"not now\"}");
        socket.text().await;
        socket.send("40/door,").await;
    }
    socket.send("42[\"door\",true]").await;
    assert!(socket.text().await.starts_with("40/door,{\"sid\":"));
}

#[tokio::test]
async fn who_sends_or_asks_again_before_the_answer_does_not_speak_the_protocol() {
    for packet in ["42/door,[\"message\",1]", "43/door,1[]", "40/door,"] {
        let mut host = host().await;
        let mut socket = at_the_door(&host).await;
        socket.send(packet).await;
        assert_eq!(host.closed().await, Reason::ParseError, "{packet}");
    }
}

#[tokio::test]
async fn who_goes_before_the_answer_is_ended_when_it_comes() {
    let mut host = host().await;
    let mut other = host.join_websocket().await;
    let mut socket = at_the_door(&host).await;
    socket.send("41").await;
    assert_eq!(host.closed().await, Reason::ClientDisconnect, "of the namespace /");
    socket.send("1").await;
    // Its session is over when the socket is closed.
    socket.close_code().await;
    other.send("42[\"door\",true]").await;
    assert_eq!(host.closed().await, Reason::TransportClose, "of the door");

    let mut socket = at_the_door(&host).await;
    socket.send("41/door,").await;
    socket.send("42[\"door\",true]").await;
    assert_eq!(host.closed().await, Reason::ClientDisconnect);
    socket.text().await;
    socket.send("42[\"message\",1]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
}
