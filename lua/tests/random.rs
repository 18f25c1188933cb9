//! Random events, applied by a worker that is interrupted all the time: batches sent twice, replies
//! lost, the partition taken over in the middle, the one before still sending. The state, what was
//! published and every answer are those of a run without faults, and the log replays to them.

mod common;
mod stage;

use std::collections::{BTreeMap, BTreeSet};

use lua::batch::Batch;
use lua::commit::{self, Commit, Committed, Outcome, Place, Rest};
use lua::event::is_system;
use lua::id::EventId;
use lua::lease::{Lease, Taken};
use lua::record::{Origin, Record};
use lua::term::Mark;
use lua::{key, room};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use serde_json::{Value as Json, json};
use stage::{EDGE, Keys, Stage, each, run};

/// Schedules tried on each topology; a failure names its seed.
const SEEDS: std::ops::Range<u64> = 0..4;
const EVENTS: u64 = 240;
const BATCH_MAX: usize = 12;
/// Messages that are kept: fewer than are sent.
const HISTORY_MAX: usize = 15;

/// What a run leaves and tells.
#[derive(Debug, PartialEq)]
struct Ended {
    keys: Keys,
    told: Vec<Json>,
    answers: Vec<Json>,
    /// Answers that wait until what the event caused elsewhere is on its way.
    relayed: Vec<String>,
}

#[tokio::test]
async fn a_run_with_faults_ends_like_one_without() {
    each(async |mut stage: Stage| {
        stage.config.history_max = HISTORY_MAX as u64;
        // In so long a time nothing expires while the test runs.
        stage.config.rate_messages = 9;
        stage.config.rate_messages_window_ms = 3_600_000;
        for seed in SEEDS {
            let records = schedule(seed, &stage);
            let awaited = records.iter().filter(|record| !is_system(&record.event)).count();
            begin(&mut stage, &records).await;
            let mut relayed = Vec::new();
            while !turn(&mut stage, &mut StdRng::seed_from_u64(0), false, &mut relayed).await {}
            let calm = end(&mut stage, relayed).await;
            replays(&stage, &calm).await;

            begin(&mut stage, &records).await;
            let (mut faults, mut relayed) = (StdRng::seed_from_u64(seed), Vec::new());
            while !turn(&mut stage, &mut faults, true, &mut relayed).await {}
            let troubled = end(&mut stage, relayed).await;
            assert_eq!(troubled.keys, calm.keys, "seed {seed}");
            assert_eq!(troubled.told, calm.told, "seed {seed}");
            assert_eq!(troubled.answers, calm.answers, "seed {seed}");
            assert_eq!(troubled.relayed, calm.relayed, "seed {seed}");
            let answers = calm.answers.len() + calm.relayed.len();
            assert_eq!(answers, awaited, "each event is answered once");
        }
    })
    .await;
}

/// The events of a seed: a few users with two connections each, who do all that can be done.
fn schedule(seed: u64, stage: &Stage) -> Vec<Record> {
    let mut random = StdRng::seed_from_u64(seed ^ 0x5eed);
    let mut id = EventId { ms: 1_800_000_000_000, seq: 0 };
    let mut said = vec![EventId { ms: 1, seq: 1 }];
    let events = (0..EVENTS).map(|_| {
        id = match random.random_range(0..3) {
            0 => EventId { seq: id.seq + 1, ..id },
            _ => EventId { ms: id.ms + random.random_range(1..4_000), seq: 0 },
        };
        let user = format!("user-{}", random.random_range(0..4));
        // Mostly one of the newest messages, so that much happens to a few.
        let newest = said.len().saturating_sub(random.random_range(1..8));
        let (event, mut payload) = pick(&mut random, said[newest]);
        if event == "send-message" {
            said.push(id);
        }
        payload["roomId"] = stage.room.as_str().into();
        if random.random_ratio(1, 3) && event != "join-room" {
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
            ack: (!is_system(event)).then_some(id.seq),
            payload: payload.to_string(),
            source: None,
        }
    });
    events.collect()
}

