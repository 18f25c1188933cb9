//! Threads: replies share the root; what is trimmed leaves no trace; a thread lives as long as its newest.

use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};
use crate::{act, say, say_as};

async fn reply(stage: &mut Stage, thread: &str, text: &str) -> Json {
    let payload = json!({ "content": text, "threadId": thread });
    stage.ok(&who("ann"), "send-message", payload).await["message"].clone()
}

fn id(message: &Json) -> String {
    message["id"].as_str().expect("an id").to_owned()
}

async fn page(stage: &mut Stage, thread: &str) -> Vec<String> {
    let asked = json!({ "threadId": thread, "limit": 100 });
    let page = stage.ok(&who("ann"), "get-messages", asked).await;
    let messages = page["messages"].as_array().expect("a list").iter();
    messages.map(|m| m["content"].as_str().expect("text").to_owned()).collect()
}

#[tokio::test]
async fn a_reply_to_a_reply_is_in_the_roots_thread() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let root = say(&mut stage, "root").await;
        let first = reply(&mut stage, &root, "r1").await;
        assert_eq!(first["threadId"], root);
        let second = reply(&mut stage, &id(&first), "r2").await;
        assert_eq!(second["threadId"], root);
        assert_eq!(page(&mut stage, &root).await, ["r1", "r2"]);
        assert!(page(&mut stage, &id(&first)).await.is_empty());
    })
    .await;
}

#[tokio::test]
async fn deleting_keeps_the_thread() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let root = say(&mut stage, "root").await;
        let first = id(&reply(&mut stage, &root, "r1").await);
        for gone in [&root, &first] {
            stage.ok(&who("ann"), "delete-message", json!({ "messageId": gone })).await;
        }
        assert_eq!(reply(&mut stage, &first, "r2").await["threadId"], root);
        assert_eq!(page(&mut stage, &root).await, ["", "r2"], "a tombstone stays");
    })
    .await;
}

#[tokio::test]
async fn a_thread_outlives_its_root_and_leaves_nothing_behind() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        stage.config.history_max = 3;
        let root = say(&mut stage, "root").await;
        let other = say(&mut stage, "other").await;
        let first = id(&reply(&mut stage, &root, "r1").await);
        reply(&mut stage, &other, "o1").await;
        // The root is not kept any more, the thread is.
        assert_eq!(page(&mut stage, &root).await, ["r1"]);
        assert_eq!(reply(&mut stage, &root, "r2").await["threadId"], root);
        assert_eq!(reply(&mut stage, &root, "r3").await["threadId"], root);
        assert_eq!(page(&mut stage, &root).await, ["r2", "r3"], "r1 is trimmed");
        let gone = json!({ "content": "x", "threadId": first });
        assert_eq!(stage.refused(&who("ann"), "send-message", gone).await, "not-found");
        for _ in 0..3 {
            say(&mut stage, "x").await;
        }
        assert!(page(&mut stage, &root).await.is_empty());
        let gone = json!({ "content": "x", "threadId": root });
        assert_eq!(stage.refused(&who("ann"), "send-message", gone).await, "not-found");
        let snapshot = stage.snapshot().await;
        assert_eq!(snapshot[&stage.keys().index()], ["lists=2"]);
        assert_eq!(snapshot[&stage.keys().lists()], ["free 2", "-2", "free 1", "-1"]);
        // Their numbers are taken again.
        let root = say(&mut stage, "root").await;
        reply(&mut stage, &root, "r").await;
        let snapshot = stage.snapshot().await;
        assert!(snapshot[&stage.keys().index()].contains(&"lists=2".to_owned()));
        assert_eq!(page(&mut stage, &root).await, ["r"]);
    })
    .await;
}

#[tokio::test]
async fn any_id_is_a_place_in_a_thread() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let root = say(&mut stage, "root").await;
        let (mut replies, mut between) = (Vec::new(), vec![root.clone()]);
        for n in 0..9 {
            replies.push(id(&reply(&mut stage, &root, &n.to_string()).await));
            between.push(say_as(&mut stage, &who("bob"), json!({ "content": "x" })).await);
        }
        for (n, place) in between.iter().enumerate() {
            for (field, expected) in
                [("after", n..9.min(n + 4)), ("before", n.saturating_sub(4)..n)]
            {
                let asked =
                    json!({ "roomId": stage.room, "threadId": root, "limit": 4, field: place });
                let page = act(&mut stage, &who("ann"), "get-messages", asked).await;
                let found: Vec<String> =
                    page.result()["messages"].as_array().expect("a list").iter().map(id).collect();
                assert_eq!(found, replies[expected.clone()], "{field} {n}");
                let more = if field == "after" { expected.end < 9 } else { expected.start > 0 };
                assert_eq!(page.result()["hasMore"], more, "{field} {n}");
            }
        }
    })
    .await;
}
