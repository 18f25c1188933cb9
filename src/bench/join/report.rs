//! A storm's figures as tables for people.

use comfy_table::Table;

use super::figures::{Counts, Figures, Phase, Setup};
use crate::bench::crowd::Summary;
use crate::bench::table::{self, bytes, count, decimal, plain, right_aligned};

/// Tables with a line that says what was measured.
pub fn table(figures: &Figures) -> String {
    let latencies = [("join-room", &figures.join_ms), ("leave-room", &figures.leave_ms)];
    [
        headline(&figures.setup),
        table::latencies(&latencies).to_string(),
        answers(figures),
        presence(&figures.presence),
        counts(&figures.counts),
        phases(&figures.phases).to_string(),
        redis(figures),
        table::generator(&figures.generator, true),
    ]
    .join("\n\n")
}

fn headline(setup: &Setup) -> String {
    format!(
        "Join: {} users into one room within {} s, then {} out of it, told together above {}, {}",
        count(setup.users.into()),
        setup.seconds,
        count(setup.leavers.into()),
        setup.batch_above,
        setup.service,
    )
}

fn answers(figures: &Figures) -> String {
    let refused: Vec<_> =
        figures.refused.iter().map(|(code, count)| format!("{code} {count}")).collect();
    let refused = if refused.is_empty() { "none".to_owned() } else { refused.join(", ") };
    format!(
        "Refused: {refused}   unanswered {}   connections closed {}",
        figures.unanswered, figures.closed
    )
}

fn presence(presence: &Summary) -> String {
    format!(
        "Presence at any member: at most {} frames, {} in one second, at least {} ms apart, {} beyond \
         one a second;\n  told of one user alone {}, too long lists {}",
        presence.frames_max,
        presence.in_a_second_max,
        decimal(presence.gap_ms_min, 0),
        presence.beyond,
        presence.singly,
        presence.long
    )
}

fn counts(counts: &Counts) -> String {
    let line = |n: usize, when: &str| {
        format!(
            "Members {when}: {} expected, {} by get-members, {} on its pages, {} members were told \
             another count",
            count(counts.expected[n] as f64),
            count(counts.told[n] as f64),
            count(counts.listed[n] as f64),
            counts.wrong_members[n]
        )
    };
    [line(0, "after joining"), line(1, "after leaving")].join("\n")
}

fn phases(phases: &[Phase]) -> Table {
    let mut header = vec!["", "s", "B answered", "B told", "lag", "lag ms", "elsewhere ms"];
    let parts = phases.first().map(|phase| phase.parts.as_slice()).unwrap_or_default();
    let names: Vec<_> = parts
        .iter()
        .map(|part| format!("{}, CPU s", table::processes(&part.name, part.processes)))
        .collect();
    header.extend(names.iter().map(String::as_str));
    let mut rows = plain(&header);
    for phase in phases {
        let mut row = vec![
            phase.name.to_owned(),
            format!("{:.1}", phase.seconds),
            count(phase.answer_bytes),
            count(phase.told_bytes),
            count(phase.lag.own.events as f64),
            count(phase.lag.own.age_ms as f64),
            count(phase.lag.others.age_ms as f64),
        ];
        row.extend(phase.parts.iter().map(|part| format!("{:.2}", part.cpu_seconds)));
        rows.add_row(row);
    }
    right_aligned(rows)
}

fn redis(figures: &Figures) -> String {
    let [empty, connected, joined] = figures.redis_bytes.map(|value| value as f64);
    let per_user = |bytes: f64| table::bytes(bytes / f64::from(figures.setup.users));
    let mut text = format!(
        "Redis holds {} when all have joined: {} per connection, {} more per member",
        bytes(joined),
        per_user(connected - empty),
        per_user(joined - connected)
    );
    text.push('\n');
    text.push_str(&table::slow(&figures.slow));
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bench::Found;
    use crate::bench::figures::{Generator, Latency};
    use crate::bench::join::figures::Part;
    use crate::bench::lag::{Seen, Worst};
    use crate::bench::store::SlowCommand;

    fn phase(name: &'static str) -> Phase {
        Phase {
            name,
            seconds: 15.04,
            answer_bytes: 21_000.0,
            told_bytes: 12_345.0,
            lag: Seen {
                looks: 150,
                own: Worst { events: 40, age_ms: 80 },
                others: Worst { events: 3, age_ms: 12 },
            },
            parts: vec![Part {
                name: "edge".to_owned(),
                processes: 2,
                cpu_seconds: 7.25,
                system_seconds: 3.0,
                rss_kib: 1_024,
            }],
        }
    }

    fn figures() -> Figures {
        Figures {
            setup: Setup {
                users: 10_000,
                leavers: 5_000,
                seconds: 10,
                batch_above: 200,
                service: "2 edges, 1 worker".to_owned(),
            },
            join_ms: Latency { p50: Some(2.25), ..Latency::default() },
            leave_ms: Latency::default(),
            refused: [].into(),
            unanswered: 0,
            closed: 0,
            presence: Summary {
                frames_max: 12,
                in_a_second_max: 1,
                gap_ms_min: Some(981.4),
                ..Summary::default()
            },
            counts: Counts {
                expected: [10_000, 5_000],
                told: [10_000, 5_000],
                listed: [10_000, 5_000],
                wrong_members: [0, 0],
            },
            phases: vec![phase("joining"), phase("leaving")],
            redis_bytes: [1_048_576, 11_288_576, 21_528_576],
            slow: vec![SlowCommand { name: "room/join".to_owned(), times: 2, max_ms: 2.5 }],
            generator: Generator {
                threads: 1,
                cpu_percent: Some(40.0),
                behind_ms_max: 1.5,
                machine_percent: Some(50.0),
            },
        }
    }

    #[test]
    fn the_table_tells_what_was_found() {
        let table = table(&figures());
        for part in [
            "10 000 users into one room within 10 s, then 5 000 out of it",
            "at most 12 frames, 1 in one second, at least 981 ms apart",
            "10 000 expected, 10 000 by get-members",
            "2 × edge, CPU s",
            "7.25",
            "1.0 KiB per connection, 1.0 KiB more per member",
            "room/join 2 times, 2.5 ms at most",
        ] {
            assert!(table.contains(part), "{part} in\n{table}");
        }
    }

    #[test]
    fn each_fault_fails_the_run_and_a_slow_command_does_not() {
        assert_eq!(figures().verdict(), None);
        type Spoil = fn(&mut Figures);
        let faults: [(&str, Spoil); 8] = [
            ("3 refused", |f| f.refused = [("conflict".to_owned(), 3)].into()),
            ("1 without an answer", |f| f.unanswered = 1),
            ("2 presence frames beyond", |f| f.presence.beyond = 2),
            ("1 joins or leaves told one by one", |f| f.presence.singly = 1),
            ("7 members with a wrong count", |f| f.counts.wrong_members[1] = 7),
            ("1 off in memberCount", |f| f.counts.told[0] -= 1),
            ("4 off in the pages", |f| f.counts.listed[1] += 4),
            ("500 ms that the room's partition", |f| f.phases[1].lag.own.age_ms = 1_500),
        ];
        for (told, spoil) in faults {
            let mut figures = figures();
            spoil(&mut figures);
            let verdict = figures.verdict().expect(told);
            assert!(verdict.contains(told), "{told} in {verdict}");
        }
    }
}
