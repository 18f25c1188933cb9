//! Every key and channel, as a function: its type, who writes it, how long it lives.
//!
//! All keys of a partition carry its hash tag, so that one script call stays in one slot. Names read
//! without decoding. `room` stands for every entity with members: contests and sessions are rooms.

use crate::id::{EventId, Partition, RoomId, UserId};

/// hash; partition count and key layout. Written once by the first process ever, compared by all.
pub const META: &str = "rt:meta";

/// zset; worker id by the time of its last heartbeat (ms). Written by workers, stale ones removed.
pub const WORKERS: &str = "rt:workers";

/// stream; the events of a partition in the order in which they are applied. Written by edges,
/// trimmed behind the applied position by the owner.
pub fn intake(partition: Partition) -> String {
    format!("rt:{}:in", partition.tag())
}

/// hash; who owns the partition and how far it is applied. Written by the owner only, for ever.
pub fn position(partition: Partition) -> String {
    format!("rt:{}:position", partition.tag())
}

/// zset; work that is due at a time, by that time (ms). Written by scripts, emptied by the owner.
pub fn due(partition: Partition) -> String {
    format!("rt:{}:due", partition.tag())
}

/// stream; events that could not be applied because of a defect, with the error. Kept until
/// an operator replays or deletes them, at most [`crate::limit::DEAD_LETTERS_MAX`].
pub fn dead(partition: Partition) -> String {
    format!("rt:{}:dead", partition.tag())
}

/// channel; says "look at this partition's intake". Published by edges, heard by the owner.
pub fn bell(partition: Partition) -> String {
    format!("rt:{}:bell", partition.tag())
}

/// channel; the partition's heartbeat: its term and the rooms that changed. Published by the owner.
pub fn beat(partition: Partition) -> String {
    format!("rt:{}:beat", partition.tag())
}

/// channel; replies for the connections of one edge. Published by scripts.
pub fn inbox(partition: Partition, edge: &str) -> String {
    format!("rt:{}:edge:{edge}", partition.tag())
}

/// string; the first answer to a request, for [`crate::limit::ONCE_MS`]. Neither ids nor event names
/// have a comma, so that no two requests share a key.
pub fn once(
    partition: Partition,
    user: &UserId,
    event: &str,
    entity: &str,
    request: &str,
) -> String {
    format!("rt:{}:once:{user},{event},{entity},{request}", partition.tag())
}

/// The keys of one room: `rt:{p17}:room:<id>` and, behind a character that no id has, what belongs to
/// it. With one that ids may have, a room called `a:log` would share a key with the room `a`.
pub struct RoomKeys {
    base: String,
}

impl RoomKeys {
    /// The keys of `room`, in the room's own partition.
    pub fn new(room: &RoomId) -> Self {
        Self { base: format!("rt:{}:room:{room}", Partition::of(room.as_str()).tag()) }
    }

    /// hash; type, name, createdAt, createdBy, owner, visibility, roles, maxMembers, slowModeMs, and
    /// `last`: the id of the newest log entry.
    pub fn room(&self) -> String {
        self.base.clone()
    }

    /// hash; user id by role, of those whom the room's access list names.
    pub fn access(&self) -> String {
        format!("{}/access", self.base)
    }

    /// zset; user ids of who is present, by the time of joining (ms).
    pub fn members(&self) -> String {
        format!("{}/members", self.base)
    }

    /// hash; per present user: id, name, role, status and joinedAt, as JSON.
    pub fn presence(&self) -> String {
        format!("{}/presence", self.base)
    }

    /// hash; per user the ids of the connections that joined, separated by spaces.
    pub fn connections(&self) -> String {
        format!("{}/connections", self.base)
    }

    /// zset; user ids of who belongs (joined and did not leave), by the time it began (ms).
    pub fn belongs(&self) -> String {
        format!("{}/belongs", self.base)
    }

    /// stream; the messages with their ids, at most `HISTORY_MAX`.
    pub fn messages(&self) -> String {
        format!("{}/messages", self.base)
    }

    /// stream; ids of the messages in a thread, kept as long as messages are. The main list's key
    /// where there is no thread, so that a script has a key in its slot.
    pub fn thread(&self, thread: Option<EventId>) -> String {
        match thread {
            Some(id) => format!("{}/thread/{id}", self.base),
            None => self.messages(),
        }
    }

    /// stream; what happened in the room: the window from which clients and edges catch up.
    pub fn log(&self) -> String {
        format!("{}/log", self.base)
    }

    /// channel; the publications for the room's members. Published by scripts, heard by the edges
    /// that have members.
    pub fn channel(&self) -> String {
        format!("{}/out", self.base)
    }
}

/// The room whose publications a channel carries, if it is a room's channel.
pub fn room_of_channel(channel: &str) -> Option<&str> {
    let (_, rest) = channel.strip_prefix("rt:{p")?.split_once("}:")?;
    rest.strip_prefix("room:")?.strip_suffix("/out")
}

/// Whether a channel is an edge's inbox.
pub fn is_inbox(channel: &str) -> bool {
    channel.split_once("}:").is_some_and(|(_, rest)| rest.starts_with("edge:"))
}

/// The partition that a key or channel belongs to.
pub fn partition_of(key: &str) -> Option<Partition> {
    let (number, _) = key.strip_prefix("rt:{p")?.split_once('}')?;
    Partition::new(number.parse().ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn keys(room: &str) -> [String; 9] {
        let keys = RoomKeys::new(&room.parse().expect("a room id"));
        let thread = Some(EventId { ms: 1, seq: 0 });
        [
            keys.room(),
            keys.access(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.messages(),
            keys.log(),
            keys.thread(thread),
        ]
    }

    #[test]
    fn rooms_share_no_key_whatever_their_ids() {
        let within = |key: &String| key.split_once("}:").expect("a tag").1.to_owned();
        let own: Vec<_> = keys("a").iter().map(within).collect();
        for suffix in ["access", "members", "presence", "connections", "belongs", "messages", "log"]
        {
            for between in [":", ".", "@", "-", "_"] {
                let other = keys(&format!("a{between}{suffix}"));
                assert!(
                    other.iter().map(within).all(|key| !own.contains(&key)),
                    "{between}{suffix}"
                );
            }
        }
    }

    #[test]
    fn a_channel_tells_its_room() {
        let keys = RoomKeys::new(&"a:out".parse().expect("a room id"));
        assert_eq!(room_of_channel(&keys.channel()), Some("a:out"));
        assert_eq!(room_of_channel(&keys.log()), None);
        let partition = Partition::of("a:out");
        assert_eq!(partition_of(&keys.channel()), Some(partition));
        assert_eq!(room_of_channel(&inbox(partition, "e")), None);
        assert!(is_inbox(&inbox(partition, "e")) && !is_inbox(&keys.channel()));
    }
}
