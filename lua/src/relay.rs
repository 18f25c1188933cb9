//! The relay: what events caused in other partitions goes from the outbox into the intakes that it is
//! for, in order; what is for back ends goes to their streams.
//!
//! An entry may be handed on twice, by a worker that died before it said so or by one that woke up too
//! late. It takes effect once: places in one source only grow, and who receives passes over what is not
//! after the newest of that source. For that, an entry must never overtake one before it: what goes
//! to one target goes in one call, which does all or nothing, and after one that failed nothing of its
//! source counts as handed on.
//!
//! ```text
//! rt:{p17}:outbox  1795413580061-0
//!   to       intake            or `lifecycle`, `refused`
//!   term     1795413000        the partition's term when it was put here
//!   event    room-entered      and the other fields of a record, or those of the stream's entry
//! ```

use std::collections::HashMap;

use redis::{Cmd, Value};
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::batch::Spread;
use crate::durability::Safety;
use crate::id::{EventId, Partition, UserId};
use crate::intake::Entry;
use crate::key;
use crate::limit::{DEAD_LETTERS_MAX, REFUSED_MAX};
use crate::record::{self, Origin, Record, Source, text};
use crate::refusal::Refusal;
use crate::script::{RELAY_ADVANCE, RELAY_APPEND, RELAY_DELIVER};
use crate::topology::{NodeId, Redis};

/// Most entries for one target in one call.
const LOAD_MAX: usize = 1_000;

/// From how many bytes on a shipment takes no more.
const SHIPMENT_BYTES_MAX: usize = 8 << 20;

/// Most fields of an entry that a script can pass on.
const FIELDS_MAX: usize = 64;

/// Where an entry goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Target {
    /// A partition's intake.
    Intake(Partition),
    /// The stream of what happens to rooms and users.
    Lifecycle,
    /// The stream of what was refused of the ingress.
    Refused,
}

/// An entry on its way, with where it comes from if it must not take effect twice.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parcel {
    /// Where it goes.
    pub target: Target,
    /// Where it comes from.
    pub source: Option<Source>,
    /// Fields and values, flat.
    pub fields: Vec<String>,
}

impl Parcel {
    /// An event on its way into the intake.
    ///
    /// # Panics
    /// When the entry names no user.
    pub fn of(entry: Entry, source: Option<Source>) -> Self {
        let record = Record {
            id: EventId::default(),
            event: entry.event.to_owned(),
            entity: entry.entity,
            user: entry.user.parse().expect("the door lets in who has an id"),
            name: entry.name,
            roles: entry.roles,
            origin: Origin::read(&entry.origin),
            ack: entry.ack,
            payload: String::from_utf8_lossy(&entry.payload).into_owned(),
            source,
        };
        let mut fields = record.fields();
        if let Some(request) = entry.request {
            fields.extend(["request".to_owned(), request]);
        }
        Self { target: Target::Intake(entry.partition), source: record.source, fields }
    }
}

/// An entry that cannot be relayed, whenever it is tried.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Defect {
    /// What is wrong.
    pub problem: String,
    /// The entry's fields and values, flat.
    pub fields: Vec<String>,
}

/// How much the targets take.
#[derive(Debug, Clone, Copy, Default)]
pub struct Bounds {
    /// Entries that the lifecycle stream keeps.
    pub lifecycle_max: u64,
    /// Entries of an intake from which on it takes no more; 0 where it takes any number.
    pub intake_max: u64,
}

/// The call that reads what waits in a partition's outbox, at most `count` entries. What is relayed is
/// not there any more.
pub fn read(partition: Partition, count: usize) -> Cmd {
    let mut cmd = redis::cmd("XRANGE");
    cmd.arg(key::outbox(partition)).arg("-").arg("+").arg("COUNT").arg(count);
    cmd
}

/// The entries in the reply to [`read`], oldest first.
pub fn read_reply(partition: Partition, reply: Value) -> Vec<(EventId, Result<Parcel, Defect>)> {
    let Value::Array(list) = reply else { return Vec::new() };
    let entries = list.into_iter().filter_map(record::entry);
    let stream = partition.index().to_string();
    entries
        .map(|(id, fields)| {
            let parcel = addressed(&stream, id, &fields);
            (id, parcel.map_err(|problem| Defect { problem: problem.to_owned(), fields }))
        })
        .collect()
}

