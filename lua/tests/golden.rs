//! One intake record per event as an edge of this format writes it. Processes of two versions run
//! together, and events wait in Redis over a deploy: what is here must be read for ever. When the
//! format grows, a record is added; none is changed.

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

/// Events that came later, in short: name, entity, payload, and how the payload is understood. The other
/// fields are as above, with the source of what was relayed.
const LATER: &[(&str, &str, &str, &str)] = &[
    (
        "update-room",
        "algorithms",
        r#"{"roomId":"algorithms","name":"Graphs","access":{"visibility":"public","roles":["student"]},"maxMembers":2,"requestId":"r"}"#,
        r#"UpdateRoom(UpdateRoom { room_id: RoomId("algorithms"), name: Some(Name("Graphs")), access: Some(Access { visibility: Public, roles: [Role("student")], members: {} }), max_members: Some(Limit(2)), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "invite-to-room",
        "algorithms",
        r#"{"roomId":"algorithms","userId":"auth0|x","roomRole":"viewer","requestId":"r"}"#,
        r#"InviteToRoom(InviteToRoom { room_id: RoomId("algorithms"), user_id: UserId("auth0|x"), room_role: Some(Viewer), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "remove-member",
        "algorithms",
        r#"{"roomId":"algorithms","userId":"bob","reason":"spam","requestId":"r"}"#,
        r#"RemoveMember(RemoveMember { room_id: RoomId("algorithms"), user_id: UserId("bob"), reason: Some(Text("spam")), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "close-room",
        "algorithms",
        r#"{"roomId":"algorithms","requestId":"r"}"#,
        r#"CloseRoom(CloseRoom { room_id: RoomId("algorithms"), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "list-rooms",
        "user:ann",
        r#"{"scope":"mine","type":"contest","cursor":"1795413580067:graphs","limit":100}"#,
        r#"ListRooms(ListRooms { scope: Mine, room_type: Some(Contest), cursor: Some(Cursor { score: 1795413580067, name: "graphs" }), limit: Limit(100) })"#,
    ),
    (
        "set-status",
        "user:ann",
        r#"{"status":"busy","requestId":"r"}"#,
        r#"SetStatus(SetStatus { status: Busy, request_id: Some(RequestId("r")) })"#,
    ),
    (
        "edit-message",
        "algorithms",
        r#"{"roomId":"algorithms","messageId":"1795413580066-0","content":"Hi","requestId":"r"}"#,
        r#"EditMessage(EditMessage { room_id: RoomId("algorithms"), message_id: EventId { ms: 1795413580066, seq: 0 }, content: Text("Hi"), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "delete-message",
        "algorithms",
        r#"{"roomId":"algorithms","messageId":"1795413580066-0","requestId":"r"}"#,
        r#"DeleteMessage(DeleteMessage { room_id: RoomId("algorithms"), message_id: EventId { ms: 1795413580066, seq: 0 }, request_id: Some(RequestId("r")) })"#,
    ),
    (
        "react",
        "algorithms",
        r#"{"roomId":"algorithms","messageId":"1795413580066-0","emoji":"👍","on":true,"requestId":"r"}"#,
        r#"React(React { room_id: RoomId("algorithms"), message_id: EventId { ms: 1795413580066, seq: 0 }, emoji: Emoji("👍"), on: true, request_id: Some(RequestId("r")) })"#,
    ),
    (
        "mark-read",
        "algorithms",
        r#"{"roomId":"algorithms","messageId":"1795413580066-0","requestId":"r"}"#,
        r#"MarkRead(MarkRead { room_id: RoomId("algorithms"), message_id: EventId { ms: 1795413580066, seq: 0 }, request_id: Some(RequestId("r")) })"#,
    ),
    (
        "get-unread",
        "user:ann",
        r#"{"roomIds":["algorithms","graphs"]}"#,
        r#"GetUnread(GetUnread { room_ids: Some(Few([RoomId("algorithms"), RoomId("graphs")])) })"#,
    ),
    (
        "report-message",
        "algorithms",
        r#"{"roomId":"algorithms","messageId":"1795413580066-0","reason":"cheating","comment":"!","requestId":"r"}"#,
        r#"ReportMessage(ReportMessage { room_id: RoomId("algorithms"), message_id: EventId { ms: 1795413580066, seq: 0 }, reason: Cheating, comment: Some(Text("!")), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "get-reports",
        "algorithms",
        r#"{"roomId":"algorithms","status":"open","cursor":"3:1795413580066-0","limit":1}"#,
        r#"GetReports(GetReports { room_id: RoomId("algorithms"), status: Some(Open), cursor: Some(Cursor { score: 3, name: "1795413580066-0" }), limit: Limit(1) })"#,
    ),
    (
        "resolve-report",
        "algorithms",
        r#"{"roomId":"algorithms","reportId":"1795413580066-0","action":"mute","durationMs":60000,"note":"!","requestId":"r"}"#,
        r#"ResolveReport(ResolveReport { room_id: RoomId("algorithms"), report_id: EventId { ms: 1795413580066, seq: 0 }, action: Mute, duration_ms: Some(Whole(60000)), note: Some(Text("!")), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "mute-user",
        "algorithms",
        r#"{"roomId":"algorithms","userId":"bob","durationMs":60000,"reason":"!","requestId":"r"}"#,
        r#"MuteUser(SanctionUser { room_id: RoomId("algorithms"), user_id: UserId("bob"), duration_ms: Some(Whole(60000)), reason: Some(Text("!")), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "unmute-user",
        "algorithms",
        r#"{"roomId":"algorithms","userId":"bob"}"#,
        r#"UnmuteUser(SanctionUser { room_id: RoomId("algorithms"), user_id: UserId("bob"), duration_ms: None, reason: None, request_id: None })"#,
    ),
    (
        "ban-user",
        "algorithms",
        r#"{"roomId":"algorithms","userId":"bob"}"#,
        r#"BanUser(SanctionUser { room_id: RoomId("algorithms"), user_id: UserId("bob"), duration_ms: None, reason: None, request_id: None })"#,
    ),
    (
        "unban-user",
        "algorithms",
        r#"{"roomId":"algorithms","userId":"bob"}"#,
        r#"UnbanUser(SanctionUser { room_id: RoomId("algorithms"), user_id: UserId("bob"), duration_ms: None, reason: None, request_id: None })"#,
    ),
    (
        "set-slow-mode",
        "algorithms",
        r#"{"roomId":"algorithms","intervalMs":0,"requestId":"r"}"#,
        r#"SetSlowMode(SetSlowMode { room_id: RoomId("algorithms"), interval_ms: Whole(0), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "get-notifications",
        "user:ann",
        r#"{"before":"1795413580066-0","limit":1,"unreadOnly":true,"kinds":["mention"]}"#,
        r#"GetNotifications(GetNotifications { before: Some(EventId { ms: 1795413580066, seq: 0 }), limit: Limit(1), unread_only: true, kinds: Few([Name("mention")]) })"#,
    ),
    (
        "mark-notification-read",
        "user:ann",
        r#"{"notificationIds":["1795413580066-0"],"requestId":"r"}"#,
        r#"MarkNotificationRead(MarkNotificationRead { which: NotificationIds([EventId { ms: 1795413580066, seq: 0 }]), request_id: Some(RequestId("r")) })"#,
    ),
    (
        "mark-notification-read",
        "user:ann",
        r#"{"all":true,"upTo":"1795413580066-0"}"#,
        r#"MarkNotificationRead(MarkNotificationRead { which: UpTo(Some(EventId { ms: 1795413580066, seq: 0 })), request_id: None })"#,
    ),
    (
        "refresh-token",
        "user:ann",
        r#"{"token":"a.b.c"}"#,
        r#"RefreshToken(RefreshToken { token: "a.b.c" })"#,
    ),
    (
        "presence-tick",
        "algorithms",
        r#"{"roomId":"algorithms"}"#,
        r#"PresenceTick(PresenceTick { room_id: RoomId("algorithms") })"#,
    ),
    (
        "status-changed",
        "algorithms",
        r#"{"roomId":"algorithms","status":"idle"}"#,
        r#"StatusChanged(StatusChanged { room_id: RoomId("algorithms"), status: Idle, origin: None })"#,
    ),
    (
        "room-idle",
        "algorithms",
        r#"{"roomId":"algorithms"}"#,
        r#"RoomIdle(RoomIdle { room_id: RoomId("algorithms") })"#,
    ),
    (
        "room-listed",
        "directory",
        r#"{"roomId":"algorithms","type":"contest","roles":"","createdAt":1795413580066,"room":{"id":"algorithms"}}"#,
        r#"RoomListed(RoomListed { room_id: RoomId("algorithms"), room_type: Contest, roles: "", created_at: 1795413580066, room: RawValue({"id":"algorithms"}) })"#,
    ),
    (
        "room-unlisted",
        "directory",
        r#"{"roomId":"algorithms"}"#,
        r#"RoomUnlisted(RoomUnlisted { room_id: RoomId("algorithms") })"#,
    ),
    (
        "user-connected",
        "user:ann",
        r#"{"userId":"ann"}"#,
        r#"UserConnected(UserConnected { user_id: UserId("ann") })"#,
    ),
    (
        "user-disconnected",
        "user:ann",
        r#"{"userId":"ann"}"#,
        r#"UserDisconnected(UserDisconnected { user_id: UserId("ann") })"#,
    ),
    (
        "user-expired",
        "user:ann",
        r#"{"userId":"ann"}"#,
        r#"UserExpired(UserExpired { user_id: UserId("ann") })"#,
    ),
    (
        "disconnect-user",
        "user:ann",
        r#"{"userId":"ann"}"#,
        r#"DisconnectUser(DisconnectUser { user_id: UserId("ann") })"#,
    ),
    (
        "room-entered",
        "user:ann",
        r#"{"userId":"ann","roomId":"algorithms","present":true,"belongs":true,"owns":false}"#,
        r#"RoomEntered(RoomEntered { user_id: UserId("ann"), room_id: RoomId("algorithms"), present: true, belongs: true, owns: false })"#,
    ),
    (
        "room-exited",
        "user:ann",
        r#"{"userId":"ann","roomId":"algorithms","present":true,"belongs":false,"owns":false}"#,
        r#"RoomExited(RoomExited { user_id: UserId("ann"), room_id: RoomId("algorithms"), present: true, belongs: false, owns: false })"#,
    ),
    (
        "tell-user",
        "user:ann",
        r#"{"userId":"ann","except":"c","frame":["messages-read",{"roomId":"algorithms"}]}"#,
        r#"TellUser(TellUser { user_id: UserId("ann"), except: Some("c"), frame: Array [String("messages-read"), Object {"roomId": String("algorithms")}] })"#,
    ),
    (
        "notify",
        "user:ann",
        r#"{"userId":"ann","kind":"mention","title":"Bob mentioned you in Algorithms","body":"","data":{"roomId":"algorithms"}}"#,
        r#"Notify(Notify { user_id: UserId("ann"), kind: "mention", title: "Bob mentioned you in Algorithms", body: "", data: Object {"roomId": String("algorithms")} })"#,
    ),
    (
        "edge-lost",
        "",
        r#"{"edge":"edge-3f2c","until":1795413580066}"#,
        r#"EdgeLost(EdgeLost { edge: "edge-3f2c", until: Some(1795413580066) })"#,
    ),
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
