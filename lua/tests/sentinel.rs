//! Behind sentinels: the primary is found, followed over failovers, and what is wrong is said.

mod common;

use std::time::{Duration, Instant};

use common::{command, until};
use lua::Redis;
use lua::server::{Options, Private, PrivateCluster, PrivateSentinel};
use lua::topology::{NodeId, Settings, Trouble, classify};

const NODE: NodeId = NodeId(0);

async fn connect(servers: &PrivateSentinel) -> Redis {
    Redis::connect(&Settings::new(servers.url())).await.expect("a connection")
}

async fn refused(url: &str) -> String {
    let sentence =
        Redis::connect(&Settings::new(url)).await.err().expect("it is refused").to_string();
    println!("{sentence}");
    sentence
}

/// The port that the connection leads to.
async fn port(redis: &Redis) -> Option<u16> {
    let mut connection = redis.connection(NODE).await.ok()?;
    let mut ask = redis::cmd("CONFIG");
    let (_, port): (String, u16) =
        ask.arg("GET").arg("port").query_async(&mut connection).await.ok()?;
    Some(port)
}

#[tokio::test]
async fn a_planned_failover_loses_nothing_and_a_killed_primary_is_replaced() {
    let mut servers = PrivateSentinel::start().await.unwrap();
    let redis = connect(&servers).await;
    assert_eq!(redis.nodes(), [NODE]);
    assert_eq!(redis.replicas(NODE), 2);
    assert_eq!(port(&redis).await, Some(servers.servers[0].port()));
    let before = redis.run_id(NODE);

    // Blocks in Redis for longer than a failover takes.
    let mut blocked = redis.exclusive(NODE).await.unwrap().detach();
    let blocked = tokio::spawn(async move {
        let mut pop = redis::cmd("BLPOP");
        pop.arg("nothing").arg(60).query_async::<redis::Value>(&mut blocked).await
    });

    // Everything that is acknowledged is there afterwards: the old primary is left before the replica
    // is promoted.
    let writer = tokio::spawn({
        let redis = redis.clone();
        async move {
            let (mut acknowledged, mut refused) = (0, 0);
            let begun = Instant::now();
            while begun.elapsed() < Duration::from_secs(6) {
                let Ok(mut connection) = redis.connection(NODE).await else {
                    refused += 1;
                    tokio::time::sleep(Duration::from_millis(1)).await;
                    continue;
                };
                let next = acknowledged + 1;
                let set = redis::cmd("SADD").arg("written").arg(next).to_owned();
                if set.query_async::<i64>(&mut connection).await.is_ok() {
                    acknowledged = next;
                }
            }
            (acknowledged, refused)
        }
    });
    until("the writer writes", async || {
        command::<usize>(&redis, NODE, &["SCARD", "written"]).await > 1_000
    })
    .await;
    servers.failover().await.unwrap();
    let switched = Instant::now();
    let promoted = servers.servers[servers.primary().await].port();
    until("the new primary is used", async || port(&redis).await == Some(promoted)).await;
    println!("new primary {:?} after the switch", switched.elapsed());
    assert!(switched.elapsed() < Duration::from_secs(1));
    assert_ne!(redis.run_id(NODE), before);
    let error = blocked.await.unwrap().expect_err("what blocked there was told");
    assert_eq!(classify(&error), Trouble::Gone);
    let (acknowledged, refused) = writer.await.unwrap();
    let kept: usize = command(&redis, NODE, &["SCARD", "written"]).await;
    println!("{acknowledged} acknowledged, {kept} kept, {refused} times nobody there");
    assert!(kept >= acknowledged, "{acknowledged} acknowledged, {kept} kept");

    let second = servers.kill_primary().await;
    let killed = Instant::now();
    servers.until_switched(second).await.unwrap();
    let switched = Instant::now();
    let promoted = servers.servers[servers.primary().await].port();
    until("the new primary is used", async || port(&redis).await == Some(promoted)).await;
    println!(
        "new primary {:?} after the kill, {:?} after the switch",
        killed.elapsed(),
        switched.elapsed()
    );
    assert!(switched.elapsed() < Duration::from_secs(1));
    redis.exclusive(NODE).await.unwrap();
    until("the dead server counts no more", async || redis.replicas(NODE) == 1).await;
}

