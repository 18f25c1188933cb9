//! Acknowledgements as HTTP answers: the object that a socket would get, with the status of its code.

use hyper::StatusCode;
use hyper::header::{CACHE_CONTROL, HeaderValue, RETRY_AFTER, WWW_AUTHENTICATE};
use lua::refusal::{Code, Refusal};
use serde_json::json;

use super::calls::Answered;
use crate::auth::Rejected;
use crate::publication;
use crate::reply::{self, Response};

/// When a caller should try again who is not told by the refusal itself.
const RETRY_MS: u64 = 1_000;

impl Answered {
    /// The acknowledgement as JSON.
    pub fn json(&self) -> String {
        match self {
            Self::Applied(result) => publication::ok(result),
            Self::Refused { error, .. } => publication::refused(error.get()),
        }
    }
}

/// The answer to one event.
pub fn answered(answered: &Answered) -> Response {
    match answered {
        Answered::Applied(_) => acknowledgements(answered.json()),
        Answered::Refused { code, retry_after_ms, .. } => {
            with_status(*code, *retry_after_ms, answered.json())
        }
    }
}

/// 200 with one acknowledgement, or a list of them, as JSON.
pub fn acknowledgements(json: String) -> Response {
    with(StatusCode::OK, json)
}

/// The answer to a request that was refused as a whole.
pub fn refused(refusal: &Refusal) -> Response {
    let json = publication::refused(&refusal.json());
    with_status(refusal.code, refusal.retry_after_ms, json)
}

/// 401: the caller's token was not taken.
pub fn unauthorized(rejected: Rejected) -> Response {
    let error = json!({ "code": rejected.code(), "message": rejected.message() });
    let mut response = with(StatusCode::UNAUTHORIZED, publication::refused(&error.to_string()));
    response.headers_mut().insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    response
}

fn with_status(code: Code, retry_after_ms: Option<u64>, json: String) -> Response {
    let status = status(code);
    let mut response = with(status, json);
    if matches!(status, StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE) {
        let seconds = retry_after_ms.unwrap_or(RETRY_MS).div_ceil(1_000).max(1);
        response.headers_mut().insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    response
}

fn with(status: StatusCode, json: String) -> Response {
    let mut response = reply::with(status, "application/json; charset=utf-8", json);
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

fn status(code: Code) -> StatusCode {
    match code {
        Code::InvalidPayload => StatusCode::BAD_REQUEST,
        Code::Forbidden | Code::Muted | Code::Banned => StatusCode::FORBIDDEN,
        Code::UnknownEvent | Code::NotFound => StatusCode::NOT_FOUND,
        Code::Conflict => StatusCode::CONFLICT,
        Code::Gone => StatusCode::GONE,
        Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
        Code::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        Code::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
        Code::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_code_has_a_status_and_what_may_be_tried_again_says_when() {
        for (code, status, retry_after_ms, retry_after) in [
            (Code::InvalidPayload, 400, None, None),
            (Code::UnknownEvent, 404, None, None),
            (Code::Forbidden, 403, None, None),
            (Code::NotFound, 404, None, None),
            (Code::Conflict, 409, None, None),
            (Code::Gone, 410, None, None),
            (Code::RateLimited, 429, Some(1_001), Some("2")),
            (Code::TooLarge, 413, None, None),
            (Code::Muted, 403, Some(5_000), None),
            (Code::Banned, 403, None, None),
            (Code::Unavailable, 503, Some(20), Some("1")),
            (Code::Unavailable, 503, None, Some("1")),
            (Code::Internal, 500, None, None),
        ] {
            let response = refused(&Refusal { retry_after_ms, ..Refusal::new(code, "so") });
            assert_eq!(response.status().as_u16(), status, "{code}");
            let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
            assert_eq!(header, retry_after, "{code}");
        }
    }
}
