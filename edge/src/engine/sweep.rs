//! What nobody's request does: ending polling sessions whose client stays away, forgetting goodbyes
//! that nobody fetched, and closing everything when the edge stops.

use std::sync::{Arc, Weak};
use std::time::Duration;

use tokio::time::{Instant, MissedTickBehavior, interval, sleep, sleep_until};

use super::session::{Phase, Session};
use super::{Application, Engine};
use crate::close::Reason;

/// How often. It frees memory and reports absences; no deadline depends on it.
const SWEEP_INTERVAL: Duration = Duration::from_secs(1);
/// The distance between two batches of closes.
const DRAIN_STEP: Duration = Duration::from_millis(50);
/// How long sessions that were told to close may take to.
const DRAIN_GRACE: Duration = Duration::from_secs(1);

/// Runs until the engine is gone.
pub(super) async fn sweep<A: Application>(engine: Weak<Engine<A>>) {
    let mut ticks = interval(SWEEP_INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(engine) = engine.upgrade() else {
            return;
        };
        // Websockets have a task that looks after them.
        for session in engine.sessions.select(|session| session.phase() != Phase::WebSocket) {
            engine.look_after(&session, Instant::now());
        }
    }
}

/// Closes all sessions in batches over `within`, and waits for them.
pub(super) async fn drain<A: Application>(engine: &Engine<A>, within: Duration) {
    let sessions =
        engine.sessions.select(|session| !matches!(session.phase(), Phase::Closed { .. }));
    let steps = (within.as_millis() / DRAIN_STEP.as_millis()).max(1);
    let batch = sessions.len().div_ceil(usize::try_from(steps).unwrap_or(usize::MAX)).max(1);
    let mut next = Instant::now();
    for sessions in sessions.chunks(batch) {
        sleep_until(next).await;
        for session in sessions {
            engine.dismiss(session);
        }
        next += DRAIN_STEP;
    }
    let last = Instant::now() + DRAIN_GRACE;
    while engine.connections() > 0 && Instant::now() < last {
        // Those who opened while the draining began are in no batch yet.
        for session in engine.sessions.select(|session| session.outbox.closing().is_none()) {
            engine.dismiss(&session);
        }
        sleep(Duration::from_millis(5)).await;
    }
}

impl<A: Application> Engine<A> {
    fn look_after(&self, session: &Arc<Session<A>>, now: Instant) {
        if let Phase::Closed { until, .. } = session.phase() {
            if until <= now {
                self.sessions.remove(&session.sid);
            }
            return;
        }
        let verdict = session.due(now).err().or_else(|| session.outbox.closing());
        if let Some(reason) = verdict {
            self.end(session, reason);
        }
    }

    /// Asks a session to go. A websocket's task does the rest; for polling nobody may be there.
    fn dismiss(&self, session: &Arc<Session<A>>) {
        session.outbox.close(Reason::Drain);
        if session.phase() != Phase::WebSocket {
            self.end(session, Reason::Drain);
        }
    }
}
