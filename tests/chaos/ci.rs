//! Chaos in CI: fixed seeds, a minute in all, two runs side by side at most.

use std::time::Duration;

use chaos::{Plan, Scenario, Topology};
use lua::durability::Durability;

async fn run(seed: u64, seconds: u64, scenario: Scenario, topology: Topology) {
    let plan = Plan {
        program: env!("CARGO_BIN_EXE_realtime").into(),
        seed,
        lasts: Duration::from_secs(seconds),
        scenario,
        topology,
        durability: Durability::Local,
        clients: 8,
    };
    let report = chaos::run(plan).await;
    println!("{}", report.text());
    assert!(report.is_clean(), "a promise was broken; see above");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn everything_on_one_server() {
    run(1, 35, Scenario::All, Topology::Single).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_on_a_cluster() {
    run(2, 35, Scenario::Processes, Topology::Cluster).await;
}
