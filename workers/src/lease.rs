//! The lease duty: says that this worker lives, takes the partitions of its share, renews them and
//! hands over those that are another's now. Off the busy path, in calls of its own.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lua::batch::Batch;
use lua::id::Partition;
use lua::lease::{Lease, registry};
use lua::subscriber::Subscriber;
use lua::topology::NodeId;
use lua::{Redis, Value, key};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::consume::now_ms;
use crate::partitions::Partitions;
use crate::share::share;

/// How often the duty looks who lives and what is to be done.
const ROUND: Duration = Duration::from_millis(100);

/// How often a worker says that it lives.
const HEARTBEAT: Duration = Duration::from_secs(1);

/// The lease duty's parts.
pub struct Duty {
    pub redis: Redis,
    pub subscriber: Subscriber,
    pub partitions: Arc<Partitions>,
    pub worker: String,
    pub lease_ms: u64,
}

impl Duty {
    /// Works until `shutdown`; the partitions stay held until [`Duty::release_all`].
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut said: Option<Instant> = None;
        let mut workers = Vec::new();
        let mut mine = HashSet::new();
        while !shutdown.is_cancelled() {
            match self.live(&mut said).await {
                Ok(live) => {
                    if live != workers {
                        mine = share(&self.worker, &live);
                        info!(workers = live.len(), partitions = mine.len(), "the workers changed");
                        workers = live;
                    }
                    self.hand_over(&mine).await;
                    self.take(&mine).await;
                    self.renew().await;
                }
                Err(problem) => debug!(%problem, "who lives is not known now"),
            }
            metrics::gauge!("rt_partitions_owned").set(self.partitions.owned().len() as f64);
            tokio::select! {
                () = tokio::time::sleep(ROUND) => {}
                () = self.partitions.lost.notified() => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Says that this worker lives, once per [`HEARTBEAT`], and asks who does.
    async fn live(&self, said: &mut Option<Instant>) -> Result<Vec<String>, lua::RedisError> {
        let now = now_ms();
        let mut batch = Batch::default();
        let say = said.is_none_or(|said| said.elapsed() >= HEARTBEAT);
        if say {
            batch.add(registry::heartbeat(&self.worker, now));
            batch.add(registry::forget(now.saturating_sub(10 * self.lease_ms)));
        }
        batch.add(registry::live(now.saturating_sub(self.lease_ms)));
        let mut replies = batch.run(&self.redis, self.redis.node_of_key(key::WORKERS)).await?;
        if say {
            *said = Some(Instant::now());
        }
        Ok(replies.pop().map(registry::names).unwrap_or_default())
    }

    /// Runs one call for each partition, grouped by node, and gives the replies that came.
    async fn each<T>(
        &self,
        partitions: impl Iterator<Item = (Partition, T)>,
        call: impl Fn(NodeId, Partition, &T) -> Option<lua::Cmd>,
    ) -> Vec<(Partition, T, Value)> {
        let mut groups: Vec<(NodeId, Batch, Vec<(Partition, T)>)> = Vec::new();
        for (partition, with) in partitions {
            let node = self.redis.node_of(partition);
            let Some(call) = call(node, partition, &with) else { continue };
            let at = groups.iter().position(|group| group.0 == node).unwrap_or_else(|| {
                groups.push((node, Batch::default(), Vec::new()));
                groups.len() - 1
            });
            groups[at].1.add(call);
            groups[at].2.push((partition, with));
        }
        let mut replies = Vec::new();
        for (node, batch, partitions) in groups {
            match batch.run(&self.redis, node).await {
                Ok(values) => replies.extend(
                    partitions.into_iter().zip(values).map(|((partition, with), value)| (partition, with, value)),
                ),
                Err(problem) => debug!(%problem, "a lease call failed"),
            }
        }
        replies
    }

    async fn take(&self, mine: &HashSet<Partition>) {
        let owned: HashSet<_> = self.partitions.owned().into_iter().collect();
        let wanted = mine.difference(&owned).map(|partition| (*partition, ()));
        let asked = Instant::now();
        let replies = self
            .each(wanted, |node, partition, ()| {
                let run = self.redis.run_id(node)?;
                Some(Lease::take(partition, &self.worker, self.lease_ms, &run))
            })
            .await;
        let mut reload = false;
        for (partition, (), reply) in replies {
            if let Value::ServerError(problem) = &reply {
                reload |= problem.code() == "NOSCRIPT";
                debug!(%partition, code = problem.code(), "a partition could not be taken");
            } else if let Some(lease) = Lease::read(reply) {
                debug!(%partition, fence = lease.fence, "took a partition");
                self.subscriber.subscribe(partition, key::bell(partition));
                self.partitions.take(partition, lease, asked, self.lease_ms);
            }
        }
        if reload && let Err(problem) = self.redis.load_scripts().await {
            warn!(%problem, "the scripts could not be loaded");
        }
    }

    async fn renew(&self) {
        let due = Duration::from_millis(self.lease_ms / 3);
        let mut held = Vec::new();
        self.partitions.each_safe(Partition::all(), |partition, lease| {
            if lease.renewed.elapsed() >= due {
                held.push((partition, lease.lease.fence));
            }
        });
        let asked = Instant::now();
        let replies = self
            .each(held.into_iter(), |_, partition, fence| Some(Lease::renew(partition, *fence, self.lease_ms)))
            .await;
        for (partition, fence, reply) in replies {
            if matches!(reply, Value::Int(1)) {
                self.partitions.with(partition, fence, |held| {
                    held.renewed = asked;
                    held.safe_until = asked + Duration::from_millis(self.lease_ms * 2 / 3);
                });
            } else if matches!(reply, Value::Int(_)) {
                warn!(%partition, fence, "a partition was taken by another worker");
                self.partitions.drop_lease(partition, fence);
            }
        }
        self.partitions.drop_expired();
    }

    /// Hands over what is another's now.
    async fn hand_over(&self, mine: &HashSet<Partition>) {
        let others = self.partitions.owned().into_iter().filter(|partition| !mine.contains(partition));
        self.release(others.collect()).await;
    }

    /// Hands everything over and leaves: the last thing that a worker does.
    pub async fn release_all(&self) {
        let mut batch = Batch::default();
        batch.add(registry::leave(&self.worker));
        if let Err(problem) = batch.run(&self.redis, self.redis.node_of_key(key::WORKERS)).await {
            debug!(%problem, "could not leave the registry; it forgets by itself");
        }
        self.release(self.partitions.owned()).await;
    }

    async fn release(&self, partitions: Vec<Partition>) {
        let mut fences = Vec::new();
        for partition in partitions {
            self.subscriber.unsubscribe(partition, key::bell(partition));
            if let Some(fence) = self.partitions.forget(partition) {
                fences.push((partition, fence));
            }
        }
        let count = fences.len();
        self.each(fences.into_iter(), |_, partition, fence| Some(Lease::release(partition, *fence))).await;
        if count > 0 {
            info!(partitions = count, "handed over");
        }
    }
}
