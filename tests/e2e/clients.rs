//! Clients that others wrote, unmodified: socket.io-client in Node and python-socketio. What they
//! check stands in tests/clients; here the system is started for them.

use std::path::{Path, PathBuf};

use harness::{Stack, Topology, on_each_topology};
use tokio::process::Command;

use crate::start;

/// How long all tests of one client may take together.
const LIMIT: std::time::Duration = std::time::Duration::from_secs(120);

on_each_topology![socket_io_client_in_node, python_socketio];

async fn socket_io_client_in_node(topology: Topology) {
    let folder = in_repository("tests/clients/node");
    assert!(folder.join("node_modules").exists(), "no npm packages: run tests/setup");
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", "chat.test.mjs"]).current_dir(folder);
    run(&start(topology).await, command).await;
}

async fn python_socketio(topology: Topology) {
    let python = in_repository(".realtime/venv/bin/python");
    assert!(python.exists(), "no Python packages: run tests/setup");
    let mut command = Command::new(python);
    command.arg("chat.py").current_dir(in_repository("tests/clients/python"));
    run(&start(topology).await, command).await;
}

/// A path of this repository.
pub fn in_repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Runs a client's tests against the two edges of a stack; they must pass.
pub async fn run(stack: &Stack, mut command: Command) {
    command
        .env("EDGE_URLS", format!("{},{}", stack.edge_url(0), stack.edge_url(1)))
        .env("TOKEN_ANA", stack.token("ana", &[]))
        .env("TOKEN_BEN", stack.token("ben", &[]))
        .kill_on_drop(true);
    let output = tokio::time::timeout(LIMIT, command.output()).await;
    let output = output.unwrap_or_else(|_| panic!("the client's tests took over {LIMIT:?}"));
    let output = output.expect("the client's runtime starts: run tests/setup");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(
        output.status.success(),
        "the client's tests failed:\n{}\n{}",
        text(&output.stdout),
        text(&output.stderr)
    );
}
