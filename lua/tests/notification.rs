//! Notifications: kept, counted, delivered to all connections, read once for all of them.

mod common;
mod stage;

use lua::admission::{self, Seat};
use lua::id::EventId;
use serde_json::{Value as Json, json};
use stage::{Applied, EDGE, OTHER_EDGE, Stage, Who, each, users_of, who};

/// A user of the stage's partition.
fn local(stage: &Stage) -> Who {
    who(&users_of(stage.partition).next().expect("some user hashes to it"))
}

async fn connect(stage: &mut Stage, who: &Who) {
    let user = who.user.parse().expect("a user id");
    let (connection, edge) = (&who.connection, &who.edge);
    let seat = Seat { user: &user, connection, edge, transport: "websocket" };
    admission::admit(&stage.redis, seat, 20).await.expect("Redis answers");
}

async fn notify(stage: &mut Stage, to: &Who, kind: &str) -> Applied {
    let data = json!({ "roomId": "algorithms", "quote\"": [1, null] });
    let payload =
        json!({ "userId": to.user, "kind": kind, "title": "T\"\\", "body": "", "data": data });
    stage.event(&who("sender"), "notify", payload).await
}

async fn page(stage: &mut Stage, user: &Who, asked: Json) -> Json {
    stage.event(user, "get-notifications", asked).await.result().clone()
}

fn ids(page: &Json) -> Vec<String> {
    let list = page["notifications"].as_array().expect("a list");
    list.iter().map(|one| one["id"].as_str().expect("an id").to_owned()).collect()
}

#[tokio::test]
async fn a_notification_before_the_first_connection_is_found_and_counted() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        let sent = notify(&mut stage, &ann, "invitation").await;
        assert!(sent.reached.is_empty(), "nobody is there");
        connect(&mut stage, &ann).await;
        let found = page(&mut stage, &ann, json!({})).await;
        let notification = json!({
            "id": sent.id.to_string(), "kind": "invitation", "title": "T\"\\", "body": "",
            "data": { "roomId": "algorithms", "quote\"": [1, null] }, "createdAt": sent.id.ms,
        });
        assert_eq!(
            found,
            json!({ "notifications": [notification], "unreadCount": 1, "hasMore": false })
        );
    })
    .await;
}

#[tokio::test]
async fn a_notification_reaches_all_connections_with_the_count() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        connect(&mut stage, &ann.clone().on("x-1")).await;
        connect(&mut stage, &ann.clone().on("x-2").at(OTHER_EDGE)).await;
        notify(&mut stage, &ann, "mention").await;
        let mut second = notify(&mut stage, &ann, "mention").await;
        second.reached.sort_by(|a, b| a.0.cmp(&b.0));
        let edges: Vec<&str> = second.reached.iter().map(|(edge, _)| edge.as_str()).collect();
        assert_eq!(edges, [EDGE, OTHER_EDGE]);
        let mut told =
            page(&mut stage, &ann, json!({ "limit": 1 })).await["notifications"][0].clone();
        told["unreadCount"] = 2.into();
        for (_, message) in &second.reached {
            assert_eq!(message, &json!({ "user": ann.user, "frame": ["notification", told] }));
        }
    })
    .await;
}

#[tokio::test]
async fn pages_are_the_newest_first_and_as_asked() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        let ann = local(&stage);
        let mut sent = Vec::new();
        for n in 0..250 {
            let kind = if n % 100 == 0 { "rare\n, kind" } else { "mention" };
            sent.push(notify(&mut stage, &ann, kind).await.id.to_string());
        }
        sent.reverse();
        let first = page(&mut stage, &ann, json!({})).await;
        assert_eq!((ids(&first), &first["hasMore"]), (sent[..20].to_vec(), &json!(true)));
        assert_eq!(first["unreadCount"], 250);
        let next = page(&mut stage, &ann, json!({ "before": sent[19], "limit": 100 })).await;
        assert_eq!(ids(&next), sent[20..120]);
        let rest = page(&mut stage, &ann, json!({ "before": sent[149], "limit": 100 })).await;
        assert_eq!((ids(&rest).len(), &rest["hasMore"]), (100, &json!(false)));

        let rare =
            page(&mut stage, &ann, json!({ "kinds": ["rare\n, kind", "none"], "limit": 2 })).await;
        assert_eq!(
            (ids(&rare), &rare["hasMore"]),
            (vec![sent[49].clone(), sent[149].clone()], &json!(true))
        );
        let last = json!({ "kinds": ["rare\n, kind"], "before": sent[149] });
        let last = page(&mut stage, &ann, last).await;
        assert_eq!((ids(&last), &last["hasMore"]), (vec![sent[249].clone()], &json!(false)));
        stage.ok(&ann, "mark-notification-read", json!({ "all": true, "upTo": sent[1] })).await;
        let unread = page(&mut stage, &ann, json!({ "unreadOnly": true })).await;
        assert_eq!((ids(&unread), &unread["unreadCount"]), (vec![sent[0].clone()], &json!(1)));
        let none = page(&mut stage, &ann, json!({ "kinds": ["none"] })).await;
        assert_eq!(none, json!({ "notifications": [], "unreadCount": 1, "hasMore": false }));
    })
    .await;
}

