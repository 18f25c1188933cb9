//! What rooms and reads cost, and what of it is a fault.

use serde::Serialize;

use super::costs::Pair;
use super::memory::Kind;
use super::report;
use crate::bench::Found;
use crate::bench::store::SlowCommand;

/// A finished run.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Figures {
    /// What was asked for.
    pub setup: Setup,
    /// Messages per second while the rooms were filled.
    pub messages_per_second: f64,
    /// Bytes that Redis holds.
    pub redis_bytes: Bytes,
    /// The same by kind of key, once all is filled.
    pub kinds: Vec<Kind>,
    /// What took Redis long while the rooms were filled.
    pub slow: Vec<SlowCommand>,
    /// Reads in small and large places.
    pub reads: Vec<Pair>,
}

/// What was asked for.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Setup {
    /// Rooms.
    pub rooms: u32,
    /// Messages in each.
    pub messages: u32,
    /// Bytes of content.
    pub payload_bytes: usize,
    /// Whether messages had a requestId.
    pub request_ids: bool,
    /// What was measured.
    pub service: String,
}

/// Bytes that Redis holds, with all that it needs around the data.
#[derive(Debug, Clone, Copy, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Bytes {
    /// Before the first room.
    pub before: u64,
    /// With all rooms, without a message.
    pub rooms: u64,
    /// With all messages.
    pub messages: u64,
}

impl Found for Figures {
    fn table(&self) -> String {
        report::table(self)
    }

    fn verdict(&self) -> Option<String> {
        let told: Vec<String> = self.reads.iter().filter_map(Pair::fault).collect();
        (!told.is_empty()).then(|| format!("reads cost too much: {}", told.join("; ")))
    }
}
