//! Keeping order: reports, mutes, bans, slow mode.

use redis::Cmd;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::commit::Commit;
use crate::id::{EventId, RoomId, UserId};
use crate::key::{self, RoomKeys};
use crate::limit::NOTE_LENGTH_MAX;
use crate::payload::{Cursor, Limit, RequestId, Text, Whole, words};
use crate::room::{Bounds, roles, tick, user_json};
use crate::script::{
    MODERATION_PARDON, MODERATION_REPORT, MODERATION_REPORTS, MODERATION_RESOLVE,
    MODERATION_SANCTION, MODERATION_SLOW,
};

/// Longest sanction that has an end, milliseconds: ten years.
const DURATION_MAX_MS: u64 = 315_360_000_000;

/// Longest time between two messages of a user in slow mode, milliseconds: six hours.
const SLOW_MODE_MAX_MS: u64 = 21_600_000;

/// How long a sanction lasts.
pub type DurationMs = Whole<1, DURATION_MAX_MS>;

/// Reports that a room keeps.
const REPORTS_MAX: usize = 10_000;

words! {
    /// Which right a sanction takes.
    pub enum Kind {
        /// To write.
        Mute = "mute",
        /// To be in the room.
        Ban = "ban",
    }
}

words! {
    /// What is wrong with a message.
    pub enum Reason as "ReportReason" {
        /// Unwanted advertising and repetition.
        Spam = "spam",
        /// Against a person.
        Harassment = "harassment",
        /// Against the rules of a contest.
        Cheating = "cheating",
        /// Something else.
        Other = "other",
    }
}

words! {
    /// What is done about a report.
    pub enum Action as "ReportAction" {
        /// Nothing.
        Dismiss = "dismiss",
        /// The message goes.
        DeleteMessage = "delete-message",
        /// Its author may not write.
        Mute = "mute",
        /// Its author may not enter.
        Ban = "ban",
    }
}

words! {
    /// How far a report has come.
    pub enum ReportStatus {
        /// Nobody has decided yet.
        Open = "open",
        /// Somebody did.
        Resolved = "resolved",
    }
}

/// `report-message`: shows a message to those who moderate.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ReportMessage {
    /// The room.
    pub room_id: RoomId,
    /// The message.
    pub message_id: EventId,
    /// What is wrong with it.
    pub reason: Reason,
    /// In the reporter's words.
    pub comment: Option<Text<NOTE_LENGTH_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `get-reports`: a page of a room's reports, the newest first.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct GetReports {
    /// The room.
    pub room_id: RoomId,
    /// Only those that are this far.
    pub status: Option<ReportStatus>,
    /// `nextCursor` of the page before.
    pub cursor: Option<Cursor>,
    /// Most reports.
    #[serde(default)]
    pub limit: Limit<50, 100>,
}

/// `resolve-report`: decides about a report, once.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct ResolveReport {
    /// The room.
    pub room_id: RoomId,
    /// The report.
    pub report_id: EventId,
    /// What is done.
    pub action: Action,
    /// How long a mute or ban lasts; for ever where it is left out.
    pub duration_ms: Option<DurationMs>,
    /// In the moderator's words; for moderators.
    pub note: Option<Text<NOTE_LENGTH_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `mute-user`, `unmute-user`, `ban-user`, `unban-user`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SanctionUser {
    /// The room.
    pub room_id: RoomId,
    /// Whom it concerns.
    pub user_id: UserId,
    /// How long it lasts; for ever where it is left out.
    pub duration_ms: Option<DurationMs>,
    /// Why.
    pub reason: Option<Text<NOTE_LENGTH_MAX>>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// `set-slow-mode`: the least time between two messages of a user in the room; 0 ends it.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
pub struct SetSlowMode {
    /// The room.
    pub room_id: RoomId,
    /// Milliseconds.
    pub interval_ms: Whole<0, SLOW_MODE_MAX_MS>,
    /// Makes a retry safe.
    pub request_id: Option<RequestId>,
}

/// Text as JSON, or nothing.
fn json<const MAX: usize>(text: Option<&Text<MAX>>) -> String {
    text.map(|text| serde_json::to_string(text).expect("text is plain data")).unwrap_or_default()
}

fn duration(duration: Option<DurationMs>) -> String {
    duration.map(|duration| duration.0.to_string()).unwrap_or_default()
}

/// `moderation/sanction`: the user may not write, or not be in the room.
pub fn sanction(commit: &Commit<'_>, kind: Kind, event: &SanctionUser, bounds: &Bounds) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &MODERATION_SANCTION,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.log(),
            keys.channel(),
            keys.gathered(),
            key::due(commit.partition()),
        ],
        &[
            commit.record().user.as_str(),
            &user_json(commit),
            &roles(commit),
            event.room_id.as_str(),
            kind.word(),
            event.user_id.as_str(),
            &duration(event.duration_ms),
            &json(event.reason.as_ref()),
            &bounds.log_max.to_string(),
            &bounds.batch_above.to_string(),
            &tick(&event.room_id),
            &bounds.idle_ms.to_string(),
        ],
    )
}

