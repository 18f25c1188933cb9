//! Heartbeats: what the owner of a partition says once in a while, so that an edge that missed a
//! publication knows, and one whose subscription died silently, too.

use std::collections::HashMap;

use redis::Cmd;
use serde::{Deserialize, Serialize};

use crate::id::{EventId, Partition};
use crate::key;

/// A heartbeat: `{"term": 3, "rooms": {"algorithms": "1795413580067-0"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The partition's term.
    pub term: u64,
    /// Rooms whose log grew since the heartbeat before, with their newest entry.
    pub rooms: HashMap<String, EventId>,
}

/// The call that publishes a heartbeat.
pub fn publish(partition: Partition, term: u64, rooms: &HashMap<String, EventId>) -> Cmd {
    let beat = Beat { term, rooms: rooms.clone() };
    let mut cmd = redis::cmd("SPUBLISH");
    cmd.arg(key::beat(partition))
        .arg(serde_json::to_string(&beat).expect("a heartbeat is plain data"));
    cmd
}
