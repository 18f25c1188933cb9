//! Dead letters, as a table and one in full.

use lua::dead::Letter;
use lua::id::EventId;

use super::{step, table as new_table};
use crate::output::say;

/// Longest error that is shown in the table, in characters.
const ERROR_SHOWN: usize = 100;

/// Dead letters, one per line, partition by partition.
pub fn table(letters: &[Letter]) {
    if letters.is_empty() {
        say("There are no dead letters.");
        return;
    }
    let mut rows = new_table(&["partition", "id", "when", "event", "entity", "user", "error"]);
    for letter in letters {
        rows.add_row([
            format!("p{}", letter.partition),
            letter.id.to_string(),
            when(letter.id),
            letter.field("event").to_owned(),
            letter.field("entity").to_owned(),
            letter.field("user").to_owned(),
            letter.field("error").chars().take(ERROR_SHOWN).collect(),
        ]);
    }
    say(rows);
    say("`realtime inspect dead ID` shows one in full, `realtime replay-dead ID` sends it back.");
}

/// One dead letter with everything that there is.
pub fn details(letter: &Letter) {
    say(format!(
        "Dead letter {} in partition p{}, {}",
        letter.id,
        letter.partition,
        when(letter.id)
    ));
    step("the event", &letter.fields);
    if let Err(bad) = letter.record() {
        say(format!("\nIt is no record and cannot be replayed: {bad}"));
    }
}

/// When it was put aside.
fn when(id: EventId) -> String {
    let at = std::time::UNIX_EPOCH + std::time::Duration::from_millis(id.ms);
    humantime::format_rfc3339_seconds(at).to_string()
}
