//! The event table: every event there is, with its payload, who may send it and how it counts.
//!
//! Validation, rate class, metrics label and documentation come from here. To add an event: a row
//! below, its payload and typed call in the feature's file, its script, and the match arm in `workers`
//! that the compiler then asks for.

use std::collections::HashMap;
use std::sync::LazyLock;

use schemars::{Schema, SchemaGenerator};
use sha1_smol::Sha1;

use crate::id::{Partition, RoomId, UserId};
use crate::key;
use crate::payload;
use crate::refusal::{Code, Refusal};
use crate::{chat, edge, moderation, notification, room, told, user};

/// Who sends an event.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Source {
    /// Clients, over sockets; back ends, over HTTP and Redis.
    Client,
    /// The system itself: edges and timers. To clients there is no such event.
    System,
}

/// Which of a user's rate limits an event counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Rate {
    /// All events that are kept.
    Kept,
    /// Typing and cursors, which come often and are over soon.
    Ephemeral,
    /// Invitations, which also count as events that are kept.
    Invitation,
}

/// One row of the table.
#[derive(Debug)]
pub struct Row {
    /// The event's name on the wire and its label in metrics.
    pub name: &'static str,
    /// Who sends it.
    pub source: Source,
    /// How it counts.
    pub rate: Rate,
    /// Whether the connection enters the entity by it, so that its edge must hear the room first.
    pub enters: bool,
    /// What it does, in a sentence.
    pub summary: &'static str,
    /// Its payload.
    pub schema: fn(&mut SchemaGenerator) -> Schema,
    /// What its answer holds beside `ok`.
    pub answer: fn(&mut SchemaGenerator) -> Schema,
    /// Reads an answer; an error says what does not fit.
    pub check: fn(&serde_json::Value) -> Result<(), serde_json::Error>,
}

/// Which entity an event concerns.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Entity<'a> {
    /// The room of this id: contests and sessions are rooms, too.
    Room(&'a RoomId),
    /// A room that has no id yet.
    NewRoom,
    /// The user of this id.
    User(&'a UserId),
    /// Whoever sends the event.
    Caller,
    /// The directory of public rooms.
    Directory,
    /// The partition that the event is sent to, whichever it is.
    Partition,
}

/// What every payload can say about itself.
pub trait Payload {
    /// The entity that the event concerns.
    fn entity(&self) -> Entity<'_>;

    /// The caller's key for safe retries.
    fn request(&self) -> Option<&str> {
        None
    }
}

macro_rules! payloads {
    (@entity $self:ident room) => { Entity::Room(&$self.room_id) };
    (@entity $self:ident user) => { Entity::User(&$self.user_id) };
    (@entity $self:ident caller) => { Entity::Caller };
    (@entity $self:ident directory) => { Entity::Directory };
    (@entity $self:ident partition) => { Entity::Partition };
    (@request $self:ident once) => {
        $self.request_id.as_ref().map(payload::RequestId::as_str)
    };
    (@request $self:ident) => { None };
    ($($type:ty: $entity:ident $($once:ident)?;)*) => {
        $(impl Payload for $type {
            fn entity(&self) -> Entity<'_> {
                payloads!(@entity self $entity)
            }

            fn request(&self) -> Option<&str> {
                payloads!(@request self $($once)?)
            }
        })*
    };
}

impl Payload for room::CreateRoom {
    fn entity(&self) -> Entity<'_> {
        self.room_id.as_ref().map_or(Entity::NewRoom, Entity::Room)
    }

    fn request(&self) -> Option<&str> {
        self.request_id.as_ref().map(payload::RequestId::as_str)
    }
}

// What each event concerns, and whether it can be retried by a `requestId`.
payloads! {
    room::JoinRoom: room once;
    room::LeaveRoom: room once;
    room::UpdateRoom: room once;
    room::InviteToRoom: room once;
    room::RemoveMember: room once;
    room::CloseRoom: room once;
    room::GetMembers: room;
    room::ListRooms: caller;
    room::Typing: room;
    room::ConnectionClosed: room;
    room::PresenceExpired: room;
    room::PresenceTick: room;
    room::StatusChanged: room;
    room::RoomIdle: room;
    room::RoomListed: directory;
    room::RoomUnlisted: directory;
    chat::SendMessage: room once;
    chat::EditMessage: room once;
    chat::DeleteMessage: room once;
    chat::React: room once;
    chat::GetMessages: room;
    chat::MarkRead: room once;
    chat::GetUnread: caller;
    moderation::ReportMessage: room once;
    moderation::GetReports: room;
    moderation::ResolveReport: room once;
    moderation::SanctionUser: room once;
    moderation::SetSlowMode: room once;
    user::SetStatus: caller once;
    user::RefreshToken: caller;
    user::UserConnected: user;
    user::UserDisconnected: user;
    user::UserExpired: user;
    user::DisconnectUser: user;
    user::RoomEntered: user;
    user::RoomExited: user;
    user::TellUser: user;
    notification::Notify: user;
    notification::GetNotifications: caller;
    notification::MarkNotificationRead: caller once;
    edge::EdgeLost: partition;
}

