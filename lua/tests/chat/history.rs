//! `get-messages`: pages of a room and of its threads, at their edges.

use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};

/// Sends messages named after their place; their ids.
async fn talk(stage: &mut Stage, count: usize) -> Vec<String> {
    stage.wary = false;
    let mut ids = Vec::new();
    for n in 0..count {
        ids.push(say(stage, json!({ "content": n.to_string() })).await);
    }
    ids
}

async fn say(stage: &mut Stage, payload: Json) -> String {
    let said = stage.ok(&who("ann"), "send-message", payload).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

/// A page's contents, and whether there is more.
async fn page(stage: &mut Stage, asked: Json) -> (String, bool) {
    let page = stage.ok(&who("ann"), "get-messages", asked).await;
    let messages = page["messages"].as_array().expect("a list");
    let contents: Vec<_> = messages.iter().map(|m| m["content"].as_str().expect("text")).collect();
    (contents.join(" "), page["hasMore"].as_bool().expect("a boolean"))
}

#[tokio::test]
async fn pages_begin_and_end_where_they_are_asked_to() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let ids = talk(&mut stage, 6).await;
        let (before, after) = (&ids[4], &ids[1]);
        let last = "18446744073709551615-0";
        let cases = [
            (json!({}), "0 1 2 3 4 5", false),
            (json!({ "limit": 6 }), "0 1 2 3 4 5", false),
            (json!({ "limit": 5 }), "1 2 3 4 5", true),
            (json!({ "before": before }), "0 1 2 3", false),
            (json!({ "before": before, "limit": 2 }), "2 3", true),
            (json!({ "before": ids[0] }), "", false),
            (json!({ "before": "0-0" }), "", false),
            (json!({ "before": last, "limit": 1 }), "5", true),
            (json!({ "after": after }), "2 3 4 5", false),
            (json!({ "after": after, "limit": 2 }), "2 3", true),
            (json!({ "after": "0-0", "limit": 1 }), "0", true),
            (json!({ "after": ids[5] }), "", false),
            (json!({ "after": last }), "", false),
            (json!({ "after": after, "before": before }), "2 3", false),
            (json!({ "after": after, "before": before, "limit": 1 }), "2", true),
            (json!({ "after": before, "before": after }), "", false),
            (json!({ "after": before, "before": before }), "", false),
            (json!({ "after": "0-0", "before": "0-0" }), "", false),
            (
                json!({ "limit": 100, "before": null, "after": null, "threadId": null }),
                "0 1 2 3 4 5",
                false,
            ),
        ];
        for (asked, expected, more) in cases {
            assert_eq!(
                page(&mut stage, asked.clone()).await,
                (expected.to_owned(), more),
                "{asked}"
            );
        }
        for bad in [
            json!({ "limit": 0 }),
            json!({ "limit": -1 }),
            json!({ "limit": 101 }),
            json!({ "limit": 1.5 }),
            json!({ "before": "" }),
            json!({ "before": "5" }),
            json!({ "after": "18446744073709551615-18446744073709551615" }),
            json!({ "before": "-1-0" }),
        ] {
            assert_eq!(
                stage.refused(&who("ann"), "get-messages", bad.clone()).await,
                "invalid-payload",
                "{bad}"
            );
        }
    })
    .await;
}

#[tokio::test]
async fn a_thread_has_its_own_pages() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let ids = talk(&mut stage, 2).await;
        let mut replies = Vec::new();
        for n in 0..4 {
            let thread = &ids[n % 2];
            replies.push(
                say(&mut stage, json!({ "content": format!("r{n}"), "threadId": thread })).await,
            );
        }
        let thread = |mut asked: Json| {
            asked["threadId"] = ids[0].as_str().into();
            asked
        };
        let asked = [
            (json!({}), "r0 r2", false),
            (json!({ "limit": 1 }), "r2", true),
            (json!({ "limit": 1, "before": replies[2] }), "r0", false),
            (json!({ "after": replies[0] }), "r2", false),
            (json!({ "after": ids[0], "limit": 1 }), "r0", true),
        ];
        for (asked, expected, more) in asked {
            assert_eq!(page(&mut stage, thread(asked)).await, (expected.to_owned(), more));
        }
        assert_eq!(page(&mut stage, json!({ "threadId": "1-1" })).await, (String::new(), false));
        assert_eq!(page(&mut stage, json!({})).await.0, "0 1 r0 r1 r2 r3");
    })
    .await;
}

