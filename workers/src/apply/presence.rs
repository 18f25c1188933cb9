//! Who is in a room: entering, leaving, connections that end, what members do for a moment.

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Payload;
use lua::room::{
    self, ConnectionClosed, GetMembers, JoinRoom, LeaveRoom, PresenceExpired, PresenceTick,
    StatusChanged, Typing,
};

use crate::config::Config;

pub fn join(commit: Commit<'_>, payload: &JoinRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::join(&commit, payload, config.log_max as usize, config.presence_batch_above)
}

pub fn leave(commit: Commit<'_>, payload: &LeaveRoom, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    room::leave(
        &commit,
        &payload.room_id,
        config.log_max as usize,
        config.presence_batch_above,
        config.room_idle_ttl_ms,
    )
}

pub fn get_members(commit: Commit<'_>, payload: &GetMembers) -> Cmd {
    room::members(&commit, payload)
}

pub fn typing(commit: Commit<'_>, payload: &Typing, typing: bool, config: &Config) -> Cmd {
    room::typing(&commit, &payload.room_id, typing, config.presence_batch_above)
}

pub fn connection_closed(commit: Commit<'_>, payload: &ConnectionClosed, config: &Config) -> Cmd {
    room::drop_connection(&commit, &payload.room_id, config.presence_grace_ms)
}

pub fn expired(commit: Commit<'_>, payload: &PresenceExpired, config: &Config) -> Cmd {
    room::expire(&commit, &payload.room_id, config.log_max as usize, config.presence_batch_above)
}

pub fn tick(commit: Commit<'_>, payload: &PresenceTick) -> Cmd {
    room::tell_crowd(&commit, &payload.room_id)
}

pub fn status_changed(commit: Commit<'_>, payload: &StatusChanged, config: &Config) -> Cmd {
    room::change_status(&commit, payload, config.log_max as usize)
}
