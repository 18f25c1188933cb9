//! The one Redis contract: the only crate that names a key, a stream field or a Redis command.

pub mod batch;
pub mod beat;
pub mod chat;
pub mod commit;
pub mod event;
pub mod id;
pub mod inspect;
pub mod intake;
pub mod key;
pub mod lease;
pub mod limit;
pub mod payload;
pub mod record;
pub mod refusal;
pub mod room;
pub mod script;
pub mod server;
pub mod subscriber;
pub mod topology;

pub use ::redis::{Cmd, RedisError, Value};
pub use topology::Redis;
