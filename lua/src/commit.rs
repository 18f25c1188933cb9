//! Commits: one script call per event, with what every event's script starts with (`lib/open`).
//!
//! A commit's arguments and the script's header are the only two places that know their order.

use redis::{Cmd, Value};
use sha1_smol::Sha1;

use crate::event;
use crate::id::{EventId, Partition};
use crate::key;
use crate::limit::DEAD_LETTERS_MAX;
use crate::record::{self, BadRecord, Record, text};
use crate::refusal::Refusal;
use crate::script::{INTAKE_BURY, INTAKE_REFUSE, Source};

/// The worker's place in a partition: what a commit must find in Redis, or be refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The partition.
    pub partition: Partition,
    /// The owner's fence.
    pub fence: u64,
    /// Events applied so far.
    pub seq: u64,
}

/// What a commit came to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The event's effects are in Redis; the room's log has no entry of it.
    Applied,
    /// The event's effects are in Redis, with an entry in the room's log.
    Logged,
    /// A request that was answered before got its first answer.
    Again,
    /// A rule of the state said no; the code.
    Refused(String),
    /// The event is put aside among the dead letters, of which so many older ones had to go for it.
    Buried(u64),
    /// Another worker owns the partition.
    Fenced,
    /// The partition is somewhere else than the worker thought.
    Rewind,
    /// Redis cannot do it now: nothing is known to have happened; start again from its position.
    Trouble(String),
    /// The script is not loaded.
    NoScript,
    /// The script cannot apply this event, whenever it is tried.
    Defect(String),
}

/// A script's reply: what the event came to, and what is left for the worker to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Committed {
    /// What the event came to.
    pub outcome: Outcome,
    /// The rest, once the outcome is done.
    pub rest: Rest,
    /// What is to be published, where scripts leave that to the worker: channels and messages, in order.
    pub told: Vec<(String, String)>,
}

/// What is left to do after a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rest {
    /// Nothing.
    Nothing,
    /// The outbox has something to relay; after that the answer is to be published, which is empty
    /// where nobody waits.
    Relay {
        /// The message for the inbox of the edge that asked.
        answer: String,
    },
    /// Other entities are to be read for the answer: their ids.
    Gather(Vec<String>),
}

impl Committed {
    /// Reads a script's reply: a word, or a list of the word and what is left; all that perhaps in a list
    /// that begins with `held` and ends with what is to be published.
    pub fn read(reply: Value) -> Self {
        let Value::Array(list) = reply else {
            return Self { outcome: Outcome::read(reply), rest: Rest::Nothing, told: Vec::new() };
        };
        let mut list = list.into_iter();
        let word = list.next().unwrap_or(Value::Nil);
        match text(word.clone()).as_deref() {
            Some("held") => {
                let within = Self::read(list.next().unwrap_or(Value::Nil));
                Self { told: pairs(list.next().unwrap_or(Value::Nil)), ..within }
            }
            Some("gather") => {
                let rest = Rest::Gather(list.filter_map(text).collect());
                Self { outcome: Outcome::Applied, rest, told: Vec::new() }
            }
            _ => {
                let answer = list.next().and_then(text).unwrap_or_default();
                let rest = Rest::Relay { answer };
                Self { outcome: Outcome::read(word), rest, told: Vec::new() }
            }
        }
    }
}

/// A flat list as pairs.
fn pairs(list: Value) -> Vec<(String, String)> {
    let Value::Array(list) = list else { return Vec::new() };
    let mut texts = list.into_iter().filter_map(text);
    std::iter::from_fn(|| Some((texts.next()?, texts.next()?))).collect()
}

/// Words of errors that say nothing about the event: of Redis 7 and 8 and of Valkey all that mean "not
/// now", "not here" or "not you". What is left is the event's or the script's fault: `ERR`, `WRONGTYPE` and
/// what a script itself raises.
const TROUBLE: &[&str] = &[
    "ASK",
    "BUSY",
    "CLUSTERDOWN",
    "CROSSSLOT",
    "DENIED",
    "IOERR",
    "LOADING",
    "MASTERDOWN",
    "MISCONF",
    "MOVED",
    "NOAUTH",
    "NOGOODSLAVE",
    "NOPERM",
    "NOREPLICAS",
    "NOTBUSY",
    "OOM",
    "READONLY",
    "REDIRECT",
    "TRYAGAIN",
    "UNBLOCKED",
    "UNKILLABLE",
    "WRONGPASS",
];

