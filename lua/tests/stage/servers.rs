//! Where a stage stands: on a single server and on a cluster, in a partition of its own.

use std::sync::atomic::{AtomicU16, Ordering};
use std::sync::{Arc, LazyLock, Weak};

use lua::id::{Partition, RoomId};
use lua::key;
use lua::server::{Options, Private, PrivateCluster};
use tokio::sync::Mutex;

use super::Stage;
use crate::common::Server;

/// A partition that no other test of this program uses.
fn fresh() -> Partition {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    let number = NEXT.fetch_add(37, Ordering::Relaxed) % lua::id::PARTITIONS;
    let partition = Partition::new(number).expect("below the number of partitions");
    if partition == Partition::of(key::DIRECTORY) { fresh() } else { partition }
}

/// Rooms of a partition.
pub fn rooms_of(partition: Partition) -> impl Iterator<Item = RoomId> {
    (0..)
        .map(|n| format!("room-{n}"))
        .filter(move |id| Partition::of(id) == partition)
        .map(|id| id.parse().expect("a room id"))
}

/// Users whose own partition it is.
pub fn users_of(partition: Partition) -> impl Iterator<Item = String> {
    (0..)
        .map(|n| format!("user-{n}"))
        .filter(move |user| Partition::of(&format!("user:{user}")) == partition)
}

/// Runs a test on a single server, then on a cluster of three primaries. Tests that run at a time
/// share the servers; each has a partition of its own.
pub async fn each(test: impl AsyncFn(Stage)) {
    each_at(fresh, test).await;
}

/// The same in the partition of the directory; one test of a program at a time may use it.
pub async fn each_with_directory(test: impl AsyncFn(Stage)) {
    each_at(|| Partition::of(key::DIRECTORY), test).await;
}

async fn each_at(place: impl Fn() -> Partition, test: impl AsyncFn(Stage)) {
    static SINGLE: LazyLock<Mutex<Weak<Server>>> = LazyLock::new(Mutex::default);
    static CLUSTER: LazyLock<Mutex<Weak<Server>>> = LazyLock::new(Mutex::default);
    let single = shared(&SINGLE, single).await;
    test(Stage::on(single.connect().await, place()).await).await;
    let cluster = shared(&CLUSTER, async || {
        Server::Cluster(PrivateCluster::start(3).await.expect("a private Redis Cluster"))
    })
    .await;
    test(Stage::on(cluster.connect().await, place()).await).await;
}

/// Runs a test on a single server of its own, whose settings it may change.
pub async fn alone(test: impl AsyncFn(Stage)) {
    let server = single().await;
    test(Stage::on(server.connect().await, fresh()).await).await;
}

async fn single() -> Server {
    Server::Single(Private::start(Options::default()).await.expect("a private Redis"))
}

async fn shared(kept: &Mutex<Weak<Server>>, start: impl AsyncFn() -> Server) -> Arc<Server> {
    let mut kept = kept.lock().await;
    if let Some(server) = kept.upgrade() {
        return server;
    }
    let server = Arc::new(start().await);
    *kept = Arc::downgrade(&server);
    server
}
