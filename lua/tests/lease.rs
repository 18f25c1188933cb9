//! Leases: one owner at a time, a fence that only grows, a position that stays.

mod common;
mod stage;

use std::time::{SystemTime, UNIX_EPOCH};

use lua::commit::Outcome;
use lua::id::EventId;
use lua::lease::{Lease, Taken, registry};
use lua::term::Mark;
use lua::{Cmd, key};
use redis::Value;
use serde_json::json;
use stage::{Stage, each, run, who};

async fn take(stage: &Stage, worker: &str) -> Option<Lease> {
    taken(stage, worker, Mark::default()).await.map(|taken| taken.lease)
}

async fn taken(stage: &Stage, worker: &str, known: Mark) -> Option<Taken> {
    ask(stage, Lease::take(stage.partition, worker, 60_000, known, false))
        .await
        .map_or_else(|_| None, Taken::read)
}

/// Makes it look as if another Redis process had granted the partition.
async fn elsewhere(stage: &Stage) {
    let position = key::position(stage.partition);
    let _: i64 = stage.command(&["HSET", &position, "run", "another"]).await;
}

fn now_s() -> u64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("it is later than 1970").as_secs()
}

async fn ask(stage: &Stage, call: Cmd) -> Result<Value, String> {
    match run(&stage.redis, stage.node, call).await {
        Value::ServerError(error) => Err(format!("{error:?}")),
        value => Ok(value),
    }
}

#[tokio::test]
async fn a_held_partition_is_nobody_elses() {
    each(async |stage: Stage| {
        assert_eq!(take(&stage, "other").await, None);
        let again = take(&stage, "tester").await.expect("its own");
        assert_eq!(again, Lease { fence: stage.lease.fence + 1, suspect: true, ..stage.lease });
    })
    .await;
}

#[tokio::test]
async fn attempts_are_counted_per_event_by_the_owner_alone() {
    each(async |stage: Stage| {
        let attempt = async |fence, ms| {
            let id = lua::id::EventId { ms, seq: 0 };
            ask(&stage, lua::lease::attempt(stage.partition, fence, id)).await
        };
        let fence = stage.lease.fence;
        for count in 1..=3 {
            assert_eq!(attempt(fence, 7).await, Ok(Value::Int(count)));
        }
        assert!(attempt(fence - 1, 7).await.is_err_and(|error| error.contains("FENCED")));
        let taken = take(&stage, "tester").await.expect("its own");
        assert!(attempt(fence, 7).await.is_err(), "that owner is gone");
        assert_eq!(attempt(taken.fence, 7).await, Ok(Value::Int(4)), "the count goes on");
        assert_eq!(
            attempt(taken.fence, 8).await,
            Ok(Value::Int(1)),
            "another event, another count"
        );
    })
    .await;
}

#[tokio::test]
async fn a_lease_that_ran_out_is_taken_with_a_higher_fence_and_the_same_position() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let position = key::position(stage.partition);
        let _: i64 = stage.command(&["HSET", &position, "lease_until", "1"]).await;
        let taken = take(&stage, "other").await.expect("it is free");
        assert_eq!(taken, Lease { fence: stage.lease.fence + 1, suspect: true, ..stage.lease });
        assert_eq!((taken.applied, taken.seq), (stage.clock, 1));
        assert_eq!(take(&stage, "tester").await, None);

        let room = json!({ "roomId": stage.room });
        let id = lua::id::EventId { ms: stage.clock.ms + 1, seq: 0 };
        let record = stage.append(id, &who("ann"), "leave-room", &room).await;
        assert_eq!(
            stage.commit(stage.place(), &record).await,
            Outcome::Fenced,
            "the one before is out"
        );
        stage.lease = taken;
        assert_eq!(stage.commit(stage.place(), &record).await, Outcome::Logged);
    })
    .await;
}

#[tokio::test]
async fn renewing_and_releasing_need_the_fence() {
    each(async |stage: Stage| {
        let (partition, fence) = (stage.partition, stage.lease.fence);
        let position = key::position(partition);
        for stranger in [fence - 1, fence + 1, 0] {
            let before = stage.snapshot().await;
            assert_eq!(
                ask(&stage, Lease::renew(partition, stranger, 1_000)).await,
                Ok(Value::Int(0))
            );
            assert_eq!(ask(&stage, Lease::release(partition, stranger)).await, Ok(Value::Int(0)));
            assert_eq!(stage.snapshot().await, before);
        }
        let until: u64 = stage.command(&["HGET", &position, "lease_until"]).await;
        assert_eq!(ask(&stage, Lease::renew(partition, fence, 3_600_000)).await, Ok(Value::Int(1)));
        let renewed: u64 = stage.command(&["HGET", &position, "lease_until"]).await;
        assert!(renewed > until + 2_000_000 && renewed < until + 3_600_000, "{until} {renewed}");
        assert_eq!(ask(&stage, Lease::release(partition, fence)).await, Ok(Value::Int(1)));
        let taken = take(&stage, "other").await.expect("handed over at once");
        assert_eq!((taken.fence, taken.suspect), (fence + 1, false));
        assert_eq!(ask(&stage, Lease::renew(partition, fence, 1_000)).await, Ok(Value::Int(0)));
    })
    .await;
}

