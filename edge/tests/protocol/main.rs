//! The protocol over real sockets, by hand-written bytes, against a server without a product.

mod client;
mod polling;
mod server;
mod upgrade;
mod websocket;
