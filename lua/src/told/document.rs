//! The AsyncAPI document: every event with its payload, its answer and who sends it, made from the event
//! table and the types.

use schemars::generate::SchemaSettings;
use schemars::{Schema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::example::example;
use super::{ErrorBody, TOLD, plain};
use crate::event::{Source, TABLE};

/// What a client writer must know beside the events.
const ABOUT: &str = "Rooms, presence and chat over Socket.IO. A client emits an event with one JSON object \
    and, if it likes, an ack callback; the answer is `{ok: true, …}` or `{ok: false, error}`, sent after the \
    event was applied. Without a callback a failure arrives as the event `error`. Each event is also a \
    request: POST /api/v1/events/{event}, with the payload as the body and the answer as the response.\n\n\
    Times are milliseconds since the epoch. Ids of events and messages are `<ms>-<seq>` and order by both \
    parts as integers. The same `requestId` again within 10 minutes gets the first answer and causes nothing \
    twice. Fields that a client does not know are to be ignored: later versions may add some.";

/// The AsyncAPI 3 document of this version, as JSON.
pub fn asyncapi() -> Value {
    let mut settings = SchemaSettings::draft07();
    settings.definitions_path = "/components/schemas".into();
    settings.meta_schema = None;
    settings.transforms.push(Box::new(plain::Plain));
    let mut generator = SchemaGenerator::new(settings);
    let (mut messages, mut operations) = (Map::new(), Map::new());
    let refused = refusal(&mut generator);
    for row in TABLE.iter().filter(|row| row.source == Source::Client) {
        let payload = (row.schema)(&mut generator);
        let result = (row.answer)(&mut generator);
        let answer = format!("{}.ack", row.name);
        let mut event = message(row.name, row.summary, payload.to_value());
        if let Some(payload) = example(row.name) {
            event["examples"] = json!([{ "payload": payload }]);
        }
        messages.insert(row.name.to_owned(), event);
        let told = format!("The answer to {}.", row.name);
        messages.insert(answer.clone(), message(&answer, &told, ack(&result, &refused)));
        let mut operation = operation("receive", row.name, row.summary);
        operation["reply"] = json!({
            "channel": { "$ref": "#/channels/events" },
            "messages": [reference(&answer)],
        });
        operations.insert(row.name.to_owned(), operation);
    }
    for told in TOLD {
        let payload = (told.schema)(&mut generator).to_value();
        messages.insert(told.name.to_owned(), message(told.name, told.summary, payload));
        operations.insert(told.name.to_owned(), operation("send", told.name, told.summary));
    }
    let carried: Map<String, Value> = messages
        .keys()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/messages/{name}") })))
        .collect();
    json!({
        "asyncapi": "3.0.0",
        "info": {
            "title": "realtime-service",
            "version": env!("CARGO_PKG_VERSION"),
            "description": ABOUT,
            "license": { "name": "MIT" },
        },
        "defaultContentType": "application/json",
        "servers": {
            "edge": {
                "host": "localhost:3006",
                "pathname": "/socket.io/",
                "protocol": "socket.io",
                "protocolVersion": "5",
                "description": "Any edge; over polling or websocket, with Engine.IO 4 below.",
                "security": [{ "$ref": "#/components/securitySchemes/token" }],
            },
        },
        "channels": {
            "events": {
                "address": "/",
                "title": "The namespace",
                "description": "All events of one connection, both ways: each a Socket.IO packet \
                    `[name, payload]`, an answer (`….ack`) the acknowledgement of one.",
                "messages": carried,
            },
        },
        "operations": operations,
        "components": {
            "messages": messages,
            "schemas": generator.take_definitions(true),
            "securitySchemes": { "token": token() },
        },
    })
}

fn token() -> Value {
    json!({
        "type": "http",
        "scheme": "bearer",
        "bearerFormat": "JWT",
        "description": "In CONNECT's `auth.token`, or else the header Authorization. Refused with \
            CONNECT_ERROR `{message, data: {code}}`: `missing-token`, `invalid-token`, `expired-token`, \
            `rate-limited`, `unavailable`.",
    })
}

fn refusal(generator: &mut SchemaGenerator) -> Value {
    json!({
        "type": "object",
        "title": "Refused",
        "properties": {
            "ok": { "const": false },
            "error": generator.subschema_for::<ErrorBody>().to_value(),
        },
        "required": ["ok", "error"],
    })
}

/// The answer's object with `ok` beside its fields, or the refusal.
fn ack(result: &Schema, refused: &Value) -> Value {
    let ok = json!({
        "type": "object",
        "properties": { "ok": { "const": true } },
        "required": ["ok"],
    });
    json!({ "oneOf": [{ "allOf": [ok, result.as_value()] }, refused] })
}

fn message(name: &str, summary: &str, payload: Value) -> Value {
    json!({ "name": name, "summary": summary, "payload": payload })
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/channels/events/messages/{name}") })
}

fn operation(action: &str, name: &str, summary: &str) -> Value {
    json!({
        "action": action,
        "summary": summary,
        "channel": { "$ref": "#/channels/events" },
        "messages": [reference(name)],
    })
}
