//! Making rooms, what owners and those who moderate do with them, and lists of them.

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Payload;
use lua::refusal::{Code, Refusal};
use lua::room::{
    self, Bounds, CloseRoom, CreateRoom, InviteToRoom, ListRooms, RemoveMember, RoomIdle,
    RoomListed, RoomUnlisted, Scope, UpdateRoom,
};

use crate::config::Config;

/// What the settings say about rooms that users are put out of.
pub fn bounds(config: &Config) -> Bounds {
    Bounds {
        log_max: config.log_max as usize,
        batch_above: config.presence_batch_above,
        idle_ms: config.room_idle_ttl_ms,
    }
}

/// Two halves: the user's partition counts the room, then the room's makes it and answers.
pub fn create(commit: Commit<'_>, payload: &CreateRoom, config: &Config) -> Cmd {
    let half = if commit.record().is_relayed() { "create-room" } else { "claim" };
    let commit = commit.once_as(half, payload.request(), payload);
    if !payload.room_type.may_create(&commit.record().roles) {
        let problem = "you may not create a room of this type";
        return commit.refuse(&Refusal::field(Code::Forbidden, "type", problem));
    }
    // The edge named the entity: the payload's id, or one that follows from user and request.
    match commit.record().entity.parse() {
        Ok(room) if commit.record().is_relayed() => {
            room::create(&commit, &room, payload, &bounds(config))
        }
        Ok(room) => room::claim(&commit, &room, config.rooms_owned_max),
        Err(problem) => commit.refuse(&Refusal::field(Code::InvalidPayload, "roomId", problem)),
    }
}

pub fn update(commit: Commit<'_>, payload: &UpdateRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::update(&commit, payload, &bounds(config))
}

pub fn invite(commit: Commit<'_>, payload: &InviteToRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::invite(&commit, payload, config.log_max as usize)
}

pub fn remove(commit: Commit<'_>, payload: &RemoveMember, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::remove(&commit, payload, &bounds(config))
}

pub fn close(commit: Commit<'_>, payload: &CloseRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::close(&commit, &payload.room_id, config.log_max as usize)
}

pub fn list(commit: Commit<'_>, payload: &ListRooms) -> Cmd {
    match payload.scope {
        Scope::Public => room::public(&commit, payload),
        Scope::Mine => room::own(&commit, payload),
    }
}

pub fn idle(commit: Commit<'_>, payload: &RoomIdle, config: &Config) -> Cmd {
    room::idle(&commit, &payload.room_id, config.room_idle_ttl_ms)
}

pub fn listed(commit: Commit<'_>, payload: &RoomListed) -> Cmd {
    room::listed(&commit, payload)
}

pub fn unlisted(commit: Commit<'_>, payload: &RoomUnlisted) -> Cmd {
    room::unlisted(&commit, payload)
}
