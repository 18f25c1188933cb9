//! The subscriber's connection to one node: keeps it up, sends what the table asks for, and notices
//! when the other end is silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep};

use super::table::{Link, Step};
use super::{Shared, Status};
use crate::topology::{NodeId, Trouble, classify};

/// Commands in one pipeline.
const BATCH_MAX: usize = 512;

/// First and longest pause between attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// How often the other end is asked for a sign of life. Without it a half-open connection looks like
/// a quiet one.
const PING_EVERY: Duration = Duration::from_secs(1);

/// When a channel is tried again whose slot is on the move, and when after any other refusal.
const AGAIN_MOVED: Duration = Duration::from_millis(50);
const AGAIN_OTHER: Duration = Duration::from_secs(1);

/// Runs for as long as the subscriber.
pub(super) async fn run(shared: Arc<Shared>, node: NodeId, wake: Arc<Notify>) {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let mut pause = BACKOFF.0;
    let mut lost = false;
    loop {
        if !shared.redis.nodes().contains(&node) {
            wake.notified().await;
            continue;
        }
        let link = Link { node, number: NUMBER.fetch_add(1, Relaxed) };
        let closed = Arc::new(Notify::new());
        let mut seat = shared.redis.seat(node);
        seat.mark_unchanged();
        match connect(&shared, link, &closed).await {
            Ok(connection) => {
                (pause, lost) = (BACKOFF.0, true);
                shared.table.lock().begin(link);
                (shared.on_status)(Status::Restored(node));
                let reason = tokio::select! {
                    reason = serve(&shared, link, connection, &wake, &closed) => reason,
                    _ = seat.changed() => "another server is the primary",
                };
                let channels = shared.table.lock().lost(link);
                let (address, count) = (shared.redis.address(node), channels.len());
                tracing::warn!(
                    redis.address = address,
                    channels = count,
                    reason,
                    "subscriptions lost"
                );
                (shared.on_status)(Status::Lost(node));
                shared.mark_all(channels);
            }
            Err(error) => {
                if !std::mem::replace(&mut lost, true) {
                    let address = shared.redis.address(node);
                    tracing::warn!(redis.address = address, reason = %error, "cannot subscribe yet");
                    (shared.on_status)(Status::Lost(node));
                }
                sleep(pause.mul_f64(rand::random_range(0.75..1.0))).await;
                pause = (pause * 2).min(BACKOFF.1);
            }
        }
        // The slots of a dead primary go to another: its channels then belong to another lane.
        shared.redis.refresh().await;
        let listed = shared.table.lock().take(node);
        shared.mark_all(listed);
    }
}

async fn connect(
    shared: &Arc<Shared>,
    link: Link,
    closed: &Arc<Notify>,
) -> Result<MultiplexedConnection, RedisError> {
    // Weak: the connection's task must not keep alive what keeps the connection alive.
    let (shared_in_push, closed) = (Arc::downgrade(shared), closed.clone());
    let connecting = shared.redis.listen(link.node, move |push| {
        if push.kind == PushKind::Disconnection {
            closed.notify_one();
        } else if let Some(shared) = shared_in_push.upgrade() {
            shared.pushed(link, push);
        }
    });
    connecting.await
}

/// Sends what is listed until the connection ends; says why it did.
async fn serve(
    shared: &Arc<Shared>,
    link: Link,
    mut connection: MultiplexedConnection,
    wake: &Notify,
    closed: &Notify,
) -> &'static str {
    let mut heard = Instant::now();
    loop {
        if !shared.redis.nodes().contains(&link.node) {
            return "the node is no primary any more";
        }
        let steps = shared.table.lock().steps(link, BATCH_MAX);
        if !steps.is_empty() {
            if let Err(reason) = send(shared, link, &mut connection, steps).await {
                return reason;
            }
            heard = Instant::now();
            continue;
        }
        tokio::select! {
            () = closed.notified() => return "closed",
            () = wake.notified() => continue,
            () = tokio::time::sleep_until(heard + PING_EVERY) => {}
        }
        // Any answer will do, an error too.
        if connection.req_packed_command(&redis::cmd("PING")).await.is_err() {
            return "no answer to a ping";
        }
        heard = Instant::now();
    }
}

/// One pipeline with one channel per command: each command has exactly one answer then, which a
/// command with several channels has only when it succeeds.
async fn send(
    shared: &Arc<Shared>,
    link: Link,
    connection: &mut MultiplexedConnection,
    steps: Vec<Step>,
) -> Result<(), &'static str> {
    let mut pipeline = redis::Pipeline::with_capacity(steps.len());
    for step in &steps {
        match step {
            Step::Subscribe(channel) => pipeline.cmd("SSUBSCRIBE").arg(channel),
            Step::Unsubscribe(channel) => pipeline.cmd("SUNSUBSCRIBE").arg(channel),
        };
    }
    let answers = connection
        .req_packed_commands(&pipeline, 0, steps.len())
        .await
        .map_err(|_| "no answer to a subscription")?;
    let undone = shared.table.lock().undone(steps, link);
    if undone.is_empty() {
        return Ok(());
    }
    let refusal = answers.into_iter().find_map(|answer| match answer {
        Value::ServerError(error) => Some(RedisError::from(error)),
        _ => None,
    });
    let pause = match &refusal {
        Some(error) if classify(error) != Trouble::Moved => {
            let address = shared.redis.address(link.node);
            tracing::warn!(redis.address = address, reason = %error, "a subscription was refused");
            AGAIN_OTHER
        }
        _ => AGAIN_MOVED,
    };
    shared.mark_later(undone, pause);
    Ok(())
}
