//! The metrics of the process: their names, what they mean, and their text for Prometheus. Names
//! live here so that a dashboard can be checked against them.

use std::sync::OnceLock;

use metrics::{Unit, describe_counter, describe_gauge, describe_histogram, gauge};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Gauge: open connections. Label `transport`.
pub const CONNECTIONS: &str = "rt_connections";
/// Counter: events by `event` and `outcome` (`ok`, or the code of the refusal).
pub const EVENTS: &str = "rt_events_total";
/// Counter: frames handed to connections.
pub const DELIVERIES: &str = "rt_deliveries_total";
/// Histogram: from an event's arrival to its acknowledgement, seconds.
pub const ACK_SECONDS: &str = "rt_ack_seconds";
/// Histogram: from an event's id (when Redis took it in) to its delivery, seconds.
pub const DELIVERY_SECONDS: &str = "rt_delivery_seconds";
/// Gauge: 1 while Redis answers, else 0.
pub const REDIS_UP: &str = "rt_redis_up";
/// Gauge: how long Redis took to answer the last probe, seconds.
pub const REDIS_SECONDS: &str = "rt_redis_ping_seconds";
/// Gauge: memory of the process that is in RAM. The name is what Prometheus clients agree on.
pub const MEMORY_BYTES: &str = "process_resident_memory_bytes";

/// Half a millisecond to ten seconds: from an acknowledgement on one machine to the time-out.
const LATENCY_BUCKETS_SECONDS: [f64; 14] =
    [0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0];

/// The distribution of a count, such as the size of a batch.
const COUNT_BUCKETS: [f64; 11] =
    [1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0, 256.0, 512.0, 1024.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder of the process, once however often it is called: the edges of one process
/// share it, and their numbers add up.
pub fn install() -> PrometheusHandle {
    RECORDER
        .get_or_init(|| {
            let buckets = "the list of buckets is not empty";
            let recorder = PrometheusBuilder::new()
                .set_buckets_for_metric(suffix("_seconds"), &LATENCY_BUCKETS_SECONDS)
                .expect(buckets)
                .set_buckets_for_metric(suffix("_size"), &COUNT_BUCKETS)
                .expect(buckets)
                .build_recorder();
            let handle = recorder.handle();
            if metrics::set_global_recorder(recorder).is_err() {
                tracing::warn!("another metrics recorder is installed; /metrics stays empty");
            }
            describe();
            handle
        })
        .clone()
}

/// Counts one publication's deliveries, and how old it was by then: `taken_in_ms` is the time in the
/// event's id.
pub fn count_deliveries(count: u64, taken_in_ms: u64) {
    if count > 0 {
        metrics::counter!(DELIVERIES).increment(count);
        let age_ms = crate::clock::now_ms().saturating_sub(taken_in_ms);
        metrics::histogram!(DELIVERY_SECONDS).record_many(age_ms as f64 / 1_000.0, count as usize);
    }
}

fn suffix(end: &str) -> Matcher {
    Matcher::Suffix(end.to_owned())
}

/// The metrics as Prometheus reads them.
pub fn render(handle: &PrometheusHandle) -> String {
    if let Some(bytes) = resident_bytes() {
        gauge!(MEMORY_BYTES).set(bytes as f64);
    }
    handle.render()
}

/// Memory of this process in RAM; `None` where the system does not tell.
fn resident_bytes() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kibibytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024)
}

fn describe() {
    describe_gauge!(CONNECTIONS, "Open sessions by transport.");
    describe_counter!("rt_upgrades_total", "Sessions that went from polling to websocket.");
    describe_counter!("rt_sessions_closed_total", "Sessions that ended, by reason.");
    describe_counter!("rt_packets_received_total", "Engine.IO packets from clients.");
    describe_counter!("rt_packets_sent_total", "Engine.IO packets to clients.");
    describe_counter!("rt_outbox_overflow_total", "Sessions cut off for reading too slowly.");
    describe_counter!(EVENTS, "Events by name and outcome (ok, or the code of the refusal).");
    describe_counter!(DELIVERIES, "Frames handed to connections.");
    describe_histogram!(ACK_SECONDS, Unit::Seconds, "From an event's arrival to its ack.");
    describe_histogram!(
        DELIVERY_SECONDS,
        Unit::Seconds,
        "From an event's id, given by Redis, to its delivery."
    );
    describe_counter!("rt_intake_appended_total", "Events appended to the intake.");
    describe_counter!("rt_intake_refused_total", "Events that the intake refused, by reason.");
    describe_histogram!("rt_intake_append_seconds", Unit::Seconds, "One pipeline of appends.");
    describe_histogram!("rt_intake_batch_size", "Events in one pipeline of appends.");
    describe_counter!("rt_rate_refused_total", "What was over a rate limit, by limit.");
    describe_counter!("rt_rate_uncounted_total", "What came when too many accounts were kept.");
    describe_counter!("rt_rate_debits_total", "Debits of shared rate limits, by outcome.");
    describe_gauge!("rt_rate_waiting", "Events that wait for the answer to a debit.");
    describe_histogram!(
        "rt_wait_seconds",
        Unit::Seconds,
        "Calls and the wait for replicas to have them."
    );
    describe_counter!("rt_wait_short_total", "Waits that too few replicas answered in time.");
    describe_counter!(
        "rt_lost_tail_closed_total",
        "Connections closed that were told what Redis lost."
    );
    describe_counter!("rt_room_gaps_total", "Publications whose predecessor was not heard.");
    describe_counter!("rt_room_entries_repaired_total", "Entries read from logs to fill gaps.");
    describe_counter!(
        "rt_reports_dropped_total",
        "Ends of connections that could not be reported."
    );
    describe_counter!("rt_edge_lease_lost_total", "Times that this edge was given up as dead.");
    describe_gauge!(REDIS_UP, "1 while Redis answers, else 0.");
    describe_gauge!(REDIS_SECONDS, Unit::Seconds, "Answer time of Redis at the last probe.");
    describe_gauge!(MEMORY_BYTES, Unit::Bytes, "Memory of the process that is in RAM.");
}
