//! The ingress: what back ends write is applied once, as if it had come over a connection; what is
//! refused is kept with the reason.

mod common;
mod live;
mod stage;

use std::collections::BTreeMap;

use common::{Server, command, until};
use live::Worker;
use lua::durability::Safety;
use lua::id::{Partition, RoomId};
use lua::key::{self, RoomKeys};
use lua::term::Mark;
use lua::{Redis, ingress, relay};
use serde_json::json;
use stage::run;

/// Writes an entry as a back end does; its id.
async fn write(redis: &Redis, fields: &[&str]) -> String {
    let words = [&["XADD", key::INGRESS, "*"], fields].concat();
    command(redis, redis.node_of_key(key::INGRESS), &words).await
}

/// The entries of a stream by their fields.
async fn entries(redis: &Redis, stream: &str) -> Vec<BTreeMap<String, String>> {
    let node = redis.node_of_key(stream);
    let entries: Vec<(String, Vec<String>)> =
        command(redis, node, &["XRANGE", stream, "-", "+"]).await;
    let fields =
        |flat: Vec<String>| flat.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect();
    entries.into_iter().map(|(_, flat)| fields(flat)).collect()
}

/// What was said in a room: sender and content.
async fn said(redis: &Redis, room: &RoomId) -> Vec<(String, String)> {
    let (node, keys) = (redis.node_of(Partition::of(room.as_str())), RoomKeys::new(room));
    let order: Vec<(String, Vec<String>)> =
        command(redis, node, &["XRANGE", &keys.order(), "-", "+"]).await;
    let mut said = Vec::new();
    for (id, _) in order {
        let message: String = command(redis, node, &["HGET", &keys.messages(), &id]).await;
        let message: serde_json::Value = serde_json::from_str(&message).expect("JSON");
        let text = |value: &serde_json::Value| value.as_str().expect("text").to_owned();
        said.push((text(&message["sender"]["id"]), text(&message["content"])));
    }
    said
}

/// A room of the service's, made over the ingress.
async fn room(redis: &Redis, id: &str) -> RoomId {
    let payload = json!({ "roomId": id, "type": "discussion" }).to_string();
    write(redis, &["event", "create-room", "payload", &payload]).await;
    let room: RoomId = id.parse().expect("an id");
    let (node, key) = (redis.node_of(Partition::of(id)), RoomKeys::new(&room).room());
    until("the room to be made", async || {
        command::<i64>(redis, node, &["EXISTS", &key]).await == 1
    })
    .await;
    room
}

fn message(room: &RoomId, content: &str) -> String {
    json!({ "roomId": room, "content": content }).to_string()
}

#[tokio::test]
async fn what_back_ends_write_is_applied_and_what_is_refused_is_kept() {
    common::each_topology(async |redis: Redis| {
        let worker = Worker::start(&redis, "worker");
        let room = room(&redis, "algorithms").await;
        let own = message(&room, "from the judge");
        write(&redis, &["event", "send-message", "payload", &own]).await;
        let ann = message(&room, "from ann");
        let twice = ["event", "send-message", "payload", &ann, "as", "ann", "request_id", "7"];
        write(&redis, &twice).await;
        write(&redis, &twice).await;
        // Refused at the door, and by the room's script.
        let unknown = write(&redis, &["event", "dance", "payload", "{}", "as", "ann"]).await;
        let empty = message(&room, "");
        let bad = write(&redis, &["event", "send-message", "payload", &empty]).await;
        let nowhere = message(&"nowhere".parse().expect("an id"), "Hi");
        let lost = write(&redis, &["event", "send-message", "payload", &nowhere]).await;
        // This one goes on from its sender's partition to the room's, which refuses it.
        let again = json!({ "roomId": room, "type": "discussion" }).to_string();
        let taken = write(&redis, &["event", "create-room", "payload", &again, "as", "bob"]).await;

        until("all to be decided", async || entries(&redis, key::REFUSED).await.len() == 4).await;
        until("all to be said", async || said(&redis, &room).await.len() >= 2).await;
        let pair = |user: &str, content: &str| (user.to_owned(), content.to_owned());
        let expected = [pair("service", "from the judge"), pair("ann", "from ann")];
        assert_eq!(said(&redis, &room).await, expected);

        let refused: BTreeMap<String, BTreeMap<String, String>> = entries(&redis, key::REFUSED)
            .await
            .into_iter()
            .map(|fields| (fields["source"].clone(), fields))
            .collect();
        let field = |id: &str, name: &str| refused[id].get(name).cloned();
        let is = |id: &str, name: &str, value: &str| {
            assert_eq!(field(id, name).as_deref(), Some(value), "{:?}", refused[id]);
        };
        is(&unknown, "code", "unknown-event");
        is(&unknown, "event", "dance");
        is(&unknown, "as", "ann");
        is(&bad, "code", "invalid-payload");
        is(&bad, "field", "content");
        is(&bad, "payload", &empty);
        is(&lost, "code", "not-found");
        is(&lost, "field", "roomId");
        is(&lost, "payload", &nowhere);
        assert!(field(&lost, "message").is_some());
        is(&taken, "code", "conflict");
        is(&taken, "as", "bob");

        let node = redis.node_of_key(key::INGRESS);
        until("the lag to be told", async || {
            let groups: Vec<BTreeMap<String, lua::Value>> =
                command(&redis, node, &["XINFO", "GROUPS", key::INGRESS]).await;
            groups[0]["lag"] == lua::Value::Int(0)
        })
        .await;
        worker.stop().await;
    })
    .await;
}

