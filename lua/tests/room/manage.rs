//! `update-room`, `invite-to-room`, `remove-member`, `close-room`, and forgetting a room.

use std::collections::BTreeSet;

use lua::commit::Outcome;
use lua::id::EventId;
use serde_json::{Value as Json, json};

use super::close::{MONTH_MS, look};
use super::create::sent;
use crate::stage::{Applied, Stage, Who, each, who};

pub async fn event(stage: &mut Stage, who: &Who, event: &str, mut payload: Json) -> Applied {
    payload["roomId"] = stage.room.as_str().into();
    stage.event(who, event, payload).await
}

/// A room of `owner` with this access.
pub async fn made(stage: &mut Stage, access: Json) {
    let payload = json!({ "type": "discussion", "name": "Graphs", "access": access });
    stage.ok(&who("owner"), "create-room", payload).await;
}

pub async fn joined(stage: &mut Stage, users: &[&str]) {
    for user in users {
        stage.ok(&who(user), "join-room", json!({})).await;
    }
}

/// Names of what a hash or zset holds, in order.
fn names(applied: &Applied, key: &str) -> Vec<String> {
    let held = applied.after.get(key).cloned().unwrap_or_default();
    let plain = held.iter().filter(|text| text.parse::<f64>().is_err());
    plain.map(|text| text.split('=').next().expect("a name").to_owned()).collect()
}

/// Whom an event told that something ended, with the names of what did.
pub fn exited(applied: &Applied) -> Vec<(String, Vec<&'static str>)> {
    sent(applied)
        .into_iter()
        .filter(|(_, event, _)| event == "room-exited")
        .map(|(to, _, payload)| {
            let ended = ["present", "belongs", "owns"].into_iter();
            (to, ended.filter(|what| payload[what] == true).collect())
        })
        .collect()
}

fn out(stage: &Stage, id: EventId, user: &str, count: u64) -> [(String, String, Json); 3] {
    let left = json!({ "roomId": stage.room, "reason": "removed" });
    let told = json!({
        "id": id.to_string(), "roomId": stage.room, "reason": "removed",
        "user": { "id": user, "name": user.to_uppercase() }, "memberCount": count,
    });
    [
        (format!("user:{user}"), "room-left".to_owned(), left),
        ("exit".to_owned(), user.to_owned(), json!(null)),
        ("all".to_owned(), "user-left-room".to_owned(), told),
    ]
}

#[tokio::test]
async fn an_update_changes_what_is_given_and_shows_access_to_owner_and_admin_alone() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "public", "members": { "bob": "viewer" } })).await;
        joined(&mut stage, &["bob"]).await;
        let named =
            event(&mut stage, &who("owner"), "update-room", json!({ "name": "Trees" })).await;
        let mut room = named.result()["room"].clone();
        assert_eq!(room["name"], "Trees");
        assert_eq!(
            room["access"],
            json!({ "visibility": "public", "members": { "bob": "viewer" } })
        );
        room.as_object_mut().expect("a room").remove("access");
        let told = json!({ "id": named.id.to_string(), "roomId": stage.room, "room": room });
        assert_eq!(named.frames(), [("others".to_owned(), "room-updated".to_owned(), told)]);
        assert_eq!(named.told[0]["origin"], "owner-1", "who asked is answered");

        let admin = who("root").with("admin");
        let sized = event(&mut stage, &admin, "update-room", json!({ "maxMembers": 1 })).await;
        assert_eq!(
            (&sized.result()["room"]["name"], &sized.result()["room"]["maxMembers"]),
            (&json!("Trees"), &json!(1))
        );
        assert!(sized.result()["room"]["access"].is_object());
        assert_eq!(stage.refused(&who("eve"), "join-room", json!({})).await, "conflict");
    })
    .await;
}

