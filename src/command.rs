//! The commands of `realtime`. A new one is a module with its arguments and a `run`, and a line in
//! each of the matches here.

use clap::Parser;
use clap::error::ErrorKind;

use crate::failure::Failure;
use crate::settings::Threads;
use crate::{bench, dev, edge, emit, events, inspect, replay, token, worker};

/// The real-time layer of a coding platform: Socket.IO edges and workers on Redis Streams.
#[derive(Parser, Debug)]
#[command(name = "realtime", bin_name = "realtime", version, arg_required_else_help = true)]
pub enum Command {
    /// Run everything in one process with a private Redis, to try and to develop
    Dev(dev::Command),
    /// Serve Socket.IO clients; the rules are the workers'
    Edge(Box<edge::Command>),
    /// Apply events to the state in Redis and publish what they cause
    Worker(worker::Command),
    /// Print a token for a user
    Token(token::Command),
    /// Send an event and print its answer
    Emit(emit::Command),
    /// List every event that there is
    Events(events::Command),
    /// Look inside a running service
    Inspect(inspect::Command),
    /// Send dead letters back, once what made them fail is mended
    ReplayDead(replay::Command),
    /// Measure the service with real clients
    #[command(subcommand)]
    Bench(bench::Command),
}

impl Command {
    /// Reads the command line and the environment. Help and usage are clap's own; a value that
    /// cannot be is told in one sentence.
    pub fn from_line() -> Result<Self, Failure> {
        Self::try_parse().map_err(|error| match error.kind() {
            ErrorKind::ValueValidation | ErrorKind::InvalidValue => Failure::from(error),
            _ => error.exit(),
        })
    }

    /// Starts logging for what serves; tools print what they have to say.
    pub fn start_logging(&self) -> Result<(), Failure> {
        match self {
            Self::Dev(dev) => dev.logging.start("warn"),
            Self::Edge(edge) => edge.process.logging.start("info"),
            Self::Worker(worker) => worker.process.logging.start("info"),
            Self::Token(_)
            | Self::Emit(_)
            | Self::Events(_)
            | Self::Inspect(_)
            | Self::ReplayDead(_)
            | Self::Bench(_) => Ok(()),
        }
    }

    /// The size of the runtime. Tools need one thread; the load generator brings its own.
    pub fn threads(&self) -> Threads {
        match self {
            Self::Dev(dev) => dev.threads.clone(),
            Self::Edge(edge) => edge.process.threads.clone(),
            Self::Worker(worker) => worker.process.threads.clone(),
            Self::Token(_)
            | Self::Emit(_)
            | Self::Events(_)
            | Self::Inspect(_)
            | Self::ReplayDead(_)
            | Self::Bench(_) => Threads::one(),
        }
    }

    /// Does what was asked.
    pub async fn run(self) -> Result<(), Failure> {
        match self {
            Self::Dev(dev) => dev.run().await,
            Self::Edge(edge) => edge.run().await,
            Self::Worker(worker) => worker.run().await,
            Self::Token(token) => token.run(),
            Self::Emit(emit) => emit.run().await,
            Self::Events(events) => {
                events.run();
                Ok(())
            }
            Self::Inspect(inspect) => inspect.run().await,
            Self::ReplayDead(replay) => replay.run().await,
            Self::Bench(bench) => bench.run().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_arguments_of_all_commands_fit_together() {
        Command::command().debug_assert();
    }

    #[test]
    fn a_command_is_chosen_by_its_name() {
        let parse = |line: &str| Command::try_parse_from(line.split(' '));
        assert!(matches!(parse("realtime token --user ada"), Ok(Command::Token(_))));
        assert!(matches!(parse("realtime dev --edges 3"), Ok(Command::Dev(_))));
        assert!(matches!(parse("realtime bench chat --json"), Ok(Command::Bench(_))));
        assert!(parse("realtime serve").is_err());
    }
}
