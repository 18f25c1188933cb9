//! What scripts cost in a room with 100,000 members, 10,000 messages and as many log entries: Redis
//! runs one at a time, so that none may take long. Run with `--nocapture` to see the figures.

mod common;
mod stage;

use lua::batch::Batch;
use lua::id::EventId;
use lua::key::RoomKeys;
use redis::Value;
use serde_json::{Value as Json, json};
use stage::{Stage, Who, alone, who};

const MEMBERS: usize = 100_000;
const MESSAGES: u64 = 10_000;
/// Calls of each event; the fastest is not disturbed by what else the machine does.
const CALLS: usize = 15;
/// Longest that the fastest call may take, microseconds.
const CALL_US_MAX: u64 = 10_000;

#[tokio::test]
async fn no_script_takes_long_in_a_large_room() {
    alone(async |mut stage: Stage| {
        stage.wary = false;
        let middle = fill(&mut stage).await;
        let _: () = stage.command(&["CONFIG", "SET", "slowlog-log-slower-than", "0"]).await;
        let _: () = stage.command(&["CONFIG", "SET", "slowlog-max-len", "100"]).await;
        let long = "é".repeat(4_000);
        let events = [
            ("join-room", json!({})),
            ("connection-closed", json!({})),
            ("join-room", json!({})),
            ("join-room", json!({ "since": middle })),
            ("send-message", json!({ "content": "hello" })),
            ("send-message", json!({ "content": long, "replyTo": middle })),
            ("send-message", json!({ "content": "hello", "threadId": middle })),
            ("get-members", json!({ "limit": 500 })),
            ("get-members", json!({ "limit": 500, "cursor": "1700000050000:user-50000" })),
            ("get-messages", json!({ "limit": 100 })),
            ("get-messages", json!({ "limit": 100, "before": middle })),
            ("get-messages", json!({ "limit": 100, "threadId": middle })),
            ("react", json!({ "messageId": middle, "emoji": "👍", "on": true })),
            ("react", json!({ "messageId": middle, "emoji": "👍", "on": false })),
            ("typing-start", json!({})),
            ("leave-room", json!({})),
        ];
        for (event, payload) in events {
            cost(&mut stage, event, payload).await;
        }
        cost_of_own(&mut stage, &middle).await;
        let members: Json = (0..1_000)
            .map(|n| (format!("auth0|{n:0120}"), json!("viewer")))
            .collect::<serde_json::Map<_, _>>()
            .into();
        let access = json!({ "visibility": "public", "members": members });
        cost(&mut stage, "create-room", json!({ "type": "discussion", "access": access })).await;
        cost(&mut stage, "join-room", json!({})).await;
    })
    .await;
}

/// Sends an event by several users, and compares the fastest call with what is allowed.
async fn cost(stage: &mut Stage, event: &str, mut payload: Json) {
    payload["roomId"] = stage.room.as_str().into();
    let mut took = Vec::new();
    for n in 0..CALLS {
        took.push(timed(stage, &who(&format!("new-{n}")), event, payload.clone()).await);
    }
    judge(event, took, &payload.to_string().chars().take(60).collect::<String>());
}

/// How long the script of an event takes, microseconds.
async fn timed(stage: &mut Stage, who: &Who, event: &str, payload: Json) -> u64 {
    let _: () = stage.command(&["SLOWLOG", "RESET"]).await;
    stage.event(who, event, payload).await;
    script_time(stage).await
}

/// How long the one script took that was run since the last reset, microseconds.
async fn script_time(stage: &Stage) -> u64 {
    let log: Vec<Vec<Value>> = stage.command(&["SLOWLOG", "GET", "-1"]).await;
    let mut scripts = log.iter().filter(|entry| is_script(&entry[3]));
    let entry = scripts.next().expect("a script ran");
    assert!(scripts.next().is_none(), "one script");
    let Value::Int(us) = entry[2] else { panic!("a time") };
    u64::try_from(us).expect("no negative time")
}

fn judge(event: &str, mut took: Vec<u64>, shown: &str) {
    took.sort_unstable();
    println!(
        "{event:<18} fastest {:>5} µs, median {:>5} µs, slowest {:>6} µs  {shown}",
        took[0],
        took[CALLS / 2],
        took[CALLS - 1]
    );
    assert!(took[0] < CALL_US_MAX, "{event} takes {} µs", took[0]);
}

fn is_script(arguments: &Value) -> bool {
    matches!(arguments, Value::Array(words) if matches!(&words[0], Value::BulkString(name) if name == b"EVALSHA"))
}