#[tokio::test]
async fn another_redis_is_another_term_whose_beginning_says_what_is_left() {
    each(async |mut stage: Stage| {
        let begun = stage.lease.term;
        assert!(begun.abs_diff(now_s()) < 100, "the first one is the time: {begun}");
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let again = taken(&stage, "tester", Mark::default()).await.expect("its own");
        assert_eq!(again.lease.term, begun);
        let joined = Mark { id: stage.clock, term: begun };
        elsewhere(&stage).await;
        let moved = taken(&stage, "tester", Mark::default()).await.expect("its own");
        assert!(moved.lease.term > begun && moved.lease.fence >= moved.lease.term);
        assert_eq!((moved.lease.applied, moved.lease.seq), (stage.clock, 1));
        assert!(moved.history.holds(joined), "what was applied by then is there");
        let later = EventId { ms: joined.id.ms + 1, seq: 0 };
        assert!(!moved.history.holds(Mark { id: later, ..joined }), "and nothing after it");
        stage.lease = taken(&stage, "tester", Mark::default()).await.expect("its own").lease;
        assert_eq!(stage.lease.term, moved.lease.term, "the same Redis again");
        let told =
            stage.event(&who("bob"), "join-room", json!({ "roomId": stage.room })).await.told;
        assert_eq!(told[0]["term"], moved.lease.term);
    })
    .await;
}

#[tokio::test]
async fn a_partition_whose_position_is_lost_begins_anew_and_nothing_before_counts() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let (before, known) = (stage.lease, Mark { id: stage.clock, term: stage.lease.term });
        let (position, intake) = (key::position(stage.partition), key::intake(stage.partition));
        let _: i64 = stage.command(&["DEL", &position, &intake]).await;
        let taken = taken(&stage, "other", known).await.expect("it is free");
        assert_eq!((taken.lease.applied, taken.lease.seq), (EventId::default(), 0));
        assert!(taken.lease.term > before.term && taken.lease.fence >= taken.lease.term);
        assert!(!taken.history.holds(known));
        // The server's clock is behind the ids of the stage: without more ado they would come again.
        let next: String = stage.command(&["XADD", &intake, "*", "a", "b"]).await;
        assert!(next.parse::<EventId>().expect("an id") > known.id, "no id means two events");
    })
    .await;
}

#[tokio::test]
async fn a_term_that_the_worker_knows_and_redis_lost_does_not_come_again() {
    each(async |stage: Stage| {
        let known = Mark { id: EventId::default(), term: now_s() + 10_000 };
        let raised = taken(&stage, "tester", known).await.expect("its own");
        assert_eq!(raised.lease.term, known.term + 1);
        assert!(!raised.history.holds(Mark { id: EventId { ms: 1, seq: 0 }, ..known }));
        for _ in 0..40 {
            elsewhere(&stage).await;
            taken(&stage, "tester", Mark::default()).await.expect("its own");
        }
        let cuts: String = stage.command(&["HGET", &key::position(stage.partition), "cuts"]).await;
        assert_eq!(cuts.split(',').count(), 16, "{cuts}");
    })
    .await;
}

#[tokio::test]
async fn workers_that_say_so_are_alive() {
    each(async |stage: Stage| {
        let node = stage.redis.node_of_key(key::WORKERS);
        let register = async |worker: &str, lease_ms| {
            let reply = run(&stage.redis, node, registry::register(worker, lease_ms)).await;
            let mut names = registry::names(reply).expect("a list");
            names.sort();
            names
        };
        assert!(register("b", 60_000).await.contains(&"b".to_owned()));
        assert_eq!(register("a", 60_000).await, ["a", "b"]);
        let _: i64 = common::command(&stage.redis, node, &["ZADD", key::WORKERS, "1", "b"]).await;
        assert_eq!(register("a", 60_000).await, ["a"], "b said so long ago");
        run(&stage.redis, node, registry::leave("a")).await;
        assert_eq!(register("c", 60_000).await, ["c"]);
        run(&stage.redis, node, registry::leave("c")).await;
    })
    .await;
}
