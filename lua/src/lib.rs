//! The one Redis contract: the only crate that names a key, a stream field or a Redis command.

pub mod admission;
pub mod batch;
pub mod beat;
pub mod chat;
pub mod commit;
pub mod dead;
pub mod door;
mod due;
pub mod durability;
pub mod edge;
pub mod event;
pub mod id;
pub mod ingress;
pub mod inspect;
pub mod intake;
pub mod key;
pub mod lease;
pub mod limit;
pub mod moderation;
pub mod notification;
pub mod payload;
pub mod rate;
pub mod record;
pub mod refusal;
pub mod relay;
pub mod room;
mod schema;
pub mod script;
pub mod server;
pub mod subscriber;
pub mod term;
pub mod told;
pub mod topology;
pub mod user;

pub use ::redis::{Cmd, RedisError, Value};
pub use topology::Redis;
