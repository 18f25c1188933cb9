//! Every key and channel, as a function: its type, who writes it, how long it lives.
//!
//! All keys of a partition carry its hash tag, so that one script call stays in one slot. Names read
//! without decoding. `room` stands for every entity with members: contests and sessions are rooms.

use crate::id::{Partition, RoomId, UserId};
use crate::room::RoomType;

/// hash; partition count and key layout. Written once by the first process ever, compared by all.
pub const META: &str = "rt:meta";

/// The directory of public rooms as an entity.
pub const DIRECTORY: &str = "directory";

/// zset; edges that are alive by the time of their last heartbeat (ms). Written by edges; a lost one is
/// removed by the worker that tells the partitions.
pub const EDGES: &str = "rt:edges";

/// stream; events of back ends. Written by anyone, relayed into the intakes by one worker.
pub const INGRESS: &str = "rt:ingress";

/// hash; who relays the ingress and how far it is relayed. In the ingress's slot.
pub const INGRESS_POSITION: &str = "rt:{rt:ingress}:position";

/// stream; what was refused of the ingress, with the reason.
pub const REFUSED: &str = "rt:ingress:refused";

/// hash; how far each source's refusals are in that stream. In its slot.
pub const REFUSED_SOURCES: &str = "rt:{rt:ingress:refused}:sources";

/// stream; what happens to rooms and users, for back ends.
pub const LIFECYCLE: &str = "rt:lifecycle";

/// hash; how far each source's entries are in that stream. In its slot.
pub const LIFECYCLE_SOURCES: &str = "rt:{rt:lifecycle}:sources";

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

/// stream; what events caused in other partitions. Written by scripts, relayed and emptied by the owner.
pub fn outbox(partition: Partition) -> String {
    format!("rt:{}:outbox", partition.tag())
}

/// string; written before a `WAIT`, which from Redis 8 on waits for nothing where its client has only read.
/// One of any partition on the node will do.
pub fn waited(partition: Partition) -> String {
    format!("rt:{}:waited", partition.tag())
}

/// channel; says "look at this partition's intake". Published by edges, heard by the owner.
pub fn bell(partition: Partition) -> String {
    format!("rt:{}:bell", partition.tag())
}

/// channel; the partition's heartbeat: its term and the rooms that changed. Published by the owner.
pub fn beat(partition: Partition) -> String {
    format!("rt:{}:beat", partition.tag())
}

/// Channel on which a subscriber tells itself something, to see whether it still hears.
pub fn probe(partition: Partition, subscriber: u64) -> String {
    format!("rt:{}:probe:{subscriber:016x}", partition.tag())
}

/// Whether a channel is such a one.
pub fn is_probe(channel: &str) -> bool {
    channel.contains("}:probe:")
}

/// channel; replies for the connections of one edge. Published by scripts.
pub fn inbox(partition: Partition, edge: &str) -> String {
    inboxes(partition) + edge
}

