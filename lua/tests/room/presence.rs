//! Presence: connections that end, the grace, those who come back, and typing.

use lua::commit::Outcome;
use lua::lease::{self, Fired};
use serde_json::{Value as Json, json};

use crate::stage::{Applied, OTHER_EDGE, Stage, Who, each, run, who};

/// A connection of `who` ends.
async fn drop(stage: &mut Stage, who: &Who) -> Vec<(String, String)> {
    let dropped = stage.event(who, "connection-closed", json!({ "roomId": stage.room })).await;
    assert_eq!(dropped.outcome, Outcome::Applied);
    assert!(dropped.told.is_empty());
    let due = lua::key::due(stage.partition);
    let due = dropped.after.get(&due).cloned().unwrap_or_default();
    let graces = due.chunks(2).filter(|pair| pair[0].contains("presence-expired"));
    graces.map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

/// The grace after the last drop is over.
async fn expire(stage: &mut Stage, who: &Who) -> Applied {
    stage.clock.ms += 5_000;
    stage.event(who, "presence-expired", json!({ "roomId": stage.room })).await
}

async fn member_count(stage: &mut Stage) -> Json {
    stage.ok(&who("watcher").with("admin"), "get-members", json!({})).await["memberCount"].clone()
}

#[tokio::test]
async fn the_last_connections_end_begins_the_grace() {
    each(async |mut stage: Stage| {
        let ann = who("ann").named("Ann \"\\ 😀");
        stage.ok(&ann, "join-room", json!({})).await;
        stage.ok(&ann.clone().on("ann-2"), "join-room", json!({})).await;
        assert_eq!(drop(&mut stage, &ann).await, [], "one is left");
        assert_eq!(drop(&mut stage, &ann.clone().on("other")).await, [], "that one was not there");
        let due = drop(&mut stage, &ann.clone().on("ann-2")).await;
        assert_eq!(due.len(), 1);
        let work: Json = serde_json::from_str(&due[0].0).expect("work is JSON");
        assert_eq!(
            work,
            json!({
                "event": "presence-expired", "entity": stage.room, "user": "ann", "name": "",
                "roles": "", "origin": "", "payload": json!({ "roomId": stage.room }).to_string(),
            })
        );
        assert_eq!(due[0].1, (stage.clock.ms + 5_000).to_string(), "by the event's time");
        assert_eq!(member_count(&mut stage).await, 1, "still there");
        assert!(!stage.snapshot().await.contains_key(&stage.keys().connections()));
    })
    .await;
}

#[tokio::test]
async fn an_end_under_another_name_begins_the_grace_anew() {
    each(async |mut stage: Stage| {
        let (one, two) = (who("ann").named("One"), who("ann").named("Two"));
        stage.ok(&one, "join-room", json!({})).await;
        let first = drop(&mut stage, &one).await;
        stage.ok(&two, "join-room", json!({})).await;
        let page = stage.ok(&two, "get-members", json!({})).await;
        assert_eq!(page["members"][0]["name"], "Two", "as of now");
        let second = drop(&mut stage, &two).await;
        assert_eq!((first.len(), second.len()), (1, 1), "one work, put off");
        assert!(second[0].1 > first[0].1);
    })
    .await;
}

#[tokio::test]
async fn who_does_not_come_back_is_taken_out() {
    each(async |mut stage: Stage| {
        let (ann, bob) = (who("ann"), who("bob"));
        stage.ok(&ann, "join-room", json!({})).await;
        stage.ok(&bob, "join-room", json!({})).await;
        drop(&mut stage, &ann).await;
        let gone = expire(&mut stage, &ann).await;
        assert_eq!(gone.outcome, Outcome::Logged);
        let told = json!({
            "id": gone.id.to_string(), "roomId": stage.room, "user": { "id": "ann", "name": "ANN" },
            "memberCount": 1, "reason": "disconnected",
        });
        let exit = ("exit".into(), "ann".into(), json!(null));
        assert_eq!(gone.frames(), [exit, ("all".into(), "user-left-room".into(), told)]);
        let keys = stage.keys();
        assert_eq!(gone.after[&keys.members()][0], "bob");
        assert!(gone.after[&keys.belongs()][0].starts_with("ann="), "still belongs");
        assert_eq!(expire(&mut stage, &ann).await.outcome, Outcome::Applied, "once");
        let back = stage.event(&ann, "join-room", json!({ "roomId": stage.room })).await;
        assert_eq!(back.outcome, Outcome::Logged, "joins again");
    })
    .await;
}

#[tokio::test]
async fn who_comes_back_in_time_never_left() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        let first = stage.ok(&ann, "join-room", json!({})).await;
        drop(&mut stage, &ann).await;
        let back = stage
            .event(&ann.clone().on("ann-2"), "join-room", json!({ "roomId": stage.room }))
            .await;
        assert!(back.told.is_empty(), "a reload does not flap");
        assert_eq!(back.result()["members"], first["members"]);
        assert_eq!(back.answer["enter"]["last"], first["id"], "the log did not grow");
        assert_eq!(expire(&mut stage, &ann).await.outcome, Outcome::Applied);
        assert_eq!(member_count(&mut stage).await, 1);

        // The grace begins again with the next drop: one entry, at the later time.
        drop(&mut stage, &ann.clone().on("ann-2")).await;
        let due = drop(&mut stage, &ann.clone().on("ann-2")).await;
        assert_eq!(due.len(), 1);
        assert_eq!(due[0].1, (stage.clock.ms - 1 + 5_000).to_string());
    })
    .await;
}

