//! The ingress duty: of all workers one relays what back ends wrote, in order, into the intakes. Who that
//! is says a lease like that of a partition; see [`lua::ingress`] and [`lua::relay`].

use std::time::{Duration, Instant};

use lua::batch::Batch;
use lua::durability::Safety;
use lua::id::EventId;
use lua::ingress::{self, Reader};
use lua::lease::Taken;
use lua::relay::{Bounds, Shipment, Target};
use lua::term::{History, Mark};
use lua::{Cmd, Redis, RedisError, Value, key};
use tokio_util::sync::CancellationToken;
use tracing::{debug, info};

use crate::config::Config;

/// Most entries that are read at once.
const ROUND_MAX: usize = 128;

/// How long a read waits for the first entry. The lease is renewed in between.
const WAIT: Duration = Duration::from_millis(150);

/// How often a worker that does not relay the ingress looks whether somebody does.
const LOOK: Duration = Duration::from_millis(500);

/// How long to wait when an intake is full or something could not be handed on.
const PAUSE: Duration = Duration::from_millis(100);

/// The duty's parts.
pub struct Duty {
    pub redis: Redis,
    pub worker: String,
    pub config: Config,
    pub safety: Safety,
}

/// The ingress while this worker relays it.
struct Held {
    fence: u64,
    relayed: EventId,
    history: History,
    renewed: Instant,
}

/// Why this worker stops relaying; another try may follow.
enum Stopped {
    /// Another worker has it.
    Lost,
    /// Redis failed: what was done is not known.
    Trouble(RedisError),
}

impl From<RedisError> for Stopped {
    fn from(problem: RedisError) -> Self {
        Self::Trouble(problem)
    }
}

impl Duty {
    /// Relays the ingress, or stands by, until `shutdown`.
    pub async fn run(&self, shutdown: CancellationToken) {
        let mut known = Mark::default();
        while !shutdown.is_cancelled() {
            match self.hold(&mut known, &shutdown).await {
                Ok(()) => {}
                Err(Stopped::Lost) => info!("the ingress is another worker's"),
                Err(Stopped::Trouble(problem)) => {
                    debug!(%problem, "the ingress could not be relayed; it is taken anew");
                    self.redis.mend(&problem);
                }
            }
            tokio::select! {
                () = tokio::time::sleep(LOOK) => {}
                () = shutdown.cancelled() => {}
            }
        }
    }

    /// Takes the ingress if nobody has it, and relays until `shutdown` or trouble.
    /// `known`: the newest that is known of it.
    async fn hold(&self, known: &mut Mark, shutdown: &CancellationToken) -> Result<(), Stopped> {
        let renewed = Instant::now();
        let reply = self.ask(ingress::take(&self.worker, self.config.lease_ms, *known)).await?;
        let Some(Taken { lease, history, .. }) = Taken::read(reply) else { return Ok(()) };
        info!(fence = lease.fence, "relaying the ingress");
        let mut held = Held { fence: lease.fence, relayed: lease.applied, history, renewed };
        let mut reader = Reader::connect(&self.redis).await?;
        while !shutdown.is_cancelled() {
            *known = Mark { id: known.id.max(held.relayed), term: lease.term };
            self.keep(&mut held).await?;
            let entries = reader.read(held.relayed, ROUND_MAX, WAIT).await?;
            if !entries.is_empty() && !self.relay(&mut held, entries).await? {
                tokio::time::sleep(PAUSE).await;
            }
        }
        self.ask(ingress::release(held.fence)).await?;
        Ok(())
    }

    /// Renews the lease where it is due.
    async fn keep(&self, held: &mut Held) -> Result<(), Stopped> {
        if held.renewed.elapsed() < Duration::from_millis(self.config.lease_ms / 3) {
            return Ok(());
        }
        let renewed = Instant::now();
        match self.ask(ingress::renew(held.fence, self.config.lease_ms)).await? {
            Value::Int(1) => {
                held.renewed = renewed;
                Ok(())
            }
            _ => Err(Stopped::Lost),
        }
    }

    /// Relays entries, as far as the intakes take them. False where some have to wait.
    async fn relay(
        &self,
        held: &mut Held,
        entries: Vec<(EventId, Vec<String>)>,
    ) -> Result<bool, Stopped> {
        let total = entries.len();
        let mut shipment = Shipment::default();
        let mut packed = Vec::new();
        for (id, fields) in entries {
            let parcel = ingress::parcel(id, held.history.term_of(id), &fields);
            let is_refused = parcel.target == Target::Refused;
            let Some(place) = shipment.add(parcel) else { break };
            packed.push((id, place, is_refused));
        }
        let bounds = Bounds { lifecycle_max: 0, intake_max: self.config.intake_lag_max };
        let confirmed = shipment.send(&self.redis, bounds, &self.safety).await;
        let done: Vec<_> =
            packed.into_iter().take_while(|(_, place, _)| confirmed[*place]).collect();
        let Some((relayed, ..)) = done.last().copied() else { return Ok(false) };
        let keep = self.config.intake_keep;
        self.ask(ingress::advance(held.fence, relayed, done.len(), keep)).await?;
        held.relayed = relayed;
        let refused = done.iter().filter(|(_, _, is_refused)| *is_refused).count();
        metrics::counter!("rt_ingress_relayed_total").increment((done.len() - refused) as u64);
        metrics::counter!("rt_ingress_refused_total").increment(refused as u64);
        Ok(done.len() == total)
    }

    /// Runs a call on the node of the ingress.
    async fn ask(&self, call: Cmd) -> Result<Value, Stopped> {
        let mut batch = Batch::default();
        batch.add(call);
        let node = self.redis.node_of_key(key::INGRESS);
        match batch.run(&self.redis, node).await?.pop() {
            Some(Value::ServerError(problem)) if problem.code() == "FENCED" => Err(Stopped::Lost),
            Some(Value::ServerError(problem)) => Err(Stopped::Trouble(problem.into())),
            reply => Ok(reply.unwrap_or(Value::Nil)),
        }
    }
}
