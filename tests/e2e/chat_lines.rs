//! What people really typed, through the whole system and back. The lines are not part of this
//! repository (gzip; per line `{log, line, text?, reply_to_lines?}`); where they are not beside it,
//! nothing is tested.

use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::process::Command;

use harness::{Client, Topology, on_each_topology};
use serde_json::{Value, json};
use unicode_normalization::UnicodeNormalization;

use crate::start;

on_each_topology![what_people_type_arrives_as_they_typed_it];

/// Messages on their way at a time.
const WINDOW: usize = 100;

/// A line of a log: which log, and where in it.
type Place = (String, i64);

async fn what_people_type_arrives_as_they_typed_it(topology: Topology) {
    let Some(lines) = lines() else {
        println!("skipped: ../shared/data has no chat lines");
        return;
    };
    let stack = start(topology).await;
    let writer = stack.client_with(0, "irc", &["service"]).await;
    let reader = stack.client(1, "ben").await;
    for client in [&writer, &reader] {
        client.ok("join-room", json!({ "roomId": "ubuntu" })).await;
    }
    let (mut kept, mut refused, mut quotes) = (Vec::new(), 0, 0);
    // Messages' ids and texts by the lines that they were.
    let mut known: HashMap<Place, (Value, String)> = HashMap::new();
    let mut rest = lines.as_slice();
    while !rest.is_empty() {
        let (window, later) = rest.split_at(window(rest));
        rest = later;
        let mut answers = Vec::new();
        for line in window {
            let answered = answers_to(line).and_then(|place| known.get(&place));
            let mut payload = json!({ "roomId": "ubuntu", "content": line["text"] });
            if let Some((id, _)) = answered {
                payload["replyTo"] = id.clone();
            }
            let excerpt = answered.map(|(_, text)| text.chars().take(140).collect::<String>());
            answers.push((line, excerpt, writer.start_call("send-message", &payload).await));
        }
        for (line, excerpt, answer) in answers {
            let answer = answer.await;
            let text = line["text"].as_str().expect("text");
            let Some(expected) = as_kept(text) else {
                assert_eq!(answer["error"]["code"], "invalid-payload", "{text:?}");
                refused += 1;
                continue;
            };
            let message = &answer["message"];
            assert_eq!(message["content"], expected.as_str(), "{text:?}");
            assert_eq!(message["replyTo"]["excerpt"].as_str(), excerpt.as_deref(), "{text:?}");
            quotes += usize::from(excerpt.is_some());
            known.insert(place(line), (message["id"].clone(), expected));
            kept.push(message.clone());
        }
    }
    println!("{} lines were taken, {quotes} with a quote; {refused} were refused", kept.len());
    assert!(quotes > 0 && kept.len() > refused);
    for message in &kept {
        assert_eq!(&reader.next("message-received").await["message"], message);
    }
    assert_eq!(history(&reader).await, kept);
}

/// How many lines may be on their way at a time: none of them answers another of them.
fn window(lines: &[Value]) -> usize {
    let mut places = HashSet::new();
    let waits = |line: &Value| {
        let answers = answers_to(line).is_some_and(|place| places.contains(&place));
        places.insert(place(line));
        answers
    };
    lines.iter().take(WINDOW).position(waits).unwrap_or(lines.len().min(WINDOW))
}

fn place(line: &Value) -> Place {
    (line["log"].to_string(), line["line"].as_i64().expect("a number"))
}

/// The line that this one answers.
fn answers_to(line: &Value) -> Option<Place> {
    let earlier = line["reply_to_lines"].as_array()?.first()?.as_i64()?;
    Some((line["log"].to_string(), earlier))
}

/// The text as it must come back, or nothing where it must be refused.
fn as_kept(text: &str) -> Option<String> {
    let text: String = text.replace("\r\n", "\n").nfc().collect();
    let is_bad = text.is_empty() || text.chars().any(|c| c.is_control() && c != '\t' && c != '\n');
    (!is_bad).then_some(text)
}

/// All messages of the room, page by page.
async fn history(client: &Client) -> Vec<Value> {
    let mut found: Vec<Value> = Vec::new();
    loop {
        let after = found.last().map_or(json!("0-0"), |message| message["id"].clone());
        let asked = json!({ "roomId": "ubuntu", "after": after, "limit": 100 });
        let page = client.ok("get-messages", asked).await;
        found.extend(page["messages"].as_array().expect("a list").iter().cloned());
        if page["hasMore"] == false {
            return found;
        }
    }
}

fn lines() -> Option<Vec<Value>> {
    let beside = "../shared/data/chat/ubuntu-irc-8000.ndjson.gz";
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join(beside);
    if !file.is_file() {
        return None;
    }
    let unpacked = Command::new("gzip").arg("-dc").arg(&file).output().expect("gzip runs");
    assert!(unpacked.status.success(), "{} is no gzip file", file.display());
    let text = String::from_utf8(unpacked.stdout).expect("the lines are text");
    let lines = text.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    // The others say who came and went.
    Some(lines.filter(|line| line["text"].is_string()).collect())
}
