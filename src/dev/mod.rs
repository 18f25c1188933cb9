//! `realtime dev`: everything in one process with a private Redis, for a newcomer's first minutes
//! and for working on the service. Data and secret are kept in `.realtime/`.

mod home;
mod welcome;

use std::net::IpAddr;
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use lua::Redis;
use lua::server::{Options, Private};
use lua::topology::Settings;
use tokio::net::TcpListener;
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;
use crate::logging::Logging;
use crate::output::say;
use crate::scripts::Scripts;
use crate::settings::{self, Stage, Threads};
use crate::shutdown;
use home::Home;
use welcome::Welcome;

pub use home::{DATA_DIR, stored_secret};

/// Admin ports stand this far above the ports for clients.
const ADMIN_OFFSET: u16 = 1_000;

/// How long the edges, and then the workers, may take to end.
const STOP_MAX: Duration = Duration::from_secs(8);

/// Runs edges, workers and a private Redis in one process.
#[derive(Args, Debug)]
pub struct Command {
    /// Edges; the second has the next port, and so on
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    edges: u16,
    /// Workers
    #[arg(long, value_name = "N", default_value_t = 2, value_parser = clap::value_parser!(u16).range(1..=100))]
    workers: u16,
    /// Port of the first edge
    #[arg(long, env, default_value_t = 3006, value_parser = clap::value_parser!(u16).range(1..))]
    port: u16,
    /// Address that the ports are bound to; anyone who reaches them can log in
    #[arg(long, env, default_value = "127.0.0.1")]
    bind_address: IpAddr,
    /// Where data and secret are kept
    #[arg(long, value_name = "DIR", default_value = DATA_DIR)]
    data: PathBuf,
    /// Secrets for tokens [default: made once and kept with the data]
    #[arg(long, env, hide_env_values = true)]
    jwt_secret: Option<String>,
    #[command(flatten)]
    stage: Stage,
    #[command(flatten)]
    pub logging: Logging,
    #[command(flatten)]
    pub threads: Threads,
    #[command(flatten)]
    scripts: Scripts,
}

/// One edge that is to be served.
struct Edge {
    config: edge::config::Config,
    listener: TcpListener,
    admin: TcpListener,
}

type Running = JoinSet<anyhow::Result<()>>;

impl Command {
    /// Serves until it is told to stop, and then stops all that it started.
    pub async fn run(self) -> Result<(), Failure> {
        if self.stage.is_production() {
            return Err(Failure::settings(
                "`realtime dev` lets anyone log in and is not for production: run `realtime edge` \
                 and `realtime worker`, or unset APP_ENV and NODE_ENV",
            ));
        }
        self.scripts.read()?;
        let shutdown = shutdown::on_signal()?;
        let home = Home::open(&self.data)?;
        let secret = match self.jwt_secret.clone().filter(|secret| !secret.trim().is_empty()) {
            Some(secret) => secret,
            None => home.secret()?,
        };
        let mut listening = Vec::new();
        for index in 0..self.edges {
            listening.push(self.edge(index, &secret).await?);
        }
        let server = Private::start(Options {
            dir: Some(home.redis_dir()),
            appendonly: true,
            args: vec!["--appendfsync".to_owned(), "everysec".to_owned()],
            ..Options::default()
        })
        .await?;
        let redis = Redis::connect(&Settings::new(server.url())).await.map_err(Failure::run)?;
        let welcome = Welcome {
            ports: listening.iter().map(|edge| edge.config.listen.port).collect(),
            redis_port: server.port(),
            data: &self.data,
            secret: &secret,
        };
        let result = self.serve(listening, redis, &welcome, shutdown).await;
        server.stop().await?;
        result
    }

    /// Binds the ports of an edge.
    async fn edge(&self, index: u16, secret: &str) -> Result<Edge, Failure> {
        let too_high = || Failure::settings("PORT (--port) is too high: choose one below 60000");
        let port = self.port.checked_add(index).ok_or_else(too_high)?;
        let admin_port = port.checked_add(ADMIN_OFFSET).ok_or_else(too_high)?;
        let config: edge::config::Config = settings::parse(&[
            format!("--port={port}"),
            format!("--admin-port={admin_port}"),
            format!("--bind-address={}", self.bind_address),
            format!("--edge-id={}", name("edge", index)),
            format!("--jwt-secret={secret}"),
            "--metrics-public=true".to_owned(),
            "--dev-login=true".to_owned(),
        ])?;
        config.check(false).map_err(Failure::settings)?;
        let listener = settings::bind(self.bind_address, port, "PORT").await?;
        let admin = settings::bind(self.bind_address, admin_port, "PORT").await?;
        Ok(Edge { config, listener, admin })
    }

    /// Runs workers and edges. Stops edges first, as they still append what clients sent; then the
    /// workers, which apply it.
    async fn serve(
        &self,
        listening: Vec<Edge>,
        redis: Redis,
        welcome: &Welcome<'_>,
        shutdown: CancellationToken,
    ) -> Result<(), Failure> {
        let (mut edges, mut workers) = (Running::new(), Running::new());
        let (stop_edges, stop_workers) = (CancellationToken::new(), CancellationToken::new());
        for index in 0..self.workers {
            let config: workers::config::Config =
                settings::parse(&[format!("--worker-id={}", name("worker", index))])?;
            workers.spawn(workers::run(config, redis.clone(), stop_workers.clone()));
        }
        for Edge { config, listener, admin } in listening {
            edges.spawn(edge::run(config, listener, admin, redis.clone(), stop_edges.clone()));
        }
        drop(redis);
        say(welcome.text()?);
        let failed = tokio::select! {
            () = shutdown.cancelled() => Ok(()),
            Some(ended) = edges.join_next() => early(ended),
            Some(ended) = workers.join_next() => early(ended),
        };
        say("Stopping.");
        stop_edges.cancel();
        let edges = stop("edges", &mut edges).await;
        stop_workers.cancel();
        let workers = stop("workers", &mut workers).await;
        failed.and(edges).and(workers)
    }
}

/// A name to be seen in tools. No run has those of the run before it, of which Redis may still know.
fn name(role: &str, index: u16) -> String {
    format!("{role}-{}-{:04x}", index + 1, rand::random::<u16>())
}

/// Nothing is to end before it is told to.
fn early(ended: Result<anyhow::Result<()>, tokio::task::JoinError>) -> Result<(), Failure> {
    ended.map_err(Failure::run)??;
    Err(Failure::run("a part of the service ended by itself; LOG_LEVEL=info tells more"))
}

/// Waits for all of a kind to end.
async fn stop(kind: &str, running: &mut Running) -> Result<(), Failure> {
    let all = async {
        while let Some(ended) = running.join_next().await {
            ended.map_err(Failure::run)??;
        }
        Ok(())
    };
    tokio::time::timeout(STOP_MAX, all).await.unwrap_or_else(|_| {
        Err(Failure::run(format!("the {kind} did not end within {} s", STOP_MAX.as_secs())))
    })
}
