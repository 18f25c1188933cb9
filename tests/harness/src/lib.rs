//! Starts the whole system for a test: a Redis of its own, N edges and M workers as separate
//! processes, and clients that speak the protocol. Everything listens on loopback, on free ports,
//! and ends with the test; when a test fails, the logs of its processes are printed.
//!
//! The API panics where a test could not go on, with a message that says what was waited for, so
//! that a test reads as the story it tells.

mod client;
mod gate;
pub mod http;
mod link;
mod port;
mod process;
mod proxy;
mod raw;
mod redis;
mod stack;
pub mod token;
mod wait;

pub use client::{Client, Event};
pub use gate::Gate;
pub use link::{Hear, Link, NotOpen, Outcome, Transport};
pub use port::free as free_port;
pub use process::Process;
pub use proxy::{Flow, Proxy};
pub use raw::Raw;
pub use redis::Topology;
pub use stack::{Options, Stack};
pub use wait::{TIME_LIMIT, until, within};

/// Runs each named scenario, an `async fn(Topology)`, on a single server and on a cluster of three
/// primaries: the tests `<scenario>::on_a_single_server` and `<scenario>::on_a_cluster`.
#[macro_export]
macro_rules! on_each_topology {
    ($($scenario:ident),+ $(,)?) => {$(
        mod $scenario {
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_a_single_server() {
                super::$scenario($crate::Topology::Single).await;
            }

            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn on_a_cluster() {
                super::$scenario($crate::Topology::Cluster).await;
            }
        }
    )+};
}
