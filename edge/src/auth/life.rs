//! How long the tokens of open connections live: one list of all, in the order in which something is
//! due, looked at by the sweep. A connection has no timer of its own.

use std::collections::{BTreeSet, HashMap};

use parking_lot::Mutex;

/// How long before its end a token's client is told.
const WARNING_MS: u64 = 60_000;

/// The tokens of the edge's connections.
#[derive(Default)]
pub struct Lives(Mutex<State>);

#[derive(Default)]
struct State {
    /// By connection.
    lives: HashMap<String, Life>,
    /// When to look at which connection, soonest first.
    order: BTreeSet<(u64, String)>,
}

struct Life {
    expires_at_ms: u64,
    /// Its place in the order.
    look_at_ms: u64,
}

/// What is due for a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Due {
    /// Its client is to be told that the token ends at this time.
    Expiring(u64),
    /// The token has ended.
    Over,
}

impl Lives {
    /// A connection begins, or goes on with another token, that ends at this time.
    pub fn set(&self, connection: &str, expires_at_ms: u64) {
        let mut state = self.0.lock();
        state.forget(connection);
        let look_at_ms = expires_at_ms.saturating_sub(WARNING_MS);
        state.note(connection.to_owned(), Life { expires_at_ms, look_at_ms });
    }

    /// A connection ended.
    pub fn end(&self, connection: &str) {
        self.0.lock().forget(connection);
    }

    /// What is due at this time, soonest first. Each is given once.
    pub fn due(&self, now_ms: u64) -> Vec<(String, Due)> {
        let mut state = self.0.lock();
        let mut due = Vec::new();
        while state.order.first().is_some_and(|(at, _)| *at <= now_ms) {
            let Some((_, connection)) = state.order.pop_first() else { break };
            let Some(life) = state.lives.remove(&connection) else { continue };
            let expires_at_ms = life.expires_at_ms;
            if expires_at_ms <= now_ms {
                due.push((connection, Due::Over));
            } else {
                due.push((connection.clone(), Due::Expiring(expires_at_ms)));
                state.note(connection, Life { look_at_ms: expires_at_ms, ..life });
            }
        }
        due
    }
}

impl State {
    fn note(&mut self, connection: String, life: Life) {
        self.order.insert((life.look_at_ms, connection.clone()));
        self.lives.insert(connection, life);
    }

    fn forget(&mut self, connection: &str) {
        if let Some((connection, life)) = self.lives.remove_entry(connection) {
            self.order.remove(&(life.look_at_ms, connection));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(connection: &str, what: Due) -> Vec<(String, Due)> {
        vec![(connection.to_owned(), what)]
    }

    #[test]
    fn a_client_is_told_once_a_minute_before_and_put_out_at_the_end() {
        let lives = Lives::default();
        lives.set("a", 100_000);
        assert_eq!(lives.due(39_999), []);
        assert_eq!(lives.due(40_000), one("a", Due::Expiring(100_000)));
        assert_eq!(lives.due(99_999), []);
        assert_eq!(lives.due(100_000), one("a", Due::Over));
        assert_eq!(lives.due(u64::MAX), []);
    }

    #[test]
    fn where_less_is_left_it_is_told_at_once_and_where_nothing_is_it_is_only_over() {
        let lives = Lives::default();
        lives.set("short", 30_000);
        assert_eq!(lives.due(10_000), one("short", Due::Expiring(30_000)));
        lives.set("over", 9_000);
        assert_eq!(lives.due(10_000), one("over", Due::Over));
    }

    #[test]
    fn another_token_takes_the_place_of_the_one_before() {
        let lives = Lives::default();
        lives.set("a", 100_000);
        assert_eq!(lives.due(50_000), one("a", Due::Expiring(100_000)));
        lives.set("a", 200_000);
        assert_eq!(lives.due(100_000), []);
        assert_eq!(lives.due(140_000), one("a", Due::Expiring(200_000)));
        // It may end sooner, too.
        lives.set("a", 150_000);
        assert_eq!(lives.due(150_000), one("a", Due::Over));
    }

    #[test]
    fn an_ended_connection_leaves_nothing_behind() {
        let lives = Lives::default();
        for number in 0..100 {
            lives.set("a", 100_000 + number);
        }
        assert_eq!(lives.0.lock().order.len(), 1);
        lives.end("a");
        let state = lives.0.lock();
        assert!(state.order.is_empty() && state.lives.is_empty());
    }
}
