//! What `realtime bench chat` is asked to do.

use std::time::Duration;

use clap::Args;

use super::check::Layout;
use super::message::{CONTENT_BYTES_MIN, SENDERS_MAX};
use crate::bench::options::Common;
use crate::failure::Failure;

/// Measures chat with real Socket.IO clients over WebSockets.
#[derive(Args, Debug, Clone)]
pub struct Options {
    /// Clients, each a user of its own
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub connections: u32,
    /// Rooms; the clients are spread evenly over them
    #[arg(long, value_name = "N", default_value_t = 100)]
    pub rooms: u32,
    /// How many of the clients send [default: all; with --in-flight one per room]
    #[arg(long, value_name = "N")]
    pub senders: Option<u32>,
    /// Open loop: messages per second of all senders together [default: 1000]
    #[arg(long, value_name = "MESSAGES", conflicts_with = "in_flight")]
    pub rate: Option<f64>,
    /// Closed loop: messages per sender that wait for their answer
    #[arg(long, value_name = "N")]
    pub in_flight: Option<u32>,
    /// Bytes of a message's content
    #[arg(long, value_name = "BYTES", default_value_t = 200)]
    pub payload: usize,
    /// Seconds that are measured
    #[arg(long, value_name = "SECONDS", default_value_t = 10)]
    pub seconds: u64,
    /// Seconds of load before
    #[arg(long, value_name = "SECONDS", default_value_t = 2)]
    pub warmup: u64,
    #[command(flatten)]
    pub common: Common,
}

/// How the load is paced.
#[derive(Debug, Clone, Copy)]
pub enum Pace {
    /// Messages per second of all senders, sent when due whatever the service does.
    Open { rate: f64 },
    /// Messages per sender that wait for their answer.
    Closed { in_flight: u32 },
}

/// A checked request.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Who is where and who sends.
    pub layout: Layout,
    /// How the load is paced.
    pub pace: Pace,
    /// Bytes of content.
    pub payload: usize,
    /// Load before the measured window.
    pub warmup: Duration,
    /// The measured window.
    pub measured: Duration,
    /// Threads of the load generator.
    pub threads: u32,
}

impl Options {
    /// Checks what belongs together.
    pub fn plan(&self) -> Result<Plan, Failure> {
        self.common.check()?;
        let refuse = |sentence: String| Err(Failure::Settings(sentence));
        if self.connections == 0 || self.connections as usize > SENDERS_MAX {
            return refuse(format!("--connections must be 1 to {SENDERS_MAX}"));
        }
        if self.rooms == 0 || self.rooms > self.connections {
            return refuse("--rooms must be 1 to --connections".to_owned());
        }
        let senders = self.senders.unwrap_or(match self.in_flight {
            Some(_) => self.rooms,
            None => self.connections,
        });
        if senders == 0 || senders > self.connections {
            return refuse("--senders must be 1 to --connections".to_owned());
        }
        let content = CONTENT_BYTES_MIN..=lua::limit::MESSAGE_LENGTH_MAX;
        if !content.contains(&self.payload) {
            return refuse(format!("--payload must be {} to {}", content.start(), content.end()));
        }
        if self.rate.is_some_and(|rate| !(rate > 0.0 && rate.is_finite())) {
            return refuse("--rate must be above 0".to_owned());
        }
        if self.in_flight == Some(0) || self.seconds == 0 {
            return refuse("--in-flight and --seconds must be at least 1".to_owned());
        }
        Ok(Plan {
            layout: Layout { connections: self.connections, rooms: self.rooms, senders },
            pace: match self.in_flight {
                Some(in_flight) => Pace::Closed { in_flight },
                None => Pace::Open { rate: self.rate.unwrap_or(1_000.0) },
            },
            payload: self.payload,
            warmup: Duration::from_secs(self.warmup),
            measured: Duration::from_secs(self.seconds),
            threads: self.common.threads.min(self.connections),
        })
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
    fn without_options_all_clients_send_a_thousand_messages_a_second() {
        let plan = plan(&[]).expect("the defaults are valid");
        assert_eq!(plan.layout.senders, 1_000);
        assert!(matches!(plan.pace, Pace::Open { rate } if rate == 1_000.0));
    }

    #[test]
    fn in_a_closed_loop_one_client_of_each_room_sends() {
        let plan = plan(&["--in-flight", "8", "--rooms", "50"]).expect("valid");
        assert_eq!(plan.layout.senders, 50);
        assert!(matches!(plan.pace, Pace::Closed { in_flight: 8 }));
    }

    #[test]
    fn what_does_not_fit_together_is_refused() {
        for arguments in [
            &["--rate", "5", "--in-flight", "1"][..],
            &["--rate", "0"],
            &["--rate", "NaN"],
            &["--rooms", "0"],
            &["--connections", "10", "--rooms", "11"],
            &["--connections", "0"],
            &["--senders", "1001"],
            &["--payload", "29"],
            &["--payload", "4001"],
            &["--in-flight", "0"],
            &["--seconds", "0"],
            &["--edges", "0"],
        ] {
            assert!(plan(arguments).is_err(), "{arguments:?}");
        }
    }
}
