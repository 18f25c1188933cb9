//! What every commit keeps to: fence and order, one answer per request, refusals without state, dead
//! letters, and what happens when Redis has no memory left.

mod common;
mod stage;

use lua::commit::{self, Commit, Committed, Outcome, Place};
use lua::id::EventId;
use lua::refusal::{Code, Refusal};
use lua::{key, lease};
use redis::Value;
use serde_json::{Value as Json, json};
use stage::{Stage, alone, each, run, who};

#[tokio::test]
async fn a_payload_that_is_not_valid_is_refused_and_changes_nothing() {
    each(async |mut stage: Stage| {
        let cases = [
            (
                "send-message",
                json!({ "content": "no room" }),
                "invalid-payload",
                json!({ "field": "roomId" }),
            ),
            (
                "send-message",
                json!({ "roomId": stage.room, "content": 5 }),
                "invalid-payload",
                json!({ "field": "content" }),
            ),
            ("no-such-event", json!({}), "unknown-event", Json::Null),
            (
                "join-room",
                json!({ "roomId": "a b" }),
                "invalid-payload",
                json!({ "field": "roomId" }),
            ),
            (
                "join-room",
                json!({ "roomId": "{p1}" }),
                "invalid-payload",
                json!({ "field": "roomId" }),
            ),
        ];
        for (event, payload, code, details) in cases {
            let applied = stage.event(&who("ann"), event, payload).await;
            assert_eq!(
                (&applied.outcome, applied.code()),
                (&Outcome::Refused(code.to_owned()), code)
            );
            assert_eq!(applied.answer["error"]["details"], details);
        }
    })
    .await;
}

#[tokio::test]
async fn only_the_owner_at_its_place_commits() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let record = stage
            .append(next(&stage), &who("ann"), "leave-room", &json!({ "roomId": stage.room }))
            .await;
        let before = stage.snapshot().await;
        let right = stage.place();
        let (fence, seq) = (right.fence, right.seq);
        for (place, outcome) in [
            (Place { fence: 0, ..right }, Outcome::Fenced),
            (Place { fence: fence - 1, ..right }, Outcome::Fenced),
            (Place { fence: fence + 1, ..right }, Outcome::Fenced),
            (Place { fence: u64::MAX, ..right }, Outcome::Fenced),
            (Place { fence: fence - 1, seq: seq + 1, ..right }, Outcome::Fenced),
            (Place { seq: seq - 1, ..right }, Outcome::Rewind),
            (Place { seq: seq + 1, ..right }, Outcome::Rewind),
            (Place { seq: u64::MAX, ..right }, Outcome::Rewind),
        ] {
            assert_eq!(stage.commit(place, &record).await, outcome, "{place:?}");
            let bury = Commit::new(place, &record).bury("x");
            assert_eq!(
                Committed::read(run(&stage.redis, stage.node, bury).await).outcome,
                outcome,
                "{place:?}"
            );
            let refuse = Commit::new(place, &record).refuse(&Refusal::new(Code::Muted, "x"));
            assert_eq!(
                Committed::read(run(&stage.redis, stage.node, refuse).await).outcome,
                outcome,
                "{place:?}"
            );
        }
        assert_eq!(stage.snapshot().await, before);
        assert_eq!(stage.heard().await, (vec![], vec![]));

        // A partition that nobody ever owned has no place at all.
        let _: i64 = stage.command(&["DEL", &key::position(stage.partition)]).await;
        assert_eq!(stage.commit(right, &record).await, Outcome::Fenced);
    })
    .await;
}

fn next(stage: &Stage) -> EventId {
    EventId { ms: stage.clock.ms + 1, seq: 0 }
}

#[tokio::test]
async fn a_request_is_the_same_by_what_it_says_not_by_how_it_is_written() {
    each(async |mut stage: Stage| {
        let asked = json!({ "roomId": stage.room, "type": "discussion", "requestId": "r" });
        let first = stage.event(&who("ann"), "create-room", asked.clone()).await;
        let mut noisy = asked.clone();
        (noisy["unknown"], noisy["name"]) = (json!([1, 2]), Json::Null);
        let again = stage.event(&who("ann"), "create-room", noisy).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));
        let mut other = asked;
        other["name"] = "Other".into();
        assert_eq!(stage.event(&who("ann"), "create-room", other).await.code(), "conflict");
    })
    .await;
}

