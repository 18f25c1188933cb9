//! Who may do what: one table of actions by what somebody is in the platform and in the room, for a public
//! and a private room of each type. The room's type decides who may create it and nothing else.

mod common;
mod stage;

use serde_json::{Value as Json, json};
use stage::{Stage, Who, each, who};

/// Who acts: role in the platform, and user; the user's name is what they are in the room.
const ACTORS: [(&str, &str); 12] = [
    ("", "owner"),
    ("", "moderator"),
    ("", "member"),
    ("", "viewer"),
    ("", "stranger"),
    ("moderator", "stranger"),
    ("moderator", "viewer"),
    ("admin", "stranger"),
    ("admin", "viewer"),
    ("service", "stranger"),
    ("organizer", "stranger"),
    ("interviewer", "stranger"),
];

/// What comes of an action by each of the actors, in their order: `+` it is done, `f` it is forbidden, `c` a
/// conflict, `n` not found. A stranger to a private room finds nothing there, whatever the table says, unless
/// the platform role lets in everywhere.
#[rustfmt::skip]
const TABLE: &[(&str, &str, &str)] = &[
    //                                    o m m v s  M M A A S O I
    ("get-messages", "{}", /*          */ "+ + + + +  + + + + + + +"),
    ("get-members", "{}", /*           */ "+ + + + +  + + + + + + +"),
    ("join-room", "{}", /*             */ "+ + + + +  + + + + + + +"),
    ("send-message", SAY, /*           */ "+ + + f +  + f + + + + +"),
    ("edit-message", BY_OTHER, /*      */ "f f f f f  f f f f f f f"),
    ("delete-message", BY_OTHER, /*    */ "+ + f f f  + + + + f f f"),
    ("react", REACT, /*                */ "+ + + f +  + f + + + + +"),
    ("mark-read", BY_OTHER, /*         */ "+ + + + f  f + f + f f f"),
    ("report-message", REPORT, /*      */ "+ + + + +  + + + + + + +"),
    ("get-reports", "{}", /*           */ "+ + f f f  + + + + f f f"),
    ("set-slow-mode", SLOW, /*         */ "+ + f f f  + + + + f f f"),
    ("mute-user", AT_MEMBER, /*        */ "+ + f f f  + + + + f f f"),
    ("unmute-user", AT_MEMBER, /*      */ "+ + f f f  + + + + f f f"),
    ("ban-user", AT_MEMBER, /*         */ "+ + f f f  + + + + f f f"),
    ("unban-user", AT_MEMBER, /*       */ "+ + f f f  + + + + f f f"),
    ("mute-user", AT_MODERATOR, /*     */ "+ f f f f  + + + + f f f"),
    ("ban-user", AT_OWNER, /*          */ "f f f f f  f f + + f f f"),
    ("invite-to-room", AT_NEW, /*      */ "+ + f f f  + + + + f f f"),
    ("invite-to-room", AS_MODERATOR, /**/ "+ f f f f  + + + + f f f"),
    ("invite-to-room", AS_OWNER, /*    */ "+ f f f f  f f + + f f f"),
    ("invite-to-room", AT_MODERATOR, /**/ "+ f f f f  + + + + f f f"),
    ("invite-to-room", AT_OWNER, /*    */ "c f f f f  f f c c f f f"),
    ("remove-member", AT_MEMBER, /*    */ "+ + f f f  + + + + f f f"),
    ("remove-member", AT_MODERATOR, /* */ "+ f f f f  + + + + f f f"),
    ("remove-member", AT_OWNER, /*     */ "f f f f f  f f c c f f f"),
    ("remove-member", AT_NEW, /*       */ "n n f f f  n n n n f f f"),
    ("update-room", NAME, /*           */ "+ f f f f  f f + + f f f"),
    ("close-room", "{}", /*            */ "+ f f f f  f f + + f f f"),
];

