//! Under pressure everything has a bound: what cannot be taken is refused with the time to come back, and
//! when the pressure ends all that was taken is applied, once.

use std::time::Instant;

use harness::{Client, Stack, Topology, until, within};
use lua::Value as Reply;
use lua::id::{Partition, RoomId};
use lua::key::{self, RoomKeys};
use serde_json::{Value, json};

use crate::{options, poison};

const PROGRAM: &str = env!("CARGO_BIN_EXE_realtime");
const ROOM: &str = "crowded";

/// Entries that a partition's intake may hold, and what one pipeline may put on top.
const LAG_MAX: i64 = 500;
const BATCH_MAX: i64 = 512;

/// Messages that are sent while nobody applies any, several times as many as fit.
const FLOOD: usize = 4_000;

/// Log lines of a worker in a second of trouble that nobody can help.
const LINES_PER_SECOND: usize = 40;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_cannot_be_applied_is_refused_in_time_and_what_was_taken_is_applied_once() {
    let mut options = options(Topology::Single)
        .with("INTAKE_LAG_MAX", LAG_MAX)
        .with("INTAKE_KEEP", 100)
        .with("LEASE_MS", 1_000)
        .with("ACK_TIMEOUT_MS", 25_000);
    (options.edges, options.workers) = (1, 1);
    let mut stack = Stack::start(options).await;
    let ana = stack.client(0, "ana").await;
    ana.ok("join-room", json!({ "roomId": ROOM })).await;

    nobody_applies(&mut stack, &ana).await;
    no_memory(&mut stack, &ana).await;
    let shown = stack.command(PROGRAM, &["inspect", "dead"]).await;
    assert!(shown.contains("no dead letters"), "{shown}");
}

/// The workers are gone and clients send on.
async fn nobody_applies(stack: &mut Stack, ana: &Client) {
    stack.kill_worker(0);
    for number in 0..FLOOD {
        ana.emit("send-message", message(&number.to_string())).await;
    }
    // Whatever was sent before has been judged by now.
    let last = ana.refused("send-message", message("last")).await;
    assert_eq!(last["code"], "unavailable", "{last}");
    let length = number(run(stack, &["XLEN", &key::intake(partition())]).await);
    assert!((LAG_MAX..=LAG_MAX + BATCH_MAX).contains(&length), "{length} entries");

    let mut refused = 0;
    let mut times = Vec::new();
    until("each message to be taken or refused", || {
        for told in ana.seen("error").split_off(refused) {
            assert_eq!(told["code"], "unavailable", "{told}");
            times.push(told["retryAfterMs"].as_u64().expect("a time"));
            refused += 1;
        }
        // One is the join.
        let all = refused + usize::try_from(length).expect("a length") == FLOOD + 1;
        async move { all.then_some(()) }
    })
    .await;
    assert!(times.iter().all(|time| (250..=30_000).contains(time)), "{times:?}");
    let longer: Vec<_> = times.iter().filter(|time| **time >= 1_000).collect();
    assert!(longer.iter().any(|time| *time != longer[0]), "they would all come back at once");

    stack.worker(0).start_again();
    let taken = FLOOD - refused;
    until("all that was taken to be applied", || async {
        (messages(stack).await == taken).then_some(())
    })
    .await;
    until("messages to be taken again", || async {
        (ana.call("send-message", message("again")).await["ok"] == true).then_some(())
    })
    .await;
    assert_eq!(messages(stack).await, taken + 1);
}

/// Redis takes no more, with events that wait and without.
async fn no_memory(stack: &mut Stack, ana: &Client) {
    let before = messages(stack).await;
    stack.worker(0).signal("STOP");
    let mut waiting = Vec::new();
    for number in 0..5 {
        waiting.push(ana.start_call("send-message", &message(&format!("waits {number}"))).await);
    }
    let position = key::position(partition());
    let ends_with = |reply: Reply| format!("{reply:?}");
    until("them to be in the intake", || async {
        let applied = ends_with(run(stack, &["HGET", &position, "seq"]).await);
        let added = run(stack, &["XINFO", "STREAM", &key::intake(partition())]).await;
        let applied: usize =
            applied.chars().filter(char::is_ascii_digit).collect::<String>().parse().ok()?;
        format!("{added:?}").contains(&format!("int({})", applied + 5)).then_some(())
    })
    .await;
    run(stack, &["CONFIG", "SET", "maxmemory", "1"]).await;
    let (begun, lines) = (Instant::now(), stack.worker(0).log().lines().count());
    stack.worker(0).signal("CONT");
    for _ in 0..3 {
        let refused = ana.refused("send-message", message("no room for it")).await;
        assert_eq!(refused["code"], "unavailable", "{refused}");
        let wait = refused["retryAfterMs"].as_u64().expect("a time");
        assert!((1_000..=30_000).contains(&wait), "{refused}");
        // As a client does that is told so: the worker has no peace meanwhile.
        tokio::time::sleep(std::time::Duration::from_millis(wait)).await;
    }
    // What only reads goes on.
    let shown = stack.command(PROGRAM, &["inspect", "lag"]).await;
    assert!(shown.contains(&format!("p{}", partition().index())), "{shown}");
    let lines = stack.worker(0).log().lines().count() - lines;
    let most = LINES_PER_SECOND * (begun.elapsed().as_secs() as usize + 1);
    assert!(lines <= most, "{lines} lines in {:?}", begun.elapsed());
    assert_eq!(messages(stack).await, before);

    run(stack, &["CONFIG", "SET", "maxmemory", "0"]).await;
    for answer in waiting {
        let answer = within("an ack", answer).await;
        assert_eq!(answer["ok"], true, "{answer}");
    }
    assert_eq!(messages(stack).await, before + 5, "each once, and what was refused not at all");
}

fn message(content: &str) -> Value {
    json!({ "roomId": ROOM, "content": content })
}

fn partition() -> Partition {
    Partition::of(ROOM)
}

/// Messages that the room has.
async fn messages(stack: &Stack) -> usize {
    let room: RoomId = ROOM.parse().expect("an id");
    let count = number(run(stack, &["XLEN", &RoomKeys::new(&room).order()]).await);
    usize::try_from(count).expect("a length")
}

fn number(reply: Reply) -> i64 {
    match reply {
        Reply::Int(number) => number,
        other => panic!("{other:?} is no number"),
    }
}

/// Runs a command of Redis.
async fn run(stack: &Stack, words: &[&str]) -> Reply {
    poison::run(stack, partition(), words).await
}