#[tokio::test]
async fn narrowing_ends_presence_and_belonging_of_those_who_may_no_longer_enter() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "public" })).await;
        joined(&mut stage, &["owner", "bob", "carol", "away"]).await;
        let closed = json!({ "roomId": stage.room });
        stage.event(&who("away"), "connection-closed", closed.clone()).await;
        let due = EventId { ms: stage.clock.ms + 5_000, seq: 0 };
        stage.event_at(due, &who("away"), "presence-expired", closed).await;
        let access = json!({ "visibility": "private", "members": { "carol": "moderator", "new": "member" } });
        let narrowed = event(&mut stage, &who("owner"), "update-room", json!({ "access": access })).await;
        let frames = narrowed.frames();
        assert_eq!(frames[0], ("role:carol".to_owned(), "moderator".to_owned(), json!(null)));
        assert_eq!(frames[1..4], out(&stage, narrowed.id, "bob", 2));
        assert_eq!((frames[4].0.as_str(), frames[4].1.as_str()), ("others", "room-updated"));
        assert_eq!(frames.len(), 5, "who is out is not told how the room looks");
        let gone = vec!["present", "belongs"];
        assert_eq!(exited(&narrowed), [("user:bob".to_owned(), gone.clone()), ("user:away".to_owned(), gone)]);
        let keys = stage.keys();
        assert_eq!(names(&narrowed, &keys.members()), ["carol", "owner"].map(str::to_owned).into_iter().rev().collect::<Vec<_>>());
        assert_eq!(names(&narrowed, &keys.belongs()), ["carol", "new", "owner"]);
        assert_eq!(stage.refused(&who("bob"), "get-messages", json!({})).await, "not-found");
        let page = stage.ok(&who("carol"), "get-members", json!({})).await;
        assert_eq!(page["members"][1]["roomRole"], "moderator");
        // The mark of who stays is where it was: carol joined with the third event.
        let belongs = &narrowed.after[&keys.belongs()];
        assert!(belongs.iter().any(|field| field == "carol=1800000000004-0"), "{belongs:?}");
    })
    .await;
}

#[tokio::test]
async fn whoever_came_in_by_a_role_stays_while_the_role_does() {
    each(async |mut stage: Stage| {
        made(
            &mut stage,
            json!({ "visibility": "public", "roles": ["student"], "members": { "bob": "member" } }),
        )
        .await;
        let sam = who("sam").with("student");
        stage.ok(&sam, "join-room", json!({})).await;
        joined(&mut stage, &["bob", "owner"]).await;
        let wider =
            json!({ "access": { "visibility": "public", "roles": ["teacher", "student"] } });
        let changed = event(&mut stage, &who("owner"), "update-room", wider).await;
        assert_eq!(
            changed.frames()[..3],
            out(&stage, changed.id, "bob", 2),
            "he was in by name alone"
        );
        let other = json!({ "access": { "visibility": "public", "roles": ["teacher"] } });
        let changed = event(&mut stage, &who("owner"), "update-room", other).await;
        assert_eq!(changed.frames()[..3], out(&stage, changed.id, "sam", 1));
        stage
            .ok(&who("owner"), "update-room", json!({ "access": { "visibility": "public" } }))
            .await;
        joined(&mut stage, &["bob", "sam"]).await;
    })
    .await;
}

#[tokio::test]
async fn an_admin_who_narrows_a_room_stays() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "public" })).await;
        let admin = who("root").with("admin");
        stage.ok(&admin, "join-room", json!({})).await;
        let access = json!({ "access": { "visibility": "private" } });
        let narrowed = event(&mut stage, &admin, "update-room", access).await;
        assert_eq!(names(&narrowed, &stage.keys().members()), ["root"]);
        assert_eq!(names(&narrowed, &stage.keys().belongs()), ["owner", "root"]);
    })
    .await;
}

#[tokio::test]
async fn a_large_room_is_told_by_its_next_presence_who_was_put_out() {
    each(async |mut stage: Stage| {
        stage.config.presence_batch_above = 2;
        made(&mut stage, json!({ "visibility": "public" })).await;
        joined(&mut stage, &["owner", "ann", "bob", "cem", "dan"]).await;
        event(&mut stage, &who("service"), "presence-tick", json!({})).await;
        let events = |applied: &Applied| -> Vec<_> {
            applied.frames().into_iter().map(|(to, event, _)| format!("{to} {event}")).collect()
        };
        let payload = json!({ "userId": "ann" });
        let removed = event(&mut stage, &who("owner"), "remove-member", payload).await;
        assert_eq!(events(&removed), ["user:ann room-left", "exit ann"]);
        let access =
            json!({ "visibility": "private", "members": { "bob": "member", "cem": "member" } });
        let payload = json!({ "access": access });
        let narrowed = event(&mut stage, &who("owner"), "update-room", payload).await;
        assert_eq!(events(&narrowed), ["user:dan room-left", "exit dan", "others room-updated"]);
        let payload = json!({ "userId": "cem" });
        let banned = event(&mut stage, &who("owner"), "ban-user", payload).await;
        assert_eq!(events(&banned)[3], "all user-left-room", "the room is not large any more");
        let due = EventId { ms: stage.clock.ms + 1_000, seq: 0 };
        let payload = json!({ "roomId": stage.room });
        let told = stage.event_at(due, &who("service"), "presence-tick", payload).await;
        let (_, name, payload) = told.frames().remove(0);
        assert_eq!((name.as_str(), &payload["memberCount"]), ("room-presence", &json!(2)));
        let left: BTreeSet<_> = payload["left"]
            .as_array()
            .expect("users")
            .iter()
            .map(|user| user["id"].clone().to_string())
            .collect();
        assert_eq!(left, BTreeSet::from(["\"ann\"", "\"dan\""].map(str::to_owned)));
    })
    .await;
}

