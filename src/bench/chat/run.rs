//! One run from start to end: service, clients, warm-up, measured window, stragglers, figures.

use std::sync::atomic::Ordering::Relaxed;
use std::time::{Duration, Instant};

use anyhow::Result;
use tokio::sync::watch;
use tokio::time::{sleep, sleep_until};

use super::figures::{Correctness, Done, Figures, Part, Setup};
use super::load::{Counters, Load, Outcome, Phase, Shared};
use super::options::{Options, Pace, Plan};
use crate::bench::figures::{Generator, Latency, rounded};
use crate::bench::progress::Progress;
use crate::bench::service::{Service, Watched};
use crate::bench::usage::{self, Reading};
use crate::bench::users;
use crate::failure::Failure;

/// How long what was sent may take to arrive before it counts as lost.
const STRAGGLERS_MAX: Duration = Duration::from_secs(20);

/// After all that was expected has arrived: time for what was not expected, such as doubles.
const QUIET: Duration = Duration::from_millis(300);

const LOOK_EVERY: Duration = Duration::from_millis(100);

/// Measures chat.
pub async fn run(options: &Options) -> Result<Figures, Failure> {
    let plan = options.plan()?;
    let mut service = Service::start(&options.common, &[]).await?;
    let figures = measure(options, &plan, &mut service).await?;
    service.stop().await?;
    Ok(figures)
}

async fn measure(
    options: &Options,
    plan: &Plan,
    service: &mut Service,
) -> Result<Figures, Failure> {
    let mut load = Load::start(Shared {
        plan: plan.clone(),
        edges: service.edges.clone(),
        tokens: users::tokens(&service.secret, plan.layout.connections)?,
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
    sent: u64,
    acked: u64,
    delivered: u64,
    reading: Reading,
}

impl Snapshot {
    fn take(counters: &Counters, watched: &[Watched]) -> Self {
        Self {
            sent: counters.sent.load(Relaxed),
            acked: counters.acked.load(Relaxed),
            delivered: counters.delivered.load(Relaxed),
            reading: Reading::take(watched),
        }
    }

    fn rates_since(&self, earlier: &Self) -> String {
        let seconds = self.reading.seconds_since(&earlier.reading);
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
    let seconds = after.reading.seconds_since(&before.reading);
    let done = Done {
        seconds,
        deliveries: after.delivered - before.delivered,
        messages: after.acked - before.acked,
    };
    let sent = after.sent - before.sent;
    let per_second = |count: u64| rounded(count as f64 / seconds);
    let (before, after) = (&before.reading, &after.reading);
    let parts = usage::parts(&service.watched, before, after).into_iter();
    let faults = outcome.tally.faults;
    Figures {
        setup: setup(options, plan, service),
        sent_per_second: per_second(sent),
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
        parts: parts.map(|part| Part::new(part, done)).collect(),
        generator: Generator::between(before, after, plan.threads, outcome.tally.behind_us_max),
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
        pinned: options.common.pin,
    }
}
