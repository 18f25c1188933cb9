//! A stage for one room: its partition is owned, its channels are heard, and events go through the
//! intake, the typed calls and the scripts as a worker sends them.
//!
//! Whatever a test is about, each event is also tried with an old fence, ahead of its turn and a
//! second time, and what a commit leaves behind is compared with what it may leave.

// Every test program uses a part of this.
#![allow(dead_code, unused_imports)]

mod ear;
mod keys;
mod servers;
mod types;
mod who;

use std::collections::BTreeMap;

use clap::{Args, FromArgMatches};
use lua::batch::Batch;
use lua::commit::{self, Commit, Committed, Outcome, Place, Rest};
use lua::id::{EventId, Partition, RoomId};
use lua::lease::{Lease, Taken};
use lua::record::{Origin, Record, Source};
use lua::term::Mark;
use lua::topology::NodeId;
use lua::{Cmd, Redis, key};
use serde_json::Value as Json;
use workers::config::Config;

use crate::common::command;
use ear::Ear;
pub use keys::{Keys, snapshot};
#[allow(unused_imports)]
pub use servers::{alone, each, each_with_directory, rooms_of, users_of};
#[allow(unused_imports)]
pub use who::{Who, who};

/// What an event came to.
#[derive(Debug)]
pub struct Applied {
    pub id: EventId,
    pub outcome: Outcome,
    /// The message to the sender's edge.
    pub answer: Json,
    /// Whether the answer waits for what is in the outbox to be relayed.
    pub relayed: bool,
    /// What the event put into the outbox: fields by name, in order.
    pub sent: Vec<BTreeMap<String, String>>,
    /// The entities that are to be read for the answer.
    pub gathered: Vec<String>,
    /// What the room's channel carried, in order.
    pub told: Vec<Json>,
    /// What the edges got for all connections of a user: the edge and the message.
    pub reached: Vec<(String, Json)>,
    pub before: Keys,
    pub after: Keys,
}

impl Applied {
    /// The result of an event that was not refused.
    pub fn result(&self) -> &Json {
        assert!(self.answer["error"].is_null(), "refused: {}", self.answer);
        &self.answer["result"]
    }

    /// The code of an event that was refused.
    pub fn code(&self) -> &str {
        self.answer["error"]["code"]
            .as_str()
            .unwrap_or_else(|| panic!("not refused: {}", self.answer))
    }

    /// Nothing but the position, a remembered answer and what was sent is another than before.
    pub fn left_untouched(&self) -> bool {
        let state = |keys: &Keys| -> Keys {
            let kept = |name: &str| {
                ![":position", ":outbox"].iter().any(|end| name.ends_with(end))
                    && !name.contains(":once:")
            };
            keys.iter()
                .filter(|(name, _)| kept(name))
                .map(|(n, c)| (n.clone(), c.clone()))
                .collect()
        };
        state(&self.before) == state(&self.after)
    }

    /// All frames that were told: audience, event, payload.
    pub fn frames(&self) -> Vec<(String, String, Json)> {
        let frames = self.told.iter().flat_map(|told| told["frames"].as_array().expect("frames"));
        frames
            .map(|frame| match frame["exit"].as_str() {
                Some(user) => ("exit".to_owned(), user.to_owned(), Json::Null),
                None => (
                    frame["to"].as_str().expect("an audience").to_owned(),
                    // A role stands where else a frame does.
                    frame["frame"]
                        .as_str()
                        .or(frame["frame"][0].as_str())
                        .expect("text")
                        .to_owned(),
                    frame["frame"][1].clone(),
                ),
            })
            .collect()
    }
}

/// The workers' settings as they are by default.
pub fn defaults() -> Config {
    let command = Config::augment_args(clap::Command::new("worker"));
    let matches = command.try_get_matches_from(["worker"]).expect("all have defaults");
    Config::from_arg_matches(&matches).expect("settings")
}

