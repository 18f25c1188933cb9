//! Compares the configuration of every primary with what the service promises, at the start and again
//! when another server takes over.

use std::collections::HashMap;
use std::sync::{Arc, Weak};
use std::time::Duration;

use redis::RedisError;
use tokio::time::sleep;

use super::{ConnectError, Inner, NodeId, Redis};
use crate::durability::Durability;

/// Whether another server has taken over is looked at this often.
const LOOK_EVERY: Duration = Duration::from_secs(2);

/// Below this a replica that was away for a moment may need a full copy at full load.
const BACKLOG_MIN: u64 = 256 * 1024 * 1024;

/// What is asked for.
const NAMES: [&str; 5] =
    ["appendonly", "appendfsync", "maxmemory-policy", "repl-backlog-size", "min-replicas-to-write"];

/// What the configuration of one server means.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Finding {
    /// The promise cannot be kept.
    Broken(String),
    /// Something will go wrong in the end.
    Risk(String),
    /// As it should be known.
    Note(String),
}

impl Redis {
    /// Compares every primary with what `durability` promises: what is unwise is logged, what breaks the
    /// promise is refused with what to do. From then on a server that takes over is compared as well, and
    /// what is found is logged.
    pub async fn check(&self, durability: Durability) -> Result<(), ConnectError> {
        let mut checked = HashMap::new();
        for node in self.nodes() {
            for finding in self.findings(node, durability).await {
                match finding {
                    Finding::Broken(reason) => {
                        return Err(ConnectError::NotDurable { durability, reason });
                    }
                    other => other.log(),
                }
            }
            checked.insert(node, self.run_id(node));
        }
        tokio::spawn(follow(Arc::downgrade(&self.0), durability, checked));
        Ok(())
    }

    async fn findings(&self, node: NodeId, durability: Durability) -> Vec<Finding> {
        let address = self.address(node);
        match self.configuration(node).await {
            Ok(config) => findings(&address, &config, self.replicas(node), durability),
            Err(error) => vec![Finding::Risk(format!(
                "the configuration of Redis at {address} cannot be read ({error}): see to it that it \
                 suits DURABILITY={durability}, see deploy/redis.conf"
            ))],
        }
    }

    async fn configuration(&self, node: NodeId) -> Result<HashMap<String, String>, RedisError> {
        let mut connection = self.connection(node).await?;
        let mut get = redis::cmd("CONFIG");
        get.arg("GET").arg(&NAMES).query_async(&mut connection).await
    }
}

impl Finding {
    fn log(&self) {
        match self {
            Self::Broken(reason) => tracing::error!(reason, "Redis does not keep what is promised"),
            Self::Risk(reason) => tracing::warn!(reason, "Redis is set up unwisely"),
            Self::Note(reason) => tracing::info!(reason, "how Redis is set up"),
        }
    }
}

fn findings(
    address: &str,
    config: &HashMap<String, String>,
    replicas: usize,
    durability: Durability,
) -> Vec<Finding> {
    let value = |name: &str| config.get(name).map(String::as_str);
    let set = |name: &str, wanted: &str| {
        let (host, port) = address.rsplit_once(':').unwrap_or((address, "6379"));
        format!("redis-cli -h {host} -p {port} CONFIG SET {name} {wanted}")
    };
    let mut found = Vec::new();
    let wanted = [("appendonly", "yes"), ("appendfsync", "always")];
    let missing: Vec<_> = wanted.into_iter().filter(|(name, is)| value(name) != Some(is)).collect();
    if durability == Durability::Disk && !missing.is_empty() {
        let commands: Vec<_> = missing.iter().map(|(name, is)| set(name, is)).collect();
        found.push(Finding::Broken(format!(
            "Redis at {address} loses what it acknowledged when it is killed; run `{}`, and write it \
             into its redis.conf",
            commands.join("` and `")
        )));
    }
    if durability == Durability::Replica && replicas == 0 {
        found.push(Finding::Risk(format!(
            "no replica of Redis at {address} is known: nothing is acknowledged until there is one"
        )));
    }
    if let Some(policy) = value("maxmemory-policy").filter(|policy| *policy != "noeviction") {
        found.push(Finding::Risk(format!(
            "Redis at {address} has maxmemory-policy {policy}: when its memory is full it removes \
             rooms, messages and events that wait, without a word; run `{}`",
            set("maxmemory-policy", "noeviction")
        )));
    }
    let number = |name: &str| value(name).and_then(|text| text.parse::<u64>().ok());
    if replicas > 0 && number("repl-backlog-size").is_some_and(|size| size < BACKLOG_MIN) {
        found.push(Finding::Risk(format!(
            "Redis at {address} has replicas and a repl-backlog-size below 256 MB: one that was away \
             for a moment copies everything; run `{}`",
            set("repl-backlog-size", "256mb")
        )));
    }
    if replicas > 0 && number("min-replicas-to-write") == Some(0) {
        found.push(Finding::Risk(format!(
            "Redis at {address} has replicas and min-replicas-to-write 0: cut off from them it goes on \
             taking writes that the failover throws away; run `{}`",
            set("min-replicas-to-write", "1")
        )));
    }
    if durability == Durability::Local && value("appendonly") == Some("no") {
        found.push(Finding::Note(format!(
            "Redis at {address} keeps everything in memory alone: a restart of it loses all \
             (appendonly no)"
        )));
    }
    found
}