#[tokio::test]
async fn one_sentinel_is_enough_and_replicas_are_counted() {
    let mut servers = PrivateSentinel::start().await.unwrap();
    servers.sentinels[0].kill();
    servers.sentinels[1].kill();
    let redis = connect(&servers).await;
    assert_eq!(redis.replicas(NODE), 2);
    servers.servers[2].kill();
    until("a dead replica counts no more", async || redis.replicas(NODE) == 1).await;
    servers.servers[2].restart().await.unwrap();
    until("it counts again", async || redis.replicas(NODE) == 2).await;

    // Without any sentinel, too, a primary that becomes a replica is left.
    servers.sentinels[2].kill();
    let address = format!("127.0.0.1 {}", servers.servers[1].port());
    let (host, other) = address.split_once(' ').unwrap();
    command::<()>(&redis, NODE, &["REPLICAOF", host, other]).await;
    let took = until("it is left", async || !redis.is_up(NODE)).await;
    assert!(took < Duration::from_secs(3), "{took:?}");
}

#[tokio::test]
async fn what_is_wrong_with_sentinels_is_said_in_one_sentence() {
    let mut servers = PrivateSentinel::start().await.unwrap();
    let url = servers.url();
    assert!(refused(&url.replace("/main", "/other")).await.contains("watches no primary"));
    let direct = servers.servers[0].port();
    let sentence = refused(&format!("redis+sentinel://127.0.0.1:{direct}/main")).await;
    assert!(sentence.contains("is no Redis Sentinel"));
    let sentinel = servers.sentinels[0].port();
    let sentence = refused(&format!("redis://127.0.0.1:{sentinel}")).await;
    assert!(sentence.contains("write redis+sentinel://127.0.0.1:"), "{sentence}");

    // A login of their own.
    for sentinel in &servers.sentinels {
        let client = redis::Client::open(sentinel.url()).unwrap();
        let mut connection = client.get_multiplexed_async_connection().await.unwrap();
        let mut set = redis::cmd("ACL");
        set.arg("SETUSER").arg("default").arg("resetpass").arg(">s3cret");
        set.query_async::<()>(&mut connection).await.expect("sentinels take a password");
    }
    assert!(refused(&url).await.contains("add ?sentinel_password="));
    let wrong = refused(&format!("{url}?sentinel_password=no")).await;
    assert!(wrong.contains("refuses sentinel_user or sentinel_password"), "{wrong}");
    let right = format!("{url}?sentinel_password=s3cret");
    Redis::connect(&Settings::new(&right)).await.expect("the right password");

    servers.servers[0].kill();
    let sentence = refused(&right).await;
    assert!(sentence.contains("cannot be reached from here"), "{sentence}");
    for sentinel in &mut servers.sentinels {
        sentinel.kill();
    }
    assert!(refused(&right).await.contains("no sentinel can be asked where main is"));
}

#[tokio::test]
async fn replicas_of_one_server_and_of_a_cluster_are_counted() {
    let server = Private::start(Options::default()).await.unwrap();
    let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
    assert_eq!(redis.replicas(NODE), 0);
    let args = ["--replicaof".to_owned(), format!("127.0.0.1 {}", server.port())].to_vec();
    let replica = Private::start(Options { args, ..Options::default() }).await.unwrap();
    until("it has one", async || {
        redis.refresh().await;
        redis.replicas(NODE) == 1
    })
    .await;
    drop(replica);
    until("it has none", async || redis.replicas(NODE) == 0).await;

    let mut cluster = PrivateCluster::start_replicated(3, &Options::default()).await.unwrap();
    let redis = Redis::connect(&Settings::new(cluster.url())).await.unwrap();
    until("each has one", async || {
        redis.refresh().await;
        redis.nodes().into_iter().all(|node| redis.replicas(node) == 1)
    })
    .await;
    let first = redis
        .nodes()
        .into_iter()
        .find(|node| redis.address(*node).ends_with(&cluster.nodes[0].port().to_string()));
    cluster.nodes[3].kill();
    let first = first.expect("the first server is a primary");
    until("a dead replica counts no more", async || redis.replicas(first) == 0).await;
}
