//! Who may do what in a room: visibility × what one is in the room × roles in the platform.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};

/// What somebody may do: nothing (and whether the room shows itself), read, or write.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Right {
    Hidden,
    Forbidden,
    Read,
    Write,
}
use Right::{Forbidden, Hidden, Read, Write};

/// Users by what they are in the room; the owner is `owner`, the others stand in its access list but
/// `stranger`.
const USERS: [&str; 5] = ["owner", "moderator", "member", "viewer", "stranger"];

/// What a stranger may do by platform roles, in a public room, one for students, and a private one.
const STRANGERS: [(&str, [Right; 3]); 8] = [
    ("", [Write, Forbidden, Hidden]),
    ("student", [Write, Write, Hidden]),
    ("xstudent,studentx", [Write, Forbidden, Hidden]),
    ("a,student,b", [Write, Write, Hidden]),
    ("moderator", [Write, Forbidden, Hidden]),
    ("organizer,interviewer", [Write, Forbidden, Hidden]),
    ("admin", [Write, Write, Write]),
    ("service", [Write, Write, Write]),
];

#[tokio::test]
async fn the_access_matrix_holds_for_every_event() {
    let kinds =
        [("public", json!([])), ("public", json!(["teacher", "student"])), ("private", json!([]))];
    for (column, (visibility, roles)) in kinds.into_iter().enumerate() {
        each(async |mut stage: Stage| {
            stage.wary = false;
            let access = json!({
                "visibility": visibility, "roles": roles,
                "members": { "moderator": "moderator", "member": "member", "viewer": "viewer" },
            });
            let made = json!({ "type": "discussion", "access": access });
            stage.ok(&who("owner"), "create-room", made).await;
            for (roles, strangers) in STRANGERS {
                for user in USERS {
                    let right = match user {
                        "stranger" => strangers[column],
                        // Staff keep order everywhere, whatever a list says of them.
                        "viewer" if matches!(roles, "admin" | "service") => Write,
                        "viewer" => Read,
                        _ => Write,
                    };
                    holds(&mut stage, user, roles, right).await;
                }
            }
        })
        .await;
    }
}

/// Tries every event as `user` with `roles`, and compares with the right.
async fn holds(stage: &mut Stage, user: &str, roles: &str, right: Right) {
    let events = [
        ("get-messages", json!({})),
        ("get-members", json!({})),
        ("join-room", json!({})),
        ("join-room", json!({ "since": "1-0" })),
        ("send-message", json!({ "content": "hello" })),
        ("typing-start", json!({})),
        ("typing-stop", json!({})),
        ("leave-room", json!({})),
    ];
    let who = who(user).with(roles);
    for (event, mut payload) in events {
        payload["roomId"] = stage.room.as_str().into();
        let applied = stage.event(&who, event, payload).await;
        let expected = match right {
            Hidden => Some("not-found"),
            Forbidden => Some("forbidden"),
            // Who may not write does not type either.
            Read if matches!(event, "send-message" | "typing-start" | "typing-stop") => {
                Some("forbidden")
            }
            Read | Write => None,
        };
        let code = applied.answer["error"]["code"].as_str();
        assert_eq!(code, expected, "{event} by {user} with {roles:?}: {right:?}");
        let refused = matches!(applied.outcome, Outcome::Refused(_));
        assert_eq!(refused, expected.is_some());
        if event == "join-room" && expected.is_none() {
            let full = user == "owner" || roles == "admin";
            let room = &applied.result()["room"];
            assert_eq!(
                room.get("access").is_some(),
                full,
                "the access list is for owner and admin"
            );
        }
    }
}

#[tokio::test]
async fn what_is_not_there_looks_like_what_is_hidden() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        let events = [
            ("get-messages", json!({})),
            ("get-members", json!({ "cursor": "5:ann", "limit": 500 })),
            ("send-message", json!({ "content": "hello", "replyTo": "1-1" })),
            ("typing-start", json!({})),
            ("leave-room", json!({})),
        ];
        let mut absent: Vec<Json> = Vec::new();
        for (event, payload) in events.clone() {
            assert_eq!(stage.refused(&ann, event, payload.clone()).await, "not-found");
            let mut payload = payload;
            payload["roomId"] = stage.room.as_str().into();
            absent.push(stage.event(&ann, event, payload).await.answer);
        }
        stage.ok(&who("bob"), "create-room", json!({ "type": "collaboration" })).await;
        for ((event, mut payload), absent) in events.into_iter().zip(absent) {
            payload["roomId"] = stage.room.as_str().into();
            assert_eq!(stage.event(&ann, event, payload).await.answer, absent);
        }
        assert_eq!(stage.refused(&ann, "join-room", json!({})).await, "not-found");
    })
    .await;
}

#[tokio::test]
async fn odd_users_are_told_apart() {
    each(async |mut stage: Stage| {
        stage.ok(&who("a"), "create-room", json!({ "type": "collaboration" })).await;
        for user in
            ["A", "a:", "a|", "user:a", "all", "exit", "a=viewer", "0", "-0", "1e5", "inf", "nan"]
        {
            assert_eq!(
                stage.refused(&who(user), "get-messages", json!({})).await,
                "not-found",
                "{user}"
            );
        }
    })
    .await;
}
