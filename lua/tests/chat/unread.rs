//! `mark-read` and `get-unread`: a count that follows from a mark and cannot drift.

use lua::chat::unread_of;
use lua::commit::Outcome;
use lua::id::Partition;
use lua::key::UserKeys;
use redis::Value;
use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, Who, each, run, who};
use crate::{act, room_with_roles, sanction, say, say_as};

async fn mark(stage: &mut Stage, who: &Who, message: &str) -> Applied {
    act(stage, who, "mark-read", json!({ "messageId": message })).await
}

/// What `get-unread` counts for a user; nothing where the room is left out.
async fn unread(stage: &Stage, who: &Who) -> Option<i64> {
    let user = who.user.parse().expect("a user id");
    let call = unread_of(&stage.room, &user, &who.roles, stage.clock.ms + 1);
    match run(&stage.redis, stage.node, call).await {
        Value::Int(count) => Some(count),
        Value::Nil => None,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn others_messages_count_from_when_one_began_to_belong() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        say(&mut stage, "before").await;
        assert_eq!(unread(&stage, &who("bob")).await, None, "does not belong");
        stage.ok(&who("bob"), "join-room", json!({})).await;
        assert_eq!(unread(&stage, &who("bob")).await, Some(0));
        let first = say(&mut stage, "1").await;
        say_as(&mut stage, &who("bob"), json!({ "content": "own" })).await;
        let second = say(&mut stage, "2").await;
        assert_eq!(unread(&stage, &who("bob")).await, Some(2), "the own one does not count");
        assert_eq!(unread(&stage, &who("ann")).await, Some(1));
        stage.ok(&who("bob"), "join-room", json!({})).await;
        assert_eq!(unread(&stage, &who("bob")).await, Some(2), "joining again is no reading");

        let marked = mark(&mut stage, &who("bob"), &first).await;
        assert_eq!(marked.result(), &json!({ "roomId": stage.room, "unread": 1 }));
        assert_eq!(marked.outcome, Outcome::Applied);
        assert_eq!(unread(&stage, &who("bob")).await, Some(1));
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": second })).await;
        assert_eq!(unread(&stage, &who("bob")).await, Some(0), "what is deleted does not wait");
        stage.ok(&who("bob"), "leave-room", json!({})).await;
        assert_eq!(unread(&stage, &who("bob")).await, None, "leaving clears");
    })
    .await;
}

#[tokio::test]
async fn a_mark_only_goes_forward_and_is_told_once() {
    each(async |mut stage: Stage| {
        for user in ["ann", "bob"] {
            stage.ok(&who(user), "join-room", json!({})).await;
        }
        let (first, second) = (say(&mut stage, "1").await, say(&mut stage, "2").await);
        let marked = mark(&mut stage, &who("bob"), &second).await;
        assert_eq!(marked.result()["unread"], 0);
        let [told] = &marked.sent[..] else { panic!("one: {:?}", marked.sent) };
        assert_eq!((told["event"].as_str(), told["entity"].as_str()), ("tell-user", "user:bob"));
        let payload: Json = serde_json::from_str(&told["payload"]).expect("JSON");
        let frame = json!(["messages-read", {
            "roomId": stage.room, "user": { "id": "bob", "name": "BOB" }, "messageId": second,
        }]);
        assert_eq!(payload, json!({ "userId": "bob", "except": "bob-1", "frame": frame }));
        for older in [&first, &second] {
            let again = mark(&mut stage, &who("bob"), older).await;
            assert_eq!(again.result()["unread"], 0, "the present count");
            assert!(again.sent.is_empty() && again.left_untouched());
        }
        say(&mut stage, "3").await;
        let again = mark(&mut stage, &who("bob"), &first).await;
        assert_eq!(again.result()["unread"], 1);
    })
    .await;
}

