//! The relay duty: what the events of owned partitions caused elsewhere goes where it belongs, in order;
//! then the answers that waited for that are published. See [`lua::relay`].

use std::sync::Arc;
use std::time::{Duration, Instant};

use lua::Value;
use lua::batch::Batch;
use lua::id::{EventId, Partition};
use lua::relay::{self, Bounds, Defect, Parcel, Shipment, Target};
use lua::topology::NodeId;
use tokio_util::sync::CancellationToken;
use tracing::{debug, error};

use crate::consume::Consumer;
use crate::partitions::Due;

/// Most entries of one outbox that are relayed in one round.
const ROUND_MAX: usize = 128;

/// Most outboxes that are read in one round.
const OUTBOXES_MAX: usize = 32;

/// How long an idle relay waits before it looks all the same.
const LOOK_ANYWAY: Duration = Duration::from_secs(1);

/// How long the relay waits when something could not be handed on.
const PAUSE: Duration = Duration::from_millis(100);

/// How long a stopping worker tries to relay what is left. The next owner relays the rest.
const LAST_TRIES: Duration = Duration::from_secs(2);

/// What was read of one outbox.
struct Read {
    due: Due,
    entries: Vec<(EventId, Result<Parcel, Defect>)>,
    /// Whether the outbox holds more than was read.
    more: bool,
}

/// An entry in a shipment, by the number of its load; or one that is in none.
type Packed = (EventId, Result<(usize, Target), Defect>);

/// How far one outbox is relayed.
struct Relayed {
    due: Due,
    /// The newest entry that is on its way, with all before it.
    upto: Option<EventId>,
    defects: Vec<Defect>,
    /// Whether that is all that waited.
    all: bool,
}

/// Relays the outboxes of one node until `shutdown`, and then what is left.
pub async fn run(consumer: Arc<Consumer>, node: NodeId, shutdown: CancellationToken) {
    relay_until(&consumer, node, shutdown).await;
    publish_orphans(&consumer, node, true).await;
}

/// Publishes answers that need not wait any longer: another worker relays what their events sent. `all`: those
/// that wait for anything, as this worker is at its end.
async fn publish_orphans(consumer: &Consumer, node: NodeId, all: bool) {
    let mut batch = Batch::default();
    let run_of = |partition| consumer.run_of(partition);
    for answer in consumer.partitions.orphans(consumer.of_node(node), all, run_of) {
        batch.add(relay::publish(&answer.channel, &answer.text));
    }
    if let Err(problem) = batch.run(&consumer.redis, node).await {
        debug!(%problem, "answers were not published; their clients ask again");
    }
}

async fn relay_until(consumer: &Consumer, node: NodeId, shutdown: CancellationToken) {
    let mut stopping: Option<Instant> = None;
    let mut round = 0_usize;
    loop {
        let sent = consumer.partitions.sent.notified();
        tokio::pin!(sent);
        // Before looking: what is sent between the look and the wait must not be missed.
        sent.as_mut().enable();
        if shutdown.is_cancelled() {
            let since = *stopping.get_or_insert_with(Instant::now);
            if since.elapsed() >= LAST_TRIES {
                return;
            }
        }
        publish_orphans(consumer, node, false).await;
        let mut due = consumer.partitions.due(consumer.of_node(node));
        if due.is_empty() {
            if shutdown.is_cancelled() {
                return;
            }
            tokio::select! {
                () = sent => {}
                () = tokio::time::sleep(LOOK_ANYWAY) => {}
                () = shutdown.cancelled() => {}
            }
            continue;
        }
        // Nobody is always the last.
        let len = due.len();
        due.rotate_left(round % len);
        round = round.wrapping_add(1);
        let later = due.split_off(len.min(OUTBOXES_MAX));
        later.iter().for_each(|due| mark(consumer, due));
        if !relay(consumer, node, due).await {
            tokio::time::sleep(PAUSE).await;
        }
    }
}

/// Marks an outbox as having more to relay.
fn mark(consumer: &Consumer, due: &Due) {
    consumer.partitions.with(due.partition, due.fence, |held| held.outbox.pending = true);
}

/// One round. False where something could not be handed on.
async fn relay(consumer: &Consumer, node: NodeId, due: Vec<Due>) -> bool {
    let Some(reads) = read(consumer, node, &due).await else {
        due.iter().for_each(|due| mark(consumer, due));
        return false;
    };
    let (relayed, whole) = hand_on(consumer, reads).await;
    settle(consumer, node, relayed).await && whole
}

