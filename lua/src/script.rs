//! The Lua scripts as the processes run them: each joined with the library files it uses, at compile
//! time, and run by the hash of the joined text, so that processes of two versions can run together.
//!
//! This is the only list of scripts and of what each includes; the header test compares it with the
//! `USES` lines.

use std::sync::LazyLock;

use redis::Script;

#[cfg(debug_assertions)]
pub mod folder;

/// A script with its path below `scripts/` and the library files that stand above it.
pub struct Source {
    /// `feature/verb`.
    pub name: &'static str,
    /// The groups of library files that it begins with, none, [`OPEN`], or that and [`ADMIT`].
    pub groups: &'static [&'static [&'static str]],
    /// Names of the further library files, in order.
    pub uses: &'static [&'static str],
    /// The joined text.
    pub text: &'static str,
    /// The same, ready to be called.
    pub script: LazyLock<Script>,
}

impl Source {
    /// The text that this process runs.
    fn current(&self) -> &'static str {
        #[cfg(debug_assertions)]
        if let Some(text) = folder::text(self.name) {
            return text;
        }
        self.text
    }
}

/// What every event's script begins with.
pub const OPEN: &[&str] =
    &["tell", "send", "finish", "answer", "later", "further", "open", "succeed"];

/// What decides who may be in a room, after [`OPEN`].
pub const ADMIT: &[&str] = &["refuse", "room", "sanction", "staff", "holds", "enter", "admit"];

/// The text of library files, one after the other.
macro_rules! library {
    ($($lib:literal)*) => { concat!($(include_str!(concat!("../scripts/lib/", $lib, ".lua")),)*) };
    (uses) => { "" };
    (open) => { library!["tell" "send" "finish" "answer" "later" "further" "open" "succeed"] };
    (admit) => {
        concat!(library!(open), library!["refuse" "room" "sanction" "staff" "holds" "enter" "admit"])
    };
}

macro_rules! group {
    (uses) => {
        &[]
    };
    (open) => {
        &[OPEN]
    };
    (admit) => {
        &[OPEN, ADMIT]
    };
}

macro_rules! scripts {
    ($($ident:ident = $name:literal $group:ident [$($lib:literal)*];)*) => {
        $(
            #[doc = concat!("`scripts/", $name, ".lua`")]
            pub static $ident: Source = Source {
                name: $name,
                groups: group!($group),
                uses: &[$($lib),*],
                text: concat!(
                    library!($group),
                    library![$($lib)*],
                    include_str!(concat!("../scripts/", $name, ".lua"))
                ),
                script: LazyLock::new(|| Script::new($ident.current())),
            };
        )*

        /// Every script of this version.
        pub fn sources() -> Vec<&'static Source> {
            vec![$(&$ident),*]
        }
    };
}

