//! Ids and names: each kind of id is a type that can only hold what the contract allows.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Longest id that a caller may choose, in characters (contract, section 2).
pub const ID_LENGTH_MAX: usize = 128;

/// Number of partitions. Fixed for the life of the data: it is written to [`crate::key::META`] at
/// the first start and every process compares. 256 because 64 tags spread unevenly over the nodes
/// of larger clusters.
pub const PARTITIONS: u16 = 256;

/// Why a string is no id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be 1 to 128 characters of {allowed}")]
pub struct BadId {
    allowed: &'static str,
}

macro_rules! id_type {
    ($(#[$doc:meta])* $name:ident, $allowed:literal, $extra:literal) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl FromStr for $name {
            type Err = BadId;

            fn from_str(text: &str) -> Result<Self, BadId> {
                let allowed = |b: u8| b.is_ascii_alphanumeric() || $extra.contains(&b);
                if text.is_empty() || text.len() > ID_LENGTH_MAX || !text.bytes().all(allowed) {
                    return Err(BadId { allowed: $allowed });
                }
                Ok(Self(text.to_owned()))
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }

        impl Serialize for $name {
            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
    };
}

id_type!(
    /// A room's id, chosen by callers. A contest and a collaboration session are rooms.
    RoomId, "A-Z a-z 0-9 . _ : @ -", b"._:@-"
);
id_type!(
    /// A user's id: the `sub` of a token, with a wider alphabet than ids that callers choose.
    UserId, "A-Z a-z 0-9 . _ : @ | + = / -", b"._:@|+=/-"
);

/// The id of an event: the entry id `<ms>-<seq>` that Redis gave it in the intake. It orders.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct EventId {
    /// Milliseconds since the epoch: the time of the event, in scripts too.
    pub ms: u64,
    /// Distinguishes events of one millisecond.
    pub seq: u64,
}

/// The text is not `<ms>-<seq>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be an event id, <ms>-<seq>")]
pub struct BadEventId;

impl EventId {
    /// The last that there can be.
    const LAST: Self = Self { ms: u64::MAX, seq: u64::MAX };
}

impl FromStr for EventId {
    type Err = BadEventId;

    fn from_str(text: &str) -> Result<Self, BadEventId> {
        let (ms, seq) = text.split_once('-').ok_or(BadEventId)?;
        let number = |part: &str| {
            let canonical = part.bytes().all(|b| b.is_ascii_digit())
                && (part.len() == 1 || !part.starts_with('0'));
            if canonical { part.parse::<u64>().map_err(|_| BadEventId) } else { Err(BadEventId) }
        };
        let id = Self { ms: number(ms)?, seq: number(seq)? };
        // Nothing comes after the last of all ids: Redis never gives it, and refuses to read after it.
        if id == Self::LAST { Err(BadEventId) } else { Ok(id) }
    }
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.ms, self.seq)
    }
}

impl<'de> Deserialize<'de> for EventId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

impl Serialize for EventId {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// One of the [`PARTITIONS`] that entities hash to. All keys of a partition share its hash tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Partition(u16);

impl Partition {
    /// The partition of an entity: CRC-32 (IEEE) of its id modulo [`PARTITIONS`], a rule that any
    /// language's standard library can repeat.
    pub fn of(entity: &str) -> Self {
        Self((crc32fast::hash(entity.as_bytes()) % u32::from(PARTITIONS)) as u16)
    }

    /// All partitions in order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..PARTITIONS).map(Self)
    }

    /// The partition with this number, if there is one.
    pub fn new(number: u16) -> Option<Self> {
        (number < PARTITIONS).then_some(Self(number))
    }

    /// Its number, 0 to 255: an index for tables.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The hash tag that every key and channel of the partition carries, braces included.
    pub fn tag(self) -> String {
        format!("{{p{}}}", self.0)
    }

    /// The Redis Cluster slot of the partition's tag (CRC-16/XMODEM modulo 16384).
    pub fn slot(self) -> u16 {
        let crc = format!("p{}", self.0).bytes().fold(0u16, |crc, byte| {
            (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
                if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
            })
        });
        crc % 16_384
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "p{}", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_hold_only_what_the_contract_allows() {
        assert!("room.1:a@b-c_D".parse::<RoomId>().is_ok());
        assert!("a/b".parse::<RoomId>().is_err());
        assert!("auth0|a+b=c/d".parse::<UserId>().is_ok());
        assert!("".parse::<RoomId>().is_err());
        assert!("{p1}".parse::<RoomId>().is_err());
        assert!("x".repeat(128).parse::<RoomId>().is_ok());
        assert!("x".repeat(129).parse::<RoomId>().is_err());
    }

    #[test]
    fn event_ids_order_by_both_parts_as_integers() {
        let id = |text: &str| text.parse::<EventId>().expect("an event id");
        assert!(id("9-10") > id("9-9"));
        assert!(id("10-0") > id("9-99"));
        let last = "18446744073709551615-18446744073709551615";
        for bad in
            ["", "1", "1-", "-1", "1-2-3", "a-1", "01-1", "+1-1", "99999999999999999999-0", last]
        {
            assert!(bad.parse::<EventId>().is_err(), "{bad}");
        }
    }

    #[test]
    fn a_partitions_slot_is_that_of_its_tag() {
        // `CLUSTER KEYSLOT {p0}` and `{p17}` of a real server.
        assert_eq!(Partition::new(0).expect("first").slot(), 15_882);
        assert_eq!(Partition::new(17).expect("in range").slot(), 10_264);
        assert!(Partition::all().all(|partition| partition.slot() < 16_384));
    }
}
