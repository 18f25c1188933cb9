//! Heartbeats: what the owner of a partition says once in a while, so that an edge that missed a
//! publication knows, and one whose subscription died silently, too.

use std::collections::HashMap;

use redis::Cmd;
use serde::{Deserialize, Serialize};

use crate::id::{EventId, Partition};
use crate::key;
use crate::term::History;

/// A heartbeat:
/// `{"term": 1795413000, "cuts": "…", "anew": true, "rooms": {"algorithms": "1795413580067-0"}}`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Beat {
    /// The partition's history.
    #[serde(flatten)]
    pub history: History,
    /// Whether it is the owner's first: the one before may have left something unsaid.
    #[serde(default)]
    pub anew: bool,
    /// Rooms whose log grew since the heartbeat before, with their newest entry.
    pub rooms: HashMap<String, EventId>,
}

/// The call that publishes a heartbeat.
pub fn publish(partition: Partition, beat: &Beat) -> Cmd {
    let mut cmd = redis::cmd("SPUBLISH");
    cmd.arg(key::beat(partition))
        .arg(serde_json::to_string(beat).expect("a heartbeat is plain data"));
    cmd
}