fn pick(random: &mut StdRng, earlier: EventId) -> (&'static str, Json) {
    let earlier = earlier.to_string();
    let emoji = ["👍", "🎉", "\"]}"][random.random_range(0..3)];
    let text = format!("text {}", random.random_range(0..3));
    match random.random_range(0..31) {
        0..4 => ("join-room", json!({})),
        4 => ("join-room", json!({ "since": earlier })),
        5 => ("leave-room", json!({})),
        6..10 => ("send-message", json!({ "content": text })),
        10 => ("send-message", json!({ "content": "answer", "replyTo": earlier })),
        11..13 => ("send-message", json!({ "content": "aside", "threadId": earlier })),
        13 => ("send-message", json!({ "content": "you", "mentions": ["user-0", "user-9"] })),
        14..16 => ("edit-message", json!({ "messageId": earlier, "content": text })),
        16 => ("delete-message", json!({ "messageId": earlier })),
        17..21 => {
            let on = random.random_ratio(2, 3);
            ("react", json!({ "messageId": earlier, "emoji": emoji, "on": on }))
        }
        21..23 => ("mark-read", json!({ "messageId": earlier })),
        23..25 => ("connection-closed", json!({})),
        25 => ("presence-expired", json!({})),
        26 => ("get-messages", json!({ "before": earlier, "limit": 3 })),
        27 => ("get-members", json!({ "limit": 2 })),
        28 => ("typing-start", json!({})),
        29 => ("set-slow-mode", json!({ "intervalMs": random.random_range(0..3) * 1_000 })),
        _ => ("mute-user", json!({ "userId": "user-1", "durationMs": 5_000 })),
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
    // A first term is the time of day, which no two runs have in common.
    let position = key::position(stage.partition);
    let _: i64 = stage.command(&["HSET", &position, "term", "7"]).await;
}

/// Takes the partition anew, as after a loss of the connection or of the worker.
async fn take(stage: &mut Stage) {
    let call = Lease::take(stage.partition, "tester", 600_000, Mark::default(), false);
    stage.lease = Taken::read(run(&stage.redis, stage.node, call).await).expect("it is ours").lease;
}

/// Reads and applies one batch; with `faults`, in some wrong way first or after. Whether all is done.
async fn turn(
    stage: &mut Stage,
    random: &mut StdRng,
    faults: bool,
    relayed: &mut Vec<String>,
) -> bool {
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
        assert!(send(stage, place, &records, relayed).await.iter().all(Outcome::is_done));
        take(stage).await;
        return false;
    }
    let prefix = &records[..random.random_range(1..=records.len())];
    match random.random_range(0..4) {
        // A prefix is sent, its replies are lost, and all is sent again: the rest finds its place.
        0 => {
            send(stage, place, prefix, relayed).await;
            let outcomes = send(stage, place, &records, relayed).await;
            assert!(outcomes[..prefix.len()].iter().all(|outcome| *outcome == Outcome::Rewind));
        }
        // A worker that lost the partition sends on while the new one is at work.
        1 => {
            take(stage).await;
            send(stage, stage.place(), prefix, relayed).await;
            let stale = send(stage, place, &records, relayed).await;
            assert!(stale.iter().all(|outcome| *outcome == Outcome::Fenced));
        }
        // The first event is left out: nothing after it may be applied.
        2 => {
            let ahead = Place { seq: place.seq + 1, ..place };
            let outcomes = send(stage, ahead, &records[1..], relayed).await;
            assert!(outcomes.iter().all(|outcome| *outcome == Outcome::Rewind));
        }
        // Only a prefix arrives.
        _ => assert!(send(stage, place, prefix, relayed).await.iter().all(Outcome::is_done)),
    }
    take(stage).await;
    false
}

/// One pipeline of commits from `place` on.
async fn send(
    stage: &Stage,
    place: Place,
    records: &[Record],
    relayed: &mut Vec<String>,
) -> Vec<Outcome> {
    let mut batch = Batch::default();
    for (n, record) in records.iter().enumerate() {
        let place = Place { seq: place.seq + n as u64, ..place };
        batch.add(workers::apply::call(Commit::new(place, record), &stage.config));
    }
    let replies = batch.run(&stage.redis, stage.node).await.expect("the node answers");
    let committed =
        replies.into_iter().map(Committed::read).map(|Committed { outcome, rest, .. }| {
            if let Rest::Relay { answer } = rest
                && !answer.is_empty()
            {
                relayed.push(answer);
            }
            outcome
        });
    committed.collect()
}

async fn end(stage: &mut Stage, relayed: Vec<String>) -> Ended {
    let (told, answers) = stage.heard().await;
    let mut keys = stage.snapshot().await;
    // The fence and the lease tell of the faults; how far it is applied does not.
    let position = keys.get_mut(&key::position(stage.partition)).expect("it is owned");
    position.retain(|field| field.starts_with("applied=") || field.starts_with("seq="));
    Ended { keys, told, answers, relayed }
}

