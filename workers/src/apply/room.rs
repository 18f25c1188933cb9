//! What happens in rooms: making, entering, leaving, presence, typing.

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Payload;
use lua::refusal::{Code, Refusal};
use lua::room::{
    self, ConnectionClosed, CreateRoom, GetMembers, JoinRoom, LeaveRoom, PresenceExpired, Typing,
};

use crate::config::Config;

pub fn create(commit: Commit<'_>, payload: &CreateRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    if !payload.room_type.may_create(&commit.record().roles) {
        let problem = "you may not create a room of this type";
        return commit.refuse(&Refusal::field(Code::Forbidden, "type", problem));
    }
    // The edge named the entity: the payload's id, or one that follows from user and request.
    match commit.record().entity.parse() {
        Ok(room) => room::create(&commit, &room, payload, config.log_max as usize),
        Err(problem) => commit.refuse(&Refusal::field(Code::InvalidPayload, "roomId", problem)),
    }
}

pub fn join(commit: Commit<'_>, payload: &JoinRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::join(&commit, payload, config.log_max as usize)
}

pub fn leave(commit: Commit<'_>, payload: &LeaveRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::leave(&commit, &payload.room_id, config.log_max as usize)
}

pub fn get_members(commit: Commit<'_>, payload: &GetMembers) -> Cmd {
    room::members(&commit, payload)
}

pub fn typing(commit: Commit<'_>, payload: &Typing, typing: bool) -> Cmd {
    room::typing(&commit, &payload.room_id, typing)
}

pub fn connection_closed(commit: Commit<'_>, payload: &ConnectionClosed, config: &Config) -> Cmd {
    room::drop_connection(&commit, &payload.room_id, config.presence_grace_ms)
}

pub fn presence_expired(commit: Commit<'_>, payload: &PresenceExpired, config: &Config) -> Cmd {
    room::expire(&commit, &payload.room_id, config.log_max as usize)
}
