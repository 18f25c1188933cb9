//! Presence: connections that end, the grace, those who come back, and typing.

use lua::commit::Outcome;
use lua::lease::{self, Fired};
use serde_json::{Value as Json, json};

use crate::stage::{Stage, Who, each, run, who};

/// A connection of `who` ends.
async fn drop(stage: &mut Stage, who: &Who) -> Vec<(String, String)> {
    let dropped = stage.event(who, "connection-closed", json!({ "roomId": stage.room })).await;
    assert_eq!(dropped.outcome, Outcome::Applied);
    assert!(dropped.told.is_empty());
    let due = lua::key::due(stage.partition);
    let due = dropped.after.get(&due).cloned().unwrap_or_default();
    due.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
}

async fn expire(stage: &mut Stage, who: &Who) -> crate::stage::Applied {
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
        assert_eq!(gone.after[&keys.belongs()][0], "ann", "still belongs");
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
        assert_eq!(lua::commit::Outcome::read(stale), Outcome::Fenced);

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