#[tokio::test]
async fn a_drop_after_leaving_begins_nothing() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        stage.ok(&ann, "join-room", json!({})).await;
        stage.ok(&ann, "leave-room", json!({})).await;
        assert_eq!(drop(&mut stage, &ann).await, []);
        assert_eq!(expire(&mut stage, &ann).await.outcome, Outcome::Applied);
    })
    .await;
}

#[tokio::test]
async fn work_that_is_due_comes_into_the_intake_as_it_was_written() {
    each(async |mut stage: Stage| {
        let ann = who("auth0|a+b=c/d").named("Ann \"\\ / 😀 \u{2028}");
        stage.ok(&ann, "join-room", json!({})).await;
        drop(&mut stage, &ann).await;
        // The stage's clock is ahead of Redis's: nothing is due.
        let fire = |stage: &Stage| lease::fire(stage.partition, stage.lease.fence, 10);
        let early = Fired::read(run(&stage.redis, stage.node, fire(&stage)).await).expect("fired");
        assert_eq!(early, Fired { moved: 0, next_ms: Some(stage.clock.ms + 5_000) });
        let due = lua::key::due(stage.partition);
        let work: Vec<String> = stage.command(&["ZRANGE", &due, "0", "-1"]).await;
        let _: i64 = stage.command(&["ZADD", &due, "XX", "1", &work[0]]).await;
        let stale = lease::fire(stage.partition, stage.lease.fence - 1, 10);
        let stale = run(&stage.redis, stage.node, stale).await;
        assert_eq!(lua::commit::Committed::read(stale).outcome, Outcome::Fenced);

        // In the intake of a partition whose ids are behind the clock: what is there goes first.
        let _: i64 =
            stage.command(&["XTRIM", &lua::key::intake(stage.partition), "MAXLEN", "0"]).await;
        let fired = Fired::read(run(&stage.redis, stage.node, fire(&stage)).await).expect("fired");
        assert_eq!(fired, Fired { moved: 1, next_ms: None });
        let entries = run(
            &stage.redis,
            stage.node,
            lua::commit::read(stage.partition, stage.lease.applied, 10),
        );
        let record = lua::commit::read_reply(entries.await).remove(0).expect("a record");
        assert_eq!((record.event.as_str(), record.name.as_str()), ("presence-expired", ""));
        assert_eq!((record.user.as_str(), record.origin.as_ref()), (ann.user.as_str(), None));
        let outcome = stage.commit(stage.place(), &record).await;
        assert_eq!(outcome, Outcome::Logged);
        let (told, answers) = stage.heard().await;
        assert_eq!(
            told[0]["frames"][1]["frame"][1]["user"],
            json!({ "id": ann.user, "name": ann.name })
        );
        assert!(answers.is_empty(), "nobody asked");
    })
    .await;
}

#[tokio::test]
async fn typing_is_told_to_the_others_and_kept_nowhere() {
    each(async |mut stage: Stage| {
        let ann = who("ann").named("A\"nn");
        assert_eq!(stage.refused(&ann, "typing-start", json!({})).await, "not-found");
        stage.ok(&who("bob"), "join-room", json!({})).await;
        assert_eq!(
            stage.refused(&ann, "typing-start", json!({})).await,
            "forbidden",
            "not present"
        );
        stage.ok(&ann, "join-room", json!({})).await;
        for (event, typing) in [("typing-start", true), ("typing-stop", false)] {
            let applied = stage.event(&ann, event, json!({ "roomId": stage.room })).await;
            assert_eq!(applied.outcome, Outcome::Applied);
            assert_eq!(applied.result(), &json!({}));
            let frame = |typing: bool| {
                let user = json!({ "id": "ann", "name": ann.name });
                json!(["user-typing", { "roomId": stage.room, "user": user, "isTyping": typing }])
            };
            let mut told = json!({
                "origin": "ann-1", "key": "typing:ann",
                "frames": [{ "to": "others", "frame": frame(typing) }],
            });
            if typing {
                told["expire"] = json!({ "afterMs": 5_000, "frame": frame(false) });
            }
            assert_eq!(applied.told, [told]);
            assert!(applied.left_untouched());
        }
        drop(&mut stage, &ann).await;
        assert_eq!(
            stage.refused(&ann, "typing-start", json!({})).await,
            "forbidden",
            "in the grace"
        );
    })
    .await;
}