/// Reads where an entry of the outbox goes.
fn addressed(stream: &str, id: EventId, fields: &[String]) -> Result<Parcel, &'static str> {
    let [to, target, rest @ ..] = fields else { return Err("the entry has no target") };
    if to != "to" || rest.len() > 2 * FIELDS_MAX {
        return Err("the entry is none of ours");
    }
    // Before there were terms, there was none in it.
    let (term, rest) = match rest {
        [name, term, rest @ ..] if name == "term" => (term.parse().unwrap_or(0), rest),
        _ => (0, rest),
    };
    let source = Source { stream: stream.to_owned(), term, id };
    let field =
        |name: &str| rest.chunks_exact(2).find(|pair| pair[0] == name).map(|pair| pair[1].as_str());
    let (target, mut fields) = match target.as_str() {
        "intake" => {
            let entity = field("entity").ok_or("the entry names no entity")?;
            (Target::Intake(Partition::of(entity)), relayed_on(rest))
        }
        "lifecycle" => (Target::Lifecycle, rest.to_vec()),
        "refused" => {
            let told: Told<'_> = field("body")
                .and_then(|body| serde_json::from_str(body).ok())
                .ok_or("the entry does not say what was refused")?;
            (Target::Refused, told.fields())
        }
        _ => return Err("the entry's target is unknown"),
    };
    if let Target::Intake(_) = target {
        fields.extend(["source".to_owned(), source.text()]);
    }
    Ok(Parcel { target, source: Some(source), fields })
}

/// The fields of an event that goes on. Where it came from itself stands in the way of where it comes from
/// now; who came in over the ingress is remembered as the origin, so that a refusal finds its way.
fn relayed_on(fields: &[String]) -> Vec<String> {
    let mut fields = fields.to_vec();
    let Some(at) = fields.chunks_exact(2).position(|pair| pair[0] == "source") else {
        return fields;
    };
    let before = fields.drain(2 * at..2 * at + 2).next_back().unwrap_or_default();
    if let Some(source) = Source::read(&before).filter(|source| source.stream == Source::INGRESS)
        && let Some(at) = fields.chunks_exact(2).position(|pair| pair[0] == "origin")
    {
        fields[2 * at + 1] = Origin::text(&source.stream, &source.id.to_string());
    }
    fields
}

/// What a script tells of an event of the ingress that it refused.
#[derive(Deserialize)]
struct Told<'a> {
    source: EventId,
    event: String,
    #[serde(rename = "as")]
    user: UserId,
    payload: String,
    #[serde(borrow)]
    error: &'a RawValue,
}

/// What it says about why.
#[derive(Deserialize)]
struct Error {
    code: String,
    message: String,
    details: Option<Details>,
}

#[derive(Deserialize)]
struct Details {
    field: Option<String>,
}

impl Told<'_> {
    fn fields(&self) -> Vec<String> {
        let why = serde_json::from_str::<Error>(self.error.get());
        let (code, message, field) = match why {
            Ok(why) => (why.code, why.message, why.details.and_then(|details| details.field)),
            Err(_) => ("internal".to_owned(), self.error.get().to_owned(), None),
        };
        let event = Refused {
            source: self.source,
            // Where this comes from is the outbox that it is read of.
            term: 0,
            event: &self.event,
            user: self.user.as_str(),
            payload: &self.payload,
        };
        event.fields(&code, &message, field.as_deref())
    }
}

/// An event of the ingress that was refused.
#[derive(Debug, Clone, Copy)]
pub struct Refused<'a> {
    /// Its id there.
    pub source: EventId,
    /// The term there.
    pub term: u64,
    /// Its name.
    pub event: &'a str,
    /// The user that it was to be sent as.
    pub user: &'a str,
    /// Its payload.
    pub payload: &'a str,
}

