//! What is said in rooms.

use lua::Cmd;
use lua::chat::{self, GetMessages, SendMessage};
use lua::commit::Commit;
use lua::event::Payload;

use crate::config::Config;

pub fn send(commit: Commit<'_>, payload: &SendMessage, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    chat::send(&commit, payload, config.history_max as usize, config.log_max as usize)
}

pub fn get_messages(commit: Commit<'_>, payload: &GetMessages) -> Cmd {
    chat::history(&commit, payload)
}
