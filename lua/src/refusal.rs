//! Refusals: a rule said no. Each has a code that clients see (contract, section 2), the same word in
//! Rust, in Lua, on the wire and in the metrics.

use std::fmt;

use serde::de::Error as _;
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $word:literal,)*) => {
        /// Why an event was refused.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name),*];

            /// The word that clients see.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $word,)* }
            }
        }
    };
}

codes! {
    /// The payload is not what the event takes; details name the field.
    InvalidPayload = "invalid-payload",
    /// There is no such event.
    UnknownEvent = "unknown-event",
    /// The caller has no right to this.
    Forbidden = "forbidden",
    /// There is no such thing, or not for this caller.
    NotFound = "not-found",
    /// It contradicts what is there: owned by somebody, full, used already.
    Conflict = "conflict",
    /// It was there and is not any more.
    Gone = "gone",
    /// Too often; may be tried again after `retryAfterMs`.
    RateLimited = "rate-limited",
    /// Over a limit of size.
    TooLarge = "too-large",
    /// The caller is muted in this room.
    Muted = "muted",
    /// The caller is banned from this room.
    Banned = "banned",
    /// Redis is away or the intake is full; may be tried again after `retryAfterMs`.
    Unavailable = "unavailable",
    /// A defect of ours.
    Internal = "internal",
}

impl<'de> Deserialize<'de> for Code {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let found = Self::ALL.iter().find(|code| code.word() == text).copied();
        found.ok_or_else(|| D::Error::custom("must be a code"))
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// A refusal as clients see it: `{code, message, details?, retryAfterMs?}`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct Refusal {
    /// The word that programs decide by.
    pub code: Code,
    /// A sentence for people.
    pub message: String,
    /// The payload's field that is at fault, as a path (`access.members`).
    pub field: Option<String>,
    /// Whether the event may have been applied all the same (`details.outcome: "unknown"`).
    pub outcome_unknown: bool,
    /// When a retry makes sense, milliseconds from now.
    pub retry_after_ms: Option<u64>,
}

impl Refusal {
    /// A refusal that concerns no field.
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, message, field: None, outcome_unknown: false, retry_after_ms: None }
    }

    /// A field of the payload that is not what it should be.
    pub fn field(code: Code, field: impl Into<String>, problem: impl fmt::Display) -> Self {
        let field = field.into();
        Self { field: Some(field.clone()), ..Self::new(code, format!("{field}: {problem}")) }
    }

    /// The service cannot take the event now.
    pub fn unavailable(message: impl Into<String>, retry_after_ms: u64) -> Self {
        let retry_after_ms = Some(retry_after_ms);
        Self { retry_after_ms, ..Self::new(Code::Unavailable, message) }
    }

    /// The object `{code, message, details?, retryAfterMs?}` as JSON text.
    pub fn json(&self) -> String {
        serde_json::to_string(self).expect("a refusal is plain data")
    }
}

impl Serialize for Refusal {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("code", self.code.word())?;
        map.serialize_entry("message", &self.message)?;
        if let Some(field) = &self.field {
            map.serialize_entry("details", &serde_json::json!({ "field": field }))?;
        } else if self.outcome_unknown {
            map.serialize_entry("details", &serde_json::json!({ "outcome": "unknown" }))?;
        }
        if let Some(retry_after_ms) = self.retry_after_ms {
            map.serialize_entry("retryAfterMs", &retry_after_ms)?;
        }
        map.end()
    }
}
