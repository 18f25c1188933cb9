//! What a run found, in the units in which it is told. The same figures go into the table and the
//! JSON.

use std::collections::BTreeMap;

use serde::Serialize;

use super::report;
use crate::bench::Found;
use crate::bench::figures::{Generator, Latency, rounded};
use crate::bench::usage::PartUsage;

/// A finished run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// What was asked for.
    pub setup: Setup,
    /// Messages sent per second of the measured window.
    pub sent_per_second: f64,
    /// Messages acknowledged per second of the measured window.
    pub acked_per_second: f64,
    /// First deliveries per second of the measured window.
    pub deliveries_per_second: f64,
    /// From due time to acknowledgement.
    pub ack_ms: Latency,
    /// From due time to delivery.
    pub delivery_ms: Latency,
    /// Of the whole run, warm-up included.
    pub correctness: Correctness,
    /// CPU of the measured window and memory at its end, by part of the service.
    pub parts: Vec<Part>,
    /// The load generator itself.
    pub generator: Generator,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// Clients.
    pub connections: u32,
    /// Rooms that they are spread over.
    pub rooms: u32,
    /// Clients that send.
    pub senders: u32,
    /// Open loop: messages per second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate: Option<f64>,
    /// Closed loop: messages per sender that wait for an answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub in_flight: Option<u32>,
    /// Bytes of content.
    pub payload_bytes: usize,
    /// The measured window.
    pub seconds: u64,
    /// Load before it.
    pub warmup_seconds: u64,
    /// Where the service is: `private`, or the URLs.
    pub service: String,
    /// Edges are on core 0, everything else on core 1.
    pub pinned: bool,
}

/// What was wrong. All zero in a good run.
#[derive(Debug, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Correctness {
    /// Acknowledged messages that a member never got, counted per member.
    pub lost: u64,
    /// Deliveries of what had been delivered before.
    pub doubled: u64,
    /// Deliveries after a later message of the same sender.
    pub out_of_order_sender: u64,
    /// Deliveries after one with a higher id.
    pub out_of_order_room: u64,
    /// Deliveries in a room that they do not belong to.
    pub stray: u64,
    /// Messages without an answer.
    pub unacked: u64,
    /// Connections that ended under load.
    pub closed: u64,
    /// Refused messages by code.
    pub errors: BTreeMap<String, u64>,
}

/// One kind of process: all edges, all workers, Redis.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Part {
    /// `edge`, `worker`, `redis`, or the name that `--pid` gave.
    pub name: String,
    /// Number of processes.
    pub processes: usize,
    /// Share of one core, all processes together.
    pub cpu_percent: f64,
    /// µs of CPU per delivery.
    pub delivery_us: Option<f64>,
    /// The part of it spent in the kernel.
    pub delivery_system_us: Option<f64>,
    /// µs of CPU per acknowledged message.
    pub message_us: Option<f64>,
    /// The part of it spent in the kernel.
    pub message_system_us: Option<f64>,
    /// Memory in RAM, all processes together.
    pub rss_kib: u64,
}

impl Part {
    /// Relates CPU to what was done with it.
    pub fn new(usage: PartUsage, done: Done) -> Self {
        let PartUsage { name, processes, cpu, rss_kib } = usage;
        let per =
            |seconds: f64, count: u64| (count > 0).then(|| rounded(seconds * 1e6 / count as f64));
        Self {
            name,
            processes,
            cpu_percent: rounded(cpu.total() / done.seconds * 100.0),
            delivery_us: per(cpu.total(), done.deliveries),
            delivery_system_us: per(cpu.system, done.deliveries),
            message_us: per(cpu.total(), done.messages),
            message_system_us: per(cpu.system, done.messages),
            rss_kib,
        }
    }
}

/// What was done in the measured window.
#[derive(Debug, Clone, Copy)]
pub struct Done {
    /// Its length as it was.
    pub seconds: f64,
    /// First deliveries.
    pub deliveries: u64,
    /// Acknowledged messages.
    pub messages: u64,
}

impl Found for Figures {
    fn table(&self) -> String {
        report::table(self)
    }

    fn verdict(&self) -> Option<String> {
        let Correctness { lost, doubled, stray, unacked, closed, .. } = self.correctness;
        let out_of_order =
            self.correctness.out_of_order_sender + self.correctness.out_of_order_room;
        let faults = [
            (lost, "lost"),
            (doubled, "doubled"),
            (out_of_order, "out of order"),
            (stray, "in a wrong room"),
            (unacked, "without an answer"),
            (closed, "connections closed"),
        ];
        let told: Vec<String> = faults
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, what)| format!("{count} {what}"))
            .collect();
        (!told.is_empty())
            .then(|| format!("the service failed under this load: {}", told.join(", ")))
    }
}
