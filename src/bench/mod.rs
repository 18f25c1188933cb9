//! `realtime bench`: measures the service with real Socket.IO clients over WebSockets, and checks
//! every delivery while it does.

mod check;
mod client;
mod figures;
mod load;
mod message;
mod options;
mod report;
mod run;
mod service;
mod session;
mod thread;
mod usage;
mod wire;

use clap::Subcommand;

use crate::failure::Failure;
use crate::output::say;

/// What is measured.
#[derive(Subcommand, Debug)]
pub enum Command {
    /// Chat: clients in rooms, each message delivered to all members
    Chat(options::Options),
}

impl Command {
    /// Measures and reports on stdout. Fails where the service did.
    pub async fn run(self) -> Result<(), Failure> {
        let Self::Chat(options) = self;
        let figures = run::chat(&options).await?;
        if options.json {
            say(report::json(&figures));
        } else {
            say(report::table(&figures));
        }
        match figures.verdict() {
            None => Ok(()),
            Some(fault) => Err(Failure::Run(fault)),
        }
    }
}
