//! `react`: exact counts, the first 20 users, `me` for the one who asks, and nothing told twice.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, each, who};
use crate::{act, messages, missed, room_with_roles, sanction, say};

async fn react(stage: &mut Stage, user: &str, message: &str, emoji: &str, on: bool) -> Applied {
    let payload = json!({ "messageId": message, "emoji": emoji, "on": on });
    act(stage, &who(user), "react", payload).await
}

#[tokio::test]
async fn reactions_are_counted_and_told_without_me() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "hi").await;
        let first = react(&mut stage, "ann", &id, "👍", true).await;
        assert_eq!(first.outcome, Outcome::Logged);
        let told = json!({ "👍": { "count": 1, "users": ["ann"] } });
        let frame = json!({
            "id": first.id.to_string(), "roomId": stage.room, "messageId": id, "reactions": told,
        });
        assert_eq!(first.frames(), [("all".into(), "message-reaction".into(), frame)]);
        assert_eq!(
            first.result(),
            &json!({ "reactions": { "👍": { "count": 1, "users": ["ann"], "me": true } } })
        );
        react(&mut stage, "bob", &id, "🎉", true).await;
        let both = react(&mut stage, "bob", &id, "👍", true).await;
        let seen = json!({
            "👍": { "count": 2, "users": ["ann", "bob"], "me": true },
            "🎉": { "count": 1, "users": ["bob"], "me": true },
        });
        assert_eq!(both.result()["reactions"], seen);
        assert!(!both.told[0].to_string().contains("\"me\""));

        let bobs = stage.ok(&who("bob"), "join-room", json!({})).await;
        assert_eq!(bobs["recentMessages"][0]["reactions"], seen);
        let anns = messages(&mut stage).await[0]["reactions"].clone();
        assert_eq!((&anns["👍"]["me"], &anns["🎉"]["me"]), (&json!(true), &Json::Null));

        let off = react(&mut stage, "ann", &id, "👍", false).await;
        let rest = json!({
            "👍": { "count": 1, "users": ["bob"] }, "🎉": { "count": 1, "users": ["bob"] },
        });
        assert_eq!(off.result()["reactions"], rest);
        react(&mut stage, "bob", &id, "👍", false).await;
        let none = react(&mut stage, "bob", &id, "🎉", false).await;
        assert_eq!(none.result()["reactions"], json!({}));
        assert_eq!(none.after[&stage.keys().index()], ["lists=2"], "no trace");
    })
    .await;
}

#[tokio::test]
async fn what_is_so_already_changes_nothing_and_tells_nobody() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "hi").await;
        let off = react(&mut stage, "ann", &id, "👍", false).await;
        assert_eq!((&off.outcome, off.result()), (&Outcome::Applied, &json!({ "reactions": {} })));
        assert!(off.left_untouched() && off.told.is_empty());
        let first = react(&mut stage, "ann", &id, "👍", true).await;
        let again = react(&mut stage, "ann", &id, "👍", true).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Applied, first.result()));
        assert!(again.left_untouched() && again.told.is_empty());
    })
    .await;
}

#[tokio::test]
async fn counts_are_exact_and_the_first_20_users_are_named_in_order() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "hi").await;
        for n in 0..25 {
            react(&mut stage, &format!("user-{n}"), &id, "👍", true).await;
        }
        react(&mut stage, "user-3", &id, "👍", false).await;
        let last = react(&mut stage, "user-3", &id, "👍", true).await;
        let mut users: Vec<String> = (0..21).map(|n| format!("user-{n}")).collect();
        users.remove(3);
        let reaction = json!({ "count": 25, "users": users, "me": true });
        assert_eq!(last.result()["reactions"]["👍"], reaction, "me beyond the first 20, too");
    })
    .await;
}

#[tokio::test]
async fn a_message_has_at_most_20_emoji() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "hi").await;
        // Some that would be mistaken for what stands around them.
        let odd = ["\"", "\\", "]}", "{}", "1", "a\":{\"count\":", ":thumbs_up:", "👩‍👩‍👧‍👦", "'", "%s"];
        let mut emoji: Vec<String> = odd.map(str::to_owned).to_vec();
        emoji.extend((0..10).map(|n| format!(":{n}:")));
        for emoji in &emoji {
            react(&mut stage, "bob", &id, emoji, true).await.result();
        }
        assert_eq!(react(&mut stage, "ann", &id, "21", true).await.code(), "conflict");
        for emoji in &emoji {
            let mine = react(&mut stage, "ann", &id, emoji, true).await;
            let expected = json!({ "count": 2, "users": ["bob", "ann"], "me": true });
            assert_eq!(&mine.result()["reactions"][emoji], &expected);
            assert_eq!(mine.result()["reactions"].as_object().map(serde_json::Map::len), Some(20));
            react(&mut stage, "ann", &id, emoji, false).await.result();
        }
        react(&mut stage, "bob", &id, "1", false).await.result();
        react(&mut stage, "ann", &id, "21", true).await.result();
        let bad = ["", "two words", "\u{7}", &"x".repeat(33)];
        for (emoji, code) in
            bad.iter().zip(["invalid-payload", "invalid-payload", "invalid-payload", "too-large"])
        {
            assert_eq!(react(&mut stage, "ann", &id, emoji, true).await.code(), code, "{emoji:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn who_may_not_write_may_not_react() {
    each(async |mut stage: Stage| {
        let id = room_with_roles(&mut stage).await;
        assert_eq!(react(&mut stage, "vic", &id, "👍", true).await.code(), "forbidden");
        assert_eq!(react(&mut stage, "eve", &id, "👍", true).await.code(), "not-found");
        assert_eq!(react(&mut stage, "bob", "1-1", "👍", true).await.code(), "not-found");
        sanction(&stage, "mute", "bob").await;
        assert_eq!(react(&mut stage, "bob", &id, "👍", true).await.code(), "muted");
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": id })).await;
        assert_eq!(react(&mut stage, "ann", &id, "👍", true).await.code(), "gone");
    })
    .await;
}

#[tokio::test]
async fn a_repeat_gets_the_reactions_and_what_was_missed_shows_those_of_now() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "hi").await;
        let payload = json!({ "messageId": id, "emoji": "👍", "on": true, "requestId": "r" });
        let first = act(&mut stage, &who("ann"), "react", payload.clone()).await;
        let again = act(&mut stage, &who("ann"), "react", payload.clone()).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));
        react(&mut stage, "bob", &id, "👍", true).await;
        let (events, _) = missed(&mut stage, &who("ann"), &id).await;
        let now = json!({ "👍": { "count": 2, "users": ["ann", "bob"] } });
        assert_eq!(events.len(), 2);
        for (name, payload) in events {
            assert_eq!((name.as_str(), &payload["reactions"]), ("message-reaction", &now));
            assert_eq!(payload["messageId"], id);
        }
        stage.config.history_max = 1;
        say(&mut stage, "newer").await;
        let snapshot = stage.snapshot().await;
        assert_eq!(snapshot[&stage.keys().index()], ["lists=1"], "no trace of what was trimmed");
        assert_eq!(snapshot[&stage.keys().lists()], ["free 1", "-1"]);
        let late = act(&mut stage, &who("ann"), "react", payload).await;
        assert_eq!((&late.outcome, late.code()), (&Outcome::Again, "gone"));
    })
    .await;
}
