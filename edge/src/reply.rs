//! The HTTP answers that several routes give: JSON, plain text, and the usual refusals.

use bytes::Bytes;
use http_body_util::Full;
use hyper::header::{
    ALLOW, CACHE_CONTROL, CONTENT_TYPE, ETAG, HeaderMap, HeaderValue, IF_NONE_MATCH,
};
use hyper::{Method, StatusCode};
use serde_json::{Value, json};

/// A body that is known as a whole when the answer begins.
pub type Body = Full<Bytes>;
/// What every route answers.
pub type Response = hyper::Response<Body>;

/// An answer with this status, content type and body.
pub fn with(status: StatusCode, content_type: &'static str, body: impl Into<Bytes>) -> Response {
    let mut response = hyper::Response::new(Full::new(body.into()));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// A JSON answer. Not kept by caches: what the service says is about now.
pub fn json(status: StatusCode, value: &Value) -> Response {
    let mut response = with(status, "application/json; charset=utf-8", value.to_string());
    response.headers_mut().insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// A plain text answer.
pub fn text(status: StatusCode, text: impl Into<Bytes>) -> Response {
    with(status, "text/plain; charset=utf-8", text)
}

/// The answer of a path that is only read, or 405.
pub fn only_reading(method: &Method, answer: impl FnOnce() -> Response) -> Response {
    if *method == Method::GET || *method == Method::HEAD {
        answer()
    } else {
        method_not_allowed("GET, HEAD")
    }
}

/// 304 where the caller has what `etag` stands for, else the whole. The caller is to ask every time.
pub fn unless_known(
    request: &HeaderMap,
    etag: &HeaderValue,
    content_type: HeaderValue,
    body: impl FnOnce() -> Bytes,
) -> Response {
    let known = request.get(IF_NONE_MATCH).is_some_and(|known| {
        known.as_bytes().split(|b| *b == b',').any(|known| {
            let known = known.trim_ascii();
            known.strip_prefix(b"W/").unwrap_or(known) == etag.as_bytes()
        })
    });
    let mut response = if known {
        let mut response = hyper::Response::new(Body::default());
        *response.status_mut() = StatusCode::NOT_MODIFIED;
        response
    } else {
        hyper::Response::new(Full::new(body()))
    };
    let headers = response.headers_mut();
    headers.insert(ETAG, etag.clone());
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(CONTENT_TYPE, content_type);
    response
}

/// A refusal: `{error: {code, message}}`, as in the acknowledgements of events.
pub fn refusal(status: StatusCode, code: &str, message: &str) -> Response {
    json(status, &json!({ "error": { "code": code, "message": message } }))
}

/// 404: there is nothing at this path.
pub fn not_found() -> Response {
    refusal(StatusCode::NOT_FOUND, "not-found", "there is nothing at this path")
}

/// 405, with the methods that the path has (`GET, HEAD`).
pub fn method_not_allowed(allowed: &'static str) -> Response {
    let mut response = refusal(
        StatusCode::METHOD_NOT_ALLOWED,
        "method-not-allowed",
        &format!("this path takes {allowed}"),
    );
    response.headers_mut().insert(ALLOW, HeaderValue::from_static(allowed));
    response
}
