//! `.env.example` is the one list of all settings for whoever runs the service. It equals what the
//! two roles say of themselves, both ways, defaults included.

use std::collections::BTreeMap;
use std::process::Command;

use crate::{expect_none, root};

/// A setting's name and its default, where it has one.
type Settings = BTreeMap<String, Option<String>>;

#[test]
fn env_example_equals_the_settings_of_both_roles() {
    let mut declared = settings_of("edge");
    declared.extend(settings_of("worker"));
    let listed = settings_in_example();
    let mut broken = Vec::new();
    for (name, default) in &declared {
        match listed.get(name) {
            None => broken.push(format!("{name} is missing in .env.example")),
            Some(value) if default.is_some() && value != default => {
                let (value, default) = (value.as_deref(), default.as_deref());
                broken.push(format!("{name} is {value:?} there, but its default is {default:?}"));
            }
            Some(_) => {}
        }
    }
    for name in listed.keys().filter(|name| !declared.contains_key(*name)) {
        broken.push(format!("{name} stands in .env.example, but no role has it"));
    }
    expect_none(".env.example and the settings differ", &broken);
}

/// What `realtime <role> --help` says: `[env: NAME=…]`, and `[default: …]` behind it.
fn settings_of(role: &str) -> Settings {
    let output = Command::new(env!("CARGO_BIN_EXE_realtime"))
        .args([role, "--help"])
        .env_clear()
        .output()
        .expect("the program starts");
    assert!(output.status.success(), "realtime {role} --help failed");
    let help = String::from_utf8(output.stdout).expect("help is text");
    let mut settings = Settings::new();
    let mut rest = help.as_str();
    while let Some((_, after)) = rest.split_once("[env: ") {
        let (setting, after) = after.split_once(']').expect("a closed bracket");
        let name = setting.trim_end_matches('=');
        // Prose may speak of a default too; clap's own word stands right behind the name.
        let default = after.strip_prefix(" [default: ").and_then(|text| text.split_once(']'));
        settings.insert(name.to_owned(), default.map(|(value, _)| value.to_owned()));
        rest = after;
    }
    assert!(!settings.is_empty(), "realtime {role} --help names no setting");
    settings
}

/// The lines `NAME=value` and `# NAME=value` (a setting that is off until it is filled in).
fn settings_in_example() -> Settings {
    let text = std::fs::read_to_string(root().join(".env.example")).expect("an .env.example");
    let lines = text.lines().filter_map(|line| line.trim_start_matches("# ").split_once('='));
    let is_name = |name: &str| {
        !name.is_empty()
            && name.chars().all(|c| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_')
    };
    lines
        .filter(|(name, _)| is_name(name))
        .map(|(name, value)| (name.to_owned(), Some(value.to_owned())))
        .collect()
}
