//! `list-rooms`: the directory of public rooms, and a user's own.

use lua::commit::Outcome;
use lua::id::{Partition, RoomId};
use lua::room::RoomType;
use serde_json::{Value as Json, json};

use super::create::sent;
use crate::stage::{Stage, Who, each, each_with_directory, run, users_of, who};

/// What a room sends to the directory by an event.
async fn told(stage: &mut Stage, who: &Who, event: &str, mut payload: Json) -> Vec<(String, Json)> {
    payload["roomId"] = stage.room.as_str().into();
    let applied = stage.event(who, event, payload).await;
    applied.result();
    let mut told = sent(&applied);
    told.retain(|(to, _, _)| to == "directory");
    told.into_iter().map(|(_, event, payload)| (event, payload)).collect()
}

#[tokio::test]
async fn the_directory_hears_of_public_rooms_alone() {
    each(async |mut stage: Stage| {
        let ann = who("ann");
        let unlisted = ("room-unlisted".to_owned(), json!({ "roomId": stage.room }));
        let listed = |stage: &Stage, created: u64, name: &str, roles: &str| {
            let room = json!({
                "id": stage.room, "type": "discussion", "name": name, "createdAt": created,
                "createdBy": "ann", "slowModeMs": 0,
            });
            ("room-listed".to_owned(), json!({
                "roomId": stage.room, "type": "discussion", "roles": roles, "createdAt": created,
                "room": room,
            }))
        };
        let private = json!({ "visibility": "private" });
        let public = json!({ "visibility": "public", "roles": ["a", "b"], "members": { "bob": "viewer" } });
        let made = json!({ "type": "discussion", "name": "N", "access": private });
        assert_eq!(told(&mut stage, &ann, "create-room", made).await, []);
        let at = stage.clock.ms;
        assert_eq!(told(&mut stage, &ann, "update-room", json!({ "name": "M" })).await, []);
        let opened = told(&mut stage, &ann, "update-room", json!({ "access": public })).await;
        assert_eq!(opened, [listed(&stage, at, "M", "a,b")], "its access list is not shown");
        let named = told(&mut stage, &ann, "update-room", json!({ "name": "O" })).await;
        assert_eq!(named, [listed(&stage, at, "O", "a,b")]);
        let slowed = told(&mut stage, &ann, "set-slow-mode", json!({ "intervalMs": 1_000 })).await;
        assert_eq!(slowed[0].1["room"]["slowModeMs"], 1_000);
        let narrowed = told(&mut stage, &ann, "update-room", json!({ "access": private })).await;
        assert_eq!(narrowed, std::slice::from_ref(&unlisted));
        told(&mut stage, &ann, "update-room", json!({ "access": public })).await;
        assert_eq!(told(&mut stage, &ann, "close-room", json!({})).await, [unlisted]);
    })
    .await;
}

#[tokio::test]
async fn a_room_made_by_joining_is_listed_and_again_when_it_is_taken_over() {
    each(async |mut stage: Stage| {
        let joined = told(&mut stage, &who("ann"), "join-room", json!({})).await;
        assert_eq!(joined.len(), 1);
        assert_eq!(joined[0].1["room"]["id"], stage.room.as_str());
        let again = told(&mut stage, &who("bob"), "join-room", json!({})).await;
        assert_eq!(again, [], "it looks as before");
        let taken = told(
            &mut stage,
            &who("bob"),
            "create-room",
            json!({ "type": "discussion", "name": "Ours" }),
        )
        .await;
        assert_eq!(taken[0].1["room"]["name"], "Ours");
    })
    .await;
}

/// A room of this number as the directory is told of it; the time of making is `at`.
fn listed(n: u64, kind: &str, roles: &str, at: u64) -> Json {
    let id = format!("r{n}");
    json!({
        "roomId": id, "type": kind, "roles": roles, "createdAt": at,
        "room": {
            "id": id, "type": kind, "name": format!("Room {n} \"😀\""), "createdAt": at,
            "createdBy": "ann", "slowModeMs": 0,
        },
    })
}