/// See the file's head.
pub struct Stage {
    pub redis: Redis,
    pub room: RoomId,
    pub partition: Partition,
    pub node: NodeId,
    pub lease: Lease,
    pub config: Config,
    /// Id of the newest event.
    pub clock: EventId,
    /// Where the next event is relayed from.
    pub source: Option<Source>,
    /// Whether `create-room` comes from its maker, and does not go on from the maker's partition.
    pub is_first_hop: bool,
    /// Whether scripts leave publications to the worker, which the stage then takes as heard.
    hold: bool,
    /// Whether each event is also tried wrongly; off where a test sends very many.
    pub wary: bool,
    ear: Ear,
    /// Id of the room's newest log entry as it was told.
    last: String,
}

impl Stage {
    /// Takes the partition.
    pub async fn on(redis: Redis, partition: Partition) -> Self {
        let room = rooms_of(partition).next().expect("some id hashes to it");
        let node = redis.node_of(partition);
        let take = Lease::take(partition, "tester", 600_000, Mark::default(), false);
        // The fence of the owner before is one that was valid once.
        run(&redis, node, take.clone()).await;
        let taken = Taken::read(run(&redis, node, take).await).expect("the partition is free");
        let lease = taken.lease;
        let ear = Ear::on(&redis, partition, &room).await;
        Self {
            redis,
            room,
            partition,
            node,
            lease,
            // Tests write faster than people do.
            config: Config { rate_messages: 0, ..defaults() },
            clock: EventId { ms: 1_800_000_000_000, seq: 0 },
            source: None,
            is_first_hop: false,
            hold: false,
            wary: true,
            ear,
            last: "0-0".to_owned(),
        }
    }

    /// From here on scripts leave publications to the worker.
    pub async fn hold(&mut self) {
        self.hold = true;
        let take = Lease::take(self.partition, "tester", 600_000, Mark::default(), true);
        let taken = Taken::read(run(&self.redis, self.node, take).await).expect("it is ours");
        self.lease = taken.lease;
    }

    /// The room's keys.
    pub fn keys(&self) -> key::RoomKeys {
        key::RoomKeys::new(&self.room)
    }

    /// Takes the room away, and what events have sent so far, so that a test can begin anew.
    pub async fn clear(&mut self) {
        let mut keys = self.keys().all();
        keys.push(key::outbox(self.partition));
        let delete: Vec<&str> =
            ["DEL"].into_iter().chain(keys.iter().map(String::as_str)).collect();
        self.command::<i64>(&delete).await;
        self.last = "0-0".to_owned();
    }

    /// Where the next commit stands.
    pub fn place(&self) -> Place {
        Place { partition: self.partition, fence: self.lease.fence, seq: self.lease.seq }
    }

    /// Runs a command on the partition's node.
    pub async fn command<T: redis::FromRedisValue>(&self, words: &[&str]) -> T {
        command(&self.redis, self.node, words).await
    }

    /// An event in the next millisecond.
    pub async fn event(&mut self, who: &Who, event: &str, payload: Json) -> Applied {
        let id = EventId { ms: self.clock.ms + 1, seq: 0 };
        self.event_at(id, who, event, payload).await
    }

    /// An event on the stage's room that must be applied; its result.
    pub async fn ok(&mut self, who: &Who, event: &str, mut payload: Json) -> Json {
        payload["roomId"] = self.room.as_str().into();
        let applied = self.event(who, event, payload).await;
        applied.result().clone()
    }

    /// An event on the stage's room that must be refused; the code.
    pub async fn refused(&mut self, who: &Who, event: &str, mut payload: Json) -> String {
        payload["roomId"] = self.room.as_str().into();
        let applied = self.event(who, event, payload).await;
        let code = applied.code().to_owned();
        assert_eq!(applied.outcome, Outcome::Refused(code.clone()));
        code
    }

