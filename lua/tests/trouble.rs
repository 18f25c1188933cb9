//! Trouble of Redis says nothing about an event: whatever a real server refuses with, the event waits and
//! is applied afterwards. Only what the event or its script is to blame for is a defect.

mod common;
mod stage;

use lua::commit::Outcome;
use lua::id::{EventId, Partition};
use lua::server::{Options, Private};
use lua::topology::Settings;
use lua::{Redis, key};
use redis::Value;
use serde_json::json;
use stage::{Stage, each, who};

/// What brings the trouble, the word that Redis then refuses with, and what ends it.
type Case<'a> = (&'a [&'a [&'a str]], &'a str, &'a [&'a str]);

const CASES: [Case; 7] = [
    (&[&["CONFIG", "SET", "maxmemory", "1"]], "OOM", &["CONFIG", "SET", "maxmemory", "0"]),
    (
        &[&["CONFIG", "SET", "min-replicas-to-write", "1"]],
        "NOREPLICAS",
        &["CONFIG", "SET", "min-replicas-to-write", "0"],
    ),
    // Its folder is gone, so that it cannot save.
    (
        &[&["CONFIG", "SET", "save", "3600 1"], &["BGSAVE"]],
        "MISCONF",
        &["CONFIG", "SET", "save", ""],
    ),
    (
        &[&["ACL", "SETUSER", "default", "-evalsha"]],
        "NOPERM",
        &["ACL", "SETUSER", "default", "+@all"],
    ),
    // A command inside the script.
    (&[&["ACL", "SETUSER", "default", "-hset"]], "", &["ACL", "SETUSER", "default", "+@all"]),
    (&[&["REPLICAOF", "127.0.0.1", "1"]], "READONLY", &["REPLICAOF", "NO", "ONE"]),
    (
        &[&["CONFIG", "SET", "replica-serve-stale-data", "no"], &["REPLICAOF", "127.0.0.1", "1"]],
        "MASTERDOWN",
        &["REPLICAOF", "NO", "ONE"],
    ),
];

fn next(stage: &Stage) -> EventId {
    EventId { ms: stage.clock.ms + 1, seq: 0 }
}

/// The event is not applied and not blamed while there is trouble, and applied when it is over.
async fn goes_through(
    stage: &mut Stage,
    word: &str,
    begin: impl AsyncFn(&Stage),
    end: impl AsyncFn(&Stage),
) {
    let payload = json!({ "roomId": stage.room });
    let record = stage.append(next(stage), &who("ann"), "join-room", &payload).await;
    begin(stage).await;
    let in_trouble = |outcome: &Outcome| match outcome {
        Outcome::Trouble(problem) => problem.starts_with(word),
        Outcome::NoScript => word == "NOSCRIPT",
        _ => false,
    };
    let outcome = stage.commit(stage.place(), &record).await;
    assert!(in_trouble(&outcome), "{word}: {outcome:?}");
    end(stage).await;
    common::until("the trouble to end", async || {
        let outcome = stage.commit(stage.place(), &record).await;
        assert!(!matches!(outcome, Outcome::Defect(_)), "{word}: {outcome:?}");
        outcome.is_done()
    })
    .await;
    (stage.lease.applied, stage.clock) = (record.id, record.id);
    stage.lease.seq += 1;
    stage.heard().await;
}

#[tokio::test]
async fn whatever_redis_refuses_with_is_no_defect() {
    let folder = std::env::temp_dir().join(format!("realtime-trouble-{}", std::process::id()));
    std::fs::create_dir_all(&folder).expect("a folder");
    let args = ["--enable-debug-command", "yes"].map(str::to_owned).to_vec();
    let options = Options { dir: Some(folder.clone()), args, ..Options::default() };
    let server = Private::start(options).await.expect("a private Redis");
    std::fs::remove_dir_all(&folder).expect("it can go");
    let redis = Redis::connect(&Settings::new(server.url())).await.expect("a connection");
    let partition = Partition::new(3).expect("a partition");
    let mut stage = Stage::on(redis, partition).await;
    stage.wary = false;
    for (begin, word, end) in CASES {
        let begin = async |stage: &Stage| {
            for words in begin {
                let _: Value = stage.command(words).await;
            }
            let saving = async || {
                let info: String = stage.command(&["INFO", "persistence"]).await;
                word == "MISCONF" && !info.contains("rdb_last_bgsave_status:err")
            };
            common::until("the save to fail", async || !saving().await).await;
        };
        let end = async |stage: &Stage| stage.command::<()>(end).await;
        goes_through(&mut stage, word, begin, end).await;
    }
    let flush = async |stage: &Stage| stage.command::<()>(&["SCRIPT", "FLUSH"]).await;
    let load = async |stage: &Stage| stage.redis.load_scripts().await.expect("they load");
    goes_through(&mut stage, "NOSCRIPT", flush, load).await;
    busy(&mut stage, &server).await;
    let dead: i64 = stage.command(&["EXISTS", &key::dead(partition)]).await;
    assert_eq!(dead, 0);
}

/// Another client's script that does not end.
async fn busy(stage: &mut Stage, server: &Private) {
    let client = redis::Client::open(server.url()).expect("a URL");
    let begin = async |stage: &Stage| {
        stage.command::<()>(&["CONFIG", "SET", "busy-reply-threshold", "1"]).await;
        let mut other = client.get_multiplexed_async_connection().await.expect("a connection");
        tokio::spawn(async move {
            let endless = redis::cmd("EVAL").arg("while true do end").arg(0).to_owned();
            let _: Result<Value, _> = endless.query_async(&mut other).await;
        });
        let is_busy = async || {
            let ping = stage::run(&stage.redis, stage.node, redis::cmd("PING")).await;
            matches!(ping, Value::ServerError(error) if error.code() == "BUSY")
        };
        common::until("the script to run for too long", is_busy).await;
    };
    let end = async |stage: &Stage| stage.command::<()>(&["SCRIPT", "KILL"]).await;
    goes_through(stage, "BUSY", begin, end).await;
}

#[tokio::test]
async fn a_key_of_the_wrong_type_is_a_defect_of_its_event_alone() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let log = stage.keys().log();
        let (): () = stage.command(&["RENAME", &log, &format!("{log}/kept")]).await;
        let (): () = stage.command(&["SET", &log, "no stream"]).await;
        let payload = json!({ "roomId": stage.room, "content": "x" });
        let record = stage.append(next(&stage), &who("ann"), "send-message", &payload).await;
        let outcome = stage.commit(stage.place(), &record).await;
        assert!(
            matches!(&outcome, Outcome::Defect(problem) if problem.starts_with("WRONGTYPE")),
            "{outcome:?}"
        );
        let _: i64 = stage.command(&["DEL", &log, &format!("{log}/kept")]).await;
    })
    .await;
}
