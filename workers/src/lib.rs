//! Rules: records in, one script call each, deliveries out. Any number of workers share the partitions.

pub mod apply;
pub mod config;
mod consume;
mod edges;
mod gather;
mod held;
mod ingress;
mod lease;
mod metrics;
mod panics;
mod partitions;
mod relay;
mod share;
mod suspect;
mod tell;
mod tend;

use std::collections::HashSet;
use std::sync::Arc;

use config::Config;
use consume::Consumer;
use gather::Gatherer;
use lease::Duty;
use lua::durability::Safety;
use lua::subscriber::{Status, Subscriber};
use lua::topology::NodeId;
use lua::{Redis, key};
use panics::lasting;
use partitions::Partitions;
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;
use tracing::info;

/// Runs a worker until `shutdown`: then it finishes the turn it is in and hands its partitions over.
pub async fn run(config: Config, redis: Redis, shutdown: CancellationToken) -> anyhow::Result<()> {
    let worker =
        config.worker_id.clone().unwrap_or_else(|| format!("worker-{:08x}", rand::random::<u32>()));
    metrics::describe();
    let safety = Safety {
        durability: config.durability,
        replicas: config.wait_replicas,
        stop: shutdown.clone(),
    };
    let partitions = Arc::new(Partitions::default());
    let subscriber = doorbell(&redis, &partitions);
    let duty = Duty {
        redis: redis.clone(),
        subscriber,
        partitions: Arc::clone(&partitions),
        worker: worker.clone(),
        lease_ms: config.lease_ms,
        at_once: config.batch_max,
        hold: safety.waits(),
    };
    let ingress = ingress::Duty {
        redis: redis.clone(),
        worker: worker.clone(),
        config: config.clone(),
        safety: safety.clone(),
    };
    let gatherer = Gatherer::new(redis.clone(), safety.clone());
    let consumer =
        Arc::new(Consumer { redis: redis.clone(), partitions, gatherer, safety, config });
    info!(worker, "working");

    let (work, stop) = (Work::default(), CancellationToken::new());
    tokio::join!(
        async {
            duty.run(shutdown.clone()).await;
            duty.announce_leave().await;
            stop.cancel();
        },
        ingress.run(shutdown.clone()),
        edges::run(Arc::clone(&consumer), shutdown.clone()),
        follow_nodes(&redis, &consumer, &work, &stop),
    );

    // Stop reading, finish the batch, relay what it sent, then hand over: a partition that is released
    // while its batch is under way would stand still until the batch is refused.
    work.finish().await;
    consumer.gatherer.finished().await;
    duty.release_all().await;
    info!(worker, "stopped");
    Ok(())
}

/// The tasks of all nodes.
#[derive(Default)]
struct Work {
    consuming: TaskTracker,
    relaying: TaskTracker,
    /// The relays end after the consumers, which give them work.
    consumed: CancellationToken,
}

impl Work {
    /// Starts what each node needs.
    fn start(&self, consumer: &Arc<Consumer>, node: NodeId, shutdown: &CancellationToken) {
        let (consumer, until) = (Arc::clone(consumer), shutdown.clone());
        let consume = lasting("consume", {
            let (consumer, until) = (Arc::clone(&consumer), until.clone());
            move || Arc::clone(&consumer).run(node, until.clone())
        });
        self.consuming.spawn(consume);
        let tend = lasting("tend", {
            let consumer = Arc::clone(&consumer);
            move || tend::run(Arc::clone(&consumer), node, until.clone())
        });
        self.consuming.spawn(tend);
        let consumed = self.consumed.clone();
        let relay = move || relay::run(Arc::clone(&consumer), node, consumed.clone());
        self.relaying.spawn(lasting("relay", relay));
    }

    async fn finish(&self) {
        self.consuming.close();
        self.consuming.wait().await;
        self.consumed.cancel();
        self.relaying.close();
        self.relaying.wait().await;
    }
}

/// Hears which partitions have work, and which may be taken.
fn doorbell(redis: &Redis, partitions: &Arc<Partitions>) -> Subscriber {
    let (rung, restored) = (Arc::clone(partitions), Arc::clone(partitions));
    Subscriber::start(
        redis.clone(),
        move |channel: &str, payload| {
            if let Some(partition) = key::partition_of(channel) {
                rung.ring(partition);
                if payload == lua::lease::FREE.as_bytes() {
                    rung.lost.notify_one();
                }
            }
        },
        // What was rung while the subscription was away is not known.
        move |status| {
            if let Status::Subscribed(channel) = status
                && let Some(partition) = key::partition_of(&channel)
            {
                restored.ring(partition);
            }
        },
    )
}

/// Keeps a consumer, a tender and a relay for every node that there is.
async fn follow_nodes(
    redis: &Redis,
    consumer: &Arc<Consumer>,
    work: &Work,
    shutdown: &CancellationToken,
) {
    let mut changes = redis.changes();
    let mut known = HashSet::new();
    loop {
        for node in redis.nodes() {
            if known.insert(node) {
                work.start(consumer, node, shutdown);
            }
        }
        tokio::select! {
            () = shutdown.cancelled() => return,
            changed = changes.changed() => if changed.is_err() { return },
        }
    }
}
