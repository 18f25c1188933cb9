//! Connections against real servers: what an operator is told, and that they come back.

mod common;

use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use common::{Server, both, command, each_topology, until};
use lua::Redis;
use lua::id::Partition;
use lua::key;
use lua::server::{Options, Private};
use lua::topology::{ConnectError, Settings, Trouble, classify};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn refused(url: &str) -> String {
    let timeout = Duration::from_millis(500);
    let settings =
        Settings { url: url.to_owned(), command_timeout: timeout, connect_timeout: timeout };
    let error = Redis::connect(&settings).await.err().expect("it is refused");
    let sentence = error.to_string();
    println!("{sentence}");
    assert!(!sentence.contains("s3cret") && !sentence.contains('\n'), "{sentence}");
    sentence
}

async fn private(args: &[&str]) -> Private {
    let args = args.iter().map(|arg| (*arg).to_owned()).collect();
    Private::start(Options { args, ..Options::default() }).await.expect("a private Redis")
}

#[tokio::test]
async fn what_cannot_be_reached_is_said_in_one_sentence() {
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let sentence = refused(&format!("redis://ann:s3cret@{gone}")).await;
    assert!(sentence.contains("connection refused") && sentence.contains(&gone.to_string()));
    assert!(refused("redis://:s3cret@no-such-host.invalid").await.contains("cannot be reached"));

    let silent = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", silent.local_addr().unwrap());
    assert!(refused(&url).await.contains("does not answer within 500 ms"));

    let other = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", other.local_addr().unwrap());
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = other.accept().await {
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        }
    });
    assert!(refused(&url).await.contains("not like a Redis"));

    let cut = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("redis://{}", cut.local_addr().unwrap());
    tokio::spawn(async move { while cut.accept().await.is_ok() {} });
    assert!(refused(&url).await.contains("closed the connection"));
}

#[tokio::test]
async fn a_wrong_login_is_said_and_a_right_one_works() {
    let server = private(&["--requirepass", "s3cret"]).await;
    let port = server.port();
    assert!(refused(&server.url()).await.contains("wants a password"));
    assert!(refused(&format!("redis://:no@127.0.0.1:{port}")).await.contains("refuses the user"));
    let redis = Redis::connect(&Settings::new(format!("redis://:s3cret@127.0.0.1:{port}"))).await;
    let redis = redis.expect("the password is right");
    let node = redis.nodes()[0];
    command::<()>(&redis, node, &["ACL", "SETUSER", "ann", "on", ">s3cret", "~*", "&*", "+@all"])
        .await;
    let url = format!("redis://ann:s3cret@127.0.0.1:{port}/2");
    Redis::connect(&Settings::new(&url)).await.expect("the user may do everything");
    command::<()>(&redis, node, &["ACL", "SETUSER", "ann", "-info"]).await;
    let sentence = refused(&url).await;
    assert!(sentence.contains("lacks a permission") && sentence.contains("info"), "{sentence}");
}

#[tokio::test]
async fn a_url_for_another_kind_of_server_is_corrected() {
    let server = Server::cluster().await;
    let single = private(&[]).await;
    let wrong = server.url().replace("redis+cluster", "redis");
    let wrong = wrong.split(',').next().unwrap();
    assert!(refused(wrong).await.contains("write redis+cluster:// in place of redis://"));
    let wrong = single.url().replace("redis:", "redis+cluster:");
    assert!(refused(&wrong).await.contains("write redis:// in place of redis+cluster://"));

    let replica = private(&["--replicaof", &format!("127.0.0.1 {}", single.port())]).await;
    assert!(refused(&replica.url()).await.contains("read-only replica"));
    // One node that answers is enough.
    let gone = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let url = server.url().replace("://", &format!("://{gone},"));
    assert_eq!(
        Redis::connect(&Settings::new(url)).await.expect("two seeds are left").nodes().len(),
        3
    );
}

#[tokio::test]
async fn the_first_start_writes_the_layout_and_another_layout_is_refused() {
    both(async |server: Server| {
        let redis = server.connect().await;
        let node = redis.node_of_key(key::META);
        let meta: Vec<String> =
            command(&redis, node, &["HMGET", key::META, "partitions", "layout"]).await;
        assert_eq!(meta, ["256", "1"]);
        server.connect().await;
        command::<()>(&redis, node, &["HSET", key::META, "partitions", "64"]).await;
        let error =
            Redis::connect(&Settings::new(server.url())).await.err().expect("it is refused");
        let (field, found, expected) = ("partitions", "64".to_owned(), "256".to_owned());
        assert_eq!(error, ConnectError::OtherLayout { field, found, expected });
        let kept: String = command(&redis, node, &["HGET", key::META, "partitions"]).await;
        assert_eq!(kept, "64", "nothing was overwritten");
    })
    .await;
}

