//! Large rooms: who comes and goes is told together, and nobody's typing is.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, each, who};

/// The ticks that are due, and for when.
async fn due(stage: &Stage) -> Vec<u64> {
    let due = lua::key::due(stage.partition);
    let works: Vec<(String, u64)> = stage.command(&["ZRANGE", &due, "0", "-1", "WITHSCORES"]).await;
    works.into_iter().filter(|(work, _)| work.contains("presence-tick")).map(|(_, at)| at).collect()
}

/// Fires the tick that is due, at its time or at once where that is over.
async fn tick(stage: &mut Stage) -> Applied {
    let at = due(stage).await;
    assert_eq!(at.len(), 1, "a room has one tick");
    stage.clock.ms = stage.clock.ms.max(at[0] - 1);
    let key = lua::key::due(stage.partition);
    let works: Vec<String> = stage.command(&["ZRANGE", &key, "0", "-1"]).await;
    let work = works.iter().find(|work| work.contains("presence-tick")).expect("it is due");
    let _: i64 = stage.command(&["ZREM", &key, work]).await;
    stage.event(&who("service"), "presence-tick", json!({ "roomId": stage.room })).await
}

/// The one `room-presence` that was told.
fn presence(applied: &Applied) -> Json {
    let frames = applied.frames();
    assert_eq!(frames.len(), 1, "{frames:?}");
    let (to, event, payload) = frames[0].clone();
    assert_eq!((to.as_str(), event.as_str()), ("all", "room-presence"));
    assert!(applied.told[0].get("id").is_none(), "it is not logged");
    payload
}

async fn join(stage: &mut Stage, user: &str) -> Applied {
    let joined = stage.event(&who(user), "join-room", json!({ "roomId": stage.room })).await;
    joined.result();
    joined
}

async fn leave(stage: &mut Stage, user: &str) -> Applied {
    stage.event(&who(user), "leave-room", json!({ "roomId": stage.room })).await
}

fn person(user: &str) -> Json {
    json!({ "id": user, "name": user.to_uppercase() })
}

#[tokio::test]
async fn a_large_room_is_told_together_who_came_and_went() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 2;
        for user in ["a", "b"] {
            assert_eq!(join(&mut stage, user).await.frames()[0].1, "user-joined-room");
        }
        let third = join(&mut stage, "c").await;
        assert_eq!(
            (third.outcome.clone(), third.told.len()),
            (Outcome::Applied, 0),
            "no event, no entry"
        );
        assert_eq!(third.result()["memberCount"], 3);
        let soon = due(&stage).await;
        assert!(soon[0] > third.id.ms && soon[0] < third.id.ms + 1_000, "soon");
        join(&mut stage, "d").await;
        let left = leave(&mut stage, "a").await;
        let room_left = json!({ "roomId": stage.room, "reason": "left" });
        assert_eq!(
            left.frames(),
            [
                ("user:a".into(), "room-left".into(), room_left),
                ("exit".into(), "a".into(), json!(null))
            ],
            "the user's own connections are told at once"
        );
        let first = tick(&mut stage).await;
        assert_eq!(
            presence(&first),
            json!({
                "roomId": stage.room, "memberCount": 3,
                "joined": [person("c"), person("d")], "left": [person("a")],
            })
        );
        assert!(due(&stage).await.is_empty(), "nothing more is to be told");

        join(&mut stage, "e").await;
        assert_eq!(due(&stage).await, [first.id.ms + 1_100], "not within a second");
        let second = tick(&mut stage).await;
        assert_eq!(presence(&second)["joined"], json!([person("e")]));
    })
    .await;
}

#[tokio::test]
async fn a_tick_that_comes_too_early_or_twice_tells_nothing() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 0;
        join(&mut stage, "a").await;
        let told = tick(&mut stage).await;
        let twice = json!({ "roomId": stage.room });
        let twice = stage.event(&who("service"), "presence-tick", twice).await;
        assert!(twice.told.is_empty() && twice.left_untouched());
        join(&mut stage, "b").await;
        let early = json!({ "roomId": stage.room });
        let early = stage.event(&who("service"), "presence-tick", early).await;
        assert!(early.told.is_empty(), "within the second");
        assert_eq!(due(&stage).await, [told.id.ms + 1_100], "it comes again");
        assert_eq!(presence(&tick(&mut stage).await)["joined"], json!([person("b")]));
    })
    .await;
}