impl Refused<'_> {
    /// The refusal on its way to those who look after it.
    pub fn parcel(&self, refusal: &Refusal) -> Parcel {
        Parcel {
            target: Target::Refused,
            source: Some(self.source()),
            fields: self.fields(refusal.code.word(), &refusal.message, refusal.field.as_deref()),
        }
    }

    /// Where it comes from.
    pub fn source(&self) -> Source {
        Source { stream: Source::INGRESS.to_owned(), term: self.term, id: self.source }
    }

    fn fields(&self, code: &str, message: &str, field: Option<&str>) -> Vec<String> {
        let id = self.source.to_string();
        let mut fields = vec![
            ("source", id.as_str()),
            ("event", self.event),
            ("as", self.user),
            ("payload", self.payload),
            ("code", code),
            ("message", message),
        ];
        fields.extend(field.map(|field| ("field", field)));
        fields.into_iter().flat_map(|(name, value)| [name.to_owned(), value.to_owned()]).collect()
    }
}

/// The call that takes out of the outbox what is relayed, up to `relayed`, and puts defects aside.
/// Gives how many entries wait, or `FENCED`.
pub fn advance(partition: Partition, fence: u64, relayed: EventId, defects: &[Defect]) -> Cmd {
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(RELAY_ADVANCE.script.get_hash())
        .arg(3)
        .arg(key::position(partition))
        .arg(key::outbox(partition))
        .arg(key::dead(partition))
        .arg(fence)
        .arg(relayed.to_string())
        .arg(DEAD_LETTERS_MAX);
    for defect in defects {
        let kept = &defect.fields[..defect.fields.len().min(2 * FIELDS_MAX)];
        cmd.arg(&defect.problem).arg(kept.len()).arg(kept);
    }
    cmd
}

/// The call that publishes an answer on an edge's inbox channel, or whatever a script left to its worker.
pub fn publish(channel: &str, answer: &str) -> Cmd {
    let mut cmd = redis::cmd("SPUBLISH");
    cmd.arg(channel).arg(answer);
    cmd
}

/// Entries that are handed on together: one call for each target, one pipeline for each node.
#[derive(Default)]
pub struct Shipment {
    loads: Vec<Load>,
    places: HashMap<Target, usize>,
    bytes: usize,
}

/// What goes to one target.
struct Load {
    target: Target,
    count: usize,
    args: Vec<String>,
}

impl Shipment {
    /// Adds an entry. Gives the number of its load, or nothing where it must wait for the next shipment.
    pub fn add(&mut self, parcel: Parcel) -> Option<usize> {
        let bytes: usize = parcel.fields.iter().map(String::len).sum();
        if self.bytes > 0 && self.bytes + bytes > SHIPMENT_BYTES_MAX {
            return None;
        }
        let place = *self.places.entry(parcel.target).or_insert_with(|| {
            self.loads.push(Load { target: parcel.target, count: 0, args: Vec::new() });
            self.loads.len() - 1
        });
        let load = &mut self.loads[place];
        if load.count == LOAD_MAX {
            return None;
        }
        self.bytes += bytes;
        load.add(parcel);
        Some(place)
    }

    /// Whether it holds nothing.
    pub fn is_empty(&self) -> bool {
        self.loads.is_empty()
    }

    /// Hands everything on. Tells for each load whether that is confirmed, and kept as `safety` says; what is
    /// not may have been handed on all the same.
    pub async fn send(self, redis: &Redis, bounds: Bounds, safety: &Safety) -> Vec<bool> {
        let mut spread = Spread::default();
        for load in self.loads {
            spread.add(load.target.node(redis), load.call(bounds));
        }
        let replies = spread.run_kept(redis, safety).await;
        if let Some(problem) = replies.iter().find_map(|reply| reply.as_ref().err()) {
            tracing::warn!(%problem, "entries could not be handed on");
            redis.mend(problem);
        }
        replies.into_iter().map(|reply| reply == Ok(Value::Int(1))).collect()
    }
}

impl Target {
    fn node(self, redis: &Redis) -> NodeId {
        match self {
            Self::Intake(partition) => redis.node_of(partition),
            Self::Lifecycle => redis.node_of_key(key::LIFECYCLE),
            Self::Refused => redis.node_of_key(key::REFUSED),
        }
    }

