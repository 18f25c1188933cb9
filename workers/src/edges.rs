//! The edges' duty: whoever owns the first partition looks for edges that are lost, tells every partition,
//! and then forgets them. What it begins and does not finish the next owner begins again.

use std::sync::Arc;
use std::time::Duration;

use lua::RedisError;
use lua::edge;
use lua::id::Partition;
use lua::relay::{Bounds, Shipment};
use tokio_util::sync::CancellationToken;
use tracing::{debug, warn};

use crate::consume::Consumer;

/// How often it looks.
const LOOK: Duration = Duration::from_secs(1);

/// Looks for lost edges until `shutdown`.
pub async fn run(consumer: Arc<Consumer>, shutdown: CancellationToken) {
    let first = Partition::all().next();
    while !shutdown.is_cancelled() {
        let mut mine = false;
        consumer.partitions.each_safe(first.into_iter(), |_, _| mine = true);
        if mine && let Err(problem) = look(&consumer).await {
            debug!(%problem, "lost edges are looked for again later");
        }
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = shutdown.cancelled() => {}
        }
    }
}

async fn look(consumer: &Consumer) -> Result<(), RedisError> {
    for lost in edge::late(&consumer.redis, consumer.config.edge_lease_ms).await? {
        let mut shipment = Shipment::default();
        let told = edge::lost_everywhere(&lost).filter_map(|parcel| shipment.add(parcel)).count();
        let confirmed = shipment.send(&consumer.redis, Bounds::default(), &consumer.safety).await;
        if told == confirmed.len() && confirmed.iter().all(|confirmed| *confirmed) {
            edge::forget(&consumer.redis, &lost).await?;
            warn!(edge = lost, "an edge is lost; its connections end");
            metrics::counter!("rt_edges_lost_total").increment(1);
        }
    }
    Ok(())
}
