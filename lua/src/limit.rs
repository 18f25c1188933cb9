//! Bounds that are part of the contract or of the data's layout, each with a name. What an operator
//! may change is a setting of the edge or of the workers instead.

/// How long the first answer to a `requestId` is kept, milliseconds.
pub const ONCE_MS: u64 = 600_000;

/// Longest `requestId`, in characters.
pub const REQUEST_ID_LENGTH_MAX: usize = 64;

/// Longest text of a message, in code points after NFC.
pub const MESSAGE_LENGTH_MAX: usize = 4_000;

/// Longest name of a room or title, in code points after NFC.
pub const NAME_LENGTH_MAX: usize = 200;

/// Longest comment, note or reason, in code points after NFC.
pub const NOTE_LENGTH_MAX: usize = 1_000;

/// Mentions in one message.
pub const MENTIONS_MAX: usize = 10;

/// Emoji at one message.
pub const EMOJI_MAX: usize = 20;

/// How long after it was sent a message may be edited, milliseconds.
pub const EDIT_MS: u64 = 86_400_000;

/// Unread messages of a room that are counted; more are shown as this many.
pub const UNREAD_SHOWN_MAX: usize = 999;

/// Messages that are looked at to count those that are unread: what a user wrote does not count.
pub const UNREAD_READ_MAX: usize = 10_000;

/// Rooms whose unread messages are counted where none is named.
pub const UNREAD_ROOMS_MAX: usize = 100;

/// Members listed in `room-joined`.
pub const MEMBERS_LISTED: usize = 200;

/// Messages in `room-joined`.
pub const RECENT_MESSAGES: usize = 50;

/// Events in `missed`.
pub const MISSED_MAX: usize = 500;

/// Bytes of messages in `room-joined`, and of events in its `missed`. 50 messages of full length in
/// ASCII fit; ack and event together stay below what may wait for a connection (1 MiB).
pub const JOINED_BYTES_MAX: usize = 224 * 1024;

/// Bytes of messages in one page of history. 100 messages of full length in ASCII fit.
pub const PAGE_BYTES_MAX: usize = 512 * 1024;

/// Dead letters kept per partition.
pub const DEAD_LETTERS_MAX: usize = 10_000;

/// Refusals of the ingress that are kept.
pub const REFUSED_MAX: u64 = 10_000;

/// Bytes of a payload that comes in over Redis.
pub const PAYLOAD_BYTES_MAX: usize = 1_000_000;

/// Connections of a lost edge that end at once, per partition.
pub const EDGE_LOST_MAX: usize = 500;

/// How long a user's typing is shown without being renewed, milliseconds.
pub const TYPING_MS: u64 = 5_000;

/// Invitations that one user may send in a minute.
pub const INVITATIONS_PER_MINUTE: u32 = 10;

/// Notifications kept per user.
pub const NOTIFICATIONS_MAX: usize = 1_000;
