//! The whole system as a test sees it: a Redis, edges and workers, each a process of its own.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::process::Process;
use crate::redis::Redis;
use crate::{Client, Gate, Proxy, Topology, http, port, token, until};

/// What to start.
#[derive(Debug, Clone)]
pub struct Options {
    /// The `realtime` program: `env!("CARGO_BIN_EXE_realtime")` in a test of the root package.
    pub program: PathBuf,
    /// The kind of Redis.
    pub topology: Topology,
    /// Number of edges.
    pub edges: usize,
    /// Number of workers.
    pub workers: usize,
    /// The first worker reaches its Redis, a single server, through [`Stack::gate`].
    pub gated: bool,
    /// Clients reach each edge, and each process its Redis (a single server), through a proxy of its
    /// own.
    pub proxied: bool,
    /// The replicas of [`Topology::Sentinel`] follow their primary through [`Stack::replication`].
    pub replication: bool,
    /// Redis keeps its data over [`Stack::restart_redis`].
    pub persistent: bool,
    /// Settings of every process, on top of those that make a test fast and private.
    pub env: Vec<(String, String)>,
}

/// A started system. Dropping it ends every process.
pub struct Stack {
    // Fields drop in this order: nobody complains about a Redis that went first.
    edges: Vec<Edge>,
    workers: Vec<Worker>,
    gate: Option<Gate>,
    replication: Option<Proxy>,
    redis: Redis,
    options: Options,
    folder: PathBuf,
    keeps_logs: bool,
}

struct Edge {
    process: Process,
    url: String,
    admin_url: String,
    /// What clients see of it.
    front: Option<Proxy>,
    /// What it sees of Redis.
    back: Option<Proxy>,
}

struct Worker {
    process: Process,
    back: Option<Proxy>,
}

impl Options {
    /// Two edges and two workers, with no limit on how fast a test may send.
    pub fn new(program: impl Into<PathBuf>, topology: Topology) -> Self {
        Self {
            program: program.into(),
            topology,
            edges: 2,
            workers: 2,
            gated: false,
            proxied: false,
            replication: false,
            persistent: false,
            env: Vec::new(),
        }
    }

    /// With one more setting.
    pub fn with(mut self, name: &str, value: impl ToString) -> Self {
        self.env.push((name.to_owned(), value.to_string()));
        self
    }
}

impl Stack {
    /// Starts everything and waits until each process says that it is ready.
    ///
    /// # Panics
    /// When something does not start; its log is printed.
    pub async fn start(options: Options) -> Self {
        let (redis, replication) = if options.replication {
            let (redis, proxy) = Redis::start_following_through_a_proxy().await;
            (redis, Some(proxy))
        } else {
            (Redis::start(options.topology, options.persistent).await, None)
        };
        let gate = match &redis {
            Redis::Single(server) if options.gated => Some(Gate::start(server.port()).await),
            _ => None,
        };
        let (edges, workers, folder) = (Vec::new(), Vec::new(), folder());
        let mut stack =
            Self { edges, workers, gate, replication, redis, options, folder, keeps_logs: false };
        for _ in 0..stack.options.workers {
            stack.add_worker(&[]).await;
        }
        for _ in 0..stack.options.edges {
            stack.launch_edge().await;
        }
        for number in 0..stack.edges.len() {
            stack.until_edge_is_ready(number).await;
        }
        stack
    }

    /// Starts one more worker, with these settings of its own; gives its number.
    pub async fn add_worker(&mut self, env: &[(&str, &str)]) -> usize {
        let number = self.workers.len();
        let back = self.proxy_to_redis().await;
        let gate = self.gate.as_ref().filter(|_| number == 0).map(Gate::url);
        let url = gate.or(back.as_ref().map(url_of));
        let process = self.process("worker", number, url, env);
        self.workers.push(Worker { process, back });
        number
    }

    /// Starts one more edge and waits until it is ready; gives its number.
    pub async fn add_edge(&mut self) -> usize {
        let number = self.launch_edge().await;
        self.until_edge_is_ready(number).await;
        number
    }

