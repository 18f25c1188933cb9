//! The server that the protocol's official conformance suites ask for, with their short times:
//! `cargo run -p edge --example conformance [address]`, by default `[::]:3000`.

#[path = "../tests/protocol/server.rs"]
mod server;

use std::time::Duration;

use edge::engine::Settings;
use tokio::net::TcpListener;

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "[::]:3000".to_owned());
    let settings = Settings {
        ping_interval: Duration::from_millis(300),
        ping_timeout: Duration::from_millis(200),
        ..Settings::default()
    };
    let listener = TcpListener::bind(&address).await?;
    println!("listening on {}", listener.local_addr()?);
    let server = server::Server::new(&settings, server::Suite::new(None));
    server.serve(listener).await;
    Ok(())
}
