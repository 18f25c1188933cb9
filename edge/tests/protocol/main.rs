//! The protocol over real sockets, by hand-written bytes, against a server without a product.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on should stop where it stands")]

mod client;
mod joining;
mod polling;
mod server;
mod upgrade;
mod websocket;
