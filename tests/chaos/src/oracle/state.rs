//! What the service says when asked, against what was acknowledged: history, unread counts, members,
//! notifications. Asked over the HTTP API, as back ends do.

use std::collections::{BTreeMap, BTreeSet};

use lua::id::EventId;
use serde_json::{Value, json};

use crate::findings::Promise;
use crate::model::{Message, Room, User};
use crate::world::World;

/// Unread messages beyond this are not counted.
const UNREAD_MAX: u64 = 999;

/// What differs, as promise and text.
pub type Difference = (Promise, String);

/// The one who asks.
pub struct Asker<'a> {
    /// The run.
    pub world: &'a World,
}

impl Asker<'_> {
    async fn ask(&self, token: &str, event: &str, payload: &Value) -> anyhow::Result<Value> {
        let edges = self.world.edges();
        let url = edges.first().ok_or_else(|| anyhow::anyhow!("no edge is in service"))?;
        let bearer = format!("Bearer {token}");
        let headers = [("Authorization", bearer.as_str()), ("Content-Type", "application/json")];
        let path = format!("/api/v1/events/{event}");
        let body = payload.to_string();
        let asked = harness::http::request(url, "POST", &path, &headers, &body);
        let reply = tokio::time::timeout(std::time::Duration::from_secs(10), asked).await??;
        let answer: Value = serde_json::from_str(&reply.body)?;
        anyhow::ensure!(answer["ok"] == true, "{event} {payload} was refused: {answer}");
        Ok(answer)
    }

    /// The messages of a room after `room.settled`, against what was acknowledged.
    pub async fn history(
        &self,
        token: &str,
        id: &str,
        room: &Room,
    ) -> anyhow::Result<Vec<Difference>> {
        let mut kept = BTreeMap::new();
        let mut after = room.settled;
        loop {
            let payload = json!({ "roomId": id, "after": after.to_string(), "limit": 100 });
            let page = self.ask(token, "get-messages", &payload).await?;
            for message in page["messages"].as_array().into_iter().flatten() {
                after = message["id"].as_str().unwrap_or_default().parse()?;
                kept.insert(after, message.clone());
            }
            if page["hasMore"] != true {
                break;
            }
        }
        self.world.findings.count("messages compared", kept.len() as u64);
        let later = room.messages.range(room.settled..).filter(|(at, _)| **at > room.settled);
        let wanted: BTreeMap<_, _> = later.collect();
        let mut found = Vec::new();
        for (at, message) in &wanted {
            match kept.get(at) {
                None => found.push((Promise::Lost, format!("{id}: {at} {:?}", message.content))),
                Some(shown) => found.extend(differs(id, **at, message, shown)),
            }
        }
        for (at, shown) in kept.iter().filter(|(at, _)| !wanted.contains_key(at)) {
            let text = format!("{id}: {at} {} was never acknowledged", shown["content"]);
            found.push((Promise::Doubled, text));
        }
        Ok(found)
    }

    /// A user's unread counts, where the marks are known.
    pub async fn unread(
        &self,
        token: &str,
        user: &str,
        rooms: &BTreeMap<String, Room>,
    ) -> anyhow::Result<Vec<Difference>> {
        let mut wanted = BTreeMap::new();
        for (id, room) in rooms.iter().filter(|(_, room)| !room.closing) {
            if let Some(mark) = room.marks.get(user).filter(|mark| mark.is_known) {
                wanted.insert(id, room.unread(user, mark.at).min(UNREAD_MAX));
            }
        }
        let asked: Vec<_> = wanted.keys().take(100).collect();
        let answer = self.ask(token, "get-unread", &json!({ "roomIds": asked })).await?;
        self.world.findings.count("unread counts compared", asked.len() as u64);
        let differs = |id: &&String| answer["rooms"][id.as_str()] != wanted[*id];
        let told = |id: &String| {
            let (says, wanted) = (&answer["rooms"][id.as_str()], wanted[id]);
            (Promise::State, format!("{user} has {says} unread in {id}, by the acks {wanted}"))
        };
        Ok(asked.into_iter().filter(|id| differs(id)).map(|id| told(id)).collect())
    }

    /// Who is shown as present in a room, with their statuses, and the count.
    pub async fn members(
        &self,
        token: &str,
        id: &str,
    ) -> anyhow::Result<(BTreeMap<String, String>, u64)> {
        let answer = self.ask(token, "get-members", &json!({ "roomId": id })).await?;
        let text =
            |member: &Value, name: &str| member[name].as_str().unwrap_or_default().to_owned();
        let members = answer["members"].as_array().into_iter().flatten();
        let members = members.map(|member| (text(member, "id"), text(member, "status")));
        Ok((members.collect(), answer["memberCount"].as_u64().unwrap_or(0)))
    }

    /// A user's notifications: each that was acknowledged or caused once, and the count of unread.
    pub async fn notifications(
        &self,
        token: &str,
        name: &str,
        user: &User,
    ) -> anyhow::Result<Vec<Difference>> {
        let (mut held, mut payload) = (Vec::new(), json!({ "limit": 100 }));
        let unread = loop {
            let page = self.ask(token, "get-notifications", &payload).await?;
            held.extend(page["notifications"].as_array().cloned().unwrap_or_default());
            if page["hasMore"] != true {
                break page["unreadCount"].clone();
            }
            payload["before"] = held.last().map(|last| last["id"].clone()).unwrap_or_default();
        };
        self.world.findings.count("notifications compared", held.len() as u64);
        let mut found = Vec::new();
        once_each(name, &held, user, &mut found);
        let wanted = held.len() - user.read.len().min(held.len());
        if unread != wanted {
            let text = format!("{name}: {unread} unread notifications, by the acks {wanted}");
            found.push((Promise::State, text));
        }
        Ok(found)
    }
}

fn differs(room: &str, id: EventId, message: &Message, shown: &Value) -> Option<Difference> {
    let content = if message.deleted { "" } else { message.content.as_str() };
    let reactions: BTreeMap<&str, BTreeSet<&str>> = shown["reactions"]
        .as_object()
        .into_iter()
        .flatten()
        .map(|(emoji, reaction)| {
            let users = reaction["users"].as_array().into_iter().flatten();
            (emoji.as_str(), users.filter_map(Value::as_str).collect())
        })
        .collect();
    let wanted: BTreeMap<&str, BTreeSet<&str>> = message
        .reactions
        .iter()
        .filter(|(_, users)| !users.is_empty() && !message.deleted)
        .map(|(emoji, users)| (*emoji, users.iter().map(String::as_str).collect()))
        .collect();
    let is_same = shown["content"] == content
        && shown["deletedAt"].is_null() != message.deleted
        && reactions == wanted;
    (!is_same)
        .then(|| (Promise::State, format!("{room}: {id} is {shown}, by the acks {message:?}")))
}

fn once_each(name: &str, held: &[Value], user: &User, found: &mut Vec<Difference>) {
    let mut check = |what: String, is_it: &dyn Fn(&Value) -> bool| {
        let count = held.iter().filter(|notification| is_it(notification)).count();
        if count != 1 {
            let promise = if count == 0 { Promise::Lost } else { Promise::Doubled };
            found.push((promise, format!("{name} has {count} notifications of {what}")));
        }
    };
    for message in &user.mentions {
        let text = message.to_string();
        check(format!("mention {message}"), &|n| {
            n["kind"] == "mention" && n["data"]["messageId"] == text.as_str()
        });
    }
    for room in &user.invitations {
        check(format!("invitation to {room}"), &|n| {
            n["kind"] == "invitation" && n["data"]["roomId"] == room.as_str()
        });
    }
}
