//! Writes events into the intake streams: whatever waits for a node goes out in one pipeline, and the
//! next pipeline only after its answer, so that events of a partition keep the order of arrival.
//!
//! An entry is sent once. When its fate is unknown (no answer, connection lost) it is reported as
//! refused and never written again from here: the client's retry with the same request id is safe,
//! ours would not be.

mod lag;
mod lengths;

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::time::{Duration, Instant};

use bytes::Bytes;
use parking_lot::RwLock;
use redis::aio::ConnectionLike;
use redis::{Cmd, Pipeline, RedisError, Value};
use tokio::sync::Notify;
use tokio::sync::mpsc::{self, Receiver, Sender};

use lag::Lag;
use lengths::{LAG_EVERY, Lengths};

use crate::id::Partition;
use crate::key;
use crate::topology::{NodeId, Redis, Trouble, classify};

/// Entries in one pipeline.
const BATCH_MAX: usize = 512;

/// Payload bytes in one pipeline; a single larger entry goes alone.
const BATCH_BYTES_MAX: usize = 1 << 20;

/// Payload bytes that wait for one node.
const QUEUE_BYTES_MAX: usize = 64 << 20;

/// How often that of all streams of a node is.
const TOTAL_EVERY: Duration = Duration::from_secs(1);

/// When a refused client should try again: after the queue has emptied, a node has come back. After a lag:
/// see [`Lag`].
const RETRY_QUEUE_MS: u64 = 250;
const RETRY_AWAY_MS: u64 = 1_000;

/// An event on its way into a partition's intake.
#[derive(Debug, Clone)]
pub struct Entry {
    /// Where it belongs: that of `entity`.
    pub partition: Partition,
    /// The event's name on the wire.
    pub event: &'static str,
    /// The room, contest, session, user or role that it concerns.
    pub entity: String,
    /// Who sent it.
    pub user: String,
    /// Their display name.
    pub name: String,
    /// Their roles, joined by commas.
    pub roles: String,
    /// `<edge>/<connection>`
    pub origin: String,
    /// The client's acknowledgement id, if it wants an answer.
    pub ack: Option<u64>,
    /// The client's `requestId`.
    pub request: Option<String>,
    /// The client's JSON, untouched.
    pub payload: Bytes,
}

/// Why an event was not accepted, or not known to be. The client may try again after `retry_after_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// Too much waits already: here, or in the partition's stream. It was not written.
    Full { retry_after_ms: u64 },
    /// Redis is away or did not confirm. It may have been written all the same, and then its answer
    /// comes later: the client was told otherwise, and its request id makes the retry safe.
    Away { retry_after_ms: u64 },
}

/// Bounds of the intake.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Entries that may wait for one node.
    pub queue: usize,
    /// Entries of a partition that wait for a worker, from which on its stream takes no more.
    pub lag_max: u64,
    /// The same for the streams of all partitions together, on each node.
    pub total_max: u64,
}

/// The way into the streams: one queue and one task per Redis node. Dropping it lets the tasks write
/// what waits and end.
pub struct Intake {
    shared: Arc<Shared>,
    lanes: RwLock<Vec<Option<Lane>>>,
}

#[derive(Clone)]
struct Lane {
    queue: Sender<Entry>,
    bytes: Arc<AtomicUsize>,
    /// Of all streams of the node together.
    total: Arc<Lag>,
}

type OnRefused = dyn Fn(&Entry, Refused) + Send + Sync;

struct Shared {
    redis: Redis,
    limits: Limits,
    on_refused: Box<OnRefused>,
    /// Per partition: how its stream stands to `lag_max`.
    lags: Vec<Lag>,
    /// Accepted entries without an outcome yet.
    waiting: AtomicUsize,
    empty: Notify,
}

impl Intake {
    /// Starts without any connection of its own. `on_refused` hears of every accepted entry that
    /// could not be written or whose fate is unknown; it must be quick.
    pub fn start(
        redis: Redis,
        limits: Limits,
        on_refused: impl Fn(&Entry, Refused) + Send + Sync + 'static,
    ) -> Self {
        let shared = Shared {
            redis,
            limits,
            on_refused: Box::new(on_refused),
            lags: Partition::all().map(|_| Lag::default()).collect(),
            waiting: AtomicUsize::new(0),
            empty: Notify::new(),
        };
        Self { shared: Arc::new(shared), lanes: RwLock::new(Vec::new()) }
    }

