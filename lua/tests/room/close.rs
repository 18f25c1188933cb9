//! The end of a room: closed by somebody, or forgotten when nobody needs it.

use std::collections::BTreeSet;

use lua::id::EventId;
use serde_json::{Value as Json, json};

use super::create::sent;
use super::manage::{event, exited, joined, made};
use crate::stage::{Stage, each, who};

#[tokio::test]
async fn a_closed_room_is_gone_to_whoever_could_enter_and_hidden_from_others() {
    each(async |mut stage: Stage| {
        made(
            &mut stage,
            json!({ "visibility": "private", "members": { "bob": "member", "away": "member" } }),
        )
        .await;
        joined(&mut stage, &["owner", "bob"]).await;
        let closed = event(&mut stage, &who("owner"), "close-room", json!({})).await;
        assert_eq!(closed.result(), &json!({ "roomId": stage.room }));
        let told = json!({ "id": closed.id.to_string(), "roomId": stage.room });
        let exit = ("exit".to_owned(), "*".to_owned(), json!(null));
        assert_eq!(closed.frames(), [("all".to_owned(), "room-closed".to_owned(), told), exit]);
        let lifecycle: Vec<_> =
            closed.sent.iter().filter(|entry| entry["to"] == "lifecycle").collect();
        assert_eq!(
            (&lifecycle[0]["event"][..], &lifecycle[0]["room"][..]),
            ("room-closed", stage.room.as_str())
        );
        assert_eq!(
            exited(&closed),
            [("user:owner".to_owned(), vec!["present", "belongs", "owns"])]
        );
        let keys = stage.keys();
        for key in [keys.members(), keys.presence(), keys.connections()] {
            assert!(!closed.after.contains_key(&key), "{key}");
        }
        let events = [
            ("get-messages", json!({})),
            ("join-room", json!({})),
            ("get-members", json!({})),
            ("leave-room", json!({})),
            ("send-message", json!({ "content": "x" })),
            ("update-room", json!({ "name": "x" })),
            ("close-room", json!({})),
            ("invite-to-room", json!({ "userId": "x" })),
            ("remove-member", json!({ "userId": "bob" })),
        ];
        for (name, payload) in events {
            for user in ["owner", "bob", "away"] {
                assert_eq!(
                    stage.refused(&who(user), name, payload.clone()).await,
                    "gone",
                    "{name}"
                );
            }
            assert_eq!(stage.refused(&who("eve"), name, payload).await, "not-found", "{name}");
        }
        let made = json!({ "type": "discussion" });
        assert_eq!(stage.refused(&who("owner"), "create-room", made.clone()).await, "gone");
        assert_eq!(stage.refused(&who("eve"), "create-room", made).await, "not-found");

        let payload = json!({ "roomId": stage.room });
        let looked = stage.event(&who("service"), "room-idle", payload).await;
        let told: Vec<_> = exited(&looked).into_iter().map(|(to, _)| to).collect();
        let told: BTreeSet<_> = told.iter().map(String::as_str).collect();
        assert_eq!(told, BTreeSet::from(["user:away", "user:bob", "user:owner"]));
    })
    .await;
}

#[tokio::test]
async fn very_many_are_told_of_the_end_in_steps() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "public" })).await;
        stage.wary = false;
        let belongs = stage.keys().belongs();
        let mut add = vec!["HSET".to_owned(), belongs.clone()];
        add.extend((0..3_000).flat_map(|n| [format!("u{n}"), "1-1".to_owned()]));
        let add: Vec<&str> = add.iter().map(String::as_str).collect();
        stage.command::<i64>(&add).await;
        event(&mut stage, &who("owner"), "close-room", json!({})).await;
        let mut told = 0;
        for step in 0.. {
            let left: u64 = stage.command(&["HLEN", &belongs]).await;
            if left == 0 {
                assert!((2..=6).contains(&step), "{step} steps");
                break;
            }
            let payload = json!({ "roomId": stage.room });
            told += exited(&stage.event(&who("service"), "room-idle", payload).await).len();
        }
        assert_eq!(told, 3_001);
    })
    .await;
}

pub const MONTH_MS: u64 = 30 * 24 * 3_600_000;

