//! The account of one subject (a user, an address) at this edge: what may pass now, what waits for the
//! answer of the shared bucket, and what is refused without asking.
//!
//! Each limit is a bucket here, with the full rate, and a bucket in Redis that all edges debit. What
//! the local one refuses goes no further. Of what it lets through a little may pass before it is debited;
//! beyond that it stands in line until the debit is answered. Once the shared bucket has said until when it
//! is empty, what comes before is refused here.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock;
use governor::middleware::NoOpMiddleware;
use governor::state::{InMemoryState, NotKeyed};
use governor::{NotUntil, RateLimiter};
use lua::id::Partition;
use lua::rate::{self, Quota, Taken};
use parking_lot::Mutex;
use tokio::time::Instant;

/// The part of a burst that may pass before it is debited.
const AHEAD_PART: u32 = 20;

/// How long the local buckets alone decide after Redis gave no answer.
const AWAY: Duration = Duration::from_secs(1);

/// What a full line asks for: by then its debit has been answered.
const RETRY_LINE: Duration = Duration::from_millis(500);

/// One limit, as it is set for all subjects.
#[derive(Debug, Clone, Copy)]
pub struct Limit {
    /// Its name in keys and metrics.
    pub name: &'static str,
    /// How much of what it counts.
    pub quota: Quota,
    /// Whether all edges share it.
    pub shared: bool,
}

/// The limits of one kind of subject; none where a limit is off.
pub type Table = Arc<[Option<Limit>]>;

/// The limits that something counts in, by their places in the [`Table`].
pub type Classes = &'static [usize];

/// Over a limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limited {
    /// Which.
    pub limit: &'static str,
    /// After this time one is let through.
    pub retry_after_ms: u64,
}

/// Whether something may pass.
pub type Verdict = Result<(), Limited>;

/// Hears the verdict on what had to wait.
pub type Then = Box<dyn FnOnce(Verdict) + Send>;

/// See the file's head.
pub struct Account {
    /// Whom it is for, as keys name it.
    subject: Box<str>,
    table: Table,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// Those that were needed so far.
    buckets: Vec<Bucket>,
    line: VecDeque<Waiting>,
    /// The head of the line is being told: what comes meanwhile stands behind it.
    telling: bool,
    /// It is noted for a debit, or one is under way.
    noted: bool,
    /// Until when Redis is not asked.
    away: Option<Instant>,
    used: Option<Instant>,
}

struct Waiting {
    classes: Classes,
    then: Then,
}

struct Bucket {
    class: usize,
    limit: Limit,
    local: Local,
    /// When the local bucket gave the last time.
    drawn: Option<Instant>,
    /// Passed and not known to be debited.
    ahead: u32,
    /// Debited and not used.
    credit: u32,
    /// In line.
    waiting: u32,
    /// Until when the shared bucket is empty.
    empty: Option<Instant>,
}

type Local = RateLimiter<NotKeyed, InMemoryState, Ticks, NoOpMiddleware<std::time::Instant>>;

/// Tokio's clock, which tests can turn.
#[derive(Clone, Copy)]
struct Ticks;

impl Clock for Ticks {
    type Instant = std::time::Instant;

    fn now(&self) -> Self::Instant {
        Instant::now().into_std()
    }
}

/// What a bucket says of the next one.
enum Word {
    Pass,
    Wait,
    Refuse(Limited),
}

/// What came of an arrival.
pub struct Arrival {
    /// None where it waits.
    pub verdict: Option<Verdict>,
    /// The account has to be noted for a debit.
    pub owes: bool,
}

/// One debit of one bucket.
#[derive(Debug, Clone, Copy)]
pub struct Due {
    class: usize,
    limit: Limit,
    used: u32,
    asked: u32,
}

impl Account {
    /// An account with all buckets full.
    pub fn new(subject: String, table: Table) -> Self {
        Self { subject: subject.into(), table, state: Mutex::default() }
    }

    /// Where its shared buckets are.
    pub fn partition(&self) -> Partition {
        Partition::of(&self.subject)
    }

