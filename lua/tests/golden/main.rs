//! One intake record per event as an edge of this format writes it. Processes of two versions run
//! together, and events wait in Redis over a deploy: what is here must be read for ever. When the
//! format grows, a record is added; none is changed.

mod later;

use later::LATER;
use lua::event::{Event, TABLE};
use lua::id::EventId;
use lua::record::{Origin, Record};

/// Entries as Redis holds them: fields and values in turn.
const RECORDS: &[&[&str]] = &[
    &[
        "event",
        "create-room",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "organizer,moderator",
        "origin",
        "edge-3f2c/XyZ0XyZ0XyZ0XyZ0XyZ0",
        "ack",
        "12",
        "request",
        "r-1",
        "payload",
        r#"{"roomId":"algorithms","type":"contest","name":"Algorithms","access":{"visibility":"private","roles":["student"],"members":{"bob":"viewer","auth0|x":"moderator"}},"maxMembers":100,"requestId":"r-1"}"#,
    ],
    &[
        "event",
        "create-room",
        "entity",
        "r-0123456789abcdef0123",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "edge-3f2c/XyZ0XyZ0XyZ0XyZ0XyZ0",
        "payload",
        r#"{"type":"discussion"}"#,
    ],
    &[
        "event",
        "join-room",
        "entity",
        "algorithms",
        "user",
        "auth0|a+b=c/d",
        "name",
        "Ann 😀",
        "roles",
        "",
        "origin",
        "edge-3f2c/XyZ0XyZ0XyZ0XyZ0XyZ0",
        "ack",
        "0",
        "payload",
        r#"{"roomId":"algorithms","type":"interview","since":"1795413580067-3","requestId":"r"}"#,
    ],
    &[
        "event",
        "leave-room",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "e/c",
        "request",
        "r",
        "payload",
        r#"{"roomId":"algorithms","requestId":"r"}"#,
    ],
    &[
        "event",
        "get-members",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "e/c",
        "ack",
        "1",
        "payload",
        r#"{"roomId":"algorithms","cursor":"1795413580067:bob","limit":500}"#,
    ],
    &[
        "event",
        "typing-start",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "e/c",
        "payload",
        r#"{"roomId":"algorithms"}"#,
    ],
    &[
        "event",
        "typing-stop",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "e/c",
        "payload",
        r#"{"roomId":"algorithms"}"#,
    ],
    &[
        "event",
        "send-message",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "service",
        "origin",
        "e/c",
        "ack",
        "18446744073709551615",
        "request",
        "r",
        "payload",
        r#"{"roomId":"algorithms","content":"let x = \"\\\";","kind":"code","language":"rust","replyTo":"1795413580067-0","threadId":"1795413580066-0","mentions":["bob"],"requestId":"r"}"#,
    ],
    &[
        "event",
        "get-messages",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "e/c",
        "payload",
        r#"{"roomId":"algorithms","before":"2-0","after":"1-0","limit":100,"threadId":"1-1","future":{}}"#,
    ],
    &[
        "event",
        "connection-closed",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "e/c",
        "payload",
        r#"{"roomId":"algorithms"}"#,
    ],
    &[
        "event",
        "presence-expired",
        "entity",
        "algorithms",
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "",
        "origin",
        "",
        "payload",
        r#"{"roomId":"algorithms"}"#,
    ],
];

/// How the payloads above are understood.
const UNDERSTOOD: &[&str] = &[
    r#"CreateRoom(CreateRoom { room_id: Some(RoomId("algorithms")), room_type: Contest, name: Some(Name("Algorithms")), access: Some(Access { visibility: Private, roles: [Role("student")], members: {UserId("auth0|x"): Moderator, UserId("bob"): Viewer} }), max_members: Some(Limit(100)), request_id: Some(RequestId("r-1")) })"#,
    "CreateRoom(CreateRoom { room_id: None, room_type: Discussion, name: None, access: None, max_members: None, request_id: None })",
    r#"JoinRoom(JoinRoom { room_id: RoomId("algorithms"), room_type: Some(Interview), since: Some(EventId { ms: 1795413580067, seq: 3 }), request_id: Some(RequestId("r")) })"#,
    r#"LeaveRoom(LeaveRoom { room_id: RoomId("algorithms"), request_id: Some(RequestId("r")) })"#,
    r#"GetMembers(GetMembers { room_id: RoomId("algorithms"), cursor: Some(Cursor { score: 1795413580067, name: "bob" }), limit: Limit(500) })"#,
    r#"TypingStart(Typing { room_id: RoomId("algorithms") })"#,
    r#"TypingStop(Typing { room_id: RoomId("algorithms") })"#,
    r#"SendMessage(SendMessage { room_id: RoomId("algorithms"), content: Text("let x = \"\\\";"), kind: Code, language: Some(Name("rust")), reply_to: Some(EventId { ms: 1795413580067, seq: 0 }), thread_id: Some(EventId { ms: 1795413580066, seq: 0 }), mentions: Mentions([UserId("bob")]), request_id: Some(RequestId("r")) })"#,
    r#"GetMessages(GetMessages { room_id: RoomId("algorithms"), before: Some(EventId { ms: 2, seq: 0 }), after: Some(EventId { ms: 1, seq: 0 }), limit: Limit(100), thread_id: Some(EventId { ms: 1, seq: 1 }) })"#,
    r#"ConnectionClosed(ConnectionClosed { room_id: RoomId("algorithms") })"#,
    r#"PresenceExpired(PresenceExpired { room_id: RoomId("algorithms") })"#,
];

