//! Keeping order: reports, mutes, bans, slow mode.

use lua::Cmd;
use lua::commit::Commit;
use lua::event::Payload;
use lua::moderation::{
    self, GetReports, Kind, ReportMessage, ResolveReport, SanctionUser, SetSlowMode,
};

use super::room::bounds;
use crate::config::Config;

pub fn sanction(commit: Commit<'_>, kind: Kind, payload: &SanctionUser, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    moderation::sanction(&commit, kind, payload, &bounds(config))
}

pub fn pardon(commit: Commit<'_>, kind: Kind, payload: &SanctionUser, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    moderation::pardon(&commit, kind, payload, config.log_max as usize)
}

pub fn slow_mode(commit: Commit<'_>, payload: &SetSlowMode, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    moderation::slow_mode(&commit, payload, config.log_max as usize)
}

pub fn report(commit: Commit<'_>, payload: &ReportMessage, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    moderation::report(&commit, payload, config.log_max as usize)
}

pub fn reports(commit: Commit<'_>, payload: &GetReports) -> Cmd {
    moderation::reports(&commit, payload)
}

pub fn resolve(commit: Commit<'_>, payload: &ResolveReport, config: &Config) -> Cmd {
    let commit = commit.once(payload.request(), payload);
    moderation::resolve(&commit, payload, &bounds(config))
}
