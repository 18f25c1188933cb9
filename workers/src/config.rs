//! Settings of a worker.

use clap::Args;
use lua::durability::Durability;

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

    /// Where an event is before anybody is told of it: local, disk or replica. The same for edges and
    /// workers.
    #[arg(long, env = "DURABILITY", default_value_t = Durability::Local)]
    pub durability: Durability,

    /// How many replicas have an event in mode replica [default: all that may take over]. The same for
    /// edges and workers.
    #[arg(long, env = "WAIT_REPLICAS", value_parser = clap::value_parser!(u64).range(1..=64))]
    pub wait_replicas: Option<u64>,

    /// Most events of one partition that are read and applied in one turn.
    #[arg(long, env = "BATCH_MAX", default_value_t = 128, value_parser = clap::value_parser!(u64).range(1..=4_096))]
    pub batch_max: u64,

    /// Applied entries that the intake keeps for inspection, per partition: so many at least, twice as many at
    /// most.
    #[arg(long, env = "INTAKE_KEEP", default_value_t = 1_000)]
    pub intake_keep: u64,

    /// Messages that a room keeps.
    #[arg(long, env = "HISTORY_MAX", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub history_max: u64,

    /// Entries of a room's log, the window from which clients and edges catch up.
    #[arg(long, env = "LOG_MAX", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub log_max: u64,

    /// Messages of one user that one room takes in `RATE_MESSAGES_WINDOW_MS`; 0: any number.
    #[arg(long, env = "RATE_MESSAGES", default_value_t = 10, value_parser = clap::value_parser!(u64).range(..=1_000))]
    pub rate_messages: u64,

    /// The time in which these messages count, milliseconds.
    #[arg(long, env = "RATE_MESSAGES_WINDOW_MS", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..=3_600_000))]
    pub rate_messages_window_ms: u64,

    /// How long a room that nobody is in and nobody belongs to is kept after the last event, milliseconds;
    /// a closed one, too.
    #[arg(long, env = "ROOM_IDLE_TTL_MS", default_value_t = 30 * 24 * 3_600_000)]
    pub room_idle_ttl_ms: u64,

    /// Rooms that one user may own.
    #[arg(long, env = "ROOMS_OWNED_MAX", default_value_t = 1_000)]
    pub rooms_owned_max: u64,

    /// How long a user stays present after the last connection ended, milliseconds.
    #[arg(long, env = "PRESENCE_GRACE_MS", default_value_t = 5_000)]
    pub presence_grace_ms: u64,

    /// Members of a room above which joins and leaves are told together, about once per second.
    #[arg(long, env = "PRESENCE_BATCH_ABOVE", default_value_t = 200)]
    pub presence_batch_above: u64,

    /// Events of one partition that may wait before the ingress waits with more.
    #[arg(long, env = "INTAKE_LAG_MAX", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub intake_lag_max: u64,

    /// Entries of the stream that tells back ends of rooms and users.
    #[arg(long, env = "LIFECYCLE_MAX", default_value_t = 100_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub lifecycle_max: u64,

    /// How long an edge may say nothing before its connections end, milliseconds. The same for edges
    /// and workers.
    #[arg(long, env = "EDGE_LEASE_MS", default_value_t = 6_000, value_parser = clap::value_parser!(u64).range(500..=60_000))]
    pub edge_lease_ms: u64,
}
