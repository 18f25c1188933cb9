//! The HTTP answers of Engine.IO. Clients know an error by its number.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{CACHE_CONTROL, CONNECTION, CONTENT_TYPE, HeaderValue, RETRY_AFTER};
use hyper::{Response, StatusCode};

use super::Flood;

/// The protocol's own errors.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Error {
    UnknownTransport,
    UnknownSession,
    BadMethod,
    BadRequest,
    UnsupportedVersion,
}

impl Error {
    fn code(self) -> u8 {
        match self {
            Error::UnknownTransport => 0,
            Error::UnknownSession => 1,
            Error::BadMethod => 2,
            Error::BadRequest => 3,
            Error::UnsupportedVersion => 5,
        }
    }

    fn message(self) -> &'static str {
        match self {
            Error::UnknownTransport => "Transport unknown",
            Error::UnknownSession => "Session ID unknown",
            Error::BadMethod => "Bad handshake method",
            Error::BadRequest => "Bad request",
            Error::UnsupportedVersion => "Unsupported protocol version",
        }
    }
}

/// A request that is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Refused {
    pub(crate) error: Error,
    /// Whether the client asked for a websocket. It then gets the bare message and the connection
    /// closes, since the socket is no use to it.
    pub(crate) is_upgrade: bool,
}

impl Refused {
    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        if !self.is_upgrade {
            return error(self.error);
        }
        let mut response = with(StatusCode::BAD_REQUEST, "text/html", self.error.message());
        response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
        response
    }
}

/// 400, with the error's number and message.
pub(crate) fn error(error: Error) -> Response<Full<Bytes>> {
    coded(StatusCode::BAD_REQUEST, error.code(), error.message())
}

/// 413: the body is above the limit.
pub(crate) fn too_large() -> Response<Full<Bytes>> {
    coded(StatusCode::PAYLOAD_TOO_LARGE, Error::BadRequest.code(), "Payload too large")
}

/// 503: this edge is stopping. The client's next try reaches another.
pub(crate) fn draining() -> Response<Full<Bytes>> {
    let mut response =
        coded(StatusCode::SERVICE_UNAVAILABLE, Error::BadRequest.code(), "Server is stopping");
    response.headers_mut().insert(RETRY_AFTER, HeaderValue::from_static("1"));
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// 429: too many sessions open from where this one comes from.
pub(crate) fn flooded(flood: Flood) -> Response<Full<Bytes>> {
    let code = Error::BadRequest.code();
    let mut response = coded(StatusCode::TOO_MANY_REQUESTS, code, "Too many handshakes");
    let seconds = HeaderValue::from(flood.retry_after_ms.div_ceil(1_000));
    response.headers_mut().insert(RETRY_AFTER, seconds);
    response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
    response
}

/// A polling payload.
pub(crate) fn payload(body: impl Into<Bytes>) -> Response<Full<Bytes>> {
    with(StatusCode::OK, "text/plain; charset=utf-8", body)
}

/// The answer to a POST that was taken.
pub(crate) fn taken() -> Response<Full<Bytes>> {
    with(StatusCode::OK, "text/html", "ok")
}

fn coded(status: StatusCode, code: u8, message: &str) -> Response<Full<Bytes>> {
    let body = format!(r#"{{"code":{code},"message":"{message}"}}"#);
    with(status, "application/json", body)
}

fn with(
    status: StatusCode,
    content_type: &'static str,
    body: impl Into<Bytes>,
) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}
