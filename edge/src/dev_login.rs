//! The name login of development: `POST /dev/token {user, name?}` gives anyone a token for that
//! user. It exists only with `DEV_LOGIN`, which production refuses to start with.

use std::time::Duration;

use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::{Method, Request, StatusCode};
use serde::Deserialize;
use serde_json::json;

use crate::auth::{Claims, Signer};
use crate::clock::now_ms;
use crate::reply::{self, Response};

/// Largest request body: a name and an id.
const BODY_BYTES_MAX: usize = 4 * 1024;
/// How long the body may take to arrive.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// How long a token of the name login is good: a working day.
const TOKEN_MS: u64 = 12 * 60 * 60 * 1000;

#[derive(Deserialize)]
struct Login {
    user: lua::id::UserId,
    name: Option<String>,
}

/// Answers `{token}`, or 400 with what is wrong with the request.
pub async fn token(signer: &Signer, request: Request<Incoming>) -> Response {
    if *request.method() != Method::POST {
        return reply::method_not_allowed("POST");
    }
    let body = Limited::new(request.into_body(), BODY_BYTES_MAX).collect();
    let body = match tokio::time::timeout(BODY_TIMEOUT, body).await {
        Ok(Ok(body)) => body.to_bytes(),
        Ok(Err(_)) => {
            let message = "the body is longer than 4 KiB or was cut off";
            return reply::refusal(StatusCode::PAYLOAD_TOO_LARGE, "too-large", message);
        }
        Err(_) => {
            let message = "the body did not arrive in time";
            return reply::refusal(StatusCode::REQUEST_TIMEOUT, "invalid-payload", message);
        }
    };
    let login: Login = match serde_json::from_slice(&body) {
        Ok(login) => login,
        Err(error) => {
            let message = format!("send {{\"user\": \"<id>\"}}: {error}");
            return reply::refusal(StatusCode::BAD_REQUEST, "invalid-payload", &message);
        }
    };
    let claims = Claims {
        name: login.name.unwrap_or_else(|| login.user.to_string()),
        user: login.user,
        roles: Vec::new(),
        expires_at_ms: now_ms() + TOKEN_MS,
    };
    match signer.sign(&claims) {
        Ok(token) => reply::json(StatusCode::OK, &json!({ "token": token })),
        Err(error) => {
            tracing::error!(%error, "a token could not be signed");
            reply::refusal(StatusCode::INTERNAL_SERVER_ERROR, "internal", "no token could be made")
        }
    }
}
