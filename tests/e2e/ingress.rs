//! Back ends: events by way of Redis and of the command line, as if they had come over a connection.

use std::process::Output;

use harness::{Options, Stack, Topology, on_each_topology, until, within};
use lua::batch::Batch;
use lua::topology::Settings;
use lua::{Cmd, Redis, Value as Reply, key};
use serde_json::{Value, json};

use crate::{options, start};

on_each_topology![
    a_back_end_speaks_over_redis,
    an_event_is_sent_from_the_command_line,
    a_killed_worker_loses_nothing_of_the_ingress,
];

const PROGRAM: &str = env!("CARGO_BIN_EXE_realtime");

/// Runs a command on the node of a key.
async fn ask(redis: &Redis, key: &str, words: &[&str]) -> Reply {
    let mut command = Cmd::new();
    command.arg(words);
    let mut batch = Batch::default();
    batch.add(command);
    batch.run(redis, redis.node_of_key(key)).await.expect("Redis answers").remove(0)
}

async fn connect(stack: &Stack) -> Redis {
    Redis::connect(&Settings::new(stack.redis_url())).await.expect("Redis is up")
}

async fn write(redis: &Redis, event: &str, payload: &Value, more: &[&str]) {
    let payload = payload.to_string();
    let words = [&["XADD", key::INGRESS, "*", "event", event, "payload", &payload], more].concat();
    let reply = ask(redis, key::INGRESS, &words).await;
    assert!(matches!(reply, Reply::BulkString(_)), "{reply:?}");
}

/// `realtime emit` with these arguments.
async fn emit(stack: &Stack, args: &[&str]) -> Output {
    let mut command = tokio::process::Command::new(PROGRAM);
    command.arg("emit").args(args).env("REDIS_URL", stack.redis_url());
    within("realtime emit", command.output()).await.expect("it starts")
}

fn printed(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

async fn a_back_end_speaks_over_redis(topology: Topology) {
    let stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "results" })).await;
    let redis = connect(&stack).await;
    let said = |content: &str| json!({ "roomId": "results", "content": content });

    write(&redis, "send-message", &said("accepted"), &["as", "judge", "request_id", "1"]).await;
    write(&redis, "send-message", &said("accepted"), &["as", "judge", "request_id", "1"]).await;
    write(&redis, "send-message", &said("by nobody in particular"), &[]).await;
    let first = ana.next("message-received").await["message"].clone();
    assert_eq!((&first["content"], &first["sender"]["id"]), (&json!("accepted"), &json!("judge")));
    let second = ana.next("message-received").await["message"].clone();
    assert_eq!(second["sender"], json!({ "id": "service", "name": "service" }), "once only");

    write(&redis, "send-message", &said(""), &["as", "judge"]).await;
    write(&redis, "close-room", &json!({ "roomId": "elsewhere" }), &[]).await;
    until("both refusals to be kept", || async {
        let length = ask(&redis, key::REFUSED, &["XLEN", key::REFUSED]).await;
        (length == Reply::Int(2)).then_some(())
    })
    .await;
}

async fn an_event_is_sent_from_the_command_line(topology: Topology) {
    let stack = start(topology).await;
    let made = emit(&stack, &["create-room", r#"{"roomId":"news","type":"discussion"}"#]).await;
    assert!(made.status.success(), "{made:?}");
    assert_eq!(printed(&made)["room"]["createdBy"], "service");
    let ana = stack.client(1, "ana").await;
    ana.ok("join-room", json!({ "roomId": "news" })).await;

    let payload = r#"{"roomId":"news","content":"Hello"}"#;
    let args =
        ["send-message", payload, "--user", "bot", "--name", "The bot", "--role", "moderator"];
    let sent = emit(&stack, &args).await;
    assert!(sent.status.success(), "{sent:?}");
    let answer = printed(&sent);
    assert_eq!(answer["ok"], true);
    assert_eq!(answer["message"]["sender"], json!({ "id": "bot", "name": "The bot" }));
    assert_eq!(ana.next("message-received").await["message"], answer["message"]);

    for (args, code) in [
        (["send-message", r#"{"roomId":"nowhere","content":"Hi"}"#], "not-found"),
        (["send-message", r#"{"roomId":"news"}"#], "invalid-payload"),
        (["join-room", r#"{"roomId":"news"}"#], "forbidden"),
        (["dance", "{}"], "unknown-event"),
    ] {
        let refused = emit(&stack, &args).await;
        assert_eq!(refused.status.code(), Some(1), "{refused:?}");
        assert_eq!(printed(&refused)["ok"], false);
        assert_eq!(printed(&refused)["error"]["code"], code, "{refused:?}");
        assert!(String::from_utf8_lossy(&refused.stderr).contains(code), "{refused:?}");
    }
}

async fn a_killed_worker_loses_nothing_of_the_ingress(topology: Topology) {
    let mut stack = start(topology).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "results" })).await;
    let redis = connect(&stack).await;
    for n in 0..200 {
        let payload = json!({ "roomId": "results", "content": n.to_string() });
        write(&redis, "send-message", &payload, &[]).await;
        if n == 60 {
            stack.kill_worker(0);
        }
    }
    for n in 0..200 {
        let message = ana.next("message-received").await;
        assert_eq!(message["message"]["content"], n.to_string(), "in order and once");
    }
    assert_eq!(ana.seen_count("message-received"), 0);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn where_no_worker_runs_the_command_says_so() {
    let stack = Stack::start(Options { edges: 0, workers: 0, ..options(Topology::Single) }).await;
    let args = ["send-message", r#"{"roomId":"a","content":"Hi"}"#, "--timeout", "300ms"];
    let unanswered = emit(&stack, &args).await;
    assert_eq!(unanswered.status.code(), Some(1));
    assert!(unanswered.stdout.is_empty());
    let said = String::from_utf8_lossy(&unanswered.stderr).into_owned();
    assert!(said.contains("no worker answered within 300ms"), "{said}");
}
