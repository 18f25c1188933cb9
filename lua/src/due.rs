//! Work that is due at a time: what a script puts into the partition's timer set, and the owner moves into
//! the intake when its time has come. The same work is there once; putting it there again puts it off.

use serde_json::{Value, json};

/// An event that the system sends itself later, as the timer set holds it. It has no name and no origin,
/// so that it is the same whoever caused it.
pub(crate) fn work(event: &str, entity: &str, user: &str, payload: &Value) -> String {
    json!({
        "event": event,
        "entity": entity,
        "user": user,
        "name": "",
        "roles": "",
        "origin": "",
        "payload": payload.to_string(),
    })
    .to_string()
}
