//! `create-room`: the room and its keys, taking over one without an owner, and odd fields.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, each, users_of, who};

/// What an event sent to other entities: entity, event, payload.
pub fn sent(applied: &Applied) -> Vec<(String, String, Json)> {
    let intake = applied.sent.iter().filter(|entry| entry["to"] == "intake");
    intake
        .map(|entry| {
            let payload = serde_json::from_str(&entry["payload"]).expect("JSON");
            (entry["entity"].clone(), entry["event"].clone(), payload)
        })
        .collect()
}

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
        let own = made.after.keys().filter(|name| name.contains(":room:"));
        assert_eq!(own.count(), 3, "room, access and belongs: {:?}", made.after.keys());
        let begun = |user: &str| format!("{user}={}", made.id);
        assert_eq!(made.after[&keys.belongs()], [begun("ann"), begun("bob"), begun("eve|x")]);
        assert!(made.told.is_empty());
        let entered = |user: &str, owns: bool| {
            let payload = json!({
                "userId": user, "roomId": stage.room, "present": false, "belongs": true, "owns": owns,
            });
            (format!("user:{user}"), "room-entered".to_owned(), payload)
        };
        assert_eq!(sent(&made), [entered("ann", true), entered("bob", false), entered("eve|x", false)]);
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
        let frames = taken.frames();
        let (roles, frames) = frames.split_at(2);
        let mut roles: Vec<_> =
            roles.iter().map(|(to, role, _)| (to.as_str(), role.as_str())).collect();
        roles.sort_unstable();
        assert_eq!(roles, [("role:ann", "owner"), ("role:carol", "moderator")]);
        assert_eq!(frames, [out("bob", 3), out("dan", 2)].concat());
        let keys = stage.keys();
        let names = |key: &str| -> Vec<String> {
            let plain = taken.after[key].iter().filter(|text| text.parse::<f64>().is_err());
            plain.map(|text| text.split('=').next().expect("a name").to_owned()).collect()
        };
        assert_eq!(names(&keys.members()), ["ann", "carol"]);
        assert_eq!(names(&keys.belongs()), ["ann", "carol"]);
        let exited = sent(&taken).into_iter().filter(|(_, event, _)| event == "room-exited");
        let exited: Vec<_> = exited.map(|(to, _, _)| to).collect();
        assert_eq!(exited, ["user:bob", "user:dan"], "each is told once");
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

#[tokio::test]
async fn a_claim_counts_before_the_room_is_made_and_goes_on_with_the_whole_record() {
    each(async |mut stage: Stage| {
        stage.is_first_hop = true;
        stage.config.rooms_owned_max = 2;
        let ann = who(&users_of(stage.partition).next().expect("a user")).with("organizer");
        let room = |n: u64| json!({ "roomId": format!("made-{n}"), "type": "contest" });
        for n in 0..2 {
            let claimed = stage.event(&ann, "create-room", room(n)).await;
            assert_eq!((claimed.outcome, claimed.answer), (Outcome::Applied, Json::Null));
            let [on] = &claimed.sent[..] else { panic!("one record goes on: {:?}", claimed.sent) };
            let expected = [
                ("to", "intake"),
                ("term", &stage.lease.term.to_string()),
                ("event", "create-room"),
                ("entity", &format!("made-{n}")),
                ("user", &ann.user),
                ("name", &ann.name),
                ("roles", "organizer"),
                ("ack", "7"),
                ("origin", &format!("edge-1/{}", ann.connection)),
                ("payload", &room(n).to_string()),
            ];
            let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
            assert_eq!(on, &expected.into_iter().collect());
        }
        let third = stage.event(&ann, "create-room", room(2)).await;
        assert_eq!((third.code(), third.sent.len()), ("conflict", 0));
        let again = stage.event(&ann, "create-room", room(1)).await;
        assert_eq!(again.sent.len(), 1, "one that is counted goes on: its room answers");
    })
    .await;
}

