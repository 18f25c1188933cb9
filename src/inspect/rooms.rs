//! Rooms, as tables.

use lua::inspect::{RoomDetails, RoomState};

use super::{align, step, table as new_table};
use crate::output::say;

const COLUMNS: [&str; 10] = [
    "room", "type", "access", "owner", "present", "belong", "messages", "reports", "last", "closed",
];

/// Rooms, one per line.
pub fn table(rooms: &[RoomState], more: bool) {
    if rooms.is_empty() {
        say("There is no room yet.");
        return;
    }
    let mut rows = new_table(&COLUMNS);
    for room in rooms {
        rows.add_row(row(room));
    }
    align(&mut rows, 4..8);
    say(rows);
    if more {
        say("There are more: --limit shows them.");
    }
}

fn row(room: &RoomState) -> [String; 10] {
    [
        room.id.clone(),
        room.room_type.clone(),
        room.visibility.clone(),
        room.owner.clone().unwrap_or_default(),
        room.present.to_string(),
        room.belong.to_string(),
        room.messages.to_string(),
        room.open_reports.to_string(),
        room.last.to_string(),
        room.closed_at.map(|at| at.to_string()).unwrap_or_default(),
    ]
}

/// One room with what is in it.
pub fn details(room: &RoomDetails) {
    say(format!("Room {} in partition p{}", room.state.id, room.state.partition));
    step("fields", &room.fields);
    let state = &room.state;
    step(
        "counts",
        &[
            ("present".to_owned(), state.present.to_string()),
            ("belong".to_owned(), state.belong.to_string()),
            ("messages".to_owned(), state.messages.to_string()),
            ("log entries".to_owned(), room.log.to_string()),
            ("open reports".to_owned(), state.open_reports.to_string()),
        ],
    );
    for (name, fields) in [("access list", &room.access), ("sanctions", &room.sanctions)] {
        if !fields.is_empty() {
            step(name, fields);
        }
    }
    if room.members.is_empty() {
        return;
    }
    say(format!("\npresent, {} of {}", room.members.len(), state.present));
    let mut rows = new_table(&["user", "name", "role", "status", "since"]);
    for member in &room.members {
        rows.add_row(["id", "name", "roomRole", "status", "joinedAt"].map(|field| {
            let value = &member[field];
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        }));
    }
    say(rows);
}
