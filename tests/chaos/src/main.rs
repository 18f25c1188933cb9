//! The command: a run of chaos with its report. Exit code 1 where a promise was broken.

use std::path::PathBuf;
use std::process::{Command, ExitCode};
use std::time::Duration;

use anyhow::Context;
use chaos::{Plan, Scenario, Topology};
use clap::Parser;
use lua::durability::Durability;

/// Breaks the running system and checks its promises
#[derive(Parser)]
struct Arguments {
    /// Decides what is done and broken; a random one where it is left out
    #[arg(long)]
    seed: Option<u64>,
    /// How long faults go on
    #[arg(long, default_value_t = 1.0)]
    minutes: f64,
    /// What is broken
    #[arg(long, value_enum, default_value_t = Scenario::All)]
    scenario: Scenario,
    /// The kind of Redis
    #[arg(long, value_enum, default_value_t = Topology::Single)]
    topology: Topology,
    /// Where an event is before anybody is told of it: local, disk or replica. Where replicas take over,
    /// only `replica` promises that nothing is lost
    #[arg(long, default_value_t = Durability::Local)]
    durability: Durability,
    /// How many clients there are
    #[arg(long, default_value_t = 12, value_parser = clap::value_parser!(u16).range(2..=200))]
    clients: u16,
    /// The program to break; built first where it is left out
    #[arg(long)]
    program: Option<PathBuf>,
}

#[tokio::main]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    anyhow::ensure!(
        (arguments.scenario == Scenario::Failover) == arguments.topology.has_replicas(),
        "--scenario failover and --topology sentinel or replicated-cluster go together"
    );
    let plan = Plan {
        program: arguments.program.map_or_else(build, Ok)?,
        seed: arguments.seed.unwrap_or_else(|| rand::random::<u32>().into()),
        lasts: Duration::try_from_secs_f64(arguments.minutes * 60.0).context("--minutes")?,
        scenario: arguments.scenario,
        topology: arguments.topology,
        durability: arguments.durability,
        clients: arguments.clients.into(),
    };
    eprintln!("chaos: seed {}", plan.seed);
    let report = chaos::run(plan).await;
    print!("{}", report.text());
    Ok(if report.is_clean() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Builds `realtime` beside this program, so that what is tested is what the sources say.
fn build() -> anyhow::Result<PathBuf> {
    let here = std::env::current_exe().context("where this program is")?;
    let program = here.with_file_name("realtime");
    let status = Command::new("cargo").args(["build", "--quiet", "--bin", "realtime"]).status();
    anyhow::ensure!(status.context("cargo starts")?.success(), "realtime cannot be built");
    anyhow::ensure!(
        program.exists(),
        "{} was not built; --program says where it is",
        program.display()
    );
    Ok(program)
}
