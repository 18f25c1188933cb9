//! The lease: this edge says every while that it lives. When it finds that it was given up meanwhile, the
//! workers have ended its connections: it cuts them, and their clients come back by themselves.

use std::sync::Arc;
use std::time::Duration;

use lua::{RedisError, edge};
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::core::Core;

/// How many heartbeats go into a lease.
const BEATS: u32 = 4;

/// The edge's place among those that live.
pub struct Lease {
    core: Arc<Core>,
    every: Duration,
    known: watch::Sender<bool>,
}

impl Lease {
    /// Not on the list yet. `lease` is the time after which a silent edge is given up.
    pub fn new(core: Arc<Core>, lease: Duration) -> Self {
        Self { core, every: lease / BEATS, known: watch::Sender::new(false) }
    }

    /// Waits until the edge is on the list: connections that come in before could not be found when it is
    /// lost.
    pub async fn held(&self) {
        // The sender lives as long as `self`.
        let _ = self.known.subscribe().wait_for(|known| *known).await;
    }

    /// Says that the edge lives until `stop`.
    pub async fn run(self: Arc<Self>, stop: CancellationToken) {
        while stop.run_until_cancelled(self.beat()).await.is_some() {
            if stop.run_until_cancelled(tokio::time::sleep(self.every)).await.is_none() {
                return;
            }
        }
    }

    async fn beat(&self) {
        if let Err(problem) = self.try_beat().await {
            tracing::debug!(%problem, "could not say that this edge lives");
        }
    }

    async fn try_beat(&self) -> Result<(), RedisError> {
        let (redis, edge) = (&self.core.redis, &self.core.settings.edge);
        if *self.known.borrow() && edge::beat(redis, edge).await? {
            return Ok(());
        }
        // The edge is on the list before anybody can connect to it again.
        edge::begin(redis, edge).await?;
        if self.known.send_replace(true) {
            let connections = self.core.cut();
            metrics::counter!("rt_edge_lease_lost_total").increment(1);
            tracing::warn!(connections, "this edge was given up: its connections start afresh");
        }
        Ok(())
    }

    /// Takes the edge off the list, after its connections ended.
    pub async fn leave(&self) {
        if let Err(problem) = edge::leave(&self.core.redis, &self.core.settings.edge).await {
            tracing::debug!(%problem, "could not leave; the workers find out by themselves");
        }
    }
}
