//! Notifications: what a user is told, in a room or not, connected or not.

use redis::Cmd;
use schemars::JsonSchema;
use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;

use crate::commit::Commit;
use crate::id::{EventId, UserId};
use crate::key::{self, UserKeys};
use crate::limit::{NOTIFICATIONS_MAX, PAGE_BYTES_MAX};
use crate::payload::{self, Few, Limit, Name, RequestId};
use crate::script::{NOTIFICATION_LIST, NOTIFICATION_NOTIFY, NOTIFICATION_READ};

/// Longest kind, in characters.
const KIND_LENGTH_MAX: usize = 64;

/// `notify`, from another entity: a new notification for a user.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct Notify {
    /// The user.
    pub user_id: UserId,
    /// What it is about, in a word.
    pub kind: String,
    /// A line.
    pub title: String,
    /// More, or empty.
    pub body: String,
    /// For programs.
    pub data: serde_json::Value,
}

/// `get-notifications`: a page of the user's notifications, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetNotifications {
    /// Only those before this one.
    pub before: Option<EventId>,
    /// Most notifications.
    #[serde(default)]
    pub limit: Limit<20, 100>,
    /// Only those that are not read.
    #[serde(default, deserialize_with = "payload::or_default")]
    pub unread_only: bool,
    /// Only those of these kinds; all where it is empty.
    #[serde(default, deserialize_with = "payload::or_default")]
    pub kinds: Few<Name<KIND_LENGTH_MAX>>,
}

/// `mark-notification-read`: one, some, or all up to one.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MarkNotificationRead {
    /// Which are read.
    #[serde(flatten)]
    pub which: Which,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// Which notifications are marked.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Which {
    /// These.
    NotificationIds(Vec<EventId>),
    /// All up to this one; up to the newest where there is none.
    UpTo(Option<EventId>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MarkFields {
    notification_id: Option<EventId>,
    notification_ids: Option<Few<EventId>>,
    all: Option<bool>,
    up_to: Option<EventId>,
    request_id: Option<RequestId>,
}

impl<'de> Deserialize<'de> for MarkNotificationRead {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let fields: MarkFields = payload::object(deserializer)?;
        let which = match (fields.notification_id, fields.notification_ids, fields.all) {
            (Some(id), None, None | Some(false)) => Which::NotificationIds(vec![id]),
            (None, Some(ids), None | Some(false)) => Which::NotificationIds(ids.0),
            (None, None, Some(true)) => Which::UpTo(fields.up_to),
            _ => {
                return Err(D::Error::custom(
                    "must say one of notificationId, notificationIds, all",
                ));
            }
        };
        Ok(Self { which, request_id: fields.request_id })
    }
}

/// `notification/notify`: the notification is with the user's, and the user's connections get it.
pub fn notify(commit: &Commit<'_>, event: &Notify) -> Cmd {
    let keys = UserKeys::new(&event.user_id);
    let id = commit.record().id;
    let notification = json!({
        "id": id,
        "kind": event.kind,
        "title": event.title,
        "body": event.body,
        "data": event.data,
        "createdAt": id.ms,
    });
    commit.call(
        &NOTIFICATION_NOTIFY,
        &[keys.inbox(), keys.read(), keys.connections()],
        &[
            event.user_id.as_str(),
            &event.kind,
            &notification.to_string(),
            &NOTIFICATIONS_MAX.to_string(),
            &key::inboxes(commit.partition()),
        ],
    )
}

/// `notification/list`: a page of the caller's notifications.
pub fn list(commit: &Commit<'_>, event: &GetNotifications) -> Cmd {
    let keys = UserKeys::new(&commit.record().user);
    let before = event.before.map(|id| id.to_string()).unwrap_or_default();
    let (limit, bytes_max) = (event.limit.0.to_string(), PAGE_BYTES_MAX.to_string());
    let unread_only = if event.unread_only { "1" } else { "0" };
    let mut args = vec![before.as_str(), &limit, unread_only, &bytes_max];
    args.extend(event.kinds.0.iter().map(Name::as_str));
    commit.call(&NOTIFICATION_LIST, &[keys.inbox(), keys.read()], &args)
}

/// `notification/read`: the notifications are read; the caller's other connections learn it.
pub fn mark_read(commit: &Commit<'_>, event: &MarkNotificationRead) -> Cmd {
    let user = &commit.record().user;
    let keys = UserKeys::new(user);
    let inboxes = key::inboxes(commit.partition());
    let (all, up_to, ids) = match &event.which {
        Which::NotificationIds(ids) => ("0", None, ids.as_slice()),
        Which::UpTo(up_to) => ("1", *up_to, [].as_slice()),
    };
    let up_to = up_to.map(|id| id.to_string()).unwrap_or_default();
    let ids: Vec<String> = ids.iter().map(ToString::to_string).collect();
    let mut args = vec![user.as_str(), commit.origin(), &inboxes, all, &up_to];
    args.extend(ids.iter().map(String::as_str));
    commit.call(&NOTIFICATION_READ, &[keys.inbox(), keys.read(), keys.connections()], &args)
}
