//! What a run came to, as tables.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Duration;

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use crate::fault::Kind;
use crate::findings::Record;
use crate::plan::Plan;

/// What a change of the number of processes cost.
pub struct Move {
    /// What was done.
    pub what: String,
    /// How many partitions have another owner.
    pub moved: usize,
    /// How long until the shares were equal again.
    pub shared: Duration,
    /// Of all rooms that were written to all the time, the longest that an event took.
    pub longest: Duration,
    /// The same for one of a hundred.
    pub p99: Duration,
}

/// What a run came to.
pub struct Report {
    /// What it was to be.
    pub plan: Plan,
    /// Per kind of fault, how long the service took to be whole again.
    pub faults: BTreeMap<Kind, Vec<Duration>>,
    /// What changes of the number of processes cost.
    pub moves: Vec<Move>,
    /// What was found.
    pub record: Record,
    /// How long it took.
    pub took: Duration,
    /// Where the logs are, if they were kept.
    pub logs: Option<String>,
}

impl Report {
    /// Whether every promise was kept.
    pub fn is_clean(&self) -> bool {
        self.record.broken.is_empty()
    }

    /// As text.
    pub fn text(&self) -> String {
        let plan = &self.plan;
        let mut text = format!(
            "chaos seed {}: {} on {} ({}), {} clients, {} faults in {}\n\n",
            plan.seed,
            plan.scenario.name(),
            plan.topology.name(),
            plan.durability,
            plan.clients,
            self.faults.values().map(Vec::len).sum::<usize>(),
            humantime::format_duration(Duration::from_secs(self.took.as_secs())),
        );
        let _ =
            writeln!(text, "{}\n\n{}\n\n{}", self.first_table(), self.event_table(), self.counts());
        text + &self.verdict()
    }

    fn first_table(&self) -> Table {
        if self.moves.is_empty() { self.fault_table() } else { self.move_table() }
    }

    fn move_table(&self) -> Table {
        let head = ["done under load", "partitions moved", "shared after", "event p99", "longest"];
        let mut table = table(&head);
        for done in &self.moves {
            let times = [done.shared, done.p99, done.longest];
            let [shared, p99, longest] = times.map(|time| format!("{} ms", time.as_millis()));
            table.add_row([&done.what, &done.moved.to_string(), &shared, &p99, &longest]);
        }
        table
    }

    fn fault_table(&self) -> Table {
        let mut table = table(&["fault", "times", "whole again p50", "max"]);
        for (kind, times) in &self.faults {
            let mut times = times.clone();
            times.sort_unstable();
            let ms = |time: Duration| format!("{} ms", time.as_millis());
            let (middle, last) = (times[times.len() / 2], times[times.len() - 1]);
            table.add_row([kind.name(), &times.len().to_string(), &ms(middle), &ms(last)]);
        }
        table
    }

    fn event_table(&self) -> Table {
        let mut table = table(&["event", "acknowledged", "refused by a rule", "sent again"]);
        for (event, answers) in &self.record.answers {
            let numbers = [answers.done, answers.refused, answers.again].map(|n| n.to_string());
            table.add_row([event, &numbers[0], &numbers[1], &numbers[2]]);
        }
        table
    }

    fn counts(&self) -> Table {
        let mut table = table(&["looked at", "times"]);
        for (what, times) in &self.record.counted {
            table.add_row([*what, &times.to_string()]);
        }
        table
    }

    fn verdict(&self) -> String {
        if self.is_clean() {
            return "nothing lost, nothing twice, everything in order\n".to_owned();
        }
        let mut text = String::from("BROKEN:");
        for (promise, count) in &self.record.broken {
            let _ = write!(text, " {promise:?} {count}");
        }
        text.push('\n');
        for finding in &self.record.texts {
            let _ = writeln!(text, "  {finding}");
        }
        let _ = writeln!(text, "again: {}", self.plan.command());
        if let Some(logs) = &self.logs {
            let _ = writeln!(text, "logs: {logs}");
        }
        text
    }
}

fn table(head: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(head.to_vec());
    for number in 1..head.len() {
        if let Some(column) = table.column_mut(number) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
    table
}