/// A page, and its `nextCursor`.
async fn page(stage: &mut Stage, who: &Who, mut payload: Json) -> (Vec<String>, Json) {
    payload["scope"] = "public".into();
    let applied = stage.event(who, "list-rooms", payload).await;
    assert_eq!(applied.outcome, Outcome::Applied);
    let rooms = applied.result()["rooms"].as_array().expect("rooms");
    let ids = rooms.iter().map(|room| room["id"].as_str().expect("an id").to_owned()).collect();
    (ids, applied.result()["nextCursor"].clone())
}

// One test, since the directory has one partition.
#[tokio::test]
async fn the_directory_is_paged_from_the_newest_and_shows_what_one_may_enter() {
    each_with_directory(async |mut stage: Stage| {
        let (ann, service) = (who("ann"), who("service"));
        let tea = who("tea").with("x,teacher");
        // Rooms 3 and 4 were made in the same millisecond.
        for (n, kind, roles, at) in [
            (1, "discussion", "", 10),
            (2, "contest", "", 20),
            (3, "discussion", "", 30),
            (4, "discussion", "teacher,b.c", 30),
            (5, "discussion", "", 40),
        ] {
            stage.event(&service, "room-listed", listed(n, kind, roles, at)).await;
        }
        let (all, next) = page(&mut stage, &ann, json!({})).await;
        assert_eq!((all.join(" "), next), ("r5 r3 r2 r1".to_owned(), Json::Null));
        for staff in [tea.clone(), who("root").with("admin"), who("api").with("service")] {
            assert_eq!(page(&mut stage, &staff, json!({})).await.0.join(" "), "r5 r4 r3 r2 r1");
        }
        let odd = who("odd").with("teach,teacherx,xteacher,b");
        assert_eq!(page(&mut stage, &odd, json!({})).await.0.len(), 4);
        assert_eq!(page(&mut stage, &ann, json!({ "type": "contest" })).await.0, ["r2"]);
        assert_eq!(page(&mut stage, &ann, json!({ "type": "interview" })).await.0, [""; 0]);

        for limit in 1..=5 {
            for (who, rooms) in [(&tea, "r5 r4 r3 r2 r1"), (&ann, "r5 r3 r2 r1")] {
                let (mut seen, mut cursor) = (Vec::new(), Json::Null);
                loop {
                    let payload = json!({ "limit": limit, "cursor": cursor });
                    let (ids, next) = page(&mut stage, who, payload).await;
                    assert!(ids.len() == limit || next.is_null(), "a page is full or the last");
                    seen.extend(ids);
                    cursor = next;
                    if cursor.is_null() {
                        break;
                    }
                }
                assert_eq!(seen.join(" "), rooms, "by {limit}");
            }
        }

        // A room changes its type and its roles, and another goes.
        stage.event(&service, "room-listed", listed(4, "contest", "", 30)).await;
        stage.event(&service, "room-unlisted", json!({ "roomId": "r3" })).await;
        assert_eq!(page(&mut stage, &ann, json!({})).await.0.join(" "), "r5 r4 r2 r1");
        assert_eq!(
            page(&mut stage, &ann, json!({ "type": "discussion" })).await.0.join(" "),
            "r5 r1"
        );
        assert_eq!(page(&mut stage, &ann, json!({ "type": "contest" })).await.0.join(" "), "r4 r2");
        for n in [1, 2, 4, 5] {
            stage.event(&service, "room-unlisted", json!({ "roomId": format!("r{n}") })).await;
        }
        let empty = stage.event(&ann, "list-rooms", json!({ "scope": "public" })).await;
        assert_eq!(empty.result(), &json!({ "rooms": [] }));
        assert!(!empty.after.keys().any(|key| key.contains("directory")), "nothing is left");

        very_many_hidden(&mut stage).await;
    })
    .await;
}

async fn very_many_hidden(stage: &mut Stage) {
    stage.wary = false;
    for n in 0..1_200 {
        let roles = if n == 5 { "" } else { "secret" };
        stage
            .event(&who("service"), "room-listed", listed(n, "discussion", roles, 1_000 + n))
            .await;
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), Json::Null, 0);
    loop {
        let (ids, next) = page(stage, &who("ann"), json!({ "cursor": cursor })).await;
        seen.extend(ids);
        (cursor, pages) = (next, pages + 1);
        if cursor.is_null() {
            break;
        }
    }
    assert_eq!((seen.join(" "), pages), ("r5".to_owned(), 3), "each page looks at 500 at most");
}

