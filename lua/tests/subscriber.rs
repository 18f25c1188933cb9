//! The subscriber against real servers: channels arrive in order, and come back whatever happens.

mod common;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::{Duration, Instant};

use common::{Server, both, command, each_topology, until};
use lua::Redis;
use lua::id::Partition;
use lua::key;
use lua::server::{Options, Private};
use lua::subscriber::{Status, Subscriber};
use lua::topology::Settings;
use parking_lot::Mutex;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

/// Channel and payload.
type Publication = (String, Vec<u8>);

/// A subscriber and all that it reported.
struct Ear {
    redis: Redis,
    subscriber: Subscriber,
    heard: Arc<Mutex<Vec<Publication>>>,
    statuses: Arc<Mutex<Vec<Status>>>,
}

impl Ear {
    fn new(redis: Redis) -> Self {
        let heard = Arc::new(Mutex::new(Vec::<Publication>::new()));
        let statuses = Arc::new(Mutex::new(Vec::new()));
        let (hear, note) = (heard.clone(), statuses.clone());
        let subscriber = Subscriber::start(
            redis.clone(),
            move |channel, payload| hear.lock().push((channel.to_owned(), payload.to_vec())),
            move |status| note.lock().push(status),
        );
        Self { redis, subscriber, heard, statuses }
    }

    /// Subscribes to a channel in every fourth partition: many slots, all nodes.
    async fn with_channels(redis: Redis) -> (Self, Vec<(Partition, String)>) {
        let ear = Self::new(redis);
        let channels: Vec<_> = Partition::all()
            .step_by(4)
            .map(|partition| (partition, format!("rt:{}:test", partition.tag())))
            .collect();
        for (partition, channel) in &channels {
            ear.subscriber.subscribe(*partition, channel.clone());
        }
        for (_, channel) in &channels {
            ear.subscriber.wait_subscribed(channel).await.expect("confirmed");
        }
        (ear, channels)
    }

    /// Publishes where the partition is; the number of receivers.
    async fn publish(&self, partition: Partition, channel: &str, payload: &str) -> i64 {
        let node = self.redis.node_of(partition);
        command(&self.redis, node, &["SPUBLISH", channel, payload]).await
    }

    fn count(&self, wanted: impl Fn(&Status) -> bool) -> usize {
        self.statuses.lock().iter().filter(|status| wanted(status)).count()
    }

    fn subscriptions(&self) -> usize {
        self.count(|status| matches!(status, Status::Subscribed(_)))
    }

    fn losses(&self) -> usize {
        self.count(|status| matches!(status, Status::Lost(_)))
    }

    /// Every channel has one receiver and its publication arrives.
    async fn hears_all(&self, channels: &[(Partition, String)], word: &str) {
        for (partition, channel) in channels {
            assert_eq!(self.publish(*partition, channel, word).await, 1, "{channel}");
        }
        until("all channels are heard", async || {
            let heard = self.heard.lock();
            let arrived = heard.iter().filter(|(_, payload)| payload == word.as_bytes()).count();
            arrived == channels.len()
        })
        .await;
    }
}

