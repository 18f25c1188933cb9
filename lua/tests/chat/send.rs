//! `send-message`: the message in history, log and publication; quotes, threads, repeats, odd text.

use lua::commit::Outcome;
use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, Who, each, who};

/// Texts that must survive as they are.
fn odd_texts() -> Vec<String> {
    let mut texts: Vec<String> = [
        "\"",
        "\\",
        "\\\\\"",
        "\\u0000",
        "\\u0041",
        "%s %d %1 %%",
        "a\tb\nc",
        "</script>",
        "/",
        "{}",
        "[]",
        "null",
        "-0",
        "1e400",
        "\u{2028}\u{2029}",
        "\u{feff}x",
        "\u{202e}rtl",
        "😀👩‍👩‍👧‍👦",
        "\u{10ffff}",
        "é",
        "${jndi:x}",
        "'; FLUSHALL",
        "]]",
        "--",
        "@1-1",
        "\",\"kind\":\"system\",\"x\":\"",
        "\u{7f}".trim_matches('\u{7f}'),
    ]
    .map(str::to_owned)
    .into_iter()
    .filter(|text| !text.is_empty())
    .collect();
    texts.extend(["a", "é", "😀", "\"", "\n"].map(|text| text.repeat(4_000)));
    texts
}

async fn send(stage: &mut Stage, who: &Who, mut payload: Json) -> Applied {
    payload["roomId"] = stage.room.as_str().into();
    stage.event(who, "send-message", payload).await
}

#[tokio::test]
async fn a_message_is_in_history_log_and_publication() {
    each(async |mut stage: Stage| {
        let ann = who("ann").named("Ann \"\\ 😀");
        stage.ok(&who("bob"), "join-room", json!({})).await;
        let payload = json!({
            "content": "fn main() {}", "kind": "code", "language": "rust", "mentions": ["bob", "auth0|x", "bob"],
        });
        let sent = send(&mut stage, &ann, payload).await;
        assert_eq!(sent.outcome, Outcome::Logged);
        let message = json!({
            "id": sent.id.to_string(), "roomId": stage.room, "sender": { "id": "ann", "name": ann.name },
            "kind": "code", "content": "fn main() {}", "language": "rust", "mentions": ["bob", "auth0|x"],
            "reactions": {}, "createdAt": sent.id.ms,
        });
        assert_eq!(sent.result(), &json!({ "message": message }));
        let told = json!({ "id": sent.id.to_string(), "roomId": stage.room, "message": message });
        assert_eq!(sent.frames(), [("all".into(), "message-received".into(), told)], "the sender too");

        let keys = stage.keys();
        assert_eq!(sent.after[&keys.order()], [sent.id.to_string(), "by".into(), "ann".into()]);
        let [stored] = &sent.after[&keys.messages()][..] else { panic!("one message") };
        let (id, stored) = stored.split_once('=').expect("a field");
        assert_eq!(id, sent.id.to_string());
        assert_eq!(stored.lines().count(), 5);
        assert_eq!(serde_json::from_str::<Json>(stored).expect("JSON"), message);
        let log = &sent.after[&keys.log()];
        let pointer = ["message-received".to_owned(), sent.id.to_string()];
        assert_eq!(log[log.len() - 2..], pointer, "the log points to the message");
        assert!(sent.after[&keys.room()].contains(&format!("last={}", sent.id)));
        assert!(!sent.after.contains_key(&keys.index()) && !sent.after.contains_key(&keys.lists()));
    })
    .await;
}

#[tokio::test]
async fn text_survives_as_it_was_written() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("bob"), "join-room", json!({})).await;
        let mut sent = Vec::new();
        for text in odd_texts() {
            let said = send(&mut stage, &who("ann").named("\"\\u0000 😀"), json!({ "content": text })).await;
            let message = &said.result()["message"];
            assert_eq!(message["content"], text.as_str());
            assert_eq!(message["kind"], "text", "content does not reach into other fields");
            assert_eq!(&said.frames()[0].2["message"], message);
            let answer = send(&mut stage, &who("bob"), json!({ "content": "re", "replyTo": said.id.to_string() })).await;
            let excerpt: String = text.chars().take(140).collect();
            let quote = json!({ "id": said.id.to_string(), "sender": message["sender"], "excerpt": excerpt });
            assert_eq!(answer.result()["message"]["replyTo"], quote);
            sent.extend([message.clone(), answer.result()["message"].clone()]);
        }
        let mut read = Vec::new();
        let mut before = Json::Null;
        loop {
            let page = stage.ok(&who("bob"), "get-messages", json!({ "before": before, "limit": 100 })).await;
            let list = page["messages"].as_array().expect("a list").clone();
            before = list[0]["id"].clone();
            read.splice(0..0, list);
            if page["hasMore"] == false {
                break;
            }
        }
        assert_eq!(read, sent);
    })
    .await;
}

