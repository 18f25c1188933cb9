//! Batches: calls that go to one node in one pipeline, in order, without waiting in between. This is
//! what makes a commit cheap, and Redis's fan-out too: it writes once per subscriber and turn.

use std::collections::HashMap;

use futures_util::future::join_all;
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, Value};

use crate::topology::{NodeId, Redis};

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
    /// call's own or its node's; of the latter, the call may have been done.
    pub async fn run(self, redis: &Redis) -> Vec<Result<Value, RedisError>> {
        let mut results = vec![Ok(Value::Nil); self.calls];
        let ran = self
            .nodes
            .into_iter()
            .map(|(node, (batch, places))| async move { (places, batch.run(redis, node).await) });
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
