//! The edge's middle: what its connections share. Events go in through `inbound`, deliveries come
//! back through `outbound`; `rooms` knows which connection is in which room.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dashmap::DashMap;
use lua::admission::{Admission, Seat, admit};
use lua::door;
use lua::durability::Safety;
use lua::id::{Partition, UserId};
use lua::intake::{Entry, Intake, Limits};
use lua::record::Origin;
use lua::subscriber::Subscriber;
use lua::{Redis, key};
use parking_lot::Mutex;
use serde_json::json;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::api::Calls;
use crate::auth::life::{Due, Lives};
use crate::auth::{Claims, Verifier};
use crate::checks::Checks;
use crate::clock::now_ms;
use crate::close::Reason;
use crate::config::Config;
use crate::engine::Transport;
use crate::ephemeral::Endings;
use crate::frame::Frame;
use crate::hearing::Hearing;
use crate::inbound;
use crate::limits;
use crate::member::Member;
use crate::outbound;
use crate::outbox::Outbox;
use crate::pending::Deadlines;
use crate::rooms::Rooms;

/// How often what is over time is looked for: acknowledgements, tokens, typing, rooms without members.
const SWEEP: Duration = Duration::from_millis(250);

/// Most room logs that are read at a time, to repair gaps.
const REPAIRS_MAX: usize = 32;

/// Most reports of connections that wait while Redis is away.
const REPORTS_MAX: usize = 100_000;

/// When a client should try again that could not come in because Redis was away.
const RETRY_AWAY_MS: u64 = 1_000;

/// What the edge itself reports of its connections.
pub const CONNECTED: &str = "user-connected";
const DISCONNECTED: &str = "user-disconnected";
const LEFT_WITHOUT_A_WORD: &str = "connection-closed";

/// What the core needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of this incarnation of the edge, in origins and inbox channels.
    pub edge: String,
    /// How long an event may take to be applied before the client is told that it is not known.
    pub ack_timeout: Duration,
    /// What has to be so before anything is told.
    pub safety: Safety,
    /// Bounds of the intake.
    pub intake: Limits,
    /// Connections that one user may have.
    pub connections_per_user: usize,
    /// Rooms that one connection may be in.
    pub rooms_per_connection: usize,
    /// How often anything may happen.
    pub rates: limits::Settings,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            edge: config.listen.edge_name(),
            ack_timeout: Duration::from_millis(config.protocol.ack_timeout_ms),
            safety: Safety {
                durability: config.durability.durability,
                replicas: config.durability.wait_replicas,
                ..Safety::default()
            },
            intake: Limits {
                queue: limits.intake_queue,
                lag_max: limits.intake_lag_max,
                total_max: limits.intake_total_max,
            },
            connections_per_user: limits.connections_per_user,
            rooms_per_connection: limits.rooms_per_connection,
            rates: config.into(),
        }
    }
}

/// All that the connections of one edge share.
pub struct Core {
    pub(crate) settings: Settings,
    pub(crate) redis: Redis,
    pub(crate) rooms: Rooms,
    /// How often anything may happen.
    pub(crate) limits: limits::Limits,
    /// Which terms the rooms were checked in.
    pub(crate) checks: Checks,
    /// Whose answers arrive.
    pub(crate) hearing: Hearing,
    /// Open connections by their public id.
    pub(crate) members: DashMap<String, Arc<Member>>,
    /// Open connections by user.
    pub(crate) users: DashMap<UserId, Vec<Arc<Member>>>,
    /// Events over HTTP that wait for their answers.
    pub(crate) calls: Calls,
    pub(crate) verifier: Arc<Verifier>,
    /// When the tokens of connections end.
    pub(crate) lives: Lives,
    /// When answers are overdue.
    pub(crate) deadlines: Deadlines,
    /// When states that are shown to rooms end.
    pub(crate) endings: Endings,
    /// Bounds the logs that are read at a time.
    pub(crate) repairs: Semaphore,
    /// What the edge reported of its connections and Redis did not take yet: lost, it would leave people
    /// present.
    reports: Mutex<VecDeque<Entry>>,
    intake: OnceLock<Intake>,
    subscriber: OnceLock<Subscriber>,
    stopped: AtomicBool,
}

/// Why a connection was refused after its token was accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refused {
    /// More connections than a user may have.
    TooMany,
    /// Redis is away.
    Unavailable { retry_after_ms: u64 },
}

