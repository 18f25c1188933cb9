//! Edges that are lost: noticed by the server's clock, told to every partition, and their connections end
//! by ordinary events, each once.

mod common;
mod stage;

use lua::commit;
use lua::durability::Safety;
use lua::edge;
use lua::id::{EventId, Partition};
use lua::record::Record;
use lua::relay::{Bounds, Shipment};
use lua::{Redis, key};
use serde_json::json;
use stage::{EDGE, Stage, each, run, who};

/// Makes an edge's last heartbeat old.
async fn age(redis: &Redis, edge: &str, by_ms: u64) {
    let node = redis.node_of_key(key::EDGES);
    let by = format!("-{by_ms}");
    let _: f64 = common::command(redis, node, &["ZINCRBY", key::EDGES, &by, edge]).await;
}

#[tokio::test]
async fn an_edge_that_says_nothing_is_given_up_and_learns_of_it() {
    common::each_topology(async |redis: Redis| {
        let beat = async |edge: &str| edge::beat(&redis, edge).await.expect("Redis answers");
        let begin = async |edge: &str| edge::begin(&redis, edge).await.expect("Redis answers");
        let late = async || edge::late(&redis, 6_000).await.expect("Redis answers");
        assert!(!beat("a").await, "it is new");
        assert!(!beat("a").await, "until it says that it begins");
        begin("a").await;
        assert!(beat("a").await);
        begin("b").await;
        assert!(late().await.is_empty());
        age(&redis, "a", 5_000).await;
        assert!(late().await.is_empty(), "not yet");
        age(&redis, "a", 2_000).await;
        assert_eq!(late().await, ["a"]);
        assert_eq!(late().await, ["a"], "until the partitions are told");
        edge::forget(&redis, "a").await.expect("Redis answers");
        assert!(late().await.is_empty());
        // The first may be one from before, that was stuck on its way: it hides nothing.
        assert!(!beat("a").await, "it was given up");
        assert!(!beat("a").await, "it was given up");

        // It is back before the partitions are told: it stays, and knows.
        age(&redis, "b", 7_000).await;
        assert_eq!(late().await, ["b"]);
        assert!(!beat("b").await);
        assert_eq!(late().await, ["b"]);
        begin("b").await;
        edge::forget(&redis, "b").await.expect("Redis answers");
        assert!(beat("b").await);
        edge::leave(&redis, "b").await.expect("Redis answers");
        assert!(!beat("b").await);
    })
    .await;
}

#[tokio::test]
async fn every_partition_is_told() {
    common::each_topology(async |redis: Redis| {
        let mut shipment = Shipment::default();
        assert_eq!(
            edge::lost_everywhere("a").filter_map(|parcel| shipment.add(parcel)).count(),
            256
        );
        let confirmed = shipment.send(&redis, Bounds::default(), &Safety::default()).await;
        assert!(confirmed.iter().all(|confirmed| *confirmed));
        for partition in Partition::all() {
            let read = commit::read(partition, EventId::default(), 10);
            let mut records = commit::read_reply(run(&redis, redis.node_of(partition), read).await);
            assert_eq!(records.len(), 1);
            let record = records.remove(0).expect("a record");
            assert_eq!(
                (record.event.as_str(), record.payload.as_str()),
                ("edge-lost", r#"{"edge":"a","until":null}"#)
            );
        }
    })
    .await;
}

/// What waits in the stage's intake.
async fn waiting(stage: &Stage) -> Vec<Record> {
    let read = commit::read(stage.partition, stage.lease.applied, 10_000);
    let records = commit::read_reply(run(&stage.redis, stage.node, read).await);
    records.into_iter().map(|record| record.expect("a record")).collect()
}

async fn seat(stage: &Stage, member: &str, at_ms: u64) {
    let seats = key::seats(stage.partition, EDGE);
    let _: i64 = stage.command(&["ZADD", &seats, &at_ms.to_string(), member]).await;
}

#[tokio::test]
async fn the_connections_of_a_lost_edge_end_by_ordinary_events() {
    each(async |mut stage: Stage| {
        let (room, now) = (stage.room.clone(), stage.clock.ms);
        seat(&stage, &format!("c1 ann {room}"), now - 3).await;
        seat(&stage, "c2 bob|2 ", now - 2).await;
        seat(&stage, &format!("c3 ann {room}"), now + 1).await;
        seat(&stage, &format!("c4 ann {room}"), now + 2).await;
        let lost = stage.event(&who("service"), "edge-lost", json!({ "edge": EDGE })).await;
        assert_eq!(lost.id.ms, now + 1);
        let seats: Vec<String> =
            stage.command(&["ZRANGE", &key::seats(stage.partition, EDGE), "0", "-1"]).await;
        assert_eq!(seats, [format!("c4 ann {room}")], "what came in later is of another life");
        let told: Vec<_> = waiting(&stage)
            .await
            .into_iter()
            .map(|record| {
                let origin = record.origin.expect("an origin");
                assert_eq!(origin.edge, EDGE);
                (
                    record.event,
                    record.entity,
                    record.user.to_string(),
                    origin.connection,
                    record.payload,
                )
            })
            .collect();
        let closed = |connection: &str| {
            let payload = json!({ "roomId": room }).to_string();
            let event = "connection-closed".to_owned();
            (event, room.to_string(), "ann".to_owned(), connection.to_owned(), payload)
        };
        let gone = (
            "user-disconnected".to_owned(),
            "user:bob|2".to_owned(),
            "bob|2".to_owned(),
            "c2".to_owned(),
            r#"{"userId":"bob|2"}"#.to_owned(),
        );
        assert_eq!(told, [closed("c1"), gone, closed("c3")]);
    })
    .await;
}

#[tokio::test]
async fn very_many_connections_end_in_steps_and_each_once() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        let room = stage.room.clone();
        let count = 2 * lua::limit::EDGE_LOST_MAX + 10;
        let begun = stage.clock.ms;
        for n in 0..count {
            seat(&stage, &format!("c{n} u{n} {room}"), begun - 1).await;
        }
        // One that came in after the edge was lost, while its end takes its time.
        seat(&stage, &format!("new ann {room}"), begun + 1).await;
        let payload = json!({ "edge": EDGE, "until": begun });
        let lost = stage.event(&who("service"), "edge-lost", payload).await;
        assert!(lost.id.ms > begun);
        let (mut ended, mut steps) = (Vec::new(), 1);
        loop {
            let records = waiting(&stage).await;
            if records.is_empty() {
                break;
            }
            for record in records {
                let outcome = stage.commit(stage.place(), &record).await;
                assert!(outcome.is_done(), "{outcome:?}");
                (stage.lease.applied, stage.lease.seq) = (record.id, stage.lease.seq + 1);
                if record.event == "edge-lost" {
                    steps += 1;
                } else {
                    ended.push(record.origin.expect("an origin").connection);
                }
            }
        }
        assert_eq!(steps, 3);
        assert_eq!(ended.len(), count);
        ended.sort();
        ended.dedup();
        assert_eq!(ended.len(), count, "each once");
    })
    .await;
}