/// What is done to own messages; and to count what is unread where all messages after the mark are one's
/// own, so that all are looked at and none counts.
async fn cost_of_own(stage: &mut Stage, middle: &str) {
    let author = who("user-1");
    let mut ids = Vec::new();
    for _ in 0..CALLS {
        let said = stage.ok(&author, "send-message", json!({ "content": "x".repeat(4_000) })).await;
        ids.push(said["message"]["id"].clone());
    }
    for (event, payload) in [
        ("edit-message", json!({ "content": "é".repeat(4_000) })),
        ("delete-message", json!({})),
        ("mark-read", json!({})),
    ] {
        let mut took = Vec::new();
        for id in &ids {
            let mut payload = payload.clone();
            payload["messageId"] = if event == "mark-read" { middle.into() } else { id.clone() };
            payload["roomId"] = stage.room.as_str().into();
            let _: i64 = stage.command(&["HSET", &stage.keys().belongs(), "user-1", "1-0"]).await;
            took.push(timed(stage, &author, event, payload).await);
        }
        judge(event, took, "by the author");
    }
    let call = lua::chat::unread_of(&stage.room, &"user-1".parse().expect("an id"), "", 1);
    let mut took = Vec::new();
    for _ in 0..CALLS {
        let _: i64 = stage.command(&["HSET", &stage.keys().belongs(), "user-1", "1-0"]).await;
        let _: () = stage.command(&["SLOWLOG", "RESET"]).await;
        stage::run(&stage.redis, stage.node, call.clone()).await;
        took.push(script_time(stage).await);
    }
    judge("get-unread", took, "of 10,000 own messages");
}

/// Fills the room as its scripts would have; the id of a message in the middle.
async fn fill(stage: &mut Stage) -> String {
    stage.ok(&who("first"), "join-room", json!({})).await;
    let keys = stage.keys();
    let numbers: Vec<usize> = (0..MEMBERS).collect();
    for numbers in numbers.chunks(2_000) {
        let mut batch = Batch::default();
        for n in numbers {
            let (user, at) = (format!("user-{n}"), 1_700_000_000_000 + n);
            let member = json!({ "id": user, "name": format!("Name of user {n}"), "roomRole": "member", "status": "active", "joinedAt": at });
            for call in [
                vec!["ZADD".to_owned(), keys.members(), at.to_string(), user.clone()],
                vec!["HSET".to_owned(), keys.belongs(), user.clone(), "1-0".to_owned()],
                vec!["HSET".to_owned(), keys.presence(), user.clone(), member.to_string()],
                vec![
                    "HSET".to_owned(),
                    keys.connections(),
                    user.clone(),
                    format!("{user}-connection"),
                ],
            ] {
                let mut cmd = redis::cmd(&call[0]);
                cmd.arg(&call[1..]);
                batch.add(cmd);
            }
        }
        batch.run(&stage.redis, stage.node).await.expect("filled");
    }
    fill_messages(stage, &keys).await
}

async fn fill_messages(stage: &mut Stage, keys: &RoomKeys) -> String {
    let mut ids = Vec::new();
    for _ in 0..MESSAGES {
        ids.push(EventId { ms: stage.clock.ms + 1 + ids.len() as u64, seq: 0 });
    }
    for ids in ids.chunks(1_000) {
        let mut batch = Batch::default();
        for id in ids {
            let message = format!(
                concat!(
                    r#"{{"id":"{}","roomId":"{}","sender":{{"id":"user-1","name":"Name"}},"kind":"text","content":"#,
                    "\n\"{}\"\n",
                    r#","mentions":[],"reactions":"#,
                    "\n{{}}\n",
                    r#","createdAt":{}}}"#,
                ),
                id,
                stage.room,
                "x".repeat(200),
                id.ms,
            );
            let mut cmd = redis::cmd("XADD");
            cmd.arg(keys.order()).arg(id.to_string()).arg(&["by", "user-1"]);
            batch.add(cmd);
            let mut cmd = redis::cmd("HSET");
            cmd.arg(keys.messages()).arg(id.to_string()).arg(message);
            batch.add(cmd);
            let mut cmd = redis::cmd("XADD");
            cmd.arg(keys.log()).arg(id.to_string()).arg(&[
                "term",
                "1",
                "prev",
                "1-0",
                "origin",
                "",
                "message-received",
            ]);
            cmd.arg(id.to_string());
            batch.add(cmd);
        }
        batch.run(&stage.redis, stage.node).await.expect("filled");
    }
    stage.clock.ms += MESSAGES + 1;
    ids[ids.len() / 2].to_string()
}
