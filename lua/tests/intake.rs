//! The intake against real servers: order is kept, an entry is written once, each refusal is told.

mod common;

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use common::{Server, both, command, each_topology, until};
use lua::Redis;
use lua::id::Partition;
use lua::intake::{Entry, Intake, Limits, Refused};
use lua::key;
use lua::subscriber::Subscriber;
use lua::topology::Settings;
use parking_lot::Mutex;

const LIMITS: Limits = Limits { queue: 10_000, lag_max: 100_000, total_max: 1_000_000 };

/// Entries that were refused after they had been accepted, by payload.
type RefusedLater = Arc<Mutex<Vec<(String, Refused)>>>;

fn start(redis: &Redis, limits: Limits) -> (Intake, RefusedLater) {
    let refused = RefusedLater::default();
    let note = refused.clone();
    let intake = Intake::start(redis.clone(), limits, move |entry, reason| {
        note.lock().push((String::from_utf8_lossy(&entry.payload).into_owned(), reason));
    });
    (intake, refused)
}

fn entry(entity: &str, payload: impl Into<String>) -> Entry {
    Entry {
        partition: Partition::of(entity),
        event: "send-message",
        entity: entity.to_owned(),
        user: "ann".to_owned(),
        name: "Ann".to_owned(),
        roles: "user,judge".to_owned(),
        origin: "edge-1/abc".to_owned(),
        ack: None,
        request: None,
        payload: Bytes::from(payload.into()),
    }
}

/// The payloads in a partition's stream, in order.
async fn written(redis: &Redis, partition: Partition) -> Vec<String> {
    let stream = key::intake(partition);
    let entries: Vec<(String, Vec<String>)> =
        command(redis, redis.node_of(partition), &["XRANGE", &stream, "-", "+"]).await;
    entries.into_iter().filter_map(|(_, mut fields)| fields.pop()).collect()
}

/// Commands for a partition are served: a cluster refuses them for a while after a restart.
async fn serves(redis: &Redis, partition: Partition) -> bool {
    let Ok(mut connection) = redis.connection(redis.node_of(partition)).await else { return false };
    let mut length = redis::cmd("XLEN");
    length.arg(key::intake(partition)).query_async::<u64>(&mut connection).await.is_ok()
}

