//! Consume: a loop per Redis node that reads the intakes of the partitions that were rung, applies
//! what it finds in one pipeline, and stops a partition at the first event that did not apply.
//!
//! The truth is the applied position beside the fence in Redis. Reading is harmless for anyone; what
//! another worker must not do is commit, and the commit checks the fence and the sequence. A partition
//! whose commit failed is given up and taken anew, which reads the position: nothing is sent again by
//! guess.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use lua::batch::Batch;
use lua::commit::{self, Commit, Committed, Outcome, Place, Rest};
use lua::durability::Safety;
use lua::id::{EventId, Partition};
use lua::record::{BadRecord, Record};
use lua::term::Mark;
use lua::topology::NodeId;
use lua::{Cmd, Redis, Value};
use tokio_util::sync::CancellationToken;
use tracing::{debug, error, warn};

use crate::config::Config;
use crate::gather::Gatherer;
use crate::held::{Answer, Outbox, Run};
use crate::panics::caught;
use crate::partitions::{AddedTo, Partitions, Turn};

/// How long an idle consumer waits for a doorbell before it looks at every partition all the same.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// How long a consumer waits when Redis cannot serve.
const PAUSE: Duration = Duration::from_millis(100);

/// What the consumers of one worker share.
pub struct Consumer {
    pub redis: Redis,
    pub partitions: Arc<Partitions>,
    pub gatherer: Gatherer,
    pub safety: Safety,
    pub config: Config,
}

/// An entry that is sent to Redis, and whose reply is awaited.
pub struct Sent {
    pub place: Place,
    added_to: AddedTo,
    pub id: EventId,
    entry: Result<Record, BadRecord>,
    /// Why it cannot be applied: it is put aside.
    pub problem: Option<String>,
}

/// How a partition's turn ended.
enum End {
    /// All of its events are applied.
    Done,
    /// It must be taken anew.
    Stopped,
    /// An event cannot be applied: it is put aside first, then the partition goes on.
    Defect(Box<Sent>, String),
}

