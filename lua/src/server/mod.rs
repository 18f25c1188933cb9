//! A private Redis (or Valkey) for `dev`, tests and benchmarks: found on this machine, started on a
//! free port of loopback, gone when its owner is gone.

mod cluster;
mod find;
mod sentinel;

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep, timeout};

pub use cluster::PrivateCluster;
pub use find::{NotFound, find};
pub use sentinel::{PrivateSentinel, SENTINEL_MASTER};

/// A server that does not answer within this time will not. Loading large data takes a while.
const START_MAX: Duration = Duration::from_secs(20);

/// Several servers that do not find each other within this time will not. A node of a cluster stays
/// closed for 2 s after its start, and sentinels tell each other of themselves every 2 s.
const FORM_MAX: Duration = Duration::from_secs(20);

/// Pause between two questions whether the server is ready.
const ASK_EVERY: Duration = Duration::from_millis(5);

/// Below the ports of outgoing connections (32768 and up on Linux), above the well-known ones.
const PORTS: std::ops::Range<u16> = 16_384..32_768;

/// Ports looked at before we give up on finding a free one.
const PORTS_LOOKED_AT: u32 = 1_000;

/// Another process may take a free port between our look and the server's bind.
const PORTS_TRIED: u32 = 5;

/// How to run a private server. The default is an empty one without persistence.
#[derive(Debug, Clone, Default)]
pub struct Options {
    /// Where its files are kept; `None` for a directory that goes when the server goes.
    pub dir: Option<PathBuf>,
    /// Write an append-only file, so that data outlive [`Private::restart`]. Redis may put a write off
    /// for a moment; with `--appendfsync always` in `args` none is confirmed before it is in the file.
    pub appendonly: bool,
    /// The port, or `None` for a free one.
    pub port: Option<u16>,
    /// More arguments for the server, such as `["--requirepass", "secret"]`.
    pub args: Vec<String>,
}