scripts! {
    CHAT_DELETE = "chat/delete"
        admit ["level" "publication" "record" "message" "author" "span" "discard" "unreact"
               "erase"];
    CHAT_EDIT = "chat/edit"
        admit ["silent" "publication" "record" "message" "lines" "author" "slots" "me" "shown"
               "living"];
    CHAT_HISTORY = "chat/history" admit ["lines" "slots" "me" "shown" "collect" "span" "replies"];
    CHAT_MARK = "chat/mark" admit ["inform" "unread"];
    CHAT_REACT = "chat/react"
        admit ["silent" "publication" "record" "message" "lines" "slots" "span" "allot" "append"
               "discard" "reactions" "me" "living"];
    CHAT_SEND = "chat/send"
        admit ["level" "silent" "defer" "pace" "publication" "record" "message" "lines" "slots"
               "me" "shown" "root" "quote" "span" "allot" "append" "discard" "unreact" "trim"
               "inform" "living"];
    CHAT_UNREAD = "chat/unread" uses ["room" "sanction" "staff" "holds" "enter" "unread"];
    DIRECTORY_LIST = "directory/list" open [];
    DIRECTORY_ROOMS = "directory/rooms" open ["staff" "beyond" "older" "holds"];
    DIRECTORY_UNLIST = "directory/unlist" open [];
    EDGE_BEAT = "edge/beat" uses [];
    EDGE_FORGET = "edge/forget" uses [];
    EDGE_LATE = "edge/late" uses [];
    EDGE_LOST = "edge/lost" open [];
    INGRESS_ADVANCE = "ingress/advance" uses ["keep"];
    INTAKE_BURY = "intake/bury" open [];
    INTAKE_REPLAY = "intake/replay" uses [];
    INTAKE_REFUSE = "intake/refuse" open [];
    INTAKE_SETTLE = "intake/settle" uses ["keep"];
    LEASE_ATTEMPT = "lease/attempt" uses [];
    LEASE_REGISTER = "lease/register" uses [];
    LEASE_RELEASE = "lease/release" uses [];
    LEASE_RENEW = "lease/renew" uses [];
    LEASE_TAKE = "lease/take" uses ["later"];
    MODERATION_PARDON = "moderation/pardon"
        admit ["level" "standing" "unfit" "outranks" "person" "publication" "record"];
    MODERATION_REPORT = "moderation/report" admit ["publication" "record" "message" "living"];
    MODERATION_REPORTS = "moderation/reports" admit ["level" "unfit"];
    MODERATION_RESOLVE = "moderation/resolve"
        admit ["level" "standing" "unfit" "outranks" "person" "impose" "ending" "span" "discard"
               "unreact" "erase" "publication" "record" "inform" "exited" "depart" "farewell"
               "tick" "crowd" "look" "idle" "expel"];
    MODERATION_SANCTION = "moderation/sanction"
        admit ["level" "standing" "unfit" "outranks" "person" "impose" "ending" "publication"
               "record" "inform" "exited" "depart" "farewell" "tick" "crowd" "look" "idle" "expel"];
    MODERATION_SLOW = "moderation/slow"
        admit ["level" "view" "publication" "record" "inform" "listing" "unfit"];
    NOTIFICATION_LIST = "notification/list" open [];
    NOTIFICATION_NOTIFY = "notification/notify" open ["reach"];
    NOTIFICATION_READ = "notification/read" open ["reach"];
    RATE_TAKE = "rate/take" uses [];
    RELAY_ADVANCE = "relay/advance" uses [];
    RELAY_APPEND = "relay/append" uses ["later" "further"];
    RELAY_DELIVER = "relay/deliver" uses [];
    ROOM_CHECK = "room/check" uses [];
    ROOM_CLOSE = "room/close"
        admit ["inform" "level" "view" "publication" "record" "listing" "exited" "look"];
    ROOM_CREATE = "room/create"
        admit ["inform" "view" "publication" "record" "listing" "entered" "belong" "exited"
               "recast" "sift" "depart" "farewell" "tick" "crowd" "person" "put_out" "enrol"
               "roll"];
    ROOM_DROP = "room/drop" open ["connections"];
    ROOM_EXPIRE = "room/expire"
        open ["room" "publication" "record" "inform" "exited" "depart" "farewell" "tick" "crowd"
              "person"];
    ROOM_GLANCE = "room/glance" uses ["room" "sanction" "staff" "holds" "enter" "level" "view"];
    ROOM_IDLE = "room/idle" open ["room" "inform" "view" "listing" "exited" "look"];
    ROOM_INVITE = "room/invite"
        admit ["inform" "level" "standing" "publication" "record" "entered" "belong" "recast"
               "unfit"];
    ROOM_JOIN = "room/join"
        admit ["level" "view" "publication" "record" "message" "lines" "slots" "me" "shown"
               "collect" "logged" "missed" "connections" "member" "snapshot" "inform" "listing"
               "tick" "crowd" "entered"];
    ROOM_LEAVE = "room/leave"
        admit ["publication" "record" "inform" "exited" "depart" "farewell" "tick" "crowd" "look"
               "idle"];
    ROOM_LOG = "room/log" uses ["publication" "message" "lines" "slots" "me" "shown" "logged"];
    ROOM_MEMBERS = "room/members" admit ["beyond"];
    ROOM_REMOVE = "room/remove"
        admit ["level" "standing" "unfit" "outranks" "person" "publication" "record" "inform"
               "exited" "depart" "farewell" "tick" "crowd" "look" "idle" "expel"];
    ROOM_STATUS = "room/status" open ["room" "publication" "record" "member"];
    ROOM_TICK = "room/tick" open ["tick"];
    ROOM_TYPING = "room/typing" admit ["silent"];
    ROOM_UPDATE = "room/update"
        admit ["inform" "level" "view" "publication" "record" "listing" "entered" "belong"
               "exited" "recast" "sift" "depart" "farewell" "tick" "crowd" "person" "put_out"
               "enrol" "roll"];
    TIMER_FIRE = "timer/fire" uses [];
    USER_ADMIT = "user/admit" uses [];
    USER_CLAIM = "user/claim" open ["refuse"];
    USER_ROOMS = "user/rooms" open ["beyond" "older"];
    USER_CONNECTED = "user/connected" open ["inform"];
    USER_DISCONNECT = "user/disconnect" open ["reach"];
    USER_DISCONNECTED = "user/disconnected" open [];
    USER_ENTERED = "user/entered" open ["inform"];
    USER_EXITED = "user/exited" open [];
    USER_EXPIRED = "user/expired" open [];
    USER_STATUS = "user/status" open ["inform"];
    USER_TELL = "user/tell" open ["reach"];
    USER_UNREAD = "user/unread" open [];
}

/// Every script, for loading before a pipeline names it by hash.
pub fn all() -> Vec<&'static Script> {
    sources().into_iter().map(|source| &*source.script).collect()
}
