//! `realtime inspect`: what is going on inside, as tables for people and as JSON for programs.

mod dead;
mod rooms;
mod streams;
mod users;

use std::collections::BTreeMap;

use clap::{Args, Subcommand};
use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use lua::dead::Which;
use lua::id::{EventId, RoomId, UserId};
use lua::inspect::{self, EventPath, PartitionState};
use lua::topology::Settings;
use lua::{Redis, RedisError};

use crate::failure::Failure;
use crate::output::say;

/// Looks inside a running service through its Redis. Reads only.
#[derive(Args, Debug)]
pub struct Command {
    /// Where Redis is; `realtime dev` prints where its own is
    #[arg(
        long,
        env,
        default_value = "redis://127.0.0.1:6379",
        hide_env_values = true,
        global = true
    )]
    redis_url: String,
    /// JSON instead of tables
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand, Debug)]
enum What {
    /// Who owns which partition, how far it is applied and how much waits
    Partitions {
        /// Also those that never had an event
        #[arg(long)]
        all: bool,
    },
    /// Rooms: whose they are, who is there, how much is kept
    Rooms {
        /// Most rooms that are shown
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// One room: its fields, access list, sanctions, members
    Room {
        /// The room's id
        id: RoomId,
    },
    /// One user: connections, rooms, notifications
    User {
        /// The user's id
        id: UserId,
    },
    /// Edges that live, with their connections
    Connections,
    /// Streams: how much they hold and how much of it waits
    Streams,
    /// Partitions with events that wait, and for how long
    Lag,
    /// Dead letters: events that could not be applied because of a defect; one in full by its id
    Dead {
        /// The dead letter's id
        id: Option<EventId>,
        /// Most letters of each partition that are shown, the newest
        #[arg(long, default_value_t = 100)]
        limit: usize,
    },
    /// One event's path: intake, applied, log, message, dead letter
    Event {
        /// The event's id, `<ms>-<seq>`
        id: EventId,
        /// The room that it was for, where the intake does not keep it any more
        #[arg(long)]
        room: Option<RoomId>,
    },
}

impl Command {
    /// Looks and prints.
    pub async fn run(self) -> Result<(), Failure> {
        let redis = Redis::connect(&Settings::new(self.redis_url)).await.map_err(|problem| {
            Failure::run(format!("{problem} (REDIS_URL or --redis-url says where it is)"))
        })?;
        match self.what {
            What::Partitions { all } => {
                let states = inspect::partitions(&redis).await.map_err(failed)?;
                print(self.json, &states, || partitions(&states, all));
            }
            What::Rooms { limit } => {
                let (found, more) = inspect::rooms(&redis, limit).await.map_err(failed)?;
                print(self.json, &found, || rooms::table(&found, more));
            }
            What::Room { id } => {
                let found = inspect::room(&redis, &id).await.map_err(failed)?;
                let found = found.ok_or_else(|| Failure::run(format!("there is no room {id}")))?;
                print(self.json, &found, || rooms::details(&found));
            }
            What::User { id } => {
                let found = inspect::user(&redis, &id).await.map_err(failed)?;
                print(self.json, &found, || users::details(&found));
            }
            What::Connections => {
                let found = inspect::edges(&redis).await.map_err(failed)?;
                print(self.json, &found, || users::edges(&found));
            }
            What::Streams => {
                let found = inspect::streams(&redis).await.map_err(failed)?;
                print(self.json, &found, || streams::table(&found));
            }
            What::Lag => {
                let found = inspect::lag(&redis).await.map_err(failed)?;
                print(self.json, &found, || streams::lag(&found));
            }
            What::Dead { id, limit } => self::letters(&redis, self.json, id, limit).await?,
            What::Event { id, room } => {
                let paths = inspect::event(&redis, id, room.as_ref()).await.map_err(failed)?;
                if paths.is_empty() {
                    return Err(not_found(id, room.as_ref()));
                }
                print(self.json, &paths, || paths.iter().for_each(path));
            }
        }
        Ok(())
    }
}

async fn letters(
    redis: &Redis,
    json: bool,
    id: Option<EventId>,
    limit: usize,
) -> Result<(), Failure> {
    let which = Which { id, newest: Some(limit), ..Which::default() };
    let found = lua::dead::list(redis, which).await.map_err(failed)?;
    match id {
        Some(id) if found.is_empty() => {
            return Err(Failure::run(format!(
                "there is no dead letter {id}: `realtime inspect dead` lists them"
            )));
        }
        Some(_) => print(json, &found, || found.iter().for_each(dead::details)),
        None => print(json, &found, || dead::table(&found)),
    }
    Ok(())
}

fn failed(problem: RedisError) -> Failure {
    Failure::run(format!("Redis did not answer: {problem}"))
}

fn not_found(id: EventId, room: Option<&RoomId>) -> Failure {
    Failure::run(match room {
        Some(room) => format!("neither the intake nor the log of room {room} has event {id}"),
        None => format!(
            "no intake has event {id}: it was trimmed, or never was; with --room ROOM the room's log is searched too"
        ),
    })
}

fn print(json: bool, value: &impl serde::Serialize, table: impl FnOnce()) {
    if json {
        say(serde_json::to_string_pretty(value).expect("plain data"));
    } else {
        table();
    }
}

fn table(header: &[&str]) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_HORIZONTAL_ONLY);
    table.set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.iter().copied());
    table
}

