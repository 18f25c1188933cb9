//! A private Redis Cluster on loopback, with or without replicas.

use futures_util::future::try_join_all;
use redis::aio::MultiplexedConnection;
use redis::{AsyncConnectionConfig, Client, RedisError, Value};

use super::{Options, PORTS_TRIED, Private, StartError, ask, free_port, tell, wait_for};

/// Slots of every cluster.
const SLOTS: usize = 16_384;

/// After this time without an answer a node counts as failed, milliseconds.
const NODE_TIMEOUT_MS: u32 = 2_000;

/// Keys that move to another node at a time, as many as `redis-cli` moves.
const KEYS_AT_ONCE: usize = 10;

/// Some primaries that share all slots evenly. Dropping it kills them.
#[derive(Debug)]
pub struct PrivateCluster {
    /// The primaries, of which the first has the lowest slots, then replicas.
    pub nodes: Vec<Private>,
}

impl PrivateCluster {
    /// Starts `count` primaries (at least 3 for failures to be noticed) and waits until each of them
    /// serves the whole cluster. Redis needs 2 s for that by itself.
    pub async fn start(count: usize) -> Result<Self, StartError> {
        Self::start_with(count, &Options::default()).await
    }

    /// The same, with options for every node; `dir` and `port` are not used.
    pub async fn start_with(count: usize, options: &Options) -> Result<Self, StartError> {
        Ok(Self::form(count, count, options).await?.0)
    }

    /// As many replicas as primaries, in this order: node `count + n` is the replica of node `n`, and
    /// has its data.
    pub async fn start_replicated(count: usize, options: &Options) -> Result<Self, StartError> {
        let (cluster, bus_ports) = Self::form(count, 2 * count, options).await?;
        for at in 0..count {
            let id = cluster.id_of(at).await?;
            tell(cluster.port(count + at), &format!("CLUSTER REPLICATE {id}")).await?;
        }
        for at in 0..count {
            cluster.until_replica(at, count + at, bus_ports[count + at]).await?;
        }
        Ok(cluster)
    }

    /// Starts a replica of a primary and waits until it has its data. It is the last of `nodes`.
    pub async fn add_replica(&mut self, primary: usize) -> Result<(), StartError> {
        let (replica, bus_port) = node(&Options::default()).await?;
        self.nodes.push(replica);
        let at = self.nodes.len() - 1;
        for other in 0..at {
            let port = self.port(at);
            let meet = format!("CLUSTER MEET 127.0.0.1 {port} {bus_port}");
            tell(self.port(other), &meet).await?;
        }
        self.wait_until("cluster_slots_ok:16384").await?;
        let id = self.id_of(primary).await?;
        tell(self.port(at), &format!("CLUSTER REPLICATE {id}")).await?;
        self.until_replica(primary, at, bus_port).await
    }

    /// Starts `nodes` of which the first `primaries` share the slots; gives the ports of their bus too.
    async fn form(
        primaries: usize,
        nodes: usize,
        options: &Options,
    ) -> Result<(Self, Vec<u16>), StartError> {
        let starting: Vec<_> = (0..nodes).map(|_| node(options)).collect();
        let (nodes, bus_ports): (Vec<_>, Vec<_>) =
            try_join_all(starting).await?.into_iter().unzip();
        let cluster = Self { nodes };
        cluster.introduce(primaries, &bus_ports).await?;
        cluster.wait_until("cluster_slots_ok:16384").await?;
        Ok((cluster, bus_ports))
    }

    /// Waits until a replica has its primary's data and may take over.
    async fn until_replica(
        &self,
        primary: usize,
        at: usize,
        bus_port: u16,
    ) -> Result<(), StartError> {
        let (port, id) = (self.port(at), self.id_of(primary).await?);
        wait_for(port, "INFO replication", &["master_link_status:up"]).await?;
        // A primary votes for a replica only once it knows it as one.
        let known = format!("127.0.0.1:{port}@{bus_port} slave {id}");
        for other in (0..self.nodes.len()).filter(|other| *other != at) {
            wait_for(self.port(other), "CLUSTER NODES", &[&known]).await?;
        }
        Ok(())
    }

    /// Lets a replica take over from its primary, which waits for it to have everything.
    pub async fn failover(&self, replica: usize) -> Result<(), StartError> {
        tell(self.port(replica), "CLUSTER FAILOVER").await?;
        wait_for(self.port(replica), "INFO replication", &["role:master"]).await
    }

    /// `redis+cluster://` with all nodes.
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// Moves a slot with its keys to another node, in the way in which `redis-cli` does.
    pub async fn move_slot(&self, slot: u16, to: usize) -> Result<(), StartError> {
        let id = self.id_of(to).await?;
        if let Some(from) = self.owner_of(slot).await?.filter(|from| *from != to) {
            let source = self.id_of(from).await?;
            tell(self.port(to), &format!("CLUSTER SETSLOT {slot} IMPORTING {source}")).await?;
            tell(self.port(from), &format!("CLUSTER SETSLOT {slot} MIGRATING {id}")).await?;
            let moved = self.move_keys(slot, from, to).await;
            moved.map_err(|error| StartError::Together(error.to_string()))?;
        }
        // Of two nodes that claim a slot the one with the higher epoch is believed.
        let bumped = ask(self.nodes[to].port(), "CLUSTER BUMPEPOCH").await?;
        if !bumped.starts_with("+BUMPED") && !bumped.starts_with("+STILL") {
            return Err(StartError::Together(bumped));
        }
        // The new owner first, so that there is one at every moment.
        let others = (0..self.nodes.len()).filter(|at| *at != to);
        for at in std::iter::once(to).chain(others) {
            // A replica takes this from its primary, and says so.
            let told = tell(self.port(at), &format!("CLUSTER SETSLOT {slot} NODE {id}")).await;
            if at == to {
                told?;
            }
        }
        Ok(())
    }