impl Core {
    /// Starts the way into Redis and the way back.
    pub fn start(redis: Redis, verifier: Arc<Verifier>, settings: Settings) -> Arc<Self> {
        let core = Arc::new(Self {
            rooms: Rooms::default(),
            limits: limits::Limits::start(redis.clone(), &settings.rates),
            checks: Checks::default(),
            hearing: Hearing::default(),
            members: DashMap::new(),
            users: DashMap::new(),
            calls: Calls::default(),
            verifier,
            lives: Lives::default(),
            deadlines: Deadlines::new(settings.ack_timeout),
            endings: Endings::default(),
            repairs: Semaphore::new(REPAIRS_MAX),
            reports: Mutex::default(),
            intake: OnceLock::new(),
            subscriber: OnceLock::new(),
            stopped: AtomicBool::new(false),
            redis: redis.clone(),
            settings,
        });
        let refused = Arc::downgrade(&core);
        let intake = Intake::start(redis.clone(), core.settings.intake, move |entry, refusal| {
            if let Some(core) = refused.upgrade() {
                inbound::not_appended(&core, entry, refusal);
            }
        });
        let (messages, statuses) = (Arc::downgrade(&core), Arc::downgrade(&core));
        let subscriber = Subscriber::start(
            redis,
            move |channel, payload| {
                if let Some(core) = messages.upgrade() {
                    outbound::message(&core, channel, &payload);
                }
            },
            move |status| {
                if let Some(core) = statuses.upgrade() {
                    outbound::status(&core, status);
                }
            },
        );
        for partition in Partition::all() {
            subscriber.subscribe(partition, key::inbox(partition, &core.settings.edge));
            subscriber.subscribe(partition, key::beat(partition));
        }
        let _ = core.intake.set(intake);
        let _ = core.subscriber.set(subscriber);
        tokio::spawn(sweep(Arc::downgrade(&core)));
        core
    }

