//! What is said in rooms.

use lua::Cmd;
use lua::chat::{
    self, DeleteMessage, EditMessage, GetMessages, GetUnread, Limits, MarkRead, React, SendMessage,
};
use lua::commit::Commit;
use lua::event::Payload;

use crate::config::Config;

pub fn send(commit: Commit<'_>, payload: &SendMessage, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    let limits = Limits {
        history_max: config.history_max as usize,
        log_max: config.log_max as usize,
        rate_max: config.rate_messages,
        rate_window_ms: config.rate_messages_window_ms,
    };
    chat::send(&commit, payload, limits)
}

pub fn edit(commit: Commit<'_>, payload: &EditMessage, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    chat::edit(&commit, payload, config.log_max as usize)
}

pub fn delete(commit: Commit<'_>, payload: &DeleteMessage, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    chat::delete(&commit, payload, config.log_max as usize)
}

pub fn react(commit: Commit<'_>, payload: &React, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    chat::react(&commit, payload, config.log_max as usize)
}

pub fn get_messages(commit: Commit<'_>, payload: &GetMessages) -> Cmd {
    chat::history(&commit, payload)
}

pub fn mark_read(commit: Commit<'_>, payload: &MarkRead) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    chat::mark(&commit, payload)
}

pub fn get_unread(commit: Commit<'_>, payload: &GetUnread) -> Cmd {
    chat::unread(&commit, payload)
}
