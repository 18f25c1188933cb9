//! Rooms: what their scripts do, refuse and leave alone.

#[path = "../common/mod.rs"]
mod common;
#[path = "../stage/mod.rs"]
mod stage;

mod access;
mod close;
mod create;
mod crowd;
mod join;
mod list;
mod manage;
mod members;
mod missed;
mod presence;
