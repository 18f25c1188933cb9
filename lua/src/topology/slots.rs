//! The slot table of a Redis Cluster: which primary serves which slots, as the nodes report it.

use redis::Value;

/// Number of slots of every Redis Cluster.
pub(super) const SLOTS: u16 = 16_384;

/// A run of slots, both ends included, and the primary that serves it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Range {
    pub first: u16,
    pub last: u16,
    pub host: String,
    pub port: u16,
    /// Replicas that the cluster counts as available.
    pub replicas: usize,
}

/// Reads the reply of CLUSTER SLOTS. A node that does not know its own name sends none: it is then
/// the host that was asked. Entries that make no sense are left out; the caller counts slots.
pub(super) fn parse(reply: Value, asked_host: &str) -> Vec<Range> {
    let Value::Array(entries) = reply else { return Vec::new() };
    entries.into_iter().filter_map(|entry| range(entry, asked_host)).collect()
}

fn range(entry: Value, asked_host: &str) -> Option<Range> {
    let Value::Array(parts) = entry else { return None };
    let [Value::Int(first), Value::Int(last), Value::Array(primary), replicas @ ..] =
        parts.as_slice()
    else {
        return None;
    };
    let [host, Value::Int(port), ..] = primary.as_slice() else { return None };
    let host = match host {
        Value::BulkString(name) => String::from_utf8_lossy(name).into_owned(),
        Value::SimpleString(name) => name.clone(),
        _ => String::new(),
    };
    let host = if matches!(host.as_str(), "" | "?") { asked_host.to_owned() } else { host };
    let slot = |number: i64| u16::try_from(number).ok().filter(|slot| *slot < SLOTS);
    let port = u16::try_from(*port).ok()?;
    Some(Range { first: slot(*first)?, last: slot(*last)?, host, port, replicas: replicas.len() })
}

/// How many slots no range covers.
pub(super) fn missing(ranges: &[Range]) -> usize {
    let served: usize =
        ranges.iter().map(|range| usize::from(range.last.saturating_sub(range.first)) + 1).sum();
    usize::from(SLOTS).saturating_sub(served)
}

/// The slot of any key: CRC-16/XMODEM of its hash tag, or of all of it, modulo [`SLOTS`].
pub(super) fn of_key(key: &str) -> u16 {
    let tag = key
        .split_once('{')
        .and_then(|(_, rest)| rest.split_once('}'))
        .map_or(key, |(tag, _)| if tag.is_empty() { key } else { tag });
    let crc = tag.bytes().fold(0u16, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    });
    crc % SLOTS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn node(host: Value, port: i64) -> Value {
        Value::Array(vec![host, Value::Int(port), Value::BulkString(b"id".to_vec())])
    }

    #[test]
    fn a_node_without_a_name_is_the_host_that_was_asked() {
        let named = node(Value::BulkString(b"10.0.0.2".to_vec()), 7002);
        let reply = Value::Array(vec![
            Value::Array(vec![Value::Int(0), Value::Int(8191), node(Value::Nil, 7001)]),
            Value::Array(vec![Value::Int(8192), Value::Int(16383), named]),
        ]);
        let ranges = parse(reply, "asked");
        assert_eq!((ranges[0].host.as_str(), ranges[0].port), ("asked", 7001));
        assert_eq!((ranges[1].host.as_str(), ranges[1].last), ("10.0.0.2", 16383));
        assert_eq!(missing(&ranges), 0);
        assert_eq!(missing(&ranges[..1]), 8192);
    }

    #[test]
    fn a_keys_slot_is_that_of_its_tag() {
        // `CLUSTER KEYSLOT` of a real server.
        assert_eq!(of_key("foo"), 12_182);
        assert_eq!(of_key("rt:{p17}:in"), 10_264);
        assert_eq!(of_key("{p17}"), 10_264);
        assert_eq!(of_key("foo{}"), of_key("foo{}"));
    }
}