/// What was published gives the members and the messages; and the log repeats it without a hole, but for
/// what messages say, which is what they say now.
async fn replays(stage: &Stage, ended: &Ended) {
    let log = room::log_after(
        &stage.redis,
        &stage.room,
        EventId::default(),
        10_000,
        &lua::durability::Safety::default(),
    )
    .await
    .expect("the log")
    .entries;
    let log: Vec<Json> = log.iter().map(|text| serde_json::from_str(text).expect("JSON")).collect();
    let told: Vec<Json> =
        ended.told.iter().filter(|told| told.get("id").is_some()).cloned().collect();
    let (mut members, mut messages, mut prev) = (BTreeSet::new(), BTreeMap::new(), json!("0-0"));
    for entry in &told {
        assert_eq!(entry["prev"], prev, "no hole");
        prev = entry["id"].clone();
        for frame in entry["frames"].as_array().expect("frames") {
            let payload = &frame["frame"][1];
            let user = payload["user"]["id"].as_str().unwrap_or_default().to_owned();
            match frame["frame"][0].as_str() {
                Some("user-joined-room") => assert!(members.insert(user)),
                Some("user-left-room") => assert!(members.remove(&user)),
                Some(name) if name.starts_with("message-") => tell(&mut messages, name, payload),
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
    let stored: BTreeMap<EventId, Json> = stored
        .iter()
        .map(|field| {
            let (id, message) = field.split_once('=').expect("a field");
            (id.parse().expect("an id"), serde_json::from_str(message).expect("JSON"))
        })
        .collect();
    assert_eq!(without_quotes(&messages), without_quotes(&stored));
    assert_eq!(log.len(), told.len());
    for (logged, told) in log.iter().zip(&told) {
        assert_eq!(as_repeated(logged, &stored), as_repeated(told, &stored));
    }
    no_trace_of_others(stage, ended, &stored);
}

/// What a client makes of a message's event.
fn tell(messages: &mut BTreeMap<EventId, Json>, name: &str, payload: &Json) {
    let id = |id: &Json| id.as_str().expect("an id").parse::<EventId>().expect("an id");
    match name {
        "message-received" | "message-edited" => {
            let message = &payload["message"];
            messages.insert(id(&message["id"]), message.clone());
            while messages.len() > HISTORY_MAX {
                messages.pop_first();
            }
        }
        "message-reaction" => {
            let message = messages.get_mut(&id(&payload["messageId"])).expect("it is kept");
            message["reactions"] = payload["reactions"].clone();
        }
        "message-deleted" => {
            let deleted: EventId = id(&payload["id"]);
            let message = messages.get_mut(&id(&payload["messageId"])).expect("it is kept");
            for (field, value) in [
                ("content", json!("")),
                ("mentions", json!([])),
                ("reactions", json!({})),
                ("deletedAt", json!(deleted.ms)),
            ] {
                message[field] = value;
            }
            message.as_object_mut().expect("a message").remove("replyTo");
        }
        other => panic!("{other}"),
    }
}

/// What a message quotes depends on when it is shown.
fn without_quotes(messages: &BTreeMap<EventId, Json>) -> BTreeMap<EventId, Json> {
    let mut messages = messages.clone();
    for quote in messages.values_mut().filter_map(|message| message.get_mut("replyTo")) {
        quote["excerpt"] = json!("");
    }
    messages
}

/// An entry with the messages that are not kept left out, and of the others only which they are.
fn as_repeated(entry: &Json, stored: &BTreeMap<EventId, Json>) -> Json {
    let mut entry = entry.clone();
    entry["frames"].as_array_mut().expect("frames").retain_mut(|frame| {
        let Some([name, payload]) =
            frame.get_mut("frame").and_then(Json::as_array_mut).map(|f| &mut f[..])
        else {
            return true;
        };
        let id = match name.as_str().expect("a name") {
            "message-received" | "message-edited" => payload["message"]["id"].clone(),
            "message-reaction" => payload["messageId"].clone(),
            _ => return true,
        };
        payload["message"] = id.clone();
        payload["reactions"] = Json::Null;
        stored.contains_key(&id.as_str().expect("an id").parse().expect("an id"))
    });
    entry
}

/// Lists and marks are of messages that are kept, and say the same as those.
fn no_trace_of_others(stage: &Stage, ended: &Ended, stored: &BTreeMap<EventId, Json>) {
    let keys = stage.keys();
    let order = ended.keys.get(&keys.order()).cloned().unwrap_or_default();
    let order: Vec<EventId> = order.chunks(3).map(|e| e[0].parse().expect("an id")).collect();
    assert!(order.iter().eq(stored.keys()), "{order:?}");
    let lists = ended.keys.get(&keys.lists()).cloned().unwrap_or_default();
    let items = lists.chunks(2).filter(|item| !item[0].starts_with("free ")).count();
    let threaded = stored.values().filter(|message| message.get("threadId").is_some()).count();
    let reactions =
        stored.values().flat_map(|m| m["reactions"].as_object().expect("a map").values());
    let reacted: u64 = reactions.map(|reaction| reaction["count"].as_u64().expect("a count")).sum();
    assert_eq!(items as u64, threaded as u64 + reacted, "{lists:?}");
    for field in ended.keys.get(&keys.index()).into_iter().flatten() {
        let (name, _) = field.split_once('=').expect("a field");
        match name.split_once(' ') {
            Some(("deleted", id)) => {
                let id: EventId = id.parse().expect("an id");
                assert!(stored[&id].get("deletedAt").is_some(), "{field}");
            }
            Some(("emoji", id)) => {
                let id: EventId = id.parse().expect("an id");
                assert_ne!(stored[&id]["reactions"], json!({}), "{field}");
            }
            Some(("thread", id)) => {
                assert!(stored.values().any(|message| message["threadId"] == id), "{field}");
            }
            _ => assert_eq!(name, "lists"),
        }
    }
}
