//! Websocket sessions, and the rules of Socket.IO that need no polling to be seen.

use std::time::Duration;

use edge::close::Reason;
use edge::engine::Settings;
use futures_util::SinkExt;
use tokio_tungstenite::tungstenite::Message;

use crate::client::{Host, soon};

async fn host() -> Host {
    Host::start(Settings::default()).await
}

#[tokio::test]
async fn a_burst_arrives_whole_and_in_order() {
    let host = host().await;
    let mut socket = host.join_websocket().await;
    socket.send("42[\"burst\",1000]").await;
    for number in 0..1000 {
        assert_eq!(socket.text().await, format!("42[\"number\",{number}]"));
    }
}

#[tokio::test]
async fn acks_pass_both_ways() {
    let host = host().await;
    let mut socket = host.join_websocket().await;
    socket.send("4218446744073709551615[\"message-with-ack\",1]").await;
    assert_eq!(socket.text().await, "4318446744073709551615[1]");
    socket.send("42[\"ask\"]").await;
    assert_eq!(socket.text().await, "425[\"question\"]");
    socket.send("435[]").await;
    assert_eq!(socket.text().await, "42[\"answered\",5]");
}

#[tokio::test]
async fn what_is_not_the_protocol_closes() {
    let mut host = host().await;
    let texts = [
        "",
        "abc",
        "2",
        "2probe",
        "7",
        "4",
        "4abc",
        "40",
        "40{}",
        "42{}",
        "42[\"connect\"]",
        "42/custom,[\"message\"]",
        "43/custom,1[]",
        "41/custom",
        "44{\"message\":\"x\"}",
        "450-[\"a\"]",
        "4511-[\"a\"]",
        "42\u{1F600}",
        "4-1[\"a\"]",
    ];
    for text in texts {
        let mut socket = host.join_websocket().await;
        socket.send(text).await;
        assert_eq!(socket.close_code().await, 1002, "{text:?}");
        assert_eq!(host.closed().await, Reason::ParseError, "{text:?}");
    }
}

#[tokio::test]
async fn a_first_packet_that_is_no_connect_closes() {
    let host = host().await;
    for text in ["4abc", "42[\"message\"]", "40[]", "40\"x\"", "41"] {
        let mut socket = host.websocket("EIO=4&transport=websocket").await;
        socket.send(text).await;
        assert_eq!(socket.close_code().await, 1002, "{text:?}");
    }
}

#[tokio::test]
async fn what_the_protocol_lets_pass_changes_nothing() {
    let host = host().await;
    let mut socket = host.join_websocket().await;
    for text in ["3", "3x", "6", "0", "5", "42[\"no-such-event\"]", "42[\"\\ud800\"]"] {
        socket.send(text).await;
    }
    socket.send("42[\"message\",\"\\udfff\"]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",\"\\udfff\"]");
}

#[tokio::test]
async fn the_clients_close_packet_closes_at_once() {
    let mut host = host().await;
    let mut socket = host.join_websocket().await;
    socket.send("1").await;
    assert_eq!(host.closed().await, Reason::TransportClose);
    assert_eq!(socket.close_code().await, 1000);
}

#[tokio::test]
async fn a_client_that_closes_its_websocket_is_answered() {
    let mut host = host().await;
    let mut socket = host.join_websocket().await;
    socket.socket.close(None).await.unwrap();
    assert_eq!(host.closed().await, Reason::TransportClose);
    soon(async { while socket.next().await.is_some() {} }).await;
}

#[tokio::test]
async fn nothing_may_come_between_a_header_and_its_attachments() {
    let mut host = host().await;
    let header =
        "452-[\"message\",{\"_placeholder\":true,\"num\":1},{\"_placeholder\":true,\"num\":0}]";
    for text in ["42[\"message\"]", "40/custom,"] {
        let mut socket = host.join_websocket().await;
        socket.send(header).await;
        socket.send_binary(&[1]).await;
        socket.send(text).await;
        assert_eq!(socket.close_code().await, 1002, "{text:?}");
        assert_eq!(host.closed().await, Reason::ParseError);
    }
    let mut socket = host.join_websocket().await;
    socket.send_binary(&[1]).await;
    assert_eq!(socket.close_code().await, 1002);
    assert_eq!(host.closed().await, Reason::ParseError);
}

#[tokio::test]
async fn a_pong_may_come_between_a_header_and_its_attachments() {
    let host = host().await;
    let mut socket = host.join_websocket().await;
    socket.send("451-7[\"message-with-ack\",{\"_placeholder\":true,\"num\":0}]").await;
    socket.send("3").await;
    socket.send_binary(&[9]).await;
    assert_eq!(socket.text().await, "461-7[{\"_placeholder\":true,\"num\":0}]");
    assert_eq!(socket.next().await, Some(Message::binary(vec![9])));
}

#[tokio::test]
async fn above_the_limit_closes_with_1009() {
    let mut host = Host::start(Settings { payload_bytes_max: 1000, ..Settings::default() }).await;
    let mut socket = host.join_websocket().await;
    let _ = socket.socket.send(Message::text("4".repeat(200_000))).await;
    assert_eq!(socket.close_code().await, 1009);
    assert_eq!(host.closed().await, Reason::TooLarge);
    // Each attachment is small enough, all of them are not.
    let mut socket = host.join_websocket().await;
    socket.send("452-[\"message\"]").await;
    socket.send_binary(&[0; 600]).await;
    socket.send_binary(&[0; 600]).await;
    assert_eq!(socket.close_code().await, 1009);
    assert_eq!(host.closed().await, Reason::TooLarge);
}

