//! One run from start to end: service, clients, warm-up, measured window, stragglers, figures.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::Result;
use indicatif::{ProgressBar, ProgressStyle};
use lua::id::UserId;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use super::figures::{Correctness, Done, Figures, Generator, Latency, Part, Setup, rounded};
use super::load::{Counters, Load, Outcome, Phase, Shared};
use super::options::{Options, Pace, Plan};
use super::service::{self, Service, Watched};
use super::usage::{self, Cpu};
use crate::failure::Failure;
use crate::{shutdown, token};

/// How long what was sent may take to arrive before it counts as lost.
const STRAGGLERS_MAX: Duration = Duration::from_secs(20);

/// After all that was expected has arrived: time for what was not expected, such as doubles.
const QUIET: Duration = Duration::from_millis(300);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// How long the clients' tokens are good.
const TOKEN_TTL: Duration = Duration::from_secs(24 * 3_600);

/// Measures chat.
pub async fn chat(options: &Options) -> Result<Figures, Failure> {
    let plan = options.plan()?;
    let shutdown = shutdown::on_signal()?;
    let measuring = async {
        let mut service = Service::start(options).await?;
        let figures = measure(options, &plan, &mut service).await?;
        service.stop().await?;
        Ok(figures)
    };
    tokio::select! {
        figures = measuring => figures,
        () = shutdown.cancelled() => Err(Failure::run("stopped before the end; nothing to report")),
    }
}

async fn measure(
    options: &Options,
    plan: &Plan,
    service: &mut Service,
) -> Result<Figures, Failure> {
    if options.pin {
        service::pin(&service.watched).await?;
    }
    let mut load = Load::start(Shared {
        plan: plan.clone(),
        edges: service.edges.clone(),
        tokens: tokens(plan, &service.secret)?,
        run: format!("{:08x}", rand::random::<u32>()),
        counters: Counters::default(),
    });
    let shared = load.shared.clone();
    let phase = load.phase.clone();
    let window = tokio::select! {
        window = drive(&shared, phase, service) => window?,
        failure = load.failure() => return Err(failure.into()),
    };
    let outcome = load.finish().await?;
    Ok(figures(options, plan, service, &shared.counters, &window, &outcome))
}

/// A user of its own for each client.
fn tokens(plan: &Plan, secret: &str) -> Result<Vec<String>, Failure> {
    let signer = token::signer(secret)?;
    let token = |connection: u32| {
        let name = format!("bench-{connection:06}");
        let user: UserId = name.parse().map_err(Failure::settings)?;
        token::sign(&signer, user, name, Vec::new(), TOKEN_TTL)
    };
    (0..plan.layout.connections).map(token).collect()
}

/// Takes the clients through the run. Gives what the counters stood at around the measured window.
async fn drive(
    shared: &Shared,
    phase: watch::Sender<Phase>,
    service: &mut Service,
) -> Result<(Snapshot, Snapshot)> {
    let (plan, counters) = (&shared.plan, &shared.counters);
    let bar = Progress::new(u64::from(plan.layout.connections), "joining");
    while counters.joined.load(Relaxed) < u64::from(plan.layout.connections) {
        bar.show(counters.joined.load(Relaxed), String::new());
        service.check()?;
        sleep(LOOK_EVERY).await;
    }
    // Those who joined last still tell the others.
    sleep(QUIET).await;
    let start = Instant::now();
    phase.send_replace(Phase::Running(start));
    let bar = bar.next((plan.warmup + plan.measured).as_millis() as u64, "load");
    let mut last = Snapshot::take(counters, &service.watched);
    let mut reach = async |end: Duration| {
        while start.elapsed() < end {
            sleep_until((start + end.min(start.elapsed() + LOOK_EVERY)).into()).await;
            let now = Snapshot::take(counters, &[]);
            bar.show(start.elapsed().as_millis() as u64, now.rates_since(&last));
            last = now;
            service.check()?;
        }
        anyhow::Ok(Snapshot::take(counters, &service.watched))
    };
    let before = reach(plan.warmup).await?;
    let after = reach(plan.warmup + plan.measured).await?;
    let _bar = bar.next(STRAGGLERS_MAX.as_millis() as u64, "stragglers");
    wait_for_stragglers(counters).await;
    Ok((before, after))
}

/// Waits until each message has its answer and each accepted one has reached every member.
async fn wait_for_stragglers(counters: &Counters) {
    let start = Instant::now();
    while start.elapsed() < STRAGGLERS_MAX {
        let answered = counters.acked.load(Relaxed) + counters.refused.load(Relaxed);
        let delivered = counters.delivered.load(Relaxed);
        if answered == counters.sent.load(Relaxed) && delivered == counters.expected.load(Relaxed) {
            break;
        }
        sleep(LOOK_EVERY).await;
    }
    sleep(QUIET).await;
}

/// Counters and CPU times at one moment.
struct Snapshot {
    at: Instant,
    sent: u64,
    acked: u64,
    delivered: u64,
    cpu: Vec<Option<Cpu>>,
    own_cpu: Option<Cpu>,
    machine: Option<(f64, f64)>,
}

