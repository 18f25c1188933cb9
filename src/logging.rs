//! Log lines: on stderr, for people or as JSON.

use std::io::IsTerminal;

use clap::{Args, ValueEnum};
use tracing_subscriber::EnvFilter;

use crate::failure::Failure;

/// What is logged and how.
#[derive(Args, Debug, Clone)]
pub struct Logging {
    /// error, warn, info, debug or trace; also per part, as in "info,edge=debug"
    /// [default: info; of dev: warn]
    #[arg(long, env, value_name = "FILTER")]
    log_level: Option<String>,
    /// Lines for people or JSON
    #[arg(long, env, default_value = "text")]
    log_format: Format,
}

#[derive(ValueEnum, Debug, Clone, Copy)]
enum Format {
    Text,
    Json,
}

impl Logging {
    /// Starts logging, with `level` where no other is set.
    pub fn start(&self, level: &str) -> Result<(), Failure> {
        let wanted = self.log_level.as_deref().filter(|level| !level.is_empty()).unwrap_or(level);
        let filter = EnvFilter::try_new(wanted).map_err(|_| {
            Failure::settings(format!(
                "LOG_LEVEL {wanted:?} is no filter: write error, warn, info, debug or trace, or \
                 such as info,edge=debug"
            ))
        })?;
        let lines = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
        match self.log_format {
            Format::Text => lines.with_ansi(std::io::stderr().is_terminal()).init(),
            Format::Json => lines.json().flatten_event(true).init(),
        }
        Ok(())
    }
}
