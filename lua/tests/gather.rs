//! Answers that are read in many partitions.

mod common;
mod live;
mod stage;

use std::collections::BTreeSet;

use live::{Edge, Worker};
use lua::Redis;
use serde_json::json;

#[tokio::test]
async fn a_users_rooms_are_listed_and_counted_wherever_they_are() {
    common::each_topology(async |redis: Redis| {
        let worker = Worker::start(&redis, "worker");
        let mut edge = Edge::on(&redis).await;
        let rooms: Vec<String> = (0..30).map(|n| format!("room:{n}")).collect();
        for (n, room) in rooms.iter().enumerate() {
            let id = json!({ "roomId": room });
            edge.ok("ann", "join-room", room, &id).await;
            for said in 0..n % 4 {
                let message = json!({ "roomId": room, "content": said.to_string() });
                edge.ok("bob", "send-message", room, &message).await;
            }
        }
        // Her own is in the list as soon as joining was answered.
        let mut found = Vec::new();
        let mut page = json!({ "scope": "mine", "limit": 7 });
        let mut pages = 0;
        loop {
            let listed = edge.ok("ann", "list-rooms", "user:ann", &page).await;
            let list = listed["rooms"].as_array().expect("a list");
            found.extend(list.iter().map(|room| room["id"].as_str().expect("an id").to_owned()));
            pages += 1;
            if listed["nextCursor"].is_null() {
                break;
            }
            assert_eq!(list.len(), 7);
            page["cursor"] = listed["nextCursor"].clone();
        }
        assert_eq!(pages, 5);
        assert_eq!(found.len(), 30);
        assert_eq!(found.iter().collect::<BTreeSet<_>>(), rooms.iter().collect());

        let mut asked = rooms.clone();
        asked.push("not-hers".to_owned());
        let unread = edge.ok("ann", "get-unread", "user:ann", &json!({ "roomIds": asked })).await;
        let counts = unread["rooms"].as_object().expect("an object");
        assert_eq!(counts.len(), 30, "others are left out");
        for (n, room) in rooms.iter().enumerate() {
            assert_eq!(counts[room], n % 4, "{room}");
        }
        let nothing = edge.ok("eve", "list-rooms", "user:eve", &json!({ "scope": "mine" })).await;
        assert_eq!(nothing, json!({ "rooms": [] }));
        worker.stop().await;
    })
    .await;
}
