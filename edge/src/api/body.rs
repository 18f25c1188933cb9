//! Request bodies: read as a whole, within a size and a time.

use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use hyper::StatusCode;
use hyper::body::Incoming;
use lua::refusal::{Code, Refusal};

use super::answer;
use crate::reply::Response;

/// How long a body may take to arrive.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Reads a body of at most `bytes_max` bytes, or answers why not.
pub async fn read(body: Incoming, bytes_max: usize) -> Result<Bytes, Response> {
    // What is announced as too long is not waited for.
    let announced = hyper::body::Body::size_hint(&body).lower();
    if usize::try_from(announced).is_ok_and(|announced| announced > bytes_max) {
        return Err(too_large(bytes_max));
    }
    match tokio::time::timeout(TIMEOUT, Limited::new(body, bytes_max).collect()).await {
        Ok(Ok(body)) => Ok(body.to_bytes()),
        Ok(Err(error)) if error.is::<LengthLimitError>() => Err(too_large(bytes_max)),
        Ok(Err(_)) => Err(invalid(StatusCode::BAD_REQUEST, "the body was cut off")),
        Err(_) => Err(invalid(StatusCode::REQUEST_TIMEOUT, "the body did not arrive in time")),
    }
}

fn too_large(bytes_max: usize) -> Response {
    let message = format!("the body may have {bytes_max} bytes");
    answer::refused(&Refusal::new(Code::TooLarge, message))
}

fn invalid(status: StatusCode, message: &str) -> Response {
    let mut response = answer::refused(&Refusal::new(Code::InvalidPayload, message));
    *response.status_mut() = status;
    response
}
