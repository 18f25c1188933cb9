//! Apply: one event becomes one script call. Nothing is read, decided and then written: what depends
//! on Redis's state is decided inside the script.

mod chat;
mod moderation;
mod notification;
mod presence;
mod room;
mod user;

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Event;
use lua::moderation::Kind;
use lua::refusal::{Code, Refusal};

use crate::config::Config;

/// What an edge answers by itself has no business here.
const NO_CONNECTION: &str = "this concerns the connection that sends it, and is for its edge";

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
        Event::UpdateRoom(payload) => room::update(commit, payload, config),
        Event::InviteToRoom(payload) => room::invite(commit, payload, config),
        Event::RemoveMember(payload) => room::remove(commit, payload, config),
        Event::CloseRoom(payload) => room::close(commit, payload, config),
        Event::ListRooms(payload) => room::list(commit, payload),
        Event::RoomIdle(payload) => room::idle(commit, payload, config),
        Event::RoomListed(payload) => room::listed(commit, payload),
        Event::RoomUnlisted(payload) => room::unlisted(commit, payload),
        Event::JoinRoom(payload) => presence::join(commit, payload, config),
        Event::LeaveRoom(payload) => presence::leave(commit, payload, config),
        Event::GetMembers(payload) => presence::get_members(commit, payload),
        Event::TypingStart(payload) => presence::typing(commit, payload, true, config),
        Event::TypingStop(payload) => presence::typing(commit, payload, false, config),
        Event::SendMessage(payload) => chat::send(commit, payload, config),
        Event::EditMessage(payload) => chat::edit(commit, payload, config),
        Event::DeleteMessage(payload) => chat::delete(commit, payload, config),
        Event::React(payload) => chat::react(commit, payload, config),
        Event::GetMessages(payload) => chat::get_messages(commit, payload),
        Event::MarkRead(payload) => chat::mark_read(commit, payload),
        Event::GetUnread(payload) => chat::get_unread(commit, payload),
        Event::ConnectionClosed(payload) => presence::connection_closed(commit, payload, config),
        Event::PresenceExpired(payload) => presence::expired(commit, payload, config),
        Event::ReportMessage(payload) => moderation::report(commit, payload, config),
        Event::GetReports(payload) => moderation::reports(commit, payload),
        Event::ResolveReport(payload) => moderation::resolve(commit, payload, config),
        Event::MuteUser(payload) => moderation::sanction(commit, Kind::Mute, payload, config),
        Event::UnmuteUser(payload) => moderation::pardon(commit, Kind::Mute, payload, config),
        Event::BanUser(payload) => moderation::sanction(commit, Kind::Ban, payload, config),
        Event::UnbanUser(payload) => moderation::pardon(commit, Kind::Ban, payload, config),
        Event::SetSlowMode(payload) => moderation::slow_mode(commit, payload, config),
        Event::EdgeLost(payload) => lua::edge::lost(&commit, payload),
        Event::PresenceTick(payload) => presence::tick(commit, payload),
        Event::StatusChanged(payload) => presence::status_changed(commit, payload, config),
        Event::SetStatus(payload) => user::set_status(commit, payload),
        Event::UserConnected(payload) => user::connected(commit, payload),
        Event::UserDisconnected(payload) => user::disconnected(commit, payload, config),
        Event::UserExpired(payload) => user::expired(commit, payload),
        Event::DisconnectUser(payload) => user::disconnect(commit, payload),
        Event::RoomEntered(payload) => user::room_entered(commit, payload),
        Event::RoomExited(payload) => user::room_exited(commit, payload),
        Event::TellUser(payload) => user::tell(commit, payload),
        Event::Notify(payload) => notification::notify(commit, payload),
        Event::GetNotifications(payload) => notification::list(commit, payload),
        Event::MarkNotificationRead(payload) => notification::mark_read(commit, payload),
        Event::RefreshToken(_) => commit.refuse(&Refusal::new(Code::Forbidden, NO_CONNECTION)),
    }
}
