//! All keys of a partition with their contents, and what may change in them.

use std::collections::BTreeMap;

use lua::id::{EventId, Partition};
use lua::lease::Lease;
use lua::limit::ONCE_MS;
use lua::{Redis, key};
use redis::Value;

use super::Applied;
use crate::common::command;

/// Contents by key, the intake left out.
pub type Keys = BTreeMap<String, Vec<String>>;

/// Reads every key of the partition, and checks that it is one of `key.rs` and has its lifetime.
pub async fn snapshot(redis: &Redis, partition: Partition) -> Keys {
    let node = redis.node_of(partition);
    let all = format!("rt:{}:*", partition.tag());
    let mut names: Vec<String> = command(redis, node, &["KEYS", &all]).await;
    names.retain(|name| *name != key::intake(partition));
    let mut keys = Keys::new();
    for name in names {
        let kind: String = command(redis, node, &["TYPE", &name]).await;
        let read: Value = match kind.as_str() {
            "string" => command(redis, node, &["GET", &name]).await,
            "hash" => command(redis, node, &["HGETALL", &name]).await,
            "zset" => command(redis, node, &["ZRANGE", &name, "0", "-1", "WITHSCORES"]).await,
            "stream" => command(redis, node, &["XRANGE", &name, "-", "+"]).await,
            other => panic!("{name} is a {other}"),
        };
        check_key(partition, &name, &kind, command(redis, node, &["PTTL", &name]).await);
        let mut contents = Vec::new();
        flatten(read, &mut contents);
        if name == key::outbox(partition) {
            // Its ids are the server's.
            contents.retain(|text| text.parse::<EventId>().is_err());
        }
        if kind == "hash" {
            contents = pairs(contents);
        }
        keys.insert(name, contents);
    }
    keys
}

/// A key that `key.rs` knows, with the type and the lifetime that it promises.
fn check_key(partition: Partition, name: &str, kind: &str, ttl_ms: i64) {
    let base = format!("rt:{}:", partition.tag());
    let rest = name.strip_prefix(&base).expect("the partition's tag");
    if rest.starts_with("once:") {
        assert_eq!(kind, "string", "{name}");
        let most = i64::try_from(ONCE_MS).expect("ten minutes");
        assert!((most - 60_000..=most).contains(&ttl_ms), "{name} lives for {ttl_ms} ms");
        return;
    }
    let part = match rest.split_once(':') {
        Some(("room", room)) => room.split_once('/').map_or("room", |(_, part)| part),
        Some(("user", user)) => user.split_once(',').map_or("user", |(_, part)| part),
        Some((part, _)) => part,
        None => rest,
    };
    if part.starts_with("pace/") {
        assert!(ttl_ms > 0, "{name} lives for a while");
        return;
    }
    assert_eq!(ttl_ms, -1, "{name} lives for ever");
    let promised = match part {
        "position" | "room" | "access" | "sanctions" | "presence" | "connections" | "belongs"
        | "messages" | "index" | "gathered" | "reports" | "user" | "read" | "directory/views" => {
            "hash"
        }
        "due" | "members" | "lists" | "rooms" | "present" | "owned" | "seats" => "zset",
        "dead" | "order" | "log" | "outbox" | "inbox" => "stream",
        // Kept as more than one list.
        listed if listed.starts_with("reports/") || listed.starts_with("directory") => "zset",
        _ => panic!("key.rs knows no {name}"),
    };
    assert_eq!(kind, promised, "{name}");
}

fn flatten(value: Value, into: &mut Vec<String>) {
    match value {
        Value::Array(list) => list.into_iter().for_each(|item| flatten(item, into)),
        Value::Map(map) => map.into_iter().for_each(|(name, value)| {
            flatten(name, into);
            flatten(value, into);
        }),
        Value::BulkString(bytes) => into.push(String::from_utf8(bytes).expect("text")),
        Value::SimpleString(text) => into.push(text),
        Value::Int(number) => into.push(number.to_string()),
        Value::Double(number) => into.push(number.to_string()),
        other => panic!("a reply holds {other:?}"),
    }
}

/// A hash's fields in order of their names.
fn pairs(flat: Vec<String>) -> Vec<String> {
    let mut pairs: Vec<String> =
        flat.chunks(2).map(|pair| format!("{}={}", pair[0], pair[1])).collect();
    pairs.sort();
    pairs
}

/// The position is past the event, and says nothing else than before otherwise.
pub fn check_position(partition: Partition, applied: &Applied, lease: &Lease) {
    let name = key::position(partition);
    let (Some(before), Some(after)) = (applied.before.get(&name), applied.after.get(&name)) else {
        return;
    };
    let moved =
        |field: &&String| !["applied=", "seq=", "from:"].iter().any(|name| field.starts_with(name));
    assert!(before.iter().filter(moved).eq(after.iter().filter(moved)), "the lease is as it was");
    assert!(after.contains(&format!("applied={}", applied.id)), "{after:?}");
    assert!(after.contains(&format!("seq={}", lease.seq)), "{after:?}");
}
