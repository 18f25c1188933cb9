//! A run: the swarm works, one fault after the other is done and undone, and the oracle looks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Mutex, RwLock};
use std::time::{Duration, Instant};

use harness::{Options, Stack};
use lua::Redis;
use tokio::sync::watch;
use tokio_util::sync::CancellationToken;

use crate::actor::{Actor, HERALD};
use crate::dice::Dice;
use crate::fault::{Fault, Kind};
use crate::findings::{Findings, Promise};
use crate::model::Model;
use crate::oracle::{Oracle, WHOLE_MAX};
use crate::plan::{Plan, Scenario, Topology};
use crate::report::{Move, Report};
use crate::world::{ClientState, World};

/// Rooms that are there all the time.
const HALLS: usize = 6;

/// Rooms that a client begins in.
const FIRST_ROOMS: usize = 3;

/// Pause of a client between two events, milliseconds.
const THINK: (u64, u64) = (5, 80);

/// Chooser number of the faults; clients have the low ones.
const FAULTS: u64 = 1 << 32;

/// Faults between two quiet points, at most.
const FAULTS_BETWEEN: usize = 3;

/// Runs a plan to its end.
///
/// # Panics
/// When the system does not even start.
pub async fn run(plan: Plan) -> Report {
    let begun = Instant::now();
    let mut stack = Stack::start(options(&plan)).await;
    let world = Arc::new(world(&plan, &stack));
    let settings = lua::topology::Settings::new(stack.redis_url());
    let redis = Redis::connect(&settings).await.expect("the Redis that was just started");
    let mut run = Run {
        oracle: Oracle::new(&world, redis.clone()),
        redis,
        dice: Dice::new(plan.seed, FAULTS),
        faults: BTreeMap::new(),
        moves: Vec::new(),
        world,
    };
    let swarm = run.swarm(plan.clients);
    if plan.scenario == Scenario::Scale {
        run.scale(&mut stack).await;
    } else {
        run.rounds(&mut stack, &plan, begun).await;
    }
    run.world.over.cancel();
    for client in swarm {
        if let Err(problem) = client.await {
            run.world.findings.broken(Promise::Standstill, format!("a client of ours: {problem}"));
        }
    }
    let record = run.world.findings.record();
    let logs =
        (!record.broken.is_empty()).then(|| stack.keep_logs().to_string_lossy().into_owned());
    Report { plan, faults: run.faults, moves: run.moves, record, took: begun.elapsed(), logs }
}

/// Short times, so that many faults fit into a run; else as in production.
fn options(plan: &Plan) -> Options {
    let topology = match plan.topology {
        Topology::Single => harness::Topology::Single,
        Topology::Cluster => harness::Topology::Cluster,
        Topology::Sentinel => harness::Topology::Sentinel,
        Topology::ReplicatedCluster => harness::Topology::ReplicatedCluster,
    };
    let mut options = Options::new(&plan.program, topology)
        .with("DURABILITY", plan.durability)
        .with("PING_INTERVAL_MS", 1_000)
        .with("PING_TIMEOUT_MS", 2_000)
        .with("PRESENCE_GRACE_MS", 1_500)
        .with("LOG_MAX", 1_000_000)
        .with("HISTORY_MAX", 1_000_000);
    if plan.scenario != Scenario::Scale {
        // Soon full, and soon asked again. Where times are measured nothing gives up too early.
        options = options
            .with("ACK_TIMEOUT_MS", 2_000)
            .with("INTAKE_KEEP", 100)
            .with("INTAKE_LAG_MAX", 1_000);
    }
    (options.edges, options.workers) = plan.scenario.size();
    (options.proxied, options.persistent) = (true, true);
    options
}

