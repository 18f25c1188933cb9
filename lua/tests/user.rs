//! Users: when they are online, how they are, where they are, and how their connections are told.

mod common;
mod stage;

use lua::admission::{self, Admission, Seat};
use lua::commit::Outcome;
use lua::key::{self, UserKeys};
use serde_json::{Value as Json, json};
use stage::{Applied, EDGE, OTHER_EDGE, Stage, Who, each, users_of, who};

/// A user of the stage's partition.
fn local(stage: &Stage) -> Who {
    who(&users_of(stage.partition).next().expect("some user hashes to it"))
}

fn keys(who: &Who) -> UserKeys {
    UserKeys::new(&who.user.parse().expect("a user id"))
}

/// A connection is taken in, as an edge does it.
async fn admit(stage: &Stage, who: &Who) {
    let user = who.user.parse().expect("a user id");
    let seat =
        Seat { user: &user, connection: &who.connection, edge: &who.edge, transport: "websocket" };
    let admitted = admission::admit(&stage.redis, seat, 20).await.expect("Redis answers");
    assert!(matches!(admitted, Admission::Admitted { .. }));
}

/// A system event about the user.
async fn of(stage: &mut Stage, who: &Who, event: &str) -> Applied {
    stage.event(who, event, json!({ "userId": who.user })).await
}

async fn connect(stage: &mut Stage, who: &Who) -> Applied {
    admit(stage, who).await;
    of(stage, who, "user-connected").await
}

/// When the user's grace is over, if one runs.
async fn grace(stage: &Stage) -> Option<u64> {
    let due = key::due(stage.partition);
    let works: Vec<(String, u64)> = stage.command(&["ZRANGE", &due, "0", "-1", "WITHSCORES"]).await;
    works.into_iter().find(|(work, _)| work.contains("user-expired")).map(|(_, at)| at)
}

/// What was sent: for lifecycle the event, for others also the entity and the payload.
fn sent(applied: &Applied) -> Vec<(String, String, Json)> {
    let read = |sent: &std::collections::BTreeMap<String, String>| {
        if sent["to"] == "lifecycle" {
            assert_eq!(sent["at"], applied.id.ms.to_string());
            return (sent["event"].clone(), sent["user"].clone(), Json::Null);
        }
        let payload = serde_json::from_str(&sent["payload"]).expect("JSON");
        (sent["event"].clone(), sent["entity"].clone(), payload)
    };
    applied.sent.iter().map(read).collect()
}

fn lifecycle(event: &str, who: &Who) -> (String, String, Json) {
    (event.to_owned(), who.user.clone(), Json::Null)
}

async fn enter(stage: &mut Stage, who: &Who, room: &str) -> Applied {
    let entered = json!({ "userId": who.user, "roomId": room, "present": true, "belongs": true, "owns": false });
    stage.event(who, "room-entered", entered).await
}

#[tokio::test]
async fn a_user_is_online_from_the_first_connection_to_the_end_of_the_grace() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        let second = ann.clone().on("other").at(OTHER_EDGE);
        let first = connect(&mut stage, &ann).await;
        assert_eq!(sent(&first), [lifecycle("user-online", &ann)]);
        assert_eq!(sent(&of(&mut stage, &ann, "user-connected").await), [], "once");
        assert_eq!(sent(&connect(&mut stage, &second).await), [], "online already");

        of(&mut stage, &ann, "user-disconnected").await;
        assert_eq!(grace(&stage).await, None, "one connection is left");
        let last = of(&mut stage, &second, "user-disconnected").await;
        assert!(last.sent.is_empty());
        assert_eq!(grace(&stage).await, Some(last.id.ms + 5_000));
        for edge in [EDGE, OTHER_EDGE] {
            assert!(
                !last.after.contains_key(&key::seats(stage.partition, edge)),
                "the index is empty"
            );
        }
        let early = of(&mut stage, &ann, "user-expired").await;
        assert!(early.left_untouched(), "a work of another grace");
        stage.clock.ms = last.id.ms + 4_999;
        let over = of(&mut stage, &ann, "user-expired").await;
        assert_eq!(sent(&over), [lifecycle("user-offline", &ann)]);
        assert!(!over.after.contains_key(&keys(&ann).user()), "nothing is kept");
        assert_eq!(sent(&of(&mut stage, &ann, "user-expired").await), [], "once");
        assert_eq!(sent(&connect(&mut stage, &ann).await), [lifecycle("user-online", &ann)]);
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_within_the_grace_was_never_offline() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        connect(&mut stage, &ann).await;
        of(&mut stage, &ann, "user-disconnected").await;
        // Taken in, which the edge has not reported yet.
        admit(&stage, &ann.clone().on("new")).await;
        stage.clock.ms += 5_000;
        assert_eq!(sent(&of(&mut stage, &ann, "user-expired").await), []);
        assert_eq!(sent(&of(&mut stage, &ann.clone().on("new"), "user-connected").await), []);
    })
    .await;
}

