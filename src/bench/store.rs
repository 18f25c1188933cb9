//! What Redis says of itself while it is measured: its memory, and how long it took for what.

use std::collections::{BTreeMap, HashMap};

use anyhow::{Context, Result};
use lua::topology::NodeId;
use lua::{Cmd, Redis, Value, script};
use serde::Serialize;

/// What takes Redis so long is told of a measurement.
pub const SLOW_US: u64 = 2_000;

/// Entries of the slow log that are kept while it is watched.
const SLOW_ENTRIES: &str = "20000";

/// A command for one node.
pub fn command(words: &[&str]) -> Cmd {
    let mut command = Cmd::new();
    command.arg(words);
    command
}

/// Bytes that all nodes hold, as Redis counts them: with all that it needs around the data.
pub async fn used_memory(redis: &Redis) -> Result<u64> {
    let mut total = 0;
    for node in redis.nodes() {
        let mut connection = redis.connection(node).await?;
        let info: String = command(&["INFO", "memory"]).query_async(&mut connection).await?;
        let used = info.lines().find_map(|line| line.strip_prefix("used_memory:"));
        let used = used.and_then(|digits| digits.trim().parse::<u64>().ok());
        total += used.context("Redis does not tell its memory")?;
    }
    Ok(total)
}

/// A command that took Redis its time.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Slow {
    /// The script's name, or the command's.
    pub name: String,
    /// How long Redis was busy with it, µs.
    pub micros: u64,
}

/// The slow log of all nodes, with what it was set to before.
pub struct SlowLog {
    redis: Redis,
    /// Node, threshold and length.
    before: Vec<(NodeId, String, String)>,
    /// Names of scripts by their hashes.
    scripts: HashMap<String, &'static str>,
}

impl SlowLog {
    /// Notes everything from now on that takes `over_us` or more.
    pub async fn start(redis: &Redis, over_us: u64) -> Result<Self> {
        let scripts = script::sources()
            .into_iter()
            .map(|source| (source.script.get_hash().to_owned(), source.name))
            .collect();
        let mut log = Self { redis: redis.clone(), before: Vec::new(), scripts };
        for node in redis.nodes() {
            let mut connection = redis.connection(node).await?;
            let get = command(&["CONFIG", "GET", "slowlog-log-slower-than", "slowlog-max-len"]);
            let mut old: HashMap<String, String> = get.query_async(&mut connection).await?;
            let mut old = |name| old.remove(name).context("Redis does not tell its settings");
            log.before.push((node, old("slowlog-log-slower-than")?, old("slowlog-max-len")?));
            set(redis, node, &over_us.to_string(), SLOW_ENTRIES).await?;
        }
        log.forget().await?;
        Ok(log)
    }

    /// Forgets what was noted.
    pub async fn forget(&self) -> Result<()> {
        for node in self.redis.nodes() {
            let mut connection = self.redis.connection(node).await?;
            command(&["SLOWLOG", "RESET"]).query_async::<()>(&mut connection).await?;
        }
        Ok(())
    }

    /// What was noted.
    pub async fn read(&self) -> Result<Vec<Slow>> {
        let mut all = Vec::new();
        for node in self.redis.nodes() {
            let mut connection = self.redis.connection(node).await?;
            let get = command(&["SLOWLOG", "GET", "-1"]);
            let entries: Vec<Value> = get.query_async(&mut connection).await?;
            all.extend(entries.into_iter().filter_map(|entry| self.slow(entry)));
        }
        Ok(all)
    }

    /// Sets Redis to what it was set to before.
    pub async fn end(self) -> Result<()> {
        for (node, threshold, length) in &self.before {
            set(&self.redis, *node, threshold, length).await?;
        }
        Ok(())
    }

    /// `[id, when, µs, [command, argument…], …]`
    fn slow(&self, entry: Value) -> Option<Slow> {
        let Value::Array(fields) = entry else { return None };
        let Value::Int(micros) = fields.get(2)? else { return None };
        let Value::Array(words) = fields.get(3)? else { return None };
        let word = |n: usize| match words.get(n)? {
            Value::BulkString(bytes) => Some(String::from_utf8_lossy(bytes).into_owned()),
            Value::SimpleString(text) => Some(text.clone()),
            _ => None,
        };
        let name = word(0)?.to_uppercase();
        let script = match name.as_str() {
            "EVALSHA" => word(1).and_then(|hash| self.scripts.get(&hash)),
            _ => None,
        };
        let name = script.map_or(name, |script| (*script).to_owned());
        Some(Slow { name, micros: u64::try_from(*micros).ok()? })
    }
}

async fn set(redis: &Redis, node: NodeId, threshold: &str, length: &str) -> Result<()> {
    let mut connection = redis.connection(node).await?;
    for (name, value) in [("slowlog-log-slower-than", threshold), ("slowlog-max-len", length)] {
        let set = command(&["CONFIG", "SET", name, value]);
        set.query_async::<()>(&mut connection).await?;
    }
    Ok(())
}

/// A script, or another command, that took Redis long.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SlowCommand {
    /// Its name.
    pub name: String,
    /// How often.
    pub times: u64,
    /// The longest, ms.
    pub max_ms: f64,
}

/// What took long, by name, the longest first.
pub fn slowest(all: Vec<Slow>) -> Vec<SlowCommand> {
    let mut by_name: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for Slow { name, micros } in all {
        let (times, longest) = by_name.entry(name).or_default();
        (*times, *longest) = (*times + 1, micros.max(*longest));
    }
    let mut list: Vec<_> = by_name
        .into_iter()
        .map(|(name, (times, longest))| SlowCommand {
            name,
            times,
            max_ms: longest as f64 / 1_000.0,
        })
        .collect();
    list.sort_by(|a, b| b.max_ms.total_cmp(&a.max_ms));
    list
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_took_long_is_told_once_with_the_longest() {
        let slow = |name: &str, micros| Slow { name: name.to_owned(), micros };
        let told =
            slowest(vec![slow("room/join", 2_100), slow("XINFO", 9_000), slow("room/join", 2_500)]);
        let told: Vec<_> =
            told.iter().map(|slow| (slow.name.as_str(), slow.times, slow.max_ms)).collect();
        assert_eq!(told, [("XINFO", 1, 9.0), ("room/join", 2, 2.5)]);
    }
}