#[tokio::test]
async fn a_threads_pages_end_where_messages_are_not_kept_any_more() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let root = talk(&mut stage, 1).await.remove(0);
        for n in 0..6 {
            say(&mut stage, json!({ "content": format!("r{n}"), "threadId": root })).await;
        }
        stage.config.history_max = 3;
        say(&mut stage, json!({ "content": "r6", "threadId": root })).await;
        let asked = |asked: Json| {
            let mut asked = asked;
            asked["threadId"] = root.as_str().into();
            asked
        };
        assert_eq!(page(&mut stage, asked(json!({ "limit": 2 }))).await, ("r5 r6".into(), true));
        assert_eq!(
            page(&mut stage, asked(json!({ "limit": 3 }))).await,
            ("r4 r5 r6".into(), false)
        );
        assert_eq!(
            page(&mut stage, asked(json!({ "after": root, "limit": 2 }))).await,
            ("r4 r5".into(), true)
        );
        assert_eq!(
            page(&mut stage, asked(json!({ "after": "0-0" }))).await,
            ("r4 r5 r6".into(), false)
        );
    })
    .await;
}

#[tokio::test]
async fn answers_fit_into_what_may_wait_for_a_connection() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        let since = stage.ok(&who("ann"), "join-room", json!({})).await["id"].clone();
        let mut sent = Vec::new();
        for _ in 0..100 {
            sent.push(say(&mut stage, json!({ "content": "😀".repeat(4_000) })).await);
        }
        let ids = |list: &Json| -> Vec<String> {
            let list = list.as_array().expect("a list");
            list.iter().map(|m| m["id"].as_str().expect("an id").to_owned()).collect()
        };
        let page = stage.ok(&who("ann"), "get-messages", json!({ "limit": 100 })).await;
        assert!(page.to_string().len() < lua::limit::PAGE_BYTES_MAX + 1_000);
        let newest = ids(&page["messages"]);
        assert_eq!(
            (newest.as_slice(), &page["hasMore"]),
            (&sent[100 - newest.len()..], &json!(true))
        );
        let page =
            stage.ok(&who("ann"), "get-messages", json!({ "limit": 100, "after": "0-0" })).await;
        let oldest = ids(&page["messages"]);
        assert_eq!((oldest.as_slice(), &page["hasMore"]), (&sent[..oldest.len()], &json!(true)));
        assert!(newest.len() >= 30 && oldest.len() >= 30);

        let joined = stage.ok(&who("ann"), "join-room", json!({ "since": since })).await;
        assert!(joined.to_string().len() < 2 * lua::limit::JOINED_BYTES_MAX + 40_000);
        let recent = ids(&joined["recentMessages"]);
        assert_eq!(recent, sent[100 - recent.len()..]);
        let events = joined["missed"]["events"].as_array().expect("a list");
        let missed: Vec<_> =
            events.iter().map(|e| e["payload"]["id"].as_str().expect("an id")).collect();
        assert_eq!(
            (missed.as_slice(), &joined["missed"]["complete"]),
            (&sent.iter().map(String::as_str).collect::<Vec<_>>()[..missed.len()], &json!(false))
        );
        assert!(missed.len() >= 13 && recent.len() >= 13);
    })
    .await;
}

#[tokio::test]
async fn full_pages_of_ascii_are_not_cut() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        for _ in 0..100 {
            say(&mut stage, json!({ "content": "a".repeat(4_000) })).await;
        }
        let page = stage.ok(&who("ann"), "get-messages", json!({ "limit": 100 })).await;
        assert_eq!(
            (page["messages"].as_array().map(Vec::len), &page["hasMore"]),
            (Some(100), &json!(false))
        );
        let joined = stage.ok(&who("ann"), "join-room", json!({})).await;
        assert_eq!(joined["recentMessages"].as_array().map(Vec::len), Some(50));
    })
    .await;
}
