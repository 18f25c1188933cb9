//! What client writers' tools read: the AsyncAPI document and the TypeScript definitions.

use harness::http::{self, Reply};
use harness::{Stack, Topology, within};
use serde_json::Value;
use tokio::process::Command;

use crate::clients::{in_repository, run};
use crate::{options, start};

async fn ask(stack: &Stack, method: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
    within(path, http::request(stack.edge_url(0), method, path, headers, ""))
        .await
        .expect("an answer")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn events_and_answers_are_as_the_document_says() {
    let folder = in_repository("tests/clients/node");
    assert!(folder.join("node_modules/ajv").exists(), "no npm packages: run tests/setup");
    let mut command = Command::new("node");
    command.args(["--test", "--test-reporter=spec", "described.test.mjs"]).current_dir(folder);
    run(&start(Topology::Single).await, command).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_edge_serves_the_document_and_the_types() {
    let origin = "https://app.example";
    let stack = Stack::start(options(Topology::Single).with("CORS_ORIGIN", origin)).await;
    let printed = stack.command(env!("CARGO_BIN_EXE_realtime"), &["events", "--asyncapi"]).await;
    let printed: Value = serde_json::from_str(&printed).expect("JSON");
    let types = std::fs::read_to_string(in_repository("edge/console/src/core/events.ts"));

    let document = ask(&stack, "GET", "/asyncapi.json", &[("Origin", origin)]).await;
    assert_eq!(document.status, 200);
    assert_eq!(document.header("content-type"), Some("application/json"));
    assert_eq!(document.header("access-control-allow-origin"), Some(origin));
    assert_eq!(serde_json::from_str::<Value>(&document.body).expect("JSON"), printed);
    let served = ask(&stack, "GET", "/realtime.d.ts", &[]).await;
    assert_eq!(served.header("content-type"), Some("text/plain; charset=utf-8"));
    assert_eq!(served.body, types.expect("the page's types"));

    let etag = document.header("etag").expect("an ETag");
    let again = ask(&stack, "GET", "/asyncapi.json", &[("If-None-Match", etag)]).await;
    assert_eq!((again.status, again.body.as_str()), (304, ""));
    let head = ask(&stack, "HEAD", "/asyncapi.json", &[]).await;
    assert_eq!((head.status, head.body.as_str(), head.header("etag")), (200, "", Some(etag)));
    assert_eq!(ask(&stack, "POST", "/asyncapi.json", &[]).await.status, 405);
}
