//! Streams and lag, as tables.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use lua::inspect::{Lag, StreamState};

use super::{align, table as new_table};
use crate::output::say;

/// Streams, one per line.
pub fn table(streams: &[StreamState]) {
    let mut rows = new_table(&["stream", "entries", "waiting", "holds"]);
    for stream in streams {
        rows.add_row([
            stream.key.clone(),
            stream.entries.to_string(),
            stream.waiting.to_string(),
            stream.about.to_owned(),
        ]);
    }
    align(&mut rows, 1..3);
    say(rows);
}

/// Partitions with events that wait, one per line.
pub fn lag(lags: &[Lag]) {
    if lags.is_empty() {
        say("Nothing waits.");
        return;
    }
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let mut rows = new_table(&["partition", "owner", "waiting", "oldest", "since"]);
    for lag in lags {
        let age = lag.oldest.map(|id| now.saturating_sub(Duration::from_millis(id.ms)));
        rows.add_row([
            format!("p{}", lag.partition),
            lag.owner.clone().unwrap_or_else(|| "(nobody)".to_owned()),
            lag.waiting.to_string(),
            lag.oldest.map(|id| id.to_string()).unwrap_or_default(),
            age.map(|age| format!("{} ms", age.as_millis())).unwrap_or_default(),
        ]);
    }
    align(&mut rows, 2..3);
    say(rows);
    let total: u64 = lags.iter().map(|lag| lag.waiting).sum();
    say(format!("{total} events wait in {} partitions.", lags.len()));
}
