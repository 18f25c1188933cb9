//! `create-room`: the room and its keys, taking over one without an owner, and odd fields.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};

#[tokio::test]
async fn a_new_room_is_its_makers() {
    each(async |mut stage: Stage| {
        let access = json!({ "visibility": "private", "members": { "bob": "viewer", "eve|x": "moderator" } });
        let payload = json!({
            "roomId": stage.room, "type": "discussion", "name": "Graphs \"& <co>/\\ \u{2028}😀",
            "access": access, "maxMembers": 3,
        });
        let made = stage.event(&who("ann"), "create-room", payload.clone()).await;
        assert_eq!(made.outcome, Outcome::Applied);
        assert_eq!(
            made.result()["room"],
            json!({
                "id": stage.room, "type": "discussion", "name": payload["name"],
                "createdAt": made.id.ms, "createdBy": "ann", "maxMembers": 3, "slowModeMs": 0,
                "access": { "visibility": "private", "members": { "bob": "viewer", "eve|x": "moderator" } },
            })
        );
        let keys = stage.keys();
        assert_eq!(made.after[&keys.access()], ["bob=viewer", "eve|x=moderator"]);
        let mut room = vec![
            format!("createdAt={}", made.id.ms),
            "createdBy=ann".into(),
            "last=0-0".into(),
            "listed=1".into(),
            "maxMembers=3".into(),
            format!("name={}", payload["name"].as_str().expect("text")),
            "owner=ann".into(),
            "roles=".into(),
            "slowModeMs=0".into(),
            "type=discussion".into(),
            "visibility=private".into(),
        ];
        room.sort();
        assert_eq!(made.after[&keys.room()], room);
        assert_eq!(made.after.len(), 3, "position, room and access: {:?}", made.after.keys());
        assert!(made.told.is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_room_says_by_default_what_its_type_says() {
    each(async |mut stage: Stage| {
        let payload = json!({ "type": "collaboration" });
        let room = &stage.ok(&who("ann"), "create-room", payload).await["room"];
        assert_eq!(room["name"], room["id"]);
        assert_eq!(room["access"], json!({ "visibility": "private" }));
        assert!(room.get("maxMembers").is_none());
    })
    .await;
}

#[tokio::test]
async fn a_type_that_one_may_not_create_is_forbidden() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        for (kind, role) in [("interview", "interviewer"), ("contest", "organizer")] {
            for roles in ["", "moderator", "student,xadmin,organizers"] {
                let code = stage
                    .refused(&ann.clone().with(roles), "create-room", json!({ "type": kind }))
                    .await;
                assert_eq!(code, "forbidden", "{kind} by {roles:?}");
            }
            assert!(lua_room_type(kind).may_create(role));
        }
        let made =
            stage.ok(&ann.with("x,organizer"), "create-room", json!({ "type": "contest" })).await;
        assert_eq!(made["room"]["access"]["visibility"], "public");
    })
    .await;
}

fn lua_room_type(word: &str) -> lua::room::RoomType {
    serde_json::from_value(word.into()).expect("a type")
}

#[tokio::test]
async fn a_room_with_an_owner_is_taken_by_nobody() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "create-room", json!({ "type": "discussion" })).await;
        for user in ["ann", "bob"] {
            let who = who(user).with("admin");
            assert_eq!(
                stage.refused(&who, "create-room", json!({ "type": "discussion" })).await,
                "conflict"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_room_made_by_joining_is_taken_over_with_what_is_in_it() {
    each(async |mut stage: Stage| {
        let (ann, bob) = (who("ann"), who("bob"));
        stage.ok(&ann, "join-room", json!({})).await;
        let said = stage.ok(&bob, "send-message", json!({ "content": "first" })).await;
        let access = json!({ "visibility": "public", "roles": ["student", "a.b"] });
        let payload = json!({ "type": "discussion", "name": "Ours", "access": access });
        let room = stage.ok(&bob, "create-room", payload).await;
        let made_by = (&room["room"]["createdBy"], &room["room"]["name"]);
        assert_eq!(made_by, (&json!("ann"), &json!("Ours")), "who made it stays");
        assert_eq!(room["room"]["access"], access);
        let joined = stage.ok(&bob, "join-room", json!({})).await;
        assert_eq!(joined["recentMessages"], json!([said["message"]]), "history stays");
        assert_eq!(joined["memberCount"], 1, "who is not known to be let in is out");
        assert_eq!(
            stage.refused(&ann, "create-room", json!({ "type": "discussion" })).await,
            "conflict"
        );
        assert_eq!(
            stage.refused(&ann, "get-messages", json!({})).await,
            "forbidden",
            "it is narrower now"
        );
    })
    .await;
}

#[tokio::test]
async fn whoever_a_taken_over_room_is_not_for_is_put_out() {
    each(async |mut stage: Stage| {
        let (ann, bob, carol, dan) = (who("ann"), who("bob"), who("carol"), who("dan"));
        for user in [&ann, &bob, &carol, &dan] {
            stage.ok(user, "join-room", json!({})).await;
        }
        stage.event(&dan, "connection-closed", json!({ "roomId": stage.room })).await;
        let payload = json!({
            "roomId": stage.room, "type": "collaboration",
            "access": { "visibility": "private", "members": { "carol": "moderator" } },
        });
        let taken = stage.event(&ann, "create-room", payload).await;
        assert_eq!(taken.outcome, Outcome::Logged);
        let out = |user: &str, count: u64| {
            let left = json!({ "roomId": stage.room, "reason": "removed" });
            let told = json!({
                "id": taken.id.to_string(), "roomId": stage.room, "reason": "removed",
                "user": { "id": user, "name": user.to_uppercase() }, "memberCount": count,
            });
            [
                (format!("user:{user}"), "room-left".to_owned(), left),
                ("exit".to_owned(), user.to_owned(), json!(null)),
                ("all".to_owned(), "user-left-room".to_owned(), told),
            ]
        };
        assert_eq!(taken.frames(), [out("bob", 3), out("dan", 2)].concat());
        let keys = stage.keys();
        let names = |key: &str| -> Vec<String> {
            taken.after[key].iter().filter(|text| text.parse::<f64>().is_err()).cloned().collect()
        };
        assert_eq!(names(&keys.members()), ["ann", "carol"]);
        assert_eq!(names(&keys.belongs()), ["ann", "carol"]);
        let page = stage.ok(&carol, "get-members", json!({})).await;
        let roles: Vec<_> =
            page["members"].as_array().expect("a list").iter().map(|m| &m["roomRole"]).collect();
        assert_eq!(roles, ["owner", "moderator"], "roles are those of now");
        let said = stage
            .event(&bob, "send-message", json!({ "roomId": stage.room, "content": "?" }))
            .await;
        assert_eq!(said.code(), "not-found");
    })
    .await;
}

#[tokio::test]
async fn a_room_of_a_type_that_one_may_not_create_is_not_taken_over() {
    each(async |mut stage: Stage| {
        let organizer = who("org").with("organizer");
        stage.ok(&organizer, "join-room", json!({ "type": "contest" })).await;
        let payload = json!({ "type": "discussion", "access": { "visibility": "private" } });
        assert_eq!(stage.refused(&who("eve"), "create-room", payload).await, "forbidden");
        let room = stage.ok(&organizer, "create-room", json!({ "type": "contest" })).await;
        assert_eq!(room["room"]["type"], "contest");
    })
    .await;
}

#[tokio::test]
async fn an_access_list_of_a_thousand_is_kept_whole() {
    each(async |mut stage: Stage| {
        let members: serde_json::Map<String, Json> =
            (0..1_000).map(|n| (format!("auth0|{n:-<120}"), json!("viewer"))).collect();
        let access = json!({ "visibility": "private", "members": members });
        let made = stage
            .ok(&who("ann"), "create-room", json!({ "type": "discussion", "access": access }))
            .await;
        assert_eq!(made["room"]["access"]["members"].as_object().expect("members"), &members);
        let last = who(members.keys().next_back().expect("a thousand"));
        stage.ok(&last, "get-messages", json!({})).await;
        assert_eq!(
            stage.refused(&last, "send-message", json!({ "content": "x" })).await,
            "forbidden"
        );
        assert_eq!(stage.refused(&who("eve"), "get-messages", json!({})).await, "not-found");
    })
    .await;
}
