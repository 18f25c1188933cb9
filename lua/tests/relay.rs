//! The relay: what an event caused elsewhere takes effect there once and in order, whatever happens to
//! who relays it.

mod common;
mod live;
mod stage;

use common::{Server, command, until};
use live::{Edge, Worker};
use lua::commit;
use lua::durability::Safety;
use lua::id::{EventId, Partition, RoomId};
use lua::key::{self, RoomKeys};
use lua::lease::{Lease, Taken};
use lua::relay::{self, Bounds, Defect, Parcel, Shipment, Target};
use lua::term::Mark;
use lua::{Redis, Value};
use serde_json::json;
use stage::{Stage, each, run, who};

/// Puts an event for a room into a partition's outbox, as scripts do.
async fn send(redis: &Redis, from: Partition, room: &RoomId, content: &str) -> String {
    let payload = json!({ "roomId": room, "content": content }).to_string();
    let outbox = key::outbox(from);
    let words = [
        "XADD",
        &outbox,
        "*",
        "to",
        "intake",
        "event",
        "send-message",
        "entity",
        room.as_str(),
        "user",
        "ann",
        "name",
        "Ann",
        "roles",
        "service",
        "origin",
        "",
        "payload",
        &payload,
    ];
    command(redis, redis.node_of(from), &words).await
}

/// What is in a partition's outbox.
async fn outbox(redis: &Redis, from: Partition) -> Vec<(EventId, Result<Parcel, Defect>)> {
    let reply = run(redis, redis.node_of(from), relay::read(from, 1_000)).await;
    relay::read_reply(from, reply)
}

/// Hands on what is in a partition's outbox, and says nothing of it: the worker died right after.
async fn hand_on(redis: &Redis, from: Partition, count: usize) {
    let mut shipment = Shipment::default();
    for (_, parcel) in outbox(redis, from).await.into_iter().take(count) {
        shipment.add(parcel.expect("no defect")).expect("there is room");
    }
    let bounds = Bounds { lifecycle_max: 1_000, intake_max: 0 };
    let confirmed = shipment.send(redis, bounds, &Safety::default()).await;
    assert!(confirmed.iter().all(|confirmed| *confirmed));
}

/// Applies what waits in a stage's intake. Gives how many events there were.
async fn apply(stage: &mut Stage) -> usize {
    let mut applied = 0;
    loop {
        let call = commit::read(stage.partition, stage.lease.applied, 100);
        let records = commit::read_reply(run(&stage.redis, stage.node, call).await);
        if records.is_empty() {
            return applied;
        }
        for record in records {
            let record = record.expect("a record");
            let outcome = stage.commit(stage.place(), &record).await;
            assert!(outcome.is_done(), "{outcome:?}");
            stage.lease.applied = record.id;
            stage.lease.seq += 1;
            applied += 1;
        }
    }
}

/// The contents of a room's messages, the oldest first.
async fn said(redis: &Redis, room: &RoomId) -> Vec<String> {
    let partition = Partition::of(room.as_str());
    let node = redis.node_of(partition);
    let keys = RoomKeys::new(room);
    let log: Vec<(String, Vec<String>)> =
        command(redis, node, &["XRANGE", &keys.log(), "-", "+"]).await;
    let logged = log.into_iter().filter_map(|(_, fields)| {
        fields.chunks(2).find(|pair| pair[0] == "message-received").map(|pair| pair[1].clone())
    });
    let mut said = Vec::new();
    for id in logged {
        let message: String = command(redis, node, &["HGET", &keys.messages(), &id]).await;
        let message: serde_json::Value = serde_json::from_str(&message).expect("JSON");
        said.push(message["content"].as_str().expect("text").to_owned());
    }
    said
}

fn numbers(count: usize) -> Vec<String> {
    (0..count).map(|n| n.to_string()).collect()
}

/// Another partition than the stage's.
fn elsewhere(stage: &Stage) -> Partition {
    Partition::new((stage.partition.index() as u16 + 5) % 256).expect("in range")
}

#[tokio::test]
async fn what_is_relayed_again_takes_effect_once() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let from = elsewhere(&stage);
        for n in numbers(10) {
            send(&stage.redis, from, &stage.room.clone(), &n).await;
        }
        // A worker dies before it can say how far it came, at several places.
        for count in [4, 10, 7, 10] {
            hand_on(&stage.redis, from, count).await;
        }
        assert_eq!(apply(&mut stage).await, 31, "all of them arrive");
        assert_eq!(said(&stage.redis, &stage.room).await, numbers(10));
    })
    .await;
}

