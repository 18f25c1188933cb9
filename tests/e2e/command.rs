//! The one command: `realtime dev` from start to Ctrl-C, and one clear sentence for what cannot be.

use std::path::Path;
use std::process::Stdio;

use harness::{Client, Process, Topology, free_port, http, token, until, within};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::start;

const PROGRAM: &str = env!("CARGO_BIN_EXE_realtime");

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dev_runs_everything_until_ctrl_c_and_keeps_the_data() {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("dev-{}", free_port()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let port = free_port();
    let url = format!("http://127.0.0.1:{port}");
    let data = folder.join("data");
    let (data, port) = (data.to_string_lossy(), port.to_string());
    let args = ["dev", "--edges", "1", "--port", &port, "--data", &data];
    let mut dev = Process::start(&folder, "dev", Path::new(PROGRAM), &args, Vec::new());

    let shown = until_shown(&mut dev, "Ctrl-C").await;
    assert!(shown.contains(&format!("http://localhost:{port}")), "{shown}");
    let token = shown.lines().find(|line| line.starts_with("eyJ")).expect("a token that is shown");
    let ada = Client::connect(&url, token).await;
    ada.ok("join-room", json!({ "roomId": "lobby" })).await;
    ada.ok("send-message", json!({ "roomId": "lobby", "content": "kept" })).await;
    assert_eq!(http::get(&url, "/ready").await.status, 200, "dev has it on the clients' port");
    let anyone = http::post(&url, "/dev/token", r#"{"user":"eve"}"#).await;
    assert_eq!(anyone.status, 200, "{}", anyone.body);

    dev.signal("INT");
    assert_eq!(until_ended(&mut dev).await, Some(0));
    drop(ada);
    dev.start_again();
    let eve: Value = serde_json::from_str(&anyone.body).expect("JSON");
    let eve = until("dev to serve again", || async {
        http::request(&url, "GET", "/health", &[], "").await.ok()?;
        Some(Client::connect(&url, eve["token"].as_str().expect("a token")).await)
    })
    .await;
    let history = eve.ok("get-messages", json!({ "roomId": "lobby" })).await;
    assert_eq!(history["messages"][0]["content"], "kept");
    dev.signal("TERM");
    assert_eq!(until_ended(&mut dev).await, Some(0));
    std::fs::remove_dir_all(&folder).expect("the folder can go");
}

/// A role, its environment, and what the sentence must name.
type Case<'a> = (&'a str, &'a [(&'a str, &'a str)], &'a str);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_is_said_in_one_sentence() {
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let taken = taken.local_addr().expect("bound").port().to_string();
    let nobody = format!("redis://127.0.0.1:{}", free_port());
    let secret = ("JWT_SECRET", token::SECRET);
    let production = ("APP_ENV", "production");
    let cases: [Case; 9] = [
        ("edge", &[], "JWT_SECRET"),
        ("edge", &[("JWT_SECRET", "secret"), production], "JWT_SECRET"),
        ("edge", &[secret, ("PORT", "many")], "port"),
        ("edge", &[secret, ("PORT", "4000"), ("ADMIN_PORT", "4000")], "ADMIN_PORT"),
        ("edge", &[secret, ("REDIS_URL", "postgres://localhost")], "REDIS_URL"),
        (
            "worker",
            &[("REDIS_URL", "redis+sentinel://localhost:26379")],
            "does not name the primary",
        ),
        ("worker", &[("REDIS_URL", &nobody)], "Redis"),
        ("worker", &[("SCRIPTS_DIR", "/nowhere")], "cannot be read"),
        ("dev", &[("PORT", &taken)], "in use"),
    ];
    for (role, env, named) in cases {
        let mut command = Command::new(PROGRAM);
        command.arg(role).env_clear().env("BIND_ADDRESS", "127.0.0.1").kill_on_drop(true);
        if role == "edge" {
            command.env("PORT", free_port().to_string()).env("ADMIN_PORT", free_port().to_string());
        }
        command.envs(env.iter().copied()).current_dir(env!("CARGO_TARGET_TMPDIR"));
        let output = within(role, command.stdin(Stdio::null()).output()).await.expect("it starts");
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(!output.status.success(), "{role} {env:?} went on: {said}");
        assert!(said.contains(named), "{role} {env:?}: {said}");
        assert_eq!(said.trim().lines().count(), 1, "{role} {env:?}: {said}");
        assert!(!said.contains(token::SECRET), "{role} {env:?} shows the secret");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inspect_shows_partitions_and_one_messages_path() {
    let stack = start(Topology::Single).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    let sent = ana.ok("send-message", json!({ "roomId": "graphs", "content": "hello" })).await;
    let id = sent["message"]["id"].as_str().expect("an id");
    let shown = stack.command(PROGRAM, &["inspect", "partitions"]).await;
    assert!(shown.contains("p241"), "the partition of \"graphs\" by its CRC-32: {shown}");
    let shown = stack.command(PROGRAM, &["inspect", "event", id]).await;
    assert!(shown.contains("send-message") && shown.contains("graphs"), "{shown}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_drained_edge_and_worker_end_with_success() {
    let mut stack = start(Topology::Single).await;
    let ana = stack.client(0, "ana").await;
    let ben = stack.client(1, "ben").await;
    ana.ok("join-room", json!({ "roomId": "graphs" })).await;
    stack.edge(0).signal("TERM");
    ana.until_closed().await;
    assert_eq!(until_ended(stack.edge(0)).await, Some(0));
    stack.worker(0).signal("TERM");
    assert_eq!(until_ended(stack.worker(0)).await, Some(0));
    // What it owned is the other worker's at once.
    ben.ok("join-room", json!({ "roomId": "graphs" })).await;
}

async fn until_shown(process: &mut Process, text: &str) -> String {
    until(&format!("{text:?} to be shown"), || {
        let shown = process.log();
        assert_eq!(process.ended(), None, "it ended: {shown}");
        async move { shown.contains(text).then_some(shown) }
    })
    .await
}

async fn until_ended(process: &mut Process) -> Option<i32> {
    until("the process to end", || {
        let ended = process.ended();
        async move { ended }
    })
    .await
}
