//! Publications that are held until replicas have the event: scripts say nothing, and their replies carry
//! what they would have said, in the same order.

mod common;
mod stage;

use lua::commit::Outcome;
use serde_json::{Value as Json, json};
use stage::{Stage, each, users_of, who};

/// An event, what it told the room, its answer, and what it told a user's connections.
type Told = (String, Vec<Json>, Json, Vec<(String, Json)>);

/// What every event of the story told: to the room, to the sender, to others.
async fn story(stage: &mut Stage, request: &str) -> Vec<Told> {
    let user = users_of(stage.partition).next().expect("a user");
    let keys = lua::key::UserKeys::new(&user.parse().expect("an id"));
    let there = r#"{"edge":"edge-1"}"#;
    let _: i64 = stage.command(&["HSET", &keys.connections(), "c1", there]).await;
    let (ann, room) = (who("ann"), stage.room.clone());
    let events = [
        (who(&user), "user-connected", json!({ "userId": user })),
        (who(&user), "disconnect-user", json!({ "userId": user })),
        (ann.clone(), "join-room", json!({ "roomId": room })),
        (who("bob"), "join-room", json!({ "roomId": room })),
        (
            ann.clone(),
            "send-message",
            json!({ "roomId": room, "content": "hi", "requestId": request }),
        ),
        (
            ann.clone(),
            "send-message",
            json!({ "roomId": room, "content": "hi", "requestId": request }),
        ),
        (ann.clone(), "typing-start", json!({ "roomId": room })),
        (ann.clone(), "get-members", json!({ "roomId": room })),
        (who("bob"), "close-room", json!({ "roomId": room })),
        (ann, "leave-room", json!({ "roomId": room })),
    ];
    let mut told = Vec::new();
    for (who, event, payload) in events {
        let applied = stage.event(&who, event, payload).await;
        told.push((event.to_owned(), applied.told, applied.answer, applied.reached));
    }
    told
}

#[tokio::test]
async fn replies_carry_what_would_have_been_published() {
    each(async |mut stage: Stage| {
        let loud = story(&mut stage, "1").await;
        stage.clear().await;
        stage.hold().await;
        let held = story(&mut stage, "2").await;
        let shape = |told: &[Told]| -> Vec<_> {
            let event = |publication: &Json| publication["frames"][0]["frame"][0].clone();
            told.iter()
                .map(|(name, told, answer, reached)| {
                    let error = answer["error"]["code"].clone();
                    let told: Vec<Json> = told.iter().map(event).collect();
                    (name.clone(), told, error, !answer.is_null(), reached.len())
                })
                .collect()
        };
        assert_eq!(shape(&held), shape(&loud));
        assert!(shape(&held).iter().any(|(_, told, ..)| !told.is_empty()));
    })
    .await;
}

#[tokio::test]
async fn an_answer_repeated_while_something_waits_to_be_relayed_waits_too() {
    each(async |mut stage: Stage| {
        let payload = json!({ "roomId": stage.room, "requestId": "1" });
        let first = stage.event(&who("ann"), "join-room", payload.clone()).await;
        assert!(!first.sent.is_empty() && first.relayed, "the user's partition is told");
        let again = stage.event(&who("ann"), "join-room", payload.clone()).await;
        assert_eq!((again.outcome, again.relayed), (Outcome::Again, true));
        let outbox = lua::key::outbox(stage.partition);
        let _: i64 = stage.command(&["XTRIM", &outbox, "MAXLEN", "0"]).await;
        let last = stage.event(&who("ann"), "join-room", payload).await;
        assert_eq!((last.outcome, last.relayed), (Outcome::Again, false));
    })
    .await;
}
