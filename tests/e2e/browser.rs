//! The page in Chromium, in windows of several people on two edges. What they do stands in
//! tests/browser, one file per part of the page.

use harness::{Topology, http};
use serde_json::json;
use tokio::process::Command;

use crate::clients::{in_repository, run};
use crate::start;

/// So many messages that the oldest are not on the first page of the history.
const EARLIER_MESSAGES: usize = 120;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_page_in_several_windows() {
    let folder = in_repository("tests/browser");
    assert!(folder.join("node_modules").exists(), "no npm packages: run tests/setup");
    let page = in_repository("edge/console/dist/index.html");
    assert!(page.exists(), "the page is not built: run `make console`");
    let stack = start(Topology::Single).await;
    let carl = stack.client(0, "carl").await;
    carl.ok("join-room", json!({ "roomId": "graphs" })).await;
    for number in 0..EARLIER_MESSAGES {
        let content = format!("earlier {number}");
        carl.ok("send-message", json!({ "roomId": "graphs", "content": content })).await;
    }
    let mut command = Command::new("node");
    command
        // One file after the other: each has a browser of its own.
        .args(["--test", "--test-reporter=spec", "--test-concurrency=1"])
        .env("TOKEN_MIA", stack.token("mia", &["moderator"]))
        .env("SCREENSHOTS", env!("CARGO_TARGET_TMPDIR"))
        .current_dir(folder);
    run(&stack, command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_client_bundle_is_where_socket_io_users_expect_it() {
    let stack = start(Topology::Single).await;
    let reply = http::get(stack.edge_url(0), "/socket.io/socket.io.js").await;
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert!(reply.header("content-type").is_some_and(|kind| kind.contains("javascript")));
    assert!(reply.body.contains("Socket.IO v4"), "the client's own banner");
}