    /// The node that serves a slot, as that node sees it.
    async fn owner_of(&self, slot: u16) -> Result<Option<usize>, StartError> {
        for at in 0..self.nodes.len() {
            let answer = ask(self.port(at), "CLUSTER NODES").await.unwrap_or_default();
            let own = answer.lines().find(|line| line.contains("myself,master"));
            let ranges = own.into_iter().flat_map(|line| line.split_whitespace().skip(8));
            let serves = |range: &str| {
                let (first, last) = range.split_once('-').unwrap_or((range, range));
                first.parse().is_ok_and(|first: u16| first <= slot)
                    && last.parse().is_ok_and(|last: u16| slot <= last)
            };
            if ranges.into_iter().any(serves) {
                return Ok(Some(at));
            }
        }
        Ok(None)
    }

    async fn move_keys(&self, slot: u16, from: usize, to: usize) -> Result<(), RedisError> {
        let mut source = connection(&self.nodes[from]).await?;
        loop {
            let mut some = redis::cmd("CLUSTER");
            some.arg("GETKEYSINSLOT").arg(slot).arg(KEYS_AT_ONCE);
            let keys: Vec<Vec<u8>> = some.query_async(&mut source).await?;
            if keys.is_empty() {
                return Ok(());
            }
            let mut migrate = redis::cmd("MIGRATE");
            migrate.arg("127.0.0.1").arg(self.port(to)).arg("").arg(0).arg(10_000);
            migrate.arg("KEYS").arg(keys).query_async::<Value>(&mut source).await?;
        }
    }

    /// Gives each primary its slots and an epoch of its own, and makes each node know each.
    async fn introduce(&self, primaries: usize, bus_ports: &[u16]) -> Result<(), StartError> {
        let count = self.nodes.len();
        for at in 0..primaries {
            let (first, next) = (at * SLOTS / primaries, (at + 1) * SLOTS / primaries);
            tell(self.port(at), &format!("CLUSTER ADDSLOTSRANGE {first} {}", next - 1)).await?;
            tell(self.port(at), &format!("CLUSTER SET-CONFIG-EPOCH {}", at + 1)).await?;
        }
        for at in 0..count {
            for (other, bus) in self.nodes.iter().zip(bus_ports).skip(at + 1) {
                let port = other.port();
                tell(self.port(at), &format!("CLUSTER MEET 127.0.0.1 {port} {bus}")).await?;
            }
        }
        Ok(())
    }

    /// Every node knows every node, and has `line` in its CLUSTER INFO.
    async fn wait_until(&self, line: &str) -> Result<(), StartError> {
        let known = format!("cluster_known_nodes:{}\r", self.nodes.len());
        for node in &self.nodes {
            wait_for(node.port(), "CLUSTER INFO", &["cluster_state:ok", &known, line]).await?;
        }
        Ok(())
    }

    async fn id_of(&self, at: usize) -> Result<String, StartError> {
        let answer = ask(self.nodes[at].port(), "CLUSTER MYID").await?;
        let id = answer.lines().nth(1).unwrap_or_default().trim().to_owned();
        if id.len() == 40 { Ok(id) } else { Err(StartError::Together(answer)) }
    }

    fn port(&self, at: usize) -> u16 {
        self.nodes[at].port()
    }
}

/// Starts one node, which knows nobody yet; gives the port of its cluster bus too.
async fn node(options: &Options) -> Result<(Private, u16), StartError> {
    let mut tried = 0;
    loop {
        tried += 1;
        let bus_port = free_port()?;
        let mut args: Vec<String> = [
            ("--cluster-enabled", "yes".to_owned()),
            ("--cluster-port", bus_port.to_string()),
            ("--cluster-node-timeout", NODE_TIMEOUT_MS.to_string()),
            ("--cluster-require-full-coverage", "no".to_owned()),
            // A new replica gets its copy at once, not together with others that might come.
            ("--repl-diskless-sync-delay", "0".to_owned()),
        ]
        .into_iter()
        .flat_map(|(name, value)| [name.to_owned(), value])
        .collect();
        args.extend(options.args.iter().cloned());
        match Private::start(Options { dir: None, port: None, args, ..*options }).await {
            // Perhaps somebody took the port of the bus.
            Err(StartError::Failed(_)) if tried < PORTS_TRIED => {}
            started => return Ok((started?, bus_port)),
        }
    }
}

/// A connection for commands that take a while.
async fn connection(node: &Private) -> Result<MultiplexedConnection, RedisError> {
    let patient = AsyncConnectionConfig::new().set_response_timeout(None);
    Client::open(node.url())?.get_multiplexed_async_connection_with_config(&patient).await
}
