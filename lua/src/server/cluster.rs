//! A private Redis Cluster on loopback, of primaries only.

use std::time::Duration;

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{ASK_EVERY, Options, PORTS_TRIED, Private, StartError, ask, free_port};

/// Slots of every cluster.
const SLOTS: usize = 16_384;

/// Redis itself stays closed for 2 s after a start of a cluster node; the rest is a slow machine.
const FORM_MAX: Duration = Duration::from_secs(20);

/// After this time without an answer a node counts as failed, milliseconds.
const NODE_TIMEOUT_MS: u32 = 2_000;

/// Some primaries that share all slots evenly. Dropping it kills them.
#[derive(Debug)]
pub struct PrivateCluster {
    /// The primaries; the first has the lowest slots.
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
        let starting: Vec<_> = (0..count).map(|_| node(options)).collect();
        let (nodes, bus_ports): (Vec<_>, Vec<_>) =
            try_join_all(starting).await?.into_iter().unzip();
        let cluster = Self { nodes };
        cluster.introduce(&bus_ports).await?;
        cluster.wait_until("cluster_slots_ok:16384").await?;
        Ok(cluster)
    }

    /// Starts a replica of a primary and waits until it has its data. It is the last of `nodes`.
    pub async fn add_replica(&mut self, primary: usize) -> Result<(), StartError> {
        let (replica, bus_port) = node(&Options::default()).await?;
        self.nodes.push(replica);
        let at = self.nodes.len() - 1;
        for other in 0..at {
            let port = self.nodes[at].port();
            self.tell(other, &format!("CLUSTER MEET 127.0.0.1 {port} {bus_port}")).await?;
        }
        self.wait_until("cluster_slots_ok:16384").await?;
        let id = self.id_of(primary).await?;
        self.tell(at, &format!("CLUSTER REPLICATE {id}")).await?;
        let port = self.nodes[at].port();
        wait_for(port, "INFO replication", &["master_link_status:up"]).await?;
        // A primary votes for a replica only once it knows it as one.
        let known = format!("127.0.0.1:{port}@{bus_port} slave {id}");
        for other in 0..at {
            wait_for(self.nodes[other].port(), "CLUSTER NODES", &[&known]).await?;
        }
        Ok(())
    }

    /// `redis+cluster://` with all nodes.
    pub fn url(&self) -> String {
        let hosts: Vec<_> =
            self.nodes.iter().map(|node| format!("127.0.0.1:{}", node.port())).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// Moves a slot, which must hold no keys, to another node, in the way in which `redis-cli` does.
    pub async fn move_slot(&self, slot: u16, to: usize) -> Result<(), StartError> {
        let id = self.id_of(to).await?;
        // Of two nodes that claim a slot the one with the higher epoch is believed.
        let bumped = ask(self.nodes[to].port(), "CLUSTER BUMPEPOCH").await?;
        if !bumped.starts_with("+BUMPED") && !bumped.starts_with("+STILL") {
            return Err(StartError::Cluster(bumped));
        }
        // The new owner first, so that there is one at every moment.
        let others = (0..self.nodes.len()).filter(|at| *at != to);
        for at in std::iter::once(to).chain(others) {
            self.tell(at, &format!("CLUSTER SETSLOT {slot} NODE {id}")).await?;
        }
        Ok(())
    }

    /// Gives each node its slots and an epoch of its own, and makes each know each.
    async fn introduce(&self, bus_ports: &[u16]) -> Result<(), StartError> {
        let count = self.nodes.len();
        for at in 0..count {
            let (first, next) = (at * SLOTS / count, (at + 1) * SLOTS / count);
            self.tell(at, &format!("CLUSTER ADDSLOTSRANGE {first} {}", next - 1)).await?;
            self.tell(at, &format!("CLUSTER SET-CONFIG-EPOCH {}", at + 1)).await?;
        }
        for at in 0..count {
            for (other, bus) in self.nodes.iter().zip(bus_ports).skip(at + 1) {
                let port = other.port();
                self.tell(at, &format!("CLUSTER MEET 127.0.0.1 {port} {bus}")).await?;
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
        if id.len() == 40 { Ok(id) } else { Err(StartError::Cluster(answer)) }
    }

    async fn tell(&self, at: usize, command: &str) -> Result<(), StartError> {
        let answer = ask(self.nodes[at].port(), command).await?;
        if answer.starts_with("+OK") {
            return Ok(());
        }
        Err(StartError::Cluster(format!("{command}: {}", answer.trim())))
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

/// Asks a node until its answer contains all of `parts`.
async fn wait_for(port: u16, command: &str, parts: &[&str]) -> Result<(), StartError> {
    let deadline = Instant::now() + FORM_MAX;
    loop {
        let answer = ask(port, command).await.unwrap_or_default();
        if parts.iter().all(|part| answer.contains(part)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            return Err(StartError::Cluster(answer.replace("\r\n", " ")));
        }
        sleep(ASK_EVERY).await;
    }
}
