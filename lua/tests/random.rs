//! Random events, applied by a worker that is interrupted all the time: batches sent twice, replies
//! lost, the partition taken over in the middle, the one before still sending. The state, what was
//! published and every answer are those of a run without faults, and the log replays to them.

mod common;
mod stage;

use std::collections::BTreeSet;

use lua::batch::Batch;
use lua::commit::{self, Commit, Committed, Outcome, Place};
use lua::id::EventId;
use lua::lease::Lease;
use lua::record::{Origin, Record};
use lua::{key, room};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value as Json, json};
use stage::{EDGE, Keys, Stage, each, run};

/// Schedules tried on each topology; a failure names its seed.
const SEEDS: std::ops::Range<u64> = 0..4;
const EVENTS: u64 = 120;
const BATCH_MAX: usize = 12;

/// What a run leaves and tells.
#[derive(Debug, PartialEq)]
struct Ended {
    keys: Keys,
    told: Vec<Json>,
    answers: Vec<Json>,
}

#[tokio::test]
async fn a_run_with_faults_ends_like_one_without() {
    each(async |mut stage: Stage| {
        for seed in SEEDS {
            let records = schedule(seed, &stage);
            begin(&mut stage, &records).await;
            while !turn(&mut stage, &mut StdRng::seed_from_u64(0), false).await {}
            let calm = end(&mut stage).await;
            replays(&stage, &calm).await;

            begin(&mut stage, &records).await;
            let mut faults = StdRng::seed_from_u64(seed);
            while !turn(&mut stage, &mut faults, true).await {}
            let troubled = end(&mut stage).await;
            assert_eq!(troubled.keys, calm.keys, "seed {seed}");
            assert_eq!(troubled.told, calm.told, "seed {seed}");
            assert_eq!(troubled.answers, calm.answers, "seed {seed}");
            assert_eq!(calm.answers.len() as u64, EVENTS, "each event is answered once");
        }
    })
    .await;
}

/// The events of a seed: a few users with two connections each, who do all that can be done.
fn schedule(seed: u64, stage: &Stage) -> Vec<Record> {
    let mut random = StdRng::seed_from_u64(seed ^ 0x5eed);
    let mut id = EventId { ms: 1_800_000_000_000, seq: 0 };
    let mut ids = vec![EventId { ms: 1, seq: 1 }];
    let events = (0..EVENTS).map(|_| {
        id = match random.random_range(0..3) {
            0 => EventId { seq: id.seq + 1, ..id },
            _ => EventId { ms: id.ms + random.random_range(1..4_000), seq: 0 },
        };
        let user = format!("user-{}", random.random_range(0..4));
        let earlier = ids[random.random_range(0..ids.len())];
        ids.push(id);
        let (event, mut payload) = pick(&mut random, earlier);
        payload["roomId"] = stage.room.as_str().into();
        if random.random_ratio(1, 3)
            && ["send-message", "leave-room", "create-room"].contains(&event)
        {
            payload["requestId"] = random.random_range(0..4).to_string().into();
        }
        Record {
            id,
            event: event.to_owned(),
            entity: stage.room.to_string(),
            name: user.to_uppercase(),
            roles: if random.random_ratio(1, 10) { "admin" } else { "" }.to_owned(),
            origin: Some(Origin {
                edge: EDGE.to_owned(),
                connection: format!("{user}-{}", random.random_range(0..2)),
            }),
            user: user.parse().expect("a user id"),
            ack: Some(id.seq),
            payload: payload.to_string(),
            source: None,
        }
    });
    events.collect()
}

fn pick(random: &mut StdRng, earlier: EventId) -> (&'static str, Json) {
    let earlier = earlier.to_string();
    match random.random_range(0..20) {
        0..5 => ("join-room", json!({})),
        5 => ("join-room", json!({ "since": earlier })),
        6 => ("leave-room", json!({})),
        7..10 => {
            ("send-message", json!({ "content": format!("text {}", random.random_range(0..3)) }))
        }
        10 => ("send-message", json!({ "content": "answer", "replyTo": earlier })),
        11 => ("send-message", json!({ "content": "aside", "threadId": earlier })),
        12..15 => ("connection-closed", json!({})),
        15 => ("presence-expired", json!({})),
        16 => ("get-messages", json!({ "before": earlier, "limit": 3 })),
        17 => ("get-members", json!({ "limit": 2 })),
        18 => ("typing-start", json!({})),
        _ => ("create-room", json!({ "type": "collaboration", "maxMembers": 3 })),
    }
}

/// An empty partition with all events in its intake.
async fn begin(stage: &mut Stage, records: &[Record]) {
    let all = format!("rt:{}:*", stage.partition.tag());
    let names: Vec<String> = stage.command(&["KEYS", &all]).await;
    for name in names {
        let _: i64 = stage.command(&["DEL", &name]).await;
    }
    let mut batch = Batch::default();
    for record in records {
        let mut add = redis::cmd("XADD");
        add.arg(key::intake(stage.partition)).arg(record.id.to_string()).arg(record.fields());
        batch.add(add);
    }
    batch.run(&stage.redis, stage.node).await.expect("appended");
    take(stage).await;
}

