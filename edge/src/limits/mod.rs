//! Rate limits, across all edges: events per user, handshakes and refused CONNECTs per address.
//!
//! ```text
//! arrival -> local bucket -> a little ahead, or in line -> debit of the shared bucket (Redis)
//!              '-> refused      '-> refused, while the shared one is known to be empty
//! ```

mod account;
pub mod address;
mod debit;
mod ledger;

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use hyper::HeaderMap;
use lua::Redis;
use lua::event::{self, Rate};
use lua::id::UserId;
use lua::limit::INVITATIONS_PER_MINUTE;
use lua::rate::Quota;
use lua::refusal::{Code, Refusal};

use self::account::{Classes, Limit};
pub use self::account::{Limited, Then, Verdict};
use self::address::Proxies;
use self::debit::Debits;
use self::ledger::Ledger;
pub use self::ledger::Pending;

const SECOND: Duration = Duration::from_secs(1);
const MINUTE: Duration = Duration::from_secs(60);

/// Events that a back end may send at once, in seconds of its rate.
const SERVICE_BURST_SECONDS: u32 = 2;

/// From how many times the handshakes that an address may open on, its sessions are not even opened.
const FLOOD: u32 = 4;

/// Places in the tables of users and of addresses.
const KEPT: usize = 0;
const EPHEMERAL: usize = 1;
const INVITATION: usize = 2;
const HANDSHAKE: usize = 0;
const REFUSED: usize = 1;
const SESSION: usize = 2;

/// How much of what there may be. 0 turns a limit off.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// Events of a user, and apart from them typing and cursors.
    pub events_per_second: u32,
    /// Of these at once.
    pub events_burst: u32,
    /// Events of a back end, in place of the two above.
    pub service_events_per_second: u32,
    /// Handshakes of an address.
    pub connections_per_minute: u32,
    /// CONNECTs of an address that are refused for their token.
    pub refused_connections_per_minute: u32,
    /// Who is believed about where clients come from.
    pub proxies: Proxies,
}

/// All rate limits of one edge.
pub struct Limits {
    users: Arc<Ledger>,
    services: Arc<Ledger>,
    addresses: Arc<Ledger>,
    proxies: Proxies,
}

/// The limits that an event counts in; one that there is not, too.
fn classes(name: &str) -> Classes {
    match event::row(name).map(|row| row.rate) {
        Some(Rate::Invitation) => &[KEPT, INVITATION],
        Some(Rate::Ephemeral) => &[EPHEMERAL],
        Some(Rate::Kept) | None => &[KEPT],
    }
}

impl Limits {
    /// All buckets full.
    pub fn start(redis: Redis, settings: &Settings) -> Self {
        let debits = Debits::start(redis);
        let shared = |name, quota: Option<Quota>| Some(Limit { name, quota: quota?, shared: true });
        let events = Quota::per(SECOND, settings.events_per_second, settings.events_burst);
        let service = settings.service_events_per_second;
        let service = Quota::per(SECOND, service, service.saturating_mul(SERVICE_BURST_SECONDS));
        let per_minute = |count| Quota::per(MINUTE, count, count);
        let flood = per_minute(settings.connections_per_minute.saturating_mul(FLOOD));
        let invitations = shared("invitations", per_minute(INVITATIONS_PER_MINUTE));
        let users = [shared("events", events), shared("ephemeral", events), invitations];
        let services =
            [shared("service", service), shared("service-ephemeral", service), invitations];
        let addresses = [
            shared("handshakes", per_minute(settings.connections_per_minute)),
            shared("refused", per_minute(settings.refused_connections_per_minute)),
            flood.map(|quota| Limit { name: "sessions", quota, shared: false }),
        ];
        Self {
            users: Ledger::new("user:", &users, debits.clone()),
            services: Ledger::new("user:", &services, debits.clone()),
            addresses: Ledger::new("", &addresses, debits),
            proxies: settings.proxies.clone(),
        }
    }

    /// An event of this name of a user comes. Gives the verdict, or nothing where the event must wait for it: then what
    /// `then` makes hears it. Events of a user pass in the order in which they came.
    pub fn event(
        &self,
        user: &UserId,
        roles: &str,
        name: &str,
        then: impl FnOnce() -> Then,
    ) -> Option<Verdict> {
        self.ledger(roles).pass(user.as_str(), classes(name), then)
    }

    /// The same for whoever can wait: the verdict on a user's event.
    pub async fn event_passed(&self, user: &UserId, roles: &str, name: &str) -> Verdict {
        let pending = self.ledger(roles).ask(user.as_str(), classes(name));
        pending.verdict().await
    }

    /// The address that a request comes from.
    pub fn address(&self, peer: SocketAddr, headers: &HeaderMap) -> Box<str> {
        self.proxies.client(peer.ip(), headers)
    }

    /// A handshake of an address comes. An error means that its session is not to be opened at all; else
    /// the verdict is for its CONNECT.
    pub fn handshake(&self, address: &str) -> Result<Pending, Limited> {
        match self.addresses.ask(address, &[SESSION]) {
            Pending::Known(Err(limited)) => Err(limited),
            _ => Ok(self.handshake_again(address)),
        }
    }

    /// A handshake that was over the limit is tried again, in the same session.
    pub fn handshake_again(&self, address: &str) -> Pending {
        self.addresses.ask(address, &[HANDSHAKE])
    }

    /// A CONNECT of an address is refused for its token: the verdict on whether it is told why.
    pub fn refused(&self, address: &str) -> Pending {
        self.addresses.ask(address, &[REFUSED])
    }

    /// Back ends have limits of their own.
    fn ledger(&self, roles: &str) -> &Ledger {
        let is_service = roles.split(',').any(|role| role == "service");
        if is_service { &self.services } else { &self.users }
    }
}

impl From<Limited> for Refusal {
    fn from(limited: Limited) -> Self {
        let message = match limited.limit {
            "invitations" => "too many invitations",
            _ => "too many events",
        };
        let retry_after_ms = Some(limited.retry_after_ms);
        Self { retry_after_ms, ..Self::new(Code::RateLimited, message) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_event_counts_where_its_row_says() {
        assert_eq!(classes("send-message"), [KEPT]);
        assert_eq!(classes("typing-start"), [EPHEMERAL]);
        assert_eq!(classes("invite-to-room"), [KEPT, INVITATION]);
        assert_eq!(classes("no-such-event"), [KEPT]);
    }
}
