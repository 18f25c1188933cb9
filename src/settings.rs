//! What several of the commands are told: where Redis is, whether this is production, how many
//! threads there are, and how ports are bound.

use std::io::ErrorKind;
use std::net::{IpAddr, SocketAddr};

use clap::Args;
use lua::Redis;
use lua::durability::Durability;
use lua::topology::{ConnectError, Settings};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

use crate::failure::Failure;
use crate::logging::Logging;
use crate::scripts::Scripts;

/// Settings of every process that serves.
#[derive(Args, Debug, Clone)]
pub struct Process {
    /// Where Redis is: redis://, rediss://, redis+cluster://HOST:PORT,HOST:PORT or
    /// redis+sentinel://HOST:PORT,HOST:PORT/NAME
    #[arg(long, env, default_value = "redis://127.0.0.1:6379", hide_env_values = true)]
    pub redis_url: String,
    #[command(flatten)]
    pub stage: Stage,
    #[command(flatten)]
    pub logging: Logging,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    pub scripts: Scripts,
}

/// Whether this is production.
#[derive(Args, Debug, Clone)]
pub struct Stage {
    /// production or development; in production a weak secret stops the start
    /// [default: NODE_ENV, else development]
    #[arg(long, env, value_name = "STAGE", value_parser = environment)]
    app_env: Option<Environment>,
    #[arg(long, env, hide = true)]
    node_env: Option<String>,
}

/// Where the service runs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Environment {
    /// For real.
    Production,
    /// To be worked on.
    Development,
    /// The variable is set to nothing, which compose files do to what is not set.
    Unsaid,
}

/// Size of the process.
#[derive(Args, Debug, Clone)]
pub struct Threads {
    /// Threads that do the work [default: one per core]
    #[arg(long, env, value_name = "N")]
    threads: Option<usize>,
}

impl Stage {
    /// APP_ENV decides; where it is not set, NODE_ENV, whose other words mean development.
    pub fn is_production(&self) -> bool {
        match self.app_env {
            Some(Environment::Production) => true,
            Some(Environment::Development) => false,
            Some(Environment::Unsaid) | None => self.node_env.as_deref() == Some("production"),
        }
    }
}

fn environment(text: &str) -> Result<Environment, &'static str> {
    match text {
        "production" => Ok(Environment::Production),
        "development" => Ok(Environment::Development),
        "" => Ok(Environment::Unsaid),
        _ => Err("APP_ENV is production or development"),
    }
}

impl Process {
    /// Connects to the Redis of these settings and checks that it is set up for what is promised.
    pub async fn connect(&self, durability: Durability) -> Result<Redis, Failure> {
        self.scripts.read()?;
        let connecting = async {
            let redis = Redis::connect(&Settings::new(&self.redis_url)).await?;
            redis.check(durability).await?;
            Ok(redis)
        };
        connecting.await.map_err(|error| {
            let sentence = format!("{error} (REDIS_URL or --redis-url says where it is)");
            match error {
                ConnectError::BadUrl { .. } => Failure::Settings(sentence),
                ConnectError::NotDurable { .. } => Failure::Run(error.to_string()),
                _ => Failure::Run(sentence),
            }
        })
    }
}

impl Threads {
    /// One thread, for tools.
    pub fn one() -> Self {
        Self { threads: Some(1) }
    }

    /// A runtime of this size.
    pub fn runtime(&self) -> Result<Runtime, Failure> {
        let mut builder = tokio::runtime::Builder::new_multi_thread();
        match self.threads {
            Some(0) => return Err(Failure::settings("THREADS (--threads) must be at least 1")),
            Some(threads) => builder.worker_threads(threads),
            None => &mut builder,
        };
        builder.enable_all().build().map_err(|e| Failure::run(format!("cannot start: {e}")))
    }
}

/// Lets this process open as many files, and so sockets, as the system allows it; the usual limit
/// of a shell is 1 024. Where that fails the old limit stays.
pub fn raise_file_limit() {
    let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
    let _ = setrlimit(Resource::Nofile, Rlimit { current: maximum, maximum });
}

/// The variables of `.env`, for `realtime dev` alone: a service takes its settings from whoever
/// starts it. To be called before there are other threads and before the command line is read.
pub fn read_env_file() -> Result<(), Failure> {
    if std::env::args().nth(1).as_deref() != Some("dev") {
        return Ok(());
    }
    match dotenvy::dotenv() {
        Err(error) if !error.not_found() => {
            // The error may quote the line, and with it a secret.
            Err(Failure::settings(".env cannot be read: write NAME=value, one on each line"))
        }
        _ => Ok(()),
    }
}

/// Binds a port. The failure names the setting to change.
pub async fn bind(address: IpAddr, port: u16, setting: &str) -> Result<TcpListener, Failure> {
    let flag = setting.to_ascii_lowercase().replace('_', "-");
    TcpListener::bind(SocketAddr::new(address, port)).await.map_err(|error| {
        Failure::run(match error.kind() {
            ErrorKind::AddrInUse => format!(
                "port {port} is in use: stop the program that has it, or choose another port \
                 with {setting} (--{flag})"
            ),
            ErrorKind::PermissionDenied => format!(
                "port {port} may not be used by this user: choose one above 1023 with {setting} \
                 (--{flag})"
            ),
            ErrorKind::AddrNotAvailable => format!(
                "this machine has no address {address}: choose another with BIND_ADDRESS \
                 (--bind-address)"
            ),
            _ => format!("port {port} cannot be bound ({error})"),
        })
    })
}

/// The settings of a role as the environment and the defaults give them, but for `arguments`.
pub fn parse<C: Args>(arguments: &[String]) -> Result<C, Failure> {
    let command = C::augment_args(clap::Command::new("realtime").no_binary_name(true));
    let matches = command.try_get_matches_from(arguments)?;
    Ok(C::from_arg_matches(&matches)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stage(app_env: Option<Environment>, node_env: Option<&str>) -> Stage {
        Stage { app_env, node_env: node_env.map(str::to_owned) }
    }

    #[test]
    fn app_env_goes_before_node_env() {
        use Environment::{Development, Production, Unsaid};
        assert!(!stage(None, None).is_production());
        assert!(stage(None, Some("production")).is_production());
        assert!(!stage(None, Some("test")).is_production());
        assert!(!stage(Some(Development), Some("production")).is_production());
        assert!(stage(Some(Production), Some("test")).is_production());
        assert!(stage(Some(Unsaid), Some("production")).is_production());
    }

    #[tokio::test]
    async fn a_port_in_use_is_named_with_its_setting() {
        let localhost = IpAddr::from([127, 0, 0, 1]);
        let first = bind(localhost, 0, "PORT").await.expect("a free port");
        let port = first.local_addr().expect("bound").port();
        let failure = bind(localhost, port, "ADMIN_PORT").await.expect_err("it is in use");
        let text = failure.to_string();
        assert!(text.contains(&format!("port {port} is in use")), "{text}");
        assert!(text.ends_with("ADMIN_PORT (--admin-port)"), "{text}");
    }
}
