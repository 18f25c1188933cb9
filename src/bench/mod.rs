//! `realtime bench`: measures the service with real Socket.IO clients over WebSockets, and checks
//! what they get while it does. Each measurement is a module with its options, a run, figures and a
//! report; what they share stands beside them.

mod chat;
mod client;
mod crowd;
mod figures;
mod host;
mod join;
mod lag;
mod options;
mod progress;
mod rooms;
mod service;
mod store;
mod table;
mod usage;
mod users;
mod wire;

use std::future::Future;

use clap::Subcommand;
use serde::Serialize;

use crate::failure::Failure;
use crate::output::say;
use crate::shutdown;

/// What is measured.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Chat: clients in rooms, each message delivered to all members
    Chat(chat::Options),
    /// A storm: many users join one room at once, and half of them leave it again
    Join(join::Options),
    /// Memory and reads: what many rooms cost in Redis, and whether reads cost more in large ones
    Rooms(rooms::Options),
}

/// What a measurement found.
trait Found: Serialize {
    /// For people: tables with a line that says what was measured.
    fn table(&self) -> String;

    /// What makes the run a failure, in one sentence.
    fn verdict(&self) -> Option<String>;
}

impl Command {
    /// Measures and reports on stdout. Fails where the service did.
    pub async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Chat(options) => measure(chat::run(&options), options.common.json).await,
            Self::Join(options) => measure(join::run(&options), options.common.json).await,
            Self::Rooms(options) => measure(rooms::run(&options), options.common.json).await,
        }
    }
}

async fn measure<F: Found>(
    measuring: impl Future<Output = Result<F, Failure>>,
    json: bool,
) -> Result<(), Failure> {
    let shutdown = shutdown::on_signal()?;
    let figures = tokio::select! {
        figures = measuring => figures?,
        () = shutdown.cancelled() => {
            return Err(Failure::run("stopped before the end; nothing to report"));
        }
    };
    if json {
        say(serde_json::to_string(&figures).expect("figures are plain numbers and texts"));
    } else {
        say(figures.table());
    }
    figures.verdict().map_or(Ok(()), |fault| Err(Failure::Run(fault)))
}
