//! Sockets: frames in, records out; deliveries in, frames out. Holds no state that matters: what is
//! lost with an edge is its sockets, and their clients come back to another one.

pub mod admin;
mod api;
pub mod auth;
mod checks;
pub mod clock;
pub mod close;
pub mod config;
pub mod console;
pub mod core;
pub mod cors;
mod described;
mod dev_login;
pub mod engine;
mod ephemeral;
pub mod frame;
mod hearing;
mod http;
mod inbound;
mod lease;
pub mod limits;
mod member;
pub mod metrics;
mod outbound;
pub mod outbox;
mod pending;
mod publication;
mod reply;
mod rooms;
mod route;
pub mod socket;

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::time::{Instant, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use tokio_util::task::TaskTracker;

use crate::admin::Status;
use crate::api::Api;
use crate::auth::{Signer, Verifier};
use crate::config::Config;
use crate::core::Core;
use crate::cors::Cors;
use crate::engine::Engine;
use crate::http::Server;
use crate::lease::Lease;

/// Serves clients on `listener` and operators on `admin` until `shutdown`, then drains. The settings
/// should have passed [`Config::check`]. Fails before anything is served where a key file cannot be
/// used.
pub async fn run(
    config: Config,
    listener: TcpListener,
    admin: TcpListener,
    redis: lua::Redis,
    shutdown: CancellationToken,
) -> anyhow::Result<()> {
    // First of all: the parts below take their meters from the recorder when they are made.
    let recorder = metrics::install();
    let verifier = Arc::new(Verifier::new(&config.tokens)?);
    let cors = Cors::parse(&config.listen.cors_origin)?;
    let dev_login = config.listen.dev_login.then(|| Signer::new(&config.tokens)).flatten();
    let core = Core::start(redis.clone(), verifier, (&config).into());
    let engine = Engine::new((&config).into(), Arc::clone(&core));
    let status = Arc::new(Status::new(recorder));
    let parts = route::Parts {
        engine: Arc::clone(&engine),
        api: Api::new(Arc::clone(&core), config.limits.max_payload_bytes),
        cors,
        status: Arc::clone(&status),
        dev_login,
        metrics_public: config.listen.metrics_public,
    };
    let (public, operators) = parts.handlers();
    let edge = Edge {
        status,
        core,
        engine,
        clients: Server::default(),
        operators: Server::default(),
        background: TaskTracker::new(),
    };
    let stop = CancellationToken::new();
    edge.background.spawn(Arc::clone(&edge.status).watch(redis, stop.clone()));
    edge.background.spawn(edge.operators.clone().serve(admin, operators));
    let alive = Duration::from_millis(config.protocol.edge_lease_ms);
    let lease = Arc::new(Lease::new(Arc::clone(&edge.core), alive));
    edge.background.spawn(Arc::clone(&lease).run(stop.clone()));
    // Clients that come meanwhile wait to be accepted.
    let begin = async { tokio::join!(edge.core.heard(), lease.held()) };
    if shutdown.run_until_cancelled(begin).await.is_some() {
        edge.background.spawn(edge.clients.clone().serve(listener, public));
        edge.status.set_ready(true);
        shutdown.cancelled().await;
    }
    let drained = edge.drain(Duration::from_millis(config.listen.drain_ms)).await;
    stop.cancel();
    edge.background.close();
    edge.background.wait().await;
    if drained {
        lease.leave().await;
    }
    Ok(())
}

/// What has to be ended.
struct Edge {
    status: Arc<Status>,
    core: Arc<Core>,
    engine: Arc<Engine>,
    clients: Server,
    operators: Server,
    background: TaskTracker,
}

impl Edge {
    /// Ends everything within `grace`, those who send before those who receive. Tells whether it was in
    /// time.
    async fn drain(&self, grace: Duration) -> bool {
        tracing::info!(connections = self.engine.connections(), "draining");
        let deadline = Instant::now() + grace;
        // 1. Not ready: load balancers stop sending clients here.
        self.status.set_ready(false);
        // 2. Stop accepting: who comes all the same reaches another edge at the next try.
        self.clients.stop_accepting();
        // 3. Finish appending: what clients have sent so far is in Redis before they are sent away,
        //    and most of the acknowledgements still find them.
        let appended = timeout(grace / 4, self.core.appended()).await.is_ok();
        // 4. Close transports, a few at a time, so that the other edges and Redis do not see all of
        //    them come back at once. Never with DISCONNECT, which would keep the clients away.
        self.engine.drain(grace / 2).await;
        // 5. End. The core goes after the transports, because each connection that ends is an event
        //    too; then answers that are under way go out. The operators' port closes last, so that
        //    they can watch.
        let rest = async {
            self.core.stop().await;
            self.clients.finish().await;
            self.operators.finish().await;
        };
        let finished = timeout_at(deadline, rest).await.is_ok();
        self.clients.cut();
        self.operators.cut();
        if appended && finished {
            tracing::info!("drained");
        } else {
            tracing::warn!(connections = self.engine.connections(), "drained, but not in time");
        }
        appended && finished
    }
}
