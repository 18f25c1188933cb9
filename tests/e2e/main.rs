//! The whole system from outside: real processes, real clients, one module per feature. What is
//! asserted is what the reference promises to clients, never how it is done inside.

mod bad_input;
mod browser;
mod chat;
mod chat_changes;
mod chat_lines;
mod clients;
mod command;
mod connect;
mod described;
mod durability;
mod edge_crash;
mod failover;
mod http;
mod ingress;
mod limits;
mod moderation;
mod notifications;
mod poison;
mod presence;
mod pressure;
mod replica;
mod rooms;
mod rooms_manage;
mod scripts;
mod swarm;
mod token;

use harness::{Options, Stack, Topology};

/// Two edges and two workers as separate processes.
fn options(topology: Topology) -> Options {
    Options::new(env!("CARGO_BIN_EXE_realtime"), topology)
}

async fn start(topology: Topology) -> Stack {
    Stack::start(options(topology)).await
}