    /// Puts an event in the queue of its partition's node. Events of one caller and partition are
    /// written in the order of the calls.
    ///
    /// Refused at once when there is no room or the node is known to be away.
    pub fn append(&self, entry: Entry) -> Result<(), Refused> {
        self.try_append(entry).inspect_err(|(_, reason)| count_refused(reason)).map_err(|(r, _)| r)
    }

    fn try_append(&self, entry: Entry) -> Result<(), (Refused, &'static str)> {
        let node = self.shared.redis.node_of(entry.partition);
        let lane = self.lane(node);
        if !self.shared.redis.is_up(node) {
            return Err((Refused::Away { retry_after_ms: RETRY_AWAY_MS }, "away"));
        }
        let lags = [(&self.shared.lags[entry.partition.index()], "lag"), (&*lane.total, "total")];
        if let Some((lag, reason)) = lags.into_iter().find(|(lag, _)| lag.is_over()) {
            return Err((Refused::Full { retry_after_ms: lag.retry_after_ms() }, reason));
        }
        let full = (Refused::Full { retry_after_ms: RETRY_QUEUE_MS }, "queue");
        let bytes = entry.payload.len();
        if lane.bytes.fetch_add(bytes, Relaxed) + bytes > QUEUE_BYTES_MAX {
            lane.bytes.fetch_sub(bytes, Relaxed);
            return Err(full);
        }
        self.shared.waiting.fetch_add(1, Relaxed);
        lane.queue.try_send(entry).map_err(|_| {
            lane.bytes.fetch_sub(bytes, Relaxed);
            self.shared.settled(1);
            full
        })
    }

    /// Waits until every accepted entry is written or reported as refused.
    pub async fn drained(&self) {
        loop {
            let empty = self.shared.empty.notified();
            if self.shared.waiting.load(Relaxed) == 0 {
                return;
            }
            empty.await;
        }
    }

    fn lane(&self, node: NodeId) -> Lane {
        if let Some(Some(lane)) = self.lanes.read().get(node.0) {
            return lane.clone();
        }
        let mut lanes = self.lanes.write();
        if lanes.len() <= node.0 {
            lanes.resize(node.0 + 1, None);
        }
        let start = || {
            let (queue, entries) = mpsc::channel(self.shared.limits.queue);
            let lane = Lane { queue, bytes: Arc::default(), total: Arc::default() };
            let (bytes, total) = (lane.bytes.clone(), lane.total.clone());
            tokio::spawn(run(self.shared.clone(), node, entries, bytes, total));
            lane
        };
        lanes[node.0].get_or_insert_with(start).clone()
    }
}

impl Shared {
    fn settled(&self, count: usize) {
        if self.waiting.fetch_sub(count, Relaxed) == count {
            self.empty.notify_waiters();
        }
    }

    fn refuse(&self, entry: &Entry, reason: &'static str) {
        count_refused(reason);
        (self.on_refused)(entry, Refused::Away { retry_after_ms: RETRY_AWAY_MS });
    }

    /// Follows up on what went wrong; gives a word for the metrics.
    fn trouble(&self, node: NodeId, error: &RedisError) -> &'static str {
        let trouble = classify(error);
        if !matches!(trouble, Trouble::NoScript | Trouble::Timeout | Trouble::Other) {
            // Not waited for: other partitions of this node are as well as before.
            let redis = self.redis.clone();
            tokio::spawn(async move { redis.refresh().await });
        }
        let address = self.redis.address(node);
        tracing::warn!(redis.address = address, reason = %error, "events could not be written");
        match trouble {
            Trouble::Moved => "moved",
            Trouble::Gone | Trouble::Timeout => "unconfirmed",
            Trouble::ReadOnly | Trouble::Loading => "away",
            Trouble::NoScript | Trouble::Other => "error",
        }
    }

    fn note_lag(&self, partition: Partition, waiting: u64) {
        let lag = &self.lags[partition.index()];
        if lag.note(waiting, self.limits.lag_max, Instant::now()) {
            let over = lag.is_over();
            tracing::warn!(%partition, waiting, over, "the lag of an intake crossed its limit");
        }
    }

    /// Refuses what waits for streams that have become too long since, and leaves the rest.
    fn refuse_full(&self, batch: &mut Vec<Entry>) {
        batch.retain(|entry| {
            let lag = &self.lags[entry.partition.index()];
            if lag.is_over() {
                count_refused("lag");
                (self.on_refused)(entry, Refused::Full { retry_after_ms: lag.retry_after_ms() });
            }
            !lag.is_over()
        });
    }
}