#[tokio::test]
async fn an_entry_has_all_fields_and_the_bell_rings_after_it() {
    each_topology(async |redis| {
        let rung = Arc::new(Mutex::new(Vec::new()));
        let note = rung.clone();
        let hear = move |channel: &str, payload: Bytes| {
            note.lock().push((channel.to_owned(), payload));
        };
        let bells = Subscriber::start(redis.clone(), hear, |_| {});
        let full = Entry {
            ack: Some(7),
            request: Some("r-1".to_owned()),
            ..entry("room-1", r#"{"text":"hi \u0000"}"#)
        };
        let partition = full.partition;
        bells.subscribe(partition, key::bell(partition));
        bells.wait_subscribed(&key::bell(partition)).await.unwrap();

        let (intake, refused) = start(&redis, LIMITS);
        intake.append(full).unwrap();
        intake.append(entry("room-1", "2")).unwrap();
        until("the bell rings", async || !rung.lock().is_empty()).await;
        assert_eq!(written(&redis, partition).await.len(), 2, "both were there at the bell");
        assert_eq!(*rung.lock(), [(key::bell(partition), Bytes::new())], "one bell for the batch");
        assert!(refused.lock().is_empty());

        let stream = key::intake(partition);
        let entries: Vec<(String, Vec<String>)> =
            command(&redis, redis.node_of(partition), &["XRANGE", &stream, "-", "+", "COUNT", "1"])
                .await;
        let fields = [
            "event",
            "send-message",
            "entity",
            "room-1",
            "user",
            "ann",
            "name",
            "Ann",
            "roles",
            "user,judge",
            "origin",
            "edge-1/abc",
            "ack",
            "7",
            "request",
            "r-1",
            "payload",
            r#"{"text":"hi \u0000"}"#,
        ];
        assert_eq!(entries[0].1, fields);
    })
    .await;
}

#[tokio::test]
async fn entries_of_a_partition_keep_their_order() {
    each_topology(async |redis| {
        let (intake, refused) = start(&redis, LIMITS);
        for number in 0..5_000 {
            intake.append(entry(&format!("room-{}", number % 7), number.to_string())).unwrap();
            if number % 100 == 0 {
                // Lets the tasks send, so that there are many batches.
                tokio::task::yield_now().await;
            }
        }
        intake.drained().await;
        assert!(refused.lock().is_empty());
        let mut total = 0;
        let partitions: HashSet<_> =
            (0..7).map(|room| Partition::of(&format!("room-{room}"))).collect();
        for partition in partitions {
            let payloads = written(&redis, partition).await;
            let numbers: Vec<u32> = payloads.iter().map(|number| number.parse().unwrap()).collect();
            assert!(numbers.is_sorted(), "{partition}");
            total += numbers.len();
        }
        assert_eq!(total, 5_000);
    })
    .await;
}

#[tokio::test]
async fn one_refused_command_of_a_batch_concerns_only_its_entry() {
    each_topology(async |redis| {
        let broken = Partition::of("broken");
        command::<()>(&redis, redis.node_of(broken), &["SET", &key::intake(broken), "no stream"])
            .await;
        let (intake, refused) = start(&redis, LIMITS);
        for number in 0..20 {
            intake.append(entry("broken", format!("broken {number}"))).unwrap();
            intake.append(entry("fine", format!("fine {number}"))).unwrap();
        }
        intake.drained().await;
        let refused = refused.lock().clone();
        assert_eq!(refused.len(), 20);
        assert!(refused.iter().all(|(payload, reason)| {
            payload.starts_with("broken") && matches!(reason, Refused::Away { .. })
        }));
        assert_eq!(written(&redis, Partition::of("fine")).await.len(), 20);
    })
    .await;
}

#[tokio::test]
async fn a_long_stream_takes_no_more_until_it_is_shorter() {
    each_topology(async |redis| {
        let (intake, refused) = start(&redis, Limits { lag_max: 50, ..LIMITS });
        let partition = Partition::of("busy");
        until("it is full", async || {
            let answer = intake.append(entry("busy", "x"));
            intake.drained().await;
            matches!(answer, Err(Refused::Full { retry_after_ms }) if retry_after_ms > 0)
        })
        .await;
        let length = written(&redis, partition).await.len();
        assert!((51..=52).contains(&length), "{length}: near the limit every batch looks");
        intake.append(entry("other", "y")).expect("other partitions go on");
        // As an owner does that has applied nearly all, and keeps it for inspection.
        let stream = key::intake(partition);
        let create =
            ["XGROUP", "CREATE", &stream, "workers", "$", "ENTRIESREAD", &length.to_string()];
        command::<()>(&redis, redis.node_of(partition), &create).await;
        until("it takes entries again", async || intake.append(entry("busy", "x")).is_ok()).await;
        intake.drained().await;
        assert!(refused.lock().is_empty());
    })
    .await;
}

#[tokio::test]
async fn a_burst_passes_the_limit_by_one_batch_at_most() {
    each_topology(async |redis| {
        let (intake, refused) = start(&redis, Limits { lag_max: 1_000, ..LIMITS });
        // All at once, as the task has not run yet.
        (0..5_000).for_each(|n| intake.append(entry("busy", n.to_string())).unwrap());
        intake.drained().await;
        let length = written(&redis, Partition::of("busy")).await.len();
        assert!((1_000..=1_512).contains(&length), "{length}");
        let refused = refused.lock();
        assert_eq!(refused.len() + length, 5_000);
        assert!(refused.iter().all(|(_, reason)| matches!(reason, Refused::Full { .. })));
    })
    .await;
}

#[tokio::test]
async fn all_streams_together_have_a_limit_too() {
    each_topology(async |redis| {
        let (intake, _) = start(&redis, Limits { total_max: 100, ..LIMITS });
        let mut number = 0;
        until("it is full", async || {
            number += 1;
            let full = intake.append(entry(&format!("room-{number}"), "x")).is_err();
            intake.drained().await;
            full
        })
        .await;
        for partition in Partition::all() {
            let trim = ["DEL", &key::intake(partition)];
            command::<i64>(&redis, redis.node_of(partition), &trim).await;
        }
        let taken = async || intake.append(entry(&format!("room-{number}"), "x")).is_ok();
        until("it takes entries again", taken).await;
    })
    .await;
}

#[tokio::test]
async fn a_full_queue_refuses_and_what_was_accepted_is_written() {
    each_topology(async |redis| {
        let (intake, refused) = start(&redis, Limits { queue: 10, ..LIMITS });
        let partition = Partition::of("room");
        command::<()>(&redis, redis.node_of(partition), &["CLIENT", "PAUSE", "500", "WRITE"]).await;
        let mut accepted = 0;
        // The task has not run yet, so exactly the queue's length fits.
        for number in 0..100 {
            match intake.append(entry("room", number.to_string())) {
                Ok(()) => accepted += 1,
                Err(reason) => assert!(matches!(reason, Refused::Full { .. })),
            }
        }
        assert_eq!(accepted, 10);
        intake.drained().await;
        assert_eq!(written(&redis, partition).await.len(), 10);
        assert!(refused.lock().is_empty());
    })
    .await;
}

#[tokio::test]
async fn an_entry_without_an_answer_is_reported_and_never_sent_again() {
    both(async |server: Server| {
        // Less than the pause, which is less than the time after which the connection is given up.
        let timeout = Duration::from_millis(300);
        let settings =
            Settings { url: server.url(), command_timeout: timeout, connect_timeout: timeout };
        let redis = Redis::connect(&settings).await.unwrap();
        let (intake, refused) = start(&redis, LIMITS);
        let partition = Partition::of("room");
        command::<()>(&redis, redis.node_of(partition), &["CLIENT", "PAUSE", "600", "WRITE"]).await;
        intake.append(entry("room", "slow")).unwrap();
        intake.drained().await;
        assert_eq!(refused.lock().len(), 1, "its fate is unknown, which is told");
        until("the pause ends", async || serves(&redis, partition).await).await;
        assert_eq!(written(&redis, partition).await, ["slow"], "it was written all the same");
        intake.append(entry("room", "next")).unwrap();
        intake.drained().await;
        assert_eq!(written(&redis, partition).await, ["slow", "next"]);
    })
    .await;
}

#[tokio::test]
async fn entries_for_a_moved_slot_are_refused_and_then_go_to_the_new_node() {
    let server = Server::cluster().await;
    let redis = server.connect().await;
    let Server::Cluster(cluster) = &server else { unreachable!("it was started as one") };
    let (intake, refused) = start(&redis, LIMITS);
    let partition = Partition::of("room");
    let from = redis.node_of(partition);
    let is_other =
        |node: &lua::server::Private| !redis.address(from).ends_with(&node.port().to_string());
    let to = cluster.nodes.iter().position(is_other).unwrap();
    cluster.move_slot(partition.slot(), to).await.unwrap();
    intake.append(entry("room", "too early")).unwrap();
    intake.append(entry("elsewhere", "fine")).unwrap();
    intake.drained().await;
    assert_eq!(refused.lock().len(), 1, "only the entry of the moved slot");
    until("the slot table is read", async || redis.node_of(partition) != from).await;
    intake.append(entry("room", "later")).unwrap();
    intake.drained().await;
    assert_eq!(refused.lock().len(), 1);
    assert_eq!(written(&redis, partition).await, ["later"]);
}

#[tokio::test]
async fn a_killed_server_loses_no_confirmed_entry_and_doubles_none() {
    both(async |mut server: Server| {
        let redis = server.connect().await;
        let (intake, refused) = start(&redis, LIMITS);
        let partition = Partition::of("room");
        let node = redis.node_of(partition);
        let mut accepted = Vec::new();
        for number in 0..3_000 {
            if number == 1_000 {
                server.process(&redis, node).kill();
            }
            if number == 2_000 {
                until("the loss is noticed", async || !redis.is_up(node)).await;
                assert!(matches!(
                    intake.append(entry("room", "away")),
                    Err(Refused::Away { retry_after_ms: 1.. })
                ));
                server.process(&redis, node).restart().await.unwrap();
                until("it is back", async || redis.is_up(node)).await;
            }
            if intake.append(entry("room", number.to_string())).is_ok() {
                accepted.push(number.to_string());
            }
            match number {
                500 => intake.drained().await,
                _ if number % 10 == 0 => tokio::task::yield_now().await,
                _ => {}
            }
        }
        intake.drained().await;
        until("the partition is served", async || serves(&redis, partition).await).await;
        let payloads = written(&redis, partition).await;
        let mut seen = HashSet::new();
        for payload in &payloads {
            assert!(seen.insert(payload.clone()), "{payload} was written twice");
        }
        let refused: HashSet<_> =
            refused.lock().iter().map(|(payload, _)| payload.clone()).collect();
        let lost: Vec<_> = accepted
            .iter()
            .filter(|payload| !seen.contains(*payload) && !refused.contains(*payload))
            .collect();
        println!("{} accepted, {} written, {} refused", accepted.len(), seen.len(), refused.len());
        assert_eq!(lost.len(), 0, "neither written nor refused, such as {:?}", lost.first());
        assert!(seen.len() > 500 && !refused.is_empty(), "there were both");
    })
    .await;
}
