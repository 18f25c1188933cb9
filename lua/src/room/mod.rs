//! Rooms: what they are and who may be in them. The payloads of their events and the typed calls of
//! their scripts are in one file per concern: making; entering and leaving; presence; management; lists.

mod enter;
mod list;
mod make;
mod manage;
mod presence;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use redis::{RedisError, Value};
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Redis;
use crate::batch::Batch;
use crate::commit::Commit;
use crate::due;
use crate::durability::Safety;
use crate::id::{EventId, Partition, RoomId, UserId};
use crate::ingress::SERVICE;
use crate::key::{self, RoomKeys};
use crate::payload::{self, words};
use crate::record::Origin;
use crate::script::{ROOM_CHECK, ROOM_LOG};
use crate::term::History;

pub use enter::*;
pub use list::*;
pub use make::*;
pub use manage::*;
pub use presence::*;

words! {
    /// What a room is for; decides who may create it and who may enter by default.
    #[derive(Default)]
    pub enum RoomType {
        /// Anyone creates, anyone enters.
        #[default]
        Discussion = "discussion",
        /// Anyone creates; the owner and whom the owner invited enter.
        Collaboration = "collaboration",
        /// Interviewers create; the invited enter.
        Interview = "interview",
        /// Organizers create, anyone enters.
        Contest = "contest",
    }
}

impl RoomType {
    /// Whether holders of `roles` (comma separated) may create such a room.
    pub fn may_create(self, roles: &str) -> bool {
        let creators: &[&str] = match self {
            Self::Discussion | Self::Collaboration => return true,
            Self::Interview => &["interviewer", "admin", "service"],
            Self::Contest => &["organizer", "admin", "service"],
        };
        roles.split(',').any(|role| creators.contains(&role))
    }

    /// The default visibility.
    pub fn visibility(self) -> Visibility {
        match self {
            Self::Discussion | Self::Contest => Visibility::Public,
            Self::Collaboration | Self::Interview => Visibility::Private,
        }
    }
}

words! {
    /// Who may find and enter a room.
    pub enum Visibility {
        /// Anyone, unless roles narrow it.
        Public = "public",
        /// The owner and whom the access list names.
        Private = "private",
    }
}

words! {
    /// What somebody is in one room.
    pub enum RoomRole {
        /// Decides everything about the room.
        Owner = "owner",
        /// Keeps order in it.
        Moderator = "moderator",
        /// Reads and writes.
        Member = "member",
        /// Reads.
        Viewer = "viewer",
    }
}

/// A role in the whole platform, as tokens carry it and access lists name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct Role(String);

impl TryFrom<String> for Role {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b"._:@-".contains(&b);
        if (1..=64).contains(&text.len()) && text.bytes().all(allowed) {
            Ok(Self(text))
        } else {
            Err("must be a role: 1 to 64 characters of A-Z a-z 0-9 . _ : @ -")
        }
    }
}

impl Role {
    /// The role's word.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Most users that an access list names.
const ACCESS_MEMBERS_MAX: usize = 1_000;

/// Most roles that narrow a room.
const ACCESS_ROLES_MAX: usize = 32;

/// Who may enter a room.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Access {
    /// Public or private.
    pub visibility: Visibility,
    /// Narrows a public room to holders of one of these.
    pub roles: Vec<Role>,
    /// Users with their role in the room.
    pub members: BTreeMap<UserId, RoomRole>,
}

/// Who may enter a room.
#[derive(Deserialize, JsonSchema)]
pub(crate) struct AccessFields {
    /// Public or private.
    visibility: Visibility,
    /// Narrows a public room to holders of one of these.
    #[serde(default, deserialize_with = "payload::or_default")]
    roles: Vec<Role>,
    /// Users with their role in the room.
    #[serde(default, deserialize_with = "payload::or_default")]
    members: BTreeMap<UserId, RoomRole>,
}

impl<'de> Deserialize<'de> for Access {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let AccessFields { visibility, roles, members } = payload::object(deserializer)?;
        if roles.len() > ACCESS_ROLES_MAX {
            let problem = format!("names {} roles, at most {ACCESS_ROLES_MAX}", roles.len());
            return Err(D::Error::custom(problem));
        }
        if members.len() > ACCESS_MEMBERS_MAX {
            let problem = format!("names {} members, at most {ACCESS_MEMBERS_MAX}", members.len());
            return Err(D::Error::custom(problem));
        }
        Ok(Self { visibility, roles, members })
    }
}

