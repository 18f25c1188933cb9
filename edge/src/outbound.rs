//! Outbound: what workers publish goes to the connections that it is for.
//!
//! [`message`] runs on the subscriber's own task, in the order in which Redis sent: an answer that
//! lets a connection into a room and the room's publications keep their order by that alone.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use lua::RedisError;
use lua::beat::Beat;
use lua::event;
use lua::id::{Partition, UserId};
use lua::key;
use lua::subscriber::Status;
use lua::term::Mark;
use lua::topology::{Trouble, classify};
use parking_lot::Mutex;
use serde_json::value::RawValue;

use crate::close::Reason;
use crate::core::Core;
use crate::frame::Frame;
use crate::inbound::{count_answer, refused_frame};
use crate::member::Member;
use crate::publication::{self, Answer, Message, Publication, ToUser};
use crate::rooms::{Mended, Next, Room};

/// Log entries read at a time.
const REPAIR_COUNT: usize = 200;

/// How long a reading waits when Redis cannot serve.
const PAUSE: Duration = Duration::from_millis(200);

/// Takes in one message of one channel.
pub fn message(core: &Arc<Core>, channel: &str, payload: &Bytes) {
    if let Some(room) = key::room_of_channel(channel) {
        if let Some(room) = core.rooms.get(room) {
            published(core, &room, payload);
        }
    } else if key::is_inbox(channel) {
        match Message::read(payload) {
            Some(Message::Answer(answer)) => answered(core, &answer),
            Some(Message::ToUser(message)) => to_user(core, &message),
            None => {}
        }
    } else if let Some(partition) = key::partition_of(channel)
        && let Some(beat) = publication::read::<Beat>(payload)
    {
        beaten(core, partition, beat);
    }
}

/// Takes note of a heartbeat. In a new term, or where a new owner took the partition, it does not say all:
/// what the owner before left unsaid, and what Redis lost.
fn beaten(core: &Arc<Core>, partition: Partition, beat: Beat) {
    let term = beat.history.term;
    if beat.anew || core.checks.term(partition) != term {
        core.checks.start(core, partition);
    }
    for (id, last) in beat.rooms {
        if let Some(room) = core.rooms.get(&id) {
            let next = room.lock().should_have(Mark { id: last, term });
            follow(core, &room, next);
        }
    }
}

/// Takes note of what happens to the subscriptions.
pub fn status(core: &Arc<Core>, status: Status) {
    match status {
        Status::Subscribed(channel) => subscribed(core, &channel),
        Status::Lost(node) => {
            let lost = Partition::all().filter(|partition| core.redis.node_of(*partition) == node);
            lost.for_each(|partition| core.hearing.set(partition, false));
        }
        Status::Restored(_) => {}
    }
}

fn subscribed(core: &Arc<Core>, channel: &str) {
    if let Some(room) = key::room_of_channel(channel).and_then(|room| core.rooms.get(room)) {
        let next = room.lock().resubscribed();
        follow(core, &room, next);
    } else if key::is_inbox(channel)
        && let Some(partition) = key::partition_of(channel)
    {
        core.hearing.set(partition, true);
    }
}

/// Ends states that were not renewed.
pub fn expire(core: &Core) {
    for ending in core.endings.due() {
        if let Some(room) = core.rooms.get(ending.room.as_str()) {
            room.lock().expire(&ending.key, ending.version);
        }
    }
}

fn published(core: &Arc<Core>, room: &Arc<Mutex<Room>>, payload: &Bytes) {
    let Some(publication) = Publication::read(payload) else { return };
    let next = if publication.id.is_some() {
        room.lock().receive(&publication, payload)
    } else {
        room.lock().show(&publication, &core.endings);
        Next::Go
    };
    follow(core, room, next);
}