#[tokio::test]
async fn whoever_is_put_out_last_leaves_a_room_to_be_forgotten() {
    each(async |mut stage: Stage| {
        let moderator = who("mod").with("moderator");
        joined(&mut stage, &["ann", "bob"]).await;
        stage.ok(&moderator, "ban-user", json!({ "userId": "ann" })).await;
        assert_eq!(look(&stage).await, None, "bob is there");
        stage.ok(&moderator, "remove-member", json!({ "userId": "bob" })).await;
        assert_eq!(look(&stage).await, Some(stage.clock.ms + MONTH_MS));
    })
    .await;
}

#[tokio::test]
async fn too_many_are_not_put_out_at_once() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "public" })).await;
        stage.wary = false;
        for n in 0..501 {
            stage.ok(&who(&format!("u{n}")), "join-room", json!({})).await;
        }
        let access = json!({ "access": { "visibility": "private" } });
        assert_eq!(stage.refused(&who("owner"), "update-room", access.clone()).await, "conflict");
        let named = json!({ "access": { "visibility": "private", "members": { "u7": "viewer" } } });
        stage.ok(&who("owner"), "update-room", named).await;
        assert_eq!(stage.ok(&who("owner"), "get-members", json!({})).await["memberCount"], 1);
    })
    .await;
}

#[tokio::test]
async fn an_invitation_lists_the_user_tells_them_once_and_can_change_the_role() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "private" })).await;
        let owner = who("owner").named("Ann \"A\" 😀");
        let invited = event(&mut stage, &owner, "invite-to-room", json!({ "userId": "bob" })).await;
        assert_eq!(invited.result(), &json!({ "roomId": stage.room, "userId": "bob" }));
        let entered = json!({
            "userId": "bob", "roomId": stage.room, "present": false, "belongs": true, "owns": false,
        });
        let notified = json!({
            "userId": "bob", "kind": "invitation", "title": "Ann \"A\" 😀 invited you to Graphs", "body": "",
            "data": {
                "roomId": stage.room, "roomName": "Graphs", "roomRole": "member",
                "by": { "id": "owner", "name": "Ann \"A\" 😀" },
            },
        });
        let to = "user:bob".to_owned();
        assert_eq!(
            sent(&invited),
            [(to.clone(), "room-entered".to_owned(), entered), (to, "notify".to_owned(), notified)]
        );
        joined(&mut stage, &["bob"]).await;
        let again = event(&mut stage, &owner, "invite-to-room", json!({ "userId": "bob" })).await;
        assert!(again.sent.is_empty() && again.left_untouched(), "the same again is nothing");

        let payload = json!({ "userId": "bob", "roomRole": "moderator" });
        let raised = event(&mut stage, &owner, "invite-to-room", payload).await;
        assert_eq!(raised.frames(), [("role:bob".to_owned(), "moderator".to_owned(), json!(null))]);
        assert!(raised.sent.is_empty());
        let page = stage.ok(&owner, "get-members", json!({})).await;
        assert_eq!(page["members"][0]["roomRole"], "moderator");
    })
    .await;
}

#[tokio::test]
async fn nobody_gives_or_takes_what_they_have_themselves() {
    each(async |mut stage: Stage| {
        let access = json!({
            "visibility": "public", "members": { "mod": "moderator", "mod2": "moderator", "bob": "member" },
        });
        made(&mut stage, access).await;
        let (moderator, platform) = (who("mod"), who("pat").with("moderator"));
        let invite = |user: &str, role: &str| json!({ "userId": user, "roomRole": role });
        for (by, user, role, code) in [
            (&moderator, "eve", "moderator", "forbidden"),
            (&moderator, "eve", "owner", "forbidden"),
            (&moderator, "mod2", "viewer", "forbidden"),
            (&moderator, "owner", "member", "forbidden"),
            (&platform, "owner", "member", "forbidden"),
            (&platform, "eve", "owner", "forbidden"),
            (&who("bob"), "eve", "viewer", "forbidden"),
            (&who("owner"), "owner", "member", "conflict"),
            (&who("root").with("admin"), "owner", "member", "conflict"),
        ] {
            assert_eq!(stage.refused(by, "invite-to-room", invite(user, role)).await, code, "{user} {role}");
        }
        stage.ok(&moderator, "invite-to-room", invite("bob", "viewer")).await;
        stage.ok(&platform, "invite-to-room", invite("mod2", "member")).await;
        stage.ok(&platform, "invite-to-room", invite("eve", "moderator")).await;
        stage.ok(&who("owner"), "invite-to-room", invite("zoe", "owner")).await;
        stage.ok(&who("zoe"), "update-room", json!({ "name": "Ours" })).await;
    })
    .await;
}

