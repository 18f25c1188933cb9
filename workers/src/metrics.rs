//! What the metrics of a worker mean, for whichever recorder the process has.

use ::metrics::{Unit, describe_counter, describe_gauge, describe_histogram};

/// Describes them all.
pub fn describe() {
    describe_counter!("rt_events_applied_total", "Events applied, by name and outcome.");
    describe_histogram!("rt_apply_seconds", Unit::Seconds, "One pipeline of commits.");
    describe_histogram!("rt_apply_batch_size", "Events in one pipeline of commits.");
    describe_histogram!(
        "rt_wait_seconds",
        Unit::Seconds,
        "Calls and the wait for replicas to have them."
    );
    describe_counter!("rt_wait_short_total", "Waits that too few replicas answered in time.");
    describe_counter!("rt_dead_letters_total", "Events put aside because of a defect.");
    describe_counter!("rt_dead_letters_dropped_total", "Dead letters that newer ones displaced.");
    describe_gauge!("rt_partitions_owned", "Partitions that the worker owns.");
    describe_counter!("rt_relayed_total", "Entries relayed to other partitions, by target.");
    describe_gauge!("rt_relay_backlog", "Entries that wait to be relayed, by node.");
    describe_counter!("rt_gather_refused_total", "Reads over several rooms that failed, by code.");
    describe_counter!("rt_edges_lost_total", "Edges given up as dead.");
    describe_counter!("rt_ingress_relayed_total", "Events taken over from the ingress.");
    describe_counter!("rt_ingress_refused_total", "Events of the ingress that were refused.");
}
