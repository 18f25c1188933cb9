//! Poison: an event that cannot be applied stops itself and nothing else. It becomes a dead letter, which an
//! operator sees and sends back once the defect is mended.

use harness::{Options, Stack, Topology, token, until, within};
use lua::id::{Partition, RoomId};
use lua::key::{self, RoomKeys};
use lua::topology::Settings;
use lua::{Redis, Value as Reply};
use serde_json::{Value, json};

use crate::{options, scripts};

const PROGRAM: &str = env!("CARGO_BIN_EXE_realtime");

/// What a broken script stumbles over.
const POISON: &str = "a message that no script survives";

/// Where the tested messages go.
const ROOM: &str = "poisoned";

fn one_worker() -> Options {
    let mut options =
        options(Topology::Single).with("LEASE_MS", 500).with("ACK_TIMEOUT_MS", 25_000);
    (options.edges, options.workers) = (1, 1);
    options
}

/// The id of the dead letter that has this in a field.
fn letter(shown: &Value, field: &str, value: &str) -> String {
    let has = |letter: &&Value| {
        let mut fields = letter["fields"].as_array().expect("fields").iter();
        fields.any(|pair| pair[0] == field && pair[1].as_str().is_some_and(|v| v.contains(value)))
    };
    let found = shown.as_array().expect("a list").iter().find(has).expect("a letter");
    found["id"].as_str().expect("an id").to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_defect_costs_one_event_which_can_be_replayed_when_it_is_mended() {
    let folder = scripts::folder("broken");
    scripts::copy(&scripts::scripts(), &folder, &|text| text);
    let script = folder.join("chat/send.lua");
    let whole = std::fs::read_to_string(&script).expect("a script");
    let defect = format!(
        "for _, text in ipairs(ARGV) do if string.find(text, '{POISON}', 1, true) then error('on purpose') end end\nlocal key, "
    );
    let broken = whole.replacen("local key, ", &defect, 1);
    assert_ne!(broken, whole);
    std::fs::write(&script, broken).expect("written");
    let mut stack = Stack::start(one_worker().with("SCRIPTS_DIR", folder.to_string_lossy())).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(0, "ben").await);
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": ROOM })).await;
    }

    // All are under way at a time; the poisoned one fails, the others are applied in order.
    let message =
        |content: &str| json!({ "roomId": ROOM, "content": content, "requestId": content });
    let contents = ["one", POISON, "two", "three"].map(message);
    let mut answers = Vec::new();
    for payload in &contents {
        answers.push(ana.start_call("send-message", payload).await);
    }
    let mut codes = Vec::new();
    for answer in answers {
        codes.push(within("an ack", answer).await["error"]["code"].clone());
    }
    assert_eq!(codes, [Value::Null, json!("internal"), Value::Null, Value::Null]);
    assert_eq!(received(&ben, 3).await, ["one", "two", "three"]);

    corrupt_and_mend(&stack, &ana).await;
    let partition = Partition::of(ROOM);
    run(&stack, partition, &["XADD", &key::intake(partition), "*", "foreign", "entry"]).await;
    let shown: Value = until("three dead letters", || async {
        let shown = stack.command(PROGRAM, &["inspect", "dead", "--json"]).await;
        let letters: Value = serde_json::from_str(&shown).expect("JSON");
        (letters.as_array().map(Vec::len) == Some(3)).then_some(letters)
    })
    .await;
    let (poison, foreign) = (letter(&shown, "payload", POISON), letter(&shown, "foreign", "entry"));
    let table = stack.command(PROGRAM, &["inspect", "dead"]).await;
    assert!(table.contains("send-message") && table.contains("WRONGTYPE"), "{table}");
    let full = stack.command(PROGRAM, &["inspect", "dead", &poison]).await;
    assert!(full.contains("on purpose") && full.contains(POISON) && full.contains("ana"), "{full}");

    // What cannot be replayed is said, and changes nothing.
    for (args, said) in [
        (["replay-dead", "1-1"], "there is no dead letter 1-1"),
        (["replay-dead", &foreign], "is no record"),
        (["inspect", "dead"], ""),
    ] {
        assert!(said.is_empty() || refused(&stack, &args).await.contains(said), "{args:?}");
    }
    // Not mended yet: it dies again, and the partition goes on.
    stack.command(PROGRAM, &["replay-dead", &poison]).await;
    ana.ok("send-message", message("four")).await;

    std::fs::write(&script, whole).expect("written");
    stack.worker(0).start_again();
    let said = refused(&stack, &["replay-dead", "--all"]).await;
    assert!(said.contains("1 stay") && said.contains(&foreign), "{said}");
    assert!(refused(&stack, &["replay-dead", &poison]).await.contains("there is no dead letter"));
    refused(&stack, &["replay-dead", "--partition", &partition.index().to_string()]).await;
    ana.ok("send-message", message("five")).await;
    assert_eq!(received(&ben, 3).await, ["four", POISON, "five"], "each once");
    // The client's own retry finds what the replay did.
    ana.ok("send-message", message(POISON)).await;
    let history = ana.ok("get-messages", json!({ "roomId": ROOM })).await;
    assert_eq!(history["messages"].as_array().expect("a list").len(), 6);
    std::fs::remove_dir_all(&folder).expect("it can go");
}

