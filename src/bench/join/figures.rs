//! What a storm of joins came to, and what of it is a fault.

use std::collections::BTreeMap;

use serde::Serialize;

use super::report;
use crate::bench::Found;
use crate::bench::crowd::Summary;
use crate::bench::figures::{Generator, Latency, rounded};
use crate::bench::lag::{Seen, Worst};
use crate::bench::store::SlowCommand;
use crate::bench::usage::PartUsage;

/// The room's partition may be so far behind, ms.
const LAG_MS_MAX: u64 = 1_000;

/// A finished run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// What was asked for.
    pub setup: Setup,
    /// From due time to the answer of `join-room`.
    pub join_ms: Latency,
    /// From due time to the answer of `leave-room`.
    pub leave_ms: Latency,
    /// Refusals by code.
    pub refused: BTreeMap<String, u64>,
    /// Joins and leaves without an answer.
    pub unanswered: u64,
    /// Connections that ended unasked.
    pub closed: u64,
    /// What members were told of the others.
    pub presence: Summary,
    /// How many are in the room, as the members know it and as the service says.
    pub counts: Counts,
    /// Both phases.
    pub phases: Vec<Phase>,
    /// Bytes that Redis holds: before the first connection, when all are connected, when all have joined.
    pub redis_bytes: [u64; 3],
    /// What took Redis long.
    pub slow: Vec<SlowCommand>,
    /// The load generator itself, while all joined.
    pub generator: Generator,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// Users.
    pub users: u32,
    /// Those of them who left.
    pub leavers: u32,
    /// The time of joining, and of leaving.
    pub seconds: u64,
    /// Members above which joins and leaves are told together.
    pub batch_above: u64,
    /// What was measured.
    pub service: String,
}

/// How many are in the room, each time once all have joined and once the leavers have left.
#[derive(Debug, Default, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// How many there must be.
    pub expected: [u64; 2],
    /// `memberCount` of `get-members`.
    pub told: [u64; 2],
    /// Users on all pages of `get-members`, each counted once.
    pub listed: [u64; 2],
    /// Members who had been told another count last.
    pub wrong_members: [u64; 2],
}

/// A time in which something went on.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Phase {
    /// `joining` or `leaving`.
    pub name: &'static str,
    /// How long it was, until the last was answered and all had been told.
    pub seconds: f64,
    /// Bytes of answers per user.
    pub answer_bytes: f64,
    /// Bytes of everything else per user.
    pub told_bytes: f64,
    /// How far the workers were behind.
    pub lag: Seen,
    /// What the service used.
    pub parts: Vec<Part>,
}

/// One kind of process in one phase.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// `edge`, `worker`, `redis`, or the name that `--pid` gave.
    pub name: String,
    /// Number of processes.
    pub processes: usize,
    /// CPU time, s.
    pub cpu_seconds: f64,
    /// The part of it spent in the kernel.
    pub system_seconds: f64,
    /// Memory in RAM at the end, all processes together.
    pub rss_kib: u64,
}

impl From<PartUsage> for Part {
    fn from(usage: PartUsage) -> Self {
        let PartUsage { name, processes, cpu, rss_kib } = usage;
        let (cpu_seconds, system_seconds) = (rounded(cpu.total()), rounded(cpu.system));
        Self { name, processes, cpu_seconds, system_seconds, rss_kib }
    }
}

impl Found for Figures {
    fn table(&self) -> String {
        report::table(self)
    }

    fn verdict(&self) -> Option<String> {
        let Counts { expected, told, listed, wrong_members } = &self.counts;
        let lag = |worst: &Worst| worst.age_ms.saturating_sub(LAG_MS_MAX);
        let lag = self.phases.iter().map(|phase| lag(&phase.lag.own)).max().unwrap_or(0);
        let off = |counts: &[u64; 2]| (0..2).map(|n| counts[n].abs_diff(expected[n])).sum::<u64>();
        let faults = [
            (self.refused.values().sum(), "refused"),
            (self.unanswered, "without an answer"),
            (self.closed, "connections closed"),
            (self.presence.beyond, "presence frames beyond one a second"),
            (self.presence.singly, "joins or leaves told one by one in a large room"),
            (self.presence.long, "presence frames with too long a list"),
            (wrong_members.iter().sum(), "members with a wrong count"),
            (off(told), "off in memberCount of get-members"),
            (off(listed), "off in the pages of get-members"),
            (lag, "ms that the room's partition was behind beyond one second"),
        ];
        let told: Vec<String> = faults
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!told.is_empty()).then(|| format!("the service failed in this storm: {}", told.join(", ")))
    }
}
