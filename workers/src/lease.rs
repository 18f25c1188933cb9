//! The lease duty: says that this worker lives, takes the partitions of its share, renews them and
//! hands over those that are another's now. Off the busy path, in calls of its own.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use lua::batch::Batch;
use lua::id::Partition;
use lua::lease::{Lease, Taken, registry};
use lua::subscriber::Subscriber;
use lua::topology::NodeId;
use lua::{Redis, Value, key};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info, warn};

use crate::partitions::Partitions;
use crate::share::share;

/// How often the duty says that the worker lives, and looks who else does and what is to be done.
const ROUND: Duration = Duration::from_millis(100);

/// The same while partitions are being handed over, which nobody serves meanwhile.
const LEAVING_ROUND: Duration = Duration::from_millis(10);

/// Within which the other workers notice that one left.
const NOTICED: Duration = Duration::from_millis(ROUND.as_millis() as u64 + 50);

/// How long a partition that is another's now may take to relay what it sent.
const LEAVE_MAX: Duration = Duration::from_secs(1);

/// The lease duty's parts.
pub struct Duty {
    pub redis: Redis,
    pub subscriber: Subscriber,
    pub partitions: Arc<Partitions>,
    pub worker: String,
    pub lease_ms: u64,
    /// Events of one partition that a worker reads at once.
    pub at_once: u64,
    /// Scripts leave publications to the consumers.
    pub hold: bool,
}

/// Calls for one node, with what each is for.
struct Group<T> {
    node: NodeId,
    batch: Batch,
    partitions: Vec<(Partition, T)>,
}