#[tokio::test]
async fn the_banned_are_not_invited_and_a_list_has_an_end() {
    each(async |mut stage: Stage| {
        let members: serde_json::Map<String, Json> =
            (0..999).map(|n| (format!("u{n}"), json!("member"))).collect();
        made(&mut stage, json!({ "visibility": "private", "members": members })).await;
        stage.ok(&who("owner"), "ban-user", json!({ "userId": "u1" })).await;
        stage.ok(&who("owner"), "ban-user", json!({ "userId": "bad" })).await;
        for user in ["u1", "bad"] {
            let code =
                stage.refused(&who("owner"), "invite-to-room", json!({ "userId": user })).await;
            assert_eq!(code, "conflict", "{user}");
        }
        stage.ok(&who("owner"), "invite-to-room", json!({ "userId": "last" })).await;
        let code =
            stage.refused(&who("owner"), "invite-to-room", json!({ "userId": "more" })).await;
        assert_eq!(code, "conflict");
        stage
            .ok(&who("owner"), "invite-to-room", json!({ "userId": "u2", "roomRole": "viewer" }))
            .await;
    })
    .await;
}

#[tokio::test]
async fn a_removed_member_is_out_told_and_off_the_list() {
    each(async |mut stage: Stage| {
        made(
            &mut stage,
            json!({ "visibility": "public", "members": { "bob": "member", "away": "viewer" } }),
        )
        .await;
        stage.ok(&who("bob").on("bob-1"), "join-room", json!({})).await;
        stage.ok(&who("bob").on("bob-2"), "join-room", json!({})).await;
        joined(&mut stage, &["owner"]).await;
        let payload = json!({ "userId": "bob", "reason": "too \"loud\"" });
        let removed = event(&mut stage, &who("owner"), "remove-member", payload).await;
        assert_eq!(removed.result(), &json!({ "roomId": stage.room, "userId": "bob" }));
        let mut frames = out(&stage, removed.id, "bob", 1);
        frames[0].2["message"] = "too \"loud\"".into();
        assert_eq!(removed.frames(), frames, "the reason is for him alone");
        assert_eq!(exited(&removed), [("user:bob".to_owned(), vec!["present", "belongs"])]);
        let keys = stage.keys();
        assert_eq!(names(&removed, &keys.access()), ["away"]);
        assert!(
            !removed.after.contains_key(&keys.connections())
                || !names(&removed, &keys.connections()).contains(&"bob".to_owned())
        );
        assert_eq!(names(&removed, &keys.belongs()), ["away", "owner"]);

        let away =
            event(&mut stage, &who("owner"), "remove-member", json!({ "userId": "away" })).await;
        assert!(away.frames().is_empty(), "nobody saw them");
        assert_eq!(exited(&away).len(), 1);
        let payload = json!({ "roomId": stage.room, "userId": "away" });
        let nobody = stage.event(&who("owner"), "remove-member", payload).await;
        assert_eq!(
            (nobody.code(), &nobody.answer["error"]["details"]["field"]),
            ("not-found", &json!("userId"))
        );
        joined(&mut stage, &["bob"]).await;
    })
    .await;
}

#[tokio::test]
async fn a_repeated_request_does_nothing_twice() {
    each(async |mut stage: Stage| {
        made(&mut stage, json!({ "visibility": "public" })).await;
        joined(&mut stage, &["bob"]).await;
        for (name, mut payload) in [
            ("update-room", json!({ "name": "Trees" })),
            ("invite-to-room", json!({ "userId": "eve" })),
            ("remove-member", json!({ "userId": "bob" })),
            ("close-room", json!({})),
        ] {
            payload["requestId"] = "1".into();
            let first = event(&mut stage, &who("owner"), name, payload.clone()).await;
            let again = event(&mut stage, &who("owner"), name, payload).await;
            assert_eq!((again.outcome, again.answer), (Outcome::Again, first.answer), "{name}");
        }
    })
    .await;
}
