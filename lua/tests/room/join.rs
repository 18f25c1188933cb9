//! `join-room` and `leave-room`: what enters, what is handed over, who is told, what remains.

use lua::commit::Outcome;
use serde_json::json;

use crate::stage::{EDGE, Stage, each, who};

#[tokio::test]
async fn joining_makes_an_ownerless_room_and_hands_it_over() {
    each(async |mut stage: Stage| {
        let ann = who("ann").named("Ann \"Quote\" \\ 😀");
        let joined = stage.event(&ann, "join-room", json!({ "roomId": stage.room })).await;
        assert_eq!(joined.outcome, Outcome::Logged);
        let at = joined.id.ms;
        assert_eq!(
            joined.result(),
            &json!({
                "id": joined.id.to_string(), "roomId": stage.room,
                "room": {
                    "id": stage.room, "type": "discussion", "name": stage.room, "createdAt": at,
                    "createdBy": "ann", "slowModeMs": 0,
                },
                "members": [{ "id": "ann", "name": ann.name, "roomRole": "member", "status": "active", "joinedAt": at }],
                "memberCount": 1, "recentMessages": [],
            })
        );
        assert_eq!(joined.answer["emit"], "room-joined");
        let enter = json!({ "room": stage.room, "last": joined.id.to_string(), "at": joined.id.to_string(),
            "term": stage.lease.term, "role": "member" });
        assert_eq!(joined.answer["enter"], enter);
        let user = json!({ "id": "ann", "name": ann.name });
        let told = json!({ "id": joined.id.to_string(), "roomId": stage.room, "user": user, "memberCount": 1 });
        assert_eq!(joined.frames(), [("others".into(), "user-joined-room".into(), told)]);
        assert_eq!(joined.told[0]["origin"], "ann-1");

        let keys = stage.keys();
        let (time, after) = (at.to_string(), &joined.after);
        assert_eq!(after[&keys.members()], ["ann".to_owned(), time.clone()]);
        assert_eq!(after[&keys.belongs()], [format!("ann={}", joined.id)]);
        assert_eq!(after[&keys.connections()], ["ann=edge-1/ann-1"]);
        let seats = lua::key::seats(stage.partition, EDGE);
        assert_eq!(after[&seats], [format!("ann-1 ann {}", stage.room), time]);
        assert_eq!(after[&keys.presence()].len(), 1);
        let term = stage.lease.term.to_string();
        assert_eq!(after[&keys.log()][..7], [&joined.id.to_string(), "term", &term, "prev", "0-0", "origin", "ann-1"]);
        assert!(after[&keys.room()].contains(&format!("last={}", joined.id)));
        assert!(after[&keys.room()].contains(&"owner=".to_owned()));
        assert_eq!(after.len(), 9, "{:?}", after.keys());
    })
    .await;
}

#[tokio::test]
async fn a_private_room_made_by_joining_is_its_makers() {
    each(async |mut stage: Stage| {
        let joined = stage.ok(&who("ann"), "join-room", json!({ "type": "collaboration" })).await;
        assert_eq!(joined["members"][0]["roomRole"], "owner");
        assert_eq!(joined["room"]["access"], json!({ "visibility": "private" }));
        assert_eq!(stage.refused(&who("bob"), "join-room", json!({})).await, "not-found");
        assert_eq!(
            stage.refused(&who("bob"), "create-room", json!({ "type": "discussion" })).await,
            "conflict"
        );
    })
    .await;
}

#[tokio::test]
async fn a_type_that_one_may_not_create_is_not_made_by_joining() {
    each(async |mut stage: Stage| {
        for kind in ["contest", "interview"] {
            let code = stage
                .refused(&who("ann").with("moderator"), "join-room", json!({ "type": kind }))
                .await;
            assert_eq!(code, "forbidden");
        }
        let organizer = who("org").with("organizer");
        assert_eq!(
            stage.ok(&organizer, "join-room", json!({ "type": "contest" })).await["room"]["type"],
            "contest"
        );
        let student = stage.ok(&who("ann"), "join-room", json!({ "type": "interview" })).await;
        assert_eq!(student["room"]["type"], "contest", "the type is for a room that is made");
    })
    .await;
}

#[tokio::test]
async fn a_full_room_lets_nobody_else_in() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        stage.ok(&ann, "create-room", json!({ "type": "discussion", "maxMembers": 2 })).await;
        stage.ok(&who("bob"), "join-room", json!({})).await;
        stage.ok(&who("cat"), "join-room", json!({})).await;
        assert_eq!(stage.refused(&ann, "join-room", json!({})).await, "conflict", "even the owner");
        stage.ok(&who("bob").on("bob-2"), "join-room", json!({})).await;
        stage.ok(&who("cat"), "leave-room", json!({})).await;
        assert_eq!(stage.ok(&ann, "join-room", json!({})).await["memberCount"], 2);
    })
    .await;
}

