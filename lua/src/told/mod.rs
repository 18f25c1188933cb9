//! What clients are told: the events that the server sends and the answers to theirs, as types. The
//! scripts write these as JSON text, so nothing here is made at run time: the types are what the
//! TypeScript definitions and the AsyncAPI document are made from, and every test that sees a frame or an
//! answer reads it as its type, which takes no field that is not here.

mod answer;
mod document;
mod event;
mod example;
mod plain;
mod view;

pub use answer::*;
pub use document::asyncapi;
pub use event::*;
pub use view::*;

/// One event that the server sends.
pub struct Told {
    /// Its name on the wire.
    pub name: &'static str,
    /// When it is sent, in a sentence.
    pub summary: &'static str,
    /// Its payload.
    pub schema: fn(&mut schemars::SchemaGenerator) -> schemars::Schema,
    /// Reads a payload; an error says what does not fit.
    pub check: fn(&serde_json::Value) -> Result<(), serde_json::Error>,
}

/// Reads JSON as a type, for the sake of reading.
pub(crate) fn check<T: serde::de::DeserializeOwned>(
    json: &serde_json::Value,
) -> Result<(), serde_json::Error> {
    serde_json::from_value::<T>(json.clone()).map(drop)
}
