//! Redis Cluster: the slot table is read from the nodes, and followed as it changes.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use futures_util::future::{join_all, try_join_all};
use redis::aio::MultiplexedConnection;
use redis::{ConnectionAddr, ConnectionInfo, RedisError};
use tokio::time::{sleep, timeout};

use super::node::{Node, Place};
use super::slots::{self, Range};
use super::{ConnectError, Inner, NodeId, Redis};

/// The slot table is read this often without being asked, and this often while a primary is down.
const REFRESH_EVERY: (Duration, Duration) = (Duration::from_secs(5), Duration::from_millis(500));

/// A node that does not tell its slot table within this time is not waited for.
const SLOTS_WAIT: Duration = Duration::from_millis(500);

impl Redis {
    /// Finds the primaries through the first node of the URL that answers.
    pub(super) async fn join_any(&self) -> Result<(), ConnectError> {
        let mut failed = None;
        for seed in &self.0.target.seeds {
            let dialer = self.dialer(at(seed.clone()));
            let link = match dialer.dial().await {
                Ok(link) => link,
                Err(error) => {
                    failed = failed.or(Some(error));
                    continue;
                }
            };
            let (_, ranges) = slots_of(link.into_connection(), host(seed))
                .await
                .map_err(|e| self.explain(&e, seed))?;
            let missing = slots::missing(&ranges);
            if missing > 0 {
                let address = dialer.address();
                return Err(ConnectError::ClusterIncomplete { address, missing });
            }
            return self.join_cluster(&ranges).await;
        }
        Err(failed.expect("a URL names at least one server"))
    }

    async fn join_cluster(&self, ranges: &[Range]) -> Result<(), ConnectError> {
        let mut infos: Vec<ConnectionInfo> = Vec::new();
        for range in ranges {
            let info = self.0.target.at(&range.host, range.port);
            if infos.iter().all(|known| known.addr() != info.addr()) {
                infos.push(info);
            }
        }
        let dial = |info: ConnectionInfo| async move {
            let dialer = self.dialer(at(info));
            let link = dialer.dial().await?;
            let address = dialer.address();
            Node::start(dialer, Some(link), self.0.stale.clone())
                .map_err(|error| ConnectError::Other { address, reason: error.to_string() })
        };
        let nodes = try_join_all(infos.into_iter().map(dial)).await?;
        self.0.map.write().nodes = nodes.into_iter().map(Arc::new).collect();
        self.adopt(ranges);
        Ok(())
    }

    /// The slot table of the node that has seen the newest epoch: right after a failover or a move
    /// the others lag behind, and a primary that was cut off lags for ever.
    pub(super) async fn newest_slots(&self) -> Option<Vec<Range>> {
        let nodes = self.0.map.read().nodes.clone();
        let asked = nodes.into_iter().filter_map(|node| {
            let connection = node.connection().ok()?;
            Some(async move {
                let info = node.dialer.info();
                timeout(SLOTS_WAIT, slots_of(connection, host(&info))).await.ok()?.ok()
            })
        });
        let mut answers: Vec<_> = join_all(asked).await.into_iter().flatten().collect();
        if answers.is_empty() {
            answers = self.seeds_slots().await.into_iter().collect();
        }
        let newest = answers.into_iter().max_by_key(|(epoch, _)| *epoch);
        newest.map(|(_, ranges)| ranges).filter(|ranges| !ranges.is_empty())
    }

    /// All known nodes are gone: perhaps they have new addresses, and the URL's names lead to them.
    async fn seeds_slots(&self) -> Option<(u64, Vec<Range>)> {
        for seed in &self.0.target.seeds {
            if let Ok(link) = self.dialer(at(seed.clone())).dial().await
                && let Ok(answer) = slots_of(link.into_connection(), host(seed)).await
            {
                return Some(answer);
            }
        }
        None
    }

    /// Makes `ranges` the table in use; starts connections to new primaries.
    pub(super) fn adopt(&self, ranges: &[Range]) {
        let mut map = self.0.map.write();
        let mut resolved = Vec::with_capacity(ranges.len());
        let mut counts = HashMap::new();
        for range in ranges {
            let info = self.0.target.at(&range.host, range.port);
            let known = map.nodes.iter().position(|node| node.dialer.info().addr() == info.addr());
            let id = known.unwrap_or(map.nodes.len());
            if known.is_none() {
                match Node::start(self.dialer(at(info)), None, self.0.stale.clone()) {
                    Ok(node) => map.nodes.push(Arc::new(node)),
                    Err(error) => {
                        tracing::error!(reason = %error, "the slot table names an unusable address");
                        return;
                    }
                }
            }
            let most = counts.entry(id).or_insert(0);
            *most = range.replicas.max(*most);
            resolved.push((range.first, range.last, NodeId(id)));
        }
        for (id, count) in counts {
            map.nodes[id].set_replicas(count);
        }
        resolved.sort_unstable();
        if map.ranges != resolved {
            map.place(resolved);
            drop(map);
            self.0.changes.send_modify(|count| *count += 1);
        }
    }
}

fn host(info: &ConnectionInfo) -> &str {
    match info.addr() {
        ConnectionAddr::Tcp(host, _) | ConnectionAddr::TcpTls { host, .. } => host,
        _ => "",
    }
}

/// A node's newest epoch and its slot table.
async fn slots_of(
    mut connection: MultiplexedConnection,
    host: &str,
) -> Result<(u64, Vec<Range>), RedisError> {
    let (info, slots): (String, redis::Value) = redis::pipe()
        .cmd("CLUSTER")
        .arg("INFO")
        .cmd("CLUSTER")
        .arg("SLOTS")
        .query_async(&mut connection)
        .await?;
    let epoch = info
        .lines()
        .find_map(|line| line.strip_prefix("cluster_current_epoch:")?.trim().parse().ok())
        .unwrap_or(0);
    Ok((epoch, slots::parse(slots, host)))
}

/// Reads the slot table when a connection was lost, often while a primary is down, and now and then.
pub(super) async fn follow(inner: Weak<Inner>) {
    loop {
        let Some(redis) = inner.upgrade().map(Redis) else { return };
        let all_up = redis.nodes().into_iter().all(|node| redis.is_up(node));
        let pause = if all_up { REFRESH_EVERY.0 } else { REFRESH_EVERY.1 };
        let stale = redis.0.stale.clone();
        drop(redis);
        tokio::select! {
            () = stale.notified() => {}
            () = sleep(pause) => {}
        }
        let Some(redis) = inner.upgrade().map(Redis) else { return };
        redis.refresh().await;
    }
}

fn at(info: ConnectionInfo) -> Place {
    Place::At(Box::new(info))
}
