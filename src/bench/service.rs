//! The service that is measured: a private one, started as child processes of this executable so
//! that the CPU of each part can be told, or one that runs already.

use std::fs::{self, File};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use lua::Redis;
use lua::server::{Options as RedisOptions, Private};
use lua::topology::Settings;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{Instant, sleep, timeout};

use super::options::{Common, Inside};
use super::table::plural;
use super::wire::Address;

/// How long an edge may take until it is ready.
const READY_MAX: Duration = Duration::from_secs(20);

/// How long a child may take to end by itself.
const STOP_MAX: Duration = Duration::from_secs(8);

const ASK_EVERY: Duration = Duration::from_millis(20);

/// Limits that would refuse the load are off: the service is measured, not its limits.
const SETTINGS: [(&str, &str); 8] = [
    ("LOG_LEVEL", "warn"),
    ("APP_ENV", "development"),
    ("BIND_ADDRESS", "127.0.0.1"),
    ("RATE_MESSAGES", "0"),
    ("RATE_EVENTS_PER_SECOND", "0"),
    ("RATE_SERVICE_EVENTS_PER_SECOND", "0"),
    ("CONNECTIONS_PER_MINUTE", "0"),
    ("REFUSED_CONNECTIONS_PER_MINUTE", "0"),
];

/// A process whose CPU and memory are told.
#[derive(Debug, Clone)]
pub struct Watched {
    /// Its part in the service; processes of one part are added up.
    pub part: String,
    /// Its process id.
    pub pid: u32,
}

/// A service under test.
pub struct Service {
    /// Where clients connect.
    pub edges: Vec<Address>,
    /// Signs the clients' tokens.
    pub secret: String,
    /// What it is, in a few words.
    pub name: String,
    /// Its processes, as far as they are known.
    pub watched: Vec<Watched>,
    own: Option<Own>,
}

/// What this process started. Dropping it ends all of it.
struct Own {
    children: Vec<Child>,
    redis: Private,
    logs: PathBuf,
}

impl Service {
    /// The running service that the options name, or else a private one with these settings.
    pub async fn start(options: &Common, settings: &[(&str, String)]) -> Result<Self> {
        if options.url.is_empty() {
            let service = Self::private(options, settings).await?;
            if options.pin {
                pin(&service.watched).await?;
            }
            return Ok(service);
        }
        let names: Vec<_> = options.url.iter().map(|url| url.authority.as_str()).collect();
        Ok(Self {
            name: names.join(", "),
            edges: options.url.clone(),
            secret: options.secret.clone().context("--url needs --secret")?,
            watched: options.pid.iter().map(|(name, pid)| watched(name, *pid)).collect(),
            own: None,
        })
    }

    async fn private(options: &Common, settings: &[(&str, String)]) -> Result<Self> {
        let redis = Private::start(RedisOptions::default()).await?;
        let secret = format!("{:032x}", rand::random::<u128>());
        let logs = std::env::temp_dir().join(format!("realtime-bench-{}", std::process::id()));
        fs::create_dir_all(&logs)?;
        let mut service = Self {
            edges: Vec::new(),
            secret,
            name: format!(
                "{}, {}",
                plural(options.edges, "edge"),
                plural(options.workers, "worker")
            ),
            watched: redis.pid().map(|pid| watched("redis", pid)).into_iter().collect(),
            own: Some(Own { children: Vec::new(), redis, logs }),
        };
        for number in 1..=options.workers {
            service.spawn("worker", number, options, settings)?;
        }
        let mut admin_ports = Vec::new();
        for number in 1..=options.edges {
            let (port, admin_port) = (free_port()?, free_port()?);
            let ports = [("PORT", port.to_string()), ("ADMIN_PORT", admin_port.to_string())];
            service.spawn("edge", number, options, &[settings, &ports].concat())?;
            service.edges.push(Address { authority: format!("127.0.0.1:{port}") });
            admin_ports.push(admin_port);
        }
        for admin_port in admin_ports {
            service.wait_until_ready(admin_port).await?;
        }
        Ok(service)
    }

    fn spawn(
        &mut self,
        role: &str,
        number: usize,
        options: &Common,
        settings: &[(&str, String)],
    ) -> Result<()> {
        let own = self.own.as_mut().context("only a private service is started")?;
        let name = format!("{role}-{number}");
        let log = File::create(own.logs.join(format!("{name}.log")))?;
        let program = std::env::current_exe().context("this executable is not to be found")?;
        let mut command = match options.pin {
            true => {
                let core = if role == "edge" { EDGE_CORE } else { OTHER_CORE };
                let mut command = Command::new("taskset");
                command.args(["--cpu-list", core]).arg(program);
                command
            }
            false => Command::new(program),
        };
        command
            .args([role, "--stop-with-stdin"])
            .envs(SETTINGS)
            .env("REDIS_URL", own.redis.url())
            .env("JWT_SECRET", &self.secret)
            .env("EDGE_ID", &name)
            .env("WORKER_ID", &name)
            .env("THREADS", options.server_threads.to_string())
            .envs(settings.iter().map(|(name, value)| (name, value)))
            // Ctrl-C goes to a whole process group; children end when their stdin does.
            .process_group(0)
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(log);
        let child = command.spawn().with_context(|| format!("cannot start {name}"))?;
        self.watched.extend(child.id().map(|pid| watched(role, pid)));
        own.children.push(child);
        Ok(())
    }

