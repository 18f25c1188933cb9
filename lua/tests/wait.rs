//! What may leave in mode `replica`: what replicas have, whoever wrote it.

mod common;

use std::process::Command;
use std::time::{Duration, Instant};

use common::{command, until};
use lua::batch::Batch;
use lua::durability::{Durability, Safety};
use lua::server::{Options, Private};
use lua::topology::Settings;
use lua::{Redis, Value};

fn signal(server: &Private, name: &str) {
    let pid = server.pid().expect("it runs").to_string();
    let sent = Command::new("sh").args(["-c", "kill -s \"$0\" \"$1\"", name, &pid]).status();
    assert!(sent.is_ok_and(|status| status.success()));
}

fn get() -> Batch {
    let (mut batch, mut get) = (Batch::default(), redis::cmd("GET"));
    get.arg("rt:{p0}:a");
    batch.add(get);
    batch
}

#[tokio::test]
async fn what_was_read_may_leave_once_replicas_have_what_was_written_before() {
    // The replica gets its copy at once.
    let at_once = ["--repl-diskless-sync-delay", "0"].map(str::to_owned).to_vec();
    let options = Options { args: at_once, ..Options::default() };
    let primary = Private::start(options).await.expect("a private Redis");
    let follows = vec!["--replicaof".to_owned(), format!("127.0.0.1 {}", primary.port())];
    let options = Options { args: follows, ..Options::default() };
    let replica = Private::start(options).await.expect("a replica");
    let redis = Redis::connect(&Settings::new(primary.url())).await.expect("a connection");
    let node = redis.nodes()[0];
    until("the replica to follow", async || {
        let info: String = command(&redis, node, &["INFO", "replication"]).await;
        info.contains("state=online")
    })
    .await;
    let safety = Safety { durability: Durability::Replica, ..Safety::default() };
    let kept = get().run_kept(&redis, node, &safety, || true).await.expect("all is replicated");
    assert_eq!(kept, [Value::Nil]);

    signal(&replica, "STOP");
    let _: String = command(&redis, node, &["SET", "rt:{p0}:a", "1"]).await;
    let begun = Instant::now();
    let patience = || begun.elapsed() < Duration::from_millis(700);
    // It has written nothing itself, and what it read could still be lost.
    let early = get().run_kept(&redis, node, &safety, patience).await;
    assert!(early.is_err(), "{early:?}");
    let (local, stopped) = (Safety::default(), safety.clone());
    assert!(get().run_kept(&redis, node, &local, || true).await.is_ok(), "in another mode");
    stopped.stop.cancel();
    assert!(get().run_kept(&redis, node, &stopped, || true).await.is_err(), "nobody waits on");

    signal(&replica, "CONT");
    let safety = Safety { durability: Durability::Replica, ..Safety::default() };
    let kept = get().run_kept(&redis, node, &safety, || true).await.expect("the replica is back");
    assert_eq!(kept, [Value::BulkString(b"1".to_vec())]);
}