#[tokio::test]
async fn publications_of_all_nodes_arrive_in_order() {
    each_topology(async |redis| {
        let (ear, channels) = Ear::with_channels(redis).await;
        ear.hears_all(&channels, "first").await;
        let (partition, channel) = &channels[5];
        for number in 0..500 {
            ear.publish(*partition, channel, &number.to_string()).await;
        }
        until("500 arrive", async || ear.heard.lock().len() == channels.len() + 500).await;
        let heard = ear.heard.lock();
        let numbers: Vec<_> = heard[channels.len()..].iter().map(|(_, payload)| payload).collect();
        let sent: Vec<_> = (0..500).map(|number| number.to_string().into_bytes()).collect();
        assert_eq!(numbers, sent.iter().collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn an_unsubscribed_channel_is_silent_and_can_come_back() {
    each_topology(async |redis| {
        let (ear, channels) = Ear::with_channels(redis).await;
        let (partition, channel) = channels[7].clone();
        ear.subscriber.unsubscribe(partition, channel.clone());
        until("nobody receives", async || ear.publish(partition, &channel, "x").await == 0).await;
        assert!(ear.subscriber.wait_subscribed(&channel).await.is_err());
        for _ in 0..100 {
            ear.subscriber.subscribe(partition, channel.clone());
            tokio::task::yield_now().await;
            ear.subscriber.unsubscribe(partition, channel.clone());
            tokio::task::yield_now().await;
        }
        ear.subscriber.subscribe(partition, channel.clone());
        ear.subscriber.wait_subscribed(&channel).await.expect("confirmed");
        ear.heard.lock().clear();
        ear.hears_all(&channels, "again").await;
    })
    .await;
}

#[tokio::test]
async fn channels_come_back_when_the_server_cuts_the_connections() {
    each_topology(async |redis| {
        let (ear, channels) = Ear::with_channels(redis.clone()).await;
        let nodes = redis.nodes();
        for round in 2..4 {
            for node in &nodes {
                let killed: i64 =
                    command(&redis, *node, &["CLIENT", "KILL", "TYPE", "pubsub"]).await;
                assert_eq!(killed, 1);
            }
            until("all are confirmed again", async || {
                ear.subscriptions() == round * channels.len()
            })
            .await;
            assert_eq!(ear.losses(), (round - 1) * nodes.len());
            ear.hears_all(&channels, &format!("round {round}")).await;
        }
    })
    .await;
}

#[tokio::test]
async fn channels_come_back_when_a_server_is_killed_and_started_again() {
    both(async |mut server: Server| {
        let (ear, channels) = Ear::with_channels(server.connect().await).await;
        let node = ear.redis.node_of(channels[3].0);
        server.process(&ear.redis, node).restart().await.expect("it starts again");
        let lost = channels.iter().filter(|(at, _)| ear.redis.node_of(*at) == node).count();
        let took = until("the lost ones are confirmed again", async || {
            ear.subscriptions() == channels.len() + lost
        })
        .await;
        println!("{lost} channels back {took:?} after the restart");
        until("the node is up", async || ear.redis.ping().await.is_ok()).await;
        ear.hears_all(&channels, "after").await;
    })
    .await;
}

#[tokio::test]
async fn channels_come_back_soon_after_an_outage_of_15_s() {
    let mut server = Server::single().await;
    let (ear, channels) = Ear::with_channels(server.connect().await).await;
    server.nodes()[0].kill();
    until("the loss is noticed", async || ear.losses() == 1).await;
    // The outage is what is tested: a client that gives up after some attempts is caught by it.
    tokio::time::sleep(Duration::from_secs(15)).await;
    assert_eq!(ear.losses(), 1, "a loss is reported once");
    server.nodes()[0].restart().await.expect("it starts again");
    let took =
        until("all are confirmed again", async || ear.subscriptions() == 2 * channels.len()).await;
    println!("subscriptions back {took:?} after the outage");
    assert!(took < Duration::from_millis(1500), "{took:?}");
    let took = until("commands work", async || ear.redis.ping().await.is_ok()).await;
    assert!(took < Duration::from_millis(1500), "{took:?}");
    ear.hears_all(&channels, "after").await;
}

#[tokio::test]
async fn a_channel_follows_its_slot_to_another_node() {
    let server = Server::cluster().await;
    let (ear, channels) = Ear::with_channels(server.connect().await).await;
    let Server::Cluster(cluster) = &server else { unreachable!("it was started as one") };
    for (partition, channel) in channels.iter().take(20) {
        let from = ear.redis.node_of(*partition);
        let to = cluster
            .nodes
            .iter()
            .position(|node| !ear.redis.address(from).ends_with(&node.port().to_string()));
        let begun = Instant::now();
        cluster.move_slot(partition.slot(), to.expect("another node")).await.expect("moved");
        until("the slot table is read", async || ear.redis.node_of(*partition) != from).await;
        until("it is heard at the new node", async || {
            ear.publish(*partition, channel, "moved").await == 1
        })
        .await;
        println!("channel followed its slot within {:?}", begun.elapsed());
    }
    assert_eq!(ear.losses(), 0, "no connection was given up for it");
    ear.heard.lock().clear();
    ear.hears_all(&channels, "after").await;
}

#[tokio::test]
async fn a_channel_whose_slot_moved_before_is_found() {
    let server = Server::cluster().await;
    let ear = Ear::new(server.connect().await);
    let Server::Cluster(cluster) = &server else { unreachable!("it was started as one") };
    let partition = Partition::of("room");
    let from = ear.redis.address(ear.redis.node_of(partition));
    let to = cluster.nodes.iter().position(|node| !from.ends_with(&node.port().to_string()));
    cluster.move_slot(partition.slot(), to.expect("another node")).await.expect("moved");
    let channel = key::bell(partition);
    ear.subscriber.subscribe(partition, channel.clone());
    ear.subscriber.wait_subscribed(&channel).await.expect("confirmed by the new owner");
    ear.hears_all(&[(partition, channel)], "there").await;
}

#[tokio::test]
async fn a_connection_without_any_answer_is_given_up() {
    each_topology_with_short_timeouts(async |redis| {
        let (ear, channels) = Ear::with_channels(redis.clone()).await;
        let node = redis.nodes()[0];
        // The connection stays open and nothing is answered: what a half-open one looks like.
        command::<()>(&redis, node, &["CLIENT", "PAUSE", "4000", "ALL"]).await;
        let took = until("the silence is noticed", async || ear.losses() == 1).await;
        assert!(took < Duration::from_secs(3), "{took:?}");
        until("all are confirmed again", async || ear.subscriptions() > channels.len()).await;
        until("the node is up", async || redis.ping().await.is_ok()).await;
        for (_, channel) in &channels {
            ear.subscriber.wait_subscribed(channel).await.expect("confirmed");
        }
        ear.hears_all(&channels, "after").await;
    })
    .await;
}

async fn each_topology_with_short_timeouts(test: impl AsyncFn(Redis)) {
    both(async |server: Server| {
        let timeout = Duration::from_millis(300);
        let settings =
            Settings { url: server.url(), command_timeout: timeout, connect_timeout: timeout };
        test(Redis::connect(&settings).await.expect("a connection")).await;
    })
    .await;
}

/// Stands between and passes everything on, but for what the server pushes on connections that were
/// there when it was told to swallow. Gives its port.
async fn swallowing(server: u16, swallow: Arc<AtomicU64>) -> u16 {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let port = listener.local_addr().expect("it is bound").port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            let (swallow, since) = (swallow.clone(), swallow.load(Relaxed));
            tokio::spawn(async move {
                let server = TcpStream::connect(("127.0.0.1", server)).await;
                let server = server.expect("the server is up");
                let (mut from_client, mut to_client) = client.into_split();
                let (mut from_server, mut to_server) = server.into_split();
                let up = tokio::io::copy(&mut from_client, &mut to_server);
                let down = async {
                    let mut bytes = vec![0; 65_536];
                    loop {
                        let length = from_server.read(&mut bytes).await?;
                        let pushed = bytes[0] == b'>' && swallow.load(Relaxed) > since;
                        if length == 0 {
                            return std::io::Result::Ok(());
                        } else if !pushed {
                            to_client.write_all(&bytes[..length]).await?;
                        }
                    }
                };
                tokio::select! { _ = up => {} _ = down => {} }
            });
        }
    });
    port
}

#[tokio::test]
async fn a_healthy_connection_that_delivers_nothing_is_noticed_and_a_quiet_one_is_left_alone() {
    let server = Private::start(Options::default()).await.unwrap();
    let swallow = Arc::new(AtomicU64::new(0));
    let port = swallowing(server.port(), swallow.clone()).await;
    let redis = Redis::connect(&Settings::new(format!("redis://127.0.0.1:{port}"))).await.unwrap();
    let (ear, channels) = Ear::with_channels(redis).await;
    ear.hears_all(&channels, "before").await;
    // Longer than a probe of a quiet connection takes.
    tokio::time::sleep(Duration::from_millis(5_500)).await;
    assert_eq!(ear.losses(), 0, "nothing was wrong");
    swallow.fetch_add(1, Relaxed);
    let took = until("it is noticed", async || ear.losses() == 1).await;
    println!("noticed after {took:?}");
    assert!(took < Duration::from_secs(10), "{took:?}");
    until("all is subscribed again", async || ear.subscriptions() == 2 * channels.len()).await;
    ear.hears_all(&channels, "after").await;
    assert!(!ear.heard.lock().iter().any(|(channel, _)| key::is_probe(channel)));
}