    /// The newest events of the intake as a worker reads them.
    pub async fn append(&mut self, id: EventId, who: &Who, event: &str, payload: &Json) -> Record {
        let entity = payload["roomId"].as_str().unwrap_or(self.room.as_str());
        // A new room comes from its maker's partition, on its second hop.
        let relayed = (event == "create-room" && !self.is_first_hop).then(|| Source {
            stream: "999".to_owned(),
            term: 1,
            id,
        });
        let source = self.source.take().or(relayed);
        let record = Record {
            id,
            event: event.to_owned(),
            entity: entity.to_owned(),
            user: who.user.parse().expect("a user id"),
            name: who.name.clone(),
            roles: who.roles.clone(),
            origin: Some(Origin { edge: who.edge.clone(), connection: who.connection.clone() }),
            ack: (!lua::event::is_system(event) || event == "disconnect-user").then_some(7),
            payload: payload.to_string(),
            source,
        };
        let mut add = redis::cmd("XADD");
        add.arg(key::intake(self.partition)).arg(id.to_string()).arg(record.fields());
        run(&self.redis, self.node, add).await;
        let read =
            run(&self.redis, self.node, commit::read(self.partition, self.lease.applied, 10)).await;
        let mut read = commit::read_reply(read);
        assert_eq!(read.len(), 1, "one event waits");
        let read = read.remove(0).expect("a record");
        assert_eq!(read, record);
        read
    }

    /// An event with an id of the test's choice.
    pub async fn event_at(
        &mut self,
        id: EventId,
        who: &Who,
        event: &str,
        payload: Json,
    ) -> Applied {
        self.clock = id;
        let record = self.append(id, who, event, &payload).await;
        let before = self.snapshot().await;
        if self.wary {
            self.tried_wrongly(&record, &before).await;
        }
        let place = self.place();
        let sent = self.outbox().await.len();
        let Committed { outcome, rest, told: held } = self.committed(place, &record).await;
        let sent = self.outbox().await.split_off(sent);
        let after = self.snapshot().await;
        assert!(outcome.is_done(), "{event}: {outcome:?}");
        if self.wary {
            let again = self.commit(place, &record).await;
            assert_eq!(again, Outcome::Rewind, "{event} a second time");
            assert_eq!(self.snapshot().await, after, "{event} a second time changes nothing");
        }
        self.lease.applied = id;
        self.lease.seq += 1;
        let (mut told, mut answers) = self.ear.all().await;
        if self.hold {
            assert!(told.is_empty() && answers.is_empty(), "{event} is told too early");
            assert!(self.ear.reached().is_empty(), "{event} is told too early");
            (told, answers) = self.ear.sort(held);
        } else {
            assert!(held.is_empty(), "{event} is told at once: {held:?}");
        }
        if let Rest::Relay { answer } = &rest
            && !answer.is_empty()
        {
            assert!(answers.is_empty(), "{event} is answered after what it sent: {answers:?}");
            answers.push(serde_json::from_str(answer).expect("JSON"));
        }
        let is_elsewhere = matches!(&rest, Rest::Relay { answer } if answer.is_empty());
        let is_awaited = record.ack.is_some() && !is_elsewhere && !matches!(rest, Rest::Gather(_));
        assert_eq!(answers.len(), usize::from(is_awaited), "{event} is answered once: {answers:?}");
        let relayed = matches!(rest, Rest::Relay { .. });
        let gathered = match rest {
            Rest::Gather(ids) => ids,
            _ => Vec::new(),
        };
        let answer = answers.pop().unwrap_or_default();
        let reached = self.ear.reached();
        let applied =
            Applied { id, outcome, answer, relayed, sent, gathered, told, reached, before, after };
        self.check(&record, &applied);
        applied
    }

