//! Mentions: who is told, and of what.

use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, each, who};
use crate::{act, room_with_roles, sanction};

async fn mention(stage: &mut Stage, users: &[&str]) -> Applied {
    let payload = json!({ "content": "secret", "mentions": users });
    act(stage, &who("ann").named("Ann \"\\"), "send-message", payload).await
}

/// The users who were sent a notification, with its payload.
fn notified(applied: &Applied) -> Vec<(String, Json)> {
    let sent = applied.sent.iter().filter(|sent| sent["event"] == "notify");
    sent.map(|sent| {
        assert_eq!(sent["to"], "intake");
        assert_eq!(sent["entity"], format!("user:{}", sent["user"]));
        (sent["user"].clone(), serde_json::from_str(&sent["payload"]).expect("JSON"))
    })
    .collect()
}

fn names(applied: &Applied) -> Vec<String> {
    notified(applied).into_iter().map(|(user, _)| user).collect()
}

#[tokio::test]
async fn whoever_is_mentioned_is_told_without_the_content() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let _: i64 = stage.command(&["HSET", &stage.keys().room(), "name", "A/B \"\\ 😀"]).await;
        let said = mention(&mut stage, &["bob", "ann", "auth0|x/y", "bob"]).await;
        let told = notified(&said);
        assert_eq!(names(&said), ["bob", "auth0|x/y"], "each once, not oneself");
        let expected = json!({
            "userId": "bob", "kind": "mention",
            "title": "Ann \"\\ mentioned you in A/B \"\\ 😀", "body": "",
            "data": {
                "roomId": stage.room, "messageId": said.id.to_string(),
                "sender": { "id": "ann", "name": "Ann \"\\" },
            },
        });
        assert_eq!(told[0].1, expected);
        let read = lua::event::Event::read("notify", &told[1].1.to_string());
        assert!(matches!(read, Ok(lua::event::Event::Notify(_))), "{read:?}");
        let belongs: Option<String> =
            stage.command(&["HGET", &stage.keys().belongs(), "bob"]).await;
        assert_eq!(belongs, None);
    })
    .await;
}

#[tokio::test]
async fn who_posts_without_joining_does_not_belong() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        act(&mut stage, &who("bob"), "send-message", json!({ "content": "x" })).await.result();
        let belongs: i64 = stage.command(&["HEXISTS", &stage.keys().belongs(), "bob"]).await;
        assert_eq!(belongs, 0);
    })
    .await;
}

#[tokio::test]
async fn only_those_who_are_allowed_in_the_room_are_told() {
    each(async |mut stage: Stage| {
        room_with_roles(&mut stage).await;
        let all = ["olga", "max", "bob", "vic", "eve"];
        let said = mention(&mut stage, &all).await;
        assert_eq!(names(&said), ["olga", "max", "bob", "vic"], "not a stranger to a private room");
        assert_eq!(said.result()["message"]["mentions"], json!(all));
        sanction(&stage, "ban", "bob").await;
        assert_eq!(names(&mention(&mut stage, &all).await), ["olga", "max", "vic"]);

        // Public, but for certain roles: those of others are not known.
        let room = stage.keys().room();
        let _: i64 = stage.command(&["HSET", &room, "visibility", "public", "roles", "a,b"]).await;
        assert_eq!(names(&mention(&mut stage, &all).await), ["olga", "max", "vic"]);
        let _: i64 = stage.command(&["HSET", &room, "roles", ""]).await;
        assert_eq!(names(&mention(&mut stage, &all).await), ["olga", "max", "vic", "eve"]);
    })
    .await;
}

#[tokio::test]
async fn a_repeat_tells_nobody_and_eleven_are_too_many() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let payload = json!({ "content": "x", "mentions": ["bob"], "requestId": "r" });
        let first = act(&mut stage, &who("ann"), "send-message", payload.clone()).await;
        let again = act(&mut stage, &who("ann"), "send-message", payload).await;
        assert_eq!((first.sent.len(), again.sent.len()), (1, 0));
        let many: Vec<String> = (0..11).map(|n| format!("user-{n}")).collect();
        let many = json!({ "content": "x", "mentions": many });
        assert_eq!(stage.refused(&who("ann"), "send-message", many).await, "invalid-payload");
    })
    .await;
}
