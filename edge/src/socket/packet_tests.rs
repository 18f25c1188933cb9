//! Packets, good and bad.

use super::*;

fn read(text: &str) -> (String, String) {
    let packet = Packet::read(text).unwrap_or_else(|_| panic!("{text:?} is a packet"));
    let kind = match packet.kind {
        Kind::Connect { auth } => format!("connect {}", auth.map_or("-", RawValue::get)),
        Kind::Disconnect => "disconnect".to_owned(),
        Kind::Event { event, attachments } => {
            let args: Vec<_> = event.args.iter().map(|arg| arg.get()).collect();
            format!("event {} {args:?} {:?} {attachments}", event.name, event.ack)
        }
        Kind::Ack { id, args, attachments } => format!("ack {id} {} {attachments}", args.len()),
    };
    (packet.namespace.to_owned(), kind)
}

fn check(text: &str, namespace: &str, kind: &str) {
    assert_eq!(read(text), (namespace.to_owned(), kind.to_owned()), "{text:?}");
}

#[test]
fn connects_are_read() {
    check("0", "/", "connect -");
    check(r#"0{"token":"x"}"#, "/", r#"connect {"token":"x"}"#);
    check("0/admin", "/admin", "connect -");
    check(r#"0/admin,{"a":1}"#, "/admin", r#"connect {"a":1}"#);
    check("0/?token=1,", "/?token=1", "connect -");
}

#[test]
fn events_keep_the_clients_bytes() {
    check(r#"2["a",1.50, {"b" : 2}]"#, "/", r#"event a ["1.50", "{\"b\" : 2}"] None 0"#);
    check(r#"2/x,12["a"]"#, "/x", "event a [] Some(12) 0");
    check("28[5,1]", "/", r#"event 5 ["1"] Some(8) 0"#);
    check(
        r#"2["a",12345678901234567890123]"#,
        "/",
        r#"event a ["12345678901234567890123"] None 0"#,
    );
    check(r#"2["caf\u00e9 \"x\""]"#, "/", "event café \"x\" [] None 0");
    check(
        r#"52-/x,3["a",{"_placeholder":true,"num":0},[{"_placeholder":true,"num":1}]]"#,
        "/x",
        r#"event a ["{\"_placeholder\":true,\"num\":0}", "[{\"_placeholder\":true,\"num\":1}]"] Some(3) 2"#,
    );
}

#[test]
fn acks_and_disconnects_are_read() {
    check("1", "/", "disconnect");
    check("1/x,", "/x", "disconnect");
    check("37[]", "/", "ack 7 0 0");
    check("3/x,18446744073709551615[1]", "/x", "ack 18446744073709551615 1 0");
    check(r#"61-7[{"_placeholder":true,"num":0}]"#, "/", "ack 7 1 1");
}

#[test]
fn a_lone_surrogate_in_a_name_is_replaced() {
    let (_, kind) = read(r#"2["\ud800x"]"#);
    assert!(kind.starts_with("event \u{FFFD}"), "{kind}");
}

#[test]
fn deep_nesting_does_not_overflow_the_stack() {
    let deep = format!(r#"2["a",{}{}]"#, "[".repeat(200_000), "]".repeat(200_000));
    assert!(Packet::read(&deep).is_ok());
    let binary = format!(r#"51-["a",{}{}]"#, "[".repeat(200_000), "]".repeat(200_000));
    assert!(Packet::read(&binary).is_err());
}

#[test]
fn what_is_no_packet_is_refused_without_panic() {
    for text in [
        "",
        "abc",
        "7",
        "9[]",
        "é[\"a\"]",
        "\u{1F600}12345",
        // Connects and disconnects.
        "0[]",
        "0\"x\"",
        "0{",
        "07{}",
        "0/x,[1]",
        "1{}",
        "17",
        "1/x,[]",
        // Events.
        "2",
        "2{}",
        "2[]",
        "2[null]",
        "2[true]",
        "2[{}]",
        "2[[\"a\"]]",
        "2\"a\"",
        "2abc[\"a\"]",
        "2[\"a\"",
        "2[\"a\"]x",
        "2-1[\"a\"]",
        "2[\"a\",NaN]",
        "218446744073709551616[\"a\"]",
        "2[\"connect\"]",
        "2[\"connect_error\"]",
        "2[\"disconnect\"]",
        "2[\"disconnecting\"]",
        "2[\"newListener\"]",
        "2[\"removeListener\"]",
        "2[\"con\\u006eect\"]",
        // Acks.
        "3[]",
        "37",
        "37{}",
        "3-1[]",
        // A client has no errors to connect with.
        "4{}",
        "4{\"message\":\"x\"}",
        // Attachments.
        "5[\"a\"]",
        "5-[\"a\"]",
        "50-[\"a\"]",
        "511-[\"a\"]",
        "5+1-[\"a\"]",
        "5999999999999999999999-[\"a\"]",
        "5é-[\"a\"]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":1}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":-1}]",
        "51-[\"a\",{\"_placeholder\":true,\"num\":\"0\"}]",
        "51-[\"a\",{\"_placeholder\":true}]",
        "51-[\"a\",{\"x\":[{\"_placeholder\":true,\"num\":9}]}]",
    ] {
        assert!(Packet::read(text).is_err(), "{text:?}");
    }
}

#[test]
fn answers_name_their_namespace_unless_it_is_the_root() {
    assert_eq!(connected("/", "abc"), Frame::packet(r#"40{"sid":"abc"}"#));
    assert_eq!(connected("/x", "abc"), Frame::packet(r#"40/x,{"sid":"abc"}"#));
    let refusal = |message: &str, code, retry_after_ms| Refusal {
        message: message.to_owned(),
        code,
        retry_after_ms,
    };
    assert_eq!(
        refused("/random", &refusal("Invalid namespace", None, None)),
        Frame::packet(r#"44/random,{"message":"Invalid namespace"}"#)
    );
    assert_eq!(
        refused("/", &refusal("say \"please\"", Some("missing-token"), None)),
        Frame::packet(r#"44{"message":"say \"please\"","data":{"code":"missing-token"}}"#)
    );
    assert_eq!(
        refused("/", &refusal("wait", Some("rate-limited"), Some(70))),
        Frame::packet(r#"44{"message":"wait","data":{"code":"rate-limited","retryAfterMs":70}}"#)
    );
}