/// When the room will be looked at, if it will.
pub async fn look(stage: &Stage) -> Option<u64> {
    let due = lua::key::due(stage.partition);
    let all: Vec<(String, u64)> = stage.command(&["ZRANGE", &due, "0", "-1", "WITHSCORES"]).await;
    let looks: Vec<_> = all.iter().filter(|(work, _)| work.contains("room-idle")).collect();
    assert!(looks.len() < 2, "{looks:?}");
    looks.first().map(|(work, at)| {
        let work: Json = serde_json::from_str(work).expect("JSON");
        assert_eq!(work["entity"], stage.room.as_str());
        lua::event::Event::read("room-idle", work["payload"].as_str().expect("text"))
            .expect("valid");
        *at
    })
}

#[tokio::test]
async fn a_room_without_anyone_is_forgotten_when_nothing_happens_in_it() {
    each(async |mut stage: Stage| {
        let (ann, idle) = (who("ann"), json!({ "roomId": stage.room }));
        stage.ok(&ann, "join-room", json!({})).await;
        stage.event(&ann, "connection-closed", idle.clone()).await;
        let due = EventId { ms: stage.clock.ms + 5_000, seq: 0 };
        stage.event_at(due, &ann, "presence-expired", idle.clone()).await;
        assert_eq!(look(&stage).await, None, "ann belongs to it");
        stage.ok(&ann, "leave-room", json!({})).await;
        let left = stage.clock.ms;
        assert_eq!(look(&stage).await, Some(left + MONTH_MS));

        // Something happens: it is looked at later, and stays.
        let said = EventId { ms: left + 5_000, seq: 0 };
        let payload = json!({ "roomId": stage.room, "content": "hello?" });
        stage.event_at(said, &ann, "send-message", payload).await;
        let due = EventId { ms: left + MONTH_MS, seq: 0 };
        stage.event_at(due, &who("service"), "room-idle", idle.clone()).await;
        assert_eq!(look(&stage).await, Some(said.ms + MONTH_MS));
        stage.ok(&ann, "get-messages", json!({})).await;

        // Somebody is there: it is not looked at any more by itself, and stays.
        stage.ok(&ann, "join-room", json!({})).await;
        let due = EventId { ms: stage.clock.ms + MONTH_MS, seq: 0 };
        let kept = stage.event_at(due, &who("service"), "room-idle", idle.clone()).await;
        assert!(kept.left_untouched());
        stage.ok(&ann, "leave-room", json!({})).await;

        let due = EventId { ms: stage.clock.ms + MONTH_MS, seq: 0 };
        let forgotten = stage.event_at(due, &who("service"), "room-idle", idle).await;
        let left: Vec<_> = forgotten.after.keys().filter(|key| key.contains(":room:")).collect();
        assert!(left.is_empty(), "{left:?}");
        let unlisted =
            ("directory".to_owned(), "room-unlisted".to_owned(), json!({ "roomId": stage.room }));
        assert_eq!(sent(&forgotten), [unlisted]);
        assert_eq!(stage.refused(&ann, "get-messages", json!({})).await, "not-found");
    })
    .await;
}

#[tokio::test]
async fn nothing_of_a_forgotten_room_is_left_whatever_it_had() {
    each(async |mut stage: Stage| {
        let (owner, bob) = (who("owner"), who("bob"));
        made(&mut stage, json!({ "visibility": "public", "members": { "bob": "member" } })).await;
        joined(&mut stage, &["owner", "bob"]).await;
        let said = stage.ok(&bob, "send-message", json!({ "content": "one" })).await;
        let id = &said["message"]["id"];
        let thread = json!({ "content": "two", "threadId": id });
        stage.ok(&bob, "send-message", thread).await;
        stage.ok(&owner, "react", json!({ "messageId": id, "emoji": "👍", "on": true })).await;
        stage.ok(&owner, "report-message", json!({ "messageId": id, "reason": "spam" })).await;
        stage.ok(&owner, "mute-user", json!({ "userId": "bob" })).await;
        stage.ok(&owner, "close-room", json!({})).await;
        let closed = stage.clock.ms;
        let idle = json!({ "roomId": stage.room });
        stage.event(&who("service"), "room-idle", idle.clone()).await;
        assert_eq!(look(&stage).await, Some(closed + MONTH_MS));
        let due = EventId { ms: closed + MONTH_MS, seq: 0 };
        let forgotten = stage.event_at(due, &who("service"), "room-idle", idle).await;
        let left: Vec<_> = forgotten
            .after
            .keys()
            .filter(|key| key.contains(":room:") && !key.contains("/pace/"))
            .collect();
        assert!(left.is_empty(), "{left:?}");
        assert!(sent(&forgotten).is_empty(), "it was unlisted when it closed");
        made(&mut stage, json!({ "visibility": "public" })).await;
    })
    .await;
}