#[tokio::test]
async fn a_page_of_ones_own_rooms_is_gathered_from_where_they_are() {
    each(async |mut stage: Stage| {
        let user = users_of(stage.partition).next().expect("a user");
        let ann = who(&user);
        for n in 1..=5 {
            let payload = json!({
                "userId": user, "roomId": format!("r{n}"), "present": false, "belongs": true, "owns": false,
            });
            stage.event(&ann, "room-entered", payload).await;
        }
        let at = |n: u64| format!("{}:r{n}", 1_800_000_000_000 + n);
        let page = stage.event(&ann, "list-rooms", json!({ "scope": "mine", "limit": 2 })).await;
        assert_eq!(page.gathered, [at(5), at(4), at(3)], "one more says that there is more");
        let payload = json!({ "scope": "mine", "limit": 2, "cursor": at(4) });
        assert_eq!(stage.event(&ann, "list-rooms", payload).await.gathered, [at(3), at(2), at(1)]);
        let payload = json!({ "scope": "mine", "cursor": at(1) });
        assert_eq!(stage.event(&ann, "list-rooms", payload).await.gathered, [""; 0]);
    })
    .await;
}

/// A room as the user of an event would see it in the own list.
async fn glanced(stage: &mut Stage, who: &Who, kind: Option<RoomType>) -> Option<Json> {
    let id = lua::id::EventId { ms: stage.clock.ms + 1, seq: 0 };
    let record = stage.append(id, who, "get-messages", &json!({})).await;
    let in_intake = lua::key::intake(stage.partition);
    stage.command::<i64>(&["XDEL", &in_intake, &id.to_string()]).await;
    let call = lua::room::glance(&stage.room, &record, kind);
    stage.clock = id;
    match run(&stage.redis, stage.node, call).await {
        lua::Value::Nil => None,
        lua::Value::BulkString(text) => Some(serde_json::from_slice(&text).expect("JSON")),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_glance_shows_a_room_to_who_belongs_and_access_to_owner_and_admin() {
    each(async |mut stage: Stage| {
        assert_eq!(glanced(&mut stage, &who("ann"), None).await, None, "there is none");
        let access =
            json!({ "visibility": "public", "members": { "bob": "viewer", "bad": "member" } });
        let made = json!({ "type": "discussion", "access": access });
        let made = stage.ok(&who("ann"), "create-room", made).await["room"].clone();
        assert_eq!(glanced(&mut stage, &who("ann"), None).await, Some(made.clone()));
        let mut plain = made.clone();
        plain.as_object_mut().expect("a room").remove("access");
        assert_eq!(glanced(&mut stage, &who("bob"), None).await, Some(plain));
        let admin = who("bob").with("admin");
        assert_eq!(glanced(&mut stage, &admin, Some(RoomType::Discussion)).await, Some(made));
        assert_eq!(
            glanced(&mut stage, &admin, Some(RoomType::Contest)).await,
            None,
            "of another type"
        );
        for stranger in [who("eve"), who("root").with("admin")] {
            assert_eq!(glanced(&mut stage, &stranger, None).await, None, "does not belong");
        }
        stage.ok(&who("ann"), "ban-user", json!({ "userId": "bad" })).await;
        assert_eq!(glanced(&mut stage, &who("bad"), None).await, None, "is banned");
        stage.ok(&who("ann"), "close-room", json!({})).await;
        assert_eq!(glanced(&mut stage, &who("ann"), None).await, None, "is closed");
    })
    .await;
}

#[test]
fn a_list_of_public_rooms_is_the_directorys_and_ones_own_the_users() {
    let user = "ann".parse().expect("an id");
    let goes_to = |json: &str| {
        let event = lua::event::Event::read("list-rooms", json).expect("valid");
        event.partition(&user, &event.entity(&user))
    };
    assert_eq!(goes_to(r#"{"scope":"public"}"#), Partition::of("directory"));
    assert_eq!(goes_to(r#"{"scope":"mine"}"#), Partition::of("user:ann"));
    assert!("directory".parse::<RoomId>().is_ok(), "a room of this name is another entity");
}
