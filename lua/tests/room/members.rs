//! `get-members`: pages of who is present, whatever happens between two pages.

use lua::id::EventId;
use serde_json::{Value as Json, json};

use crate::stage::{Stage, each, who};

/// Users whose order by bytes is another than in a dictionary, all joined in one millisecond.
const USERS: [&str; 9] = ["Zoe", "a", "B", "_x", "b", "A", "|", "9", "a-"];

async fn join_at_once(stage: &mut Stage, users: &[&str]) {
    let ms = stage.clock.ms + 1;
    for (seq, user) in users.iter().enumerate() {
        let id = EventId { ms, seq: seq as u64 };
        stage.event_at(id, &who(user), "join-room", json!({ "roomId": stage.room })).await.result();
    }
}

fn ids(page: &Json) -> Vec<String> {
    let members = page["members"].as_array().expect("a list");
    members.iter().map(|member| member["id"].as_str().expect("an id").to_owned()).collect()
}

/// All pages of a size, one after another; `between` runs after each.
async fn pages(
    stage: &mut Stage,
    limit: usize,
    mut between: impl AsyncFnMut(&mut Stage, usize),
) -> Vec<Vec<String>> {
    let mut pages = Vec::new();
    let mut cursor = Json::Null;
    loop {
        let asked = json!({ "limit": limit, "cursor": cursor });
        let page = stage.ok(&who("asker"), "get-members", asked).await;
        pages.push(ids(&page));
        between(stage, pages.len()).await;
        match page.get("nextCursor") {
            Some(next) => cursor = next.clone(),
            None => return pages,
        }
    }
}

#[tokio::test]
async fn pages_show_each_member_once_even_of_one_millisecond() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        join_at_once(&mut stage, &USERS).await;
        join_at_once(&mut stage, &["late", "Later"]).await;
        let mut all = USERS.to_vec();
        all.sort_unstable();
        all.extend(["Later", "late"]);
        for limit in 1..=12 {
            let pages = pages(&mut stage, limit, async |_, _| {}).await;
            assert_eq!(pages.len(), all.len().div_ceil(limit), "pages of {limit}");
            assert_eq!(pages.concat(), all, "pages of {limit}");
        }
    })
    .await;
}

#[tokio::test]
async fn members_that_leave_between_pages_hide_nobody() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        join_at_once(&mut stage, &USERS).await;
        join_at_once(&mut stage, &["late", "later", "latest"]).await;
        let seen = pages(&mut stage, 2, async |stage: &mut Stage, page: usize| {
            // Those just shown, the cursor's own member among them.
            let gone: &[&str] = match page {
                1 => &["9", "A"],
                2 => &["Zoe"],
                5 => &["late"],
                _ => &[],
            };
            for user in gone {
                stage.ok(&who(user), "leave-room", json!({})).await;
            }
        })
        .await;
        let mut all = USERS.to_vec();
        all.sort_unstable();
        all.extend(["late", "later", "latest"]);
        assert_eq!(seen.concat(), all);
    })
    .await;
}

#[tokio::test]
async fn a_page_is_as_long_as_asked_and_the_count_exact() {
    each(async |mut stage: Stage| {
        stage.wary = false;
        for n in 0..12 {
            join_at_once(&mut stage, &[format!("u{n:02}").as_str()]).await;
        }
        let page = stage.ok(&who("asker"), "get-members", json!({ "limit": 11 })).await;
        assert_eq!((ids(&page).len(), &page["memberCount"]), (11, &json!(12)));
        let next = page["nextCursor"].as_str().expect("there is more");
        assert_eq!(next, format!("{}:u10", page["members"][10]["joinedAt"]));
        let page = stage.ok(&who("asker"), "get-members", json!({ "limit": 12 })).await;
        assert!(page.get("nextCursor").is_none());
        assert_eq!(page["members"][3]["roomRole"], "member");
    })
    .await;
}

#[tokio::test]
async fn cursors_from_nowhere_give_what_comes_after() {
    each(async |mut stage: Stage| {
        join_at_once(&mut stage, &["ann", "bob"]).await;
        let ms = stage.clock.ms;
        let cases = [
            ("0:a".to_owned(), vec!["ann", "bob"]),
            (format!("{ms}:ann"), vec!["bob"]),
            (format!("{ms}:annx"), vec!["bob"]),
            (format!("{ms}:a:b|c"), vec!["ann", "bob"]),
            (format!("{ms}:zzz"), vec![]),
            ("18446744073709551615:a".to_owned(), vec![]),
        ];
        for (cursor, expected) in cases {
            let page = stage.ok(&who("asker"), "get-members", json!({ "cursor": cursor })).await;
            assert_eq!(ids(&page), expected, "{cursor}");
        }
        for cursor in ["", ":", "x:a", "5", "5:", "-1:a", "5:a b", "18446744073709551616:a"] {
            let code =
                stage.refused(&who("asker"), "get-members", json!({ "cursor": cursor })).await;
            assert_eq!(code, "invalid-payload", "{cursor}");
        }
    })
    .await;
}