impl Duty {
    /// Works until `shutdown`; the partitions stay held until [`Duty::release_all`].
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut workers = Vec::new();
        let mut mine = HashSet::new();
        let mut leaving = false;
        while !shutdown.is_cancelled() {
            if let Some(live) = self.live().await {
                if live != workers {
                    mine = share(&self.worker, &live);
                    info!(workers = live.len(), partitions = mine.len(), "the workers changed");
                    self.listen_for(&mine);
                    workers = live;
                }
                leaving = self.hand_over(&mine).await;
                self.take(&mine).await;
            }
            self.renew().await;
            let run_of = |partition| self.redis.run_id(self.redis.node_of(partition));
            self.partitions.drop_doubtful(run_of);
            metrics::gauge!("rt_partitions_owned").set(self.partitions.owned().len() as f64);
            let round = if leaving { LEAVING_ROUND } else { ROUND };
            tokio::select! {
                () = tokio::time::sleep(round) => {}
                () = self.partitions.lost.notified() => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Hears the bells of what is this worker's share: whoever hands a partition over rings for its new
    /// owner.
    fn listen_for(&self, mine: &HashSet<Partition>) {
        let owned: HashSet<_> = self.partitions.owned().into_iter().collect();
        for partition in Partition::all() {
            if mine.contains(&partition) {
                self.subscriber.subscribe(partition, key::bell(partition));
            } else if !owned.contains(&partition) {
                self.subscriber.unsubscribe(partition, key::bell(partition));
            }
        }
    }

    /// Says that this worker lives, and asks who does; nothing where Redis cannot say.
    async fn live(&self) -> Option<Vec<String>> {
        let mut batch = Batch::default();
        batch.add(registry::register(&self.worker, self.lease_ms));
        match batch.run(&self.redis, self.redis.node_of_key(key::WORKERS)).await {
            Ok(mut replies) => {
                let reply = replies.pop()?;
                if matches!(&reply, Value::ServerError(problem) if problem.code() == "NOSCRIPT") {
                    self.load_scripts().await;
                }
                registry::names(reply)
            }
            Err(problem) => {
                debug!(%problem, "who lives is not known now");
                None
            }
        }
    }

    async fn load_scripts(&self) {
        if let Err(problem) = self.redis.load_scripts().await {
            warn!(%problem, "the scripts could not be loaded");
        }
    }

    /// Runs one call for each partition, grouped by node, and gives the replies that came.
    async fn each<T>(
        &self,
        partitions: impl Iterator<Item = (Partition, T)>,
        call: impl Fn(Partition, &T) -> lua::Cmd,
    ) -> Vec<(Partition, T, Value)> {
        let mut groups: Vec<Group<T>> = Vec::new();
        for (partition, with) in partitions {
            let node = self.redis.node_of(partition);
            let at = groups.iter().position(|group| group.node == node).unwrap_or_else(|| {
                groups.push(Group { node, batch: Batch::default(), partitions: Vec::new() });
                groups.len() - 1
            });
            groups[at].batch.add(call(partition, &with));
            groups[at].partitions.push((partition, with));
        }
        let mut replies = Vec::new();
        for Group { node, batch, partitions } in groups {
            match batch.run(&self.redis, node).await {
                Ok(values) => replies.extend(
                    partitions
                        .into_iter()
                        .zip(values)
                        .map(|((partition, with), value)| (partition, with, value)),
                ),
                Err(problem) => debug!(%problem, "a lease call failed"),
            }
        }
        replies
    }

    async fn take(&self, mine: &HashSet<Partition>) {
        let owned: HashSet<_> = self.partitions.owned().into_iter().collect();
        let is_up = |partition: &&Partition| self.redis.is_up(self.redis.node_of(**partition));
        let wanted = mine
            .difference(&owned)
            .filter(is_up)
            .map(|partition| (*partition, self.partitions.known(*partition)));
        let asked = Instant::now();
        let replies = self
            .each(wanted, |partition, known| {
                Lease::take(partition, &self.worker, self.lease_ms, *known, self.hold)
            })
            .await;
        let (mut reload, mut lost) = (false, 0);
        for (partition, known, reply) in replies {
            if let Value::ServerError(problem) = &reply {
                reload |= problem.code() == "NOSCRIPT";
                debug!(%partition, code = problem.code(), "a partition could not be taken");
            } else if let Some(taken) = Taken::read(reply) {
                let lease = taken.lease;
                debug!(%partition, fence = lease.fence, term = lease.term, "took a partition");
                lost += usize::from(!taken.history.holds(known));
                self.partitions.take(partition, taken, self.at_once, asked, self.lease_ms);
            }
        }
        if lost > 0 {
            warn!(partitions = lost, "Redis lost events that were applied: a new term begins");
        }
        if reload {
            self.load_scripts().await;
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
            .each(held.into_iter(), |partition, fence| {
                Lease::renew(partition, *fence, self.lease_ms)
            })
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
    }

    /// Hands over what is another's now, once what it has under way is done. Tells whether some is still
    /// waited for.
    async fn hand_over(&self, mine: &HashSet<Partition>) -> bool {
        let (stay, leave): (Vec<_>, Vec<_>) =
            self.partitions.owned().into_iter().partition(|partition| mine.contains(partition));
        stay.into_iter().for_each(|partition| self.partitions.stay(partition));
        let (ready, waiting): (Vec<_>, Vec<_>) =
            leave.into_iter().partition(|partition| self.partitions.leave(*partition, LEAVE_MAX));
        self.release(ready).await;
        !waiting.is_empty()
    }

    /// Leaves the registry, and gives the others the time to notice: they then wait for what is handed
    /// over. This worker serves it until then.
    pub async fn announce_leave(&self) {
        let mut batch = Batch::default();
        batch.add(registry::leave(&self.worker));
        if let Err(problem) = batch.run(&self.redis, self.redis.node_of_key(key::WORKERS)).await {
            debug!(%problem, "could not leave the registry; it forgets by itself");
        }
        tokio::time::sleep(NOTICED).await;
    }

    /// Hands everything over: the last thing that a worker does.
    pub async fn release_all(&self) {
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
        self.each(fences.into_iter(), |partition, fence| Lease::release(partition, *fence)).await;
        if count > 0 {
            info!(partitions = count, "handed over");
        }
    }
}
