//! Rules about the text of source files.

use crate::{expect_none, files};

/// A file is one idea; past this it is two.
const LINES_MAX: usize = 500;

/// How far above a sleep the loop stands that looks for a condition.
const LOOP_WITHIN_LINES: usize = 6;

#[test]
fn no_source_file_is_longer_than_one_idea() {
    let sources = files(&[".rs", ".lua", ".ts", ".tsx", ".mjs", ".py"]);
    // Nobody edits what a program made.
    let written = sources.iter().filter(|(_, text)| !text.starts_with("// Made by "));
    let long = written.filter(|(_, text)| text.lines().count() > LINES_MAX);
    let long: Vec<String> =
        long.map(|(path, text)| format!("{} ({})", path.display(), text.lines().count())).collect();
    expect_none(&format!("split files of more than {LINES_MAX} lines"), &long);
}

#[test]
fn every_rust_file_begins_with_what_it_is_for() {
    let silent = files(&[".rs"]);
    let silent = silent.iter().filter(|(_, text)| !text.starts_with("//! "));
    let silent: Vec<String> = silent.map(|(path, _)| path.display().to_string()).collect();
    expect_none("begin with //! and one to three sentences", &silent);
}

#[test]
fn every_lua_file_begins_with_what_it_is_for() {
    let silent = files(&[".lua"]);
    let silent = silent.iter().filter(|(_, text)| !text.starts_with("-- "));
    let silent: Vec<String> = silent.map(|(path, _)| path.display().to_string()).collect();
    expect_none("begin with a comment that says what the script does", &silent);
}

/// The marks are written apart here so that this file does not find itself.
#[test]
fn what_is_to_be_done_says_when() {
    let marks = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("X", "XX")];
    let mut broken = Vec::new();
    for (path, text) in files(&[".rs", ".lua", ".ts", ".tsx", ".mjs", ".py", ".sh", ".yaml"]) {
        for (number, line) in text.lines().enumerate() {
            let marked = marks.iter().any(|mark| {
                line.split(|c: char| !c.is_ascii_alphanumeric()).any(|word| word == *mark)
            });
            let lower = line.to_lowercase();
            let due =
                ["when ", "once ", "after ", "as soon as "].iter().any(|word| lower.contains(word));
            if marked && !due {
                broken.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    expect_none("say the condition (when …, once …, after …) that makes it due", &broken);
}

/// A test that sleeps for a while is slow and fails on a busy machine. It may look again and again
/// for a condition; where the time itself is the matter, a comment on the line above says so.
#[test]
fn tests_wait_for_the_thing_itself() {
    let calls = [concat!("sle", "ep("), concat!("set", "Timeout(")];
    let mut broken = Vec::new();
    for (path, text) in files(&[".rs", ".mjs", ".py"]) {
        if !path.components().any(|part| part.as_os_str() == "tests") {
            continue;
        }
        let lines: Vec<&str> = text.lines().map(str::trim).collect();
        for (number, line) in lines.iter().enumerate() {
            let above = &lines[number.saturating_sub(LOOP_WITHIN_LINES)..number];
            let in_loop =
                above.iter().any(|line| line.starts_with("loop") || line.starts_with("while"));
            let says_why = above.last().is_some_and(|line| line.starts_with("//"));
            if calls.iter().any(|call| line.contains(call)) && !in_loop && !says_why {
                broken.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    expect_none("wait for a condition, or say why time itself is the matter", &broken);
}

#[test]
fn nothing_is_left_unfinished() {
    let marks = [concat!("#[ign", "ore]"), concat!("to", "do!("), concat!("unimpl", "emented!(")];
    let mut broken = Vec::new();
    for (path, text) in files(&[".rs"]) {
        for (number, line) in text.lines().enumerate() {
            if marks.iter().any(|mark| line.contains(mark)) {
                broken.push(format!("{}:{}", path.display(), number + 1));
            }
        }
    }
    expect_none("an ignored test says who runs it, a function works or is not there", &broken);
}
