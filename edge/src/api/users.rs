//! A user's connections, on all edges: which there are, and their end. For administrators and back ends.

use lua::door;
use lua::id::UserId;
use lua::refusal::{Code, Refusal};
use lua::user;
use serde_json::json;

use super::calls::call;
use super::{Caller, answer};
use crate::core::Core;
use crate::reply::Response;

/// The roles that may look and act.
const ROLES: [&str; 2] = ["admin", "service"];

/// When a caller should try again who finds Redis away.
const RETRY_MS: u64 = 1_000;

/// `GET /api/v1/users/{id}/connections`
pub async fn connections(core: &Core, caller: &Caller, id: &str) -> Response {
    let user = match permitted(caller, id) {
        Ok(user) => user,
        Err(refusal) => return answer::refused(&refusal),
    };
    match user::connections(&core.redis, &user).await {
        Ok(connections) => {
            answer::acknowledgements(json!({ "ok": true, "connections": connections }).to_string())
        }
        Err(problem) => {
            tracing::debug!(%problem, "a user's connections could not be read");
            let message = "the service is not available now";
            answer::refused(&Refusal::unavailable(message, RETRY_MS))
        }
    }
}

/// `POST /api/v1/users/{id}/disconnect`
pub async fn disconnect(core: &Core, caller: &Caller, id: &str) -> Response {
    let user = match permitted(caller, id) {
        Ok(user) => user,
        Err(refusal) => return answer::refused(&refusal),
    };
    let json = json!({ "userId": user }).to_string();
    let admitted = door::admit_system("disconnect-user", &json, &caller.claims.user);
    answer::answered(&call(core, admitted, caller.as_sender(), json.into()).await)
}

/// The user of this id, if the caller may have to do with other users' connections.
fn permitted(caller: &Caller, id: &str) -> Result<UserId, Refusal> {
    if !caller.claims.roles.iter().any(|role| ROLES.contains(&role.as_str())) {
        return Err(Refusal::new(Code::Forbidden, "this is for the roles admin and service"));
    }
    id.parse().map_err(|problem| Refusal::field(Code::InvalidPayload, "id", problem))
}