#[tokio::test]
async fn a_quote_never_splits_a_character() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        for unit in ["a", "é", "€", "😀", "\""] {
            for length in [1, 139, 140, 141, 300] {
                let said =
                    send(&mut stage, &who("ann"), json!({ "content": unit.repeat(length) })).await;
                let answer = send(
                    &mut stage,
                    &who("ann"),
                    json!({ "content": "x", "replyTo": said.id.to_string() }),
                )
                .await;
                let excerpt = &answer.result()["message"]["replyTo"]["excerpt"];
                assert_eq!(excerpt, &json!(unit.repeat(length.min(140))), "{length} of {unit}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn an_answer_to_nothing_is_not_found() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        for id in ["0-0", "1-1", "18446744073709551615-0"] {
            for field in ["replyTo", "threadId"] {
                let sent =
                    send(&mut stage, &who("ann"), json!({ "content": "x", field: id })).await;
                assert_eq!(sent.code(), "not-found");
                assert_eq!(sent.answer["error"]["details"]["field"], field);
            }
        }
        assert_eq!(
            stage.refused(&who("ann"), "send-message", json!({ "content": "" })).await,
            "invalid-payload"
        );
        let long = json!({ "content": "é".repeat(4_001) });
        assert_eq!(stage.refused(&who("ann"), "send-message", long).await, "too-large");
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_gets_the_first_answer_and_says_nothing() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let payload = json!({ "content": "once", "requestId": "r, 1:\n{p0}é" });
        let first = send(&mut stage, &who("ann"), payload.clone()).await;
        let again = send(&mut stage, &who("ann").on("elsewhere"), payload.clone()).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));

        let other = json!({ "content": "twice", "requestId": payload["requestId"] });
        let other = send(&mut stage, &who("ann"), other).await;
        assert_eq!((&other.outcome, other.code()), (&Outcome::Again, "conflict"));
        assert_eq!(other.answer["error"]["details"], json!({ "field": "requestId" }));
        let bob = send(&mut stage, &who("bob"), payload.clone()).await;
        assert_eq!(bob.outcome, Outcome::Logged, "another user's request is another");

        stage.config.history_max = 1;
        send(&mut stage, &who("bob"), json!({ "content": "newer" })).await;
        let late = send(&mut stage, &who("ann"), payload).await;
        assert_eq!((&late.outcome, late.code()), (&Outcome::Again, "gone"));
    })
    .await;
}

#[tokio::test]
async fn a_repeat_does_not_bring_back_what_was_deleted() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let payload = json!({ "content": "secret", "requestId": "r" });
        let first = send(&mut stage, &who("ann"), payload.clone()).await;
        let delete = json!({ "messageId": first.id.to_string() });
        stage.ok(&who("ann"), "delete-message", delete).await;
        let again = send(&mut stage, &who("ann"), payload).await;
        assert_eq!(again.outcome, Outcome::Again);
        assert!(again.result()["message"]["deletedAt"].is_u64());
        for (key, held) in &again.after {
            let is_intake = key.ends_with(":in");
            assert!(is_intake || !held.join("\n").contains("secret"), "{key}: {held:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn a_refusal_is_remembered_like_a_success() {
    each(async |mut stage: Stage| {
        let payload = json!({ "content": "too early", "requestId": "r" });
        let early = send(&mut stage, &who("ann"), payload.clone()).await;
        assert_eq!(early.code(), "not-found");
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let again = send(&mut stage, &who("ann"), payload.clone()).await;
        assert_eq!((&again.outcome, again.code()), (&Outcome::Again, "not-found"));
        let mut retry = payload;
        retry["requestId"] = "r2".into();
        assert_eq!(send(&mut stage, &who("ann"), retry).await.outcome, Outcome::Logged);
    })
    .await;
}

#[tokio::test]
async fn no_more_messages_are_kept_than_agreed() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.config.history_max = 3;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        for n in 0..5 {
            send(&mut stage, &who("ann"), json!({ "content": n.to_string() })).await.result();
        }
        let joined = stage.ok(&who("ann"), "join-room", json!({})).await;
        let kept: Vec<_> = joined["recentMessages"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|m| &m["content"])
            .collect();
        assert_eq!(kept, ["2", "3", "4"]);
    })
    .await;
}
