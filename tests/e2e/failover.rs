//! A replica takes over, or a slot moves, in the middle of 5,000 messages: the service goes on by
//! itself, nothing is doubled, and the order stays.

use std::time::{Duration, Instant};

use harness::{Options, Stack, Topology};
use lua::id::Partition;

use crate::options;
use crate::swarm::{MESSAGES, ROOMS, Retries, Swarm, room_id};

/// From the death of a primary to events that are applied again: a second until it counts as dead (two
/// in a cluster), the vote, and a worker's lease. The rest is a busy machine.
const GOES_ON_WITHIN: Duration = Duration::from_secs(20);

/// Answers that get lost are asked for again soon.
fn impatient(topology: Topology) -> Options {
    options(topology).with("ACK_TIMEOUT_MS", 1_000)
}

async fn a_planned_failover_loses_nothing(topology: Topology) {
    let stack = Stack::start(impatient(topology)).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    stack.planned_failover().await;
    goes_on(&swarm).await;
    swarm.finish().await;
    nothing_is_dead(&stack).await;
}

/// Waits until every room goes on.
async fn goes_on(swarm: &Swarm) {
    let begun = Instant::now();
    swarm.until_past_standstill().await;
    let took = begun.elapsed();
    println!("goes on after {took:?}");
    assert!(took < GOES_ON_WITHIN, "{took:?}");
}

/// Redis's trouble is no event's fault.
async fn nothing_is_dead(stack: &Stack) {
    let shown = stack.command(env!("CARGO_BIN_EXE_realtime"), &["inspect", "partitions", "--json"]);
    let partitions: serde_json::Value = serde_json::from_str(&shown.await).expect("JSON");
    let dead = |one: &serde_json::Value| one["dead"].as_u64().expect("a number");
    let dead: u64 = partitions.as_array().expect("a list").iter().map(dead).sum();
    assert_eq!(dead, 0, "dead letters");
}

/// In mode `replica`: with less, what the primary had not sent yet may be lost, and who saw it is closed. A
/// cluster's primary is killed in `replica.rs`.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_replace_a_killed_primary() {
    let options = impatient(Topology::Sentinel).with("DURABILITY", "replica");
    let mut stack = Stack::start(options).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    stack.kill_primary().await;
    goes_on(&swarm).await;
    swarm.finish().await;
    nothing_is_dead(&stack).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sentinels_fail_over_in_good_order_without_a_loss() {
    a_planned_failover_loses_nothing(Topology::Sentinel).await;
}

/// Slots with rooms that go round all primaries.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slots_that_move_in_a_cluster_lose_nothing() {
    let stack = Stack::start(impatient(Topology::Cluster)).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    for to in 0..3 {
        swarm.until_acked(MESSAGES * (to + 1) / 6).await;
        for room in 0..ROOMS / 2 {
            stack.move_partition(Partition::of(&room_id(room)), to).await;
        }
    }
    swarm.finish().await;
    nothing_is_dead(&stack).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cluster_fails_over_in_good_order_without_a_loss() {
    a_planned_failover_loses_nothing(Topology::ReplicatedCluster).await;
}
