//! `delete-message`: who may, what stays, and that nothing of it comes back anywhere.

use lua::commit::Outcome;
use lua::id::EventId;
use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};
use crate::{act, messages, missed, room_with_roles, sanction, say, say_as};

#[tokio::test]
async fn a_tombstone_stays() {
    each(async |mut stage: Stage| {
        stage.ok(&who("bob"), "join-room", json!({})).await;
        let root = say(&mut stage, "root").await;
        let payload = json!({
            "content": "secret \"\\\n", "kind": "code", "language": "secret", "mentions": ["bob"],
            "replyTo": root, "threadId": root,
        });
        let sent = act(&mut stage, &who("ann"), "send-message", payload).await;
        let id = sent.id.to_string();
        for user in ["ann", "bob"] {
            let reaction = json!({ "messageId": id, "emoji": "👍", "on": true });
            stage.ok(&who(user), "react", reaction).await;
        }
        let deleted =
            act(&mut stage, &who("ann"), "delete-message", json!({ "messageId": id })).await;
        assert_eq!(deleted.outcome, Outcome::Logged);
        assert_eq!(deleted.result(), &json!({ "messageId": id }));
        let told = json!({
            "id": deleted.id.to_string(), "roomId": stage.room, "messageId": id,
            "deletedBy": { "id": "ann", "name": "ANN" },
        });
        assert_eq!(deleted.frames(), [("all".into(), "message-deleted".into(), told)]);
        let tombstone = json!({
            "id": id, "roomId": stage.room, "sender": { "id": "ann", "name": "ANN" }, "kind": "code",
            "content": "", "threadId": root, "mentions": [], "reactions": {},
            "createdAt": sent.id.ms, "deletedAt": deleted.id.ms,
        });
        assert_eq!(messages(&mut stage).await[1], tombstone);
        let keys = stage.keys();
        for key in [keys.messages(), keys.index(), keys.lists(), keys.log()] {
            let held = deleted.after[&key].join("\n");
            assert!(!held.contains("secret") && !held.contains("👍"), "{key}: {held}");
        }
    })
    .await;
}

#[tokio::test]
async fn the_author_and_who_moderates_delete() {
    each(async |mut stage: Stage| {
        room_with_roles(&mut stage).await;
        let platform = who("pat").with("moderator");
        let _: i64 = stage.command(&["HSET", &stage.keys().access(), "pat", "member"]).await;
        for (deletes, code) in [
            (who("ann"), None),
            (who("olga"), None),
            (who("max"), None),
            (platform, None),
            (who("root").with("admin"), None),
            (who("bob"), Some("forbidden")),
            (who("vic"), Some("forbidden")),
            (who("bot").with("service"), Some("forbidden")),
            (who("eve"), Some("not-found")),
        ] {
            let id = say(&mut stage, "x").await;
            let asked = json!({ "messageId": id });
            match code {
                None => _ = stage.ok(&deletes, "delete-message", asked).await,
                Some(code) => {
                    assert_eq!(stage.refused(&deletes, "delete-message", asked).await, code);
                }
            }
        }
        let unknown = json!({ "messageId": "1-1" });
        assert_eq!(stage.refused(&who("ann"), "delete-message", unknown).await, "not-found");
    })
    .await;
}

#[tokio::test]
async fn who_is_muted_may_take_back_what_they_said() {
    each(async |mut stage: Stage| {
        let id = room_with_roles(&mut stage).await;
        sanction(&stage, "mute", "ann").await;
        let asked = json!({ "messageId": id });
        stage.ok(&who("ann"), "delete-message", asked.clone()).await;
        assert_eq!(stage.refused(&who("ann"), "delete-message", asked).await, "gone", "again");
    })
    .await;
}

#[tokio::test]
async fn the_same_request_again_is_no_second_deletion() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "x").await;
        let asked = json!({ "messageId": id, "requestId": "r" });
        let first = act(&mut stage, &who("ann"), "delete-message", asked.clone()).await;
        let again = act(&mut stage, &who("ann"), "delete-message", asked).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));
    })
    .await;
}

