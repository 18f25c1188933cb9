//! Batches: calls that go to one node in one pipeline, in order, without waiting in between. This is
//! what makes a commit cheap, and Redis's fan-out too: it writes once per subscriber and turn.

use std::collections::HashMap;
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use parking_lot::Mutex;
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, Value};
use tokio::time::timeout;

use crate::durability::Safety;
use crate::id::Partition;
use crate::key;
use crate::topology::{Exclusive, NodeId, Redis};

/// How long Redis waits for its replicas at a time.
const WAIT_MS: u64 = 500;

/// How often a process says at most that replicas are away.
const SAY_EVERY: Duration = Duration::from_secs(5);

/// How much longer its answer may take.
const SLACK: Duration = Duration::from_secs(2);

/// Calls for one node.
#[derive(Default)]
pub struct Batch {
    pipeline: Pipeline,
    calls: usize,
}

impl Batch {
    /// Adds a call.
    pub fn add(&mut self, call: Cmd) {
        self.pipeline.add_command(call);
        self.calls += 1;
    }

    /// How many calls it holds.
    pub fn len(&self) -> usize {
        self.calls
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.calls == 0
    }

    /// Runs the calls and gives one reply for each, which may be an error of that call alone.
    ///
    /// An error is one of the connection: any number of the calls may have been done.
    pub async fn run(self, redis: &Redis, node: NodeId) -> Result<Vec<Value>, RedisError> {
        if self.is_empty() {
            return Ok(Vec::new());
        }
        let mut connection = redis.connection(node).await?;
        connection.req_packed_commands(&self.pipeline, 0, self.calls).await
    }
}

impl Batch {
    /// Runs the calls like [`Batch::run`], and gives the replies when what they say may leave: where that is
    /// the mode, once replicas have all that was written on the node until then, by anyone. An error means
    /// that nothing may leave. `still`: whether it is worth waiting on.
    pub async fn run_kept(
        mut self,
        redis: &Redis,
        node: NodeId,
        safety: &Safety,
        still: impl Fn() -> bool,
    ) -> Result<Vec<Value>, RedisError> {
        if !safety.waits() || self.is_empty() {
            return self.run(redis, node).await;
        }
        let mut connection = redis.exclusive(node).await?;
        let kept = self.run_and_wait(&mut connection, redis, node, safety, still).await;
        if kept.is_err() {
            // A command may still block in Redis.
            drop(connection.detach());
        }
        kept
    }

    async fn run_and_wait(
        &mut self,
        connection: &mut Exclusive,
        redis: &Redis,
        node: NodeId,
        safety: &Safety,
        still: impl Fn() -> bool,
    ) -> Result<Vec<Value>, RedisError> {
        let begun = Instant::now();
        let Some(partition) = Partition::all().find(|held| redis.node_of(*held) == node) else {
            let reason = "the node holds no partition any more";
            return Err(std::io::Error::other(reason).into());
        };
        // After all that is read: it is behind everything that was written before, by anyone.
        self.pipeline.cmd("SET").arg(key::waited(partition)).arg("");
        self.pipeline.add_command(wait(safety.needed(redis, node)));
        let mut replies = in_time(connection, &self.pipeline).await?;
        let mut reached = replies.pop();
        if let Some(Value::ServerError(problem)) = replies.pop() {
            return Err(problem.into());
        }
        loop {
            let needed = safety.needed(redis, node);
            match reached {
                Some(Value::Int(count)) if count.unsigned_abs() >= needed => break,
                Some(Value::ServerError(problem)) => return Err(problem.into()),
                _ => metrics::counter!("rt_wait_short_total").increment(1),
            }
            if !still() || safety.stop.is_cancelled() {
                let reason = "replicas did not confirm what was written";
                return Err(std::io::Error::new(std::io::ErrorKind::TimedOut, reason).into());
            }
            if may_say() {
                let address = redis.address(node);
                tracing::warn!(
                    redis.address = address,
                    needed,
                    "replicas lag or are away: nothing leaves until they have what was written"
                );
            }
            let mut again = Pipeline::with_capacity(1);
            again.add_command(wait(needed));
            reached = in_time(connection, &again).await?.pop();
        }
        metrics::histogram!("rt_wait_seconds").record(begun.elapsed().as_secs_f64());
        Ok(replies)
    }
}

/// Whether to say that replicas are away: not for every batch that waits for them.
fn may_say() -> bool {
    static SAID: Mutex<Option<Instant>> = Mutex::new(None);
    let mut said = SAID.lock();
    let may = said.is_none_or(|at| at.elapsed() >= SAY_EVERY);
    if may {
        *said = Some(Instant::now());
    }
    may
}

fn wait(replicas: u64) -> Cmd {
    let mut cmd = redis::cmd("WAIT");
    cmd.arg(replicas).arg(WAIT_MS);
    cmd
}

/// An exclusive connection has no time limit of its own.
async fn in_time(connection: &mut Exclusive, calls: &Pipeline) -> Result<Vec<Value>, RedisError> {
    let limit = Duration::from_millis(WAIT_MS) + SLACK;
    let asked = connection.req_packed_commands(calls, 0, calls.len());
    let late = |_| std::io::Error::new(std::io::ErrorKind::TimedOut, "no answer to a wait");
    timeout(limit, asked).await.map_err(late)?
}

/// Calls for any nodes: one batch for each, all at the same time.
#[derive(Default)]
pub struct Spread {
    nodes: HashMap<NodeId, (Batch, Vec<usize>)>,
    calls: usize,
}

impl Spread {
    /// Adds a call for a node.
    pub fn add(&mut self, node: NodeId, call: Cmd) {
        let (batch, places) = self.nodes.entry(node).or_default();
        batch.add(call);
        places.push(self.calls);
        self.calls += 1;
    }

    /// Runs the calls and gives what each came to, in the order in which they were added. An error is the
    /// call's own or its node's; of the latter, the call may have been done. What they say may leave, see
    /// [`Batch::run_kept`].
    pub async fn run_kept(self, redis: &Redis, safety: &Safety) -> Vec<Result<Value, RedisError>> {
        let mut results = vec![Ok(Value::Nil); self.calls];
        let ran = self.nodes.into_iter().map(|(node, (batch, places))| async move {
            let kept = batch.run_kept(redis, node, safety, || true);
            (places, kept.await)
        });
        for (places, replies) in join_all(ran).await {
            match replies {
                Ok(replies) => {
                    for (place, reply) in places.into_iter().zip(replies) {
                        results[place] = match reply {
                            Value::ServerError(problem) => Err(problem.into()),
                            reply => Ok(reply),
                        };
                    }
                }
                Err(problem) => {
                    places.into_iter().for_each(|place| results[place] = Err(problem.clone()));
                }
            }
        }
        results
    }
}
