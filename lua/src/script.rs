//! The Lua scripts as the processes run them: each joined with the library files it uses, at compile
//! time, and run by the hash of the joined text, so that processes of two versions can run together.
//!
//! This is the only list of scripts and of what each includes; the header test compares it with the
//! `USES` lines.

use std::sync::LazyLock;

use redis::Script;

/// A script with its path below `scripts/` and the library files that stand above it.
pub struct Source {
    /// `feature/verb`.
    pub name: &'static str,
    /// Names of the library files, in order.
    pub uses: &'static [&'static str],
    /// The joined text.
    pub text: &'static str,
    /// The same, ready to be called.
    pub script: LazyLock<Script>,
}

macro_rules! scripts {
    ($($ident:ident = $name:literal uses [$($lib:literal)*];)*) => {
        $(
            #[doc = concat!("`scripts/", $name, ".lua`")]
            pub static $ident: Source = Source {
                name: $name,
                uses: &[$($lib),*],
                text: concat!(
                    $(include_str!(concat!("../scripts/lib/", $lib, ".lua")),)*
                    include_str!(concat!("../scripts/", $name, ".lua"))
                ),
                script: LazyLock::new(|| Script::new($ident.text)),
            };
        )*

        /// Every script of this version.
        pub fn sources() -> Vec<&'static Source> {
            vec![$(&$ident),*]
        }
    };
}

scripts! {
    CHAT_HISTORY = "chat/history"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "enter" "bar" "message"
              "later"];
    CHAT_SEND = "chat/send"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "enter" "bar" "publication" "record"
              "message" "quote"];
    INTAKE_BURY = "intake/bury" uses ["answer" "finish" "open"];
    INTAKE_REFUSE = "intake/refuse" uses ["answer" "finish" "open" "succeed"];
    INTAKE_SETTLE = "intake/settle" uses [];
    LEASE_REGISTER = "lease/register" uses [];
    LEASE_RELEASE = "lease/release" uses [];
    LEASE_RENEW = "lease/renew" uses [];
    LEASE_TAKE = "lease/take" uses [];
    ROOM_CREATE = "room/create"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "view" "publication" "record"
              "member"];
    ROOM_DROP = "room/drop" uses ["answer" "finish" "open" "succeed" "connections"];
    ROOM_EXPIRE = "room/expire"
        uses ["answer" "finish" "open" "succeed" "room" "publication" "record" "leave"];
    ROOM_JOIN = "room/join"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "enter" "bar" "view" "publication"
              "record" "logged" "later" "missed" "connections" "member" "snapshot"];
    ROOM_LEAVE = "room/leave"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "enter" "bar" "publication" "record"
              "leave"];
    ROOM_LOG = "room/log" uses ["publication" "logged"];
    ROOM_MEMBERS = "room/members"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "enter" "bar" "beyond"];
    ROOM_TYPING = "room/typing"
        uses ["answer" "finish" "open" "succeed" "refuse" "room" "enter" "bar"];
    TIMER_FIRE = "timer/fire" uses [];
}

/// Every script, for loading before a pipeline names it by hash.
pub fn all() -> Vec<&'static Script> {
    sources().into_iter().map(|source| &*source.script).collect()
}