/// The halves remember the request apart from each other, also where they meet.
#[tokio::test]
async fn a_room_in_its_makers_partition_is_made_and_a_repeat_finds_it() {
    each(async |mut stage: Stage| {
        let ann = who(&users_of(stage.partition).next().expect("a user"));
        let payload = json!({ "roomId": stage.room, "type": "discussion", "requestId": "a" });
        for outcome in [Outcome::Applied, Outcome::Again] {
            stage.is_first_hop = true;
            let claimed = stage.event(&ann, "create-room", payload.clone()).await;
            assert_eq!((&claimed.outcome, claimed.sent.len()), (&outcome, 1));
            stage.is_first_hop = false;
            let made = stage.event(&ann, "create-room", payload.clone()).await;
            assert_eq!(made.outcome, outcome);
            assert_eq!(made.result()["room"]["id"], stage.room.as_str());
        }
    })
    .await;
}

#[tokio::test]
async fn a_request_claims_once_and_remembers_only_its_own_refusal() {
    each(async |mut stage: Stage| {
        stage.is_first_hop = true;
        stage.config.rooms_owned_max = 1;
        let ann = who(&users_of(stage.partition).next().expect("a user"));
        let room = |n: u64, request: &str| {
            json!({ "roomId": format!("made-{n}"), "type": "discussion", "requestId": request })
        };
        stage.event(&ann, "create-room", room(0, "a")).await;
        let exited = |room: &str| {
            json!({ "userId": ann.user, "roomId": room, "present": false, "belongs": false, "owns": true })
        };
        let owned = lua::key::UserKeys::new(&ann.user.parse().expect("an id")).owned();
        // The room refused it.
        stage.event(&ann, "room-exited", exited("made-0")).await;
        let again = stage.event(&ann, "create-room", room(0, "a")).await;
        assert_eq!((again.outcome, again.answer, again.sent.len()), (Outcome::Again, Json::Null, 1));
        assert!(!again.after.contains_key(&owned), "what was given back stays so");
        let mut other = room(0, "a");
        other["name"] = "Other".into();
        assert_eq!(stage.event(&ann, "create-room", other).await.code(), "conflict");

        stage.event(&ann, "create-room", room(1, "b")).await;
        assert_eq!(stage.event(&ann, "create-room", room(2, "c")).await.code(), "conflict");
        stage.event(&ann, "room-exited", exited("made-1")).await;
        let again = stage.event(&ann, "create-room", room(2, "c")).await;
        assert_eq!((again.code(), &again.outcome), ("conflict", &Outcome::Again));
    })
    .await;
}

#[tokio::test]
async fn a_room_that_refuses_gives_the_claim_back_unless_it_is_the_makers() {
    each(async |mut stage: Stage| {
        let made = json!({ "roomId": stage.room, "type": "discussion" });
        stage.event(&who("ann"), "create-room", made.clone()).await;
        let own = stage.event(&who("ann"), "create-room", made.clone()).await;
        assert_eq!((own.code(), own.sent.len()), ("conflict", 0), "it is hers still");
        let taken = stage.event(&who("bob"), "create-room", made).await;
        let back = json!({
            "userId": "bob", "roomId": stage.room, "present": false, "belongs": false, "owns": true,
        });
        assert_eq!(taken.code(), "conflict");
        assert_eq!(sent(&taken), [("user:bob".to_owned(), "room-exited".to_owned(), back)]);
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_room() {
    each(async |mut stage: Stage| {
        let made = json!({ "roomId": stage.room, "type": "discussion", "requestId": "1" });
        let first = stage.event(&who("ann"), "create-room", made.clone()).await;
        let again = stage.event(&who("ann"), "create-room", made).await;
        assert_eq!((again.outcome, &again.answer), (Outcome::Again, &first.answer));
        assert!(again.sent.is_empty());
    })
    .await;
}