#[tokio::test]
async fn workers_that_come_and_go_relay_each_event_once_and_in_order() {
    common::both(async |server: Server| {
        let redis = server.connect().await;
        let mut worker = Worker::start(&redis, "worker-0");
        let room = room(&redis, "algorithms").await;
        for round in 0..4 {
            for n in 0..50 {
                let payload = message(&room, &format!("{}", round * 50 + n));
                write(&redis, &["event", "send-message", "payload", &payload]).await;
            }
            // The one before ends as it stands: its lease runs out, and its other tasks go on meanwhile.
            let next = Worker::start(&redis, &format!("worker-{}", round + 1));
            std::mem::replace(&mut worker, next).cripple();
        }
        until("all to be said", async || said(&redis, &room).await.len() >= 200).await;
        let contents: Vec<String> =
            said(&redis, &room).await.into_iter().map(|said| said.1).collect();
        let expected: Vec<String> = (0..200).map(|n| n.to_string()).collect();
        assert_eq!(contents, expected);
        worker.stop().await;
    })
    .await;
}

#[tokio::test]
async fn an_entry_that_is_handed_on_twice_takes_effect_once() {
    common::each_topology(async |redis: Redis| {
        let worker = Worker::start(&redis, "worker");
        let room = room(&redis, "algorithms").await;
        worker.stop().await;
        // A worker that died before it could say so: all is handed on, and then once more.
        for content in ["a", "b"] {
            let payload = message(&room, content);
            write(&redis, &["event", "send-message", "payload", &payload]).await;
        }
        let node = redis.node_of_key(key::INGRESS);
        let written: Vec<(String, Vec<String>)> =
            command(&redis, node, &["XRANGE", key::INGRESS, "-", "+"]).await;
        let term: u64 = command(&redis, node, &["HGET", key::INGRESS_POSITION, "term"]).await;
        let mut shipment = relay::Shipment::default();
        for (id, fields) in &written[written.len() - 2..] {
            let parcel = ingress::parcel(id.parse().expect("an id"), term, fields);
            shipment.add(parcel).expect("there is room");
        }
        assert_eq!(
            shipment.send(&redis, relay::Bounds::default(), &Safety::default()).await,
            [true]
        );
        // Even in another term: an entry keeps the one in which it was written.
        let _: i64 =
            command(&redis, node, &["HSET", key::INGRESS_POSITION, "run", "another"]).await;
        let worker = Worker::start(&redis, "worker");
        until("the ingress to be relayed", async || {
            let relayed: Option<String> =
                command(&redis, node, &["HGET", key::INGRESS_POSITION, "applied"]).await;
            relayed.as_deref() == Some(written[written.len() - 1].0.as_str())
        })
        .await;
        let partition = Partition::of(room.as_str());
        until("the intake to be applied", async || {
            let waits = lua::commit::read(partition, applied(&redis, partition).await, 10);
            lua::commit::read_reply(run(&redis, redis.node_of(partition), waits).await).is_empty()
        })
        .await;
        let contents: Vec<String> =
            said(&redis, &room).await.into_iter().map(|said| said.1).collect();
        assert_eq!(contents, ["a", "b"]);
        worker.stop().await;
    })
    .await;
}

async fn applied(redis: &Redis, partition: Partition) -> lua::id::EventId {
    let words = ["HGET", &key::position(partition), "applied"];
    let applied: String = command(redis, redis.node_of(partition), &words).await;
    applied.parse().expect("an id")
}

#[tokio::test]
async fn only_who_holds_the_ingress_moves_on() {
    common::each_topology(async |redis: Redis| {
        let node = redis.node_of_key(key::INGRESS);
        let ask = async |call| run(&redis, node, call).await;
        let lease = async |worker: &str| {
            lua::lease::Taken::read(ask(ingress::take(worker, 60_000, Mark::default())).await)
                .map(|taken| taken.lease)
        };
        let first = lease("a").await.expect("it is free");
        assert_eq!(lease("b").await, None);
        let id = write(&redis, &["event", "x"]).await.parse().expect("an id");
        let again = lease("a").await.expect("its own");
        let stale = ask(ingress::advance(first.fence, id, 1, 1_000)).await;
        assert!(matches!(stale, lua::Value::ServerError(e) if e.code() == "FENCED"));
        assert_eq!(ask(ingress::renew(first.fence, 1)).await, lua::Value::Int(0));
        assert_eq!(ask(ingress::advance(again.fence, id, 1, 1_000)).await, lua::Value::Int(1));
        assert_eq!(ask(ingress::release(again.fence)).await, lua::Value::Int(1));
        let next = lease("b").await.expect("it is free");
        assert_eq!((next.applied, next.seq), (id, 1));
        // Somebody removes the stream: it is taken up again.
        let _: i64 = command(&redis, node, &["DEL", key::INGRESS]).await;
        let id = write(&redis, &["event", "x"]).await.parse().expect("an id");
        assert_eq!(ask(ingress::advance(next.fence, id, 1, 1_000)).await, lua::Value::Int(1));
    })
    .await;
}
