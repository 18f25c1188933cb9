//! Rooms: the payloads of their events and the typed calls of their scripts.

use std::collections::BTreeMap;

use redis::{Cmd, RedisError};
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};

use crate::Redis;
use crate::commit::Commit;
use crate::id::{EventId, Partition, RoomId, UserId};
use crate::key::{self, RoomKeys};
use crate::limit::{
    JOINED_BYTES_MAX, MEMBERS_LISTED, MISSED_MAX, NAME_LENGTH_MAX, RECENT_MESSAGES, TYPING_MS,
};
use crate::payload::{self, Limit, Name, RequestId, words};
use crate::script::{
    ROOM_CREATE, ROOM_DROP, ROOM_EXPIRE, ROOM_JOIN, ROOM_LEAVE, ROOM_LOG, ROOM_MEMBERS, ROOM_TYPING,
};

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

#[derive(Deserialize)]
struct AccessFields {
    visibility: Visibility,
    #[serde(default, deserialize_with = "payload::or_default")]
    roles: Vec<Role>,
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

/// Most users that narrowing a room puts out at once.
const PUT_OUT_MAX: usize = 500;

/// Most members that a room may be limited to.
pub const MEMBERS_MAX: usize = 1_000_000;

/// `create-room`: makes a room that the caller owns.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CreateRoom {
    /// Chosen by the caller, else derived from user and request.
    pub room_id: Option<RoomId>,
    /// What it is for.
    #[serde(rename = "type")]
    pub room_type: RoomType,
    /// Shown to others; the id where there is none.
    pub name: Option<Name<NAME_LENGTH_MAX>>,
    /// Who may enter; the type's default where it is left out.
    pub access: Option<Access>,
    /// Most members present at a time.
    #[serde(default)]
    pub max_members: Option<Limit<MEMBERS_MAX, MEMBERS_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `join-room`: enters a room with this connection.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct JoinRoom {
    /// The room.
    pub room_id: RoomId,
    /// The type of a room that is made by this.
    #[serde(rename = "type")]
    pub room_type: Option<RoomType>,
    /// The newest event of the room that the client has; it gets what came after.
    pub since: Option<EventId>,
    /// Accepted for safe retries; joining twice is joining once.
    pub request_id: Option<RequestId>,
}

/// `leave-room`: leaves a room with all connections.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LeaveRoom {
    /// The room.
    pub room_id: RoomId,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `get-members`: a page of who is present.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetMembers {
    /// The room.
    pub room_id: RoomId,
    /// `nextCursor` of the page before.
    pub cursor: Option<MemberCursor>,
    /// Most members.
    #[serde(default)]
    pub limit: Limit<200, 500>,
}

/// Where a page of members ended: the last member's time of joining and user id.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String")]
pub struct MemberCursor {
    joined_at: u64,
    user: UserId,
}

impl TryFrom<String> for MemberCursor {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let wrong = "must be the nextCursor of an earlier answer";
        let (joined_at, user) = text.split_once(':').ok_or(wrong)?;
        Ok(Self {
            joined_at: joined_at.parse().map_err(|_| wrong)?,
            user: user.parse().map_err(|_| wrong)?,
        })
    }
}

/// `typing-start` and `typing-stop`: tells the others.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Typing {
    /// The room.
    pub room_id: RoomId,
}

/// `connection-closed`, from an edge: a connection that had joined the room ended.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ConnectionClosed {
    /// The room.
    pub room_id: RoomId,
}

/// `presence-expired`, from the partition's timer: the grace after the last connection is over.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PresenceExpired {
    /// The room.
    pub room_id: RoomId,
}

/// The roles of a commit's user as scripts search them: `,a,b,`.
pub(crate) fn roles(commit: &Commit<'_>) -> String {
    format!(",{},", commit.record().roles)
}

/// The name of a commit's user as JSON text.
pub(crate) fn name_json(commit: &Commit<'_>) -> String {
    serde_json::to_string(&commit.record().name).expect("text is plain data")
}