    /// The service's Redis, to look into.
    pub async fn redis(&self, options: &Inside) -> Result<Redis> {
        let url = match (&self.own, &options.redis_url) {
            (Some(own), _) => own.redis.url(),
            (None, Some(url)) => url.clone(),
            (None, None) => bail!("--url needs --redis-url, as Redis is looked into"),
        };
        Ok(Redis::connect(&Settings::new(url)).await?)
    }

    async fn wait_until_ready(&mut self, admin_port: u16) -> Result<()> {
        let deadline = Instant::now() + READY_MAX;
        while !is_ready(admin_port).await {
            self.check()?;
            if Instant::now() > deadline {
                bail!("an edge was not ready within 20 s: {}", self.last_words());
            }
            sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    /// Fails if a child has ended.
    pub fn check(&mut self) -> Result<()> {
        let Some(own) = self.own.as_mut() else { return Ok(()) };
        for child in &mut own.children {
            if let Some(status) = child.try_wait()? {
                bail!("a process of the service ended ({status}): {}", self.last_words());
            }
        }
        Ok(())
    }

    /// What the children wrote last: at this level only warnings and errors.
    fn last_words(&self) -> String {
        let Some(own) = &self.own else { return String::new() };
        let logs = fs::read_dir(&own.logs).into_iter().flatten().flatten();
        let last = |path: &Path| fs::read_to_string(path).ok()?.lines().last().map(str::to_owned);
        let words: Vec<_> = logs.filter_map(|entry| last(&entry.path())).collect();
        if words.is_empty() { "it wrote nothing".to_owned() } else { words.join(" / ") }
    }

    /// Ends what was started, gently.
    pub async fn stop(mut self) -> Result<()> {
        let Some(mut own) = self.own.take() else { return Ok(()) };
        for child in &mut own.children {
            drop(child.stdin.take());
        }
        for child in &mut own.children {
            // Whoever does not end in time is killed when it is dropped.
            if let Ok(status) = timeout(STOP_MAX, child.wait()).await {
                status?;
            }
        }
        Ok(())
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // What cannot be removed is in the system's directory for temporary files.
        let _ = fs::remove_dir_all(&self.logs);
    }
}

/// Where edges run when pinned.
const EDGE_CORE: &str = "0";

/// Where workers, Redis and the load generator run when pinned.
const OTHER_CORE: &str = "1";

/// Pins what runs already, with all its threads: Redis and this process.
async fn pin(watched: &[Watched]) -> Result<()> {
    let redis = watched.iter().filter(|process| process.part == "redis").map(|process| process.pid);
    for pid in redis.chain([std::process::id()]) {
        let output = Command::new("taskset")
            .args(["--all-tasks", "--cpu-list", "--pid", OTHER_CORE, &pid.to_string()])
            .output()
            .await
            .context("--pin needs the taskset program (Debian: util-linux)")?;
        if !output.status.success() {
            bail!("--pin: {}", String::from_utf8_lossy(&output.stderr).trim());
        }
    }
    Ok(())
}

/// `edge-2` is of the part `edge`.
fn watched(name: &str, pid: u32) -> Watched {
    let part = match name.rsplit_once('-') {
        Some((part, number)) if number.parse::<u32>().is_ok() => part,
        _ => name,
    };
    Watched { part: part.to_owned(), pid }
}

async fn is_ready(admin_port: u16) -> bool {
    let ask = async {
        let mut stream = TcpStream::connect(("127.0.0.1", admin_port)).await?;
        let request = "GET /ready HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(64).read_to_end(&mut answer).await?;
        std::io::Result::Ok(answer.starts_with(b"HTTP/1.1 200"))
    };
    matches!(timeout(Duration::from_secs(2), ask).await, Ok(Ok(true)))
}

/// Free now; whoever takes it before the child does makes the child say so and the bench fail.
fn free_port() -> Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn processes_of_one_part_are_added_up() {
        assert_eq!(watched("edge-2", 1).part, "edge");
        assert_eq!(watched("redis", 1).part, "redis");
        assert_eq!(watched("my-proxy", 1).part, "my-proxy");
    }
}
