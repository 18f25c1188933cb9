//! Why the command ends without having done its work, as the operator is told: one sentence, and an
//! exit code that tells settings from everything else.

use std::process::ExitCode;

/// What went wrong.
#[derive(Debug, thiserror::Error)]
pub enum Failure {
    /// The command line or the environment must be changed first: exit code 2.
    #[error("{0}")]
    Settings(String),
    /// The world is not as it must be, such as a port in use or Redis away: exit code 1.
    #[error("{0}")]
    Run(String),
}

impl Failure {
    /// A problem of settings.
    pub fn settings(reason: impl std::fmt::Display) -> Self {
        Self::Settings(format!("{reason:#}"))
    }

    /// A problem of anything else.
    pub fn run(reason: impl std::fmt::Display) -> Self {
        Self::Run(format!("{reason:#}"))
    }

    /// Tells the operator. Gives what the process is to end with.
    pub fn report(&self) -> ExitCode {
        eprintln!("realtime: {self}");
        match self {
            Self::Settings(_) => ExitCode::from(2),
            Self::Run(_) => ExitCode::FAILURE,
        }
    }
}

impl From<anyhow::Error> for Failure {
    fn from(error: anyhow::Error) -> Self {
        Self::run(error)
    }
}

impl From<lua::server::StartError> for Failure {
    fn from(error: lua::server::StartError) -> Self {
        Self::run(error)
    }
}

/// A clap error in one sentence: what stands before the blank line; the rest is usage.
impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let text = error.render().to_string();
        let lines: Vec<&str> = text.lines().map(str::trim).take_while(|l| !l.is_empty()).collect();
        Self::settings(lines.join(" ").trim_start_matches("error: "))
    }
}