/// The roles of a commit's user as scripts search them: `,a,b,`.
pub(crate) fn roles(commit: &Commit<'_>) -> String {
    format!(",{},", commit.record().roles)
}

/// A commit's user as clients see one: `{id, name}`.
pub(crate) fn user_json(commit: &Commit<'_>) -> String {
    format!(r#"{{"id":"{}","name":{}}}"#, commit.record().user, name_json(commit))
}

/// The name of a commit's user as JSON text.
pub(crate) fn name_json(commit: &Commit<'_>) -> String {
    serde_json::to_string(&commit.record().name).expect("text is plain data")
}

/// The connection that a commit came from, as rooms keep it: `<edge>/<connection>`.
fn origin(commit: &Commit<'_>) -> String {
    Origin::text(commit.edge(), commit.origin())
}

/// The connection that a commit came from, in a room, as a member of its edge's index.
fn seat(commit: &Commit<'_>, room: &RoomId) -> String {
    format!("{} {} {room}", commit.origin(), commit.record().user)
}

/// The event that tells a large room who came and went, as work.
pub(crate) fn tick(room: &RoomId) -> String {
    let payload = serde_json::json!({ "roomId": room });
    due::work("presence-tick", room.as_str(), SERVICE, &payload)
}

/// A stretch of a room's log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stretch {
    /// The history that it is of.
    pub history: History,
    /// The entries as publications, in order.
    pub entries: Vec<String>,
}

/// How long a reading waits for replicas to have what was read.
const READ_MAX: Duration = Duration::from_secs(2);

/// `room/log`: what a room's log holds after an id, at most `count` entries, once that may be told.
pub async fn log_after(
    redis: &Redis,
    room: &RoomId,
    after: EventId,
    count: usize,
    safety: &Safety,
) -> Result<Stretch, RedisError> {
    let keys = RoomKeys::new(room);
    let partition = Partition::of(room.as_str());
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(ROOM_LOG.script.get_hash())
        .arg(4)
        .arg(key::position(partition))
        .arg(keys.log())
        .arg(keys.messages())
        .arg(keys.index())
        .arg(room.as_str())
        .arg(after.to_string())
        .arg(count);
    let (mut batch, begun) = (Batch::default(), Instant::now());
    batch.add(cmd);
    let still = || begun.elapsed() < READ_MAX;
    let replies = batch.run_kept(redis, redis.node_of(partition), safety, still).await?;
    let reply = replies.into_iter().next().unwrap_or(Value::Nil).extract_error()?;
    let (history, entries) = with_history(redis::from_redis_value(reply)?)?;
    Ok(Stretch { history, entries })
}

/// `room/check`: the history of a partition, and for each of these rooms of it the newest entry of its log;
/// nothing where there is no such room.
pub async fn check(
    redis: &Redis,
    partition: Partition,
    rooms: &[RoomId],
) -> Result<(History, Vec<Option<EventId>>), RedisError> {
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(ROOM_CHECK.script.get_hash()).arg(1 + rooms.len()).arg(key::position(partition));
    rooms.iter().for_each(|room| _ = cmd.arg(RoomKeys::new(room).room()));
    let mut connection = redis.connection(redis.node_of(partition)).await?;
    let (history, newest) = with_history(cmd.query_async(&mut connection).await?)?;
    Ok((history, newest.into_iter().map(|id| id.parse().ok()).collect()))
}

/// Splits a reply that begins with the partition's term and cuts.
fn with_history(reply: Vec<String>) -> Result<(History, Vec<String>), RedisError> {
    let mut reply = reply.into_iter();
    let (term, cuts) = (reply.next().unwrap_or_default(), reply.next().unwrap_or_default());
    let history = History::read(&term, &cuts).ok_or_else(|| {
        RedisError::from((redis::ErrorKind::UnexpectedReturnType, "a history of another kind"))
    })?;
    Ok((history, reply.collect()))
}
