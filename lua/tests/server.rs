//! The private servers: they start, keep what they should, and leave nothing behind.

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use common::{command, durable, until};
use lua::Redis;
use lua::id::Partition;
use lua::server::{Options, Private, PrivateCluster, PrivateSentinel};
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

#[tokio::test]
async fn a_slot_with_keys_moves_and_a_replica_takes_over() {
    let begun = Instant::now();
    let cluster = PrivateCluster::start_replicated(3, &Options::default()).await.unwrap();
    println!("cluster of 3 with 3 replicas after {:?}", begun.elapsed());
    let redis = Redis::connect(&Settings::new(cluster.url())).await.unwrap();
    let partition = Partition::new(7).unwrap();
    let key = lua::key::intake(partition);
    let from = redis.node_of(partition);
    command::<String>(&redis, from, &["XADD", &key, "1-1", "kept", "yes"]).await;
    let at = |address: &str| {
        cluster.nodes.iter().position(|node| address.ends_with(&node.port().to_string())).unwrap()
    };
    let from_server = at(&redis.address(from));
    let to = (from_server + 1) % 3;
    cluster.move_slot(partition.slot(), to).await.unwrap();
    until("the slot table tells of it", async || {
        redis.refresh().await;
        redis.node_of(partition) != from
    })
    .await;
    assert_eq!(at(&redis.address(redis.node_of(partition))), to);
    assert_eq!(command::<i64>(&redis, redis.node_of(partition), &["XLEN", &key]).await, 1);
    cluster.failover(3 + to).await.unwrap();
    until("the replica is used", async || {
        redis.refresh().await;
        let node = redis.node_of(partition);
        at(&redis.address(node)) == 3 + to && redis.is_up(node)
    })
    .await;
    assert_eq!(command::<i64>(&redis, redis.node_of(partition), &["XLEN", &key]).await, 1);
}

#[tokio::test]
async fn sentinels_name_the_replica_that_took_over() {
    let begun = Instant::now();
    let mut servers = PrivateSentinel::start().await.unwrap();
    println!("three servers and three sentinels after {:?}", begun.elapsed());
    assert_eq!(servers.primary().await, 0);
    let begun = Instant::now();
    servers.failover().await.unwrap();
    println!("planned failover after {:?}", begun.elapsed());
    let begun = Instant::now();
    let second = servers.kill_primary().await;
    assert_ne!(second, 0);
    servers.until_switched(second).await.unwrap();
    println!("another primary {:?} after the kill", begun.elapsed());
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