/// The same inside a script, where Redis has no word of its own for it: a slot that is being moved, a
/// cluster that is down, a user who lacks a permission.
const TROUBLE_INSIDE: &[&str] = &[
    "Script attempted to access a non local key",
    "Script attempted to execute a command while the cluster is down",
    "Script attempted to execute a write command while the cluster is down",
    "The user executing the script can't",
];

fn is_trouble(code: &str, details: &str) -> bool {
    let inside = || TROUBLE_INSIDE.iter().any(|text| details.contains(text));
    TROUBLE.contains(&code) || (code == "ERR" && inside())
}

impl Outcome {
    fn read(reply: Value) -> Self {
        if let Value::ServerError(error) = &reply {
            let details = error.details().unwrap_or_default();
            let detail = format!("{} {details}", error.code());
            return match error.code() {
                "FENCED" => Self::Fenced,
                "REWIND" => Self::Rewind,
                "NOSCRIPT" => Self::NoScript,
                code if is_trouble(code, details) => Self::Trouble(detail),
                _ => Self::Defect(detail),
            };
        }
        match text(reply).as_deref() {
            Some("applied") => Self::Applied,
            Some("logged") => Self::Logged,
            Some("again") => Self::Again,
            Some(other) => match other.split_once(' ') {
                Some(("refused", code)) => Self::Refused(code.to_owned()),
                Some(("buried", dropped)) => Self::Buried(dropped.parse().unwrap_or(0)),
                _ => Self::Defect(format!("a script answered {other:?}")),
            },
            None => Self::Defect("a script answered with no word".to_owned()),
        }
    }

    /// Whether the partition is past the event.
    pub fn is_done(&self) -> bool {
        matches!(
            self,
            Self::Applied | Self::Logged | Self::Again | Self::Refused(_) | Self::Buried(_)
        )
    }
}

/// One event's commit: who it is for and where it stands.
pub struct Commit<'a> {
    place: Place,
    record: &'a Record,
    once: String,
    digest: String,
}

impl<'a> Commit<'a> {
    /// The commit of `record` at `place`.
    pub fn new(place: Place, record: &'a Record) -> Self {
        Self { place, record, once: String::new(), digest: String::new() }
    }

    /// Makes a repeat of the request get the first answer. `payload` is the event as it was read: two
    /// requests are the same if it is, whatever the order and spacing of their JSON.
    pub fn once(self, request: Option<&str>, payload: &impl serde::Serialize) -> Self {
        let event = &self.record.event;
        self.once_as(event, request, payload)
    }

    /// The same for a part of an event, under a name of its own: the parts of one may meet in one
    /// partition.
    pub fn once_as(
        mut self,
        name: &str,
        request: Option<&str>,
        payload: &impl serde::Serialize,
    ) -> Self {
        if let Some(request) = request {
            let record = self.record;
            let json = serde_json::to_string(payload).expect("payloads are plain data");
            self.once =
                key::once(self.place.partition, &record.user, name, &record.entity, request);
            self.digest = Sha1::from(json).digest().to_string();
        }
        self
    }

    /// The record that is committed.
    pub fn record(&self) -> &Record {
        self.record
    }

    /// The partition it belongs to.
    pub fn partition(&self) -> Partition {
        self.place.partition
    }

    /// The connection it came from; empty where it came from none.
    pub fn origin(&self) -> &str {
        self.record.origin.as_ref().map_or("", |origin| &origin.connection)
    }

    /// The edge it came from; empty where it came from none.
    pub fn edge(&self) -> &str {
        self.record.origin.as_ref().map_or("", |origin| &origin.edge)
    }

    /// The channel on which the answer is awaited; empty where nobody waits.
    pub fn inbox(&self) -> String {
        match &self.record.origin {
            Some(origin) => key::inbox(self.place.partition, &origin.edge),
            None => String::new(),
        }
    }

