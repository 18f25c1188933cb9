//! What an acknowledged event survives.

use std::fmt;
use std::str::FromStr;

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