/// `moderation/pardon`: the user has the right again.
pub fn pardon(commit: &Commit<'_>, kind: Kind, event: &SanctionUser, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &MODERATION_PARDON,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.presence(),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            &user_json(commit),
            &roles(commit),
            event.room_id.as_str(),
            kind.word(),
            event.user_id.as_str(),
            &json(event.reason.as_ref()),
            &log_max.to_string(),
        ],
    )
}

/// `moderation/slow`: the room is in slow mode, or no more.
pub fn slow_mode(commit: &Commit<'_>, event: &SetSlowMode, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &MODERATION_SLOW,
        &[keys.room(), keys.access(), keys.sanctions(), keys.log(), keys.channel()],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.room_id.as_str(),
            &event.interval_ms.0.to_string(),
            &log_max.to_string(),
        ],
    )
}

/// `moderation/report`: those who moderate see the message as it is now.
pub fn report(commit: &Commit<'_>, event: &ReportMessage, log_max: usize) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &MODERATION_REPORT,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.messages(),
            keys.index(),
            keys.reports(),
            keys.reports_all(),
            keys.reports_open(),
            keys.log(),
            keys.channel(),
        ],
        &[
            commit.record().user.as_str(),
            &user_json(commit),
            &roles(commit),
            event.room_id.as_str(),
            &event.message_id.to_string(),
            event.reason.word(),
            &json(event.comment.as_ref()),
            &log_max.to_string(),
            &REPORTS_MAX.to_string(),
        ],
    )
}

/// `moderation/reports`: a page of reports.
pub fn reports(commit: &Commit<'_>, event: &GetReports) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &MODERATION_REPORTS,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.reports(),
            keys.reports_all(),
            keys.reports_open(),
        ],
        &[
            commit.record().user.as_str(),
            &roles(commit),
            event.status.map_or("", ReportStatus::word),
            &event.cursor.as_ref().map(|cursor| cursor.score.to_string()).unwrap_or_default(),
            &event.limit.0.to_string(),
        ],
    )
}

/// `moderation/resolve`: the report is decided, and what was decided is done.
pub fn resolve(commit: &Commit<'_>, event: &ResolveReport, bounds: &Bounds) -> Cmd {
    let keys = RoomKeys::new(&event.room_id);
    commit.call(
        &MODERATION_RESOLVE,
        &[
            keys.room(),
            keys.access(),
            keys.sanctions(),
            keys.members(),
            keys.presence(),
            keys.connections(),
            keys.belongs(),
            keys.messages(),
            keys.index(),
            keys.lists(),
            keys.reports(),
            keys.reports_open(),
            keys.log(),
            keys.channel(),
            keys.gathered(),
            key::due(commit.partition()),
        ],
        &[
            commit.record().user.as_str(),
            &user_json(commit),
            &roles(commit),
            event.room_id.as_str(),
            &event.report_id.to_string(),
            event.action.word(),
            &duration(event.duration_ms),
            &json(event.note.as_ref()),
            &bounds.log_max.to_string(),
            &bounds.batch_above.to_string(),
            &tick(&event.room_id),
            &bounds.idle_ms.to_string(),
        ],
    )
}