    async fn launch_edge(&mut self) -> usize {
        let number = self.edges.len();
        let (client_port, admin_port) = (port::free(), port::free());
        let front = match self.options.proxied {
            true => Some(Proxy::start(client_port).await),
            false => None,
        };
        let back = self.proxy_to_redis().await;
        let (port, admin) = (client_port.to_string(), admin_port.to_string());
        let env = [("PORT", port.as_str()), ("ADMIN_PORT", admin.as_str())];
        let process = self.process("edge", number, back.as_ref().map(url_of), &env);
        let seen_port = front.as_ref().map_or(client_port, Proxy::port);
        self.edges.push(Edge {
            process,
            url: format!("http://127.0.0.1:{seen_port}"),
            admin_url: format!("http://127.0.0.1:{admin_port}"),
            front,
            back,
        });
        number
    }

    async fn proxy_to_redis(&self) -> Option<Proxy> {
        match &self.redis {
            Redis::Single(server) if self.options.proxied => {
                Some(Proxy::start(server.port()).await)
            }
            _ => None,
        }
    }

    fn process(
        &self,
        role: &str,
        number: usize,
        redis_url: Option<String>,
        own: &[(&str, &str)],
    ) -> Process {
        let redis_url = redis_url.unwrap_or_else(|| self.redis.url());
        let mut env: Vec<(String, String)> = [
            ("REDIS_URL", redis_url.as_str()),
            ("JWT_SECRET", token::SECRET),
            ("BIND_ADDRESS", "127.0.0.1"),
            ("LOG_LEVEL", "info"),
            ("APP_ENV", "development"),
            ("RATE_EVENTS_PER_SECOND", "0"),
            ("RATE_MESSAGES", "0"),
            ("CONNECTIONS_PER_MINUTE", "0"),
            ("REFUSED_CONNECTIONS_PER_MINUTE", "0"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .into();
        env.extend(self.options.env.iter().cloned());
        env.extend(own.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())));
        let name = format!("{role}-{number}");
        // So that nothing is left behind when the test process itself is killed.
        let args = [role, "--stop-with-stdin"];
        Process::start(&self.folder, &name, &self.options.program, &args, env)
    }

    /// Waits until `GET /ready` of an edge answers 200.
    pub async fn until_edge_is_ready(&mut self, number: usize) {
        let edge = &mut self.edges[number];
        if let Some(code) = edge.process.ended() {
            panic!("{} ended with {code:?}: {}", edge.process.name(), edge.process.log());
        }
        let url = edge.admin_url.clone();
        until("an edge's /ready to answer 200", || async {
            let reply = http::request(&url, "GET", "/ready", &[], "").await.ok()?;
            (reply.status == 200).then_some(())
        })
        .await;
    }

    /// Where clients reach an edge: `http://127.0.0.1:port`.
    pub fn edge_url(&self, number: usize) -> &str {
        &self.edges[number].url
    }

    /// Where operators reach an edge: `/health`, `/ready` and `/metrics`.
    pub fn admin_url(&self, number: usize) -> &str {
        &self.edges[number].admin_url
    }

    /// The `REDIS_URL` of all processes.
    pub fn redis_url(&self) -> String {
        self.redis.url()
    }

    /// A token for this user with these platform roles.
    pub fn token(&self, user: &str, roles: &[&str]) -> String {
        token::of(user, roles)
    }

    /// Connects a plain user to an edge.
    pub async fn client(&self, edge: usize, user: &str) -> Client {
        self.client_with(edge, user, &[]).await
    }

    /// Connects a user with platform roles to an edge.
    pub async fn client_with(&self, edge: usize, user: &str, roles: &[&str]) -> Client {
        Client::connect(self.edge_url(edge), &self.token(user, roles)).await
    }

    /// One edge's process.
    pub fn edge(&mut self, number: usize) -> &mut Process {
        &mut self.edges[number].process
    }

    /// One worker's process.
    pub fn worker(&mut self, number: usize) -> &mut Process {
        &mut self.workers[number].process
    }

    /// The gate between the first worker and Redis.
    ///
    /// # Panics
    /// When the stack was started without [`Options::gated`], or on a cluster.
    pub fn gate(&self) -> &Gate {
        self.gate.as_ref().expect("a stack that was started with a gate")
    }

    /// How many edges were started, running or not.
    pub fn edges(&self) -> usize {
        self.edges.len()
    }

    /// How many workers were started, running or not.
    pub fn workers(&self) -> usize {
        self.workers.len()
    }