#[tokio::test]
async fn a_refused_connect_leaves_the_transport() {
    let host = host().await;
    let mut socket = host.websocket("EIO=4&transport=websocket").await;
    socket.text().await;
    socket.send("40/random").await;
    assert_eq!(socket.text().await, "44/random,{\"message\":\"Invalid namespace\"}");
    socket.send("40/?token=1,").await;
    assert_eq!(socket.text().await, "44/?token=1,{\"message\":\"Invalid namespace\"}");
    socket.send("40{\"a\":[1]}").await;
    assert!(socket.text().await.starts_with("40{\"sid\":"));
    assert_eq!(socket.text().await, "42[\"auth\",{\"a\":[1]}]");
}

#[tokio::test]
async fn who_left_a_namespace_can_join_it_again() {
    let mut host = host().await;
    let mut socket = host.join_websocket().await;
    socket.send("41").await;
    assert_eq!(host.closed().await, Reason::ClientDisconnect);
    socket.send("40").await;
    assert!(socket.text().await.starts_with("40{\"sid\":"));
    socket.text().await;
    socket.send("42[\"message\",1]").await;
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
}

#[tokio::test]
async fn who_is_put_out_is_told_and_what_crosses_it_is_dropped() {
    let mut host = host().await;
    let mut socket = host.join_websocket().await;
    socket.socket.feed(Message::text("42[\"put-out\"]")).await.unwrap();
    socket.socket.feed(Message::text("42[\"message\",1]")).await.unwrap();
    socket.socket.flush().await.unwrap();
    assert_eq!(socket.text().await, "41");
    assert_eq!(socket.close_code().await, 1000);
    assert_eq!(host.closed().await, Reason::ServerDisconnect);
}

#[tokio::test]
async fn who_joins_nothing_is_closed() {
    let settings = Settings { connect_timeout: Duration::from_millis(50), ..Settings::default() };
    let host = Host::start(settings).await;
    let mut socket = host.websocket("EIO=4&transport=websocket").await;
    assert_eq!(socket.close_code().await, 1000);
    let session = host.open().await;
    assert_eq!(host.get(&session).await.body, "1");
    assert_eq!(host.get(&session).await.status, 400);
}

#[tokio::test]
async fn who_answers_no_ping_is_closed() {
    let settings = Settings {
        ping_interval: Duration::from_millis(60),
        ping_timeout: Duration::from_millis(40),
        ..Settings::default()
    };
    let mut host = Host::start(settings).await;
    let mut socket = host.join_websocket().await;
    assert_eq!(socket.text().await, "2");
    socket.send("3").await;
    assert_eq!(socket.text().await, "2");
    assert_eq!(host.closed().await, Reason::PingTimeout);
    assert_eq!(socket.close_code().await, 1000);
}

#[tokio::test]
async fn a_client_that_does_not_read_is_cut_off() {
    let settings = Settings { unsent_bytes_max: 200_000, ..Settings::default() };
    let mut host = Host::start(settings).await;
    let mut socket = host.join_websocket().await;
    // The kernel takes some megabytes before anything waits in the outbox.
    for _ in 0..1000 {
        if socket.socket.send(Message::text("42[\"bulk\",150000]")).await.is_err() {
            break;
        }
    }
    assert_eq!(host.closed().await, Reason::Slow);
}

#[tokio::test]
async fn a_client_that_takes_nothing_for_too_long_is_cut_off() {
    let settings = Settings {
        unsent_bytes_max: 100_000_000,
        stall_timeout: Duration::from_millis(100),
        ..Settings::default()
    };
    let mut host = Host::start(settings).await;
    let mut socket = host.join_websocket().await;
    socket.send("42[\"bulk\",50000000]").await;
    assert_eq!(host.closed().await, Reason::Slow);
}

#[tokio::test]
async fn a_pong_never_lands_inside_a_frame_that_is_half_written() {
    let settings = Settings { unsent_bytes_max: 100_000_000, ..Settings::default() };
    let host = Host::start(settings).await;
    let mut socket = host.join_websocket().await;
    socket.send("42[\"bulk\",15000000]").await;
    // Enough that the server's reading is surely past the first of them while it still writes.
    for number in 0..100_u8 {
        socket.socket.send(Message::Ping(vec![number].into())).await.unwrap();
    }
    socket.send("42[\"message\",1]").await;
    let mut pongs = 0;
    let mut texts = Vec::new();
    while texts.len() < 2 {
        match socket.next().await {
            Some(Message::Text(text)) => texts.push(text.len()),
            Some(Message::Pong(_)) => pongs += 1,
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(texts, [15_000_000 + 13, "42[\"message-back\",1]".len()]);
    assert!(pongs >= 1);
}

#[tokio::test]
async fn a_message_in_pieces_is_one_message() {
    use tokio_tungstenite::tungstenite::protocol::frame::Frame;
    use tokio_tungstenite::tungstenite::protocol::frame::coding::{Data, OpCode};
    let host = host().await;
    let mut socket = host.join_websocket().await;
    let piece = |text: &str, kind, is_last| {
        Message::Frame(Frame::message(text.to_owned(), OpCode::Data(kind), is_last))
    };
    socket.socket.send(piece("42[\"mess", Data::Text, false)).await.unwrap();
    socket.socket.send(Message::Ping("x".into())).await.unwrap();
    socket.socket.send(piece("age\",1]", Data::Continue, true)).await.unwrap();
    assert_eq!(socket.next().await, Some(Message::Pong("x".into())));
    assert_eq!(socket.text().await, "42[\"message-back\",1]");
}
