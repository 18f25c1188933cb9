//! A run's figures as tables for people.

use comfy_table::Table;

use super::figures::{Correctness, Figures, Part, Setup};
use crate::bench::table::{self, count, decimal, plain, right_aligned};

/// Tables with a line that says what was measured.
pub fn table(figures: &Figures) -> String {
    let latencies = [("ack", &figures.ack_ms), ("delivery", &figures.delivery_ms)];
    let mut parts = vec![
        headline(&figures.setup),
        rates(figures),
        table::latencies(&latencies).to_string(),
        correctness(&figures.correctness),
    ];
    if !figures.parts.is_empty() {
        parts.push(cpu(&figures.parts).to_string());
    }
    parts.push(table::generator(&figures.generator, figures.setup.rate.is_some()));
    parts.join("\n\n")
}

fn headline(setup: &Setup) -> String {
    let load = match (setup.rate, setup.in_flight) {
        (Some(rate), _) => format!("{} messages/s due (open loop)", count(rate)),
        (_, Some(in_flight)) => format!("{in_flight} in flight per sender (closed loop)"),
        _ => String::new(),
    };
    format!(
        "Chat: {} connections in {} rooms, {} senders, {load}, {} bytes, {} s after {} s, {}{}",
        count(setup.connections.into()),
        count(setup.rooms.into()),
        count(setup.senders.into()),
        setup.payload_bytes,
        setup.seconds,
        setup.warmup_seconds,
        setup.service,
        if setup.pinned { ", pinned" } else { "" },
    )
}

fn rates(figures: &Figures) -> String {
    format!(
        "Sent {}/s   acked {}/s   deliveries {}/s",
        count(figures.sent_per_second),
        count(figures.acked_per_second),
        count(figures.deliveries_per_second)
    )
}

fn correctness(found: &Correctness) -> String {
    let mut text = format!(
        "Lost {}   doubled {}   out of order {} (sender) {} (room)   stray {}   unacked {}   \
         connections closed {}",
        found.lost,
        found.doubled,
        found.out_of_order_sender,
        found.out_of_order_room,
        found.stray,
        found.unacked,
        found.closed
    );
    if !found.errors.is_empty() {
        let errors: Vec<_> =
            found.errors.iter().map(|(code, count)| format!("{code} {count}")).collect();
        text.push_str(&format!("\nRefused: {}", errors.join(", ")));
    }
    text
}

fn cpu(parts: &[Part]) -> Table {
    let mut rows = plain(&[
        "CPU (of it in the kernel)",
        "of a core",
        "µs per delivery",
        "µs per message",
        "RSS MiB",
    ]);
    for part in parts {
        rows.add_row([
            table::processes(&part.name, part.processes),
            format!("{:.0} %", part.cpu_percent),
            with_system(part.delivery_us, part.delivery_system_us, 2),
            with_system(part.message_us, part.message_system_us, 1),
            format!("{:.1}", part.rss_kib as f64 / 1_024.0),
        ]);
    }
    right_aligned(rows)
}

fn with_system(total: Option<f64>, system: Option<f64>, digits: usize) -> String {
    match total {
        Some(_) => format!("{} ({})", decimal(total, digits), decimal(system, digits)),
        None => decimal(None, digits),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Found;
    use crate::bench::chat::figures::Done;
    use crate::bench::figures::{Generator, Latency};
    use crate::bench::usage::{Cpu, PartUsage};

    fn figures(correctness: Correctness) -> Figures {
        let done = Done { seconds: 10.0, deliveries: 500_000, messages: 50_000 };
        let usage = PartUsage {
            name: "edge".to_owned(),
            processes: 2,
            cpu: Cpu { user: 1.0, system: 1.5 },
            rss_kib: 30 * 1_024,
        };
        Figures {
            setup: Setup {
                connections: 1_000,
                rooms: 100,
                senders: 1_000,
                rate: Some(5_000.0),
                in_flight: None,
                payload_bytes: 200,
                seconds: 10,
                warmup_seconds: 2,
                service: "1 edge, 1 worker".to_owned(),
                pinned: false,
            },
            sent_per_second: 5_000.0,
            acked_per_second: 4_999.6,
            deliveries_per_second: 49_996.0,
            ack_ms: Latency::default(),
            delivery_ms: Latency { p50: Some(1.25), ..Latency::default() },
            correctness,
            parts: vec![Part::new(usage, done)],
            generator: Generator {
                threads: 1,
                cpu_percent: Some(95.0),
                behind_ms_max: 1.5,
                machine_percent: Some(50.0),
            },
        }
    }

    #[test]
    fn the_table_tells_what_the_json_tells() {
        let figures = figures(Correctness::default());
        let table = table(&figures);
        for part in [
            "1 000 connections in 100 rooms",
            "acked 5 000/s   deliveries 49 996/s",
            "2 × edge",
            "25 %",
            "5.00 (3.00)",
            "50.0 (30.0)",
            "30.0",
            "The load generator was the limit",
        ] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
        let json: serde_json::Value = serde_json::to_value(&figures).expect("JSON");
        assert_eq!(json["parts"][0]["deliveryUs"], 5.0);
        assert_eq!(json["deliveryMs"]["p50"], 1.25);
        assert_eq!(json["correctness"]["outOfOrderRoom"], 0);
    }

    #[test]
    fn a_fault_is_a_failure_and_a_refusal_is_not() {
        assert_eq!(figures(Correctness::default()).verdict(), None);
        let errors = [("rate-limited".to_owned(), 3)].into();
        assert_eq!(figures(Correctness { errors, ..Correctness::default() }).verdict(), None);
        let faulty = Correctness { lost: 2, out_of_order_room: 1, ..Correctness::default() };
        let verdict = figures(faulty).verdict().expect("a failure");
        assert!(verdict.ends_with("2 lost, 1 out of order"), "{verdict}");
    }
}
