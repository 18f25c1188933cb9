//! The one command, `realtime`: the whole service for development, its two roles, and tools.

mod bench;
mod command;
mod dev;
mod edge;
mod emit;
mod events;
mod failure;
mod inspect;
mod logging;
mod output;
mod replay;
mod scripts;
mod settings;
mod shutdown;
mod token;
mod worker;

use std::process::ExitCode;
use std::time::Duration;

use crate::command::Command;
use crate::failure::Failure;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// How long work that cannot be cancelled may hold up the end.
const LAST_WORK: Duration = Duration::from_secs(1);

fn main() -> ExitCode {
    match start() {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn start() -> Result<(), Failure> {
    settings::read_env_file()?;
    let command = Command::from_line()?;
    command.start_logging()?;
    // Fails only where a provider is chosen already, which is as good.
    let _ = rustls::crypto::aws_lc_rs::default_provider().install_default();
    settings::raise_file_limit();
    let runtime = command.threads().runtime()?;
    let result = runtime.block_on(command.run());
    runtime.shutdown_timeout(LAST_WORK);
    result
}
