//! Settings of a worker.

use clap::Args;

/// Settings of a worker, each with its environment name and default.
#[derive(Debug, Clone, Args)]
pub struct Config {
    /// Name of this worker in leases and tools; a random one where it is not set.
    #[arg(long, env = "WORKER_ID")]
    pub worker_id: Option<String>,

    /// How long a partition stays with a worker that does not renew, milliseconds. A dead worker's
    /// partitions stand still for this long.
    #[arg(long, env = "LEASE_MS", default_value_t = 5_000, value_parser = clap::value_parser!(u64).range(500..=60_000))]
    pub lease_ms: u64,

    /// Most events of one partition that are read and applied in one turn.
    #[arg(long, env = "BATCH_MAX", default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=4_096))]
    pub batch_max: u64,

    /// Applied entries that the intake keeps for inspection, per partition.
    #[arg(long, env = "INTAKE_KEEP", default_value_t = 1_000)]
    pub intake_keep: u64,

    /// Messages that a room keeps.
    #[arg(long, env = "HISTORY_MAX", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub history_max: u64,

    /// Entries of a room's log, the window from which clients and edges catch up.
    #[arg(long, env = "LOG_MAX", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub log_max: u64,

    /// How long a user stays present after the last connection ended, milliseconds.
    #[arg(long, env = "PRESENCE_GRACE_MS", default_value_t = 5_000)]
    pub presence_grace_ms: u64,
}