/// Looks at every server that takes over.
async fn follow(
    inner: Weak<Inner>,
    durability: Durability,
    mut checked: HashMap<NodeId, Option<Arc<str>>>,
) {
    loop {
        sleep(LOOK_EVERY).await;
        let Some(redis) = inner.upgrade().map(Redis) else { return };
        for node in redis.nodes() {
            let Some(run_id) = redis.run_id(node) else { continue };
            if checked.insert(node, Some(run_id.clone())) != Some(Some(run_id)) {
                redis.findings(node, durability).await.iter().for_each(Finding::log);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::{Options, Private};
    use crate::topology::Settings;

    /// What is found at a server that was told these settings.
    async fn of(settings: &[&str], replicas: usize, durability: Durability) -> Vec<Finding> {
        let server = Private::start(Options::default()).await.unwrap();
        let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
        let mut connection = redis.connection(NodeId(0)).await.unwrap();
        for setting in settings.chunks(2) {
            let mut set = redis::cmd("CONFIG");
            set.arg("SET").arg(setting).query_async::<()>(&mut connection).await.unwrap();
        }
        let config = redis.configuration(NodeId(0)).await.unwrap();
        findings("a:1", &config, replicas, durability)
    }

    fn says(found: &[Finding], words: &str) -> bool {
        found.iter().any(|finding| format!("{finding:?}").contains(words))
    }

    #[tokio::test]
    async fn each_setting_that_matters_is_found() {
        let found = of(&[], 0, Durability::Disk).await;
        assert!(
            matches!(&found[..], [Finding::Broken(reason)] if reason.contains(
                "`redis-cli -h a -p 1 CONFIG SET appendonly yes` and `redis-cli -h a -p 1 CONFIG SET appendfsync always`"
            )),
            "{found:?}"
        );
        let disk = ["appendonly", "yes", "appendfsync", "always"];
        assert_eq!(of(&disk, 0, Durability::Disk).await, []);
        let found = of(&disk, 0, Durability::Replica).await;
        assert!(matches!(&found[..], [Finding::Risk(reason)] if reason.contains("no replica")));
        let found = of(&[], 0, Durability::Local).await;
        assert!(matches!(&found[..], [Finding::Note(reason)] if reason.contains("a restart")));
        let unwise = ["maxmemory-policy", "allkeys-lru", "appendonly", "yes"];
        let found = of(&unwise, 2, Durability::Replica).await;
        for words in ["allkeys-lru", "repl-backlog-size 256mb", "min-replicas-to-write 1"] {
            assert!(says(&found, words), "{words}: {found:?}");
        }
        let wise = ["repl-backlog-size", "256mb", "min-replicas-to-write", "1"];
        assert_eq!(of(&wise, 2, Durability::Replica).await, []);
    }

    #[tokio::test]
    async fn disk_is_refused_at_the_start_and_a_forbidden_config_is_not() {
        let server = Private::start(Options::default()).await.unwrap();
        let redis = Redis::connect(&Settings::new(server.url())).await.unwrap();
        let error = redis.check(Durability::Disk).await.expect_err("it has no file").to_string();
        assert!(error.starts_with("DURABILITY=disk cannot be kept"), "{error}");
        redis.check(Durability::Local).await.unwrap();
        let mut connection = redis.connection(NodeId(0)).await.unwrap();
        let mut forbid = redis::cmd("ACL");
        forbid.arg("SETUSER").arg("default").arg("-config");
        forbid.query_async::<()>(&mut connection).await.unwrap();
        redis.check(Durability::Disk).await.unwrap();
        let found = redis.findings(NodeId(0), Durability::Disk).await;
        assert!(says(&found, "cannot be read") && says(&found, "DURABILITY=disk"), "{found:?}");
    }
}