/// `room/create`: the room of this id is the caller's, or there is a conflict.
pub fn create(commit: &Commit<'_>, room: &RoomId, event: &CreateRoom, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(room);
    let visibility = event.access.as_ref().map_or(event.room_type.visibility(), |a| a.visibility);
    let (roles, listed) = match &event.access {
        Some(access) => (
            access.roles.iter().map(Role::as_str).collect::<Vec<_>>().join(","),
            access
                .members
                .iter()
                .map(|(user, role)| format!("{user}\n{}", role.word()))
                .collect::<Vec<_>>()
                .join("\n"),
        ),
        None => (String::new(), String::new()),
    };
    let types: String = RoomType::ALL
        .iter()
        .filter(|kind| kind.may_create(&commit.record().roles))
        .fold(",".to_owned(), |types, kind| types + kind.word() + ",");
    commit.call(
        &ROOM_CREATE,
        &[
            keys.room(),
            keys.access(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            room.as_str(),
            event.room_type.word(),
            event.name.as_ref().map_or(room.as_str(), Name::as_str),
            visibility.word(),
            &roles,
            &event.max_members.map(|max| max.0.to_string()).unwrap_or_default(),
            &listed,
            &types,
            &log_max.to_string(),
            &PUT_OUT_MAX.to_string(),
        ],
    )
}

/// `room/join`: the connection is in the room; the answer hands over what it needs to know.
pub fn join(commit: &Commit<'_>, event: &JoinRoom, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let made = event.room_type.unwrap_or_default();
    let may_create = made.may_create(&commit.record().roles);
    commit.call(
        &ROOM_JOIN,
        &[
            keys.room(),
            keys.access(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.messages(),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.origin(),
            commit.record().user.as_str(),
            &name_json(commit),
            &roles(commit),
            event.room_id.as_str(),
            if may_create { made.word() } else { "" },
            if made.visibility() == Visibility::Private { "1" } else { "0" },
            &event.since.map(|id| id.to_string()).unwrap_or_default(),
            &log_max.to_string(),
            &MEMBERS_LISTED.to_string(),
            &RECENT_MESSAGES.to_string(),
            &MISSED_MAX.to_string(),
            &JOINED_BYTES_MAX.to_string(),
        ],
    )
}

/// `room/leave`: the user is out of the room and belongs to it no more.
pub fn leave(commit: &Commit<'_>, room: &RoomId, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_LEAVE,
        &[
            keys.room(),
            keys.access(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            &name_json(commit),
            &roles(commit),
            room.as_str(),
            &log_max.to_string(),
        ],
    )
}

/// `room/members`: a page of who is present.
pub fn members(commit: &Commit<'_>, event: &GetMembers) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    let (joined_at, user) = match &event.cursor {
        Some(cursor) => (cursor.joined_at.to_string(), cursor.user.as_str()),
        None => (String::new(), ""),
    };
    commit.call(
        &ROOM_MEMBERS,
        &[keys.room(), keys.access(), keys.members(), keys.presence()],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            &joined_at,
            user,
            &event.limit.0.to_string(),
        ],
    )
}

/// `room/typing`: the others learn that the user types, or stopped.
pub fn typing(commit: &Commit<'_>, room: &RoomId, typing: bool) -> Cmd {
    let keys = RoomKeys::new(room);
    let user = commit.record().user.as_str();
    let name = name_json(commit);
    let frame = |typing: bool| {
        format!(
            r#"["user-typing",{{"roomId":"{room}","user":{{"id":"{user}","name":{name}}},"isTyping":{typing}}}]"#
        )
    };
    let expire = if typing {
        format!(r#","expire":{{"afterMs":{TYPING_MS},"frame":{}}}"#, frame(false))
    } else {
        String::new()
    };
    let told = format!(
        r#"{{"origin":"{}","key":"typing:{user}","frames":[{{"to":"others","frame":{}}}]{expire}}}"#,
        commit.origin(),
        frame(typing),
    );
    commit.call(
        &ROOM_TYPING,
        &[keys.room(), keys.access(), keys.connections(), keys.channel()],
        &[user, &roles(commit), &told],
    )
}

/// `room/drop`: the connection is out; its user after `grace_ms`, unless one comes back.
pub fn drop_connection(commit: &Commit<'_>, room: &RoomId, grace_ms: u64) -> Cmd {
    let keys = RoomKeys::new(room);
    let record = commit.record();
    let work = serde_json::json!({
        "event": "presence-expired",
        "entity": room,
        "user": record.user,
        // Not the name: one user has one such work, so that a later end replaces the earlier.
        "name": "",
        "roles": "",
        "origin": "",
        "payload": serde_json::json!({ "roomId": room }).to_string(),
    });
    commit.call(
        &ROOM_DROP,
        &[keys.members(), keys.connections(), key::due(commit.partition())],
        &[commit.origin(), record.user.as_str(), &grace_ms.to_string(), &work.to_string()],
    )
}

/// `room/expire`: the user is out of the room, if no connection came back.
pub fn expire(commit: &Commit<'_>, room: &RoomId, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(room);
    commit.call(
        &ROOM_EXPIRE,
        &[
            keys.room(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.log(),
            keys.channel(),
        ],
        &[commit.record().user.as_str(), room.as_str(), &log_max.to_string()],
    )
}

/// `room/log`: what a room's log holds after an id, as publications in order, at most `count`.
pub async fn log_after(
    redis: &Redis,
    room: &RoomId,
    after: EventId,
    count: usize,
) -> Result<Vec<String>, RedisError> {
    let keys = RoomKeys::new(room);
    let mut cmd = redis::cmd("EVALSHA");
    cmd.arg(ROOM_LOG.script.get_hash())
        .arg(2)
        .arg(keys.log())
        .arg(keys.messages())
        .arg(room.as_str())
        .arg(after.to_string())
        .arg(count);
    let mut connection = redis.connection(redis.node_of(Partition::of(room.as_str()))).await?;
    cmd.query_async(&mut connection).await
}