/// What the inbox channels of a partition begin with: a script that tells a user appends the edges that
/// the user has connections at. Channels, unlike keys, need not be known before.
pub fn inboxes(partition: Partition) -> String {
    format!("rt:{}:edge:", partition.tag())
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

/// string; how far a rate limit is used up: when its bucket would be full again (µs). Written by edges,
/// kept until then. `kind` is the limit, `subject` whom it is for: `user:<id>` or an address. Kinds and
/// users have no comma.
pub fn rate(partition: Partition, kind: &str, subject: &str) -> String {
    format!("rt:{}:rate:{kind},{subject}", partition.tag())
}

/// zset; the connections of an edge that belong to this partition, by the time they were taken in (ms):
/// `<connection> <user> <room, or nothing>`. Written where connections come in, emptied as they end.
pub fn seats(partition: Partition, edge: &str) -> String {
    format!("rt:{}:seats:{edge}", partition.tag())
}

/// hash; public rooms by their ids as JSON, and `roles <room>` by the roles that narrow it. In the
/// directory's partition, like the lists.
pub fn directory_views() -> String {
    format!("rt:{}:directory/views", Partition::of(DIRECTORY).tag())
}

/// zset; ids of public rooms by the time they were made (ms): of one type, or all.
pub fn directory_list(room_type: Option<RoomType>) -> String {
    let base = format!("rt:{}:directory", Partition::of(DIRECTORY).tag());
    room_type.map_or(base.clone(), |kind| format!("{base}/{}", kind.word()))
}

/// The name of a user as an entity, whose hash is the user's partition.
pub fn user_entity(user: &UserId) -> String {
    format!("user:{user}")
}

/// The keys of one user, in the user's own partition: `rt:{p42}:user:<id>` and, behind a character that
/// no user's id has, what belongs to it.
pub struct UserKeys {
    base: String,
}

impl UserKeys {
    /// The keys of `user`.
    pub fn new(user: &UserId) -> Self {
        let entity = user_entity(user);
        Self { base: format!("rt:{}:{entity}", Partition::of(&entity).tag()) }
    }

    /// hash; `online` (since when, ms) while the user is, `status` while it is not `active`.
    pub fn user(&self) -> String {
        self.base.clone()
    }

    /// hash; the user's connections on all edges, by their ids: JSON. Written as they come in and end.
    pub fn connections(&self) -> String {
        format!("{},connections", self.base)
    }

    /// zset; ids of the rooms that the user belongs to, by the time it began (ms).
    pub fn rooms(&self) -> String {
        format!("{},rooms", self.base)
    }

    /// zset; ids of the rooms that the user is present in, by the time it began (ms).
    pub fn present(&self) -> String {
        format!("{},present", self.base)
    }

    /// zset; ids of the rooms that the user owns, by the time it began (ms).
    pub fn owned(&self) -> String {
        format!("{},owned", self.base)
    }

    /// stream; the user's notifications, at most [`crate::limit::NOTIFICATIONS_MAX`].
    pub fn inbox(&self) -> String {
        format!("{},inbox", self.base)
    }

    /// hash; ids of those notifications that are read, by when they were (ms).
    pub fn read(&self) -> String {
        format!("{},read", self.base)
    }
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

    /// hash; `ban <user>` and `mute <user>` by the sanction as JSON: `{by, until?, reason?}`.
    pub fn sanctions(&self) -> String {
        format!("{}/sanctions", self.base)
    }

    /// zset; user ids of who is present, by the time of joining (ms).
    pub fn members(&self) -> String {
        format!("{}/members", self.base)
    }

    /// hash; per present user: id, name, role, status and joinedAt, as JSON.
    pub fn presence(&self) -> String {
        format!("{}/presence", self.base)
    }

    /// hash; per user the connections that joined as `<edge>/<connection>`, separated by spaces.
    pub fn connections(&self) -> String {
        format!("{}/connections", self.base)
    }

    /// hash; user ids of who belongs by the id up to which each has read: that of the event by which it
    /// began, later that of a message.
    pub fn belongs(&self) -> String {
        format!("{}/belongs", self.base)
    }

    /// hash; who came to a large room and who went since the last `room-presence`: `joined <user>` and
    /// `left <user>` by the user as JSON, `joined` and `left` by how many those are, `changed` if anything
    /// is to be told, and `told`: the time of the last one.
    pub fn gathered(&self) -> String {
        format!("{}/gathered", self.base)
    }

    /// stream; ids of the messages, at most `HISTORY_MAX`, each `by` its sender.
    pub fn order(&self) -> String {
        format!("{}/order", self.base)
    }

    /// hash; id by message as JSON in its current state, in five lines that scripts change apart from
    /// each other (`lib/lines`).
    pub fn messages(&self) -> String {
        format!("{}/messages", self.base)
    }

    /// hash; what there is beside a message's own text: `deleted <id>` by when, `thread <id>` by the
    /// number of the list of its messages, `emoji <id>` by the emoji with the lists of their users, and
    /// `lists`: how many there were at a time.
    pub fn index(&self) -> String {
        format!("{}/index", self.base)
    }

    /// zset; messages of threads and users who reacted, list after list: `<list> <message or user>`; and
    /// below zero the lists that are free again.
    pub fn lists(&self) -> String {
        format!("{}/lists", self.base)
    }

    /// string; how many of the user's newest messages count against the limits, and when they were sent
    /// (ms). Kept as long as they count.
    pub fn pace(&self, user: &UserId) -> String {
        format!("{}/pace/{user}", self.base)
    }

    /// hash; id by report as JSON, `by <user> <message>` by the report's id, and `count`.
    pub fn reports(&self) -> String {
        format!("{}/reports", self.base)
    }

    /// zset; ids of all reports, by number.
    pub fn reports_all(&self) -> String {
        format!("{}/reports/all", self.base)
    }

    /// zset; ids of the open reports, by number.
    pub fn reports_open(&self) -> String {
        format!("{}/reports/open", self.base)
    }

    /// stream; what happened in the room: the window from which clients and edges catch up.
    pub fn log(&self) -> String {
        format!("{}/log", self.base)
    }

    /// Every key that is there until the room is forgotten. Its own hash, `members` and `belongs` come first.
    pub fn all(&self) -> Vec<String> {
        vec![
            self.room(),
            self.members(),
            self.belongs(),
            self.access(),
            self.sanctions(),
            self.presence(),
            self.connections(),
            self.gathered(),
            self.order(),
            self.messages(),
            self.index(),
            self.lists(),
            self.reports(),
            self.reports_all(),
            self.reports_open(),
            self.log(),
        ]
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

/// The room whose fields a key holds, if it is a room's hash.
pub fn room_of_key(key: &str) -> Option<&str> {
    let (_, rest) = key.strip_prefix("rt:{p")?.split_once("}:room:")?;
    Some(rest).filter(|rest| !rest.contains('/'))
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

    fn keys(room: &str) -> [String; 12] {
        let keys = RoomKeys::new(&room.parse().expect("a room id"));
        [
            keys.room(),
            keys.access(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.order(),
            keys.messages(),
            keys.index(),
            keys.lists(),
            keys.pace(&"a".parse().expect("a user id")),
            keys.log(),
        ]
    }

    #[test]
    fn rooms_share_no_key_whatever_their_ids() {
        let within = |key: &String| key.split_once("}:").expect("a tag").1.to_owned();
        let own: Vec<_> = keys("a").iter().map(within).collect();
        for suffix in ["access", "members", "presence", "connections", "belongs", "order", "log"] {
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
