//! Scale out and in under load: 1 to 4 workers and edges and back, and one worker that crashes. What is
//! promised: no error, equal shares, and a partition without service for less than 200 ms where the
//! move was planned, and for no longer than the lease after a crash.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use harness::Stack;

use crate::findings::Promise;
use crate::probe::Probe;
use crate::report::Move;
use crate::run::Run;

/// The most workers, and edges.
const MOST: usize = 4;

/// How long a planned move may keep a partition without service.
const PLANNED_MAX: Duration = Duration::from_millis(200);

/// A lease, and what a busy machine adds to it.
const CRASH_MAX: Duration = Duration::from_millis(5_000 + 1_000);

/// How long workers may take to share the partitions.
const SHARED_MAX: Duration = Duration::from_secs(10);

/// How long things are left as they are, to be measured.
const CALM: Duration = Duration::from_secs(2);

/// Owner by partition.
type Owners = BTreeMap<usize, Option<String>>;

impl Run {
    pub(crate) async fn scale(&mut self, stack: &mut Stack) {
        self.until_whole("the start").await;
        let probe = match Probe::start(stack.edge_url(0)).await {
            Ok(probe) => probe,
            Err(problem) => return self.fails(format!("{problem:#}")),
        };
        // What is measured is a stretch of time in which nothing moves.
        tokio::time::sleep(CALM).await;
        probe.take();
        // What the machine itself adds is no fault of a move.
        let calm = self.measured(stack, &probe, "nothing", Duration::MAX, async |_| {}).await;
        let planned = PLANNED_MAX + calm;
        self.workers_out_and_in(stack, &probe, planned).await;
        self.edges_out_and_in(stack, &probe).await;
        self.crash(stack, &probe).await;
        drop(probe);
        self.oracle.quiet_point().await;
    }

    fn fails(&self, text: String) {
        self.world.findings.broken(Promise::Standstill, text);
    }

    async fn workers_out_and_in(&mut self, stack: &mut Stack, probe: &Probe, limit: Duration) {
        for count in 2..=MOST {
            let what = format!("{count} workers");
            let more = async |stack: &mut Stack| {
                stack.add_worker(&[]).await;
            };
            self.measured(stack, probe, &what, limit, more).await;
        }
        for number in (2..MOST).rev() {
            let what = format!("{number} workers again");
            let less = async |stack: &mut Stack| end(stack.worker(number)).await;
            self.measured(stack, probe, &what, limit, less).await;
        }
    }

    /// The probe's own edge stays, and no partition moves: the times are shown and not judged.
    async fn edges_out_and_in(&mut self, stack: &mut Stack, probe: &Probe) {
        let limit = Duration::MAX;
        for count in 2..=MOST {
            let what = format!("{count} edges");
            let more = async |stack: &mut Stack| {
                stack.add_edge().await;
            };
            self.measured(stack, probe, &what, limit, more).await;
            self.serve_at(stack, count);
        }
        for number in (1..MOST).rev() {
            self.serve_at(stack, number);
            let what = format!("{number} edges again");
            let less = async |stack: &mut Stack| end(stack.edge(number)).await;
            self.measured(stack, probe, &what, limit, less).await;
        }
    }

    fn serve_at(&self, stack: &Stack, edges: usize) {
        self.world.set_edges((0..edges).map(|n| stack.edge_url(n).to_owned()).collect());
    }

    async fn crash(&mut self, stack: &mut Stack, probe: &Probe) {
        let kill = async |stack: &mut Stack| stack.kill_worker(1);
        self.measured(stack, probe, "a worker of two killed", CRASH_MAX, kill).await;
        stack.worker(1).start_again();
    }

    /// Does something and measures until it is over and a while has passed. Gives the longest time
    /// that an event took.
    async fn measured(
        &mut self,
        stack: &mut Stack,
        probe: &Probe,
        what: &str,
        limit: Duration,
        act: impl AsyncFnOnce(&mut Stack),
    ) -> Duration {
        eprintln!("{what}");
        let (before, _) = self.owners().await;
        probe.take();
        let later = self.world.findings.record().counted.get("answers that said: later").copied();
        let begun = Instant::now();
        act(stack).await;
        let shared = self.until_shared(stack, begun, what).await;
        // What is measured is a stretch of time, too.
        tokio::time::sleep(CALM).await;
        let (after, _) = self.owners().await;
        let moved =
            after.iter().filter(|(number, owner)| before.get(number) != Some(*owner)).count();
        let times = probe.take();
        for error in probe.errors() {
            self.fails(format!("{what}: {error}"));
        }
        if self.world.findings.record().counted.get("answers that said: later").copied() != later {
            self.fails(format!("{what}: clients were told to try later"));
        }
        if times.longest > limit {
            self.fails(format!("{what}: an event took {:?}, at most {limit:?}", times.longest));
        }
        let (longest, p99) = (times.longest, times.p99);
        self.moves.push(Move { what: what.to_owned(), moved, shared, longest, p99 });
        longest
    }

    /// Waits until all workers that run have equal shares.
    async fn until_shared(&self, stack: &mut Stack, begun: Instant, what: &str) -> Duration {
        let running = (0..stack.workers()).filter(|n| stack.worker(*n).ended().is_none()).count();
        loop {
            let (_, shares) = self.owners().await;
            let sizes = || shares.values().copied();
            let is_equal = sizes().max() <= sizes().min().map(|least| least + 1);
            if shares.len() == running && sizes().sum::<usize>() == 256 && is_equal {
                return begun.elapsed();
            }
            if begun.elapsed() > SHARED_MAX {
                self.fails(format!("{what}: {running} workers share {shares:?}"));
                return begun.elapsed();
            }
            // Looks again.
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// The owner of each partition, and how many each has.
    async fn owners(&self) -> (Owners, BTreeMap<String, usize>) {
        let states = lua::inspect::partitions(&self.redis).await.unwrap_or_default();
        let owners: Owners = states
            .into_iter()
            .map(|state| (state.partition, state.owner.filter(|_| !state.expired)))
            .collect();
        let mut shares = BTreeMap::new();
        for owner in owners.values().flatten() {
            *shares.entry(owner.clone()).or_default() += 1;
        }
        (owners, shares)
    }
}

async fn end(process: &mut harness::Process) {
    process.signal("TERM");
    while process.ended().is_none() {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}