    /// Something comes that counts in `classes`. Where it must wait, `then` makes what hears the verdict:
    /// in order of arrival, after this has returned.
    pub fn arrive(&self, classes: Classes, then: impl FnOnce() -> Then) -> Arrival {
        let now = Instant::now();
        let mut state = self.state.lock();
        state.used = Some(now);
        let word = state.receive(&self.table, classes, now);
        let verdict = match word {
            Word::Pass => Some(Ok(())),
            Word::Refuse(limited) => Some(Err(limited)),
            Word::Wait => {
                state.line.push_back(Waiting { classes, then: then() });
                metrics::gauge!("rt_rate_waiting").increment(1.0);
                None
            }
        };
        Arrival { verdict, owes: state.note() }
    }

    /// What is to be debited now. Each must be followed by [`Account::debited`].
    pub fn due(&self) -> Vec<Due> {
        let state = self.state.lock();
        let due = state.buckets.iter().filter(|bucket| bucket.owes()).map(|bucket| Due {
            class: bucket.class,
            limit: bucket.limit,
            used: bucket.ahead,
            asked: bucket.waiting.saturating_sub(bucket.credit),
        });
        due.collect()
    }

    /// The call of one debit.
    pub fn call(&self, due: &Due) -> lua::Cmd {
        let bucket = rate::Bucket::new(due.limit.name, &self.subject);
        rate::take(&bucket, &due.limit.quota, due.used, due.asked)
    }

    /// Takes in what the debits came to (none: no answer) and tells those in line whose turn it is. True
    /// where the account has to be noted again.
    pub fn debited(&self, answers: &[(Due, Option<Taken>)]) -> bool {
        {
            let mut state = self.state.lock();
            let now = Instant::now();
            for (due, taken) in answers {
                state.settle(due, *taken, now);
            }
            state.noted = false;
        }
        loop {
            let ready = self.state.lock().next_ready();
            if ready.is_empty() {
                break;
            }
            metrics::gauge!("rt_rate_waiting").decrement(ready.len() as f64);
            for (then, verdict) in ready {
                then(verdict);
            }
        }
        self.state.lock().note()
    }

    /// Whether a new account would be the same.
    pub fn is_idle(&self) -> bool {
        let state = self.state.lock();
        let now = Instant::now();
        let over = |at: Instant, after: Duration| now.duration_since(at) >= after;
        !state.noted
            && !state.telling
            && state.line.is_empty()
            && state.buckets.iter().all(|bucket| {
                bucket.empty.is_none_or(|empty| empty <= now)
                    && state.used.is_none_or(|used| over(used, bucket.limit.quota.refill()))
            })
    }
}

impl State {
    fn bucket(&mut self, class: usize) -> Option<&mut Bucket> {
        self.buckets.iter_mut().find(|bucket| bucket.class == class)
    }

    fn each(&mut self, classes: Classes, mut change: impl FnMut(&mut Bucket)) {
        classes.iter().for_each(|class| self.bucket(*class).into_iter().for_each(&mut change));
    }

    /// Judges an arrival, and books it where it passes or waits.
    fn receive(&mut self, table: &Table, classes: Classes, now: Instant) -> Word {
        for class in classes {
            if let Some(limit) = table[*class]
                && self.bucket(*class).is_none()
            {
                self.buckets.push(Bucket::new(*class, limit));
            }
        }
        let word = match self.word(classes, now) {
            Word::Pass if self.line.is_empty() && !self.telling => Word::Pass,
            Word::Pass | Word::Wait => Word::Wait,
            refused => return refused,
        };
        for class in classes {
            if let Some(Err(limited)) = self.bucket(*class).map(|bucket| bucket.draw(now)) {
                return Word::Refuse(limited);
            }
        }
        match word {
            Word::Pass => self.pass(classes, now),
            _ => self.each(classes, |bucket| bucket.waiting += 1),
        }
        word
    }

    /// What the buckets say together.
    fn word(&mut self, classes: Classes, now: Instant) -> Word {
        let away = self.is_away(now);
        let mut together = Word::Pass;
        for class in classes {
            match self.bucket(*class).map_or(Word::Pass, |bucket| bucket.word(away, now)) {
                Word::Pass => {}
                Word::Wait => together = Word::Wait,
                refused => return refused,
            }
        }
        together
    }

