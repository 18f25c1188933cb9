//! Dead letters: events that could not be applied because of a defect, as operators see them and send
//! them back once the defect is mended.
//!
//! ```text
//! rt:{p17}:dead  1795413580067-0
//!   source   1795413580066-3         the event's id; `outbox` for what could not be relayed
//!   error    WRONGTYPE …             what went wrong
//!   event    send-message            and the other fields of the record
//! ```

use redis::{Cmd, RedisError, Value};
use serde::Serialize;

use crate::batch::Batch;
use crate::id::{EventId, Partition};
use crate::key;
use crate::record::{self, BadRecord, Origin, Record, Source};
use crate::script::INTAKE_REPLAY;
use crate::topology::Redis;

/// Letters that are sent back in one pipeline.
const REPLAY_BATCH: usize = 100;

/// One dead letter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Letter {
    /// Its id among the dead letters of its partition; its time is when the event was put aside.
    pub id: EventId,
    /// Its partition.
    pub partition: usize,
    /// What the event was: `source`, `error`, then the fields of its record, in order.
    pub fields: Vec<(String, String)>,
}

/// Which letters are meant.
#[derive(Debug, Clone, Copy, Default)]
pub struct Which {
    /// Those of this partition alone.
    pub partition: Option<Partition>,
    /// The one with this id alone; several partitions may have one.
    pub id: Option<EventId>,
    /// The newest of each partition, at most so many.
    pub newest: Option<usize>,
}

impl Letter {
    /// A field's value; empty where there is none.
    pub fn field(&self, name: &str) -> &str {
        self.fields.iter().find(|(found, _)| found == name).map_or("", |(_, value)| value)
    }

    /// The record that it was; an error where it was none, and cannot be applied again.
    pub fn record(&self) -> Result<Record, BadRecord> {
        // What the letter says itself stands before the record's own fields, which may have one name with it.
        let flat: Vec<String> = self.fields.iter().skip(2).flat_map(pair).collect();
        if self.fields.first().is_some_and(|(_, source)| source == "outbox") {
            return Err(BadRecord { id: self.id, field: "to", fields: flat });
        }
        Record::read(self.id, flat)
    }

    fn replay(&self, mut record: Record) -> Cmd {
        let partition = Partition::new(self.partition as u16).expect("it was read from there");
        let is_relayed = record.is_relayed();
        // Nobody waits for the answer any more. What came in over the ingress is still refused there.
        let ingress = record.ingress().map(|id| id.to_string());
        record.origin =
            ingress.map(|connection| Origin { edge: Source::INGRESS.to_owned(), connection });
        (record.ack, record.source) = (None, None);
        let mut cmd = redis::cmd("EVALSHA");
        cmd.arg(INTAKE_REPLAY.script.get_hash())
            .arg(4)
            .arg(key::position(partition))
            .arg(key::dead(partition))
            .arg(key::intake(partition))
            .arg(key::bell(partition))
            .arg(self.id.to_string())
            .arg(u8::from(is_relayed))
            .arg(record.fields());
        cmd
    }
}

fn pair((name, value): &(String, String)) -> [String; 2] {
    [name.clone(), value.clone()]
}

/// The dead letters that are meant, by partition, the oldest first.
pub async fn list(redis: &Redis, which: Which) -> Result<Vec<Letter>, RedisError> {
    let mut letters = Vec::new();
    for node in redis.nodes() {
        let mut batch = Batch::default();
        let partitions: Vec<_> = Partition::all()
            .filter(|partition| redis.node_of(*partition) == node)
            .filter(|partition| which.partition.is_none_or(|only| only == *partition))
            .collect();
        for partition in &partitions {
            batch.add(read(*partition, which));
        }
        for (partition, reply) in partitions.into_iter().zip(batch.run(redis, node).await?) {
            if let Value::ServerError(problem) = reply {
                return Err(problem.into());
            }
            let Value::Array(list) = reply else { continue };
            let found = list.into_iter().filter_map(record::entry).map(|(id, fields)| Letter {
                id,
                partition: partition.index(),
                fields: fields.chunks_exact(2).map(|p| (p[0].clone(), p[1].clone())).collect(),
            });
            let mut found: Vec<Letter> = found.collect();
            found.reverse();
            letters.append(&mut found);
        }
    }
    letters.sort_by_key(|letter| (letter.partition, letter.id));
    Ok(letters)
}

fn read(partition: Partition, which: Which) -> Cmd {
    let id = which.id.map(|id| id.to_string());
    let mut cmd = redis::cmd("XREVRANGE");
    cmd.arg(key::dead(partition))
        .arg(id.as_deref().unwrap_or("+"))
        .arg(id.as_deref().unwrap_or("-"));
    if let Some(newest) = which.newest {
        cmd.arg("COUNT").arg(newest);
    }
    cmd
}

/// Sends letters back into their intakes, in order, as new events without anybody who waits for an
/// answer. Gives those that are not there any more: somebody else has sent them back, or deleted them. A
/// letter that is no record is left where it is.
pub async fn replay(redis: &Redis, letters: &[Letter]) -> Result<Vec<EventId>, RedisError> {
    let mut gone = Vec::new();
    let calls: Vec<_> = letters
        .iter()
        .filter_map(|letter| Some((letter, letter.replay(letter.record().ok()?))))
        .collect();
    for node in redis.nodes() {
        let here = |letter: &Letter| {
            Partition::new(letter.partition as u16).is_some_and(|at| redis.node_of(at) == node)
        };
        let here: Vec<_> = calls.iter().filter(|(letter, _)| here(letter)).collect();
        for some in here.chunks(REPLAY_BATCH) {
            let mut batch = Batch::default();
            some.iter().for_each(|(_, call)| batch.add(call.clone()));
            for ((letter, _), reply) in some.iter().zip(batch.run(redis, node).await?) {
                match reply {
                    Value::Int(1) => {}
                    Value::ServerError(problem) => return Err(problem.into()),
                    _ => gone.push(letter.id),
                }
            }
        }
    }
    Ok(gone)
}
