//! Inbound: a client's event is checked against the event table and goes into the intake of its
//! entity's partition. Nothing about rooms or rights is decided here.

use std::sync::Arc;

use bytes::Bytes;
use lua::event::{self, Event, Row, Source};
use lua::id::{Partition, RoomId};
use lua::intake::{Entry, Refused};
use lua::record::Origin;
use lua::refusal::{Code, Refusal};
use serde_json::value::RawValue;

use crate::core::Core;
use crate::frame::Frame;
use crate::member::Member;
use crate::metrics::{ACK_SECONDS, EVENTS};

/// When a client should try again whose answer could not come back now.
const RETRY_DEAF_MS: u64 = 500;

/// Takes in one event.
pub fn event(core: &Core, member: &Arc<Member>, name: &str, args: &[&RawValue], ack: Option<u64>) {
    let json = args.first().map_or("{}", |payload| payload.get());
    let row = match event::client_row(name) {
        Ok(row) => row,
        Err(refusal) => return refuse(member, name, "unknown", ack, &refusal),
    };
    if let Err(refusal) = accept(core, member, row, json, ack) {
        refuse(member, name, row.name, ack, &refusal);
    }
}

fn accept(
    core: &Core,
    member: &Arc<Member>,
    row: &'static Row,
    json: &str,
    ack: Option<u64>,
) -> Result<(), Refusal> {
    let event = Event::read(row.name, json)?;
    let entity = event.entity(&member.user);
    let partition = Partition::of(&entity);
    if !core.hearing.has(partition) {
        let message = "the service is not available now";
        return Err(Refusal::unavailable(message, RETRY_DEAF_MS));
    }
    let entering =
        row.enters.then(|| prepare_to_enter(core, member, partition, &entity)).transpose()?;
    if let Some(ack) = ack {
        member.await_answer(ack, row.name).map_err(|_| too_many_pending())?;
    }
    let appended = core.intake().append(Entry {
        partition,
        event: row.name,
        entity,
        user: member.user.to_string(),
        name: member.name.clone(),
        roles: member.roles.clone(),
        origin: Origin::text(&core.settings.edge, &member.sid),
        ack,
        request: event.request().map(str::to_owned),
        payload: Bytes::copy_from_slice(json.as_bytes()),
    });
    match appended {
        Ok(()) => {
            if let Some(ack) = ack {
                core.deadlines.start(member, ack);
            }
            Ok(())
        }
        Err(refused) => {
            if let Some(ack) = ack {
                member.answered(ack);
            }
            if let Some(room) = entering {
                member.not_entered(&room);
            }
            Err(unavailable(refused))
        }
    }
}

/// Hears a room before the connection enters it. What is published before the subscription holds is
/// read from the log when it does.
fn prepare_to_enter(
    core: &Core,
    member: &Arc<Member>,
    partition: Partition,
    entity: &str,
) -> Result<RoomId, Refusal> {
    let invalid = |problem| Refusal::field(Code::InvalidPayload, "roomId", problem);
    let room: RoomId = entity.parse().map_err(invalid)?;
    let max = core.settings.rooms_per_connection;
    if !member.entering(&room, max) {
        let problem = format!("a connection can be in {max} rooms");
        return Err(Refusal::field(Code::Conflict, "roomId", problem));
    }
    core.rooms.hold(&room, |channel| core.subscriber().subscribe(partition, channel));
    Ok(room)
}

/// An entry that was accepted could not be appended, or that is not known.
pub fn not_appended(core: &Core, entry: &Entry, refused: Refused) {
    let row = event::TABLE.iter().find(|row| row.name == entry.event);
    if row.is_some_and(|row| row.source == Source::System) {
        core.keep_end(entry.clone());
        return;
    }
    let Some((_, sid)) = entry.origin.split_once('/') else { return };
    let Some(member) = core.members.get(sid).map(|found| Arc::clone(found.value())) else { return };
    // A join may have been applied all the same: its room stays noted with the member, so that the end
    // of the connection ends its presence in any case.
    if entry.ack.is_none_or(|ack| member.answered(ack).is_some()) {
        refuse(&member, entry.event, entry.event, entry.ack, &unavailable(refused));
    }
}

/// An answer did not come in time: whether the event is applied is not known.
pub fn answer_overdue(member: &Member, ack: u64) {
    if let Some(pending) = member.answered(ack) {
        let message = "no answer in time; the event may have been applied";
        let refusal = Refusal { outcome_unknown: true, ..Refusal::new(Code::Unavailable, message) };
        refuse(member, pending.event, pending.event, Some(ack), &refusal);
    }
}

/// Tells a client that its event was refused: in the acknowledgement, or as event `error` where it
/// asked for none. `label` is the event's name for metrics, which must be one of ours.
fn refuse(member: &Member, name: &str, label: &'static str, ack: Option<u64>, refusal: &Refusal) {
    metrics::counter!(EVENTS, "event" => label, "outcome" => refusal.code.word()).increment(1);
    member.send(refused_frame(name, ack, &refusal.json()));
}

/// The frame that tells of a refusal, given as its JSON object.
pub fn refused_frame(name: &str, ack: Option<u64>, refusal: &str) -> Frame {
    match ack {
        Some(ack) => Frame::ack(ack, &format!(r#"{{"ok":false,"error":{refusal}}}"#)),
        None => {
            let name = serde_json::to_string(name).expect("text is plain data");
            let rest = refusal.strip_prefix('{').unwrap_or("}");
            Frame::event(&format!(r#"["error",{{"event":{name},{rest}]"#))
        }
    }
}

/// Counts an event's outcome and how long its answer took.
pub fn count_answer(event: &'static str, outcome: String, seconds: Option<f64>) {
    metrics::counter!(EVENTS, "event" => event, "outcome" => outcome).increment(1);
    if let Some(seconds) = seconds {
        metrics::histogram!(ACK_SECONDS).record(seconds);
    }
}

fn unavailable(refused: Refused) -> Refusal {
    match refused {
        Refused::Full { retry_after_ms } => {
            Refusal::unavailable("too much is waiting to be applied", retry_after_ms)
        }
        Refused::Away { retry_after_ms } => Refusal {
            outcome_unknown: true,
            ..Refusal::unavailable("the service is not available now", retry_after_ms)
        },
    }
}

fn too_many_pending() -> Refusal {
    let message = "too many events of this connection wait for their answers";
    Refusal { retry_after_ms: Some(1_000), ..Refusal::new(Code::RateLimited, message) }
}