const SAY: &str = r#"{"content":"hello"}"#;
const BY_OTHER: &str = r#"{"messageId":"MESSAGE","content":"x"}"#;
const REACT: &str = r#"{"messageId":"MESSAGE","emoji":"👍","on":true}"#;
const REPORT: &str = r#"{"messageId":"MESSAGE","reason":"spam"}"#;
const SLOW: &str = r#"{"intervalMs":0}"#;
const AT_MEMBER: &str = r#"{"userId":"target"}"#;
const AT_MODERATOR: &str = r#"{"userId":"moderator2"}"#;
const AT_OWNER: &str = r#"{"userId":"owner"}"#;
const AT_NEW: &str = r#"{"userId":"new"}"#;
const AS_MODERATOR: &str = r#"{"userId":"new","roomRole":"moderator"}"#;
const AS_OWNER: &str = r#"{"userId":"new","roomRole":"owner"}"#;
const NAME: &str = r#"{"name":"other"}"#;

/// Rooms by type, visibility, and who makes them.
const ROOMS: [(&str, &str, &str); 8] = [
    ("discussion", "public", ""),
    ("discussion", "private", ""),
    ("collaboration", "public", ""),
    ("collaboration", "private", ""),
    ("interview", "public", "interviewer"),
    ("interview", "private", "interviewer"),
    ("contest", "public", "organizer"),
    ("contest", "private", "organizer"),
];

/// Makes the room that the table speaks of, and gives the id of a message in it. Refusals leave it as it is.
async fn room(stage: &mut Stage, kind: &str, visibility: &str, creator: &str) -> String {
    stage.clear().await;
    let members = json!({
        "moderator": "moderator", "moderator2": "moderator", "member": "member", "viewer": "viewer",
        "author": "member", "target": "member",
    });
    let access = json!({ "visibility": visibility, "members": members });
    let owner = who("owner").with(creator);
    stage.ok(&owner, "create-room", json!({ "type": kind, "access": access })).await;
    let said = stage.ok(&who("author"), "send-message", json!({ "content": "hello" })).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

async fn came_of(stage: &mut Stage, actor: &Who, event: &str, payload: &str) -> String {
    let mut payload: Json = serde_json::from_str(payload).expect("JSON");
    payload["roomId"] = stage.room.as_str().into();
    let applied = stage.event(actor, event, payload).await;
    match applied.answer["error"]["code"].as_str() {
        None => "+".to_owned(),
        Some(code) => code.to_owned(),
    }
}

#[tokio::test]
async fn every_action_is_for_whom_the_table_says() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.config.rate_messages = 0;
        for (kind, visibility, creator) in ROOMS {
            let mut message = room(&mut stage, kind, visibility, creator).await;
            for (event, payload, cells) in TABLE {
                let cells: Vec<&str> = cells.split_whitespace().collect();
                assert_eq!(cells.len(), ACTORS.len(), "{event}");
                for ((roles, user), cell) in ACTORS.into_iter().zip(cells) {
                    let payload = payload.replace("MESSAGE", &message);
                    let actor = who(user).with(roles);
                    let came = came_of(&mut stage, &actor, event, &payload).await;
                    let lets_in = matches!(roles, "admin" | "service");
                    let hidden = visibility == "private" && user == "stranger" && !lets_in;
                    let expected = match cell {
                        _ if hidden => "not-found",
                        "f" => "forbidden",
                        "c" => "conflict",
                        "n" => "not-found",
                        done => done,
                    };
                    let what = format!(
                        "{event} {payload} in a {visibility} {kind} by {user} as {roles:?}"
                    );
                    assert_eq!(came, expected, "{what}");
                    if came == "+" {
                        message = room(&mut stage, kind, visibility, creator).await;
                    }
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_type_is_for_those_to_create_who_may() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        let all = ["", "moderator", "organizer", "interviewer", "admin", "service"];
        for (kind, may) in [
            ("discussion", &all[..]),
            ("collaboration", &all[..]),
            ("interview", &["interviewer", "admin", "service"]),
            ("contest", &["organizer", "admin", "service"]),
        ] {
            for roles in all {
                for event in ["create-room", "join-room"] {
                    stage.clear().await;
                    let payload = format!(r#"{{"type":"{kind}"}}"#);
                    let came = came_of(&mut stage, &who("ann").with(roles), event, &payload).await;
                    let expected = if may.contains(&roles) { "+" } else { "forbidden" };
                    assert_eq!(came, expected, "{event} of a {kind} as {roles:?}");
                }
            }
        }
    })
    .await;
}
