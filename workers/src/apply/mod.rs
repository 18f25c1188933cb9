//! Apply: one event becomes one script call. Nothing is read, decided and then written: what depends
//! on Redis's state is decided inside the script.

mod chat;
mod room;

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Event;

use crate::config::Config;

/// The script call that applies the event of `commit`.
///
/// A payload that is not valid (another version's edge let it in) is refused like any other.
pub fn call(commit: Commit<'_>, config: &Config) -> Cmd {
    let record = commit.record();
    let event = match Event::read(&record.event, &record.payload) {
        Ok(event) => event,
        Err(refusal) => return commit.refuse(&refusal),
    };
    match &event {
        Event::CreateRoom(payload) => room::create(commit, payload, config),
        Event::JoinRoom(payload) => room::join(commit, payload, config),
        Event::LeaveRoom(payload) => room::leave(commit, payload, config),
        Event::GetMembers(payload) => room::get_members(commit, payload),
        Event::TypingStart(payload) => room::typing(commit, payload, true),
        Event::TypingStop(payload) => room::typing(commit, payload, false),
        Event::SendMessage(payload) => chat::send(commit, payload, config),
        Event::GetMessages(payload) => chat::get_messages(commit, payload),
        Event::ConnectionClosed(payload) => room::connection_closed(commit, payload, config),
        Event::PresenceExpired(payload) => room::presence_expired(commit, payload, config),
    }
}