    /// A worker that lost the partition, and one that is ahead, change nothing and tell nobody.
    async fn tried_wrongly(&mut self, record: &Record, before: &Keys) {
        let place = self.place();
        let stale = self.commit(Place { fence: place.fence - 1, ..place }, record).await;
        assert_eq!(stale, Outcome::Fenced, "{} with an old fence", record.event);
        let ahead = self.commit(Place { seq: place.seq + 1, ..place }, record).await;
        assert_eq!(ahead, Outcome::Rewind, "{} ahead of its turn", record.event);
        assert_eq!(&self.snapshot().await, before, "{} out of place changes nothing", record.event);
        let (told, answers) = self.ear.all().await;
        assert!(told.is_empty() && answers.is_empty(), "{} out of place is silent", record.event);
        assert!(self.ear.reached().is_empty(), "{} out of place is silent", record.event);
    }

    /// What holds for every event.
    fn check(&mut self, record: &Record, applied: &Applied) {
        types::fit(record, applied);
        let answer = &applied.answer;
        if !answer.is_null() {
            let origin = record.origin.as_ref().expect("the stage's events have one");
            assert_eq!(answer["connection"], origin.connection.as_str());
            let event = record.event.as_str();
            assert_eq!((&answer["ack"], &answer["event"]), (&7.into(), &event.into()));
        }
        keys::check_position(self.partition, applied, &self.lease);
        if let Outcome::Refused(_) | Outcome::Again = applied.outcome {
            // A repeated join lets the connection in that repeats it.
            let enters = applied.outcome == Outcome::Again && record.event == "join-room";
            assert!(enters || applied.left_untouched(), "{applied:?}");
            // A claim that came to nothing is given back, and a repeated one goes on again.
            let sends = !applied.sent.is_empty();
            assert!(enters || !sends || record.event == "create-room", "{applied:?}");
            assert!(applied.told.is_empty(), "a refusal is told to nobody: {:?}", applied.told);
            assert!(applied.reached.is_empty(), "nor to users: {:?}", applied.reached);
        }
        let logged: Vec<&Json> =
            applied.told.iter().filter(|told| told.get("id").is_some()).collect();
        assert_eq!(logged.len(), usize::from(applied.outcome == Outcome::Logged));
        for told in logged {
            assert_eq!(told["id"], record.id.to_string());
            assert_eq!(told["prev"], self.last.as_str(), "the entries have no hole");
            assert_eq!(told["term"], self.lease.term);
            self.last = record.id.to_string();
        }
    }

    /// Runs the commit of a record at a place, as a worker does.
    pub async fn commit(&self, place: Place, record: &Record) -> Outcome {
        self.committed(place, record).await.outcome
    }

    async fn committed(&self, place: Place, record: &Record) -> Committed {
        let call = workers::apply::call(Commit::new(place, record), &self.config);
        Committed::read(run(&self.redis, self.node, call).await)
    }

    async fn outbox(&self) -> Vec<BTreeMap<String, String>> {
        let outbox = key::outbox(self.partition);
        let entries: Vec<(String, Vec<String>)> =
            self.command(&["XRANGE", &outbox, "-", "+"]).await;
        let fields = |fields: Vec<String>| {
            fields.chunks(2).map(|pair| (pair[0].clone(), pair[1].clone())).collect()
        };
        entries.into_iter().map(|(_, flat)| fields(flat)).collect()
    }

    /// What was heard since the last look: the room's publications, and the answers.
    pub async fn heard(&mut self) -> (Vec<Json>, Vec<Json>) {
        self.ear.all().await
    }

    /// All keys of the partition but its intake, with their contents. Empty while the stage is not wary.
    pub async fn snapshot(&self) -> Keys {
        if self.wary { snapshot(&self.redis, self.partition).await } else { Keys::default() }
    }
}

/// The edge that events come from.
pub const EDGE: &str = "edge-1";

/// Another edge.
pub const OTHER_EDGE: &str = "edge-2";

/// Runs one call; its reply may be an error of the server.
pub async fn run(redis: &Redis, node: NodeId, call: Cmd) -> redis::Value {
    let mut batch = Batch::default();
    batch.add(call);
    batch.run(redis, node).await.expect("the node answers").remove(0)
}
