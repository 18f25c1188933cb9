//! Notifications: what users are told, wherever they are.

use harness::{Stack, Topology, on_each_topology};
use serde_json::{Value, json};

use crate::start;

on_each_topology![
    an_invitation_before_the_first_connection_is_found_and_counted,
    a_notification_reaches_all_devices_with_the_count,
    what_is_read_on_one_device_is_read_on_all,
    a_page_can_be_narrowed,
    what_is_no_request_is_refused,
];

/// A room of ana's; who is invited into it gets a notification.
async fn room(stack: &Stack, room: &str) -> harness::Client {
    let ana = stack.client(0, "ana").await;
    ana.ok("create-room", json!({ "roomId": room, "type": "discussion" })).await;
    ana
}

async fn an_invitation_before_the_first_connection_is_found_and_counted(topology: Topology) {
    let stack = start(topology).await;
    let ana = room(&stack, "graphs").await;
    ana.ok("invite-to-room", json!({ "roomId": "graphs", "userId": "ben" })).await;
    let ben = stack.client(1, "ben").await;
    let found = ben.ok("get-notifications", json!({})).await;
    assert_eq!((&found["unreadCount"], &found["hasMore"]), (&json!(1), &json!(false)));
    let one = &found["notifications"][0];
    assert_eq!(one["kind"], "invitation");
    assert_eq!(one["data"]["roomId"], "graphs");
    assert!(one["id"].is_string() && one["title"].is_string() && one["body"].is_string(), "{one}");
    assert!(one["createdAt"].is_u64() && one.get("readAt").is_none(), "{one}");
    let none = ana.ok("get-notifications", json!({})).await;
    assert_eq!(
        none,
        json!({ "ok": true, "notifications": [], "unreadCount": 0, "hasMore": false })
    );
}

async fn a_notification_reaches_all_devices_with_the_count(topology: Topology) {
    let stack = start(topology).await;
    let (desk, phone) = (stack.client(0, "ben").await, stack.client(1, "ben").await);
    let ana = room(&stack, "graphs").await;
    ana.ok("invite-to-room", json!({ "roomId": "graphs", "userId": "ben" })).await;
    let content = json!({ "roomId": "graphs", "content": "@ben", "mentions": ["ben"] });
    ana.ok("send-message", content).await;
    for device in [&desk, &phone] {
        for (kind, count) in [("invitation", 1), ("mention", 2)] {
            let told = device.next("notification").await;
            assert_eq!((&told["kind"], &told["unreadCount"]), (&json!(kind), &json!(count)));
            assert_eq!(told["data"]["roomId"], "graphs");
        }
    }
    // One entry, the same as was delivered.
    let page = desk.ok("get-notifications", json!({ "limit": 1 })).await;
    assert_eq!(
        (&page["notifications"][0]["kind"], &page["hasMore"]),
        (&json!("mention"), &json!(true))
    );
}

async fn what_is_read_on_one_device_is_read_on_all(topology: Topology) {
    let stack = start(topology).await;
    let (desk, phone) = (stack.client(0, "ben").await, stack.client(1, "ben").await);
    let ana = room(&stack, "graphs").await;
    let mut ids = Vec::new();
    for _ in 0..4 {
        let payload = json!({ "roomId": "graphs", "content": "@ben", "mentions": ["ben"] });
        ana.ok("send-message", payload).await;
        phone.next("notification").await;
        ids.push(desk.next("notification").await["id"].clone());
    }
    let mark = "mark-notification-read";
    let count = desk.ok(mark, json!({ "notificationId": ids[1] })).await;
    assert_eq!(count, json!({ "ok": true, "unreadCount": 3 }));
    let told = phone.next("notification-read").await;
    assert_eq!(told, json!({ "notificationIds": [ids[1]], "unreadCount": 3 }));
    desk.ok(mark, json!({ "notificationIds": [ids[0], ids[1]] })).await;
    assert_eq!(phone.next("notification-read").await["unreadCount"], 2);

    let count = phone.ok(mark, json!({ "all": true, "upTo": ids[2], "requestId": "1" })).await;
    assert_eq!(count["unreadCount"], 1);
    let told = desk.next("notification-read").await;
    assert_eq!(told, json!({ "all": true, "upTo": ids[2], "unreadCount": 1 }));
    let again = desk.ok(mark, json!({ "all": true, "upTo": ids[2], "requestId": "1" })).await;
    assert_eq!(again["unreadCount"], 1, "the first answer");
    phone.ok(mark, json!({ "all": true })).await;
    assert_eq!(desk.next("notification-read").await["unreadCount"], 0);
    assert_eq!(phone.seen("notification-read"), Vec::<Value>::new(), "who marks knows");
    let page = desk.ok("get-notifications", json!({})).await;
    let read = page["notifications"].as_array().expect("a list");
    assert!(read.iter().all(|one| one["readAt"].is_u64()), "{page}");
    assert_eq!(page["unreadCount"], 0);
}

async fn a_page_can_be_narrowed(topology: Topology) {
    let stack = start(topology).await;
    let ana = room(&stack, "graphs").await;
    for _ in 0..3 {
        let payload = json!({ "roomId": "graphs", "content": "@ben", "mentions": ["ben"] });
        ana.ok("send-message", payload).await;
    }
    ana.ok("invite-to-room", json!({ "roomId": "graphs", "userId": "ben" })).await;
    let ben = stack.client(1, "ben").await;
    let kinds = |page: &Value| -> Vec<String> {
        let list = page["notifications"].as_array().expect("a list");
        list.iter().map(|one| one["kind"].as_str().expect("a kind").to_owned()).collect()
    };
    let all = ben.ok("get-notifications", json!({ "limit": 2 })).await;
    assert_eq!(
        (kinds(&all), &all["hasMore"]),
        (vec!["invitation".into(), "mention".into()], &json!(true))
    );
    let before = json!({ "before": all["notifications"][1]["id"] });
    let rest = ben.ok("get-notifications", before).await;
    assert_eq!((kinds(&rest).len(), &rest["hasMore"]), (2, &json!(false)));
    let mentions = ben.ok("get-notifications", json!({ "kinds": ["mention"] })).await;
    assert_eq!((kinds(&mentions).len(), &mentions["unreadCount"]), (3, &json!(4)));
    let newest = &mentions["notifications"][0]["id"];
    ben.ok("mark-notification-read", json!({ "notificationId": newest })).await;
    let unread = ben.ok("get-notifications", json!({ "unreadOnly": true })).await;
    assert_eq!((kinds(&unread).len(), &unread["unreadCount"]), (3, &json!(3)));
}

async fn what_is_no_request_is_refused(topology: Topology) {
    let stack = start(topology).await;
    let ben = stack.client(0, "ben").await;
    for payload in [
        json!({}),
        json!({ "all": false }),
        json!({ "all": true, "notificationId": "1-0" }),
        json!({ "notificationId": "one" }),
    ] {
        let error = ben.refused("mark-notification-read", payload.clone()).await;
        assert_eq!(error["code"], "invalid-payload", "{payload}");
    }
    for payload in
        [json!({ "limit": 101 }), json!({ "before": "x" }), json!({ "kinds": "mention" })]
    {
        let error = ben.refused("get-notifications", payload.clone()).await;
        assert_eq!(error["code"], "invalid-payload", "{payload}");
    }
    let unknown = ben.ok("mark-notification-read", json!({ "notificationId": "1-0" })).await;
    assert_eq!(unknown["unreadCount"], 0, "what is not kept changes nothing");
}
