//! The subscriber's connection to one node: keeps it up, sends what the table asks for, and notices
//! when the other end is silent.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::{PushInfo, PushKind, RedisError, Value};
use tokio::sync::Notify;
use tokio::time::{Instant, sleep, timeout};

use super::table::{Link, Step};
use super::{Shared, Status};
use crate::id::Partition;
use crate::key;
use crate::topology::{NodeId, Trouble, classify};

/// Commands in one pipeline.
const BATCH_MAX: usize = 512;

/// First and longest pause between attempts to connect.
const BACKOFF: (Duration, Duration) = (Duration::from_millis(20), Duration::from_millis(500));

/// How often the other end is asked for a sign of life. Without it a half-open connection looks like
/// a quiet one.
const PING_EVERY: Duration = Duration::from_secs(1);

/// A connection on which nothing came for so long is probed: it may be healthy and yet deliver nothing,
/// because the server is cut off from the others, or something in between swallows.
const QUIET_MAX: Duration = Duration::from_secs(3);

/// How long a probe may be under way after everything that was published before it has come.
const PROBE_MAX: Duration = Duration::from_secs(1);

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
        let pulse = Arc::new(Pulse::default());
        match connect(&shared, link, &closed, &pulse).await {
            Ok(connection) => {
                (pause, lost) = (BACKOFF.0, true);
                shared.table.lock().begin(link);
                (shared.on_status)(Status::Restored(node));
                let reason = tokio::select! {
                    reason = serve(&shared, link, connection, &wake, &closed, &pulse) => reason,
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
    pulse: &Arc<Pulse>,
) -> Result<MultiplexedConnection, RedisError> {
    // Weak: the connection's task must not keep alive what keeps the connection alive.
    let (shared_in_push, closed, pulse) = (Arc::downgrade(shared), closed.clone(), pulse.clone());
    let connecting = shared.redis.listen(link.node, move |push| {
        if push.kind == PushKind::Disconnection {
            closed.notify_one();
        } else if !pulse.beat(&push)
            && let Some(shared) = shared_in_push.upgrade()
        {
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
    pulse: &Pulse,
) -> &'static str {
    let mut heard = Instant::now();
    let mut quiet = (pulse.heard(), Instant::now());
    loop {
        if !shared.redis.nodes().contains(&link.node) {
            return "the node is no primary any more";
        }
        if pulse.heard() != quiet.0 {
            quiet = (pulse.heard(), Instant::now());
        } else if quiet.1.elapsed() > QUIET_MAX {
            if let Err(reason) = probe(shared, link, &mut connection, pulse).await {
                return reason;
            }
            quiet.1 = Instant::now();
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

/// Publishes something to itself on the way that all publications take. `Err` when it does not come.
///
/// The server sends in order: when it has confirmed the publication and then answers a ping on the
/// connection of the subscriptions, the publication has come before. So an idle or slow process is not
/// taken for a deaf one.
async fn probe(
    shared: &Arc<Shared>,
    link: Link,
    connection: &mut MultiplexedConnection,
    pulse: &Pulse,
) -> Result<(), &'static str> {
    let redis = &shared.redis;
    let Some(partition) = Partition::all().find(|one| redis.node_of(*one) == link.node) else {
        return Ok(());
    };
    let channel = key::probe(partition, pulse.number);
    let mut subscribe = redis::cmd("SSUBSCRIBE");
    match subscribe.arg(&channel).query_async::<Value>(connection).await {
        Err(error) if error.is_io_error() => return Err("no answer to a subscription"),
        Err(error) => {
            // The slot has moved: nothing is known.
            redis.mend(&error);
            return Ok(());
        }
        Ok(_) => {}
    }
    let before = pulse.heard();
    let Ok(mut commands) = redis.connection(link.node).await else { return Ok(()) };
    let mut publish = redis::cmd("SPUBLISH");
    if let Err(error) = publish.arg(&channel).arg("").query_async::<i64>(&mut commands).await {
        redis.mend(&error);
        return Ok(());
    }
    if connection.req_packed_command(&redis::cmd("PING")).await.is_err() {
        return Err("no answer to a ping");
    }
    let coming = async {
        while pulse.heard() == before {
            pulse.came.notified().await;
        }
    };
    timeout(PROBE_MAX, coming).await.map_err(|_| "it is deaf: a publication did not come")
}

/// Counts what comes on one connection.
struct Pulse {
    /// Makes the channel of its probes its own.
    number: u64,
    heard: AtomicU64,
    came: Notify,
}

impl Default for Pulse {
    fn default() -> Self {
        Self { number: rand::random(), heard: AtomicU64::new(0), came: Notify::new() }
    }
}

impl Pulse {
    fn heard(&self) -> u64 {
        self.heard.load(Relaxed)
    }

    /// Notes what was pushed; whether it was a probe, which concerns nobody else.
    fn beat(&self, push: &PushInfo) -> bool {
        if push.kind != PushKind::SMessage {
            return false;
        }
        self.heard.fetch_add(1, Relaxed);
        self.came.notify_one();
        let Some(Value::BulkString(channel)) = push.data.first() else { return false };
        std::str::from_utf8(channel).is_ok_and(key::is_probe)
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
