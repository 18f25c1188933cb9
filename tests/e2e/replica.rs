//! A replica takes over that lacks the end of what its primary had. In mode `replica` nobody was told of
//! that end; in the others it is lost, which exactly those notice who saw it.

use harness::{Client, Flow, Stack, Topology, until};
use serde_json::{Value, json};

use crate::options;
use crate::swarm::{MESSAGES, Retries, Swarm};

async fn say(client: &Client, room: &str, content: &str) -> String {
    let payload = json!({ "roomId": room, "content": content });
    let said = client.ok("send-message", payload).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

/// Sends until the edge takes it.
async fn say_in_time(client: &Client, room: &str, content: &str) -> String {
    until("a message to be taken", || async {
        let payload = json!({ "roomId": room, "content": content, "requestId": content });
        let answer = client.call("send-message", payload).await;
        answer["message"]["id"].as_str().map(str::to_owned)
    })
    .await
}

async fn contents(client: &Client, room: &str) -> Vec<String> {
    let page = client.ok("get-messages", json!({ "roomId": room, "limit": 100 })).await;
    let messages = page["messages"].as_array().expect("a list").iter();
    messages.map(|message| message["content"].as_str().expect("text").to_owned()).collect()
}

async fn joined(stack: &Stack, edge: usize, user: &str, rooms: &[&str]) -> Client {
    let client = stack.client(edge, user).await;
    for room in rooms {
        client.ok("join-room", json!({ "roomId": room })).await;
    }
    client
}

/// Waits until both replicas have all that the primary has.
async fn until_replicated(stack: &Stack) {
    let settings = lua::topology::Settings::new(stack.redis_url());
    let redis = lua::Redis::connect(&settings).await.expect("a Redis that is up");
    let node = redis.nodes()[0];
    until("the replicas to have everything", || async {
        let mut connection = redis.connection(node).await.ok()?;
        let mut info = lua::Cmd::new();
        info.arg("INFO").arg("replication");
        let info: String = info.query_async(&mut connection).await.ok()?;
        let offset = info.lines().find_map(|line| line.strip_prefix("master_repl_offset:"))?;
        let whole = format!("offset={offset},");
        (info.matches(&whole).count() == 2).then_some(())
    })
    .await;
}

/// The end of the replication is swallowed, the primary dies, and the replica that takes over gives out
/// ids above those that are lost.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_end_closes_those_who_saw_it_and_nobody_else() {
    let mut options = options(Topology::Sentinel).with("ACK_TIMEOUT_MS", 1_000);
    options.replication = true;
    let mut stack = Stack::start(options).await;
    let saw = [
        joined(&stack, 0, "ann", &["busy", "whole"]).await,
        joined(&stack, 1, "bob", &["busy"]).await,
        joined(&stack, 1, "cat", &["quiet"]).await,
    ];
    let saw_none = joined(&stack, 1, "dan", &["whole"]).await;
    let kept = say(&saw[0], "busy", "kept").await;
    say(&saw[2], "quiet", "kept").await;
    say(&saw_none, "whole", "kept").await;
    until_replicated(&stack).await;

    stack.replication().set(Flow::Open, Flow::Swallowed);
    let lost = say(&saw[0], "busy", "lost").await;
    say(&saw[2], "quiet", "lost").await;
    saw[1].next_where("message-received", |event| event["id"] == lost.as_str()).await;
    stack.kill_primary().await;

    let after = say_in_time(&saw_none, "whole", "after").await;
    saw_none.next_where("message-received", |event| event["id"] == after.as_str()).await;
    for client in &saw {
        client.until_closed().await;
    }
    let again = joined(&stack, 0, "ann", &[]).await;
    let first = say_in_time(&again, "busy", "first").await;
    assert!(order(&first) > order(&lost), "ids of the new history are above the lost ones");
    let since = |id: &str| json!({ "roomId": "busy", "since": id });
    let missed = again.ok("join-room", since(&lost)).await["missed"].clone();
    assert_eq!(missed["complete"], false, "{missed}");
    let missed = again.ok("join-room", since(&kept)).await["missed"].clone();
    assert_eq!(missed["complete"], true, "{missed}");
    assert!(told(&missed).contains(&"first") && !missed.to_string().contains("lost"), "{missed}");
    say(&again, "busy", "second").await;
    let is_second = |event: &Value| event["message"]["content"] == "second";
    again.next_where("message-received", is_second).await;
    assert_eq!(contents(&again, "busy").await, ["kept", "first", "second"]);
    let cat = joined(&stack, 1, "cat", &["quiet"]).await;
    assert_eq!(contents(&cat, "quiet").await, ["kept"]);
    assert!(saw_none.is_open() && again.is_open());
}

fn order(id: &str) -> (u64, u64) {
    let (ms, seq) = id.split_once('-').expect("<ms>-<seq>");
    (ms.parse().expect("a number"), seq.parse().expect("a number"))
}

fn told(missed: &Value) -> Vec<&str> {
    let events = missed["events"].as_array().expect("a list").iter();
    events.filter_map(|event| event["payload"]["message"]["content"].as_str()).collect()
}

/// Replicas that are away hold everything back; when the primary dies meanwhile, all that was told is there.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn nothing_is_told_that_replicas_do_not_have() {
    let options = options(Topology::Sentinel).with("DURABILITY", "replica");
    let mut options = options.with("ACK_TIMEOUT_MS", 1_000);
    options.replication = true;
    let mut stack = Stack::start(options).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    let probe = joined(&stack, 0, "probe", &["elsewhere"]).await;
    swarm.until_acked(MESSAGES / 5).await;
    stack.replication().set(Flow::Open, Flow::Held);
    until_silent(&probe).await;
    stack.replication().set(Flow::Open, Flow::Open);
    swarm.until_acked(MESSAGES * 2 / 5).await;
    stack.replication().set(Flow::Open, Flow::Swallowed);
    until_silent(&probe).await;
    stack.kill_primary().await;
    swarm.finish().await;
}

/// Waits until an event has to wait for longer than its client does.
async fn until_silent(probe: &Client) {
    until("an event without an answer", || async {
        let answer = probe.call("get-members", json!({ "roomId": "elsewhere" })).await;
        (answer["ok"] == false)
            .then(|| assert_eq!(answer["error"]["details"]["outcome"], "unknown"))
    })
    .await;
}

/// One of three primaries is killed under load. Its only replica takes over, and has none itself until the
/// killed one is back: until then nothing more of these partitions is told.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_primary_of_a_cluster_killed_in_the_middle_loses_nothing() {
    let options = options(Topology::ReplicatedCluster).with("DURABILITY", "replica");
    let mut stack = Stack::start(options.with("ACK_TIMEOUT_MS", 1_000)).await;
    let swarm = Swarm::start(&stack, Retries::WithRequestId).await;
    swarm.until_acked(MESSAGES * 2 / 5).await;
    let before = primaries(&stack).await.expect("a whole cluster");
    stack.kill_primary().await;
    // Started again before that, it would be the primary still, with nothing in it.
    until("its replica to take over", || async {
        let now = primaries(&stack).await?;
        before.iter().any(|primary| !now.contains(primary)).then_some(())
    })
    .await;
    stack.revive_redis().await;
    swarm.finish().await;
}

/// The primaries' addresses, while every slot is served.
async fn primaries(stack: &Stack) -> Option<Vec<String>> {
    let settings = lua::topology::Settings::new(stack.redis_url());
    let redis = lua::Redis::connect(&settings).await.ok()?;
    Some(redis.nodes().into_iter().map(|node| redis.address(node)).collect())
}
