//! `edit-message`: who may, what changes, and what those who come later see.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use lua::id::EventId;

use crate::stage::{Stage, each, who};
use crate::{act, messages, missed, room_with_roles, sanction, say, say_as};

#[tokio::test]
async fn an_edit_changes_the_words_and_nothing_else() {
    each(async |mut stage: Stage| {
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        let since = since.as_str().expect("an id").to_owned();
        let first = say(&mut stage, "first").await;
        let payload = json!({
            "content": "helo", "kind": "code", "language": "a\n,\"reactions\":", "mentions": ["bob"],
            "replyTo": first, "threadId": first,
        });
        let sent = act(&mut stage, &who("ann"), "send-message", payload).await;
        let id = sent.id.to_string();
        let reaction = json!({ "messageId": id, "emoji": "👍", "on": true });
        stage.ok(&who("ann"), "react", reaction).await;

        let words = "\"quoted\\\",\n\u{2028}\"reactions\":\n{}\n";
        let edited =
            act(&mut stage, &who("ann"), "edit-message", json!({ "messageId": id, "content": words }))
                .await;
        assert_eq!(edited.outcome, Outcome::Logged);
        let mut expected = sent.result()["message"].clone();
        expected["content"] = words.into();
        expected["editedAt"] = edited.id.ms.into();
        expected["reactions"] = json!({ "👍": { "count": 1, "users": ["ann"] } });
        let told = json!({ "id": edited.id.to_string(), "roomId": stage.room, "message": expected });
        assert_eq!(edited.frames(), [("all".into(), "message-edited".into(), told.clone())]);
        let log = &edited.after[&stage.keys().log()];
        assert_eq!(log[log.len() - 2..], ["message-edited".to_owned(), id.clone()], "a pointer");

        let (events, complete) = missed(&mut stage, &who("ann"), &since).await;
        assert!(complete);
        assert_eq!(events[1].0, "message-received");
        assert_eq!(events[1].1["message"], expected, "its current state");
        assert_eq!(events[3], ("message-edited".to_owned(), told));
        let mut seen = expected;
        seen["reactions"]["👍"]["me"] = true.into();
        assert_eq!(edited.result()["message"], seen, "the asker's own reactions are marked");
        assert_eq!(messages(&mut stage).await[1], seen);
    })
    .await;
}

#[tokio::test]
async fn only_the_author_edits_and_not_for_ever() {
    each(async |mut stage: Stage| {
        let id = room_with_roles(&mut stage).await;
        let edit = json!({ "messageId": id, "content": "x" });
        for other in [who("bob"), who("olga"), who("max"), who("root").with("admin")] {
            assert_eq!(stage.refused(&other, "edit-message", edit.clone()).await, "forbidden");
        }
        assert_eq!(stage.refused(&who("vic"), "edit-message", edit.clone()).await, "forbidden");
        assert_eq!(stage.refused(&who("eve"), "edit-message", edit.clone()).await, "not-found");
        let unknown = json!({ "messageId": "1-1", "content": "x" });
        assert_eq!(stage.refused(&who("ann"), "edit-message", unknown).await, "not-found");
        for (content, code) in
            [("".to_owned(), "invalid-payload"), ("x".repeat(4_001), "too-large")]
        {
            let bad = json!({ "messageId": id, "content": content });
            assert_eq!(stage.refused(&who("ann"), "edit-message", bad).await, code);
        }

        let sent: EventId = id.parse().expect("an id");
        let day = EventId { ms: sent.ms + 86_400_000, seq: 5 };
        let mut payload = edit.clone();
        payload["roomId"] = stage.room.as_str().into();
        let applied = stage.event_at(day, &who("ann"), "edit-message", payload.clone()).await;
        assert_eq!(applied.outcome, Outcome::Logged);
        let later = EventId { ms: day.ms + 1, seq: 0 };
        let applied = stage.event_at(later, &who("ann"), "edit-message", payload).await;
        assert_eq!(applied.code(), "forbidden");
    })
    .await;
}

#[tokio::test]
async fn who_may_not_write_may_not_edit() {
    each(async |mut stage: Stage| {
        let id = room_with_roles(&mut stage).await;
        let edit = json!({ "messageId": id, "content": "x" });
        sanction(&stage, "mute", "ann").await;
        assert_eq!(stage.refused(&who("ann"), "edit-message", edit.clone()).await, "muted");
        sanction(&stage, "ban", "ann").await;
        assert_eq!(stage.refused(&who("ann"), "edit-message", edit).await, "banned");
    })
    .await;
}

#[tokio::test]
async fn of_an_edit_and_a_deletion_at_a_time_the_first_is_done() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "secret").await;
        let edit = json!({ "messageId": id, "content": "more secret" });
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": id })).await;
        assert_eq!(stage.refused(&who("ann"), "edit-message", edit).await, "gone");
        assert!(!messages(&mut stage).await[0].to_string().contains("secret"));

        let id = say(&mut stage, "second").await;
        stage.ok(&who("ann"), "edit-message", json!({ "messageId": id, "content": "2" })).await;
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": id })).await;
        let tombstone = messages(&mut stage).await[1].clone();
        assert_eq!((&tombstone["content"], tombstone["deletedAt"].is_u64()), (&json!(""), true));
    })
    .await;
}

#[tokio::test]
async fn the_same_edit_again_gets_the_message_and_tells_nobody() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let id = say(&mut stage, "a").await;
        let edit = json!({ "messageId": id, "content": "b", "requestId": "r" });
        let first = act(&mut stage, &who("ann"), "edit-message", edit.clone()).await;
        let again = act(&mut stage, &who("ann").on("phone"), "edit-message", edit.clone()).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));
        let mut other = edit.clone();
        other["content"] = "c".into();
        let other = act(&mut stage, &who("ann"), "edit-message", other).await;
        assert_eq!((&other.outcome, other.code()), (&Outcome::Again, "conflict"));
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": id })).await;
        let again = act(&mut stage, &who("ann"), "edit-message", edit.clone()).await;
        assert_eq!(again.result()["message"]["content"], "", "nothing that was deleted since");
        stage.config.history_max = 1;
        say(&mut stage, "newer").await;
        let again = act(&mut stage, &who("ann"), "edit-message", edit).await;
        assert_eq!((&again.outcome, again.code()), (&Outcome::Again, "gone"));
    })
    .await;
}

#[tokio::test]
async fn an_edit_keeps_the_quote_blank_that_was_blanked() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let secret = say(&mut stage, "secret").await;
        let answer = json!({ "content": "so?", "replyTo": secret });
        let answer = say_as(&mut stage, &who("ann"), answer).await;
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": secret })).await;
        let edit = json!({ "messageId": answer, "content": "so!" });
        let edited = act(&mut stage, &who("ann"), "edit-message", edit).await;
        let excerpt = |message: &Json| message["replyTo"]["excerpt"].clone();
        assert_eq!(excerpt(&edited.result()["message"]), "");
        assert_eq!(excerpt(&edited.frames()[0].2["message"]), "");
    })
    .await;
}
