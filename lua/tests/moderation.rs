//! Moderation: reports, mutes, bans, slow mode; what they do, refuse and leave alone.

mod common;
mod stage;

use lua::commit::Outcome;
use lua::id::EventId;
use serde_json::{Value as Json, json};
use stage::{Applied, Stage, Who, each, who};

/// A room of `owner` with a moderator, a second one, and members; all of them are present.
async fn room(stage: &mut Stage) {
    let access = json!({
        "visibility": "public",
        "members": { "mod": "moderator", "mod2": "moderator", "viewer": "viewer" },
    });
    let made = json!({ "type": "discussion", "access": access });
    stage.ok(&who("owner"), "create-room", made).await;
    for user in ["owner", "mod", "mod2", "ann", "bob"] {
        stage.ok(&who(user), "join-room", json!({})).await;
    }
}

async fn say(stage: &mut Stage, user: &str, content: &str) -> String {
    let said = stage.ok(&who(user), "send-message", json!({ "content": content })).await;
    said["message"]["id"].as_str().expect("an id").to_owned()
}

async fn in_room(stage: &mut Stage, who: &Who, event: &str, mut payload: Json) -> Applied {
    payload["roomId"] = stage.room.as_str().into();
    stage.event(who, event, payload).await
}

fn person(user: &str) -> Json {
    json!({ "id": user, "name": user.to_uppercase() })
}

#[tokio::test]
async fn who_is_muted_reads_and_does_not_write_until_it_is_over() {
    each(async |mut stage| {
        room(&mut stage).await;
        let message = say(&mut stage, "ann", "first").await;
        let payload = json!({ "userId": "ann", "durationMs": 5_000, "reason": "noise\n\"loud\"" });
        let muted = in_room(&mut stage, &who("mod"), "mute-user", payload).await;
        let until = muted.id.ms + 5_000;
        let room_id = stage.room.as_str();
        assert_eq!(muted.result(), &json!({ "roomId": room_id, "userId": "ann", "until": until }));
        assert_eq!(
            muted.frames(),
            [(
                "all".to_owned(),
                "user-muted".to_owned(),
                json!({
                    "id": muted.id.to_string(), "roomId": room_id, "user": person("ann"),
                    "by": person("mod"), "until": until, "reason": "noise\n\"loud\"",
                }),
            )]
        );

        let ann = who("ann");
        for (event, payload) in [
            ("send-message", json!({ "content": "x" })),
            ("edit-message", json!({ "messageId": message, "content": "x" })),
            ("react", json!({ "messageId": message, "emoji": "👍", "on": true })),
            ("typing-start", json!({})),
        ] {
            assert_eq!(stage.refused(&ann, event, payload).await, "muted", "{event}");
        }
        stage.ok(&ann, "get-messages", json!({})).await;
        stage.ok(&who("bob"), "send-message", json!({ "content": "others write" })).await;

        // To the millisecond, by the events' own time.
        let at = |ms| EventId { ms, seq: 0 };
        let payload = json!({ "roomId": stage.room, "content": "x" });
        let early = stage.event_at(at(until - 1), &ann, "send-message", payload.clone()).await;
        assert_eq!(early.code(), "muted");
        let details = json!({ "field": "roomId", "until": until });
        assert_eq!(early.answer["error"]["details"], details, "one can see when it ends");
        let free = stage.event_at(at(until), &ann, "send-message", payload).await;
        assert_eq!(free.outcome, Outcome::Logged);
    })
    .await;
}

#[tokio::test]
async fn a_mute_without_an_end_lasts_until_it_is_ended() {
    each(async |mut stage| {
        room(&mut stage).await;
        let muted =
            in_room(&mut stage, &who("owner"), "mute-user", json!({ "userId": "ann" })).await;
        assert_eq!(muted.result().get("until"), None);
        let years = EventId { ms: stage.clock.ms + 40 * 365 * 86_400_000, seq: 0 };
        let payload = json!({ "roomId": stage.room, "content": "x" });
        let later = stage.event_at(years, &who("ann"), "send-message", payload).await;
        assert_eq!(later.code(), "muted");
        assert_eq!(later.answer["error"]["details"], json!({ "field": "roomId" }));

        let ended =
            in_room(&mut stage, &who("mod"), "unmute-user", json!({ "userId": "ann" })).await;
        let [(to, name, told)] = &ended.frames()[..] else { panic!("{ended:?}") };
        assert_eq!((to.as_str(), name.as_str()), ("all", "user-unmuted"));
        assert_eq!((&told["user"], &told["by"]), (&person("ann"), &person("mod")));
        say(&mut stage, "ann", "again").await;

        // There is nothing left to end: no error, and nobody is told.
        let again =
            in_room(&mut stage, &who("mod"), "unmute-user", json!({ "userId": "ann" })).await;
        assert_eq!(again.outcome, Outcome::Applied);
        assert!(again.told.is_empty());
    })
    .await;
}