async fn read(consumer: &Consumer, node: NodeId, due: &[Due]) -> Option<Vec<Read>> {
    let mut batch = Batch::default();
    for due in due {
        batch.add(relay::read(due.partition, ROUND_MAX));
    }
    // What is relayed and lost here would be sent once more by the event that is applied again.
    let replies = match batch.run_kept(&consumer.redis, node, &consumer.safety, || true).await {
        Ok(replies) => replies,
        Err(problem) => {
            debug!(%problem, "reading outboxes failed");
            consumer.redis.mend(&problem);
            return None;
        }
    };
    let mut reads = Vec::new();
    for (due, reply) in due.iter().zip(replies) {
        if let Value::ServerError(problem) = reply {
            debug!(partition = %due.partition, code = problem.code(), "reading an outbox failed");
            consumer.redis.mend(&problem.into());
            return None;
        }
        let entries = relay::read_reply(due.partition, reply);
        let more = entries.len() == ROUND_MAX;
        reads.push(Read { due: *due, entries, more });
    }
    Some(reads)
}

/// Hands everything on, and sees how far each outbox came, and whether every target took its part.
async fn hand_on(consumer: &Consumer, reads: Vec<Read>) -> (Vec<Relayed>, bool) {
    let mut shipment = Shipment::default();
    let mut packed: Vec<(Due, Vec<Packed>, bool)> = Vec::new();
    for read in reads {
        let mut places = Vec::new();
        let total = read.entries.len();
        for (id, entry) in read.entries {
            let place = match entry {
                Ok(parcel) => {
                    let target = parcel.target;
                    // What comes after one that must wait must wait, too.
                    let Some(place) = shipment.add(parcel) else { break };
                    Ok((place, target))
                }
                Err(defect) => Err(defect),
            };
            places.push((id, place));
        }
        let all = !read.more && places.len() == total;
        packed.push((read.due, places, all));
    }
    let bounds = Bounds { lifecycle_max: consumer.config.lifecycle_max, intake_max: 0 };
    let confirmed = shipment.send(&consumer.redis, bounds, &consumer.safety).await;
    let relayed =
        packed.into_iter().map(|(due, places, all)| progress(due, places, all, &confirmed));
    (relayed.collect(), confirmed.iter().all(|confirmed| *confirmed))
}

/// How far an outbox came: up to the first entry that is not confirmed.
fn progress(due: Due, packed: Vec<Packed>, mut all: bool, confirmed: &[bool]) -> Relayed {
    let (mut upto, mut defects) = (None, Vec::new());
    for (id, place) in packed {
        match place {
            Ok((place, target)) if confirmed[place] => {
                metrics::counter!("rt_relayed_total", "target" => target.label()).increment(1);
            }
            Ok(_) => {
                all = false;
                break;
            }
            Err(defect) => {
                let problem = &defect.problem;
                error!(partition = %due.partition, entry = %id, problem, "cannot be relayed: dead letter");
                metrics::counter!("rt_dead_letters_total").increment(1);
                defects.push(defect);
            }
        }
        upto = Some(id);
    }
    Relayed { due, upto, defects, all }
}

/// Moves the outboxes' positions, and publishes the answers that waited. False where Redis could not.
async fn settle(consumer: &Consumer, node: NodeId, relayed: Vec<Relayed>) -> bool {
    let mut batch = Batch::default();
    let (mut moved, mut answers, mut paused) = (Vec::new(), Vec::new(), false);
    for Relayed { due, upto, defects, all } in relayed {
        if let Some(upto) = upto {
            batch.add(relay::advance(due.partition, due.fence, upto, &defects));
            moved.push(due);
        }
        consumer.partitions.with(due.partition, due.fence, |held| {
            paused |= held.outbox.is_full();
            if all {
                answers.extend(held.outbox.take(due.answers));
            } else {
                held.outbox.pending = true;
            }
            if upto.is_none() && all {
                held.outbox.backlog = 0;
            }
        });
    }
    for answer in &answers {
        batch.add(relay::publish(&answer.channel, &answer.text));
    }
    let served = match batch.run(&consumer.redis, node).await {
        Ok(replies) => moved
            .iter()
            .zip(replies)
            .fold(true, |good, (due, reply)| note_moved(consumer, due, reply) && good),
        Err(problem) => {
            debug!(%problem, "outboxes may not have been moved on; they are relayed again");
            consumer.redis.mend(&problem);
            moved.iter().for_each(|due| mark(consumer, due));
            false
        }
    };
    if paused {
        consumer.partitions.wake.notify_waiters();
    }
    served
}

/// Takes note of how much waits now.
fn note_moved(consumer: &Consumer, due: &Due, reply: Value) -> bool {
    if let Value::ServerError(problem) = reply {
        debug!(partition = %due.partition, code = problem.code(), "an outbox was not moved on");
        if problem.code() == "FENCED" {
            consumer.partitions.drop_lease(due.partition, due.fence);
        } else {
            mark(consumer, due);
            consumer.redis.mend(&problem.into());
        }
        return false;
    }
    consumer.partitions.with(due.partition, due.fence, |held| {
        held.outbox.backlog = relay::waiting(reply).unwrap_or(0);
    });
    true
}

/// Entries that wait in the outboxes of these partitions, about.
pub fn backlog(consumer: &Consumer, partitions: impl Iterator<Item = Partition>) -> u64 {
    let mut backlog = 0;
    consumer.partitions.each_safe(partitions, |_, held| backlog += held.outbox.backlog);
    backlog
}