/// Why a private server does not run.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    /// There is no server program.
    #[error(transparent)]
    NotFound(#[from] NotFound),
    /// The system does not let us.
    #[error("cannot start a private Redis: {0}")]
    System(#[from] std::io::Error),
    /// It ended at once, or does not answer.
    #[error("the private Redis does not start: {0}")]
    Failed(String),
    /// Several of them do not become what they should be together, or do not do what they are told.
    #[error("the private Redis servers do not work together: {0}")]
    Together(String),
}

/// A running private server. Dropping it kills it; if this process is killed, it ends too.
#[derive(Debug)]
pub struct Private {
    options: Options,
    program: PathBuf,
    dir: PathBuf,
    port: u16,
    /// Of a sentinel: the file that says what it watches, and in which it keeps what it knows.
    watches: Option<PathBuf>,
    running: Option<Running>,
}

/// The server, and a shell that ends it when our end of the shell's input closes. That happens even
/// when this process is killed with SIGKILL.
#[derive(Debug)]
struct Running {
    server: Child,
    guard: Child,
}

impl Private {
    /// Starts a server and waits until it answers.
    pub async fn start(options: Options) -> Result<Self, StartError> {
        Self::begin(options, None).await
    }

    /// The same for a sentinel, with what it is to watch in words of a configuration file.
    async fn sentinel(options: Options, watches: &str) -> Result<Self, StartError> {
        Self::begin(options, Some(watches)).await
    }

    async fn begin(options: Options, watches: Option<&str>) -> Result<Self, StartError> {
        let program = find()?;
        let dir = match &options.dir {
            Some(dir) => dir.clone(),
            None => scratch(),
        };
        std::fs::create_dir_all(&dir)?;
        let file = dir.join("sentinel.conf");
        if let Some(text) = watches {
            std::fs::write(&file, text)?;
        }
        let watches = watches.map(|_| file);
        let mut private = Self { port: 0, options, program, dir, watches, running: None };
        let mut tried = 0;
        loop {
            tried += 1;
            private.port = match private.options.port {
                Some(port) => port,
                None => free_port()?,
            };
            match private.launch().await {
                Err(StartError::Failed(_))
                    if private.options.port.is_none() && tried < PORTS_TRIED => {}
                Err(error) => return Err(error),
                Ok(()) => return Ok(private),
            }
        }
    }

    /// `redis://127.0.0.1:port`
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}", self.port)
    }

    /// The port it listens at, the same after a restart.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The directory of its files.
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// The process id, or `None` while it is killed.
    pub fn pid(&self) -> Option<u32> {
        self.running.as_ref().map(|running| running.server.id())
    }

    /// Kills it as `kill -9` does. Files and port are kept for [`Private::restart`].
    pub fn kill(&mut self) {
        self.running = None;
    }

    /// Kills it, if it runs, and starts it again at the same port, on the same files.
    pub async fn restart(&mut self) -> Result<(), StartError> {
        self.kill();
        self.launch().await
    }

    /// Ends it gently: everything it was told is in its files afterwards.
    pub async fn stop(mut self) -> Result<(), StartError> {
        // The answer to a shutdown is a closed connection.
        let _ = ask(self.port, "SHUTDOWN").await;
        let deadline = Instant::now() + START_MAX;
        while let Some(running) = self.running.as_mut()
            && running.server.try_wait()?.is_none()
            && Instant::now() < deadline
        {
            sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    async fn launch(&mut self) -> Result<(), StartError> {
        let log = std::fs::File::create(self.dir.join("server.log"))?;
        let mut command = Command::new(&self.program);
        if let Some(file) = &self.watches {
            command.arg(file).arg("--sentinel");
        }
        command
            .args(["--port", &self.port.to_string(), "--bind", "127.0.0.1"])
            .args(["--daemonize", "no", "--save", "", "--maxmemory-policy", "noeviction"])
            .args(["--appendonly", if self.options.appendonly { "yes" } else { "no" }])
            .arg("--dir")
            .arg(&self.dir)
            .args(&self.options.args)
            .stdin(Stdio::null())
            .stdout(log.try_clone()?)
            .stderr(log);
        own_group(&mut command);
        self.running = Some(Running::start(command)?);
        let deadline = Instant::now() + START_MAX;
        while !self.answers().await {
            let running = self.running.as_mut().expect("it was started above");
            if running.server.try_wait()?.is_some() || Instant::now() > deadline {
                self.kill();
                return Err(StartError::Failed(self.last_words()));
            }
            sleep(ASK_EVERY).await;
        }
        Ok(())
    }

    /// It serves commands: a wish for a password is an answer too, "loading" is not.
    async fn answers(&self) -> bool {
        let answer = ask(self.port, "PING").await.unwrap_or_default();
        answer.starts_with("+PONG") || answer.starts_with("-NOAUTH")
    }

    fn last_words(&self) -> String {
        let log = std::fs::read_to_string(self.dir.join("server.log")).unwrap_or_default();
        let mut last: Vec<&str> = log.lines().rev().take(3).collect();
        last.reverse();
        last.join(" / ")
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        self.kill();
        if self.options.dir.is_none() {
            // What cannot be removed is in the system's directory for temporary files.
            let _ = std::fs::remove_dir_all(&self.dir);
        }
    }
}

impl Running {
    fn start(mut server: Command) -> std::io::Result<Self> {
        let mut server = server.spawn()?;
        let mut guard = Command::new("sh");
        guard
            .args(["-c", "read -r _; kill -9 \"$1\"", "guard"])
            .arg(server.id().to_string())
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        own_group(&mut guard);
        match guard.spawn() {
            Ok(guard) => Ok(Self { server, guard }),
            Err(error) => {
                end(&mut server);
                Err(error)
            }
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // The guard first: later the server's process id may be somebody else's.
        end(&mut self.guard);
        end(&mut self.server);
    }
}

/// Kills and collects a child; there is nothing left to do when it is gone already.
fn end(child: &mut Child) {
    let _ = child.kill();
    let _ = child.wait();
}

/// Ctrl-C in a terminal goes to a whole process group; the server must outlive those who stop with it.
fn own_group(command: &mut Command) {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
}

/// Asks a server until its answer contains all of `parts`.
async fn wait_for(port: u16, command: &str, parts: &[&str]) -> Result<(), StartError> {
    let deadline = Instant::now() + FORM_MAX;
    loop {
        let answer = ask(port, command).await.unwrap_or_default();
        if parts.iter().all(|part| answer.contains(part)) {
            return Ok(());
        }
        if Instant::now() > deadline {
            let answer = answer.replace("\r\n", " ");
            return Err(StartError::Together(format!("{command}: {answer}")));
        }
        sleep(ASK_EVERY).await;
    }
}

/// Tells a server something to which the only right answer is OK.
async fn tell(port: u16, command: &str) -> Result<(), StartError> {
    let answer = ask(port, command).await?;
    if answer.starts_with("+OK") {
        return Ok(());
    }
    Err(StartError::Together(format!("{command}: {}", answer.trim())))
}

/// Sends one inline command on a connection of its own; gives the beginning of the answer.
async fn ask(port: u16, command: &str) -> std::io::Result<String> {
    let asking = async {
        let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
        let mut line = Vec::with_capacity(command.len() + 2);
        write!(line, "{command}\r\n")?;
        stream.write_all(&line).await?;
        let mut answer = vec![0; 4096];
        let length = stream.read(&mut answer).await?;
        Ok(String::from_utf8_lossy(&answer[..length]).into_owned())
    };
    timeout(Duration::from_secs(1), asking).await?
}

/// A port that is free now. Not one that the system would choose: those it also gives to outgoing
/// connections, so that after a kill a client's attempts to reconnect could take the port of the very
/// server that they wait for.
fn free_port() -> std::io::Result<u16> {
    let mut tried = 0;
    loop {
        tried += 1;
        let port = rand::random_range(PORTS);
        match std::net::TcpListener::bind(("127.0.0.1", port)) {
            Ok(_) => return Ok(port),
            Err(error) if tried == PORTS_LOOKED_AT => return Err(error),
            Err(_) => {}
        }
    }
}

fn scratch() -> PathBuf {
    let name = format!("realtime-redis-{}-{:08x}", std::process::id(), rand::random::<u32>());
    std::env::temp_dir().join(name)
}