fn answered(core: &Arc<Core>, answer: &Answer<'_>) {
    let found = core.members.get(answer.connection.as_ref()).map(|found| Arc::clone(found.value()));
    let Some(member) = found else {
        core.calls.answered(answer);
        return;
    };
    let row = event::row(&answer.event);
    let pending = answer.ack.map(|ack| member.answered(ack));
    let outcome = answer.error.map_or("ok", |error| publication::refused_as(error).0.word());
    let waited = pending.flatten().map(|pending| pending.since.elapsed().as_secs_f64());
    count_answer(row.map_or("unknown", |row| row.name), outcome, waited);
    // An answer that comes after the client was told `unavailable` has nobody waiting; what it says
    // about rooms is true all the same.
    let is_awaited = pending.is_none_or(|pending| pending.is_some());
    if let Some(error) = answer.error {
        if is_awaited {
            member.send(refused_frame(&answer.event, answer.ack, error.get()));
        }
        if row.is_some_and(|row| row.enters)
            && let Ok(room) = answer.entity.parse()
        {
            member.not_entered(&room);
        }
        return;
    }
    if let Some(result) = answer.result {
        send_result(&member, answer, answer.ack.filter(|_| is_awaited), result);
    }
    let Some(enter) = &answer.enter else { return };
    if let Some(room) = core.rooms.get(enter.room.as_str()) {
        let next = room.lock().enter(&member, enter);
        follow(core, &room, next);
    }
}

/// Passes on what is for all connections of a user that are here.
fn to_user(core: &Core, message: &ToUser<'_>) {
    let Ok(user) = message.user.parse::<UserId>() else { return };
    let connections = core.users.get(&user).map(|found| found.value().clone()).unwrap_or_default();
    if let Some(frame) = message.frame {
        let frame = Frame::event(frame.get());
        for member in connections.iter().filter(|m| message.except.as_deref() != Some(&m.sid)) {
            member.send(frame.clone());
        }
    }
    if message.disconnect {
        connections.iter().for_each(|member| member.dismiss(Reason::ServerDisconnect));
    }
}

fn send_result(member: &Member, answer: &Answer<'_>, ack: Option<u64>, result: &RawValue) {
    if let Some(ack) = ack {
        member.send(Frame::ack(ack, &publication::ok(result)));
    }
    if let Some(emit) = &answer.emit {
        member.send(Frame::event(&format!(r#"["{emit}",{}]"#, result.get())));
    }
}

/// Starts reading the log where a gap was found.
pub fn follow(core: &Arc<Core>, room: &Arc<Mutex<Room>>, next: Next) {
    if next == Next::Repair {
        tokio::spawn(repair(Arc::clone(core), Arc::clone(room)));
    }
}

/// Reads a room's log from where it was told, until it is whole again.
async fn repair(core: Arc<Core>, room: Arc<Mutex<Room>>) {
    let Ok(_permit) = core.repairs.acquire().await else { return };
    loop {
        let (id, from) = {
            let room = room.lock();
            (room.id.clone(), room.repair_from())
        };
        let Some(from) = from else { return };
        match lua::room::log_after(&core.redis, &id, from, REPAIR_COUNT, &core.settings.safety)
            .await
        {
            Ok(stretch) => {
                let count = stretch.entries.len();
                metrics::counter!("rt_room_entries_repaired_total").increment(count as u64);
                if room.lock().mend(&stretch, count == REPAIR_COUNT) == Mended::Whole {
                    return;
                }
            }
            Err(problem) => {
                tracing::debug!(room = %id, %problem, "a log could not be read; it is tried again");
                recover(&core, &problem).await;
            }
        }
        if core.rooms.get(id.as_str()).is_none() {
            return;
        }
    }
}

/// Sees to what can be mended, and waits a little before a reading is tried again.
pub async fn recover(core: &Core, problem: &RedisError) {
    match classify(problem) {
        Trouble::NoScript => drop(core.redis.load_scripts().await),
        Trouble::Moved | Trouble::ReadOnly | Trouble::Gone => core.redis.refresh().await,
        _ => {}
    }
    tokio::time::sleep(PAUSE).await;
}