    /// The network between clients and an edge, where [`Options::proxied`] put one.
    pub fn front_of_edge(&self, number: usize) -> Option<&Proxy> {
        self.edges[number].front.as_ref()
    }

    /// The network between an edge and Redis, where [`Options::proxied`] put one.
    pub fn back_of_edge(&self, number: usize) -> Option<&Proxy> {
        self.edges[number].back.as_ref()
    }

    /// The network between a worker and Redis, where [`Options::proxied`] put one.
    pub fn back_of_worker(&self, number: usize) -> Option<&Proxy> {
        self.workers[number].back.as_ref()
    }

    /// Leaves the processes' logs behind, in the folder that this gives.
    pub fn keep_logs(&mut self) -> &Path {
        self.keeps_logs = true;
        &self.folder
    }

    /// Ends every Redis server as a crash would, until [`Stack::restart_redis`].
    pub fn kill_redis(&mut self) {
        self.redis.kill();
    }

    /// The network between a primary and its replicas: what goes back is what they follow.
    ///
    /// # Panics
    /// When the stack was started without [`Options::replication`].
    pub fn replication(&self) -> &Proxy {
        self.replication.as_ref().expect("a stack whose replicas follow through a proxy")
    }

    /// Ends a worker as a crash would (SIGKILL).
    pub fn kill_worker(&mut self, number: usize) {
        self.workers[number].process.kill();
    }

    /// Ends every Redis server as a crash would and starts it again at the same port, with the data
    /// if [`Options::persistent`] is set.
    pub async fn restart_redis(&mut self) {
        self.redis.restart().await;
    }

    /// Kills the primary (of a cluster: the first), whose place a replica takes.
    pub async fn kill_primary(&mut self) {
        self.redis.kill_primary().await;
    }

    /// Lets a replica take over from the primary (of a cluster: from the first), which lives on.
    pub async fn planned_failover(&self) {
        self.redis.planned_failover().await;
    }

    /// Replicas of each primary.
    pub fn replicas(&self) -> usize {
        match self.options.topology {
            Topology::Single | Topology::Cluster => 0,
            Topology::Sentinel => 2,
            Topology::ReplicatedCluster => 1,
        }
    }

    /// Moves the slot of a partition, with all its keys, to a primary of the cluster.
    pub async fn move_partition(&self, partition: lua::id::Partition, to: usize) {
        self.redis.move_slot(partition.slot(), to).await;
    }

    /// The servers of this stack's Redis, for what is done to one of them: of a cluster the primaries
    /// first, then their replicas in the same order; behind sentinels the first primary, then replicas.
    pub fn redis_servers(&mut self) -> &mut [lua::server::Private] {
        self.redis.servers()
    }

    /// Starts the Redis servers again that were killed.
    pub async fn revive_redis(&mut self) {
        self.redis.revive().await;
    }

    /// Cuts every subscription that edges and workers have: what is published until they subscribe
    /// again reaches nobody. Gives how many connections were cut.
    pub async fn cut_subscriptions(&self) -> i64 {
        self.redis.cut_subscriptions().await
    }

    /// Runs `realtime` with these arguments against this stack's Redis; gives what it printed.
    ///
    /// # Panics
    /// When it fails.
    pub async fn command(&self, program: impl AsRef<Path>, args: &[&str]) -> String {
        let mut command = tokio::process::Command::new(program.as_ref());
        command.args(args).env("REDIS_URL", self.redis.url()).env("JWT_SECRET", token::SECRET);
        let output = crate::within(&args.join(" "), command.output()).await.expect("it starts");
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        assert!(output.status.success(), "{args:?} failed: {}", text(&output.stderr));
        text(&output.stdout)
    }
}

impl Drop for Stack {
    fn drop(&mut self) {
        // A failed test's logs stay for a longer look; `Process` says where.
        if !std::thread::panicking() && !self.keeps_logs {
            let _ = std::fs::remove_dir_all(&self.folder);
        }
    }
}

fn url_of(proxy: &Proxy) -> String {
    format!("redis://127.0.0.1:{}", proxy.port())
}

/// A new folder for the logs of one stack.
fn folder() -> PathBuf {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    let name = format!("realtime-test-{}-{number}", std::process::id());
    let folder = std::env::temp_dir().join(name);
    std::fs::create_dir_all(&folder).expect("a folder for logs");
    folder
}
