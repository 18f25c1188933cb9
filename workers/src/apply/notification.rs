//! What users are told, wherever they are.

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Payload;
use lua::notification::{self, GetNotifications, MarkNotificationRead, Notify};

pub fn notify(commit: Commit<'_>, payload: &Notify) -> Cmd {
    notification::notify(&commit, payload)
}

pub fn list(commit: Commit<'_>, payload: &GetNotifications) -> Cmd {
    notification::list(&commit, payload)
}

pub fn mark_read(commit: Commit<'_>, payload: &MarkNotificationRead) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    notification::mark_read(&commit, payload)
}