#[tokio::test]
async fn reports_that_come_twice_late_or_from_a_lost_edge_change_nothing() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        admit(&stage, &ann).await;
        of(&mut stage, &ann, "user-disconnected").await;
        let late = of(&mut stage, &ann, "user-connected").await;
        assert!(late.left_untouched() && late.sent.is_empty(), "it has ended already");
        assert_eq!(grace(&stage).await, None, "who was not online cannot go offline");

        // The connection has come back at another edge under its name; the first edge is swept.
        connect(&mut stage, &ann).await;
        admit(&stage, &ann.clone().at(OTHER_EDGE)).await;
        for _ in 0..2 {
            let swept = of(&mut stage, &ann, "user-disconnected").await;
            assert_eq!(swept.after[&keys(&ann).connections()].len(), 1);
            assert!(!swept.after.contains_key(&key::seats(stage.partition, EDGE)));
            assert!(swept.after.contains_key(&key::seats(stage.partition, OTHER_EDGE)));
        }
        assert_eq!(grace(&stage).await, None);
    })
    .await;
}

#[tokio::test]
async fn a_status_is_told_to_the_rooms_that_the_user_is_in() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        let set = |status: &str| json!({ "status": status });
        let away = stage.event(&ann, "set-status", set("busy")).await;
        assert_eq!(away.result(), &json!({ "status": "busy" }));
        assert!(away.left_untouched(), "who is not there has no status");
        connect(&mut stage, &ann).await;
        enter(&mut stage, &ann, "algorithms").await;
        enter(&mut stage, &ann, "graphs").await;
        assert!(stage.event(&ann, "set-status", set("active")).await.sent.is_empty(), "it is so");

        let changed = |room: &str, status: &str, origin: bool| {
            let mut payload = json!({ "roomId": room, "status": status });
            if origin {
                payload["origin"] = ann.connection.as_str().into();
            }
            ("status-changed".to_owned(), room.to_owned(), payload)
        };
        let both = |status: &str| [changed("algorithms", status, true), changed("graphs", status, true)];
        let idle = stage.event(&ann, "set-status", set("idle")).await;
        assert_eq!(sent(&idle), both("idle"));
        let busy = stage.event(&ann, "set-status", set("busy")).await;
        assert_eq!(sent(&busy), both("busy"), "in the order in which they were set");
        assert!(stage.event(&ann, "set-status", set("busy")).await.left_untouched(), "the same again");
        let entered = enter(&mut stage, &ann, "trees").await;
        assert_eq!(sent(&entered), [changed("trees", "busy", false)], "where one enters, too");
        let left = json!({ "userId": ann.user, "roomId": "graphs", "present": true, "belongs": false, "owns": false });
        stage.event(&ann, "room-exited", left).await;
        let active = stage.event(&ann, "set-status", set("active")).await;
        assert_eq!(sent(&active), [changed("algorithms", "active", true), changed("trees", "active", true)]);
    })
    .await;
}

#[tokio::test]
async fn a_status_ends_when_the_user_goes_offline() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        connect(&mut stage, &ann).await;
        stage.event(&ann, "set-status", json!({ "status": "idle" })).await;
        enter(&mut stage, &ann, "slow").await;
        of(&mut stage, &ann, "user-disconnected").await;
        stage.clock.ms += 5_000;
        of(&mut stage, &ann, "user-expired").await;
        // The room has not taken the user out yet, who is back already.
        let back = connect(&mut stage, &ann).await;
        let active = json!({ "roomId": "slow", "status": "active" });
        assert_eq!(
            sent(&back),
            [lifecycle("user-online", &ann), ("status-changed".into(), "slow".into(), active)]
        );
    })
    .await;
}