/// A room whose log is no stream: its events fail one by one, until somebody mends it.
async fn corrupt_and_mend(stack: &Stack, ana: &harness::Client) {
    let room: RoomId = "corrupt".parse().expect("an id");
    ana.ok("join-room", json!({ "roomId": room })).await;
    let (log, partition) = (RoomKeys::new(&room).log(), Partition::of(room.as_str()));
    run(stack, partition, &["SET", &log, "no stream"]).await;
    let message = json!({ "roomId": room, "content": "lost and found" });
    assert_eq!(ana.refused("send-message", message).await["code"], "internal");
    run(stack, partition, &["DEL", &log]).await;
    ana.ok("send-message", json!({ "roomId": room, "content": "as before" })).await;
}

/// A worker that dies each time at one event, as the kernel would end one that the event makes too large: the
/// test kills it whenever that event's commit leaves it. Counted are the attempts after the first death, which
/// nobody expected.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_under_which_workers_die_is_put_aside_after_three_more() {
    let mut options = one_worker();
    options.gated = true;
    let mut stack = Stack::start(options).await;
    let (ana, ben) = (stack.client(0, "ana").await, stack.client(0, "ben").await);
    for client in [&ana, &ben] {
        client.ok("join-room", json!({ "roomId": ROOM })).await;
    }
    let shut = stack.gate().shut_at(POISON);
    let (_, mut answers) = tokio::join!(shut, async {
        let mut answers = Vec::new();
        for content in [POISON, "after"] {
            let payload = json!({ "roomId": ROOM, "content": content });
            answers.push(ana.start_call("send-message", &payload).await);
        }
        answers
    });
    let position = key::position(Partition::of(ROOM));
    for deaths in 1..=4 {
        stack.kill_worker(0);
        // What it sent last is lost with it.
        stack.gate().cut();
        stack.worker(0).start_again();
        if deaths < 4 {
            stack.gate().shut_at(POISON).await;
            let attempt = run(&stack, Partition::of(ROOM), &["HGET", &position, "attempt"]).await;
            let attempt = format!("{attempt:?}");
            assert!(attempt.contains(&format!(" {deaths}\"")), "{attempt} after {deaths} deaths");
        }
    }
    let after = within("the ack of what came after", answers.pop().expect("two")).await;
    assert_eq!(after["ok"], true, "{after}");
    let poisoned = within("the ack of the poison", answers.pop().expect("two")).await;
    assert_eq!(poisoned["error"]["code"], "internal", "{poisoned}");
    assert_eq!(received(&ben, 1).await, ["after"]);
    let shown = stack.command(PROGRAM, &["inspect", "dead"]).await;
    assert!(shown.contains("3 workers ended"), "{shown}");
    // It was innocent.
    stack.command(PROGRAM, &["replay-dead", "--all"]).await;
    assert_eq!(received(&ben, 1).await, [POISON]);
}

/// The next messages that a client gets, one after the other.
async fn received(client: &harness::Client, count: usize) -> Vec<String> {
    let mut contents = Vec::new();
    for _ in 0..count {
        let told = client.next("message-received").await;
        contents.push(told["message"]["content"].as_str().expect("text").to_owned());
    }
    contents
}

/// Runs `realtime`, which must fail with exit code 1 and one sentence.
async fn refused(stack: &Stack, args: &[&str]) -> String {
    let mut command = tokio::process::Command::new(PROGRAM);
    command.args(args).env("REDIS_URL", stack.redis_url()).env("JWT_SECRET", token::SECRET);
    let output = within(&args.join(" "), command.output()).await.expect("it starts");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1), "{args:?}: {said}");
    assert_eq!(said.trim().lines().count(), 1, "{args:?}: {said}");
    said
}

/// Runs a command of Redis, as a foreign hand would.
pub async fn run(stack: &Stack, partition: Partition, words: &[&str]) -> Reply {
    let redis =
        Redis::connect(&Settings::new(stack.redis_url())).await.expect("a Redis that is up");
    let mut command = lua::Cmd::new();
    command.arg(words);
    let mut batch = lua::batch::Batch::default();
    batch.add(command);
    batch.run(&redis, redis.node_of(partition)).await.expect("an answer").remove(0)
}