/// What an event sent to other entities, by the events' names, and to back ends.
fn sent(applied: &Applied) -> Vec<(String, Json)> {
    let payload = |sent: &std::collections::BTreeMap<String, String>| match sent.get("payload") {
        Some(payload) => serde_json::from_str(payload).expect("JSON"),
        None => Json::from(sent.get("room").expect("a room").as_str()),
    };
    applied.sent.iter().map(|sent| (sent["event"].clone(), payload(sent))).collect()
}

#[tokio::test]
async fn an_old_work_does_not_end_a_new_grace() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        stage.ok(&ann, "join-room", json!({})).await;
        drop(&mut stage, &ann).await;
        stage.clock.ms += 4_998;
        // The work was moved into the intake, and before it stand these two.
        stage.ok(&ann.clone().on("ann-2"), "join-room", json!({})).await;
        let due = drop(&mut stage, &ann.clone().on("ann-2")).await;
        let old = stage.event(&ann, "presence-expired", json!({ "roomId": stage.room })).await;
        assert_eq!(old.outcome, Outcome::Applied, "the new grace has only begun");
        assert!(old.left_untouched(), "the new work stays");
        assert_eq!(member_count(&mut stage).await, 1);
        stage.clock.ms = due[0].1.parse::<u64>().expect("a time") - 2;
        let early = stage.event(&ann, "presence-expired", json!({ "roomId": stage.room })).await;
        assert_eq!(early.outcome, Outcome::Applied);
        let over = stage.event(&ann, "presence-expired", json!({ "roomId": stage.room })).await;
        assert_eq!(over.outcome, Outcome::Logged, "now it is over");
    })
    .await;
}

#[tokio::test]
async fn what_is_said_of_a_connection_that_is_not_there_changes_nothing() {
    each(async |mut stage: Stage| {
        let ann = who("ann").on("c");
        stage.ok(&ann, "join-room", json!({})).await;
        // Its edge is lost; it comes back at another with the name that it had.
        stage.ok(&ann.clone().at(OTHER_EDGE), "join-room", json!({})).await;
        let keys = stage.snapshot().await;
        assert_eq!(keys[&stage.keys().connections()], ["ann=edge-1/c edge-2/c"]);
        let seats = |edge: &str| lua::key::seats(stage.partition, edge);
        let (first, second) = (seats("edge-1"), seats("edge-2"));
        for time in ["swept", "swept again"] {
            let closed = json!({ "roomId": stage.room });
            let lost = stage.event(&ann, "connection-closed", closed).await;
            assert_eq!(lost.after[&stage.keys().connections()], ["ann=edge-2/c"], "{time}");
            assert!(!lost.after.contains_key(&first) && lost.after.contains_key(&second), "{time}");
            assert!(!lost.after.contains_key(&lua::key::due(stage.partition)), "{time}: no grace");
        }
        stage.ok(&ann.clone().at(OTHER_EDGE), "leave-room", json!({})).await;
        let late = json!({ "roomId": stage.room });
        let late = stage.event(&ann.clone().at(OTHER_EDGE), "connection-closed", late).await;
        assert!(late.left_untouched() && !late.after.contains_key(&second));
    })
    .await;
}

