//! The server's pings. The first goes out one interval after the session opened, each answer starts
//! the next interval. Nothing here runs by itself: who holds the session asks, with the time it is.

use std::time::Duration;

use tokio::time::Instant;

/// The heartbeat of one session.
#[derive(Debug)]
pub(crate) struct Heartbeat {
    interval: Duration,
    timeout: Duration,
    next: Next,
}

#[derive(Debug)]
enum Next {
    Ping(Instant),
    Pong(Instant),
}

/// What the heartbeat wants now.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Due {
    /// Nothing before this time.
    Later(Instant),
    /// A ping is to be sent, and then to be asked again.
    Ping,
    /// The client did not answer in time.
    Dead,
}

impl Heartbeat {
    pub(crate) fn new(interval: Duration, timeout: Duration, now: Instant) -> Heartbeat {
        let next = Next::Ping(now + interval);
        Heartbeat { interval, timeout, next }
    }

    /// Moves on to `now`. A ping counts from when it was due, not from when somebody asked, so that
    /// a client nobody asked about is judged by the same times. `held` keeps a ping back.
    pub(crate) fn check(&mut self, now: Instant, held: bool) -> Due {
        match self.next {
            Next::Ping(at) if held => Due::Later(at.max(now + self.timeout)),
            Next::Ping(at) if now < at => Due::Later(at),
            Next::Ping(at) => {
                self.next = Next::Pong(at + self.timeout);
                Due::Ping
            }
            Next::Pong(by) if now < by => Due::Later(by),
            Next::Pong(_) => Due::Dead,
        }
    }

    /// The client answered, asked or not. Returns when the next ping is due.
    pub(crate) fn pong(&mut self, now: Instant) -> Instant {
        let at = now + self.interval;
        self.next = Next::Ping(at);
        at
    }

    /// Ends the time in which pings were held back: one that fell into it counts from now.
    pub(crate) fn resume(&mut self, now: Instant) {
        if let Next::Ping(at) = self.next {
            self.next = Next::Ping(at.max(now));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const INTERVAL: Duration = Duration::from_millis(300);
    const TIMEOUT: Duration = Duration::from_millis(200);

    fn at(start: Instant, millis: u64) -> Instant {
        start + Duration::from_millis(millis)
    }

    #[test]
    fn the_first_ping_waits_one_interval() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        assert_eq!(heartbeat.check(start, false), Due::Later(at(start, 300)));
        assert_eq!(heartbeat.check(at(start, 300), false), Due::Ping);
        assert_eq!(heartbeat.check(at(start, 300), false), Due::Later(at(start, 500)));
    }

    #[test]
    fn deadlines_hold_to_the_millisecond_even_if_nobody_looked() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        assert_eq!(heartbeat.check(at(start, 500), false), Due::Ping);
        assert_eq!(heartbeat.check(at(start, 500), false), Due::Dead);
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        assert_eq!(heartbeat.check(at(start, 499), false), Due::Ping);
        assert_eq!(heartbeat.check(at(start, 499), false), Due::Later(at(start, 500)));
    }

    #[test]
    fn an_answer_starts_the_next_interval() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        heartbeat.check(at(start, 300), false);
        assert_eq!(heartbeat.pong(at(start, 350)), at(start, 650));
        assert_eq!(heartbeat.check(at(start, 649), false), Due::Later(at(start, 650)));
    }

    #[test]
    fn a_ping_held_back_counts_from_its_release() {
        let start = Instant::now();
        let mut heartbeat = Heartbeat::new(INTERVAL, TIMEOUT, start);
        assert_eq!(heartbeat.check(at(start, 900), true), Due::Later(at(start, 1100)));
        heartbeat.resume(at(start, 900));
        assert_eq!(heartbeat.check(at(start, 900), false), Due::Ping);
        assert_eq!(heartbeat.check(at(start, 900), false), Due::Later(at(start, 1100)));
    }
}