    /// The call of an event's script: the keys and arguments of `lib/open`, then its own.
    pub(crate) fn call(&self, source: &Source, keys: &[String], args: &[&str]) -> Cmd {
        let inbox = self.inbox();
        let position = key::position(self.place.partition);
        // A key that a script does not use must still be in the partition's slot.
        let in_slot = |key: &str| if key.is_empty() { position.clone() } else { key.to_owned() };
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(source.script.get_hash())
            .arg(keys.len() + 4)
            .arg(&position)
            .arg(in_slot(&inbox))
            .arg(in_slot(&self.once))
            .arg(key::outbox(self.place.partition))
            .arg(keys)
            .arg(self.place.fence)
            .arg(self.place.seq)
            .arg(self.record.id.to_string())
            .arg(self.reply())
            .arg(&self.digest)
            .arg(record_source(self.record))
            .arg(args);
        cmd
    }

    /// The answer's envelope, up to where the body goes. Nobody waits for what the system itself sends,
    /// unless it asks for an acknowledgement. What came in over the ingress is told in full where it is
    /// refused.
    fn reply(&self) -> String {
        let record = self.record;
        let json = |text: &str| serde_json::to_string(text).expect("text is plain data");
        if let Some(id) = record.ingress() {
            return format!(
                r#"{{"source":"{id}","event":{},"as":{},"payload":{}"#,
                json(&record.event),
                json(record.user.as_str()),
                json(&record.payload),
            );
        }
        let Some(origin) = &record.origin else { return String::new() };
        if record.ack.is_none() && event::is_system(&record.event) {
            return String::new();
        }
        let ack = record.ack.map(|ack| format!(r#","ack":{ack}"#)).unwrap_or_default();
        format!(
            r#"{{"connection":{}{ack},"event":{},"entity":{}"#,
            json(&origin.connection),
            json(&record.event),
            json(&record.entity),
        )
    }

    /// An answer that is not a script's: `body` is `"result":…` or `"error":…`. Empty where nobody
    /// waits.
    pub fn answer(&self, body: &str) -> String {
        let reply = self.reply();
        if reply.is_empty() { reply } else { format!("{reply},{body}}}") }
    }

    /// Commits a refusal that needs no state.
    pub fn refuse(&self, refusal: &Refusal) -> Cmd {
        let body = format!(r#""error":{}"#, refusal.json());
        self.call(&INTAKE_REFUSE, &[], &[refusal.code.word(), &body])
    }

    /// Puts the event aside as one that cannot be applied.
    pub fn bury(&self, error: &str) -> Cmd {
        let fields = self.record.fields();
        let max = DEAD_LETTERS_MAX.to_string();
        let mut args = vec![max.as_str(), error];
        args.extend(fields.iter().map(String::as_str));
        self.call(&INTAKE_BURY, &[key::dead(self.place.partition)], &args)
    }
}

fn record_source(record: &Record) -> String {
    record.source.as_ref().map(record::Source::text).unwrap_or_default()
}

/// Puts aside an entry that is no record.
pub fn bury_entry(place: Place, bad: &BadRecord) -> Cmd {
    let position = key::position(place.partition);
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(INTAKE_BURY.script.get_hash())
        .arg(5)
        .arg(&[&position, &position, &position, &key::outbox(place.partition)])
        .arg(key::dead(place.partition))
        .arg(place.fence)
        .arg(place.seq)
        .arg(bad.id.to_string())
        .arg(&["", "", ""])
        .arg(DEAD_LETTERS_MAX)
        .arg(bad.to_string())
        .arg(&bad.fields);
    cmd
}

/// `XREAD` of the entries after `applied`: harmless for anyone, so it needs no fence.
pub fn read(partition: Partition, applied: EventId, count: usize) -> Cmd {
    let mut cmd = redis::cmd("XREAD");
    cmd.arg("COUNT").arg(count).arg("STREAMS").arg(key::intake(partition)).arg(applied.to_string());
    cmd
}

/// The entries in the reply to [`read`], oldest first.
pub fn read_reply(reply: Value) -> Vec<Result<Record, BadRecord>> {
    crate::record::entries(reply).into_iter().map(|(id, fields)| Record::read(id, fields)).collect()
}