#[tokio::test]
async fn who_comes_and_goes_between_two_ticks_is_in_neither_list() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 0;
        join(&mut stage, "a").await;
        join(&mut stage, "b").await;
        tick(&mut stage).await;
        join(&mut stage, "c").await;
        leave(&mut stage, "c").await;
        leave(&mut stage, "b").await;
        join(&mut stage, "b").await;
        let told = presence(&tick(&mut stage).await);
        assert_eq!(
            told,
            json!({ "roomId": stage.room, "memberCount": 2, "joined": [], "left": [] })
        );
    })
    .await;
}

#[tokio::test]
async fn a_room_that_shrinks_loses_nothing_and_says_nothing_wrong() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 2;
        for user in ["a", "b", "c", "d"] {
            join(&mut stage, user).await;
        }
        leave(&mut stage, "a").await;
        // Down to two: single events again.
        assert_eq!(leave(&mut stage, "b").await.frames()[2].1, "user-left-room");
        assert_eq!(
            leave(&mut stage, "c").await.frames()[2].1,
            "user-left-room",
            "never told as joined"
        );
        assert_eq!(join(&mut stage, "a").await.frames()[0].1, "user-joined-room", "back again");
        let told = presence(&tick(&mut stage).await);
        assert_eq!(
            told,
            json!({ "roomId": stage.room, "memberCount": 2, "joined": [person("d")], "left": [] })
        );
    })
    .await;
}

#[tokio::test]
async fn nobody_types_in_a_large_room() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 1;
        join(&mut stage, "a").await;
        let typing = json!({ "roomId": stage.room });
        assert_eq!(stage.event(&who("a"), "typing-start", typing.clone()).await.told.len(), 1);
        join(&mut stage, "b").await;
        let silent = stage.event(&who("a"), "typing-start", typing).await;
        assert_eq!((silent.result(), silent.told.len()), (&json!({}), 0));
        assert_eq!(stage.refused(&who("x"), "typing-start", json!({})).await, "forbidden");
    })
    .await;
}

#[tokio::test]
async fn who_is_gone_after_the_grace_is_told_together_too() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 1;
        for user in ["a", "b", "c"] {
            join(&mut stage, user).await;
        }
        tick(&mut stage).await;
        let closed = json!({ "roomId": stage.room });
        stage.event(&who("c"), "connection-closed", closed.clone()).await;
        stage.clock.ms += 5_000;
        let gone = stage.event(&who("c"), "presence-expired", closed).await;
        assert_eq!(gone.frames(), [("exit".into(), "c".into(), json!(null))]);
        assert_eq!(presence(&tick(&mut stage).await)["left"], json!([person("c")]));
    })
    .await;
}

#[tokio::test]
async fn a_storm_of_joins_costs_a_room_one_event_per_second() {
    const JOINS: u64 = 1_000;
    each(async |mut stage: Stage| {
        stage.wary = false;
        let (mut ticks, mut singles) = (Vec::new(), 0);
        for n in 1..=JOINS {
            stage.clock.ms += 3;
            while due(&stage).await.first().is_some_and(|at| *at <= stage.clock.ms) {
                ticks.push(tick(&mut stage).await);
            }
            let joined = join(&mut stage, &format!("user-{n}")).await;
            assert_eq!(joined.result()["memberCount"], n);
            assert_eq!(joined.told.len(), usize::from(n <= 200), "single events up to 200");
            singles += joined.told.len();
        }
        ticks.push(tick(&mut stage).await);
        assert_eq!(singles, 200);
        assert!(ticks.len() >= 4, "it took four seconds");
        for pair in ticks.windows(2) {
            assert!(pair[1].id.ms - pair[0].id.ms >= 1_000, "at most one per second");
        }
        for tick in &ticks {
            let joined = presence(tick)["joined"].as_array().expect("a list").len();
            assert!((1..=50).contains(&joined), "{joined}");
        }
        let last = presence(ticks.last().expect("there is one"));
        assert_eq!(last["memberCount"], JOINS);
        let page = stage.ok(&who("asker"), "get-members", json!({ "limit": 1 })).await;
        assert_eq!(page["memberCount"], JOINS);
        assert!(due(&stage).await.is_empty());
    })
    .await;
}