/// Records with the fields that they were read from.
fn records() -> impl Iterator<Item = (Record, Vec<&'static str>)> {
    let later = LATER.iter().map(|(event, entity, payload, _)| {
        let fields = [
            "event",
            event,
            "entity",
            entity,
            "user",
            "ann",
            "name",
            "Ann",
            "roles",
            "",
            "origin",
            "e/c",
            "payload",
            payload,
            "source",
            "42 1795413580061-0",
        ];
        fields.to_vec()
    });
    RECORDS.iter().map(|fields| fields.to_vec()).chain(later).map(|fields| {
        let id = EventId { ms: 1_795_413_580_067, seq: 0 };
        let owned = fields.iter().map(|text| (*text).to_owned()).collect();
        (Record::read(id, owned).unwrap_or_else(|bad| panic!("{bad}: {fields:?}")), fields)
    })
}

#[test]
fn every_event_has_its_record() {
    for row in TABLE {
        assert!(records().any(|(record, _)| record.event == row.name), "{} has none", row.name);
    }
}

#[test]
fn records_are_read_as_ever() {
    for (record, fields) in records() {
        let field = |name: &str| fields.chunks(2).find(|pair| pair[0] == name).map(|pair| pair[1]);
        assert_eq!(Some(record.event.as_str()), field("event"));
        assert_eq!(Some(record.entity.as_str()), field("entity"));
        assert_eq!(Some(record.user.as_str()), field("user"));
        assert_eq!(Some(record.name.as_str()), field("name"));
        assert_eq!(Some(record.roles.as_str()), field("roles"));
        assert_eq!(Some(record.payload.as_str()), field("payload"));
        assert_eq!(record.ack.map(|ack| ack.to_string()).as_deref(), field("ack"));
        let origin = field("origin").and_then(|text| text.split_once('/'));
        let origin = origin
            .map(|(edge, connection)| Origin { edge: edge.into(), connection: connection.into() });
        assert_eq!(record.origin, origin);
        let written = record.fields();
        let written: Vec<&str> = written.iter().map(String::as_str).collect();
        let kept: Vec<&str> =
            fields.chunks(2).filter(|pair| pair[0] != "request").flatten().copied().collect();
        assert_eq!(written, kept, "and written as ever");
    }
}

#[test]
fn payloads_are_understood_as_ever() {
    let understood = UNDERSTOOD.iter().chain(LATER.iter().map(|(.., understood)| understood));
    for ((record, _), understood) in records().zip(understood) {
        let event = Event::read(&record.event, &record.payload).expect("valid");
        assert_eq!(&format!("{event:?}"), understood);
        assert!(
            event.entity(&record.user) == record.entity
                || record.payload == r#"{"type":"discussion"}"#
        );
    }
}

#[test]
fn a_record_without_one_of_its_fields_is_none() {
    for (_, fields) in records() {
        for (n, pair) in fields.chunks(2).enumerate() {
            let mut left: Vec<String> = fields.iter().map(|text| (*text).to_owned()).collect();
            left.drain(2 * n..2 * n + 2);
            let read = Record::read(EventId::default(), left.clone());
            match pair[0] {
                "ack" | "request" | "source" => assert!(read.is_ok()),
                name => {
                    let bad = read.expect_err("not whole");
                    assert_eq!((bad.field, bad.fields), (name, left));
                }
            }
        }
    }
}