fn partitions(states: &[PartitionState], all: bool) {
    let mut workers: BTreeMap<&str, (u64, u64, u64)> = BTreeMap::new();
    for state in states {
        let worker = workers.entry(owner(state)).or_default();
        *worker = (worker.0 + 1, worker.1 + state.lag, worker.2 + state.seq);
    }
    let mut shares = table(&["worker", "partitions", "lag", "applied"]);
    for (worker, (count, lag, applied)) in &workers {
        shares.add_row([
            (*worker).to_owned(),
            count.to_string(),
            lag.to_string(),
            applied.to_string(),
        ]);
    }
    align(&mut shares, 1..4);
    say(format!("{shares}\n"));

    let shown: Vec<_> =
        states.iter().filter(|s| all || s.seq > 0 || s.lag > 0 || s.dead > 0).collect();
    if shown.is_empty() {
        say("No partition has had an event yet (--all lists them).");
        return;
    }
    let mut rows =
        table(&["partition", "owner", "fence", "term", "applied", "seq", "lag", "intake", "dead"]);
    for state in shown {
        rows.add_row([
            format!("p{}", state.partition),
            owner(state).to_owned(),
            state.fence.to_string(),
            state.term.to_string(),
            state.applied.to_string(),
            state.seq.to_string(),
            state.lag.to_string(),
            state.intake.to_string(),
            state.dead.to_string(),
        ]);
    }
    align(&mut rows, 2..9);
    say(rows);
}

fn owner(state: &PartitionState) -> &str {
    match &state.owner {
        Some(_) if state.expired => "(nobody: lease over)",
        Some(owner) => owner,
        None => "(nobody)",
    }
}

fn align(table: &mut Table, columns: std::ops::Range<usize>) {
    for column in columns {
        if let Some(column) = table.column_mut(column) {
            column.set_cell_alignment(CellAlignment::Right);
        }
    }
}

fn path(path: &EventPath) {
    say(format!("Event {} in partition p{}", path.id, path.partition));
    match &path.intake {
        Some(fields) => step("intake", fields),
        None => say("\nintake: trimmed"),
    }
    say(match (path.applied, &path.owner) {
        (true, _) => "\napplied: yes".to_owned(),
        (false, Some(owner)) => format!("\napplied: not yet; the partition is {owner}'s"),
        (false, None) => {
            "\napplied: not yet; nobody owns the partition. Is a worker running?".to_owned()
        }
    });
    if let Some(fields) = &path.log {
        step("log", fields);
    }
    if let Some(message) = &path.message {
        say(format!("\nmessage, as it is now\n  {message}"));
    }
    if let Some(fields) = &path.dead {
        step("dead letter", fields);
    }
}

fn step(name: &str, fields: &[(String, String)]) {
    say(format!("\n{name}"));
    let width = fields.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    for (name, value) in fields.iter().filter(|(_, value)| !value.is_empty()) {
        say(format!("  {name:width$}  {value}"));
    }
}