impl Consumer {
    /// Works until `shutdown`, and finishes the turn that it is in.
    pub async fn run(self: Arc<Self>, node: NodeId, shutdown: CancellationToken) {
        let mut looked = Instant::now();
        while !shutdown.is_cancelled() {
            let woken = self.partitions.wake.notified();
            tokio::pin!(woken);
            // Before looking: a doorbell between the look and the wait must not be lost.
            woken.as_mut().enable();
            if looked.elapsed() >= LOOK_ANYWAY {
                looked = Instant::now();
                self.partitions.ring_all();
            }
            let turns = self.partitions.turns(self.of_node(node));
            if turns.is_empty() {
                tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep(LOOK_ANYWAY) => {}
                    () = shutdown.cancelled() => {}
                }
            } else if !self.turn(node, &turns).await {
                tokio::time::sleep(PAUSE).await;
            }
        }
    }

    /// The partitions that a node holds now.
    pub fn of_node(&self, node: NodeId) -> impl Iterator<Item = Partition> + '_ {
        Partition::all().filter(move |partition| self.redis.node_of(*partition) == node)
    }

    /// Reads and applies once. False where Redis could not serve.
    async fn turn(&self, node: NodeId, turns: &[Turn]) -> bool {
        let mut reads = Batch::default();
        for turn in turns {
            reads.add(commit::read(
                turn.place.partition,
                turn.applied,
                self.at_once(turn) as usize,
            ));
        }
        let replies = match reads.run(&self.redis, node).await {
            Ok(replies) => replies,
            Err(problem) => {
                debug!(%problem, "reading intakes failed");
                turns.iter().for_each(|turn| self.partitions.ring(turn.place.partition));
                return false;
            }
        };
        let mut sent = self.prepare(turns, replies);
        if turns.iter().any(|turn| turn.suspect) {
            sent = self.count_attempts(node, turns, sent).await;
        }
        self.commit(node, sent).await
    }

    /// How many events of a partition are read and applied in one turn.
    fn at_once(&self, turn: &Turn) -> u64 {
        if turn.suspect { 1 } else { self.config.batch_max }
    }

    /// The commits of what was read, in order.
    fn prepare(&self, turns: &[Turn], replies: Vec<Value>) -> Vec<Sent> {
        let mut sent = Vec::new();
        for (turn, reply) in turns.iter().zip(replies) {
            if let Value::ServerError(problem) = &reply {
                debug!(partition = %turn.place.partition, code = problem.code(), "reading an intake failed");
                self.give_up(turn.place);
                continue;
            }
            let entries = commit::read_reply(reply);
            if entries.len() as u64 == self.at_once(turn) {
                self.partitions.ring(turn.place.partition);
            } else if turn.suspect {
                // What comes from now on was not there when the owner before ended.
                let Place { partition, fence, .. } = turn.place;
                self.partitions.with(partition, fence, |held| held.suspects = 0);
            }
            for (n, entry) in entries.into_iter().enumerate() {
                let place = Place { seq: turn.place.seq + n as u64, ..turn.place };
                let id = entry.as_ref().map_or_else(|bad| bad.id, |record| record.id);
                let problem = entry.as_ref().err().map(ToString::to_string);
                let added_to = turn.added_to.clone();
                sent.push(Sent { place, added_to, id, entry, problem });
            }
        }
        sent
    }

    /// The call that an entry becomes: to apply it, or to put it aside.
    fn call(&self, sent: &mut Sent) -> Cmd {
        let record = match &sent.entry {
            Ok(record) => record,
            Err(bad) => return commit::bury_entry(sent.place, bad),
        };
        let commit = || Commit::new(sent.place, record);
        let made = match sent.problem.take() {
            Some(problem) => Err(problem),
            None => caught(|| crate::apply::call(commit(), &self.config)),
        };
        made.unwrap_or_else(|problem| {
            let bury = commit().bury(&problem);
            sent.problem = Some(problem);
            bury
        })
    }

    async fn commit(&self, node: NodeId, mut sent: Vec<Sent>) -> bool {
        if sent.is_empty() {
            return true;
        }
        let begun = Instant::now();
        let mut batch = Batch::default();
        for sent in &mut sent {
            batch.add(self.call(sent));
        }
        metrics::histogram!("rt_apply_batch_size").record(batch.len() as f64);
        let is_held = |sent: &Sent| {
            let Place { partition, fence, .. } = sent.place;
            self.partitions.with(partition, fence, |_| ()).is_some()
        };
        let still = || sent.iter().any(is_held);
        let replies = match batch.run_kept(&self.redis, node, &self.safety, still).await {
            Ok(replies) => replies,
            Err(problem) => {
                warn!(%problem, "a batch's outcome is unknown; its partitions are read anew");
                sent.iter().for_each(|sent| self.give_up(sent.place));
                self.redis.refresh().await;
                return false;
            }
        };
        metrics::histogram!("rt_apply_seconds").record(begun.elapsed().as_secs_f64());
        let mut committed: Vec<Committed> = replies.into_iter().map(Committed::read).collect();
        if !self.tell(node, &sent, &mut committed).await {
            // The next owner has the edges read what was not published.
            sent.iter().for_each(|sent| self.give_up(sent.place));
            return false;
        }
        self.settle(node, sent, committed).await
    }

    /// Takes note of the replies, partition by partition.
    async fn settle(&self, node: NodeId, sent: Vec<Sent>, committed: Vec<Committed>) -> bool {
        let mut served = true;
        let mut stopped: Option<Partition> = None;
        for (sent, committed) in sent.into_iter().zip(committed) {
            let place = sent.place;
            if stopped == Some(place.partition) {
                continue;
            }
            stopped = match self.note(sent, committed) {
                End::Done => None,
                End::Stopped => {
                    self.give_up(place);
                    served = false;
                    Some(place.partition)
                }
                End::Defect(sent, problem) => {
                    served &= self.bury(node, *sent, problem).await;
                    self.give_up(place);
                    Some(place.partition)
                }
            };
        }
        if !served {
            self.redis.refresh().await;
        }
        served
    }

    /// Takes note of what one event came to.
    fn note(&self, sent: Sent, committed: Committed) -> End {
        let partition = sent.place.partition;
        match committed.outcome {
            Outcome::Applied
            | Outcome::Logged
            | Outcome::Again
            | Outcome::Refused(_)
            | Outcome::Buried(_) => {
                self.count(&sent, &committed.outcome);
                self.done(sent, committed);
                End::Done
            }
            Outcome::Fenced => {
                warn!(%partition, fence = sent.place.fence, "the partition has another owner");
                End::Stopped
            }
            Outcome::Rewind => {
                warn!(%partition, seq = sent.place.seq, "the partition is not where it was");
                End::Stopped
            }
            Outcome::NoScript => {
                debug!(%partition, "a script is not loaded");
                End::Stopped
            }
            Outcome::Trouble(problem) => {
                warn!(%partition, %problem, "Redis cannot apply events now");
                End::Stopped
            }
            Outcome::Defect(problem) => End::Defect(Box::new(sent), problem),
        }
    }

    /// The partition is past the event: what is left to do?
    fn done(&self, sent: Sent, committed: Committed) {
        let Place { partition, fence, .. } = sent.place;
        let AddedTo { term, run } = sent.added_to.clone();
        let mut outbox = Outbox::default();
        match (&sent.entry, committed.rest) {
            (_, Rest::Nothing) | (Err(_), Rest::Gather(_)) => {}
            (Ok(record), Rest::Gather(ids)) => {
                self.gatherer.start(sent.place, record.clone(), ids);
            }
            (Ok(record), Rest::Relay { answer: text }) if !text.is_empty() => {
                let channel = Commit::new(sent.place, record).inbox();
                let event = Mark { id: sent.id, term };
                outbox.add(Some(Answer { channel, text, event }));
            }
            (_, Rest::Relay { .. }) => outbox.add(None),
        }
        let is_sent = outbox.pending;
        self.partitions.with(partition, fence, |held| {
            held.advance(sent.id);
            held.outbox.append(std::mem::take(&mut outbox));
            let Ok(record) = sent.entry else { return };
            if committed.outcome == Outcome::Logged {
                held.changed.insert(record.entity, record.id);
            } else if record.event == "edge-lost" {
                // It put events into the partition's own intake.
                self.partitions.ring(partition);
            }
        });
        // The partition may have been given up meanwhile.
        self.partitions.abandon(partition, &run, outbox);
        if is_sent {
            self.partitions.sent.notify_waiters();
        }
    }

    fn count(&self, sent: &Sent, outcome: &Outcome) {
        let event = match &sent.entry {
            Ok(record) => lua::event::row(&record.event).map_or("unknown", |row| row.name),
            Err(_) => "malformed",
        };
        let outcome = match outcome {
            Outcome::Refused(code) => code.clone(),
            Outcome::Again => "again".to_owned(),
            Outcome::Buried(dropped) => {
                self.count_buried(sent, *dropped);
                "buried".to_owned()
            }
            _ => "applied".to_owned(),
        };
        metrics::counter!("rt_events_applied_total", "event" => event, "outcome" => outcome)
            .increment(1);
    }

    fn count_buried(&self, sent: &Sent, dropped: u64) {
        let (partition, problem) = (sent.place.partition, sent.problem.as_deref());
        error!(%partition, event.id = %sent.id, problem, "an event cannot be applied: dead letter");
        metrics::counter!("rt_dead_letters_total").increment(1);
        if dropped > 0 {
            error!(%partition, dropped, "too many dead letters: the oldest are lost");
            metrics::counter!("rt_dead_letters_dropped_total").increment(dropped);
        }
    }

    /// The run id of the Redis process that has a partition now, as far as is known.
    pub fn run_of(&self, partition: Partition) -> Option<Run> {
        self.redis.run_id(self.redis.node_of(partition))
    }

    /// Puts an event aside that cannot be applied. False where that could not be done.
    async fn bury(&self, node: NodeId, mut sent: Sent, problem: String) -> bool {
        sent.problem = Some(problem);
        let mut batch = Batch::default();
        batch.add(self.call(&mut sent));
        let mut committed = match batch.run_kept(&self.redis, node, &self.safety, || true).await {
            Ok(mut replies) => Committed::read(replies.pop().unwrap_or(Value::Nil)),
            Err(problem) => {
                warn!(%problem, "a dead letter could not be written");
                return false;
            }
        };
        if let Outcome::Trouble(problem) | Outcome::Defect(problem) = &committed.outcome {
            let partition = sent.place.partition;
            warn!(%partition, event.id = %sent.id, problem, "a dead letter could not be written");
            return false;
        }
        let done = committed.outcome.is_done();
        let told = self
            .tell(node, std::slice::from_ref(&sent), std::slice::from_mut(&mut committed))
            .await;
        self.note(sent, committed);
        done && told
    }

    /// Gives a partition up, so that it is taken anew from its position in Redis.
    pub fn give_up(&self, place: Place) {
        self.partitions.drop_lease(place.partition, place.fence);
    }
}

/// Milliseconds since the epoch, for what is due: the scripts compare with Redis's own clock.
pub fn now_ms() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as u64)
}
