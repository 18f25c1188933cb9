//! The tending duty: what a partition needs beside its events. Once per round it moves due work into
//! the intake, keeps the consumer groups in step, trims, and publishes the heartbeats.

use std::sync::Arc;
use std::time::{Duration, Instant};

use lua::Value;
use lua::batch::Batch;
use lua::beat::{self, Beat};
use lua::id::Partition;
use lua::lease::{self, Fired};
use lua::topology::NodeId;
use tokio_util::sync::CancellationToken;
use tracing::debug;

use crate::consume::{Consumer, now_ms};
use crate::relay;

/// How often the duty looks.
const ROUND: Duration = Duration::from_millis(200);

/// How often partitions that changed are told to edges, so that a publication that got lost is missed.
const BEAT: Duration = Duration::from_secs(1);

/// How often every partition is, changed or not, so that a subscription that died silently is missed.
const SLOW_BEAT: Duration = Duration::from_secs(5);

/// Most entries of due work that are moved at once.
const DUE_MAX: usize = 100;

/// What a call in a tending batch was for.
enum Call {
    Fire(Partition, u64),
    Beat(Partition, u64),
    Other,
}

/// Tends the partitions of one node until `shutdown`.
pub async fn run(consumer: Arc<Consumer>, node: NodeId, shutdown: CancellationToken) {
    let (mut beaten, mut beaten_all) = (Instant::now(), Instant::now());
    while !shutdown.is_cancelled() {
        let backlog = relay::backlog(&consumer, consumer.of_node(node));
        metrics::gauge!("rt_relay_backlog", "node" => consumer.redis.address(node))
            .set(backlog as f64);
        let slow = beaten_all.elapsed() >= SLOW_BEAT;
        let beat = slow || beaten.elapsed() >= BEAT;
        let (batch, calls) = gather(&consumer, node, beat, slow);
        if beat {
            beaten = Instant::now();
        }
        if slow {
            beaten_all = Instant::now();
        }
        match batch.run(&consumer.redis, node).await {
            Ok(replies) => note(&consumer, calls, replies),
            Err(problem) => debug!(%problem, "tending failed; it is tried again"),
        }
        tokio::select! {
            () = tokio::time::sleep(ROUND) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

fn gather(consumer: &Consumer, node: NodeId, beat: bool, slow: bool) -> (Batch, Vec<Call>) {
    let (mut batch, mut calls) = (Batch::default(), Vec::new());
    let now = now_ms();
    consumer.partitions.each_safe(consumer.of_node(node), |partition, held| {
        let fence = held.lease.fence;
        // What was applied may have put work in that is due sooner than what was known.
        if held.unsettled || held.due_ms.is_some_and(|due| due <= now) {
            batch.add(lease::fire(partition, fence, DUE_MAX));
            calls.push(Call::Fire(partition, fence));
        }
        if std::mem::take(&mut held.unsettled) {
            batch.add(lease::settle(partition, fence, consumer.config.intake_keep));
            calls.push(Call::Other);
        }
        if held.anew || slow || beat && !held.changed.is_empty() {
            let rooms = std::mem::take(&mut held.changed);
            let beat = Beat { history: held.history.clone(), anew: held.anew, rooms };
            batch.add(beat::publish(partition, &beat));
            calls.push(Call::Beat(partition, fence));
        }
    });
    (batch, calls)
}

fn note(consumer: &Consumer, calls: Vec<Call>, replies: Vec<Value>) {
    for (call, reply) in calls.into_iter().zip(replies) {
        if let Value::ServerError(problem) = &reply {
            debug!(code = problem.code(), detail = problem.details(), "a tending call failed");
            continue;
        }
        match call {
            Call::Fire(partition, fence) => {
                let Some(fired) = Fired::read(reply) else { continue };
                consumer.partitions.with(partition, fence, |held| held.due_ms = fired.next_ms);
                if fired.moved > 0 {
                    consumer.partitions.ring(partition);
                }
            }
            Call::Beat(partition, fence) => {
                consumer.partitions.with(partition, fence, |held| held.anew = false);
            }
            Call::Other => {}
        }
    }
}
