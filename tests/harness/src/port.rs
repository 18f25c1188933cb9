//! Free ports on loopback for processes that are told their port before they bind it.

use std::net::TcpListener;
use std::sync::atomic::{AtomicU16, Ordering};

/// Ports below those that Linux and macOS hand out for outgoing connections (32768 and 49152 up),
/// so that no connection made meanwhile can take a port between this look and the bind.
const FIRST: u16 = 15_000;
const COUNT: u16 = 15_000;

static NEXT: AtomicU16 = AtomicU16::new(0);

/// A port that nobody listens on. No port is given out twice by one test process; several at once
/// start from places that differ by their process ids.
pub fn free() -> u16 {
    let start = (std::process::id().wrapping_mul(101) % u32::from(COUNT)) as u16;
    for _ in 0..COUNT {
        let step = NEXT.fetch_add(1, Ordering::Relaxed);
        let port = FIRST + (start + step % COUNT) % COUNT;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return port;
        }
    }
    panic!("no free port on loopback between {FIRST} and {}", FIRST + COUNT);
}
