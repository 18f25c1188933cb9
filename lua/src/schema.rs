//! What the contract's own types look like to others, as JSON Schema: the TypeScript definitions and the
//! AsyncAPI document are made from it.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Value, json};

use crate::chat::Mentions;
use crate::id::{EventId, RoomId, UserId};
use crate::limit::MENTIONS_MAX;
use crate::notification::MarkNotificationRead;
use crate::payload::{Cursor, Emoji, Few, Limit, NAMED_MAX, Name, RequestId, Text, Whole};
use crate::refusal::Code;
use crate::room::{Access, AccessFields, Role};

/// A type of ours with its name and schema.
macro_rules! schema {
    ($type:ty, $name:literal, $schema:tt) => {
        impl JsonSchema for $type {
            fn schema_name() -> Cow<'static, str> {
                $name.into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

/// The same for a type that has numbers in it: it stands where it is used.
macro_rules! inline {
    ([$($generic:tt)*] $type:ty, $schema:tt) => {
        impl<$($generic)*> JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!($schema)
            }
        }
    };
}

schema!(EventId, "EventId", {
    "description": "`<ms>-<seq>`: orders by both parts as integers.",
    "type": "string",
    "pattern": "^[0-9]{1,20}-[0-9]{1,20}$"
});
schema!(RoomId, "RoomId", { "type": "string", "pattern": "^[A-Za-z0-9._:@-]{1,128}$" });
schema!(UserId, "UserId", { "type": "string", "pattern": "^[A-Za-z0-9._:@|+=/-]{1,128}$" });
schema!(Role, "Role", {
    "description": "A role in the whole platform.",
    "type": "string",
    "pattern": "^[A-Za-z0-9._:@-]{1,64}$"
});
schema!(Code, "ErrorCode", {
    "description": "Why an event was refused.",
    "type": "string",
    "enum": Code::ALL.iter().map(|code| code.word()).collect::<Vec<_>>()
});
schema!(Mentions, "Mentions", {
    "type": "array",
    "items": { "type": "string", "pattern": "^[A-Za-z0-9._:@|+=/-]{1,128}$" },
    "maxItems": MENTIONS_MAX
});
inline!([] RequestId, {
    "description": "The same again within 10 minutes gets the first answer and causes nothing twice.",
    "type": "string", "minLength": 1, "maxLength": crate::limit::REQUEST_ID_LENGTH_MAX
});
inline!([] Cursor, { "description": "`nextCursor` of an earlier answer.", "type": "string" });
inline!([] Emoji, { "type": "string", "minLength": 1, "maxLength": 32 });
inline!([const MAX: usize] Text<MAX>, { "type": "string", "minLength": 1, "maxLength": MAX });
inline!([const MAX: usize] Name<MAX>, { "type": "string", "minLength": 1, "maxLength": MAX });
inline!([const DEFAULT: usize, const MAX: usize] Limit<DEFAULT, MAX>, {
    "type": "integer", "minimum": 1, "maximum": MAX, "default": DEFAULT
});
inline!([const MIN: u64, const MAX: u64] Whole<MIN, MAX>, {
    "type": "integer", "minimum": MIN, "maximum": MAX
});

impl<T: JsonSchema> JsonSchema for Few<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("Few{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        json_schema!({
            "type": "array", "items": generator.subschema_for::<T>(), "maxItems": NAMED_MAX
        })
    }
}

/// An access list is read by way of `AccessFields`.
impl JsonSchema for Access {
    fn schema_name() -> Cow<'static, str> {
        "Access".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        AccessFields::json_schema(generator)
    }
}

/// One of the three ways to say which notifications: a type for each, so that no two can be mixed.
impl JsonSchema for MarkNotificationRead {
    fn schema_name() -> Cow<'static, str> {
        "MarkNotificationRead".into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let id = generator.subschema_for::<EventId>();
        let request = generator.subschema_for::<RequestId>();
        let way = |needed: &str, ways: Value| {
            let mut properties = ways;
            properties["requestId"] = request.clone().to_value();
            json!({ "type": "object", "properties": properties, "required": [needed] })
        };
        json_schema!({
            "description": "`mark-notification-read`: one, some, or all notifications are read.",
            "oneOf": [
                way("notificationId", json!({ "notificationId": id })),
                way("notificationIds", json!({
                    "notificationIds": { "type": "array", "items": id, "maxItems": NAMED_MAX }
                })),
                way("all", json!({ "all": { "const": true }, "upTo": id })),
            ]
        })
    }
}