#[tokio::test]
async fn marks_are_for_messages_of_rooms_that_one_belongs_to() {
    each(async |mut stage: Stage| {
        let id = room_with_roles(&mut stage).await;
        for user in ["bob", "vic", "olga"] {
            assert_eq!(mark(&mut stage, &who(user), &id).await.result()["unread"], 0);
        }
        assert_eq!(mark(&mut stage, &who("bob"), "1-1").await.code(), "not-found");
        assert_eq!(mark(&mut stage, &who("eve"), &id).await.code(), "not-found");
        let admin = who("root").with("admin");
        assert_eq!(mark(&mut stage, &admin, &id).await.code(), "forbidden");
        sanction(&stage, "mute", "bob").await;
        say(&mut stage, "x").await;
        assert_eq!(unread(&stage, &who("bob")).await, Some(1), "who is muted reads on");
        sanction(&stage, "ban", "bob").await;
        assert_eq!(unread(&stage, &who("bob")).await, None);
        assert_eq!(mark(&mut stage, &who("bob"), &id).await.code(), "banned");
        let _: i64 = stage.command(&["HSET", &stage.keys().room(), "closedAt", "1"]).await;
        assert_eq!(unread(&stage, &who("ann")).await, None, "closed");
    })
    .await;
}

#[tokio::test]
async fn a_repeat_gets_the_first_answer() {
    each(async |mut stage: Stage| {
        for user in ["ann", "bob"] {
            stage.ok(&who(user), "join-room", json!({})).await;
        }
        let id = say(&mut stage, "1").await;
        let payload = json!({ "messageId": id, "requestId": "r" });
        let first = act(&mut stage, &who("bob"), "mark-read", payload.clone()).await;
        say(&mut stage, "2").await;
        let again = act(&mut stage, &who("bob"), "mark-read", payload).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));
        assert!(again.sent.is_empty());
    })
    .await;
}

#[tokio::test]
async fn trimming_does_not_make_counts_drift() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        for user in ["ann", "bob"] {
            stage.ok(&who(user), "join-room", json!({})).await;
        }
        let marked = say(&mut stage, "marked").await;
        mark(&mut stage, &who("bob"), &marked).await;
        stage.config.history_max = 5;
        let mut sent = Vec::new();
        for n in 0..8 {
            sent.push(say(&mut stage, &n.to_string()).await);
        }
        assert_eq!(unread(&stage, &who("bob")).await, Some(5), "of those that are kept");
        let gone = mark(&mut stage, &who("bob"), &marked).await;
        assert_eq!(gone.code(), "not-found", "it is not kept any more");
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": sent[5] })).await;
        assert_eq!(unread(&stage, &who("bob")).await, Some(4));
        let there = mark(&mut stage, &who("bob"), &sent[4]).await;
        assert_eq!(there.result()["unread"], 2);
    })
    .await;
}

#[tokio::test]
async fn more_than_999_are_shown_as_999() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        for user in ["ann", "bob"] {
            stage.ok(&who(user), "join-room", json!({})).await;
        }
        let mut sent = Vec::new();
        for n in 0..1_001 {
            sent.push(say(&mut stage, &n.to_string()).await);
            if n % 100 == 0 {
                say_as(&mut stage, &who("bob"), json!({ "content": "own" })).await;
            }
        }
        assert_eq!(unread(&stage, &who("bob")).await, Some(999));
        for (at, count) in [(0, 999), (1, 999), (2, 998), (999, 1), (1_000, 0)] {
            let marked = mark(&mut stage, &who("bob"), &sent[at]).await;
            assert_eq!(marked.result()["unread"], count, "at {at}");
            assert_eq!(unread(&stage, &who("bob")).await, Some(count));
        }
    })
    .await;
}

#[tokio::test]
async fn rooms_are_named_for_the_worker_to_count_in() {
    each(async |mut stage: Stage| {
        let partition = stage.partition;
        let here = |user: &String| Partition::of(&format!("user:{user}")) == partition;
        let user = (0..).map(|n| format!("user-{n}")).find(here).expect("some name");
        let user = who(&user);
        let ask = async |stage: &mut Stage, payload: Json| -> Vec<String> {
            let asked = stage.event(&user, "get-unread", payload).await;
            assert_eq!(asked.outcome, Outcome::Applied);
            asked.gathered
        };
        assert!(ask(&mut stage, json!({})).await.is_empty());
        let rooms = UserKeys::new(&user.user.parse().expect("a user id")).rooms();
        for n in 0..120 {
            let _: i64 =
                stage.command(&["ZADD", &rooms, &n.to_string(), &format!("room-{n}")]).await;
        }
        let newest: Vec<String> = (20..120).rev().map(|n| format!("room-{n}")).collect();
        assert_eq!(ask(&mut stage, json!({})).await, newest);
        assert_eq!(ask(&mut stage, json!({ "roomIds": ["b", "a"] })).await, ["b", "a"]);
        assert!(ask(&mut stage, json!({ "roomIds": [] })).await.is_empty());
    })
    .await;
}