#[tokio::test]
async fn two_that_relay_at_a_time_change_neither_number_nor_order() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let from = elsewhere(&stage);
        for n in numbers(60) {
            send(&stage.redis, from, &stage.room.clone(), &n).await;
        }
        let redis = stage.redis.clone();
        // Both begin at the front and take ever more, as one does that lost the partition unnoticed.
        let relay = async |step: usize| {
            for count in (step..=60).step_by(step) {
                hand_on(&redis, from, count).await;
            }
            hand_on(&redis, from, 60).await;
        };
        tokio::join!(relay(7), relay(11));
        assert!(apply(&mut stage).await > 120);
        assert_eq!(said(&stage.redis, &stage.room).await, numbers(60));
    })
    .await;
}

#[tokio::test]
async fn only_the_owner_moves_on_and_a_defect_is_put_aside_with_that() {
    each(async |stage: Stage| {
        let (redis, node, partition) = (&stage.redis, stage.node, stage.partition);
        let first = send(redis, partition, &stage.room, "0").await;
        let key = key::outbox(partition);
        let _: String = stage.command(&["XADD", &key, "*", "to", "nowhere", "event", "x"]).await;
        let last = send(redis, partition, &stage.room, "1").await;
        let read = outbox(redis, partition).await;
        assert_eq!(read.len(), 3);
        let defect = read[1].1.clone().expect_err("it has no target");
        let stale = relay::advance(
            partition,
            stage.lease.fence - 1,
            read[1].0,
            std::slice::from_ref(&defect),
        );
        let before = stage.snapshot().await;
        assert!(
            matches!(run(redis, node, stale).await, Value::ServerError(e) if e.code() == "FENCED")
        );
        assert_eq!(stage.snapshot().await, before);

        let moved = relay::advance(partition, stage.lease.fence, read[1].0, &[defect]);
        assert_eq!(relay::waiting(run(redis, node, moved).await), Some(1));
        let rest = outbox(redis, partition).await;
        assert_eq!(rest.len(), 1);
        assert_eq!(rest[0].0.to_string(), last);
        assert!(first < last);
        let relayed: String = stage.command(&["HGET", &key::position(partition), "relayed"]).await;
        assert_eq!(relayed, read[1].0.to_string());
        let dead: Vec<(String, Vec<String>)> =
            stage.command(&["XRANGE", &key::dead(partition), "-", "+"]).await;
        let expected = [
            "source",
            "outbox",
            "error",
            "the entry's target is unknown",
            "to",
            "nowhere",
            "event",
            "x",
        ];
        assert_eq!(dead[0].1, expected);
    })
    .await;
}

#[tokio::test]
async fn back_ends_get_each_entry_once() {
    each(async |stage: Stage| {
        let from = elsewhere(&stage);
        let node = stage.redis.node_of(from);
        let mark = stage.room.to_string();
        for n in numbers(5) {
            let words =
                ["XADD", &key::outbox(from), "*", "to", "lifecycle", "event", &n, "roomId", &mark];
            let _: String = command(&stage.redis, node, &words).await;
        }
        for count in [3, 5, 2, 5] {
            hand_on(&stage.redis, from, count).await;
        }
        let node = stage.redis.node_of_key(key::LIFECYCLE);
        let words = ["XRANGE", key::LIFECYCLE, "-", "+"];
        let entries: Vec<(String, Vec<String>)> = command(&stage.redis, node, &words).await;
        let own: Vec<String> = entries
            .into_iter()
            .filter(|(_, fields)| fields[3] == mark)
            .map(|(_, fields)| fields[1].clone())
            .collect();
        assert_eq!(own, numbers(5));
    })
    .await;
}

#[tokio::test]
async fn a_full_intake_takes_all_of_a_load_or_nothing() {
    each(async |stage: Stage| {
        let target = Target::Intake(stage.partition);
        let fields = ["event", "x"].map(str::to_owned).to_vec();
        let ship = async |count: usize, intake_max| {
            let mut shipment = Shipment::default();
            for _ in 0..count {
                let parcel = Parcel { target, source: None, fields: fields.clone() };
                assert_eq!(shipment.add(parcel), Some(0));
            }
            let bounds = Bounds { lifecycle_max: 0, intake_max };
            shipment.send(&stage.redis, bounds, &Safety::default()).await
        };
        let length =
            async || -> u64 { stage.command(&["XLEN", &key::intake(stage.partition)]).await };
        assert_eq!(ship(3, 3).await, [true]);
        assert_eq!(ship(1, 3).await, [false]);
        assert_eq!(length().await, 3);
        assert_eq!(ship(1, 0).await, [true], "what is relayed inside is always taken");
        assert_eq!(length().await, 4);
    })
    .await;
}

