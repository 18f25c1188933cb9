//! How figures stand in tables for people.

use comfy_table::presets::UTF8_FULL_CONDENSED;
use comfy_table::{CellAlignment, Table};

use super::figures::{Generator, Latency};
use super::store::{SLOW_US, SlowCommand};

/// A table with these heads of columns.
pub fn plain(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(UTF8_FULL_CONDENSED).set_header(header.to_vec());
    table
}

/// Numbers stand to the right; the first column names them.
pub fn right_aligned(mut table: Table) -> Table {
    for column in table.column_iter_mut().skip(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    table
}

/// One row per latency.
pub fn latencies(rows: &[(&str, &Latency)]) -> Table {
    let mut table = plain(&["Latency, ms", "p50", "p95", "p99", "p99.9", "max"]);
    for (name, latency) in rows {
        let Latency { p50, p95, p99, p999, max } = latency;
        let mut row = vec![(*name).to_owned()];
        row.extend([p50, p95, p99, p999, max].map(|value| decimal(*value, 1)));
        table.add_row(row);
    }
    right_aligned(table)
}

/// What the load generator did, where `paced` after a schedule.
pub fn generator(generator: &Generator, paced: bool) -> String {
    let mut text = "Load generator:".to_owned();
    if let Some(percent) = generator.cpu_percent {
        let threads = plural(generator.threads as usize, "thread");
        text.push_str(&format!(" {percent:.0} % of a core with {threads}"));
    }
    if paced {
        let behind = generator.behind_ms_max;
        text.push_str(&format!("; at worst {behind:.1} ms behind its schedule"));
    }
    if let Some(percent) = generator.machine_percent {
        text.push_str(&format!("; the machine was {percent:.0} % busy"));
    }
    if generator.is_limit() {
        text.push_str(
            "\nThe load generator was the limit: read the rates as lower bounds, or give it \
             --threads.",
        );
    }
    text
}

/// What took Redis long.
pub fn slow(commands: &[SlowCommand]) -> String {
    let told = |slow: &SlowCommand| {
        format!(
            "{} {}, {:.1} ms at most",
            slow.name,
            plural(slow.times as usize, "time"),
            slow.max_ms
        )
    };
    let told: Vec<_> = commands.iter().map(told).collect();
    let least = SLOW_US / 1_000;
    match told.is_empty() {
        true => format!("Nothing took Redis {least} ms"),
        false => format!("What took Redis {least} ms or more: {}", told.join("; ")),
    }
}

/// `edge`, `2 × edge`
pub fn processes(name: &str, count: usize) -> String {
    if count == 1 { name.to_owned() } else { format!("{count} × {name}") }
}

/// A dash where there is no value.
pub fn decimal(value: Option<f64>, digits: usize) -> String {
    value.map_or("–".to_owned(), |value| format!("{value:.digits$}"))
}

/// `1 edge`, `2 edges`
pub fn plural(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}

/// A whole number with a thin gap between thousands.
pub fn count(value: f64) -> String {
    let digits = format!("{value:.0}");
    let mut text = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(' ');
        }
        text.push(digit);
    }
    text
}

/// Bytes in the unit that suits.
pub fn bytes(value: f64) -> String {
    const UNITS: [(f64, &str, usize); 3] =
        [(1_073_741_824.0, "GiB", 2), (1_048_576.0, "MiB", 1), (1_024.0, "KiB", 1)];
    match UNITS.iter().find(|(size, ..)| value.abs() >= *size) {
        Some((size, unit, digits)) => format!("{:.digits$} {unit}", value / size),
        None => format!("{value:.0} B"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_written_for_people() {
        assert_eq!(count(1_234_567.0), "1 234 567");
        assert_eq!(count(12.4), "12");
        assert_eq!(bytes(512.0), "512 B");
        assert_eq!(bytes(1_536.0), "1.5 KiB");
        assert_eq!(bytes(3.0 * 1_073_741_824.0), "3.00 GiB");
        assert_eq!(processes("edge", 2), "2 × edge");
        assert_eq!(plural(1, "worker"), "1 worker");
    }
}
