//! The HTTP API, for back ends and scripts: the same events with the same answers as over a socket, and
//! the connections of a user.
//!
//! ```text
//! POST /api/v1/events/{event}           the payload -> the acknowledgement
//! POST /api/v1/events                   [{event, payload}…] -> [acknowledgement…]
//! GET  /api/v1/users/{id}/connections   -> {connections: […]}
//! POST /api/v1/users/{id}/disconnect    -> {disconnected: n}
//! ```

mod answer;
mod body;
mod calls;
mod events;
mod path;
mod users;

use std::sync::Arc;

use hyper::Request;
use hyper::body::Incoming;
use lua::door::Sender;

pub use self::calls::Calls;
use self::path::Resource;
use crate::auth::{Claims, bearer};
use crate::core::Core;
use crate::reply::{self, Response};

/// What answers the API's requests.
pub struct Api {
    core: Arc<Core>,
    /// Largest request body.
    body_bytes_max: usize,
}

/// Who calls.
struct Caller {
    claims: Claims,
    roles: String,
}

impl Caller {
    fn as_sender(&self) -> Sender<'_> {
        Sender { user: &self.claims.user, name: &self.claims.name, roles: &self.roles }
    }
}

impl From<Claims> for Caller {
    fn from(claims: Claims) -> Self {
        let roles = claims.roles.join(",");
        Self { claims, roles }
    }
}

impl Api {
    /// Events go in through `core`; request bodies have at most `body_bytes_max` bytes.
    pub fn new(core: Arc<Core>, body_bytes_max: usize) -> Self {
        Self { core, body_bytes_max }
    }

    /// Answers one request under `/api/`.
    pub async fn handle(&self, request: Request<Incoming>) -> Response {
        let Some(resource) = Resource::at(request.uri().path()) else { return reply::not_found() };
        let method = resource.method();
        if request.method().as_str() != method {
            return reply::method_not_allowed(method);
        }
        let core = &self.core;
        // Before the body is read: from nobody nothing is taken.
        let caller = match core.verifier.verify(bearer(request.headers())) {
            Ok(claims) => Caller::from(claims),
            Err(rejected) => return answer::unauthorized(rejected),
        };
        let body = || body::read(request.into_body(), self.body_bytes_max);
        match resource {
            Resource::Connections(user) => users::connections(core, &caller, &user).await,
            Resource::Disconnect(user) => users::disconnect(core, &caller, &user).await,
            Resource::Event(name) => match body().await {
                Ok(body) => events::one(core, &caller, &name, &body).await,
                Err(refused) => refused,
            },
            Resource::Events => match body().await {
                Ok(body) => events::list(core, &caller, &body).await,
                Err(refused) => refused,
            },
        }
    }
}
