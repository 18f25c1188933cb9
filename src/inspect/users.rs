//! Users and edges, as tables.

use lua::inspect::{EdgeState, UserState};

use super::{align, step, table};
use crate::output::say;

/// One user with connections and rooms.
pub fn details(user: &UserState) {
    say(format!("User {} in partition p{}", user.id, user.partition));
    if !user.fields.is_empty() {
        step("fields", &user.fields);
    }
    let rooms = |list: &[String]| match list.is_empty() {
        true => "-".to_owned(),
        false => list.join(", "),
    };
    step(
        "rooms, the newest first",
        &[
            ("present".to_owned(), rooms(&user.present)),
            ("belongs".to_owned(), rooms(&user.belongs)),
            ("owns".to_owned(), rooms(&user.owns)),
            ("notifications".to_owned(), user.notifications.to_string()),
        ],
    );
    if user.connections.is_empty() {
        say("\nno connection");
        return;
    }
    say("\nconnections");
    let mut rows = table(&["connection", "edge", "transport", "since"]);
    for connection in &user.connections {
        rows.add_row(["connectionId", "edge", "transport", "connectedAt"].map(|field| {
            let value = &connection[field];
            value.as_str().map_or_else(|| value.to_string(), str::to_owned)
        }));
    }
    say(rows);
}

/// Edges, one per line.
pub fn edges(edges: &[EdgeState]) {
    if edges.is_empty() {
        say("No edge is running.");
        return;
    }
    let mut rows = table(&["edge", "last beat", "connections", "places in rooms"]);
    for edge in edges {
        let beat = edge.beat_ms_ago.map_or_else(|| "gone".to_owned(), |ms| format!("{ms} ms ago"));
        rows.add_row([edge.id.clone(), beat, edge.connections.to_string(), edge.seats.to_string()]);
    }
    align(&mut rows, 1..4);
    say(rows);
}