#[tokio::test]
async fn who_is_banned_is_out_and_stays_out() {
    each(async |mut stage| {
        room(&mut stage).await;
        let payload = json!({ "userId": "ann", "durationMs": 60_000 });
        let banned = in_room(&mut stage, &who("mod"), "ban-user", payload).await;
        let steps: Vec<(String, String)> =
            banned.frames().into_iter().map(|(to, name, _)| (to, name)).collect();
        let step = |to: &str, name: &str| (to.to_owned(), name.to_owned());
        assert_eq!(
            steps,
            [
                step("all", "user-banned"),
                step("user:ann", "room-left"),
                step("exit", "ann"),
                step("all", "user-left-room"),
            ],
            "one entry, and the banned learn of it before they are out"
        );
        let frames = banned.frames();
        assert_eq!(frames[1].2["reason"], "banned");
        assert_eq!(frames[3].2["reason"], "banned");
        assert_eq!(frames[3].2["memberCount"], 4);
        assert!(banned.sent.iter().any(|sent| {
            sent.get("event").is_some_and(|event| event == "room-exited") && sent["user"] == "ann"
        }));

        let ann = who("ann");
        for (event, payload) in [
            ("join-room", json!({})),
            ("send-message", json!({ "content": "x" })),
            ("get-messages", json!({})),
            ("get-members", json!({})),
            ("leave-room", json!({})),
        ] {
            assert_eq!(stage.refused(&ann, event, payload).await, "banned", "{event}");
        }
        let until = banned.result()["until"].as_u64().expect("an end");
        let refused = in_room(&mut stage, &ann, "send-message", json!({ "content": "x" })).await;
        assert_eq!(refused.answer["error"]["details"]["until"], until);
        let over = EventId { ms: until, seq: 0 };
        let joined = stage.event_at(over, &ann, "join-room", json!({ "roomId": stage.room })).await;
        assert_eq!(joined.result()["memberCount"], 5);

        in_room(&mut stage, &who("mod"), "ban-user", json!({ "userId": "ann" })).await;
        let pardoned =
            in_room(&mut stage, &who("mod2"), "unban-user", json!({ "userId": "ann" })).await;
        assert_eq!(pardoned.frames()[0].1, "user-unbanned");
        stage.ok(&ann, "join-room", json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn who_was_never_there_can_be_banned_and_staff_cannot_be_kept_out() {
    each(async |mut stage| {
        room(&mut stage).await;
        let banned = in_room(&mut stage, &who("mod"), "ban-user", json!({ "userId": "eve" })).await;
        assert_eq!(banned.frames().len(), 1, "nobody left");
        assert_eq!(banned.frames()[0].2["user"], json!({ "id": "eve", "name": "eve" }));
        assert!(banned.sent.is_empty());
        assert_eq!(stage.refused(&who("eve"), "join-room", json!({})).await, "banned");
        stage.ok(&who("eve").with("admin"), "join-room", json!({})).await;
    })
    .await;
}

#[tokio::test]
async fn nobody_moderates_their_equals() {
    // Who tries, as what in the platform; on whom; whether it is allowed.
    const TRIES: [(&str, &str, &str, bool); 17] = [
        ("ann", "", "bob", false),
        ("viewer", "", "bob", false),
        ("ann", "organizer,interviewer,service", "bob", false),
        ("mod", "", "bob", true),
        ("mod", "", "viewer", true),
        ("mod", "", "mod2", false),
        ("mod", "", "owner", false),
        ("mod", "", "mod", false),
        ("owner", "", "mod", true),
        ("owner", "", "owner", false),
        ("ann", "moderator", "bob", true),
        ("ann", "moderator", "mod", true),
        ("ann", "moderator", "owner", false),
        ("ann", "admin", "mod", true),
        ("ann", "admin", "owner", true),
        ("ann", "admin", "ann", false),
        ("stranger", "", "bob", false),
    ];
    each(async |mut stage| {
        stage.wary = false;
        room(&mut stage).await;
        for (user, roles, target, allowed) in TRIES {
            for event in ["mute-user", "unmute-user", "ban-user", "unban-user"] {
                let payload = json!({ "userId": target });
                let by = who(user).with(roles);
                let tried = in_room(&mut stage, &by, event, payload).await;
                let expected = if allowed { Json::Null } else { json!("forbidden") };
                let code = &tried.answer["error"]["code"];
                assert_eq!(code, &expected, "{event} by {user} ({roles}) on {target}");
            }
        }
    })
    .await;
}

#[tokio::test]
async fn a_report_keeps_the_message_as_it_was() {
    each(async |mut stage| {
        room(&mut stage).await;
        let message = say(&mut stage, "ann", "buy\n\"this\"").await;
        let payload = json!({ "messageId": message, "reason": "spam", "comment": "again\\" });
        let reported = in_room(&mut stage, &who("bob"), "report-message", payload.clone()).await;
        let id = reported.id.to_string();
        assert_eq!(reported.result(), &json!({ "reportId": id }));
        let [(to, name, told)] = &reported.frames()[..] else { panic!("{reported:?}") };
        assert_eq!((to.as_str(), name.as_str()), ("moderators", "message-reported"));
        let report = &told["report"];
        assert_eq!(report["message"]["content"], "buy\n\"this\"");
        assert_eq!(report["reporter"], person("bob"));
        assert_eq!((&report["status"], &report["comment"]), (&json!("open"), &json!("again\\")));
        assert_eq!(report["createdAt"], reported.id.ms);

        // The same again is the same report; somebody else's is another.
        let again = in_room(&mut stage, &who("bob"), "report-message", payload.clone()).await;
        assert_eq!(again.result()["reportId"], id.as_str());
        assert!(again.told.is_empty());
        let other = in_room(&mut stage, &who("viewer"), "report-message", payload.clone()).await;
        assert_ne!(other.result()["reportId"], id.as_str());

        let edited = json!({ "messageId": message, "content": "harmless" });
        stage.ok(&who("ann"), "edit-message", edited).await;
        stage.ok(&who("ann"), "delete-message", json!({ "messageId": message })).await;
        assert_eq!(stage.refused(&who("mod"), "report-message", payload).await, "gone");
        let listed = stage.ok(&who("mod"), "get-reports", json!({})).await;
        let contents: Vec<&Json> = listed["reports"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|report| &report["message"]["content"])
            .collect();
        assert_eq!(contents, ["buy\n\"this\"", "buy\n\"this\""]);
        let unknown = json!({ "messageId": "1-1", "reason": "other" });
        assert_eq!(stage.refused(&who("bob"), "report-message", unknown).await, "not-found");
    })
    .await;
}

#[tokio::test]
async fn reports_are_for_who_moderates_and_are_paged() {
    each(async |mut stage| {
        stage.wary = false;
        room(&mut stage).await;
        let mut reports = Vec::new();
        for n in 0..7 {
            let message = say(&mut stage, "ann", &format!("line {n}")).await;
            let payload = json!({ "messageId": message, "reason": "other" });
            let id = stage.ok(&who("bob"), "report-message", payload).await["reportId"].clone();
            reports.insert(0, id);
        }
        for n in [1, 4] {
            let payload = json!({ "reportId": reports[n], "action": "dismiss" });
            stage.ok(&who("mod"), "resolve-report", payload).await;
        }
        for user in ["ann", "bob", "viewer"] {
            assert_eq!(stage.refused(&who(user), "get-reports", json!({})).await, "forbidden");
        }
        for (status, expected) in [
            (Json::Null, vec![0, 1, 2, 3, 4, 5, 6]),
            (json!("open"), vec![0, 2, 3, 5, 6]),
            (json!("resolved"), vec![1, 4]),
        ] {
            let mut found = Vec::new();
            let mut cursor = Json::Null;
            loop {
                let payload = json!({ "status": status, "limit": 2, "cursor": cursor });
                let page = stage.ok(&who("mod2"), "get-reports", payload).await;
                let list = page["reports"].as_array().expect("a list").clone();
                assert!(list.len() <= 2);
                found.extend(list.into_iter().map(|report| report["id"].clone()));
                cursor = page["nextCursor"].clone();
                if cursor.is_null() {
                    break;
                }
            }
            let expected: Vec<Json> = expected.into_iter().map(|n| reports[n].clone()).collect();
            assert_eq!(found, expected, "{status}");
        }
    })
    .await;
}

async fn reported(stage: &mut Stage, author: &str) -> (String, String) {
    let message = say(stage, author, "hm").await;
    let payload = json!({ "messageId": message, "reason": "harassment" });
    let report = stage.ok(&who("bob"), "report-message", payload).await["reportId"].clone();
    (message, report.as_str().expect("an id").to_owned())
}

#[tokio::test]
async fn a_report_is_resolved_once_and_does_what_was_decided() {
    each(async |mut stage| {
        room(&mut stage).await;
        for (action, told) in [
            ("dismiss", vec!["report-resolved"]),
            ("delete-message", vec!["message-deleted", "report-resolved"]),
            ("mute", vec!["user-muted", "report-resolved"]),
            ("ban", vec!["user-banned", "report-resolved", "room-left", "ann", "user-left-room"]),
        ] {
            stage.ok(&who("ann"), "join-room", json!({})).await;
            let (message, report) = reported(&mut stage, "ann").await;
            let payload = json!({
                "reportId": report, "action": action, "durationMs": 1, "note": "seen",
            });
            let resolved =
                in_room(&mut stage, &who("mod"), "resolve-report", payload.clone()).await;
            let names: Vec<String> = resolved.frames().into_iter().map(|frame| frame.1).collect();
            assert_eq!(names, told, "{action}");
            let now = &resolved.result()["report"];
            assert_eq!((&now["status"], &now["action"]), (&json!("resolved"), &json!(action)));
            assert_eq!(now["resolvedBy"], person("mod"));
            assert_eq!(now["resolvedAt"], resolved.id.ms);
            assert_eq!(now["message"]["content"], "hm", "the evidence stays");

            // The colleague comes too late, whatever was decided.
            let late = in_room(&mut stage, &who("mod2"), "resolve-report", payload).await;
            assert_eq!(late.code(), "conflict", "{action}");
            let history = stage.ok(&who("mod"), "get-messages", json!({ "limit": 1 })).await;
            let last = &history["messages"][0];
            assert_eq!(last["id"], message.as_str());
            let content = if action == "delete-message" { "" } else { "hm" };
            assert_eq!(last["content"], content, "{action}");
        }
        assert_eq!(
            stage
                .refused(
                    &who("ann"),
                    "resolve-report",
                    json!({
                        "reportId": "1-1", "action": "dismiss",
                    })
                )
                .await,
            "forbidden"
        );
        assert_eq!(
            stage
                .refused(
                    &who("mod"),
                    "resolve-report",
                    json!({
                        "reportId": "1-1", "action": "dismiss",
                    })
                )
                .await,
            "not-found"
        );
    })
    .await;
}

#[tokio::test]
async fn a_report_gives_no_power_over_an_equal() {
    each(async |mut stage| {
        room(&mut stage).await;
        let (_, report) = reported(&mut stage, "mod2").await;
        let with = |action: &str| json!({ "reportId": report, "action": action });
        for action in ["mute", "ban"] {
            let refused = stage.refused(&who("mod"), "resolve-report", with(action)).await;
            assert_eq!(refused, "forbidden");
        }
        stage.ok(&who("mod"), "resolve-report", with("delete-message")).await;
    })
    .await;
}

#[tokio::test]
async fn slow_mode_is_told_and_is_for_moderators_to_set() {
    each(async |mut stage| {
        room(&mut stage).await;
        let slow = json!({ "intervalMs": 30_000 });
        assert_eq!(stage.refused(&who("ann"), "set-slow-mode", slow.clone()).await, "forbidden");
        let set = in_room(&mut stage, &who("mod"), "set-slow-mode", slow).await;
        assert_eq!(set.result()["room"]["slowModeMs"], 30_000);
        assert_eq!(set.result()["room"].get("access"), None, "that is for the owner");
        let [(to, name, told)] = &set.frames()[..] else { panic!("{set:?}") };
        assert_eq!((to.as_str(), name.as_str()), ("all", "room-updated"));
        assert_eq!(told["room"]["slowModeMs"], 30_000);
        assert_eq!(told["room"].get("access"), None);

        let said =
            in_room(&mut stage, &who("ann"), "send-message", json!({ "content": "a" })).await;
        assert_eq!(said.outcome, Outcome::Logged);
        let soon =
            in_room(&mut stage, &who("ann"), "send-message", json!({ "content": "b" })).await;
        assert_eq!(soon.code(), "rate-limited");
        let wait = soon.answer["error"]["retryAfterMs"].as_u64().expect("a time");
        assert_eq!(soon.id.ms + wait, said.id.ms + 30_000, "true to the millisecond");
        say(&mut stage, "mod", "who moderates is free").await;
        say(&mut stage, "mod", "of it").await;
        let at = EventId { ms: soon.id.ms + wait, seq: 0 };
        let payload = json!({ "roomId": stage.room, "content": "b" });
        let free = stage.event_at(at, &who("ann"), "send-message", payload).await;
        assert_eq!(free.outcome, Outcome::Logged);
    })
    .await;
}
