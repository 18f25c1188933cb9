//! What clients get is what the types say that they get.

use lua::event::client_row;
use lua::record::Record;
use lua::told::TOLD;
use serde_json::Value as Json;

use super::Applied;

/// The answer and every frame of an event can be read as their types, which know no other field.
pub fn fit(record: &Record, applied: &Applied) {
    if let (Ok(row), result @ Json::Object(_)) =
        (client_row(&record.event), &applied.answer["result"])
        && let Err(problem) = (row.check)(result)
    {
        panic!("the answer to {} is not of its type: {problem}: {result}", record.event);
    }
    for (_, name, payload) in applied.frames() {
        if payload.is_null() {
            // Connections leave: nothing that a client gets.
            continue;
        }
        frame(&name, &payload);
    }
}

/// An event that the server sends has its type.
pub fn frame(name: &str, payload: &Json) {
    let told = TOLD.iter().find(|told| told.name == name);
    let told = told.unwrap_or_else(|| panic!("no type says that {name} is sent"));
    if let Err(problem) = (told.check)(payload) {
        panic!("{name} is not of its type: {problem}: {payload}");
    }
}
