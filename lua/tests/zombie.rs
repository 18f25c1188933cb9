//! A reader that is blocked in Redis though its host is gone: a consumer group would give it the next entry
//! of the partition's intake, after the new owner has taken over. Owners read after their positions, so it
//! takes nothing from anyone.

mod common;
mod live;
mod stage;

use std::collections::HashMap;

use common::{command, until};
use live::{Edge, Worker};
use lua::id::Partition;
use lua::key;
use lua::topology::Redis;
use serde_json::json;

const EVENTS: usize = 100;

#[tokio::test]
async fn a_blocked_reader_of_the_group_takes_nothing_and_breaks_no_order() {
    common::each_topology(async |redis: Redis| {
        let partition = Partition::of("room");
        let (intake, node) = (key::intake(partition), redis.node_of(partition));
        let worker = Worker::start(&redis, "worker-0");
        let mut edge = Edge::on(&redis).await;
        edge.ok("ann", "join-room", "room", &json!({ "roomId": "room" })).await;
        until("the group to be in step", async || {
            let groups: Vec<HashMap<String, redis::Value>> =
                command(&redis, node, &["XINFO", "GROUPS", &intake]).await;
            groups[0]["lag"] == redis::Value::Int(0)
        })
        .await;
        worker.stop().await;

        let mut blocked = redis.exclusive(node).await.expect("a connection").detach();
        let zombie = tokio::spawn({
            let intake = intake.clone();
            async move {
                let mut read = redis::cmd("XREADGROUP");
                read.arg("GROUP").arg("workers").arg("zombie").arg("COUNT").arg(1);
                read.arg("BLOCK").arg(60_000).arg("STREAMS").arg(intake).arg(">");
                read.query_async::<redis::Value>(&mut blocked).await
            }
        });
        until("the reader to be blocked", async || {
            let clients: String = command(&redis, node, &["CLIENT", "LIST"]).await;
            clients.contains("cmd=xreadgroup")
        })
        .await;
        let owner = Worker::start(&redis, "worker-1");
        for n in 0..EVENTS {
            let message = json!({ "roomId": "room", "content": n.to_string() });
            // Each by another user, as one may not write so fast.
            edge.write(&format!("u{n}"), "send-message", "room", &message, n).await;
        }
        for n in 0..EVENTS {
            let answer = edge.answer().await;
            assert_eq!(answer["ack"], n, "in order: {answer}");
            assert_eq!(answer["result"]["message"]["content"], n.to_string());
        }
        let taken = zombie.await.expect("no panic").expect("an answer");
        assert_ne!(taken, redis::Value::Nil, "it was given an entry, and that harmed nobody");
        owner.stop().await;
    })
    .await;
}
