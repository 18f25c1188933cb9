//! Gather: answers that are read in several partitions. The event's script, in the partition of the user,
//! names what is to be read; the reads change nothing, go down one pipeline per node, and the answer is
//! what the rooms were like at about the same time.
//!
//! `get-unread` names rooms. `list-rooms` names `<score>:<room>`, in the order of the page, one more than
//! the page has where there is more; the last one shown is the `nextCursor`.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use lua::batch::{Batch, Spread};
use lua::chat::unread_of;
use lua::commit::{Commit, Place};
use lua::durability::Safety;
use lua::event::Event;
use lua::id::{Partition, RoomId};
use lua::record::Record;
use lua::refusal::{Code, Refusal};
use lua::room::{ListRooms, glance};
use lua::{Cmd, Redis, RedisError, Value, relay};
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;
use tokio::time::timeout;
use tokio_util::task::TaskTracker;
use tracing::debug;

/// Answers that are gathered at a time.
const GATHERED_MAX: usize = 64;

/// How long the reads for one answer may take.
const READ_MAX: Duration = Duration::from_secs(4);

/// When a client should try again that came at a bad moment.
const RETRY_MS: u64 = 1_000;

/// Gathers answers in the background.
pub struct Gatherer {
    redis: Redis,
    safety: Safety,
    free: Arc<Semaphore>,
    tasks: TaskTracker,
}

impl Gatherer {
    /// Gathers nothing yet.
    pub fn new(redis: Redis, safety: Safety) -> Self {
        let free = Arc::new(Semaphore::new(GATHERED_MAX));
        Self { redis, safety, free, tasks: TaskTracker::new() }
    }

