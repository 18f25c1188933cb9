//! The private servers: they start, keep what they should, and leave nothing behind.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{command, durable, until};
use lua::Redis;
use lua::id::Partition;
use lua::server::{Options, Private, PrivateCluster};
use lua::topology::Settings;

fn exists(pid: u32) -> bool {
    Path::new(&format!("/proc/{pid}")).exists()
}

#[tokio::test]
async fn a_dropped_server_is_gone_with_its_files() {
    let server = Private::start(Options::default()).await.unwrap();
    let (pid, dir) = (server.pid().unwrap(), server.dir().to_owned());
    assert!(exists(pid) && dir.exists());
    drop(server);
    assert!(!exists(pid) && !dir.exists());
}

#[tokio::test]
async fn a_restarted_server_has_the_same_port_and_its_data() {
    let mut server = Private::start(durable()).await.unwrap();
    let (port, pid) = (server.port(), server.pid());
    let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
    let node = redis.nodes()[0];
    command::<()>(&redis, node, &["SET", "kept", "yes"]).await;
    server.restart().await.unwrap();
    assert_eq!(server.port(), port);
    assert_ne!(server.pid(), pid);
    let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
    assert_eq!(command::<String>(&redis, node, &["GET", "kept"]).await, "yes");
}

#[tokio::test]
async fn a_stopped_server_has_written_its_data() {
    let dir = std::env::temp_dir().join(format!("realtime-stop-{}", std::process::id()));
    let options = Options { dir: Some(dir.clone()), appendonly: true, ..Options::default() };
    let server = Private::start(options.clone()).await.unwrap();
    let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
    command::<()>(&redis, redis.nodes()[0], &["SET", "kept", "yes"]).await;
    server.stop().await.unwrap();
    let server = Private::start(options).await.unwrap();
    let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
    assert_eq!(command::<String>(&redis, redis.nodes()[0], &["GET", "kept"]).await, "yes");
    drop(server);
    std::fs::remove_dir_all(dir).unwrap();
}

#[tokio::test]
async fn a_server_that_cannot_start_says_why() {
    let options =
        Options { args: vec!["--no-such-option".into(), "1".into()], ..Options::default() };
    let error = Private::start(options).await.unwrap_err().to_string();
    assert!(error.contains("no-such-option"), "{error}");
}

#[tokio::test]
async fn a_cluster_serves_all_slots_soon_after_its_start() {
    let begun = Instant::now();
    let cluster = PrivateCluster::start(3).await.unwrap();
    let took = begun.elapsed();
    println!("cluster of 3 after {took:?}");
    // Redis itself waits for 2 s.
    assert!(took < Duration::from_secs(6), "{took:?}");
    let redis = Redis::connect(&Settings::new(cluster.url())).await.unwrap();
    assert_eq!(redis.nodes().len(), 3);
    for partition in Partition::all() {
        let key = lua::key::intake(partition);
        command::<i64>(&redis, redis.node_of(partition), &["XLEN", &key]).await;
    }
}

/// The other half of the next test: starts a server, tells its process id, and waits to be killed.
#[tokio::test]
#[ignore = "run by a_server_ends_when_its_owner_is_killed"]
async fn owner() {
    let server = Private::start(Options::default()).await.unwrap();
    println!("pid {}", server.pid().unwrap());
    std::future::pending::<()>().await;
}

#[tokio::test]
async fn a_server_ends_when_its_owner_is_killed() {
    use std::io::{BufRead, BufReader};
    let mut owner = std::process::Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "owner", "--nocapture"])
        .stdout(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(owner.stdout.take().unwrap()).lines();
    let pid: u32 = lines
        .map_while(Result::ok)
        .find_map(|line| line.split_once("pid ")?.1.trim().parse().ok())
        .expect("the owner tells the process id");
    assert!(exists(pid));
    owner.kill().unwrap();
    owner.wait().unwrap();
    until("the server ends", async || !exists(pid)).await;
}
