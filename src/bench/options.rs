//! What every measurement is told: which service, and how the load generator runs.

use clap::Args;

use super::wire::Address;
use crate::failure::Failure;

/// Which service is measured, and how.
#[derive(Args, Debug, Clone)]
pub struct Common {
    /// Edges to start
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub edges: usize,
    /// Workers to start
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub workers: usize,
    /// Threads of each edge and worker; 1 makes "per core" mean one core
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub server_threads: usize,
    /// Threads of the load generator
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub threads: u32,
    /// Keep edges on core 0 and everything else on core 1, so that each delivery crosses cores
    #[arg(long, conflicts_with = "url")]
    pub pin: bool,
    /// A running service in place of a private one; several edges with commas
    #[arg(long, value_name = "URL", value_delimiter = ',', requires = "secret")]
    pub url: Vec<Address>,
    /// The JWT_SECRET of that service
    #[arg(long, value_name = "SECRET", env = "JWT_SECRET", hide_env_values = true)]
    pub secret: Option<String>,
    /// A process of that service whose CPU and memory are shown: edge-1=4711
    #[arg(long, value_name = "NAME=PID", requires = "url", value_parser = parse_pid)]
    pub pid: Vec<(String, u32)>,
    /// The report as JSON
    #[arg(long)]
    pub json: bool,
}

/// For measurements that look into Redis.
#[derive(Args, Debug, Clone)]
pub struct Inside {
    /// The REDIS_URL of a running service: its Redis is looked into
    #[arg(long, value_name = "URL", env = "REDIS_URL", hide_env_values = true)]
    pub redis_url: Option<String>,
}

impl Common {
    /// Checks what belongs together.
    pub fn check(&self) -> Result<(), Failure> {
        if self.threads == 0 || self.server_threads == 0 {
            return Err(Failure::settings("--threads and --server-threads must be at least 1"));
        }
        if self.url.is_empty() && (self.edges == 0 || self.workers == 0) {
            return Err(Failure::settings("--edges and --workers must be at least 1"));
        }
        Ok(())
    }
}

impl Inside {
    /// A running service must be told with its Redis.
    pub fn check(&self, common: &Common) -> Result<(), Failure> {
        match !common.url.is_empty() && self.redis_url.is_none() {
            true => Err(Failure::settings("--url needs --redis-url, as Redis is looked into")),
            false => Ok(()),
        }
    }
}

fn parse_pid(text: &str) -> Result<(String, u32), String> {
    let (name, pid) = text.split_once('=').ok_or("must be NAME=PID, such as edge-1=4711")?;
    let pid = pid.parse().map_err(|_| format!("{pid:?} is no process id"))?;
    Ok((name.to_owned(), pid))
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        common: Common,
        #[command(flatten)]
        inside: Inside,
    }

    fn check(arguments: &[&str]) -> Result<(), String> {
        let line = Line::try_parse_from([&["bench"], arguments].concat());
        let line = line.map_err(|error| error.to_string())?;
        let checked = line.common.check().and_then(|()| line.inside.check(&line.common));
        checked.map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_running_service_is_looked_into_through_its_redis() {
        let line = Line::try_parse_from(["bench", "--url", "http://a", "--secret", "s"]);
        let common = line.expect("valid").common;
        let inside = |redis_url: Option<&str>| Inside { redis_url: redis_url.map(str::to_owned) };
        assert!(inside(None).check(&common).is_err());
        assert!(inside(Some("redis://r")).check(&common).is_ok());
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        assert_eq!(check(&["--edges", "2", "--workers", "2", "--threads", "2"]), Ok(()));
        for arguments in [
            &["--edges", "0"][..],
            &["--workers", "0"],
            &["--threads", "0"],
            &["--server-threads", "0"],
            &["--url", "https://a", "--secret", "s", "--redis-url", "redis://r"],
            &["--pid", "edge"],
            &["--url", "http://a", "--secret", "s", "--redis-url", "redis://r", "--pid", "edge=x"],
        ] {
            assert!(check(arguments).is_err(), "{arguments:?}");
        }
    }
}