macro_rules! events {
    ($($summary:literal $name:ident($payload:ty) -> $answer:ty = $word:literal, $source:ident, $rate:ident $(, $enters:ident)?;)*) => {
        /// An event with its payload, read and valid.
        #[derive(Debug, Clone)]
        pub enum Event {
            $(#[doc = $summary] $name($payload),)*
        }

        /// All events.
        pub static TABLE: &[Row] = &[
            $(Row {
                name: $word,
                source: Source::$source,
                rate: Rate::$rate,
                enters: !stringify!($($enters)?).is_empty(),
                summary: $summary,
                schema: |generator| generator.subschema_for::<$payload>(),
                answer: |generator| generator.subschema_for::<$answer>(),
                check: told::check::<$answer>,
            },)*
        ];

        impl Event {
            /// Reads the payload of the event of this name.
            ///
            /// Refused with `unknown-event`, or as [`payload::read`] does.
            pub fn read(name: &str, json: &str) -> Result<Self, Refusal> {
                match name {
                    $($word => payload::read::<$payload>(json).map(Self::$name),)*
                    _ => Err(unknown(name)),
                }
            }

            fn payload(&self) -> &dyn Payload {
                match self {
                    $(Self::$name(payload) => payload,)*
                }
            }
        }
    };
}

events! {
    "Makes a room that the caller owns."
    CreateRoom(room::CreateRoom) -> told::TheRoom = "create-room", Client, Kept;
    "Enters a room, which is made if there is none."
    JoinRoom(room::JoinRoom) -> told::RoomJoined = "join-room", Client, Kept, enters;
    "Leaves a room with all of the user's connections."
    LeaveRoom(room::LeaveRoom) -> told::InRoom = "leave-room", Client, Kept;
    "Gives a page of who is present in a room."
    GetMembers(room::GetMembers) -> told::Members = "get-members", Client, Kept;
    "Gives a page of the public rooms, or of the caller's own."
    ListRooms(room::ListRooms) -> told::Rooms = "list-rooms", Client, Kept;
    "Changes a room's name, access or size."
    UpdateRoom(room::UpdateRoom) -> told::TheRoom = "update-room", Client, Kept;
    "Lets a user into a room and tells them."
    InviteToRoom(room::InviteToRoom) -> told::OnUser = "invite-to-room", Client, Invitation;
    "Puts a user out of a room and ends their belonging to it."
    RemoveMember(room::RemoveMember) -> told::OnUser = "remove-member", Client, Kept;
    "Ends a room for everyone."
    CloseRoom(room::CloseRoom) -> told::InRoom = "close-room", Client, Kept;
    "Tells the user's rooms how the user is."
    SetStatus(user::SetStatus) -> told::TheStatus = "set-status", Client, Kept;
    "Tells the others in a room that the user types; ends by itself after 5 s."
    TypingStart(room::Typing) -> told::Done = "typing-start", Client, Ephemeral;
    "Tells the others in a room that the user stopped typing."
    TypingStop(room::Typing) -> told::Done = "typing-stop", Client, Ephemeral;
    "Adds a message to a room."
    SendMessage(chat::SendMessage) -> told::TheMessage = "send-message", Client, Kept;
    "Gives an own message other words, within 24 hours."
    EditMessage(chat::EditMessage) -> told::TheMessage = "edit-message", Client, Kept;
    "Takes a message's content away; a tombstone stays."
    DeleteMessage(chat::DeleteMessage) -> told::OnMessage = "delete-message", Client, Kept;
    "Sets a reaction to a message, or takes it away."
    React(chat::React) -> told::TheReactions = "react", Client, Kept;
    "Gives a page of a room's messages."
    GetMessages(chat::GetMessages) -> told::Messages = "get-messages", Client, Kept;
    "Marks a room as read up to a message."
    MarkRead(chat::MarkRead) -> told::Unread = "mark-read", Client, Kept;
    "Counts what the caller has not read in rooms that the caller belongs to."
    GetUnread(chat::GetUnread) -> told::UnreadByRoom = "get-unread", Client, Kept;
    "Shows a message to those who moderate."
    ReportMessage(moderation::ReportMessage) -> told::OnReport = "report-message", Client, Kept;
    "Gives a page of a room's reports to those who moderate."
    GetReports(moderation::GetReports) -> told::Reports = "get-reports", Client, Kept;
    "Decides about a report, once."
    ResolveReport(moderation::ResolveReport) -> told::TheReport = "resolve-report", Client, Kept;
    "Keeps a user from writing in a room."
    MuteUser(moderation::SanctionUser) -> told::Sanctioned = "mute-user", Client, Kept;
    "Lets a muted user write again."
    UnmuteUser(moderation::SanctionUser) -> told::Sanctioned = "unmute-user", Client, Kept;
    "Puts a user out of a room and keeps them out."
    BanUser(moderation::SanctionUser) -> told::Sanctioned = "ban-user", Client, Kept;
    "Lets a banned user come back."
    UnbanUser(moderation::SanctionUser) -> told::Sanctioned = "unban-user", Client, Kept;
    "Sets the least time between two messages of a user in a room."
    SetSlowMode(moderation::SetSlowMode) -> told::TheRoom = "set-slow-mode", Client, Kept;
    "Gives a page of the user's notifications."
    GetNotifications(notification::GetNotifications) -> told::Notifications = "get-notifications", Client, Kept;
    "Marks notifications as read."
    MarkNotificationRead(notification::MarkNotificationRead) -> told::UnreadCount = "mark-notification-read", Client, Kept;
    "Lets the connection go on with a newer token."
    RefreshToken(user::RefreshToken) -> told::TokenLife = "refresh-token", Client, Kept;
    "A connection that had joined a room ended."
    ConnectionClosed(room::ConnectionClosed) -> told::Done = "connection-closed", System, Kept;
    "The grace after a user's last connection to a room is over."
    PresenceExpired(room::PresenceExpired) -> told::Done = "presence-expired", System, Kept;
    "A large room is to be told who came and went."
    PresenceTick(room::PresenceTick) -> told::Done = "presence-tick", System, Kept;
    "A user who is in a room is in another way than before."
    StatusChanged(room::StatusChanged) -> told::Done = "status-changed", System, Kept;
    "A room may have been without anyone for long enough to be forgotten."
    RoomIdle(room::RoomIdle) -> told::Done = "room-idle", System, Kept;
    "A public room was made or looks otherwise than before."
    RoomListed(room::RoomListed) -> told::Done = "room-listed", System, Kept;
    "A room is not public any more, or not there."
    RoomUnlisted(room::RoomUnlisted) -> told::Done = "room-unlisted", System, Kept;
    "A user has one more connection."
    UserConnected(user::UserConnected) -> told::Done = "user-connected", System, Kept;
    "A user has one connection less."
    UserDisconnected(user::UserDisconnected) -> told::Done = "user-disconnected", System, Kept;
    "The grace after a user's last connection is over."
    UserExpired(user::UserExpired) -> told::Done = "user-expired", System, Kept;
    "All connections of a user are to end."
    DisconnectUser(user::DisconnectUser) -> told::Done = "disconnect-user", System, Kept;
    "A user is present in a room, belongs to it, or owns it."
    RoomEntered(user::RoomEntered) -> told::Done = "room-entered", System, Kept;
    "A user is no more what they were in a room."
    RoomExited(user::RoomExited) -> told::Done = "room-exited", System, Kept;
    "A user's own connections are to be told something."
    TellUser(user::TellUser) -> told::Done = "tell-user", System, Kept;
    "A user has a new notification."
    Notify(notification::Notify) -> told::Done = "notify", System, Kept;
    "The connections of an edge that is lost end."
    EdgeLost(edge::EdgeLost) -> told::Done = "edge-lost", System, Kept;
}

impl Event {
    /// The entity that the event concerns: a room's id, or a name that no room has to share. A new room
    /// is named after user and request, so that a retry finds it, or at random where there is no
    /// request.
    pub fn entity(&self, user: &UserId) -> String {
        let payload = self.payload();
        match (payload.entity(), payload.request()) {
            (Entity::Room(room), _) => room.to_string(),
            (Entity::User(user), _) => key::user_entity(user),
            (Entity::Caller, _) => key::user_entity(user),
            (Entity::Directory, _) => key::DIRECTORY.to_owned(),
            (Entity::Partition, _) => String::new(),
            (Entity::NewRoom, Some(request)) => {
                let digest = Sha1::from(format!("{user}\n{request}")).digest().to_string();
                format!("r-{}", &digest[..20])
            }
            (Entity::NewRoom, None) => format!("r-{:020x}", rand::random::<u128>() >> 48),
        }
    }

    /// Where the event goes first: to the partition of its entity. A new room begins with its maker,
    /// whose partition knows how many rooms the maker owns; a list of public rooms is the directory's.
    pub fn partition(&self, user: &UserId, entity: &str) -> Partition {
        match self {
            Self::CreateRoom(_) => Partition::of(&key::user_entity(user)),
            Self::ListRooms(list) if list.scope == room::Scope::Public => {
                Partition::of(key::DIRECTORY)
            }
            _ => Partition::of(entity),
        }
    }

    /// The caller's key for safe retries.
    pub fn request(&self) -> Option<&str> {
        self.payload().request()
    }
}

/// The row of the event of this name, whoever sends it.
pub fn row(name: &str) -> Option<&'static Row> {
    // Asked several times for each event.
    static ROWS: LazyLock<HashMap<&str, &Row>> =
        LazyLock::new(|| TABLE.iter().map(|row| (row.name, row)).collect());
    ROWS.get(name).copied()
}

