//! Batches: calls that go to one node in one pipeline, in order, without waiting in between. This is
//! what makes a commit cheap, and Redis's fan-out too: it writes once per subscriber and turn.

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
