//! What a command has to say, on stdout.

use std::fmt::Display;
use std::io::Write;

/// Prints a line. A reader that has heard enough, as `head` has, is no failure.
pub fn say(text: impl Display) {
    let _ = writeln!(std::io::stdout(), "{text}");
}
