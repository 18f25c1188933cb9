//! What a run found, in the units in which it is told. The same figures go into the table and the
//! JSON.

use std::collections::BTreeMap;

use hdrhistogram::Histogram;
use serde::Serialize;

use super::usage::Cpu;

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

/// Percentiles in milliseconds; `None` where nothing was measured.
#[derive(Debug, Default, Serialize)]
pub struct Latency {
    /// Half are faster.
    pub p50: Option<f64>,
    /// 95 % are faster.
    pub p95: Option<f64>,
    /// 99 % are faster.
    pub p99: Option<f64>,
    /// 99.9 % are faster.
    pub p999: Option<f64>,
    /// The slowest.
    pub max: Option<f64>,
}

impl From<&Histogram<u64>> for Latency {
    fn from(histogram: &Histogram<u64>) -> Self {
        if histogram.is_empty() {
            return Self::default();
        }
        let ms = |micros: u64| Some(micros as f64 / 1_000.0);
        let at = |quantile| ms(histogram.value_at_quantile(quantile));
        Self {
            p50: at(0.5),
            p95: at(0.95),
            p99: at(0.99),
            p999: at(0.999),
            max: ms(histogram.max()),
        }
    }
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
    /// Relates CPU to what was done with it in `seconds`.
    pub fn new(name: String, processes: usize, cpu: Cpu, rss_kib: u64, done: Done) -> Self {
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

/// The load generator: when it is the limit, the figures are its own and not the service's.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Generator {
    /// Its threads.
    pub threads: u32,
    /// Share of one core.
    pub cpu_percent: Option<f64>,
    /// How far it was behind its schedule at worst (open loop).
    pub behind_ms_max: f64,
    /// Share of all cores that anything used.
    pub machine_percent: Option<f64>,
}

impl Generator {
    /// Its threads have next to no time left.
    pub fn is_limit(&self) -> bool {
        self.cpu_percent.is_some_and(|percent| percent > 90.0 * f64::from(self.threads))
    }
}

/// To a thousandth: what is beyond is noise.
pub fn rounded(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

impl Figures {
    /// What makes the run a failure, in one sentence.
    pub fn verdict(&self) -> Option<String> {
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
