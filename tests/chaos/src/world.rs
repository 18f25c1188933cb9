//! What the clients of a swarm, the oracle and the faults share.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{Duration, Instant};

use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::findings::Findings;
use crate::model::Model;
use crate::sight::Sight;

/// The shared state of a run.
pub struct World {
    /// The seed of all choices.
    pub seed: u64,
    /// Where clients may connect now.
    pub edges: RwLock<Vec<String>>,
    /// What was acknowledged.
    pub model: Mutex<Model>,
    /// What is wrong.
    pub findings: Arc<Findings>,
    /// One for each client, in their order.
    pub clients: Vec<ClientState>,
    /// Whether clients finish what they do and begin nothing.
    pub paused: watch::Sender<bool>,
    /// Raised when a fault is healed: progress counts from there.
    pub epoch: AtomicU64,
    /// The end of the run.
    pub over: CancellationToken,
    /// Pause of a client between two events.
    pub think: (u64, u64),
}

/// One client as others see it.
pub struct ClientState {
    /// The user's id.
    pub user: String,
    /// The user's token.
    pub token: String,
    /// What it saw.
    pub sight: Arc<Mutex<Sight>>,
    /// What it is at.
    pub doing: Mutex<Doing>,
}

/// What a client is at.
#[derive(Debug, Clone)]
pub struct Doing {
    /// In words, for who asks why nothing goes on.
    pub what: String,
    /// Since when.
    pub since: Instant,
    /// It has hung up and comes back later.
    pub is_away: bool,
    /// It is connected, in its rooms, and waits for the pause to end.
    pub is_idle: bool,
    /// The newest epoch in which it began an event that was then answered.
    pub epoch: u64,
}

/// A lock's content, also when a holder panicked: what is there is still the truth.
pub fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ClientState {
    /// A client of this user.
    pub fn new(user: &str, roles: &[&str], findings: &Arc<Findings>) -> Self {
        Self {
            user: user.to_owned(),
            token: harness::token::of(user, roles),
            sight: Arc::new(Mutex::new(Sight::new(user, Arc::clone(findings)))),
            doing: Mutex::new(Doing {
                what: "starting".to_owned(),
                since: Instant::now(),
                is_away: false,
                is_idle: false,
                epoch: 0,
            }),
        }
    }

    /// Notes what it is at.
    pub fn does(&self, what: impl Into<String>) {
        let mut doing = lock(&self.doing);
        doing.what = what.into();
        doing.since = Instant::now();
        doing.is_idle = false;
    }

    /// Notes how it stands to the others.
    pub fn note(&self, change: impl FnOnce(&mut Doing)) {
        change(&mut lock(&self.doing));
    }
}

impl World {
    /// Works on the model.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.model)
    }

    /// The places where clients may connect.
    pub fn edges(&self) -> Vec<String> {
        self.edges.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Says where clients may connect.
    pub fn set_edges(&self, urls: Vec<String>) {
        *self.edges.write().unwrap_or_else(PoisonError::into_inner) = urls;
    }

    /// From here on progress counts anew.
    pub fn begin_epoch(&self) -> u64 {
        self.epoch.fetch_add(1, Ordering::AcqRel) + 1
    }

    /// Clients of which `is_behind` says so, with what they are at.
    pub fn behind(&self, is_behind: impl Fn(&Doing) -> bool) -> Vec<String> {
        let told = |client: &ClientState| {
            let doing = lock(&client.doing).clone();
            is_behind(&doing).then(|| {
                format!("{} ({} for {:.1?})", client.user, doing.what, doing.since.elapsed())
            })
        };
        self.clients.iter().filter_map(told).collect()
    }

    /// Waits until no client is behind any more; else who is after `limit`.
    pub async fn until(
        &self,
        limit: Duration,
        is_behind: impl Fn(&Doing) -> bool,
    ) -> Result<Duration, Vec<String>> {
        let begun = Instant::now();
        loop {
            let behind = self.behind(&is_behind);
            if behind.is_empty() {
                return Ok(begun.elapsed());
            }
            if begun.elapsed() > limit {
                return Err(behind);
            }
            // Looks again.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}