    /// Reads what was named for the answer to `record`, and answers.
    pub fn start(&self, place: Place, record: Record, named: Vec<String>) {
        let (redis, safety) = (self.redis.clone(), self.safety.clone());
        let free = self.free.clone().try_acquire_owned();
        self.tasks.spawn(async move {
            let result = match free {
                Ok(_) => read((&redis, &safety), &record, named).await,
                Err(_) => Err(Refusal::unavailable("too much is read at once", RETRY_MS)),
            };
            let body = match result {
                Ok(result) => format!(r#""result":{result}"#),
                Err(refusal) => {
                    let code = refusal.code.word();
                    metrics::counter!("rt_gather_refused_total", "code" => code).increment(1);
                    format!(r#""error":{}"#, refusal.json())
                }
            };
            answer(&redis, &Commit::new(place, &record), &body).await;
        });
    }

    /// Waits until everything that was begun is answered.
    pub async fn finished(&self) {
        self.tasks.close();
        self.tasks.wait().await;
    }
}

async fn answer(redis: &Redis, commit: &Commit<'_>, body: &str) {
    let (inbox, text) = (commit.inbox(), commit.answer(body));
    // Nobody waits for what came in over the ingress.
    if inbox.is_empty() || text.is_empty() {
        return;
    }
    let mut batch = Batch::default();
    batch.add(relay::publish(&inbox, &text));
    if let Err(problem) = batch.run(redis, redis.node_of(commit.partition())).await {
        debug!(%problem, "an answer was not published; its client asks again");
    }
}

async fn read(from: From<'_>, record: &Record, named: Vec<String>) -> Result<String, Refusal> {
    let event = Event::read(&record.event, &record.payload)?;
    let reading = async {
        match &event {
            Event::GetUnread(_) => unread(from, record, &named).await,
            Event::ListRooms(list) => rooms(from, record, list, &named).await,
            _ => Err(Trouble::Defect(format!("nothing is gathered for {}", record.event))),
        }
    };
    match timeout(READ_MAX, reading).await {
        Ok(Ok(result)) => Ok(result),
        Ok(Err(Trouble::Defect(problem))) => {
            tracing::error!(event.id = %record.id, problem, "an answer cannot be gathered");
            Err(Refusal::new(Code::Internal, "the answer could not be read"))
        }
        Ok(Err(Trouble::Redis(problem))) => {
            debug!(%problem, "an answer could not be gathered");
            from.0.mend(&problem);
            Err(Refusal::unavailable("the answer could not be read now", RETRY_MS))
        }
        Err(_) => Err(Refusal::unavailable("the answer could not be read in time", RETRY_MS)),
    }
}

/// Where it is read, and what has to be so before it may leave.
type From<'a> = (&'a Redis, &'a Safety);

enum Trouble {
    /// It fails again.
    Defect(String),
    /// It may work later.
    Redis(RedisError),
}

fn room_id(text: &str) -> Result<RoomId, Trouble> {
    text.parse().map_err(|_| Trouble::Defect(format!("{text:?} is no room")))
}

/// `{rooms: {id: n}}`; rooms that the user does not belong to are left out.
async fn unread(from: From<'_>, record: &Record, named: &[String]) -> Result<String, Trouble> {
    let rooms: Vec<RoomId> = named.iter().map(|id| room_id(id)).collect::<Result<_, _>>()?;
    let replies =
        ask(from, &rooms, |room| unread_of(room, &record.user, &record.roles, record.id.ms))
            .await?;
    let counts: HashMap<&str, u64> = rooms
        .iter()
        .zip(replies)
        .filter_map(|(room, reply)| match reply {
            Value::Int(count) => Some((room.as_str(), count.unsigned_abs())),
            _ => None,
        })
        .collect();
    Ok(json!({ "rooms": counts }).to_string())
}

/// `{rooms: [room…], nextCursor?}`; rooms that the user may not be in any more are left out.
async fn rooms(
    from: From<'_>,
    record: &Record,
    list: &ListRooms,
    named: &[String],
) -> Result<String, Trouble> {
    let shown = &named[..named.len().min(list.limit.0)];
    let rooms: Vec<RoomId> = shown
        .iter()
        .map(|item| room_id(item.split_once(':').map_or("", |(_, room)| room)))
        .collect::<Result<_, _>>()?;
    let replies = ask(from, &rooms, |room| glance(room, record, list.room_type)).await?;
    let mut found: Vec<Box<RawValue>> = Vec::new();
    for reply in replies {
        if let Value::BulkString(bytes) = reply {
            let text = String::from_utf8(bytes).map_err(|e| Trouble::Defect(e.to_string()))?;
            found.push(RawValue::from_string(text).map_err(|e| Trouble::Defect(e.to_string()))?);
        }
    }
    let more = if named.len() > shown.len() { shown.last() } else { None };
    let next = more.map(|cursor| format!(r#","nextCursor":{}"#, json!(cursor))).unwrap_or_default();
    let found = serde_json::to_string(&found).expect("raw JSON is plain data");
    Ok(format!(r#"{{"rooms":{found}{next}}}"#))
}

/// One call for each room, one pipeline for each node; the replies in the order of the rooms.
async fn ask(
    (redis, safety): From<'_>,
    rooms: &[RoomId],
    call: impl Fn(&RoomId) -> Cmd,
) -> Result<Vec<Value>, Trouble> {
    let mut spread = Spread::default();
    for room in rooms {
        spread.add(redis.node_of(Partition::of(room.as_str())), call(room));
    }
    spread
        .run_kept(redis, safety)
        .await
        .into_iter()
        .collect::<Result<_, _>>()
        .map_err(Trouble::Redis)
}

#[cfg(test)]
mod tests {
    use lua::key;
    use lua::record::Origin;
    use lua::server::{Options, Private};
    use lua::subscriber::Subscriber;
    use lua::topology::Settings;
    use tokio::sync::mpsc;

    use super::*;

    fn record(origin: Option<Origin>) -> Record {
        Record {
            id: "1795413580067-0".parse().expect("an id"),
            event: "get-unread".to_owned(),
            entity: "user:ann".to_owned(),
            user: "ann".parse().expect("an id"),
            name: "Ann".to_owned(),
            roles: String::new(),
            origin,
            ack: Some(1),
            payload: "{}".to_owned(),
            source: None,
        }
    }

    #[tokio::test]
    async fn too_many_at_a_time_are_told_to_come_back() {
        let server = Private::start(Options::default()).await.expect("a private Redis");
        let redis = Redis::connect(&Settings::new(server.url())).await.expect("a connection");
        let partition = Partition::of("user:ann");
        let (heard, mut answers) = mpsc::unbounded_channel();
        let hear = move |_: &str, answer| drop(heard.send(answer));
        let subscriber = Subscriber::start(redis.clone(), hear, |_| {});
        let inbox = key::inbox(partition, "edge");
        subscriber.subscribe(partition, inbox.clone());
        subscriber.wait_subscribed(&inbox).await.expect("heard");

        let gatherer = Gatherer::new(redis, Safety::default());
        let place = Place { partition, fence: 1, seq: 0 };
        let origin = || Some(Origin { edge: "edge".to_owned(), connection: "c".to_owned() });
        let all = gatherer.free.clone().acquire_many_owned(GATHERED_MAX as u32).await;
        gatherer.start(place, record(origin()), Vec::new());
        let refused: serde_json::Value =
            serde_json::from_slice(&answers.recv().await.expect("an answer")).expect("JSON");
        assert_eq!(refused["error"]["code"], "unavailable");
        assert_eq!(refused["error"]["retryAfterMs"], RETRY_MS);
        drop(all);
        gatherer.start(place, record(origin()), vec!["nowhere".to_owned()]);
        let answer: serde_json::Value =
            serde_json::from_slice(&answers.recv().await.expect("an answer")).expect("JSON");
        assert_eq!(answer["result"], json!({ "rooms": {} }), "{answer}");
        gatherer.finished().await;
    }
}
