//! Limits that hold across edges: the shared buckets of rates, and the connections of a user.

mod common;

use std::time::Duration;

use common::{command, each_topology, until};
use lua::Redis;
use lua::admission::{Admission, Seat, admit};
use lua::batch::Batch;
use lua::id::{Partition, UserId};
use lua::key;
use lua::rate::{self, Bucket, Quota, Taken};

const SUBJECT: &str = "user:ann";

/// One unit comes back in this time.
fn quota(interval_ms: u64, burst: u32) -> Quota {
    Quota { interval: Duration::from_millis(interval_ms), burst }
}

async fn take(redis: &Redis, kind: &str, quota: Quota, used: u32, asked: u32) -> Taken {
    let bucket = Bucket::new(kind, SUBJECT);
    let mut batch = Batch::default();
    batch.add(rate::take(&bucket, &quota, used, asked));
    let node = redis.node_of(bucket.partition);
    let replies = batch.run(redis, node).await.expect("an answer");
    Taken::read(&replies[0]).unwrap_or_else(|| panic!("no answer: {replies:?}"))
}

/// An hour, so that nothing comes back while a test runs.
const HOUR: u64 = 3_600_000;

#[tokio::test]
async fn a_bucket_gives_its_burst_and_then_says_how_long_it_is_empty() {
    each_topology(async |redis: Redis| {
        let quota = quota(HOUR, 10);
        assert_eq!(take(&redis, "a", quota, 0, 4).await, Taken { granted: 4, wait_ms: 0 });
        assert_eq!(take(&redis, "a", quota, 2, 3).await, Taken { granted: 3, wait_ms: 0 });
        let last = take(&redis, "a", quota, 0, 5).await;
        assert_eq!(last.granted, 1);
        assert!((HOUR - 60_000..=HOUR).contains(&last.wait_ms), "{last:?}");
        let empty = take(&redis, "a", quota, 0, 1).await;
        assert!(empty.granted == 0 && empty.wait_ms <= last.wait_ms, "{empty:?}");
        // Another limit of the same subject is another bucket.
        assert_eq!(take(&redis, "b", quota, 0, 10).await.granted, 10);
    })
    .await;
}

#[tokio::test]
async fn what_was_used_already_is_owed() {
    each_topology(async |redis: Redis| {
        let owed = take(&redis, "a", quota(HOUR, 10), 13, 5).await;
        assert_eq!(owed.granted, 0);
        assert!((4 * HOUR - 60_000..=4 * HOUR).contains(&owed.wait_ms), "{owed:?}");
    })
    .await;
}

#[tokio::test]
async fn after_the_wait_there_is_one() {
    each_topology(async |redis: Redis| {
        let quota = quota(40, 5);
        let mut passed = 0;
        let begun = std::time::Instant::now();
        for _ in 0..4 {
            let taken = take(&redis, "a", quota, 0, 10).await;
            assert!(taken.granted > 0, "after {passed} units: {taken:?}");
            passed += taken.granted;
            // The time itself is the matter.
            tokio::time::sleep(Duration::from_millis(taken.wait_ms)).await;
        }
        let most = 5.0 + begun.elapsed().as_secs_f64() / 0.04;
        assert!(f64::from(passed) <= most, "{passed} of {most}");
    })
    .await;
}

#[tokio::test]
async fn a_full_bucket_has_no_key() {
    each_topology(async |redis: Redis| {
        let partition = Partition::of(SUBJECT);
        let (node, name) = (redis.node_of(partition), key::rate(partition, "a", SUBJECT));
        take(&redis, "a", quota(HOUR, 10), 0, 0).await;
        assert_eq!(command::<i64>(&redis, node, &["EXISTS", &name]).await, 0);
        take(&redis, "a", quota(100, 10), 0, 2).await;
        let ttl_ms: i64 = command(&redis, node, &["PTTL", &name]).await;
        assert!((1..=200).contains(&ttl_ms), "{ttl_ms}");
        until("the key to go", async || {
            command::<i64>(&redis, node, &["EXISTS", &name]).await == 0
        })
        .await;
    })
    .await;
}

fn user() -> UserId {
    "auth0|ann/x".parse().expect("an id")
}

async fn enter(redis: &Redis, connection: &str, edge: &str, max: usize) -> Admission {
    let seat = Seat { user: &user(), connection, edge, transport: "polling" };
    admit(redis, seat, max).await.expect("an answer")
}

#[tokio::test]
async fn a_user_has_so_many_connections_at_all_edges_together() {
    each_topology(async |redis: Redis| {
        let partition = Partition::of(&format!("user:{}", user()));
        let node = redis.node_of(partition);
        let Admission::Admitted { at_ms } = enter(&redis, "one", "e1", 2).await else {
            panic!("the first is let in")
        };
        assert!(matches!(enter(&redis, "two", "e2", 2).await, Admission::Admitted { .. }));
        assert_eq!(enter(&redis, "three", "e3", 2).await, Admission::TooMany);
        // One that is in already stays in.
        assert!(matches!(enter(&redis, "two", "e2", 2).await, Admission::Admitted { .. }));

        let connections = key::UserKeys::new(&user()).connections();
        let mut names: Vec<String> = command(&redis, node, &["HKEYS", &connections]).await;
        names.sort();
        assert_eq!(names, ["one", "two"]);
        let about: String = command(&redis, node, &["HGET", &connections, "one"]).await;
        let about: serde_json::Value = serde_json::from_str(&about).expect("JSON");
        let expected = serde_json::json!({
            "connectionId": "one", "edge": "e1", "transport": "polling", "connectedAt": at_ms,
        });
        assert_eq!(about, expected);
        let seats = key::seats(partition, "e1");
        let seats: Vec<String> = command(&redis, node, &["ZRANGE", &seats, "0", "-1"]).await;
        assert_eq!(seats, ["one auth0|ann/x "]);
        let none = key::seats(partition, "e3");
        assert_eq!(command::<i64>(&redis, node, &["EXISTS", &none]).await, 0);

        let _: i64 = command(&redis, node, &["HDEL", &connections, "one"]).await;
        assert!(matches!(enter(&redis, "three", "e3", 2).await, Admission::Admitted { .. }));
    })
    .await;
}
