//! What is in Redis and how large it is, by kind of key: all keys are counted, and of each kind some
//! are measured.

use std::collections::BTreeMap;

use anyhow::Result;
use lua::Redis;
use serde::Serialize;

use crate::bench::store::command;

/// Keys of one kind that are measured. Redis hands keys out in no order, so the first ones are a fair
/// sample.
const SAMPLE_MAX: u64 = 2_000;

/// Keys that one step of the search looks at.
const SCANNED: &str = "1000";

/// All keys of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Kind {
    /// What they have in common, such as `room/messages`.
    pub name: String,
    /// How many there are.
    pub keys: u64,
    /// How many of them were measured.
    pub measured: u64,
    /// Bytes of those.
    pub measured_bytes: u64,
    /// Bytes of all, as far as can be told from those.
    pub bytes: u64,
}

/// The kind of a key: what it is of, without whose it is. `rt:{p17}:room:a/log` is `room/log`.
fn kind(key: &str) -> String {
    let rest = match key.strip_prefix("rt:{").and_then(|rest| rest.split_once("}:")) {
        Some((_, rest)) => rest,
        None => return key.to_owned(),
    };
    match rest.split_once(':') {
        // A user's pace is a key of its own in the room.
        Some(("room", room)) => match room.split_once('/') {
            Some((_, part)) if part.starts_with("pace/") => "room/pace".to_owned(),
            Some((_, part)) => format!("room/{part}"),
            None => "room".to_owned(),
        },
        Some(("user", user)) => match user.rsplit_once(',') {
            Some((_, part)) => format!("user,{part}"),
            None => "user".to_owned(),
        },
        Some((name, _)) => name.to_owned(),
        None => rest.split('/').next().unwrap_or(rest).to_owned(),
    }
}

/// Counts and measures, the largest kind first.
pub async fn kinds(redis: &Redis) -> Result<Vec<Kind>> {
    let mut kinds: BTreeMap<String, Kind> = BTreeMap::new();
    for node in redis.nodes() {
        let mut connection = redis.connection(node).await?;
        let mut cursor = "0".to_owned();
        loop {
            let scan = command(&["SCAN", &cursor, "COUNT", SCANNED]);
            let keys: Vec<String>;
            (cursor, keys) = scan.query_async(&mut connection).await?;
            for key in keys {
                let kind = kinds.entry(kind(&key)).or_default();
                kind.keys += 1;
                if kind.measured < SAMPLE_MAX {
                    let usage = command(&["MEMORY", "USAGE", &key, "SAMPLES", "0"]);
                    let bytes: Option<u64> = usage.query_async(&mut connection).await?;
                    kind.measured += u64::from(bytes.is_some());
                    kind.measured_bytes += bytes.unwrap_or(0);
                }
            }
            if cursor == "0" {
                break;
            }
        }
    }
    Ok(in_order(kinds))
}

fn in_order(kinds: BTreeMap<String, Kind>) -> Vec<Kind> {
    let whole = |(name, kind): (String, Kind)| {
        let mean = kind.measured_bytes as f64 / kind.measured.max(1) as f64;
        Kind { name, bytes: (mean * kind.keys as f64) as u64, ..kind }
    };
    let mut kinds: Vec<Kind> = kinds.into_iter().map(whole).collect();
    kinds.sort_by_key(|kind| std::cmp::Reverse(kind.bytes));
    kinds
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_tells_its_kind() {
        for (key, expected) in [
            ("rt:{p17}:room:a", "room"),
            ("rt:{p17}:room:a:b/messages", "room/messages"),
            ("rt:{p17}:room:a/reports/open", "room/reports/open"),
            ("rt:{p17}:room:a/pace/auth0|x/y", "room/pace"),
            ("rt:{p2}:user:a/b", "user"),
            ("rt:{p2}:user:a:b,owned", "user,owned"),
            ("rt:{p2}:in", "in"),
            ("rt:{p2}:once:ann,send-message,a,r", "once"),
            ("rt:{p2}:seats:edge-1", "seats"),
            ("rt:{p9}:directory/views", "directory"),
            ("rt:{p9}:directory", "directory"),
            ("rt:edges", "rt:edges"),
        ] {
            assert_eq!(kind(key), expected, "{key}");
        }
    }

    #[test]
    fn the_measured_ones_stand_for_all() {
        let kind = |keys, measured, measured_bytes| Kind {
            keys,
            measured,
            measured_bytes,
            ..Kind::default()
        };
        let kinds = [("a".to_owned(), kind(10, 10, 50)), ("b".to_owned(), kind(1_000, 2, 30))];
        let kinds = in_order(kinds.into());
        let told: Vec<_> = kinds.iter().map(|kind| (kind.name.as_str(), kind.bytes)).collect();
        assert_eq!(told, [("b", 15_000), ("a", 50)]);
    }
}