#[tokio::test]
async fn workers_that_come_and_go_relay_everything_once_and_in_order() {
    common::both(async |server: Server| {
        let redis = server.connect().await;
        let sources: Vec<Partition> = Partition::all().step_by(16).collect();
        let targets: Vec<RoomId> =
            (0..8).map(|n| format!("r{n}").parse().expect("an id")).collect();
        let mut worker = Worker::start(&redis, "worker-0");
        let mut edge = Edge::on(&redis).await;
        for target in &targets {
            edge.ok("ann", "join-room", target.as_str(), &json!({ "roomId": target })).await;
        }
        for round in 0..6 {
            for (n, source) in sources.iter().enumerate() {
                for target in &targets {
                    send(&redis, *source, target, &format!("{n}:{round}")).await;
                }
            }
            if round % 2 == 1 {
                let next = Worker::start(&redis, &format!("worker-{round}"));
                std::mem::replace(&mut worker, next).cripple();
            }
        }
        for source in &sources {
            until("an outbox to be empty", async || outbox(&redis, *source).await.is_empty()).await;
        }
        let expected = sources.len() * 6;
        for target in &targets {
            until("all to be applied", async || said(&redis, target).await.len() >= expected).await;
            let said = said(&redis, target).await;
            assert_eq!(said.len(), expected, "{target}: once each");
            for n in 0..sources.len() {
                let prefix = format!("{n}:");
                let own: Vec<&str> =
                    said.iter().filter_map(|text| text.strip_prefix(&prefix)).collect();
                assert_eq!(own, ["0", "1", "2", "3", "4", "5"], "{target}: in order");
            }
        }
        worker.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_answer_comes_after_what_its_event_caused_elsewhere() {
    common::each_topology(async |redis: Redis| {
        let worker = Worker::start(&redis, "worker");
        let mut edge = Edge::on(&redis).await;
        let (from, to) = (Partition::of("somewhere"), Partition::of("user:ann"));
        assert_ne!(from, to);
        let (intake, node) = (key::intake(to), redis.node_of(to));
        until("the partition to be owned", async || {
            let owned: Option<String> =
                command(&redis, node, &["HGET", &key::position(to), "owner"]).await;
            owned.is_some()
        })
        .await;
        // What is no stream takes nothing.
        let _: i64 = command(&redis, node, &["DEL", &intake]).await;
        let _: String = command(&redis, node, &["SET", &intake, "in the way"]).await;
        edge.write("ann", "join-room", "somewhere", &json!({ "roomId": "somewhere" }), 1).await;
        until("the event to be applied", async || !outbox(&redis, from).await.is_empty()).await;
        let early = edge.early().await;
        assert!(early.is_none(), "nothing is said before: {early:?}");
        let _: i64 = command(&redis, node, &["DEL", &intake]).await;
        assert_eq!(edge.answer().await["event"], "join-room");
        let arrived: u64 = command(&redis, node, &["XLEN", &intake]).await;
        assert!(arrived > 0, "what it caused is on its way");
        worker.stop().await;
    })
    .await;
}

#[tokio::test]
async fn who_hands_partitions_over_answers_first() {
    common::each_topology(async |redis: Redis| {
        let first = Worker::start(&redis, "worker-0");
        let mut edge = Edge::on(&redis).await;
        let mut others = Vec::new();
        for n in 0..600_usize {
            let room = format!("room-{}", n % 100);
            edge.write(&format!("u{n}"), "join-room", &room, &json!({ "roomId": room }), n).await;
            if n % 200 == 100 {
                others.push(Worker::start(&redis, &format!("worker-{n}")));
            }
        }
        let mut answered = Vec::new();
        for _ in 0..600 {
            let answer = edge.answer().await;
            assert!(answer["error"].is_null(), "{answer}");
            answered.push(answer["ack"].as_u64().expect("a number"));
        }
        answered.sort_unstable();
        assert!(answered.into_iter().eq(0..600), "each is answered once");
        first.stop().await;
        for worker in others {
            worker.stop().await;
        }
    })
    .await;
}

#[tokio::test]
async fn who_loses_a_partition_answers_what_it_applied() {
    common::each_topology(async |redis: Redis| {
        let worker = Worker::start(&redis, "worker");
        let mut edge = Edge::on(&redis).await;
        let (from, to) = (Partition::of("somewhere"), Partition::of("user:ann"));
        edge.ok("bob", "join-room", "somewhere", &json!({ "roomId": "somewhere" })).await;
        let intake = key::intake(to);
        let _: i64 = command(&redis, redis.node_of(to), &["DEL", &intake]).await;
        let _: String = command(&redis, redis.node_of(to), &["SET", &intake, "in the way"]).await;
        edge.write("ann", "join-room", "somewhere", &json!({ "roomId": "somewhere" }), 1).await;
        until("the event to be applied", async || !outbox(&redis, from).await.is_empty()).await;
        // Another one takes it, who is going to relay that.
        let node = redis.node_of(from);
        let _: i64 =
            command(&redis, node, &["HSET", &key::position(from), "lease_until", "1"]).await;
        let taken =
            run(&redis, node, Lease::take(from, "other", 600_000, Mark::default(), false)).await;
        assert!(Taken::read(taken).is_some());
        assert_eq!(edge.answer().await["ack"], 1);
        assert!(!outbox(&redis, from).await.is_empty());
        worker.stop().await;
    })
    .await;
}
