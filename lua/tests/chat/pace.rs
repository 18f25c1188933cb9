//! How often users write: the limit per user and room, and slow mode.

use lua::commit::Outcome;
use lua::id::EventId;
use serde_json::{Value as Json, json};

use crate::stage::{Applied, Stage, Who, each, who};
use crate::{room_with_roles, sanction};

/// Sends a message so many milliseconds after `begin`.
async fn send_at(
    stage: &mut Stage,
    begin: u64,
    after_ms: u64,
    who: &Who,
    payload: Json,
) -> Applied {
    let mut payload = payload;
    payload["roomId"] = stage.room.as_str().into();
    let ms = begin + after_ms;
    let seq = if stage.clock.ms == ms { stage.clock.seq + 1 } else { 0 };
    stage.event_at(EventId { ms, seq }, who, "send-message", payload).await
}

fn retry_after(applied: &Applied) -> u64 {
    assert_eq!(applied.code(), "rate-limited");
    assert_eq!(applied.outcome, Outcome::Refused("rate-limited".to_owned()));
    applied.answer["error"]["retryAfterMs"].as_u64().expect("a time")
}

#[tokio::test]
async fn ten_messages_in_any_ten_seconds() {
    each(async |mut stage: Stage| {
        stage.config.rate_messages = 10;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let begin = stage.clock.ms + 1;
        let text = json!({ "content": "x" });
        for n in 0..10 {
            send_at(&mut stage, begin, n * 100, &who("ann"), text.clone()).await.result();
        }
        let wait = retry_after(&send_at(&mut stage, begin, 900, &who("ann"), text.clone()).await);
        assert_eq!(wait, 9_100);
        send_at(&mut stage, begin, 900, &who("bob"), text.clone()).await.result();
        let service = who("ann").with("service");
        send_at(&mut stage, begin, 950, &service, text.clone()).await.result();
        let admin = who("ann").with("admin");
        assert_eq!(
            retry_after(&send_at(&mut stage, begin, 960, &admin, text.clone()).await),
            9_040
        );
        // Refused ones do not count, and the time that was said is true to the millisecond.
        let early = send_at(&mut stage, begin, 900 + wait - 1, &who("ann"), text.clone()).await;
        assert_eq!(retry_after(&early), 1);
        send_at(&mut stage, begin, 900 + wait, &who("ann"), text.clone()).await.result();
        let next = send_at(&mut stage, begin, 900 + wait, &who("ann"), text.clone()).await;
        assert_eq!(retry_after(&next), 100, "the window slides");
    })
    .await;
}

#[tokio::test]
async fn a_refusal_that_time_cures_is_not_remembered() {
    each(async |mut stage: Stage| {
        stage.config.rate_messages = 1;
        let begin = stage.clock.ms + 10;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        send_at(&mut stage, begin, 0, &who("ann"), json!({ "content": "1" })).await.result();
        let second = json!({ "content": "2", "requestId": "r" });
        let refused = send_at(&mut stage, begin, 1, &who("ann"), second.clone()).await;
        let wait = retry_after(&refused);
        let retried = send_at(&mut stage, begin, 1 + wait, &who("ann"), second.clone()).await;
        assert_eq!(retried.outcome, Outcome::Logged);
        let again = send_at(&mut stage, begin, 2 + wait, &who("ann"), second).await;
        assert_eq!((&again.outcome, again.result()), (&Outcome::Again, retried.result()));
    })
    .await;
}

#[tokio::test]
async fn what_is_refused_for_another_reason_does_not_count() {
    each(async |mut stage: Stage| {
        stage.config.rate_messages = 1;
        room_with_roles(&mut stage).await;
        let begin = stage.clock.ms + 20_000;
        let nothing = json!({ "content": "x", "replyTo": "1-1" });
        assert_eq!(send_at(&mut stage, begin, 0, &who("bob"), nothing).await.code(), "not-found");
        let text = json!({ "content": "x" });
        send_at(&mut stage, begin, 1, &who("bob"), text.clone()).await.result();
        sanction(&stage, "mute", "bob").await;
        assert_eq!(send_at(&mut stage, begin, 2, &who("bob"), text).await.code(), "muted");
    })
    .await;
}

#[tokio::test]
async fn slow_mode_holds_for_those_who_do_not_moderate() {
    each(async |mut stage: Stage| {
        room_with_roles(&mut stage).await;
        let _: i64 = stage.command(&["HSET", &stage.keys().room(), "slowModeMs", "60000"]).await;
        let begin = stage.clock.ms + 20_000;
        let text = json!({ "content": "x" });
        for rate in [0, 10] {
            stage.config.rate_messages = rate;
            let begin = begin + rate * 100_000;
            send_at(&mut stage, begin, 0, &who("bob"), text.clone()).await.result();
            let pace = stage.keys().pace(&"bob".parse().expect("a user id"));
            let ttl: i64 = stage.command(&["PTTL", &pace]).await;
            assert!((50_000..=60_000).contains(&ttl), "kept as long as it counts: {ttl}");
            let soon = send_at(&mut stage, begin, 20_000, &who("bob"), text.clone()).await;
            assert_eq!(retry_after(&soon), 40_000);
            send_at(&mut stage, begin, 60_000, &who("bob"), text.clone()).await.result();
            let exempt = [
                who("max"),
                who("olga"),
                who("root").with("admin"),
                who("bob").with("moderator"),
                who("bob").with("service"),
            ];
            for free in exempt {
                for _ in 0..2 {
                    send_at(&mut stage, begin, 60_001, &free, text.clone()).await.result();
                }
            }
        }
    })
    .await;
}

#[tokio::test]
async fn the_longer_of_both_waits_is_said() {
    each(async |mut stage: Stage| {
        stage.config.rate_messages = 2;
        room_with_roles(&mut stage).await;
        let _: i64 = stage.command(&["HSET", &stage.keys().room(), "slowModeMs", "3000"]).await;
        let begin = stage.clock.ms + 20_000;
        let text = json!({ "content": "x" });
        for at in [0, 3_000] {
            send_at(&mut stage, begin, at, &who("bob"), text.clone()).await.result();
        }
        let wait = retry_after(&send_at(&mut stage, begin, 4_000, &who("bob"), text.clone()).await);
        assert_eq!(wait, 6_000);
        send_at(&mut stage, begin, 10_000, &who("bob"), text.clone()).await.result();
        let wait = retry_after(&send_at(&mut stage, begin, 12_500, &who("bob"), text).await);
        assert_eq!(wait, 500);
    })
    .await;
}

#[tokio::test]
async fn a_limit_that_was_lowered_holds_at_once() {
    each(async |mut stage: Stage| {
        stage.config.rate_messages = 5;
        stage.ok(&who("ann"), "join-room", json!({})).await;
        let begin = stage.clock.ms + 1;
        let text = json!({ "content": "x" });
        for n in 0..5 {
            send_at(&mut stage, begin, n * 1_000, &who("ann"), text.clone()).await.result();
        }
        stage.config.rate_messages = 2;
        let wait = retry_after(&send_at(&mut stage, begin, 5_000, &who("ann"), text.clone()).await);
        assert_eq!(wait, 8_000, "the second last was at 3,000");
        send_at(&mut stage, begin, 13_000, &who("ann"), text).await.result();
    })
    .await;
}
