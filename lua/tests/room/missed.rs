//! `join-room` with `since`, and the log that edges repair from.

use lua::id::EventId;
use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};

async fn missed(stage: &mut Stage, user: &str, since: &str) -> Json {
    stage.ok(&who(user), "join-room", json!({ "since": since })).await["missed"].clone()
}

async fn say(stage: &mut Stage, text: &str) -> String {
    let said = stage.ok(&who("bob"), "send-message", json!({ "content": text })).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

fn contents(missed: &Json) -> Vec<&str> {
    let events = missed["events"].as_array().expect("a list");
    events.iter().filter_map(|event| event["payload"]["message"]["content"].as_str()).collect()
}

#[tokio::test]
async fn what_came_after_an_id_is_handed_over_in_order() {
    each(async |mut stage: Stage| {
        let joined = stage.ok(&who("ann"), "join-room", json!({})).await;
        let first = say(&mut stage, "one").await;
        say(&mut stage, "two").await;
        stage.ok(&who("cat"), "join-room", json!({})).await;
        stage.ok(&who("cat"), "leave-room", json!({})).await;
        let all = missed(&mut stage, "ann", joined["id"].as_str().expect("an id")).await;
        assert_eq!(all["complete"], true);
        let names: Vec<_> =
            all["events"].as_array().expect("a list").iter().map(|e| &e["event"]).collect();
        assert_eq!(
            names,
            ["message-received", "message-received", "user-joined-room", "user-left-room"]
        );
        assert_eq!(contents(&all), ["one", "two"]);
        let message = &all["events"][0]["payload"];
        assert_eq!(message["id"], first);
        assert_eq!(
            (&message["roomId"], &message["message"]["id"]),
            (&json!(stage.room), &json!(first))
        );
        let rest = missed(&mut stage, "ann", &first).await;
        assert_eq!((contents(&rest), &rest["complete"]), (vec!["two"], &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn what_was_for_one_user_is_repeated_to_that_user_only() {
    each(async |mut stage: Stage| {
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        let since = since.as_str().expect("an id").to_owned();
        stage.ok(&who("cat"), "join-room", json!({})).await;
        stage.ok(&who("cat"), "leave-room", json!({})).await;
        let has = |missed: &Json| {
            missed["events"].to_string().contains("room-left\",\"payload\":{\"reason\"")
        };
        assert!(has(&missed(&mut stage, "cat", &since).await));
        assert!(!has(&missed(&mut stage, "ann", &since).await));
    })
    .await;
}

#[tokio::test]
async fn only_an_id_of_this_history_has_a_complete_rest() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id: EventId = say(&mut stage, "one").await.parse().expect("an id");
        let none = json!({ "complete": true, "events": [] });
        let cases = [
            ("0-0".to_owned(), vec!["one"], true),
            // Nobody was ever given these: they are of another history.
            ("1-0".to_owned(), vec!["one"], false),
            (format!("{}-{}", id.ms - 1, 99), vec!["one"], false),
            (format!("{}-18446744073709551615", id.ms), vec![], false),
            // Nobody has seen what is still to come.
            (format!("{}-0", id.ms + 1_000_000), vec![], false),
            ("18446744073709551615-0".to_owned(), vec![], false),
            ("18446744073709551615-18446744073709551614".to_owned(), vec![], false),
        ];
        for (since, expected, complete) in cases {
            let found = missed(&mut stage, "ann", &since).await;
            assert_eq!(
                (contents(&found), &found["complete"]),
                (expected, &json!(complete)),
                "{since}"
            );
        }
        assert_eq!(missed(&mut stage, "ann", &id.to_string()).await, none);
    })
    .await;
}

#[tokio::test]
async fn a_log_that_was_cut_is_not_complete() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let mut ids = Vec::new();
        for n in 0..6 {
            ids.push(say(&mut stage, &n.to_string()).await);
        }
        let log = stage.keys().log();
        let _: i64 = stage.command(&["XTRIM", &log, "MINID", &ids[3]]).await;
        for (since, complete) in [(1, false), (2, true), (3, true), (5, true)] {
            let found = missed(&mut stage, "ann", &ids[since]).await;
            assert_eq!(found["complete"], complete, "since {since}");
            assert_eq!(contents(&found).len(), 5 - since.max(2));
        }
        let _: i64 = stage.command(&["XTRIM", &log, "MAXLEN", "0"]).await;
        assert_eq!(
            missed(&mut stage, "ann", &ids[4]).await,
            json!({ "complete": false, "events": [] })
        );
        assert_eq!(
            missed(&mut stage, "ann", &ids[5]).await,
            json!({ "complete": true, "events": [] })
        );
    })
    .await;
}

#[tokio::test]
async fn a_room_that_is_new_has_no_past_to_be_complete() {
    each(async |mut stage: Stage| {
        let since = EventId { ms: stage.clock.ms - 1_000, seq: 0 }.to_string();
        let found = missed(&mut stage, "ann", &since).await;
        assert_eq!(found, json!({ "complete": false, "events": [] }));
    })
    .await;
}

#[tokio::test]
async fn a_message_that_is_not_kept_any_more_is_absent_and_told_as_a_hole() {
    each(async |mut stage: Stage| {
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        let since = since.as_str().expect("an id").to_owned();
        stage.config.history_max = 1;
        let one = say(&mut stage, "one").await;
        say(&mut stage, "two").await;
        let found = missed(&mut stage, "ann", &since).await;
        assert_eq!((contents(&found), &found["complete"]), (vec!["two"], &json!(false)));
        assert!(!found.to_string().contains("one"));
        let rest = missed(&mut stage, "ann", &one).await;
        assert_eq!((contents(&rest), &rest["complete"]), (vec!["two"], &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn the_oldest_500_are_handed_over_and_one_can_go_on_from_them() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        for n in 0..501 {
            say(&mut stage, &n.to_string()).await;
        }
        let found = missed(&mut stage, "ann", since.as_str().expect("an id")).await;
        assert_eq!((contents(&found).len(), &found["complete"]), (500, &json!(false)));
        let last = found["events"][499]["payload"]["id"].as_str().expect("an id").to_owned();
        let rest = missed(&mut stage, "ann", &last).await;
        assert_eq!((contents(&rest), &rest["complete"]), (vec!["500"], &json!(true)));
    })
    .await;
}

#[tokio::test]
async fn the_log_repeats_publications_as_they_were() {
    each(async |mut stage: Stage| {
        let mut told =
            stage.event(&who("ann"), "join-room", json!({ "roomId": stage.room })).await.told;
        let room = stage.room.clone();
        for (event, payload) in [
            ("send-message", json!({ "roomId": room, "content": "hi \"\\ \u{2028}😀" })),
            (
                "send-message",
                json!({ "roomId": room, "content": "code", "kind": "code", "language": "c" }),
            ),
            ("leave-room", json!({ "roomId": room })),
        ] {
            told.extend(stage.event(&who("ann"), event, payload).await.told);
        }
        let safety = lua::durability::Safety::default();
        let read = |after: EventId, count| {
            lua::room::log_after(&stage.redis, &stage.room, after, count, &safety)
        };
        let parse = |list: Vec<String>| -> Vec<Json> {
            list.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect()
        };
        let all = parse(read(EventId::default(), 100).await.expect("the log").entries);
        assert_eq!(all, told);
        let first: EventId = told[0]["id"].as_str().expect("an id").parse().expect("an id");
        assert_eq!(parse(read(first, 2).await.expect("the log").entries), told[1..3]);
    })
    .await;
}