/// Takes the partition anew, as after a loss of the connection or of the worker.
async fn take(stage: &mut Stage) {
    let call = Lease::take(stage.partition, "tester", 600_000, "run");
    stage.lease = Lease::read(run(&stage.redis, stage.node, call).await).expect("it is ours");
}

/// Reads and applies one batch; with `faults`, in some wrong way first or after. Whether all is done.
async fn turn(stage: &mut Stage, random: &mut StdRng, faults: bool) -> bool {
    let size = if faults { random.random_range(1..=BATCH_MAX) } else { BATCH_MAX };
    let read =
        run(&stage.redis, stage.node, commit::read(stage.partition, stage.lease.applied, size))
            .await;
    let records: Vec<Record> =
        commit::read_reply(read).into_iter().map(|record| record.expect("a record")).collect();
    if records.is_empty() {
        return true;
    }
    let place = stage.place();
    if !faults {
        assert!(send(stage, place, &records).await.iter().all(Outcome::is_done));
        take(stage).await;
        return false;
    }
    let prefix = &records[..random.random_range(1..=records.len())];
    match random.random_range(0..4) {
        // A prefix is sent, its replies are lost, and all is sent again: the rest finds its place.
        0 => {
            send(stage, place, prefix).await;
            let outcomes = send(stage, place, &records).await;
            assert!(outcomes[..prefix.len()].iter().all(|outcome| *outcome == Outcome::Rewind));
        }
        // A worker that lost the partition sends on while the new one is at work.
        1 => {
            take(stage).await;
            send(stage, stage.place(), prefix).await;
            let stale = send(stage, place, &records).await;
            assert!(stale.iter().all(|outcome| *outcome == Outcome::Fenced));
        }
        // The first event is left out: nothing after it may be applied.
        2 => {
            let ahead = Place { seq: place.seq + 1, ..place };
            let outcomes = send(stage, ahead, &records[1..]).await;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Rewind));
        }
        // Only a prefix arrives.
        _ => assert!(send(stage, place, prefix).await.iter().all(Outcome::is_done)),
    }
    take(stage).await;
    false
}

/// One pipeline of commits from `place` on.
async fn send(stage: &Stage, place: Place, records: &[Record]) -> Vec<Outcome> {
    let mut batch = Batch::default();
    for (n, record) in records.iter().enumerate() {
        let place = Place { seq: place.seq + n as u64, ..place };
        batch.add(workers::apply::call(Commit::new(place, record), &stage.config));
    }
    let replies = batch.run(&stage.redis, stage.node).await.expect("the node answers");
    replies.into_iter().map(|reply| Committed::read(reply).outcome).collect()
}

async fn end(stage: &mut Stage) -> Ended {
    let (told, answers) = stage.heard().await;
    let mut keys = stage.snapshot().await;
    // The fence and the lease tell of the faults; how far it is applied does not.
    let position = keys.get_mut(&key::position(stage.partition)).expect("it is owned");
    position.retain(|field| field.starts_with("applied=") || field.starts_with("seq="));
    Ended { keys, told, answers }
}

/// The log alone gives the members and the messages; and it is what was published, without a hole.
async fn replays(stage: &Stage, ended: &Ended) {
    let log = room::log_after(&stage.redis, &stage.room, EventId::default(), 10_000)
        .await
        .expect("the log");
    let log: Vec<Json> = log.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
    let told: Vec<Json> =
        ended.told.iter().filter(|told| told.get("id").is_some()).cloned().collect();
    assert_eq!(log, told);
    let (mut members, mut messages, mut prev) = (BTreeSet::new(), Vec::new(), json!("0-0"));
    for entry in &log {
        assert_eq!(entry["prev"], prev, "no hole");
        prev = entry["id"].clone();
        for frame in entry["frames"].as_array().expect("frames") {
            let payload = &frame["frame"][1];
            let user = payload["user"]["id"].as_str().unwrap_or_default().to_owned();
            match frame["frame"][0].as_str() {
                Some("user-joined-room") => assert!(members.insert(user)),
                Some("user-left-room") => assert!(members.remove(&user)),
                Some("message-received") => messages.push(payload["message"].clone()),
                _ => continue,
            }
            if let Some(count) = payload["memberCount"].as_u64() {
                assert_eq!(count, members.len() as u64);
            }
        }
    }
    let stored: Vec<String> = stage.command(&["ZRANGE", &stage.keys().members(), "0", "-1"]).await;
    assert_eq!(members, stored.into_iter().collect());
    let stored = ended.keys.get(&stage.keys().messages()).cloned().unwrap_or_default();
    let stored: Vec<Json> =
        stored.chunks(3).map(|entry| serde_json::from_str(&entry[2]).expect("JSON")).collect();
    assert_eq!(messages, stored);
}