fn world(plan: &Plan, stack: &Stack) -> World {
    let findings = Arc::new(Findings::default());
    let client = |number| {
        let roles: &[&str] = if number == HERALD { &["admin"] } else { &[] };
        ClientState::new(&format!("u{number}"), roles, &findings)
    };
    let edges = (0..stack.edges()).map(|number| stack.edge_url(number).to_owned()).collect();
    let mut model = Model::default();
    (0..HALLS).for_each(|number| {
        model.rooms.insert(hall(number), crate::model::Room::default());
    });
    World {
        seed: plan.seed,
        edges: RwLock::new(edges),
        model: Mutex::new(model),
        clients: (0..plan.clients).map(client).collect(),
        findings,
        paused: watch::Sender::new(false),
        epoch: AtomicU64::new(0),
        over: CancellationToken::new(),
        think: THINK,
    }
}

fn hall(number: usize) -> String {
    format!("hall-{number}")
}

/// A run under way.
pub struct Run {
    pub(crate) world: Arc<World>,
    pub(crate) oracle: Oracle,
    pub(crate) redis: Redis,
    pub(crate) dice: Dice,
    faults: BTreeMap<Kind, Vec<Duration>>,
    pub(crate) moves: Vec<Move>,
}

impl Run {
    fn swarm(&mut self, clients: usize) -> Vec<tokio::task::JoinHandle<()>> {
        let mut start = |number: usize| {
            let mut rooms = BTreeSet::new();
            while rooms.len() < FIRST_ROOMS {
                rooms.insert(hall(self.dice.below(HALLS)));
            }
            tokio::spawn(Actor::new(number, &self.world, rooms).run())
        };
        (0..clients).map(&mut start).collect()
    }

    /// Fault after fault, with quiet points in between and at the end.
    async fn rounds(&mut self, stack: &mut Stack, plan: &Plan, begun: Instant) {
        let kinds = plan.scenario.faults(plan.topology);
        self.until_whole("the start").await;
        while begun.elapsed() < plan.lasts && self.world.findings.is_clean() {
            for _ in 0..=self.dice.below(FAULTS_BETWEEN) {
                let fault = Fault::choose(&mut self.dice, &kinds, stack.edges(), stack.workers());
                self.fault(stack, &fault).await;
                if begun.elapsed() > plan.lasts {
                    break;
                }
            }
            self.oracle.quiet_point().await;
        }
    }

    async fn fault(&mut self, stack: &mut Stack, fault: &Fault) {
        let words = fault.words(stack.edges());
        eprintln!("{words}");
        // When the seed says, not when something is ready for it.
        tokio::time::sleep(self.dice.ms(100, 800)).await;
        if let Err(problem) = fault.begin(stack, &self.redis).await {
            let text = format!("{words} could not be done: {problem:#}");
            return self.world.findings.broken(Promise::Standstill, text);
        }
        // A fault lasts as long as the seed says.
        tokio::time::sleep(fault.lasts).await;
        if let Err(problem) = fault.heal(stack, &self.redis).await {
            let text = format!("{words} could not be undone: {problem:#}");
            return self.world.findings.broken(Promise::Standstill, text);
        }
        if let Some(took) = self.until_whole(&words).await {
            self.faults.entry(fault.kind).or_default().push(took);
        }
        self.nobody_died(stack, &words);
    }

    /// Waits until every client that is there has been answered an event that it began after now.
    pub(crate) async fn until_whole(&self, after: &str) -> Option<Duration> {
        let epoch = self.world.begin_epoch();
        match self.world.until(WHOLE_MAX, |doing| !doing.is_away && doing.epoch < epoch).await {
            Ok(took) => Some(took),
            Err(behind) => {
                let behind = behind.join(", ");
                let text = format!("not whole within {WHOLE_MAX:?} of {after}: {behind}");
                self.world.findings.broken(Promise::Standstill, text);
                None
            }
        }
    }

    /// No process ends by itself.
    fn nobody_died(&self, stack: &mut Stack, after: &str) {
        for number in 0..stack.edges() {
            if let Some(code) = stack.edge(number).ended() {
                let text = format!("edge-{number} ended by itself ({code:?}) after {after}");
                self.world.findings.broken(Promise::Standstill, text);
            }
        }
        for number in 0..stack.workers() {
            if let Some(code) = stack.worker(number).ended() {
                let text = format!("worker-{number} ended by itself ({code:?}) after {after}");
                self.world.findings.broken(Promise::Standstill, text);
            }
        }
    }
}