    /// Its word in metrics.
    pub fn label(self) -> &'static str {
        match self {
            Self::Intake(_) => "intake",
            Self::Lifecycle => "lifecycle",
            Self::Refused => "refused",
        }
    }
}

impl Load {
    fn add(&mut self, parcel: Parcel) {
        if !matches!(self.target, Target::Intake(_))
            && let Some(source) = parcel.source
        {
            let place = source.place();
            self.args.extend([source.stream, place]);
        }
        self.args.push(parcel.fields.len().to_string());
        self.args.extend(parcel.fields);
        self.count += 1;
    }

    fn call(&self, bounds: Bounds) -> Cmd {
        let mut cmd = redis::cmd("EVALSHA");
        let (script, keys, max) = match self.target {
            Target::Intake(partition) => {
                (&RELAY_DELIVER, [key::intake(partition), key::bell(partition)], bounds.intake_max)
            }
            Target::Lifecycle => {
                let keys = [key::LIFECYCLE, key::LIFECYCLE_SOURCES].map(str::to_owned);
                (&RELAY_APPEND, keys, bounds.lifecycle_max)
            }
            Target::Refused => {
                let keys = [key::REFUSED, key::REFUSED_SOURCES].map(str::to_owned);
                (&RELAY_APPEND, keys, REFUSED_MAX)
            }
        };
        cmd.arg(script.script.get_hash()).arg(2).arg(&keys).arg(max).arg(&self.args);
        cmd
    }
}

/// Reads the reply to [`advance`]: how many entries wait, or nothing where it failed.
pub fn waiting(reply: Value) -> Option<u64> {
    text(reply)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parcel(entity: &str) -> Parcel {
        let target = Target::Intake(Partition::of(entity));
        Parcel { target, source: None, fields: vec!["entity".to_owned(), entity.to_owned()] }
    }

    #[test]
    fn what_goes_to_one_target_goes_in_one_call_and_no_more_than_it_takes() {
        let mut shipment = Shipment::default();
        for _ in 0..LOAD_MAX {
            assert_eq!(shipment.add(parcel("a")), Some(0));
        }
        assert_eq!(shipment.add(parcel("a")), None, "it waits for the next one");
        assert_eq!(shipment.add(parcel("b")), Some(1));
        assert_eq!(shipment.loads.len(), 2);
    }

    #[test]
    fn an_entry_that_cannot_be_addressed_is_a_defect() {
        let id = EventId { ms: 1, seq: 0 };
        let read = |fields: &[&str]| {
            let fields: Vec<String> = fields.iter().map(|field| (*field).to_owned()).collect();
            addressed("1", id, &fields)
        };
        for bad in [
            &[][..],
            &["to", "nowhere"],
            &["event", "notify"],
            &["to", "intake", "event", "notify"],
            &["to", "refused", "body", "{}"],
        ] {
            assert!(read(bad).is_err(), "{bad:?}");
        }
        let good = read(&["to", "intake", "entity", "user:ann"]).expect("it is addressed");
        assert_eq!(good.target, Target::Intake(Partition::of("user:ann")));
        assert_eq!(good.fields, ["entity", "user:ann", "source", "1 1-0"]);
        let good =
            read(&["to", "intake", "term", "7", "entity", "user:ann"]).expect("it is addressed");
        assert_eq!(good.fields, ["entity", "user:ann", "source", "1 7 1-0"]);
    }

    #[test]
    fn what_a_script_refused_is_told_field_by_field() {
        let body = r#"{"source":"5-1","event":"send-message","as":"ann","payload":"{\"a\":1}",
            "error":{"code":"muted","message":"no","details":{"field":"roomId"}}}"#;
        let fields = ["to", "refused", "body", body].map(str::to_owned);
        let parcel = addressed("1", EventId { ms: 1, seq: 0 }, &fields).expect("it is addressed");
        let expected = [
            ["source", "5-1"],
            ["event", "send-message"],
            ["as", "ann"],
            ["payload", r#"{"a":1}"#],
            ["code", "muted"],
            ["message", "no"],
            ["field", "roomId"],
        ];
        assert_eq!(parcel.fields, expected.concat());
    }
}
