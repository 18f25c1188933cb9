//! Telling: what scripts left to the worker to publish (`lib/tell`), once what they did may be told.

use lua::batch::Batch;
use lua::commit::Committed;
use lua::relay;
use lua::topology::NodeId;
use tracing::warn;

use crate::consume::{Consumer, Sent};

impl Consumer {
    /// Publishes what the commits caused, in their order, up to the first of each partition that did not
    /// apply; nothing of a partition that is another's by now. False where that may not have arrived.
    pub async fn tell(&self, node: NodeId, sent: &[Sent], committed: &mut [Committed]) -> bool {
        let (mut batch, mut stopped) = (Batch::default(), None);
        for (sent, committed) in sent.iter().zip(committed) {
            let (partition, fence) = (sent.place.partition, sent.place.fence);
            if stopped == Some(partition) {
                continue;
            }
            if !committed.outcome.is_done() {
                stopped = Some(partition);
                continue;
            }
            let told = std::mem::take(&mut committed.told);
            if !told.is_empty() && self.partitions.with(partition, fence, |_| ()).is_some() {
                told.iter().for_each(|(channel, text)| batch.add(relay::publish(channel, text)));
            }
        }
        match batch.run(&self.redis, node).await {
            Ok(replies) => !replies.iter().any(|reply| matches!(reply, lua::Value::ServerError(_))),
            Err(problem) => {
                warn!(%problem, "what was applied could not be published; edges read it");
                false
            }
        }
    }
}