#[tokio::test]
async fn every_partition_is_on_the_node_that_serves_its_slot() {
    each_topology(async |redis| {
        for partition in Partition::all() {
            let node = redis.node_of(partition);
            command::<i64>(&redis, node, &["HLEN", &key::position(partition)]).await;
            assert_eq!(node, redis.node_of_key(&key::position(partition)));
        }
        assert!(redis.ping().await.unwrap() < Duration::from_secs(1));
    })
    .await;
}

#[tokio::test]
async fn a_restarted_server_is_used_again_at_once_with_scripts_and_a_new_run_id() {
    both(async |mut server: Server| {
        let redis = server.connect().await;
        let node = redis.nodes()[0];
        let before = redis.run_id(node).expect("it is up");
        server.process(&redis, node).kill();
        until("the loss is noticed", async || !redis.is_up(node)).await;
        let begun = Instant::now();
        let error = redis.connection(node).await.expect_err("it is down");
        assert_eq!(classify(&error), Trouble::Gone);
        assert_eq!(redis.run_id(node), None);
        assert!(redis.ping().await.is_err());
        assert!(begun.elapsed() < Duration::from_millis(50), "callers do not wait");
        server.process(&redis, node).restart().await.unwrap();
        let took = until("it is back", async || redis.is_up(node)).await;
        println!("connection back {took:?} after the restart");
        assert!(took < Duration::from_secs(1), "{took:?}");
        assert_ne!(redis.run_id(node).expect("it is up"), before);
        for script in lua::script::all() {
            let known: Vec<i64> =
                command(&redis, node, &["SCRIPT", "EXISTS", script.get_hash()]).await;
            assert_eq!(known, [1], "scripts are loaded before the connection is shown");
        }
    })
    .await;
}

#[tokio::test]
async fn a_silent_server_does_not_hang_callers_and_is_used_again() {
    both(async |server: Server| {
        let timeout = Duration::from_millis(300);
        let settings =
            Settings { url: server.url(), command_timeout: timeout, connect_timeout: timeout };
        let redis = Redis::connect(&settings).await.unwrap();
        let node = redis.nodes()[0];
        command::<()>(&redis, node, &["CLIENT", "PAUSE", "3000", "ALL"]).await;
        let begun = Instant::now();
        let mut connection = redis.connection(node).await.unwrap();
        let answer = redis::cmd("PING").query_async::<()>(&mut connection).await;
        assert_eq!(classify(&answer.expect_err("nobody answers")), Trouble::Timeout);
        assert!(begun.elapsed() < Duration::from_secs(1));
        until("it counts as down", async || !redis.is_up(node)).await;
        let took = until("it is back", async || redis.ping().await.is_ok()).await;
        assert!(took < Duration::from_secs(5), "{took:?}");
    })
    .await;
}

