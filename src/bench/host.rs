//! A user who is not in the crowd: makes rooms, and asks what the service says of them.

use std::collections::HashSet;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use serde::Deserialize;
use tokio::time::{Instant, sleep};

use super::client::Client;
use super::service::Service;
use super::users;
use super::wire::Address;
use crate::failure::Failure;

const LOOK_EVERY: Duration = Duration::from_millis(500);

/// Most members of one page.
const PAGE: usize = 500;

/// Where the host connects, and as whom. Each time anew: a connection that nobody reads from is ended
/// by the service.
pub struct Host {
    edge: Address,
    token: String,
}

/// What `get-members` says of a room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Members {
    /// `memberCount`.
    pub told: u64,
    /// Users on all pages, each counted once.
    pub listed: u64,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Page {
    members: Vec<User>,
    member_count: u64,
    next_cursor: Option<String>,
}

#[derive(Deserialize)]
struct User {
    id: String,
}

impl Host {
    /// The host of a service.
    pub fn new(service: &Service) -> Result<Self, Failure> {
        Self::as_user(service, users::HOST)
    }

    /// A host who is one of the clients' users.
    pub fn as_user(service: &Service, name: &str) -> Result<Self, Failure> {
        let edge = service.edges.first().context("there is no edge")?.clone();
        Ok(Self { edge, token: users::token(&service.secret, name)? })
    }

    /// Connects.
    pub async fn connect(&self) -> Result<Client> {
        Client::connect(&self.edge, &self.token).await.context("the host cannot connect")
    }

    /// Makes an open room with nobody in it. As soon as this is answered, its partition is served.
    pub async fn create(&self, room: &str) -> Result<()> {
        let payload = format!(r#"{{"roomId":"{room}","type":"discussion"}}"#);
        self.connect().await?.insist("create-room", &payload).await?;
        Ok(())
    }

    /// Goes through all pages of a room's members.
    pub async fn members(&self, room: &str) -> Result<Members> {
        let mut client = self.connect().await?;
        let (mut users, mut cursor) = (HashSet::new(), String::new());
        loop {
            let payload = format!(r#"{{"roomId":"{room}","limit":{PAGE}{cursor}}}"#);
            let page: Page = serde_json::from_str(&client.insist("get-members", &payload).await?)
                .context("the answer to get-members cannot be read")?;
            users.extend(page.members.into_iter().map(|user| user.id));
            match page.next_cursor {
                Some(next) => cursor = format!(r#","cursor":{}"#, serde_json::to_string(&next)?),
                None => {
                    return Ok(Members { told: page.member_count, listed: users.len() as u64 });
                }
            }
        }
    }

    /// Waits until `count` members are left, at most `most`.
    pub async fn wait_for(&self, room: &str, count: u64, most: Duration) -> Result<()> {
        let deadline = Instant::now() + most;
        loop {
            let told = self.members(room).await?.told;
            if told == count {
                return Ok(());
            }
            if Instant::now() > deadline {
                let seconds = most.as_secs();
                bail!("{told} members are there after {seconds} s where {count} should be");
            }
            sleep(LOOK_EVERY).await;
        }
    }
}