#[tokio::test]
async fn requests_of_different_users_events_and_rooms_do_not_meet() {
    let user = |id: &str| id.parse().expect("a user id");
    let partition = lua::id::Partition::new(0).expect("the first");
    let requests = [
        ("a", "leave-room", "b", "c"),
        ("a:leave-room", "leave-room", "b", "c"),
        ("a", "leave-room", "leave-room:b", "c"),
        ("a", "leave-room", "b:c", "c"),
        ("a", "leave-room", "b", "c:c"),
        ("a", "leave-room", "b", "c,c"),
        ("a:leave-room:b", "leave-room", "b", "c"),
        ("a", "leave-room", "b:leave-room:b", "c"),
    ];
    let keys: std::collections::HashSet<String> =
        requests.iter().map(|(u, e, r, id)| key::once(partition, &user(u), e, r, id)).collect();
    assert_eq!(keys.len(), requests.len());
}

#[tokio::test]
async fn a_repeated_leave_or_refusal_without_state_gets_its_first_answer() {
    each(async |mut stage: Stage| {
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let leave = json!({ "roomId": stage.room, "requestId": "r" });
        let first = stage.event(&who("ann"), "leave-room", leave.clone()).await;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let again = stage.event(&who("ann"), "leave-room", leave).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, first.result()));
        let members = stage.ok(&who("ann"), "get-members", json!({})).await;
        assert_eq!(members["memberCount"], 1, "the second join stands");

        let contest = json!({ "roomId": stage.room, "type": "contest", "requestId": "r" });
        assert_eq!(
            stage.event(&who("ann"), "create-room", contest.clone()).await.code(),
            "forbidden"
        );
        let promoted = who("ann").with("organizer");
        let again = stage.event(&promoted, "create-room", contest).await;
        assert_eq!((&again.outcome, again.code()), (&Outcome::Again, "forbidden"));
    })
    .await;
}

