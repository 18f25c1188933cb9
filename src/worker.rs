//! `realtime worker`: the role that applies the rules. Any number of them; they share the
//! partitions.

use clap::Args;

use crate::failure::Failure;
use crate::settings::Process;
use crate::shutdown::{self, Parent};

/// Applies events to the state in Redis and publishes what they cause.
#[derive(Args, Debug)]
pub struct Command {
    #[command(flatten)]
    pub process: Process,
    #[command(flatten)]
    parent: Parent,
    #[command(flatten)]
    config: workers::config::Config,
}

impl Command {
    /// Works until it is told to stop, and hands its partitions over.
    pub async fn run(self) -> Result<(), Failure> {
        let redis = self.process.connect(self.config.durability).await?;
        let shutdown = shutdown::on_signal()?;
        self.parent.watch(&shutdown);
        Ok(workers::run(self.config, redis, shutdown).await?)
    }
}
