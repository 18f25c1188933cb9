//! Chat: what its scripts do, refuse and leave alone.

#[path = "../common/mod.rs"]
mod common;
#[path = "../stage/mod.rs"]
mod stage;

mod history;
mod send;