impl Snapshot {
    fn take(counters: &Counters, watched: &[Watched]) -> Self {
        Self {
            at: Instant::now(),
            sent: counters.sent.load(Relaxed),
            acked: counters.acked.load(Relaxed),
            delivered: counters.delivered.load(Relaxed),
            cpu: watched.iter().map(|process| Cpu::of(process.pid)).collect(),
            own_cpu: Cpu::of(std::process::id()),
            machine: usage::machine(),
        }
    }

    fn rates_since(&self, earlier: &Self) -> String {
        let seconds = (self.at - earlier.at).as_secs_f64().max(0.001);
        let rate = |now: u64, before: u64| (now - before) as f64 / seconds;
        format!(
            "{:.0} acked/s, {:.0} deliveries/s",
            rate(self.acked, earlier.acked),
            rate(self.delivered, earlier.delivered)
        )
    }
}

fn figures(
    options: &Options,
    plan: &Plan,
    service: &Service,
    counters: &Counters,
    (before, after): &(Snapshot, Snapshot),
    outcome: &Outcome,
) -> Figures {
    let seconds = (after.at - before.at).as_secs_f64();
    let done = Done {
        seconds,
        deliveries: after.delivered - before.delivered,
        messages: after.acked - before.acked,
    };
    let percent = |part: f64, whole: f64| rounded(part / whole * 100.0);
    let per_second = |count: u64| rounded(count as f64 / seconds);
    let own_cpu = before.own_cpu.zip(after.own_cpu).map(|(before, after)| (after - before).total());
    let machine = before.machine.zip(after.machine);
    let faults = outcome.tally.faults;
    Figures {
        setup: setup(options, plan, service),
        sent_per_second: per_second(after.sent - before.sent),
        acked_per_second: per_second(done.messages),
        deliveries_per_second: per_second(done.deliveries),
        ack_ms: Latency::from(&outcome.tally.ack),
        delivery_ms: Latency::from(&outcome.tally.delivery),
        correctness: Correctness {
            lost: outcome.lost,
            doubled: faults.doubled,
            out_of_order_sender: faults.out_of_order_sender,
            out_of_order_room: faults.out_of_order_room,
            stray: faults.stray,
            unacked: outcome.unacked,
            closed: counters.closed.load(Relaxed),
            errors: outcome.tally.errors.clone(),
        },
        parts: parts(&service.watched, before, after, done),
        generator: Generator {
            threads: plan.threads,
            cpu_percent: own_cpu.map(|cpu| percent(cpu, seconds)),
            behind_ms_max: outcome.tally.behind_us_max as f64 / 1_000.0,
            machine_percent: machine
                .map(|(before, after)| percent(after.0 - before.0, after.1 - before.1)),
        },
    }
}

fn setup(options: &Options, plan: &Plan, service: &Service) -> Setup {
    let (rate, in_flight) = match plan.pace {
        Pace::Open { rate } => (Some(rate), None),
        Pace::Closed { in_flight } => (None, Some(in_flight)),
    };
    Setup {
        connections: plan.layout.connections,
        rooms: plan.layout.rooms,
        senders: plan.layout.senders,
        rate,
        in_flight,
        payload_bytes: plan.payload,
        seconds: plan.measured.as_secs(),
        warmup_seconds: plan.warmup.as_secs(),
        service: service.name.clone(),
        pinned: options.pin,
    }
}

/// Adds up the processes of each part. One that is gone leaves its part out.
fn parts(watched: &[Watched], before: &Snapshot, after: &Snapshot, done: Done) -> Vec<Part> {
    let mut names: Vec<&str> = watched.iter().map(|process| process.part.as_str()).collect();
    names.sort_unstable();
    names.dedup();
    names
        .into_iter()
        .filter_map(|name| {
            let of_part = || watched.iter().enumerate().filter(|(_, w)| w.part == name);
            let cpu: Cpu = of_part()
                .map(|(index, _)| Some(after.cpu[index]? - before.cpu[index]?))
                .sum::<Option<Cpu>>()?;
            let rss_kib = of_part().filter_map(|(_, w)| usage::resident_kib(w.pid)).sum();
            Some(Part::new(name.to_owned(), of_part().count(), cpu, rss_kib, done))
        })
        .collect()
}

/// A progress bar on stderr; nothing where stderr is no terminal.
struct Progress(ProgressBar);

impl Progress {
    fn new(length: u64, what: &'static str) -> Self {
        let style = ProgressStyle::with_template("{prefix:>10} {bar:30} {percent:>3} %  {msg}");
        let bar = ProgressBar::new(length).with_prefix(what);
        Self(bar.with_style(style.expect("the template is well-formed")))
    }

    /// Ends this bar and begins another one in its place.
    fn next(self, length: u64, what: &'static str) -> Self {
        drop(self);
        Self::new(length, what)
    }

    fn show(&self, position: u64, message: String) {
        self.0.set_position(position);
        self.0.set_message(message);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