#[tokio::test]
async fn reading_is_counted_once_and_told_to_the_other_connections() {
    each(async |mut stage: Stage| {
        let ann = local(&stage);
        connect(&mut stage, &ann).await;
        let mut sent = Vec::new();
        for _ in 0..5 {
            sent.push(notify(&mut stage, &ann, "mention").await.id.to_string());
        }
        let mark = "mark-notification-read";
        let one = stage.event(&ann, mark, json!({ "notificationId": sent[1] })).await;
        assert_eq!(one.result(), &json!({ "unreadCount": 4 }));
        let read = json!(["notification-read", { "notificationIds": [sent[1]], "unreadCount": 4 }]);
        let message = json!({ "user": ann.user, "frame": read, "except": ann.connection });
        assert_eq!(one.reached, [(EDGE.into(), message)]);
        let listed = page(&mut stage, &ann, json!({})).await;
        let read_at: Vec<&Json> = listed["notifications"]
            .as_array()
            .expect("a list")
            .iter()
            .map(|one| &one["readAt"])
            .collect();
        assert_eq!(
            read_at,
            [&Json::Null, &Json::Null, &Json::Null, &json!(one.id.ms), &Json::Null]
        );

        for again in
            [json!({ "notificationId": sent[1] }), json!({ "notificationIds": ["1-0", sent[1]] })]
        {
            let again = stage.event(&ann, mark, again).await;
            assert_eq!(again.result(), &json!({ "unreadCount": 4 }));
            assert!(again.reached.is_empty() && again.left_untouched(), "it was read");
        }
        let some = stage.event(&ann, mark, json!({ "notificationIds": [sent[1], sent[4]] })).await;
        assert_eq!(some.result()["unreadCount"], 3);
        assert_eq!(some.reached[0].1["frame"][1]["notificationIds"], json!([sent[4]]));

        let up_to = stage.event(&ann, mark, json!({ "all": true, "upTo": sent[2] })).await;
        assert_eq!(up_to.result()["unreadCount"], 1, "the fourth");
        let frame =
            json!(["notification-read", { "all": true, "upTo": sent[2], "unreadCount": 1 }]);
        assert_eq!(up_to.reached[0].1["frame"], frame);
        let all = stage.event(&ann, mark, json!({ "all": true })).await;
        assert_eq!(
            all.reached[0].1["frame"][1],
            json!({ "all": true, "upTo": sent[4], "unreadCount": 0 })
        );
        let none = stage.event(&ann, mark, json!({ "all": true })).await;
        assert_eq!((none.result(), none.reached.len()), (&json!({ "unreadCount": 0 }), 0));
        // What comes later is not read by what was marked before, however far that reached.
        let newest = notify(&mut stage, &ann, "mention").await.id.to_string();
        let ahead = EventId { ms: stage.clock.ms + 1_000, seq: 0 }.to_string();
        let all = stage.event(&ann, mark, json!({ "all": true, "upTo": ahead })).await;
        assert_eq!(all.reached[0].1["frame"][1]["upTo"], newest, "as far as there was one");
        notify(&mut stage, &ann, "mention").await;
        assert_eq!(page(&mut stage, &ann, json!({})).await["unreadCount"], 1);
    })
    .await;
}

#[tokio::test]
async fn the_last_thousand_are_kept_and_the_count_is_of_those() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        let ann = local(&stage);
        let mut sent = Vec::new();
        for n in 0..1_003 {
            sent.push(notify(&mut stage, &ann, "mention").await.id.to_string());
            if n < 2 || n == 500 {
                let read = json!({ "notificationId": sent[n] });
                stage.ok(&ann, "mark-notification-read", read).await;
            }
        }
        let newest = page(&mut stage, &ann, json!({ "limit": 1 })).await;
        assert_eq!(newest["unreadCount"], 999, "one of those kept is read");
        let oldest = page(&mut stage, &ann, json!({ "before": sent[4], "limit": 100 })).await;
        assert_eq!((ids(&oldest), &oldest["hasMore"]), (vec![sent[3].clone()], &json!(false)));
        let gone = json!({ "notificationIds": [sent[0], sent[2]] });
        let count = stage.ok(&ann, "mark-notification-read", gone).await;
        assert_eq!(count["unreadCount"], 999, "what is not kept changes nothing");
        assert_eq!(
            stage.ok(&ann, "mark-notification-read", json!({ "all": true })).await["unreadCount"],
            0
        );
        let unread = page(&mut stage, &ann, json!({ "unreadOnly": true })).await;
        assert_eq!(unread, json!({ "notifications": [], "unreadCount": 0, "hasMore": false }));
    })
    .await;
}