fn count_refused(reason: &'static str) {
    metrics::counter!("rt_intake_refused_total", "reason" => reason).increment(1);
}

/// The task of one node.
async fn run(
    shared: Arc<Shared>,
    node: NodeId,
    mut queue: Receiver<Entry>,
    bytes: Arc<AtomicUsize>,
    total: Arc<Lag>,
) {
    let mut totalled = Instant::now();
    let mut lengths = Lengths::new();
    let mut waiting = Vec::with_capacity(BATCH_MAX);
    let mut look = tokio::time::interval(LAG_EVERY);
    look.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        tokio::select! {
            received = queue.recv_many(&mut waiting, BATCH_MAX) => {
                if received == 0 {
                    return;
                }
            }
            // A partition over its limit gets no entries, so nothing else looks at its length.
            _ = look.tick() => {
                look_again(&shared, node).await;
                if totalled.elapsed() >= TOTAL_EVERY {
                    totalled = Instant::now();
                    look_at_all(&shared, node, &total).await;
                }
                continue;
            }
        }
        while !waiting.is_empty() {
            let mut batch: Vec<Entry> = waiting.drain(..batch_length(&waiting)).collect();
            let (count, size) = (batch.len(), batch.iter().map(|entry| entry.payload.len()).sum());
            shared.refuse_full(&mut batch);
            if !batch.is_empty() {
                write(&shared, node, &batch, &mut lengths).await;
            }
            bytes.fetch_sub(size, Relaxed);
            shared.settled(count);
        }
    }
}

/// How many of the first entries go into one pipeline.
fn batch_length(waiting: &[Entry]) -> usize {
    let mut bytes = 0;
    let fitting = waiting.iter().take_while(|entry| {
        bytes += entry.payload.len();
        bytes <= BATCH_BYTES_MAX
    });
    fitting.count().max(1)
}

/// Writes a batch: all XADDs, then one bell per partition, then the lengths that are due.
async fn write(shared: &Shared, node: NodeId, batch: &[Entry], lengths: &mut Lengths) {
    let begun = Instant::now();
    let mut touched: Vec<Partition> = batch.iter().map(|entry| entry.partition).collect();
    touched.sort_unstable();
    touched.dedup();
    batch.iter().for_each(|entry| lengths.grow(entry.partition));
    let due = lengths.due(&touched, shared.limits.lag_max, begun);
    let mut pipeline = Pipeline::with_capacity(batch.len() + touched.len() + due.len());
    for entry in batch {
        pipeline.add_command(xadd(entry));
    }
    for partition in &touched {
        pipeline.cmd("SPUBLISH").arg(key::bell(*partition)).arg("");
    }
    for partition in &due {
        pipeline.cmd("XLEN").arg(key::intake(*partition));
    }
    let answers = match send(shared, node, &pipeline).await {
        Ok(answers) => answers,
        Err(error) => {
            let reason = shared.trouble(node, &error);
            batch.iter().for_each(|entry| shared.refuse(entry, reason));
            return;
        }
    };
    metrics::histogram!("rt_intake_append_seconds").record(begun.elapsed());
    metrics::histogram!("rt_intake_batch_size").record(batch.len() as f64);
    settle(shared, node, batch, &answers);
    let mut long = Vec::new();
    for (partition, answer) in due.iter().zip(&answers[answers.len() - due.len()..]) {
        let Value::Int(length) = answer else { continue };
        let length = length.unsigned_abs();
        lengths.known(*partition, length);
        if length > shared.limits.lag_max {
            long.push(*partition);
        } else {
            shared.note_lag(*partition, length);
        }
    }
    look_closely(shared, node, &long).await;
}

/// The raw answers, one per command: an error among them concerns that command only.
async fn send(
    shared: &Shared,
    node: NodeId,
    commands: &Pipeline,
) -> Result<Vec<Value>, RedisError> {
    let mut connection = shared.redis.connection(node).await?;
    let answers = connection.req_packed_commands(commands, 0, commands.len()).await?;
    if answers.len() == commands.len() {
        return Ok(answers);
    }
    Err((redis::ErrorKind::Client, "a pipeline got too few answers").into())
}