#[tokio::test]
async fn a_user_and_back_ends_learn_where_somebody_is() {
    each(async |mut stage: Stage| {
        let (ann, bob) = (who("ann"), who("bob"));
        let room = json!(stage.room);
        let at = |stage: &Stage| json!({ "roomId": stage.room });
        let is = |user: &str| json!({ "userId": user, "roomId": room, "present": true, "belongs": true, "owns": false });
        let no_more = |user: &str, belongs: bool| json!({ "userId": user, "roomId": room, "present": true, "belongs": belongs, "owns": false });

        let first = stage.event(&ann, "join-room", at(&stage)).await;
        let told = sent(&first);
        assert_eq!(told[0].0, "room-listed");
        assert_eq!(
            told[1..],
            [("room-entered".to_owned(), is("ann")), ("room-occupied".to_owned(), room.clone())]
        );
        assert_eq!((&first.sent[1]["to"], &first.sent[1]["entity"]), (&"intake".into(), &"user:ann".into()));
        assert_eq!((&first.sent[2]["to"], &first.sent[2]["at"]), (&"lifecycle".into(), &first.id.ms.to_string()));
        let second = stage.event(&bob, "join-room", at(&stage)).await;
        assert_eq!(sent(&second), [("room-entered".into(), is("bob"))], "it was not empty");
        let again = stage.event(&bob.clone().on("bob-2"), "join-room", at(&stage)).await;
        assert_eq!(sent(&again), [], "nothing new");

        let left = stage.event(&bob, "leave-room", at(&stage)).await;
        assert_eq!(sent(&left), [("room-exited".into(), no_more("bob", true))]);
        drop(&mut stage, &ann).await;
        let gone = expire(&mut stage, &ann).await;
        assert_eq!(
            sent(&gone),
            [("room-vacated".into(), room.clone()), ("room-exited".into(), no_more("ann", false))],
            "ann still belongs"
        );
        let back = stage.event(&ann, "join-room", at(&stage)).await;
        assert_eq!(
            sent(&back),
            [("room-entered".into(), is("ann")), ("room-occupied".into(), room.clone())],
            "present again"
        );
        drop(&mut stage, &ann).await;
        expire(&mut stage, &ann).await;
        let left = stage.event(&ann, "leave-room", at(&stage)).await;
        assert_eq!(sent(&left), [("room-exited".into(), no_more("ann", true))]);
        let due = lua::key::due(stage.partition);
        assert!(left.after[&due].iter().any(|work| work.contains("room-idle")), "it may be forgotten");
    })
    .await;
}

#[tokio::test]
async fn who_owns_a_room_or_is_on_its_list_belongs_to_it_after_leaving() {
    each(async |mut stage: Stage| {
        let access = json!({ "visibility": "public", "members": { "bob": "moderator" } });
        let made = json!({ "type": "discussion", "access": access });
        stage.ok(&who("ann"), "create-room", made).await;
        for user in ["ann", "bob", "cat"] {
            stage.ok(&who(user), "join-room", json!({})).await;
            let left = stage.event(&who(user), "leave-room", json!({ "roomId": stage.room })).await;
            let kept = left.after.get(&stage.keys().belongs());
            let belongs = kept.is_some_and(|all| all.iter().any(|mark| mark.starts_with(user)));
            assert_eq!(belongs, user != "cat", "{user}");
            let exited =
                sent(&left).into_iter().find(|(event, _)| event == "room-exited").expect("told");
            assert_eq!(exited.1["belongs"], user == "cat");
        }
    })
    .await;
}

#[tokio::test]
async fn a_status_is_shown_to_the_others() {
    each(async |mut stage: Stage| {
        let (ann, bob) = (who("ann").named("A\"nn"), who("bob"));
        let status = |stage: &Stage, status: &str| json!({ "roomId": stage.room, "status": status, "origin": "ann-1" });
        let absent = stage.event(&ann, "status-changed", status(&stage, "idle")).await;
        assert!(absent.left_untouched(), "not in the room");
        stage.ok(&bob, "join-room", json!({})).await;
        let before = stage.ok(&ann, "join-room", json!({})).await["members"][1].clone();
        let changed = stage.event(&ann, "status-changed", status(&stage, "busy")).await;
        let user = json!({ "id": "ann", "name": ann.name });
        let told = json!({ "user": user, "status": "busy" });
        assert_eq!(changed.frames(), [("others".into(), "user-status-changed".into(), told)]);
        assert_eq!(changed.told[0]["origin"], "ann-1", "who set it knows");
        let mut after = before;
        after["status"] = "busy".into();
        assert_eq!(stage.ok(&bob, "get-members", json!({})).await["members"][1], after);
        let same = stage.event(&ann, "status-changed", status(&stage, "busy")).await;
        assert!(same.told.is_empty() && same.left_untouched(), "it is so already");
        let again = stage.ok(&ann.clone().on("ann-2"), "join-room", json!({})).await;
        assert_eq!(again["members"][1]["status"], "busy", "another connection changes nothing");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_write_does_not_type() {
    each(async |mut stage: Stage| {
        let access = json!({ "visibility": "public", "members": { "vic": "viewer" } });
        stage
            .ok(&who("ann"), "create-room", json!({ "type": "discussion", "access": access }))
            .await;
        for user in ["ann", "vic", "bob"] {
            stage.ok(&who(user), "join-room", json!({})).await;
        }
        assert_eq!(stage.refused(&who("vic"), "typing-start", json!({})).await, "forbidden");
        stage.ok(&who("ann"), "mute-user", json!({ "userId": "bob" })).await;
        assert_eq!(stage.refused(&who("bob"), "typing-start", json!({})).await, "muted");
        stage.ok(&who("ann"), "typing-start", json!({})).await;
    })
    .await;
}
