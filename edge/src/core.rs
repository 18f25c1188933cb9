//! The edge's middle: what its connections share. Events go in through `inbound`, deliveries come
//! back through `outbound`; `rooms` knows which connection is in which room.

use std::collections::VecDeque;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use dashmap::DashMap;
use lua::event::{self, Row};
use lua::id::{Partition, RoomId, UserId};
use lua::intake::{Entry, Intake, Limits};
use lua::record::Origin;
use lua::subscriber::Subscriber;
use lua::{Redis, key};
use parking_lot::Mutex;
use serde_json::value::RawValue;
use tokio::sync::Semaphore;

use crate::auth::Claims;
use crate::config::Config;
use crate::ephemeral::Endings;
use crate::hearing::Hearing;
use crate::inbound;
use crate::member::Member;
use crate::outbound;
use crate::outbox::Outbox;
use crate::pending::Deadlines;
use crate::rooms::Rooms;

/// How often what is over time is looked for: acknowledgements, typing, rooms without members.
const SWEEP: Duration = Duration::from_millis(250);

/// Most room logs that are read at a time, to repair gaps.
const REPAIRS_MAX: usize = 32;

/// Most ends of connections that wait while Redis is away.
const ENDS_MAX: usize = 100_000;

/// What the core needs to know.
#[derive(Debug, Clone)]
pub struct Settings {
    /// Name of this incarnation of the edge, in origins and inbox channels.
    pub edge: String,
    /// How long an event may take to be applied before the client is told that it is not known.
    pub ack_timeout: Duration,
    /// Bounds of the intake.
    pub intake: Limits,
    /// Connections that one user may have.
    pub connections_per_user: usize,
    /// Rooms that one connection may be in.
    pub rooms_per_connection: usize,
}

impl From<&Config> for Settings {
    fn from(config: &Config) -> Self {
        let limits = &config.limits;
        Self {
            edge: config.listen.edge_name(),
            ack_timeout: Duration::from_millis(config.protocol.ack_timeout_ms),
            intake: Limits { queue: limits.intake_queue, lag_max: limits.intake_lag_max },
            connections_per_user: limits.connections_per_user,
            rooms_per_connection: limits.rooms_per_connection,
        }
    }
}

/// All that the connections of one edge share.
pub struct Core {
    pub(crate) settings: Settings,
    pub(crate) redis: Redis,
    pub(crate) rooms: Rooms,
    /// Whose answers arrive.
    pub(crate) hearing: Hearing,
    /// Open connections by their public id.
    pub(crate) members: DashMap<String, Arc<Member>>,
    /// Connections by user.
    users: DashMap<UserId, usize>,
    /// When answers are overdue.
    pub(crate) deadlines: Deadlines,
    /// When states that are shown to rooms end.
    pub(crate) endings: Endings,
    /// Bounds the logs that are read at a time.
    pub(crate) repairs: Semaphore,
    /// Ends of connections that Redis did not take yet: lost, they would leave people present.
    pub(crate) ends: Mutex<VecDeque<Entry>>,
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
    Unavailable,
}

impl Core {
    /// Starts the way into Redis and the way back.
    pub fn start(redis: Redis, settings: Settings) -> Arc<Self> {
        let core = Arc::new(Self {
            rooms: Rooms::default(),
            hearing: Hearing::default(),
            members: DashMap::new(),
            users: DashMap::new(),
            deadlines: Deadlines::new(settings.ack_timeout),
            endings: Endings::default(),
            repairs: Semaphore::new(REPAIRS_MAX),
            ends: Mutex::default(),
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
    pub fn connect(
        self: &Arc<Self>,
        claims: Claims,
        outbox: Arc<Outbox>,
    ) -> Result<Connection, Refused> {
        if !self.redis.nodes().into_iter().any(|node| self.redis.is_up(node)) {
            return Err(Refused::Unavailable);
        }
        {
            let mut count = self.users.entry(claims.user.clone()).or_insert(0);
            if *count >= self.settings.connections_per_user {
                return Err(Refused::TooMany);
            }
            *count += 1;
        }
        let sid = BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 15]>());
        let member = Arc::new(Member::new(sid.clone(), claims, outbox));
        self.members.insert(sid, Arc::clone(&member));
        Ok(Connection { core: Arc::clone(self), member })
    }

    /// Waits until the answers of every partition arrive: before that, clients are better off
    /// elsewhere.
    pub async fn heard(&self) {
        self.hearing.all().await;
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

    /// Tells the room's partition that a connection that had joined it ended.
    fn end(&self, member: &Member, room: &RoomId) {
        let row = ended_row();
        let payload = serde_json::json!({ "roomId": room }).to_string();
        let entry = Entry {
            partition: Partition::of(room.as_str()),
            event: row.name,
            entity: room.to_string(),
            user: member.user.to_string(),
            name: member.name.clone(),
            roles: member.roles.clone(),
            origin: Origin::text(&self.settings.edge, &member.sid),
            ack: None,
            request: None,
            payload: payload.into(),
        };
        if self.intake().append(entry.clone()).is_err() {
            self.keep_end(entry);
        }
    }

    /// Keeps the end of a connection for a later try. Applying it twice changes nothing.
    pub(crate) fn keep_end(&self, entry: Entry) {
        let mut ends = self.ends.lock();
        if ends.len() < ENDS_MAX {
            ends.push_back(entry);
        } else {
            // Better a user who is shown as present for too long than an edge out of memory.
            metrics::counter!("rt_ends_dropped_total").increment(1);
        }
    }

    fn retry_ends(&self) {
        let waiting = std::mem::take(&mut *self.ends.lock());
        for entry in waiting {
            if self.intake().append(entry.clone()).is_err() {
                self.keep_end(entry);
            }
        }
    }
}

/// The event that says that a connection ended.
fn ended_row() -> &'static Row {
    event::TABLE
        .iter()
        .find(|row| row.name == "connection-closed")
        .expect("the table has the system's events")
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
        outbound::expire(&core);
        core.rooms
            .forget_empty(|partition, channel| core.subscriber().unsubscribe(partition, channel));
        core.retry_ends();
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
        core.members.remove(&member.sid);
        if let dashmap::Entry::Occupied(mut count) = core.users.entry(member.user.clone()) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
        for room in member.close() {
            core.rooms.drop_connection(&room, &member.sid);
            core.end(member, &room);
        }
    }
}