/// Reports each entry whose XADD was refused; says once per batch why.
fn settle(shared: &Shared, node: NodeId, batch: &[Entry], answers: &[Value]) {
    let mut appended = 0;
    let mut reason = None;
    for (entry, answer) in batch.iter().zip(answers) {
        match answer {
            Value::ServerError(error) => {
                let why = || shared.trouble(node, &error.clone().into());
                shared.refuse(entry, reason.get_or_insert_with(why));
            }
            _ => appended += 1,
        }
    }
    metrics::counter!("rt_intake_appended_total").increment(appended);
}

fn xadd(entry: &Entry) -> Cmd {
    let mut command = redis::cmd("XADD");
    command.arg(key::intake(entry.partition)).arg("*").arg("event").arg(entry.event);
    for (field, value) in [
        ("entity", &entry.entity),
        ("user", &entry.user),
        ("name", &entry.name),
        ("roles", &entry.roles),
        ("origin", &entry.origin),
    ] {
        command.arg(field).arg(value);
    }
    if let Some(ack) = entry.ack {
        command.arg("ack").arg(ack);
    }
    if let Some(request) = &entry.request {
        command.arg("request").arg(request);
    }
    command.arg("payload").arg(&entry.payload[..]);
    command
}

/// Looks whether the partitions of this node that are over their limit still are.
async fn look_again(shared: &Shared, node: NodeId) {
    let over: Vec<Partition> = Partition::all()
        .filter(|partition| shared.lags[partition.index()].is_over())
        .filter(|partition| shared.redis.node_of(*partition) == node)
        .collect();
    look_closely(shared, node, &over).await;
}

/// Takes note of how much waits in streams that are long, which what is kept for inspection may be the
/// reason for. Without an answer they stay as they are; the next look asks again.
async fn look_closely(shared: &Shared, node: NodeId, partitions: &[Partition]) {
    let lengths = ask(shared, node, partitions, &["XLEN"]).await;
    let groups = ask(shared, node, partitions, &["XINFO", "GROUPS"]).await;
    for ((partition, all), (_, groups)) in lengths.into_iter().zip(groups) {
        // There is no group before a worker came.
        if let Some(waiting) = waiting(groups).or(length(all)) {
            shared.note_lag(partition, waiting);
        }
    }
}

/// Reads the lag of the consumer group `workers`, which follows the applied position.
fn waiting(groups: Value) -> Option<u64> {
    let Value::Array(groups) = groups else { return None };
    let mut fields = groups.into_iter().filter_map(|group| group.into_map_iter().ok());
    let (_, lag) = fields
        .next()?
        .find(|(name, _)| matches!(name, Value::BulkString(name) if name == b"lag"))?;
    match lag {
        Value::Int(lag) => Some(lag.unsigned_abs()),
        _ => None,
    }
}

/// Looks how long all streams of this node are together.
async fn look_at_all(shared: &Shared, node: NodeId, total: &Lag) {
    let all: Vec<Partition> =
        Partition::all().filter(|partition| shared.redis.node_of(*partition) == node).collect();
    let answers = ask(shared, node, &all, &["XLEN"]).await;
    let lengths: Vec<u64> = answers.into_iter().filter_map(|(_, answer)| length(answer)).collect();
    if lengths.len() < all.len() {
        return;
    }
    let length = lengths.iter().sum();
    if total.note(length, shared.limits.total_max, Instant::now()) {
        let over = total.is_over();
        tracing::warn!(length, over, "the lag of all intakes of a node crossed its limit");
    }
}

fn length(answer: Value) -> Option<u64> {
    match answer {
        Value::Int(length) => Some(length.unsigned_abs()),
        _ => None,
    }
}

/// What a command says about some streams; nothing where the node does not answer.
async fn ask(
    shared: &Shared,
    node: NodeId,
    partitions: &[Partition],
    command: &[&str],
) -> Vec<(Partition, Value)> {
    if partitions.is_empty() {
        return Vec::new();
    }
    let mut pipeline = Pipeline::with_capacity(partitions.len());
    for partition in partitions {
        let mut asked = Cmd::new();
        asked.arg(command).arg(key::intake(*partition));
        pipeline.add_command(asked);
    }
    let answers = send(shared, node, &pipeline).await.unwrap_or_default();
    partitions.iter().copied().zip(answers).collect()
}