/// The row of an event that clients may send.
///
/// Refused with `unknown-event`.
pub fn client_row(name: &str) -> Result<&'static Row, Refusal> {
    row(name).filter(|row| row.source == Source::Client).ok_or_else(|| unknown(name))
}

/// The row of an event that the system sends.
pub fn system_row(name: &str) -> Option<&'static Row> {
    row(name).filter(|row| row.source == Source::System)
}

/// Whether only the system sends an event of this name.
pub fn is_system(name: &str) -> bool {
    system_row(name).is_some()
}

impl Row {
    /// Whether the event means nothing without the connection that sends it.
    pub fn needs_connection(&self) -> bool {
        self.enters || self.name == "refresh-token"
    }
}

fn unknown(name: &str) -> Refusal {
    // The name comes from outside: it is shown only as far as an event's name could reach.
    let shown: String = name.chars().filter(|c| !c.is_control()).take(64).collect();
    Refusal::new(Code::UnknownEvent, format!("there is no event {shown:?}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_rooms_id_follows_from_user_and_request() {
        let read = |json: &str| Event::read("create-room", json).expect("valid");
        let ann: UserId = "ann".parse().expect("an id");
        let bob: UserId = "bob".parse().expect("an id");
        let asked = read(r#"{"type":"discussion","requestId":"1"}"#);
        assert_eq!(asked.entity(&ann), asked.entity(&ann));
        assert_ne!(asked.entity(&ann), asked.entity(&bob));
        let unasked = read(r#"{"type":"discussion"}"#);
        assert_ne!(unasked.entity(&ann), unasked.entity(&ann));
        assert!(unasked.entity(&ann).parse::<RoomId>().is_ok());
    }

    #[test]
    fn clients_cannot_send_the_systems_events() {
        assert!(client_row("send-message").is_ok());
        assert_eq!(client_row("presence-expired").expect_err("system").code, Code::UnknownEvent);
        assert_eq!(client_row("nothing").expect_err("none").code, Code::UnknownEvent);
    }

    #[test]
    fn only_joining_enters() {
        let enters: Vec<_> = TABLE.iter().filter(|row| row.enters).map(|row| row.name).collect();
        assert_eq!(enters, ["join-room"]);
    }

    #[test]
    fn objects_are_not_read_from_lists_nor_words_from_objects() {
        let field = |json: &str| Event::read("create-room", json).expect_err(json).field;
        let listed = r#"{"type":"discussion","access":["public",[],{}]}"#;
        assert_eq!(field(listed).as_deref(), Some("access"));
        assert_eq!(field(r#"{"type":{"discussion":null}}"#).as_deref(), Some("type"));
        let role =
            r#"{"type":"discussion","access":{"visibility":"public","members":{"a":"king"}}}"#;
        assert_eq!(field(role).as_deref(), Some("access.members.a"));
    }

    #[test]
    fn a_default_that_is_said_is_the_same_request_as_one_that_is_not() {
        let same = |json: &str| {
            let payload: chat::SendMessage = payload::read(json).expect(json);
            serde_json::to_string(&payload).expect("plain data")
        };
        let silent = same(r#"{"roomId":"r","content":"a"}"#);
        assert_eq!(same(r#"{"content":"a","kind":"text","mentions":[],"roomId":"r"}"#), silent);
        assert_eq!(
            same(r#"{"roomId":"r","content":"a","kind":null,"mentions":null,"x":1}"#),
            silent
        );
        assert_ne!(same(r#"{"roomId":"r","content":"a","kind":"code"}"#), silent);
    }
}
