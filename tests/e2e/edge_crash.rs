//! An edge that dies, or is away for too long, and those who were connected to it.

use std::time::{Duration, Instant};

use harness::{Client, Stack, Topology, on_each_topology};
use lua::batch::Batch;
use lua::topology::Settings;
use lua::{Cmd, Redis, Value as Reply, key};
use serde_json::{Value, json};

use crate::{options, start};

on_each_topology![
    a_killed_edges_members_leave_once_and_soon,
    an_edge_that_was_away_for_too_long_starts_afresh,
    an_edge_that_stops_in_order_is_not_missed,
];

/// How long members of a killed edge may be shown.
const GONE_MAX: Duration = Duration::from_secs(15);

/// Members of the edge that dies.
const LOST: usize = 20;

const ROOMS: [&str; 3] = ["graphs", "trees", "heaps"];

/// The users who are told to have left a room, as its log has it.
async fn logged(client: &Client, room: &str) -> Vec<String> {
    let joined = client.ok("join-room", json!({ "roomId": room, "since": "0-1" })).await;
    let events = joined["missed"]["events"].as_array().expect("a list");
    let left = events.iter().filter(|event| event["event"] == "user-left-room");
    left.map(|event| event["payload"]["user"]["id"].as_str().expect("an id").to_owned()).collect()
}

async fn a_killed_edges_members_leave_once_and_soon(topology: Topology) {
    let mut stack = start(topology).await;
    let eve = stack.client(1, "eve").await;
    // She has a connection to each edge, and stays.
    let (here, there) = (stack.client(0, "cam").await, stack.client(1, "cam").await);
    let mut lost = Vec::new();
    for n in 0..LOST {
        lost.push(stack.client(0, &format!("u{n}")).await);
    }
    for room in ROOMS {
        for client in lost.iter().chain([&eve, &here, &there]) {
            client.ok("join-room", json!({ "roomId": room })).await;
        }
    }
    stack.edge(0).kill();
    let killed = Instant::now();
    for room in ROOMS {
        for n in 0..LOST {
            let user = format!("u{n}");
            let is_meant =
                |left: &Value| left["roomId"] == room && left["user"]["id"] == user.as_str();
            eve.next_where("user-left-room", is_meant).await;
        }
    }
    assert!(killed.elapsed() < GONE_MAX, "it took {:?}", killed.elapsed());

    let mut everyone: Vec<String> = (0..LOST).map(|n| format!("u{n}")).collect();
    everyone.sort();
    for room in ROOMS {
        let members = eve.ok("get-members", json!({ "roomId": room })).await;
        let members = members["members"].as_array().expect("a list");
        let mut ids: Vec<_> =
            members.iter().map(|member| member["id"].as_str().expect("an id")).collect();
        ids.sort_unstable();
        assert_eq!(ids, ["cam", "eve"]);
        let mut left = logged(&eve, room).await;
        left.sort();
        assert_eq!(left, everyone, "{room}: once each");
    }
    assert_eq!(eve.seen_count("user-left-room"), 0);
    assert!(there.is_open());
}

async fn an_edge_that_was_away_for_too_long_starts_afresh(topology: Topology) {
    let options = options(topology).with("EDGE_LEASE_MS", 1_000).with("PRESENCE_GRACE_MS", 200);
    let mut stack = Stack::start(options).await;
    let (ana, eve) = (stack.client(0, "ana").await, stack.client(1, "eve").await);
    for client in [&ana, &eve] {
        client.ok("join-room", json!({ "roomId": "graphs" })).await;
    }
    stack.edge(0).signal("STOP");
    eve.next_where("user-left-room", |left| left["user"]["id"] == "ana").await;
    stack.edge(0).signal("CONT");
    // What it holds is of another life.
    ana.until_closed().await;
    assert!(eve.is_open());
    let again = stack.client(0, "ana").await;
    again.ok("join-room", json!({ "roomId": "graphs" })).await;
    eve.next_where("user-joined-room", |joined| joined["user"]["id"] == "ana").await;
    assert_eq!(logged(&eve, "graphs").await, ["ana"]);
}

async fn an_edge_that_stops_in_order_is_not_missed(topology: Topology) {
    let mut stack = start(topology).await;
    let redis = Redis::connect(&Settings::new(stack.redis_url())).await.expect("Redis is up");
    let edges = async || {
        let mut command = Cmd::new();
        command.arg("ZCARD").arg(key::EDGES);
        let mut batch = Batch::default();
        batch.add(command);
        batch.run(&redis, redis.node_of_key(key::EDGES)).await.expect("Redis answers").remove(0)
    };
    assert_eq!(edges().await, Reply::Int(2));
    stack.edge(0).signal("TERM");
    // `Process` must be asked mutably, so not by `until`'s future.
    while stack.edge(0).ended().is_none() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(edges().await, Reply::Int(1));
}
