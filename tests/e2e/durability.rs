//! Nothing acknowledged is lost, nothing is there twice, and every member sees one order, whatever
//! is killed, stopped or restarted in the middle of 5,000 messages.

use harness::{Stack, Topology, on_each_topology, until};

use crate::options;
use crate::swarm::{MESSAGES, Retries, Swarm};

/// How long an edge waits for a worker where messages are not sent again: for a lease that must run
/// out, on a busy machine.
const PATIENT_MS: u64 = 25_000;

on_each_topology![
    a_worker_killed_in_the_middle_loses_and_doubles_nothing,
    the_only_worker_killed_and_started_again_loses_and_doubles_nothing,
    a_redis_restarted_in_the_middle_loses_and_doubles_nothing,
    a_worker_that_wakes_after_its_partitions_moved_applies_nothing,
    subscriptions_cut_in_the_middle_leave_no_gap,
];

async fn a_worker_killed_in_the_middle_loses_and_doubles_nothing(topology: Topology) {
    let mut stack = Stack::start(options(topology).with("ACK_TIMEOUT_MS", PATIENT_MS)).await;
    let swarm = Swarm::start(&stack, Retries::None).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    stack.kill_worker(0);
    swarm.finish().await;
}

async fn the_only_worker_killed_and_started_again_loses_and_doubles_nothing(topology: Topology) {
    let mut options = options(topology).with("ACK_TIMEOUT_MS", PATIENT_MS);
    options.workers = 1;
    let mut stack = Stack::start(options).await;
    let swarm = Swarm::start(&stack, Retries::None).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    stack.kill_worker(0);
    stack.worker(0).start_again();
    swarm.finish().await;
}

async fn a_redis_restarted_in_the_middle_loses_and_doubles_nothing(topology: Topology) {
    let mut options = options(topology).with("DURABILITY", "disk");
    options.persistent = true;
    let mut stack = Stack::start(options).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    stack.restart_redis().await;
    swarm.finish().await;
}

/// The zombie: a process that stands still for longer than its lease, with commits under way.
async fn a_worker_that_wakes_after_its_partitions_moved_applies_nothing(topology: Topology) {
    let mut stack = Stack::start(options(topology).with("ACK_TIMEOUT_MS", PATIENT_MS)).await;
    let swarm = Swarm::start(&stack, Retries::None).await;
    swarm.until_acked(MESSAGES / 5).await;
    stack.worker(0).signal("STOP");
    swarm.until_past_standstill().await;
    stack.worker(0).signal("CONT");
    swarm.finish().await;
}

/// What is published while nobody is subscribed is read from the rooms' logs.
async fn subscriptions_cut_in_the_middle_leave_no_gap(topology: Topology) {
    // Answers that get lost are asked for again soon.
    let stack = Stack::start(options(topology).with("ACK_TIMEOUT_MS", 1_000)).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    for tenth in 1..8 {
        swarm.until_acked(MESSAGES * tenth / 10).await;
        // Those that were cut the last time may not be back yet.
        let cut = || async { (stack.cut_subscriptions().await > 0).then_some(()) };
        until("subscriptions to cut", cut).await;
    }
    swarm.finish().await;
}

/// The zombie's commits on their way: sent by the owner of the time, they arrive when the partitions
/// have another. On a single server, as a cluster's nodes tell clients their own addresses.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn commits_that_arrive_after_the_partitions_moved_are_refused() {
    let mut options = options(Topology::Single).with("ACK_TIMEOUT_MS", PATIENT_MS);
    options.gated = true;
    let stack = Stack::start(options).await;
    let swarm = Swarm::start(&stack, Retries::None).await;
    swarm.until_acked(MESSAGES / 5).await;
    let before = stack.gate().fenced();
    // The text of a message leaves a worker in a commit only, so one is certainly held.
    stack.gate().shut_at("u0:").await;
    swarm.until_past_standstill().await;
    stack.gate().open();
    until("late calls to be refused as fenced", || async {
        (stack.gate().fenced() > before).then_some(())
    })
    .await;
    swarm.finish().await;
}
