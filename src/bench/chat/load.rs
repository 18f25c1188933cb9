//! The load generator as a whole: threads that share nothing but a few counters, what they are
//! told, and the sum of what they found.

use std::sync::Arc;
use std::sync::atomic::AtomicU64;
use std::time::Instant;

use anyhow::{Context, Result, anyhow};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::check::{Member, Sent};
use super::options::Plan;
use super::session::Tally;
use super::thread::Thread;
use crate::bench::wire::Address;

/// Where the run stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Phase {
    /// Clients connect and join.
    Joining,
    /// Load since this moment, which is time 0 of all due times.
    Running(Instant),
    /// Clients stop and give their results.
    Done,
}

/// Counters that all threads add to, for progress and for the measured window.
#[derive(Debug, Default)]
pub struct Counters {
    /// Clients that have joined.
    pub joined: AtomicU64,
    /// Clients whose connection ended under load.
    pub closed: AtomicU64,
    /// Messages sent.
    pub sent: AtomicU64,
    /// Messages acknowledged.
    pub acked: AtomicU64,
    /// Messages refused.
    pub refused: AtomicU64,
    /// First deliveries of messages.
    pub delivered: AtomicU64,
    /// Deliveries that the acknowledged messages should cause.
    pub expected: AtomicU64,
}

/// What all threads know.
pub struct Shared {
    /// What to do.
    pub plan: Plan,
    /// The edges that clients connect to.
    pub edges: Vec<Address>,
    /// A token per client.
    pub tokens: Vec<String>,
    /// Tells this run's rooms from those of other runs.
    pub run: String,
    /// Counters of all threads.
    pub counters: Counters,
}

impl Shared {
    /// The id of a client's room.
    pub fn room_name(&self, connection: u32) -> String {
        format!("bench-{}-{:06}", self.run, self.plan.layout.room(connection))
    }

    /// The edge of a client. Neighbours in a room use different ones, so that rooms span edges.
    pub fn edge(&self, connection: u32) -> &Address {
        &self.edges[(connection / self.plan.layout.rooms) as usize % self.edges.len()]
    }
}

/// What one client saw and sent.
pub struct Record {
    /// Index of the connection.
    pub connection: u32,
    /// What it received.
    pub member: Member,
    /// What it sent.
    pub sent: Sent,
}

/// What all threads found.
pub struct Outcome {
    /// Latencies, errors and faults.
    pub tally: Tally,
    /// Acknowledged messages that a member never got, counted per member.
    pub lost: u64,
    /// Messages without an answer.
    pub unacked: u64,
}

/// The running threads.
pub struct Load {
    /// What they share.
    pub shared: Arc<Shared>,
    /// Tells the threads where the run stands. They end when nobody can tell them any more.
    pub phase: watch::Sender<Phase>,
    threads: JoinSet<Result<(Tally, Vec<Record>)>>,
}

impl Load {
    /// Starts the threads; their clients connect and join.
    pub fn start(shared: Shared) -> Self {
        let shared = Arc::new(shared);
        let (phase, _) = watch::channel(Phase::Joining);
        let mut threads = JoinSet::new();
        for index in 0..shared.plan.threads {
            let thread = Thread { index, shared: shared.clone(), phase: phase.subscribe() };
            threads.spawn_blocking(move || thread.run());
        }
        Self { shared, phase, threads }
    }

    /// Waits for a thread to fail; never ends while all is well.
    pub async fn failure(&mut self) -> anyhow::Error {
        match self.threads.join_next().await {
            Some(Ok(Err(error))) => error,
            Some(Ok(Ok(_))) | None => anyhow!("a thread of the load generator ended early"),
            Some(Err(panic)) => anyhow!("a thread of the load generator broke: {panic}"),
        }
    }

    /// Ends the clients and adds up what they found.
    pub async fn finish(mut self) -> Result<Outcome> {
        self.phase.send_replace(Phase::Done);
        let mut tally = Tally::default();
        let mut records = Vec::new();
        while let Some(thread) = self.threads.join_next().await {
            let (found, seen) = thread.context("a thread of the load generator broke")??;
            tally.add(&found);
            records.extend(seen);
        }
        records.sort_by_key(|record| record.connection);
        let (members, sent): (Vec<_>, Vec<_>) =
            records.into_iter().map(|record| (record.member, record.sent)).unzip();
        for member in &members {
            tally.faults += member.faults();
        }
        let lost = members.iter().map(|member| member.lost(&sent)).sum();
        let unacked = sent.iter().map(Sent::unanswered).sum();
        Ok(Outcome { tally, lost, unacked })
    }
}
