//! `realtime edge`: the role that holds the sockets. Any number of them.

use clap::Args;
use tokio::net::TcpListener;

use crate::failure::Failure;
use crate::settings::{self, Process};
use crate::shutdown::{self, Parent};

/// Serves Socket.IO clients; the rules are the workers'.
#[derive(Args, Debug)]
pub struct Command {
    #[command(flatten)]
    pub process: Process,
    #[command(flatten)]
    parent: Parent,
    #[command(flatten)]
    config: edge::config::Config,
}

impl Command {
    /// Serves until it is told to stop, and drains.
    pub async fn run(self) -> Result<(), Failure> {
        let Self { process, parent, config } = self;
        config.check(process.stage.is_production()).map_err(Failure::settings)?;
        let listen = &config.listen;
        let listener = settings::bind(listen.bind_address, listen.port, "PORT").await?;
        let admin = settings::bind(listen.bind_address, listen.admin_port, "ADMIN_PORT").await?;
        let redis = process.connect(config.durability.durability).await?;
        let shutdown = shutdown::on_signal()?;
        parent.watch(&shutdown);
        let (port, admin_port) = (port_of(&listener), port_of(&admin));
        tracing::info!(port, admin_port, "listening");
        Ok(edge::run(config, listener, admin, redis, shutdown).await?)
    }
}

/// The port that was bound, also where any free one was asked for.
fn port_of(listener: &TcpListener) -> Option<u16> {
    listener.local_addr().ok().map(|address| address.port())
}
