//! Inbound: a client's event passes the one door (`lua::door`) and goes into the intake of its entity's
//! partition. Nothing about rooms or rights is decided here. The one event that concerns the edge alone,
//! `refresh-token`, is answered here.

use std::sync::Arc;

use bytes::Bytes;
use lua::door::{self, Admitted, Way};
use lua::event;
use lua::id::{Partition, RoomId};
use lua::intake::{Entry, Refused};
use lua::payload;
use lua::record::Origin;
use lua::refusal::{Code, Refusal};
use lua::user::RefreshToken;
use serde_json::json;
use serde_json::value::RawValue;

use crate::core::Core;
use crate::frame::Frame;
use crate::limits::Verdict;
use crate::member::Member;
use crate::metrics::{ACK_SECONDS, EVENTS};
use crate::publication;

/// When a client should try again whose answer could not come back now.
const RETRY_DEAF_MS: u64 = 500;

/// The event that the edge answers itself.
const REFRESH_TOKEN: &str = "refresh-token";

/// Takes in one event, at once or when the rate limits let it through.
pub fn event(
    core: &Arc<Core>,
    member: &Arc<Member>,
    name: &str,
    args: &[&RawValue],
    ack: Option<u64>,
) {
    let json = args.first().map_or("{}", |payload| payload.get());
    let verdict = member.as_sender(|sender| {
        core.limits.event(sender.user, sender.roles, name, || {
            let (core, member) = (Arc::clone(core), Arc::clone(member));
            let (name, json) = (name.to_owned(), json.to_owned());
            Box::new(move |verdict| judged(&core, &member, &name, &json, ack, verdict))
        })
    });
    if let Some(verdict) = verdict {
        judged(core, member, name, json, ack, verdict);
    }
}

/// Takes in an event that the rate limits have judged.
fn judged(
    core: &Core,
    member: &Arc<Member>,
    name: &str,
    json: &str,
    ack: Option<u64>,
    verdict: Verdict,
) {
    let admitted = verdict
        .map_err(Refusal::from)
        .and_then(|()| door::admit(Way::Connection, name, json, &member.user));
    let accepted = admitted.and_then(|admitted| {
        if admitted.row.name == REFRESH_TOKEN {
            refresh(core, member, json, ack)
        } else {
            accept(core, member, admitted, json, ack)
        }
    });
    if let Err(refusal) = accepted {
        refuse(member, name, label(name), ack, &refusal);
    }
}

fn accept(
    core: &Core,
    member: &Arc<Member>,
    admitted: Admitted,
    json: &str,
    ack: Option<u64>,
) -> Result<(), Refusal> {
    heard(core, admitted.partition)?;
    let row = admitted.row;
    let entering = row.enters.then(|| prepare_to_enter(core, member, &admitted)).transpose()?;
    if let Some(ack) = ack {
        member.await_answer(ack, row.name).map_err(|_| too_many_pending())?;
    }
    let origin = Origin::text(&core.settings.edge, &member.sid);
    let payload = Bytes::copy_from_slice(json.as_bytes());
    let entry = member.as_sender(|sender| admitted.entry(sender, origin, ack, payload));
    match core.intake().append(entry) {
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

/// The connection goes on with another token of the same user, checked as the first one was.
fn refresh(core: &Core, member: &Arc<Member>, json: &str, ack: Option<u64>) -> Result<(), Refusal> {
    let RefreshToken { token } = payload::read(json)?;
    let field = |code, problem| Refusal::field(code, "token", problem);
    let claims = core
        .verifier
        .verify(Some(&token))
        .map_err(|rejected| field(Code::InvalidPayload, rejected.message()))?;
    if claims.user != member.user {
        let problem = "must be of the user that the connection belongs to";
        return Err(field(Code::Forbidden, problem.to_owned()));
    }
    let expires_at_ms = claims.expires_at_ms;
    member.renew(claims);
    // An event that stood in line may come after the end of its connection, which has no token any more.
    if let Some(_open) = core.members.get(&member.sid) {
        core.lives.set(&member.sid, expires_at_ms);
    }
    count_answer(REFRESH_TOKEN, "ok", None);
    if let Some(ack) = ack {
        let answer = json!({ "ok": true, "expiresAt": expires_at_ms });
        member.send(Frame::ack(ack, &answer.to_string()));
    }
    Ok(())
}

/// Whether the answer to an event of this partition can come back.
pub fn heard(core: &Core, partition: Partition) -> Result<(), Refusal> {
    if core.hearing.has(partition) {
        return Ok(());
    }
    Err(Refusal::unavailable("the service is not available now", RETRY_DEAF_MS))
}

/// Hears a room before the connection enters it. What is published before the subscription holds is
/// read from the log when it does.
fn prepare_to_enter(
    core: &Core,
    member: &Arc<Member>,
    admitted: &Admitted,
) -> Result<RoomId, Refusal> {
    let invalid = |problem| Refusal::field(Code::InvalidPayload, "roomId", problem);
    let room: RoomId = admitted.entity.parse().map_err(invalid)?;
    let max = core.settings.rooms_per_connection;
    if !member.entering(&room, max) {
        let problem = format!("a connection can be in {max} rooms");
        return Err(Refusal::field(Code::Conflict, "roomId", problem));
    }
    let partition = admitted.partition;
    core.rooms.hold(&room, |channel| core.subscriber().subscribe(partition, channel));
    Ok(room)
}

/// An entry that was accepted could not be appended, or that is not known.
pub fn not_appended(core: &Core, entry: &Entry, refused: Refused) {
    // What the system reports waits for no answer and must not be lost.
    if entry.ack.is_none() && event::is_system(entry.event) {
        core.keep_report(entry.clone());
        return;
    }
    let Some((_, sid)) = entry.origin.split_once('/') else { return };
    let Some(member) = core.members.get(sid).map(|found| Arc::clone(found.value())) else {
        core.calls.not_appended(sid, refused);
        return;
    };
    // A join may have been applied all the same: its room stays noted with the member, so that the end
    // of the connection ends its presence in any case.
    if entry.ack.is_none_or(|ack| member.answered(ack).is_some()) {
        refuse(&member, entry.event, entry.event, entry.ack, &unavailable(refused));
    }
}

/// An answer did not come in time: whether the event is applied is not known.
pub fn answer_overdue(member: &Member, ack: u64) {
    if let Some(pending) = member.answered(ack) {
        refuse(member, pending.event, pending.event, Some(ack), &overdue());
    }
}

/// What is said of an event whose answer did not come in time.
pub fn overdue() -> Refusal {
    let message = "no answer in time; the event may have been applied";
    Refusal { outcome_unknown: true, ..Refusal::new(Code::Unavailable, message) }
}

/// An event's name in metrics, which must be one of ours.
pub fn label(name: &str) -> &'static str {
    event::client_row(name).map_or("unknown", |row| row.name)
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
        Some(ack) => Frame::ack(ack, &publication::refused(refusal)),
        None => {
            let name = serde_json::to_string(name).expect("text is plain data");
            let rest = refusal.strip_prefix('{').unwrap_or("}");
            Frame::event(&format!(r#"["error",{{"event":{name},{rest}]"#))
        }
    }
}

/// Counts an event's outcome and how long its answer took.
pub fn count_answer(event: &'static str, outcome: &'static str, seconds: Option<f64>) {
    metrics::counter!(EVENTS, "event" => event, "outcome" => outcome).increment(1);
    if let Some(seconds) = seconds {
        metrics::histogram!(ACK_SECONDS).record(seconds);
    }
}

/// What is said of an event that the intake did not take.
pub fn unavailable(refused: Refused) -> Refusal {
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