#[tokio::test]
async fn several_connections_are_one_member() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        stage.ok(&ann, "join-room", json!({})).await;
        for connection in ["ann-2", "ann-1", "ann-2"] {
            let mut payload = json!({});
            payload["roomId"] = stage.room.as_str().into();
            let again = stage.event(&ann.clone().on(connection), "join-room", payload).await;
            assert_eq!(again.outcome, Outcome::Applied, "nobody is told");
            assert!(again.told.is_empty());
            assert_eq!(again.result()["memberCount"], 1);
        }
        let keys = stage.snapshot().await;
        assert_eq!(keys[&stage.keys().connections()], ["ann=edge-1/ann-1 edge-1/ann-2"]);
    })
    .await;
}

#[tokio::test]
async fn who_leaves_is_out_with_all_connections() {
    each(async |mut stage: Stage| {
        let (ann, bob) = (who("ann"), who("bob").named("B/b"));
        stage.ok(&ann, "join-room", json!({})).await;
        stage.ok(&bob, "join-room", json!({})).await;
        stage.ok(&bob.clone().on("bob-2"), "join-room", json!({})).await;
        let left = stage.event(&bob, "leave-room", json!({ "roomId": stage.room })).await;
        assert_eq!(left.outcome, Outcome::Logged);
        assert_eq!(left.result(), &json!({ "roomId": stage.room }));
        let user = json!({ "id": "bob", "name": "B/b" });
        let told = json!({
            "id": left.id.to_string(), "roomId": stage.room, "user": user, "memberCount": 1, "reason": "left",
        });
        assert_eq!(
            left.frames(),
            [
                ("user:bob".into(), "room-left".into(), json!({ "roomId": stage.room, "reason": "left" })),
                ("exit".into(), "bob".into(), json!(null)),
                ("all".into(), "user-left-room".into(), told),
            ]
        );
        let keys = stage.keys();
        assert_eq!(left.after[&keys.connections()], ["ann=edge-1/ann-1"]);
        assert_eq!((left.after[&keys.members()][0].as_str(), left.after[&keys.members()].len()), ("ann", 2));
        assert_eq!(left.after[&keys.belongs()].len(), 1);
        assert!(left.after[&keys.belongs()][0].starts_with("ann="));
        assert_eq!(left.after[&keys.presence()].len(), 1);

        let again = stage.event(&bob, "leave-room", json!({ "roomId": stage.room })).await;
        assert_eq!(again.outcome, Outcome::Applied, "who is not there leaves silently");
        assert!(again.told.is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_empty_room_is_handed_over_with_empty_lists() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        stage.ok(&ann, "create-room", json!({ "type": "discussion" })).await;
        let members = stage.ok(&ann, "get-members", json!({})).await;
        assert_eq!(members, json!({ "members": [], "memberCount": 0 }));
        let messages = stage.ok(&ann, "get-messages", json!({})).await;
        assert_eq!(messages, json!({ "messages": [], "hasMore": false }));
        stage.ok(&ann, "join-room", json!({})).await;
        let left = stage.event(&ann, "leave-room", json!({ "roomId": stage.room })).await;
        let keys = stage.keys();
        for gone in [keys.members(), keys.presence(), keys.connections()] {
            assert!(!left.after.contains_key(&gone), "{gone} is empty");
        }
        assert_eq!(left.after[&keys.belongs()].len(), 1, "its owner belongs to it");
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_causes_nothing_twice_and_lets_its_connection_in() {
    each(async |mut stage: Stage| {
        let (ann, again) = (who("ann"), who("ann").on("ann-2"));
        let payload = json!({ "roomId": stage.room, "requestId": "once" });
        let first = stage.event(&ann, "join-room", payload.clone()).await;
        assert_eq!(first.outcome, Outcome::Logged);
        let repeat = stage.event(&again, "join-room", payload.clone()).await;
        assert_eq!(repeat.outcome, Outcome::Again);
        assert_eq!(repeat.result()["id"], first.id.to_string(), "the first answer's id");
        assert!(repeat.frames().is_empty(), "nobody is told again");
        assert_eq!(repeat.answer["enter"]["last"], first.id.to_string());
        let connections = stage.keys().connections();
        assert_eq!(repeat.after[&connections].len(), 1);
        assert!(repeat.after[&connections][0].contains(&ann.connection));
        assert!(repeat.after[&connections][0].contains("ann-2"));

        let other = json!({ "roomId": stage.room, "requestId": "once", "since": "1-0" });
        assert_eq!(stage.event(&ann, "join-room", other).await.code(), "conflict");

        stage.ok(&ann, "leave-room", json!({})).await;
        let late = stage.event(&ann, "join-room", payload).await;
        assert_eq!((late.outcome.clone(), late.answer.get("enter")), (Outcome::Again, None));
        assert!(!late.after.contains_key(&stage.keys().members()), "who left is not in again");
    })
    .await;
}