    /// Takes in a connection whose token was accepted.
    pub async fn connect(
        self: &Arc<Self>,
        claims: Claims,
        transport: Transport,
        outbox: Arc<Outbox>,
    ) -> Result<Connection, Refused> {
        let sid = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 15]>());
        let expires_at_ms = claims.expires_at_ms;
        let member = Arc::new(Member::new(sid.clone(), claims, outbox));
        self.admit(&member, transport).await?;
        self.users.entry(member.user.clone()).or_default().push(Arc::clone(&member));
        self.lives.set(&sid, expires_at_ms);
        self.members.insert(sid, Arc::clone(&member));
        self.report(&member, CONNECTED, &json!({ "userId": member.user }));
        Ok(Connection { core: Arc::clone(self), member })
    }

    /// Counts a connection among all of its user.
    async fn admit(&self, member: &Member, transport: Transport) -> Result<(), Refused> {
        let seat = Seat {
            user: &member.user,
            connection: &member.sid,
            edge: &self.settings.edge,
            transport: transport.as_str(),
        };
        let admitted = admit(&self.redis, seat, self.settings.connections_per_user).await;
        match admitted {
            Ok(Admission::Admitted { .. }) => return Ok(()),
            Ok(Admission::TooMany) => {
                metrics::counter!("rt_rate_refused_total", "limit" => "connections").increment(1);
                return Err(Refused::TooMany);
            }
            Ok(Admission::Away) => {}
            // It may be counted all the same, and nobody else would take it back.
            Err(_) => self.report(member, DISCONNECTED, &json!({ "userId": member.user })),
        }
        Err(Refused::Unavailable { retry_after_ms: RETRY_AWAY_MS })
    }

    /// Waits until the answers of every partition arrive: before that, clients are better off
    /// elsewhere.
    pub async fn heard(&self) {
        self.hearing.all().await;
    }

    /// Cuts every connection: their clients come back by themselves. Gives how many there were.
    pub(crate) fn cut(&self) -> usize {
        let members: Vec<_> = self.members.iter().map(|found| Arc::clone(found.value())).collect();
        members.iter().for_each(|member| member.reset());
        members.len()
    }

    /// Waits until everything that clients sent so far is in Redis, or was refused.
    pub async fn appended(&self) {
        self.intake().drained().await;
    }

    /// Ends the way into Redis once what waits is written.
    pub async fn stop(&self) {
        self.appended().await;
        self.stopped.store(true, Ordering::Release);
    }

    pub(crate) fn intake(&self) -> &Intake {
        self.intake.get().expect("set before anybody can connect")
    }

    pub(crate) fn subscriber(&self) -> &Subscriber {
        self.subscriber.get().expect("set before anybody can connect")
    }

    /// Reports something of a connection as an event of the system.
    fn report(&self, member: &Member, event: &str, payload: &serde_json::Value) {
        let json = payload.to_string();
        let admitted = door::admit_system(event, &json, &member.user);
        let origin = Origin::text(&self.settings.edge, &member.sid);
        let entry = member.as_sender(|sender| admitted.entry(sender, origin, None, json.into()));
        self.append_report(entry);
    }

    fn append_report(&self, entry: Entry) {
        if self.intake().append(entry.clone()).is_err() {
            self.keep_report(entry);
        }
    }

    /// Keeps a report for a later try. Applying it twice changes nothing.
    pub(crate) fn keep_report(&self, entry: Entry) {
        let mut reports = self.reports.lock();
        if reports.len() < REPORTS_MAX {
            reports.push_back(entry);
        } else {
            // Better a user who is shown as present for too long than an edge out of memory.
            metrics::counter!("rt_reports_dropped_total").increment(1);
        }
    }

    fn retry_reports(&self) {
        let waiting = std::mem::take(&mut *self.reports.lock());
        for entry in waiting {
            if entry.event != CONNECTED {
                self.append_report(entry);
                continue;
            }
            // The end of the connection may be reported already, and nothing would end it again. It cannot
            // end while it is held here.
            let connection = entry.origin.split_once('/').map_or("", |(_, connection)| connection);
            let open = self.members.get(connection);
            if open.is_some() {
                self.append_report(entry);
            }
        }
    }

    /// Tells those whose tokens end soon, and ends the connections of those whose have ended.
    fn look_at_tokens(&self) {
        for (connection, due) in self.lives.due(now_ms()) {
            let Some(member) = self.members.get(&connection) else { continue };
            match due {
                Due::Expiring(at_ms) => {
                    let frame = json!(["auth-expiring", { "expiresAt": at_ms }]);
                    member.send(Frame::event(&frame.to_string()));
                }
                Due::Over => member.dismiss(Reason::TokenExpired),
            }
        }
    }

    /// Forgets a connection that ended.
    fn forget(&self, member: &Member) {
        self.members.remove(&member.sid);
        self.lives.end(&member.sid);
        if let dashmap::Entry::Occupied(mut connections) = self.users.entry(member.user.clone()) {
            connections.get_mut().retain(|other| other.sid != member.sid);
            if connections.get().is_empty() {
                connections.remove();
            }
        }
    }
}

/// Looks for what is over time.
async fn sweep(core: std::sync::Weak<Core>) {
    let mut ticks = tokio::time::interval(SWEEP);
    ticks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        let Some(core) = core.upgrade() else { return };
        for (member, ack) in core.deadlines.overdue() {
            inbound::answer_overdue(&member, ack);
        }
        core.look_at_tokens();
        outbound::expire(&core);
        core.rooms
            .forget_empty(|partition, channel| core.subscriber().unsubscribe(partition, channel));
        core.retry_reports();
        if core.stopped.load(Ordering::Acquire) {
            return;
        }
    }
}

/// One Socket.IO connection, from CONNECT to its end.
pub struct Connection {
    core: Arc<Core>,
    member: Arc<Member>,
}

impl Connection {
    /// The public Socket.IO id, 20 characters.
    pub fn sid(&self) -> &str {
        &self.member.sid
    }

    /// An event that the client sent: its name, the arguments after the name, and the id of its
    /// acknowledgement if it wants one.
    pub fn event(&self, name: &str, args: &[&RawValue], ack: Option<u64>) {
        inbound::event(&self.core, &self.member, name, args, ack);
    }

    /// The connection ended.
    pub fn closed(self, reason: &'static str) {
        tracing::debug!(connection = %self.member.sid, reason, "connection ended");
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        let (core, member) = (&self.core, &self.member);
        core.forget(member);
        for room in member.close() {
            core.rooms.drop_connection(&room, &member.sid);
            core.report(member, LEFT_WITHOUT_A_WORD, &json!({ "roomId": room }));
        }
        core.report(member, DISCONNECTED, &json!({ "userId": member.user }));
    }
}