#[tokio::test]
async fn an_event_that_cannot_be_applied_goes_to_the_dead_letters() {
    each(async |mut stage: Stage| {
        let ann = who("ann").named("Ann \"\\ 😀");
        let record =
            stage.append(next(&stage), &ann, "leave-room", &json!({ "roomId": stage.room })).await;
        let bury = |stage: &Stage| Commit::new(stage.place(), &record).bury("a \"defect\"\n");
        assert_eq!(
            Committed::read(run(&stage.redis, stage.node, bury(&stage)).await).outcome,
            Outcome::Buried(0)
        );
        assert_eq!(
            Committed::read(run(&stage.redis, stage.node, bury(&stage)).await).outcome,
            Outcome::Rewind
        );
        let keys = stage.snapshot().await;
        let dead = &keys[&key::dead(stage.partition)];
        let mut letter = vec![
            "source".to_owned(),
            record.id.to_string(),
            "error".into(),
            "a \"defect\"\n".into(),
        ];
        letter.extend(record.fields());
        assert_eq!(dead[1..], letter);
        let (told, answers) = stage.heard().await;
        assert!(told.is_empty());
        assert_eq!((answers.len(), &answers[0]["error"]["code"]), (1, &json!("internal")));
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_is_no_record_is_buried_however_it_looks() {
    each(async |mut stage: Stage| {
        let intake = key::intake(stage.partition);
        let entries: [Vec<Vec<u8>>; 4] = [
            vec![b"x".to_vec(), b"y".to_vec()],
            vec![b"".to_vec(), vec![0xff, 0x00], b"event".to_vec(), b"join-room".to_vec()],
            // More than Lua can pass on at once.
            (0..20_000).map(|n| n.to_string().into_bytes()).collect(),
            [
                "event",
                "join-room",
                "entity",
                "x",
                "user",
                "no user",
                "name",
                "",
                "roles",
                "",
                "origin",
                "",
                "payload",
                "",
            ]
            .map(|text| text.as_bytes().to_vec())
            .to_vec(),
        ];
        for fields in entries {
            let mut add = redis::cmd("XADD");
            add.arg(&intake).arg("*").arg(fields);
            run(&stage.redis, stage.node, add).await;
            let read = run(
                &stage.redis,
                stage.node,
                commit::read(stage.partition, stage.lease.applied, 10),
            )
            .await;
            let bad = commit::read_reply(read).remove(0).expect_err("no record");
            let buried =
                run(&stage.redis, stage.node, commit::bury_entry(stage.place(), &bad)).await;
            assert_eq!(Committed::read(buried).outcome, Outcome::Buried(0));
            (stage.lease.applied, stage.lease.seq) = (bad.id, stage.lease.seq + 1);
        }
        let dead: i64 = stage.command(&["XLEN", &key::dead(stage.partition)]).await;
        assert_eq!(dead, 4);
        assert_eq!(stage.heard().await, (vec![], vec![]));
    })
    .await;
}

#[tokio::test]
async fn without_memory_nothing_happens_and_nobody_is_answered() {
    alone(async |mut stage: Stage| {
        stage.wary = false;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let room = stage.room.clone();
        let events = [
            ("create-room", json!({ "type": "discussion", "roomId": room })),
            ("join-room", json!({ "roomId": room })),
            ("get-members", json!({ "roomId": room })),
            ("typing-start", json!({ "roomId": room })),
            ("send-message", json!({ "roomId": room, "content": "x", "requestId": "r" })),
            ("get-messages", json!({ "roomId": room })),
            ("send-message", json!({ "roomId": room, "content": "" })),
        ];
        for (event, payload) in events {
            let record = stage.append(next(&stage), &who("bob"), event, &payload).await;
            let place = stage.place();
            let before = stage::snapshot(&stage.redis, stage.partition).await;
            let _: () = stage.command(&["CONFIG", "SET", "maxmemory", "1"]).await;
            let outcome = stage.commit(place, &record).await;
            let _: () = stage.command(&["CONFIG", "SET", "maxmemory", "0"]).await;
            assert!(
                matches!(&outcome, Outcome::Trouble(problem) if problem.starts_with("OOM")),
                "{event}: {outcome:?}"
            );
            assert_eq!(stage::snapshot(&stage.redis, stage.partition).await, before, "{event}");
            assert_eq!(stage.heard().await, (vec![], vec![]), "{event}");
            let outcome = stage.commit(place, &record).await;
            assert!(outcome.is_done(), "{event}: {outcome:?}");
            stage.heard().await;
            (stage.lease.applied, stage.lease.seq, stage.clock) =
                (record.id, stage.lease.seq + 1, record.id);
        }
    })
    .await;
}

#[tokio::test]
async fn the_consumer_group_follows_and_what_is_applied_is_trimmed() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        for _ in 0..250 {
            stage.ok(&who("ann"), "join-room", json!({})).await;
        }
        let unread = next(&stage);
        stage.append(unread, &who("ann"), "leave-room", &json!({ "roomId": stage.room })).await;
        let intake = key::intake(stage.partition);
        let fence = stage.lease.fence;
        let settle = async |fence, keep| {
            run(&stage.redis, stage.node, lease::settle(stage.partition, fence, keep)).await
        };
        assert_eq!(settle(fence - 1, 0).await, Value::Int(0));
        for (keep, kept, why) in [
            (100, 251, "it begins here, whoever owned the partition before"),
            (100, 251, "too few were applied since"),
            (0, 2, "the newest one that was applied, and the one that waits"),
        ] {
            assert_eq!(settle(fence, keep).await, Value::Int(1));
            let length: i64 = stage.command(&["XLEN", &intake]).await;
            assert_eq!(length, kept, "{why}");
        }
        let groups: Vec<std::collections::HashMap<String, Value>> =
            stage.command(&["XINFO", "GROUPS", &intake]).await;
        let text = |field: &str| format!("{:?}", groups[0][field]);
        assert!(text("last-delivered-id").contains(&stage.lease.applied.to_string()));
        assert_eq!(
            (&groups[0]["entries-read"], &groups[0]["lag"]),
            (&Value::Int(250), &Value::Int(1))
        );
    })
    .await;
}