#[tokio::test]
async fn scripts_that_were_flushed_are_loaded_again_on_demand() {
    static SCRIPT: std::sync::LazyLock<redis::Script> =
        std::sync::LazyLock::new(|| redis::Script::new("return 1"));
    each_topology(async |redis| {
        let node = redis.nodes()[0];
        let mut connection = redis.connection(node).await.unwrap();
        let mut call = redis::cmd("EVALSHA");
        call.arg(SCRIPT.get_hash()).arg(0);
        let error = call.query_async::<i64>(&mut connection).await.unwrap_err();
        assert_eq!(classify(&error), Trouble::NoScript);
        for node in redis.nodes() {
            command::<()>(&redis, node, &["SCRIPT", "FLUSH"]).await;
        }
        redis.load_scripts().await.unwrap();
        for script in lua::script::all() {
            for node in redis.nodes() {
                let known: Vec<i64> =
                    command(&redis, node, &["SCRIPT", "EXISTS", script.get_hash()]).await;
                assert_eq!(known, [1]);
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_replica_that_takes_over_is_followed() {
    let mut server = Server::cluster().await;
    let Server::Cluster(cluster) = &mut server else { unreachable!("it was started as one") };
    cluster.add_replica(0).await.unwrap();
    let redis = server.connect().await;
    let first = server.nodes()[0].port().to_string();
    let partition = Partition::all()
        .find(|partition| redis.address(redis.node_of(*partition)).ends_with(&first))
        .expect("the first node has some");
    let lost = redis.node_of(partition);
    let mut changes = redis.changes();
    server.nodes()[0].kill();
    changes.changed().await.unwrap();
    assert_ne!(redis.node_of(partition), lost);
    assert!(!redis.nodes().contains(&lost));
    let took = until("the replica serves writes", async || {
        let Ok(mut connection) = redis.connection(redis.node_of(partition)).await else {
            return false;
        };
        let mut set = redis::cmd("HSET");
        set.arg(key::position(partition)).arg("probe").arg(1);
        set.query_async::<()>(&mut connection).await.is_ok()
    })
    .await;
    println!("writes {took:?} after the slot table changed");
    until("all primaries are up", async || redis.ping().await.is_ok()).await;
}

#[tokio::test]
async fn exclusive_connections_block_without_a_timeout_and_are_bounded() {
    each_topology(async |redis| {
        let node = redis.nodes()[0];
        let partition =
            Partition::all().find(|partition| redis.node_of(*partition) == node).unwrap();
        let mut connection = redis.exclusive(node).await.unwrap();
        let mut pop = redis::cmd("BLPOP");
        pop.arg(key::due(partition)).arg(3);
        let begun = Instant::now();
        let nothing: Option<(String, String)> = pop.query_async(&mut connection).await.unwrap();
        assert_eq!(nothing, None);
        assert!(begun.elapsed() > Duration::from_secs(2), "longer than the command timeout");
        let mut held = vec![connection];
        while let Ok(connection) = redis.exclusive(node).await {
            held.push(connection);
        }
        assert_eq!(held.len(), 16);
    })
    .await;
}

/// A key and a certificate for 127.0.0.1, and a server that uses them at a second port.
async fn with_tls(dir: &Path) -> (Private, String) {
    std::fs::create_dir_all(dir).expect("a directory for the files");
    let path = |name: &str| dir.join(name).to_str().expect("a plain path").to_owned();
    let made = Command::new("openssl")
        .args(["req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"])
        .args(["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1", "-days", "2"])
        .args(["-addext", "basicConstraints=critical,CA:FALSE"])
        .args(["-keyout", &path("key.pem"), "-out", &path("cert.pem")])
        .output()
        .expect("openssl is installed");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = free.local_addr().expect("it is bound").port();
    drop(free);
    let args = [
        ["--tls-port", &port.to_string()],
        ["--tls-cert-file", &path("cert.pem")],
        ["--tls-key-file", &path("key.pem")],
        ["--tls-ca-cert-file", &path("cert.pem")],
        ["--tls-auth-clients", "no"],
    ];
    (private(args.as_flattened()).await, format!("rediss://127.0.0.1:{port}"))
}

#[tokio::test]
async fn tls_needs_a_trusted_certificate() {
    let dir = std::env::temp_dir().join(format!("realtime-tls-{}", std::process::id()));
    let (plain, url) = with_tls(&dir).await;
    let sentence = refused(&url).await;
    assert!(sentence.contains("certificate") && sentence.contains("SSL_CERT_FILE"), "{sentence}");
    assert!(refused(&url.replace("rediss", "redis")).await.contains("does it expect TLS"));
    assert!(refused(&plain.url().replace("redis", "rediss")).await.contains("TLS with Redis"));
    // Trust is read from the environment, so a process of its own has it.
    let trusting = Command::new(std::env::current_exe().unwrap())
        .args(["--ignored", "--exact", "over_tls", "--nocapture"])
        .env("SSL_CERT_FILE", dir.join("cert.pem"))
        .env("TEST_REDIS_URL", &url)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&trusting.stdout);
    assert!(said.contains("works over TLS"), "{said}");
    std::fs::remove_dir_all(dir).unwrap();
}

/// The other half of the test above.
#[tokio::test]
#[ignore = "run by tls_needs_a_trusted_certificate"]
#[allow(clippy::disallowed_methods)]
async fn over_tls() {
    let redis = Redis::connect(&Settings::new(std::env::var("TEST_REDIS_URL").unwrap())).await;
    let redis = redis.unwrap();
    redis.ping().await.unwrap();
    redis.exclusive(redis.nodes()[0]).await.unwrap();
    println!("works over TLS");
}
