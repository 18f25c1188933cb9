//! When to stop: at SIGINT, at SIGTERM, or when whoever started the process is gone.

use std::io::Read;

use clap::Args;
use tokio::signal::unix::{SignalKind, signal};
use tokio_util::sync::CancellationToken;

use crate::failure::Failure;

/// What shells give for a program that was interrupted.
const INTERRUPTED: i32 = 130;

/// How a process that was started by another one of ours learns that it is to stop.
#[derive(Args, Debug, Clone)]
pub struct Parent {
    /// Stop when stdin ends, as it does when the process that holds its other end is gone
    #[arg(long, hide = true)]
    stop_with_stdin: bool,
}

/// Cancelled by the first SIGINT or SIGTERM. The second ends the process at once, for whoever has
/// no time.
pub fn on_signal() -> Result<CancellationToken, Failure> {
    let listen = |kind| signal(kind).map_err(|e| Failure::run(format!("no signals: {e}")));
    let (mut interrupt, mut terminate) =
        (listen(SignalKind::interrupt())?, listen(SignalKind::terminate())?);
    let shutdown = CancellationToken::new();
    let stopping = shutdown.clone();
    tokio::spawn(async move {
        loop {
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            if stopping.is_cancelled() {
                std::process::exit(INTERRUPTED);
            }
            stopping.cancel();
        }
    });
    Ok(shutdown)
}

impl Parent {
    /// Cancels `shutdown` when stdin ends, if asked to.
    pub fn watch(&self, shutdown: &CancellationToken) {
        if self.stop_with_stdin {
            let shutdown = shutdown.clone();
            // A thread of its own: a runtime would wait for the read before it ends.
            std::thread::spawn(move || {
                let _ = std::io::stdin().lock().read_to_end(&mut Vec::new());
                shutdown.cancel();
            });
        }
    }
}