#[tokio::test]
async fn rooms_are_noted_with_the_user() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        let keys = keys(&ann);
        let say = |event: &'static str, room: &str, what: [bool; 3]| {
            let [present, belongs, owns] = what;
            (event, json!({ "userId": ann.user, "roomId": room, "present": present, "belongs": belongs, "owns": owns }))
        };
        let steps = [
            (say("room-entered", "a", [false, true, true]), ["", "a", "a"]),
            (say("room-entered", "b", [true, true, false]), ["b", "a b", "a"]),
            (say("room-entered", "a", [true, true, true]), ["b a", "a b", "a"]),
            (say("room-exited", "b", [true, false, false]), ["a", "a b", "a"]),
            (say("room-exited", "b", [false, true, false]), ["a", "a", "a"]),
            (say("room-exited", "b", [true, true, true]), ["a", "a", "a"]),
            (say("room-exited", "a", [true, true, true]), ["", "", ""]),
        ];
        for ((event, payload), expected) in steps {
            let applied = stage.event(&ann, event, payload).await;
            for (key, expected) in [keys.present(), keys.rooms(), keys.owned()].iter().zip(expected) {
                let held = applied.after.get(key).cloned().unwrap_or_default();
                let rooms: Vec<&str> = held.iter().step_by(2).map(String::as_str).collect();
                assert_eq!(rooms.join(" "), expected, "{key}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn all_connections_of_a_user_are_told_at_every_edge_once() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        let frame = json!(["messages-read", { "roomId": "a" }]);
        let tell = json!({ "userId": ann.user, "frame": frame, "except": "x-1" });
        assert_eq!(
            stage.event(&ann, "tell-user", tell.clone()).await.reached,
            [],
            "nobody is there"
        );
        for (connection, edge) in [("x-1", EDGE), ("x-2", EDGE), ("x-3", OTHER_EDGE)] {
            connect(&mut stage, &ann.clone().on(connection).at(edge)).await;
        }
        let mut told = stage.event(&ann, "tell-user", tell).await.reached;
        told.sort_by(|a, b| a.0.cmp(&b.0));
        let message = json!({ "user": ann.user, "frame": frame, "except": "x-1" });
        assert_eq!(told, [(EDGE.into(), message.clone()), (OTHER_EDGE.into(), message)]);
    })
    .await;
}

#[tokio::test]
async fn all_connections_of_a_user_end_at_every_edge() {
    each(async |mut stage: Stage| {
        let (ann, admin) = (local(&stage), who("root").with("admin"));
        let user = json!({ "userId": ann.user });
        let none = stage.event(&admin, "disconnect-user", user.clone()).await;
        assert_eq!((none.result(), none.reached.len()), (&json!({ "disconnected": 0 }), 0));
        for (connection, edge) in [("x-1", EDGE), ("x-2", EDGE), ("x-3", OTHER_EDGE)] {
            connect(&mut stage, &ann.clone().on(connection).at(edge)).await;
        }
        let mut ended = stage.event(&admin, "disconnect-user", user).await;
        assert_eq!(ended.result(), &json!({ "disconnected": 3 }));
        ended.reached.sort_by(|a, b| a.0.cmp(&b.0));
        let message = json!({ "user": ann.user, "disconnect": true });
        assert_eq!(ended.reached, [(EDGE.into(), message.clone()), (OTHER_EDGE.into(), message)]);
        assert!(ended.left_untouched(), "the edges report the ends");
        let listed = lua::user::connections(&stage.redis, &ann.user.parse().expect("an id")).await;
        let listed: Vec<_> =
            listed.expect("read").into_iter().map(|c| (c.connection_id, c.edge)).collect();
        assert_eq!(listed.len(), 3);
        assert!(listed.contains(&("x-3".into(), OTHER_EDGE.into())));
    })
    .await;
}

#[tokio::test]
async fn a_status_set_again_with_its_request_id_is_set_once() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        connect(&mut stage, &ann).await;
        enter(&mut stage, &ann, "a").await;
        let set = json!({ "status": "idle", "requestId": "1" });
        assert_eq!(stage.event(&ann, "set-status", set.clone()).await.sent.len(), 1);
        let again = stage.event(&ann, "set-status", set).await;
        assert_eq!(
            (again.outcome.clone(), again.result()),
            (Outcome::Again, &json!({ "status": "idle" }))
        );
        let other = json!({ "status": "busy", "requestId": "1" });
        assert_eq!(stage.event(&ann, "set-status", other).await.code(), "conflict");
    })
    .await;
}
