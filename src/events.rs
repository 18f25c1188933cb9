//! `realtime events`: the event table as the processes have it, so that a catalogue cannot be stale.

use clap::Args;
use comfy_table::{Table, presets};
use lua::event::{Rate, Row, Source, TABLE};
use serde_json::json;

use crate::output::say;

/// Lists every event: what it does, who sends it and in which rate limit it counts.
#[derive(Args, Debug)]
pub struct Command {
    /// JSON instead of a table
    #[arg(long)]
    json: bool,
    /// The AsyncAPI document: all events with payloads, answers and what the server sends
    #[arg(long, conflicts_with = "json")]
    asyncapi: bool,
}

impl Command {
    /// Prints the list.
    pub fn run(&self) {
        if self.asyncapi {
            say(format!("{:#}", lua::told::asyncapi()));
        } else if self.json {
            let rows: Vec<_> = TABLE.iter().map(as_json).collect();
            say(json!(rows));
        } else {
            let mut table = Table::new();
            table.load_style(presets::UTF8_FULL_CONDENSED);
            table.set_header(["event", "sent by", "rate limit", "what it does"]);
            for row in TABLE {
                table.add_row([row.name, sender(row), rate(row), row.summary]);
            }
            say(table);
        }
    }
}

fn as_json(row: &Row) -> serde_json::Value {
    json!({ "event": row.name, "sentBy": sender(row), "rateLimit": rate(row), "summary": row.summary })
}

fn sender(row: &Row) -> &'static str {
    match row.source {
        Source::Client => "clients",
        Source::System => "the system",
    }
}

fn rate(row: &Row) -> &'static str {
    match (row.source, row.rate) {
        (Source::System, _) => "none",
        (Source::Client, Rate::Kept) => "events",
        (Source::Client, Rate::Ephemeral) => "typing and cursors",
        (Source::Client, Rate::Invitation) => "events, invitations",
    }
}
