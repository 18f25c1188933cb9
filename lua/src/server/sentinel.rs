//! A primary, two replicas and three sentinels on loopback.

use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep};

use super::{ASK_EVERY, FORM_MAX, Options, Private, StartError, ask, wait_for};

/// What the sentinels call the primary.
pub const SENTINEL_MASTER: &str = "main";

const REPLICAS: usize = 2;
const SENTINELS: usize = 3;

/// After this time without an answer a server counts as failed, milliseconds.
const DOWN_AFTER_MS: u32 = 1_000;

/// A failover that failed is tried again after twice this time, milliseconds; a replica that follows
/// another address than the primary's is corrected after it.
const FAILOVER_TIMEOUT_MS: u32 = 3_000;

/// Where replicas follow the primary through something that must stay in between.
const FAILOVER_TIMEOUT_THROUGH_MS: u32 = 120_000;

/// Servers of which one is the primary, and the sentinels that say which. Dropping it kills them.
#[derive(Debug)]
pub struct PrivateSentinel {
    /// The first is the primary at the start.
    pub servers: Vec<Private>,
    /// They agree on the primary by two of three.
    pub sentinels: Vec<Private>,
}

impl PrivateSentinel {
    /// Starts all and waits until the sentinels know each other and the replicas, which takes 2 s.
    pub async fn start() -> Result<Self, StartError> {
        Self::start_with(&Options::default()).await
    }

    /// The same, with options for the primary and the replicas; `dir` and `port` are not used.
    pub async fn start_with(options: &Options) -> Result<Self, StartError> {
        let primary = Private::start(server(options, None)).await?;
        let port = primary.port();
        Self::around(primary, port, options).await
    }

    /// The same around a primary that runs already, which its replicas reach at another port of
    /// loopback: that of a proxy to it. Sentinels and clients reach all of them directly.
    pub async fn around(
        primary: Private,
        through: u16,
        options: &Options,
    ) -> Result<Self, StartError> {
        let port = primary.port();
        let following = (0..REPLICAS).map(|_| Private::start(server(options, Some(through))));
        let mut servers = vec![primary];
        servers.extend(try_join_all(following).await?);
        for replica in &servers[1..] {
            wait_for(replica.port(), "INFO replication", &["master_link_status:up"]).await?;
        }
        let again = if through == port { FAILOVER_TIMEOUT_MS } else { FAILOVER_TIMEOUT_THROUGH_MS };
        let watches = format!(
            "sentinel monitor {SENTINEL_MASTER} 127.0.0.1 {port} 2\n\
             sentinel down-after-milliseconds {SENTINEL_MASTER} {DOWN_AFTER_MS}\n\
             sentinel failover-timeout {SENTINEL_MASTER} {again}\n"
        );
        let starting = (0..SENTINELS).map(|_| Private::sentinel(Options::default(), &watches));
        let sentinels = try_join_all(starting).await?;
        let formed = Self { servers, sentinels };
        formed.until_formed().await?;
        Ok(formed)
    }

    /// `redis+sentinel://` with all sentinels.
    pub fn url(&self) -> String {
        let hosts: Vec<_> = self
            .sentinels
            .iter()
            .map(|sentinel| format!("127.0.0.1:{}", sentinel.port()))
            .collect();
        format!("redis+sentinel://{}/{SENTINEL_MASTER}", hosts.join(","))
    }

    /// The server that most of the sentinels call the primary.
    pub async fn primary(&self) -> usize {
        let mut votes = vec![0; self.servers.len()];
        let question = format!("SENTINEL GET-MASTER-ADDR-BY-NAME {SENTINEL_MASTER}");
        for sentinel in &self.sentinels {
            let answer = ask(sentinel.port(), &question).await.unwrap_or_default();
            let port = answer.lines().last().and_then(|port| port.trim().parse::<u16>().ok());
            if let Some(at) = self.servers.iter().position(|server| Some(server.port()) == port) {
                votes[at] += 1;
            }
        }
        (0..votes.len()).max_by_key(|at| votes[*at]).unwrap_or_default()
    }

    /// Kills the primary as `kill -9` does; gives which it was. The sentinels notice after a second.
    pub async fn kill_primary(&mut self) -> usize {
        let at = self.primary().await;
        self.servers[at].kill();
        at
    }

    /// Lets a replica take over from a primary that runs, and waits until the sentinels say so. The
    /// old primary takes writes for some 10 s more, until they make it a replica.
    pub async fn failover(&self) -> Result<(), StartError> {
        let before = self.primary().await;
        // Refused until the sentinel has heard of each replica how far it is.
        let order = format!("SENTINEL FAILOVER {SENTINEL_MASTER}");
        wait_for(self.sentinels[0].port(), &order, &["+OK"]).await?;
        self.until_switched(before).await
    }

    /// Waits until most sentinels name another primary than `before`.
    pub async fn until_switched(&self, before: usize) -> Result<(), StartError> {
        let deadline = Instant::now() + FORM_MAX;
        while self.primary().await == before {
            if Instant::now() > deadline {
                return Err(StartError::Together("no replica took over".to_owned()));
            }
            sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    /// Every sentinel knows the replicas and the other sentinels, and could fail over now.
    async fn until_formed(&self) -> Result<(), StartError> {
        let primary = format!("SENTINEL MASTER {SENTINEL_MASTER}");
        let field = |name: &str, value: usize| {
            let value = value.to_string();
            format!("{name}\r\n${}\r\n{value}\r\n", value.len())
        };
        let known = [field("num-slaves", REPLICAS), field("num-other-sentinels", SENTINELS - 1)];
        let enough = format!("SENTINEL CKQUORUM {SENTINEL_MASTER}");
        for sentinel in &self.sentinels {
            wait_for(sentinel.port(), &primary, &[&known[0], &known[1]]).await?;
            wait_for(sentinel.port(), &enough, &["+OK"]).await?;
        }
        Ok(())
    }
}

/// Options of the primary, or of a replica that finds it at a port.
fn server(options: &Options, follows: Option<u16>) -> Options {
    let mut args = options.args.clone();
    // A new replica gets its copy at once, not together with others that might come.
    args.extend(["--repl-diskless-sync-delay".to_owned(), "0".to_owned()]);
    if let Some(port) = follows {
        args.extend(["--replicaof".to_owned(), format!("127.0.0.1 {port}")]);
    }
    Options { dir: None, port: None, args, ..*options }
}
