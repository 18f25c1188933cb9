//! What `realtime bench join` is asked to do.

use std::time::Duration;

use clap::Args;

use crate::bench::crowd::{Leaving, Plan};
use crate::bench::options::{Common, Inside};
use crate::failure::Failure;

/// Measures a storm of joins in one room.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Users, each with one connection; they connect before anything is measured
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub users: u32,
    /// Seconds in which all of them join, evenly and whatever the service does
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub seconds: u64,
    /// How many of them leave afterwards, in as many seconds [default: half]
    #[arg(long, value_name = "N")]
    pub leavers: Option<u32>,
    /// How they leave
    #[arg(long, value_name = "HOW", value_enum, default_value = "event")]
    pub leaving: Leaving,
    /// Seconds of rest after all have joined, and after the leavers have left
    #[arg(long, value_name = "SECONDS", default_value_t = 5)]
    pub stay: u64,
    /// PRESENCE_BATCH_ABOVE of the service: members above which joins and leaves are told together
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub batch_above: u64,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub inside: Inside,
}

impl Options {
    /// Checks what belongs together.
    pub fn plan(&self) -> Result<Plan, Failure> {
        self.common.check()?;
        self.inside.check(&self.common)?;
        if self.users == 0 || self.seconds == 0 {
            return Err(Failure::settings("--users and --seconds must be at least 1"));
        }
        let leavers = self.leavers.unwrap_or(self.users / 2);
        if leavers > self.users {
            return Err(Failure::settings("--leavers must be at most --users"));
        }
        if self.stay < 2 {
            return Err(Failure::settings(
                "--stay must be at least 2: a large room is told once a second",
            ));
        }
        let plan = Plan {
            users: self.users,
            leavers,
            join_over: Duration::from_secs(self.seconds),
            leave_over: Duration::from_secs(self.seconds),
            leaving: self.leaving,
            batch_above: self.batch_above,
            threads: self.common.threads.min(self.users),
        };
        plan.check_files()?;
        Ok(plan)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use clap::Parser;

    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        options: Options,
    }

    fn plan(arguments: &[&str]) -> Result<Plan, String> {
        let line = Line::try_parse_from([&["bench"], arguments].concat());
        line.map_err(|e| e.to_string())?.options.plan().map_err(|failure| failure.to_string())
    }

    #[test]
    fn half_of_the_users_leave() {
        let plan = plan(&["--users", "601", "--seconds", "3"]).expect("valid");
        assert_eq!((plan.users, plan.leavers), (601, 300));
        assert_eq!(plan.join_over, Duration::from_secs(3));
        assert_eq!(plan.leaving, Leaving::Event);
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for arguments in [
            &["--users", "0"][..],
            &["--users", "10", "--leavers", "11"],
            &["--seconds", "0"],
            &["--stay", "1"],
            &["--leaving", "slowly"],
            &["--edges", "0"],
            &["--users", "4000000000"],
        ] {
            assert!(plan(arguments).is_err(), "{arguments:?}");
        }
    }
}
