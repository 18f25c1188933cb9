//! Users: their connections, how they are, where they are.

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Payload;
use lua::user::{
    self, DisconnectUser, RoomEntered, RoomExited, SetStatus, TellUser, UserConnected,
    UserDisconnected, UserExpired,
};

use crate::config::Config;

pub fn connected(commit: Commit<'_>, payload: &UserConnected) -> Cmd {
    user::connected(&commit, &payload.user_id)
}

pub fn disconnected(commit: Commit<'_>, payload: &UserDisconnected, config: &Config) -> Cmd {
    user::disconnected(&commit, &payload.user_id, config.presence_grace_ms)
}

pub fn expired(commit: Commit<'_>, payload: &UserExpired) -> Cmd {
    user::expired(&commit, &payload.user_id)
}

pub fn set_status(commit: Commit<'_>, payload: &SetStatus) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    user::set_status(&commit, payload)
}

pub fn room_entered(commit: Commit<'_>, payload: &RoomEntered) -> Cmd {
    user::entered(&commit, payload)
}

pub fn room_exited(commit: Commit<'_>, payload: &RoomExited) -> Cmd {
    user::exited(&commit, payload)
}

pub fn tell(commit: Commit<'_>, payload: &TellUser) -> Cmd {
    user::tell(&commit, payload)
}

pub fn disconnect(commit: Commit<'_>, payload: &DisconnectUser) -> Cmd {
    user::disconnect(&commit, &payload.user_id)
}
