//! What rooms and reads cost, as tables for people.

use comfy_table::Table;

use super::costs::Pair;
use super::figures::{Figures, Setup};
use crate::bench::table::{self, bytes, count, plain, right_aligned};

/// Tables with a line that says what was measured.
pub fn table(figures: &Figures) -> String {
    [
        headline(&figures.setup),
        held(figures),
        kinds(figures).to_string(),
        table::slow(&figures.slow),
        reads(&figures.reads).to_string(),
    ]
    .join("\n\n")
}

fn headline(setup: &Setup) -> String {
    format!(
        "Rooms: {} with {} messages of {} bytes each{}, {}",
        count(setup.rooms.into()),
        count(setup.messages.into()),
        setup.payload_bytes,
        if setup.request_ids { " and a requestId" } else { "" },
        setup.service,
    )
}

fn held(figures: &Figures) -> String {
    let held = &figures.redis_bytes;
    let (rooms, messages) = (f64::from(figures.setup.rooms), f64::from(figures.setup.messages));
    let more = |from: u64, to: u64| to as f64 - from as f64;
    format!(
        "Redis holds {}: {} more than before; {} per room with its messages, {} without; {} per \
         message, all counted\nFilled with {} messages/s",
        bytes(held.messages as f64),
        bytes(more(held.before, held.messages)),
        bytes(more(held.before, held.messages) / rooms),
        bytes(more(held.before, held.rooms) / rooms),
        bytes(more(held.rooms, held.messages) / rooms / messages),
        count(figures.messages_per_second),
    )
}

fn kinds(figures: &Figures) -> Table {
    let rooms = f64::from(figures.setup.rooms);
    let messages = rooms * f64::from(figures.setup.messages);
    let mut rows = plain(&["Keys", "number", "bytes", "per key", "per room", "per message"]);
    let mut row = |name: &str, keys: String, per_key: String, held: f64| {
        let per_message = format!("{:.1} B", held / messages);
        rows.add_row([
            name.to_owned(),
            keys,
            bytes(held),
            per_key,
            bytes(held / rooms),
            per_message,
        ]);
    };
    let mut around = figures.redis_bytes.messages as f64 - figures.redis_bytes.before as f64;
    for kind in &figures.kinds {
        let held = kind.bytes as f64;
        around -= held;
        let per_key = bytes(held / kind.keys.max(1) as f64);
        row(&kind.name, count(kind.keys as f64), per_key, held);
    }
    // The tables that keys stand in, less what MEMORY USAGE says too much of streams.
    row("difference to what is held", String::new(), String::new(), around);
    right_aligned(rows)
}

fn reads(reads: &[Pair]) -> Table {
    let mut rows = plain(&[
        "Read, µs of Redis",
        "script",
        "small: median",
        "max",
        "answer",
        "large: median",
        "max",
        "answer",
        "times",
    ]);
    for pair in reads {
        let Pair { small, large } = pair;
        let mut row = vec![
            format!("{} {}\n  beside {}", large.event, large.of, small.of),
            large.script.clone(),
        ];
        for cost in [small, large] {
            row.push(count(cost.median_us));
            row.push(count(cost.max_us));
            row.push(bytes(cost.answer_bytes as f64));
        }
        row.push(format!("{:.2}", pair.times()));
        rows.add_row(row);
    }
    right_aligned(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Found;
    use crate::bench::rooms::costs::Cost;
    use crate::bench::rooms::figures::Bytes;
    use crate::bench::rooms::memory::Kind;

    fn cost(of: &str, median_us: f64) -> Cost {
        Cost {
            event: "get-members",
            of: of.to_owned(),
            script: "room/members".to_owned(),
            calls: 200,
            median_us,
            max_us: 2.0 * median_us,
            answer_bytes: 5_120,
        }
    }

    fn figures(large_us: f64) -> Figures {
        let mib = 1_048_576;
        Figures {
            setup: Setup {
                rooms: 1_024,
                messages: 16,
                payload_bytes: 120,
                request_ids: true,
                service: "1 edge, 1 worker".to_owned(),
            },
            messages_per_second: 12_345.6,
            redis_bytes: Bytes { before: mib, rooms: 2 * mib, messages: 10 * mib },
            kinds: vec![Kind {
                name: "room/messages".to_owned(),
                keys: 1_024,
                bytes: 4 * mib,
                ..Kind::default()
            }],
            slow: Vec::new(),
            reads: vec![Pair {
                small: cost("first of 50 members", 100.0),
                large: cost("last of 10000 members", large_us),
            }],
        }
    }

    #[test]
    fn the_table_tells_what_was_found() {
        let table = table(&figures(110.0));
        for part in [
            "1 024 with 16 messages of 120 bytes each and a requestId",
            "Redis holds 10.0 MiB: 9.0 MiB more than before; 9.0 KiB per room with its messages, 1.0 \
             KiB without; 512 B per message",
            "12 346 messages/s",
            "256.0 B",
            "5.0 MiB",
            "get-members last of 10000 members",
            "1.10",
        ] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }

    #[test]
    fn a_read_that_grows_with_its_place_fails_the_run() {
        assert_eq!(figures(390.0).verdict(), None);
        let verdict = figures(900.0).verdict().expect("a failure");
        assert!(
            verdict.contains("last of 10000 members costs 900 µs in place of 100"),
            "{verdict}"
        );
    }
}
