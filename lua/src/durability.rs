//! What an acknowledged event survives.

use std::fmt;
use std::str::FromStr;

use tokio_util::sync::CancellationToken;

use crate::topology::{NodeId, Redis};

/// Where an event has to be before anybody is told of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Durability {
    /// In the memory of one Redis, which writes to disk and to replicas in its own time.
    #[default]
    Local,
    /// On the disk of one Redis: nothing is lost when that server is killed and started again.
    Disk,
    /// On replicas: nothing is lost when one of them takes over.
    Replica,
}

impl Durability {
    /// As a setting names it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Local => "local",
            Self::Disk => "disk",
            Self::Replica => "replica",
        }
    }
}

impl fmt::Display for Durability {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Durability {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text {
            "local" => Ok(Self::Local),
            "disk" => Ok(Self::Disk),
            "replica" => Ok(Self::Replica),
            _ => Err("DURABILITY is local, disk or replica"),
        }
    }
}

/// What has to be so before anything leaves a process, and for how long it is waited for.
#[derive(Debug, Clone, Default)]
pub struct Safety {
    /// Where an event has to be.
    pub durability: Durability,
    /// On how many replicas; by default on all that may take over.
    pub replicas: Option<u64>,
    /// Ends the waiting: then nothing leaves.
    pub stop: CancellationToken,
}

impl Safety {
    /// Whether replicas are waited for.
    pub fn waits(&self) -> bool {
        self.durability == Durability::Replica
    }

    /// How many replicas have to have what was written on a node.
    pub fn needed(&self, redis: &Redis, node: NodeId) -> u64 {
        self.replicas.unwrap_or(redis.replicas(node) as u64).max(1)
    }
}