    /// Books one that passes.
    fn pass(&mut self, classes: Classes, now: Instant) {
        let away = self.is_away(now);
        self.each(classes, |bucket| bucket.pass(away));
    }

    fn is_away(&self, now: Instant) -> bool {
        self.away.is_some_and(|until| now < until)
    }

    /// Books the answer to a debit.
    fn settle(&mut self, due: &Due, taken: Option<Taken>, now: Instant) {
        if taken.is_none() {
            self.away = Some(now + AWAY);
        }
        let Some(bucket) = self.bucket(due.class) else { return };
        // Without an answer it may be debited or not: in doubt for the user.
        bucket.ahead -= due.used;
        if let Some(taken) = taken {
            bucket.credit += taken.granted;
            let wait = Duration::from_millis(taken.wait_ms);
            bucket.empty = (!wait.is_zero()).then(|| now + wait);
        }
    }

    /// Takes those out of the line whose turn it is.
    fn next_ready(&mut self) -> Vec<(Then, Verdict)> {
        let now = Instant::now();
        let mut ready = Vec::new();
        while let Some(first) = self.line.front() {
            let classes = first.classes;
            let verdict = match self.word(classes, now) {
                Word::Wait => break,
                Word::Pass => {
                    self.pass(classes, now);
                    Ok(())
                }
                Word::Refuse(limited) => Err(limited),
            };
            self.each(classes, |bucket| bucket.waiting -= 1);
            ready.extend(self.line.pop_front().map(|waiting| (waiting.then, verdict)));
        }
        self.telling = !ready.is_empty();
        ready
    }

    /// True, once, where something is to be debited and nobody sees to it yet.
    fn note(&mut self) -> bool {
        let owes = !self.noted && self.buckets.iter().any(Bucket::owes);
        self.noted |= owes;
        owes
    }
}

impl Bucket {
    fn new(class: usize, limit: Limit) -> Self {
        let quota = governor::Quota::with_period(limit.quota.interval)
            .expect("a limit that is on has an interval")
            .allow_burst(limit.quota.burst.try_into().expect("and a burst"));
        Self {
            class,
            limit,
            local: RateLimiter::direct_with_clock(quota, Ticks),
            drawn: None,
            ahead: 0,
            credit: 0,
            waiting: 0,
            empty: None,
        }
    }

    /// What it says of the next one, as far as the shared bucket is known.
    fn word(&self, away: bool, now: Instant) -> Word {
        if away || !self.limit.shared || self.credit > 0 {
            return Word::Pass;
        }
        match self.empty.filter(|empty| now < *empty) {
            Some(empty) => Word::Refuse(self.limited(empty - now, now)),
            None if self.ahead < self.limit.quota.burst / AHEAD_PART => Word::Pass,
            None => Word::Wait,
        }
    }

    /// Takes one from the local bucket, where there is room for it in the line, too.
    fn draw(&mut self, now: Instant) -> Verdict {
        if self.waiting >= self.limit.quota.burst {
            return Err(self.limited(RETRY_LINE, now));
        }
        let drawn = self.local.check();
        drawn.map_err(|until: NotUntil<_>| self.limited(until.wait_time_from(Ticks.now()), now))?;
        self.drawn = Some(now);
        Ok(())
    }

    fn pass(&mut self, away: bool) {
        if self.credit > 0 {
            self.credit -= 1;
        } else if self.limit.shared && !away {
            self.ahead += 1;
        }
    }

    fn owes(&self) -> bool {
        self.ahead > 0 || self.waiting > self.credit
    }

    /// A refusal until both buckets have one. The local one has it an interval after it last gave,
    /// whatever it gave to those whom the shared one then refused.
    fn limited(&self, wait: Duration, now: Instant) -> Limited {
        let local = self.drawn.map_or(Duration::ZERO, |drawn| {
            (drawn + self.limit.quota.interval).saturating_duration_since(now)
        });
        let wait_ms = wait.max(local).as_nanos().div_ceil(1_000_000);
        Limited {
            limit: self.limit.name,
            retry_after_ms: u64::try_from(wait_ms).unwrap_or(u64::MAX).max(1),
        }
    }
}

#[cfg(test)]
#[path = "account_tests.rs"]
mod tests;