/// All ways in which messages are repeated.
async fn repeated(stage: &mut Stage, since: &str) -> Vec<(&'static str, String)> {
    let joined = stage.ok(&who("ann"), "join-room", json!({ "since": since })).await;
    let history = stage.ok(&who("ann"), "get-messages", json!({})).await;
    let after: EventId = since.parse().expect("an id");
    let log = lua::room::log_after(
        &stage.redis,
        &stage.room,
        after,
        100,
        &lua::durability::Safety::default(),
    )
    .await
    .expect("the log")
    .entries;
    vec![
        ("recentMessages", joined["recentMessages"].to_string()),
        ("missed", joined["missed"].to_string()),
        ("history", history.to_string()),
        ("the log", log.concat()),
    ]
}

#[tokio::test]
async fn nothing_that_was_deleted_is_repeated() {
    each(async |mut stage: Stage| {
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        let since = since.as_str().expect("an id").to_owned();
        let id = say(&mut stage, "secret").await;
        let edit = json!({ "messageId": id, "content": "secret still" });
        stage.ok(&who("ann"), "edit-message", edit).await;
        let answer = json!({ "content": "an answer", "replyTo": id });
        let answer = say_as(&mut stage, &who("bob"), answer).await;
        let reaction = json!({ "messageId": answer, "emoji": "👍", "on": true });
        stage.ok(&who("ann"), "react", reaction).await;
        for (place, text) in repeated(&mut stage, &since).await {
            assert!(text.contains("secret still"), "{place}: {text}");
        }
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": id })).await;
        for (place, text) in repeated(&mut stage, &since).await {
            assert!(!text.contains("secret"), "{place}: {text}");
            assert!(text.contains("deletedAt"), "{place}: {text}");
            assert!(text.contains(r#""excerpt":"""#), "{place}: the quote is blank: {text}");
        }
        let quote = &messages(&mut stage).await[1]["replyTo"];
        assert_eq!(
            quote,
            &json!({ "id": id, "sender": { "id": "ann", "name": "ANN" }, "excerpt": "" })
        );
        assert_eq!(
            stage
                .refused(&who("bob"), "send-message", json!({ "content": "x", "replyTo": id }))
                .await,
            "gone"
        );
    })
    .await;
}

#[tokio::test]
async fn a_quote_of_what_is_not_kept_any_more_is_blank() {
    each(async |mut stage: Stage| {
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        stage.config.history_max = 2;
        let id = say(&mut stage, "secret").await;
        say_as(&mut stage, &who("bob"), json!({ "content": "an answer", "replyTo": id })).await;
        say(&mut stage, "newer").await;
        for (place, text) in repeated(&mut stage, since.as_str().expect("an id")).await {
            assert!(text.contains("an answer") && !text.contains("secret"), "{place}: {text}");
        }
    })
    .await;
}

#[tokio::test]
async fn what_was_for_moderators_is_missed_by_moderators_only() {
    each(async |mut stage: Stage| {
        let id = room_with_roles(&mut stage).await;
        for user in ["max", "olga", "root", "ann", "vic", "bot"] {
            let joins = who(user).with(if user == "root" { "admin" } else { "service" });
            stage.ok(&joins, "join-room", json!({})).await;
        }
        let report = json!({ "messageId": id, "reason": "spam" });
        stage.ok(&who("bob"), "report-message", report).await;
        for (user, told) in [
            (who("max"), true),
            (who("olga"), true),
            (who("root").with("admin"), true),
            (who("ann"), false),
            (who("vic"), false),
            (who("bot").with("service"), false),
        ] {
            let (events, _) = missed(&mut stage, &user, &id).await;
            let found = events.iter().any(|(name, _)| name == "message-reported");
            assert_eq!(found, told, "{}", user.user);
        }
    })
    .await;
}

#[tokio::test]
async fn a_tombstone_counts_and_is_trimmed_like_a_message() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        stage.config.history_max = 2;
        let id = say(&mut stage, "x").await;
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": id })).await;
        say(&mut stage, "y").await;
        assert_eq!(messages(&mut stage).await.len(), 2);
        say(&mut stage, "z").await;
        let snapshot = stage.snapshot().await;
        assert!(!snapshot.contains_key(&stage.keys().index()), "no trace: {snapshot:?}");
        let kept: Vec<Json> = messages(&mut stage).await;
        assert_eq!(kept.iter().map(|m| &m["content"]).collect::<Vec<_>>(), ["y", "z"]);
        let (events, complete) = missed(&mut stage, &who("ann"), &id).await;
        assert!(complete, "{events:?}");
    })
    .await;
}
