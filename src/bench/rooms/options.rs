//! What `realtime bench rooms` is asked to do.

use std::time::Duration;

use clap::Args;

use crate::bench::crowd;
use crate::bench::options::{Common, Inside};
use crate::failure::Failure;

/// Rooms that one client makes at most: a user may own a thousand.
const ROOMS_PER_CLIENT_MAX: u32 = 1_000;

/// Clients that fill the rooms where there are enough rooms: so many events wait in parallel.
const CLIENTS: u32 = 50;

/// The small room that is compared with the large one.
pub const SMALL: Size = Size { members: 50, messages: 100 };

/// Measures memory and reads.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Rooms to fill; from 5000 on, lists of few rooms and of all are compared
    #[arg(long, value_name = "N", default_value_t = 50_000)]
    pub rooms: u32,
    /// Messages in each
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub messages: u32,
    /// Bytes of a message's content
    #[arg(long, value_name = "BYTES", default_value_t = 120)]
    pub payload: usize,
    /// Send each message with a requestId, whose answer is kept for ten minutes
    #[arg(long)]
    pub request_ids: bool,
    /// Members of the large room that reads are measured in, each with a connection; the small one
    /// has 50
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub large_members: u32,
    /// Messages of the large room; the small one has 100
    #[arg(long, value_name = "N", default_value_t = 10_000)]
    pub large_messages: u32,
    /// How often each read is asked for
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub reads: u32,
    #[command(flatten)]
    pub common: Common,
    #[command(flatten)]
    pub inside: Inside,
}

/// What a room holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Who is present.
    pub members: u32,
    /// What was said.
    pub messages: u32,
}

/// A checked request.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Rooms to fill.
    pub rooms: u32,
    /// Rooms that one client makes and fills.
    pub rooms_per_client: u32,
    /// Messages in each.
    pub messages: u32,
    /// Bytes of content.
    pub payload: usize,
    /// Whether messages have a requestId.
    pub request_ids: bool,
    /// The large room.
    pub large: Size,
    /// How often each read is asked for.
    pub reads: u32,
    /// Threads of the load generator.
    pub threads: u32,
}

impl Plan {
    /// Clients that fill the rooms.
    pub fn clients(&self) -> u32 {
        self.rooms.div_ceil(self.rooms_per_client)
    }

    /// The crowd of a room.
    pub fn crowd(&self, members: u32) -> crowd::Plan {
        crowd::Plan {
            users: members,
            leavers: 0,
            // Fast enough, and slow enough for one core.
            join_over: Duration::from_millis(u64::from(members)),
            leave_over: Duration::ZERO,
            leaving: crowd::Leaving::Disconnect,
            batch_above: u64::MAX,
            threads: self.threads.min(members),
        }
    }
}

impl Options {
    /// Checks what belongs together.
    pub fn plan(&self) -> Result<Plan, Failure> {
        self.common.check()?;
        self.inside.check(&self.common)?;
        if self.rooms == 0 || self.messages == 0 || self.reads == 0 {
            return Err(Failure::settings("--rooms, --messages and --reads must be at least 1"));
        }
        let content = 1..=lua::limit::MESSAGE_LENGTH_MAX;
        if !content.contains(&self.payload) {
            let most = content.end();
            return Err(Failure::settings(format!("--payload must be 1 to {most}")));
        }
        if self.large_members < SMALL.members || self.large_messages < SMALL.messages {
            return Err(Failure::settings(
                "--large-members must be at least 50 and --large-messages at least 100, as the small \
                 room has so many",
            ));
        }
        let plan = Plan {
            rooms: self.rooms,
            rooms_per_client: self.rooms.div_ceil(CLIENTS).min(ROOMS_PER_CLIENT_MAX),
            messages: self.messages,
            payload: self.payload,
            request_ids: self.request_ids,
            large: Size { members: self.large_members, messages: self.large_messages },
            reads: self.reads,
            threads: self.common.threads,
        };
        plan.crowd(plan.large.members).check_files()?;
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
    fn nobody_makes_more_rooms_than_one_may_own() {
        for (rooms, per_client, clients) in
            [("1", 1, 1), ("60", 2, 30), ("50000", 1_000, 50), ("70001", 1_000, 71)]
        {
            let plan = plan(&["--rooms", rooms, "--large-members", "50"]).expect("valid");
            assert_eq!((plan.rooms_per_client, plan.clients()), (per_client, clients), "{rooms}");
        }
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for arguments in [
            &["--rooms", "0"][..],
            &["--messages", "0"],
            &["--reads", "0"],
            &["--payload", "0"],
            &["--payload", "4001"],
            &["--large-members", "49"],
            &["--large-members", "4000000000"],
            &["--large-messages", "99"],
        ] {
            assert!(plan(arguments).is_err(), "{arguments:?}");
        }
    }
}
